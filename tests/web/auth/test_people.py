"""Team mode: named people, wrong passwords, sessions and the links that start them."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.web import Role
from importer.web.auth import Person, Team
from importer.web.server import team_of
from web.kit import Client, Site, plain, serving

PASSWORD = "four random words here"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def team(tmp_path: Path, clock: Clock) -> Team:
    """A list of people with quick hashes."""
    return Team(tmp_path / "people.json", clock, CHEAP)


def test_nobody_is_there_at_first(team: Team) -> None:
    """A fresh installation has no account to guess."""
    assert team.people == []
    for name in ("admin", "root", ""):
        assert team.sign_in(name, "password1234")[0] is None


@pytest.mark.parametrize("password", ["short", "password1234", "Password1234", "maria-maria-maria", "12345678901"])
def test_weak_passwords_are_refused(team: Team, password: str) -> None:
    """Short, well known and own-name passwords do not get in."""
    with pytest.raises(UsageError):
        team.add("maria", password, Role.RUNNER)
    assert team.people == []


def test_passwords_are_kept_as_argon2id_in_a_private_file(settings: Settings) -> None:
    """The file holds a hash of at least 19 MiB, is for its owner only, and the password is not in it."""
    team_of(settings).add("maria", PASSWORD, Role.RUNNER)
    path = settings.home / "people.json"
    text = path.read_text()
    assert PASSWORD not in text
    assert "$argon2id$" in text
    cost = re.search(r"m=(\d+),t=(\d+)", text)
    assert cost
    assert int(cost[1]) >= 19 * 1024
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_wrong_password_doubles_the_wait(team: Team, clock: Clock) -> None:
    """The wait doubles for that name only, is the same for a name that nobody has, and a restart keeps it."""
    team.add("maria", PASSWORD, Role.RUNNER)
    team.add("jonas", PASSWORD, Role.RUNNER)
    for name in ("maria", "nobody"):
        waits = []
        for _ in range(5):
            found, wait = team.sign_in(name, "wrong")
            assert found is None
            waits.append(wait)
            clock.now += wait
        assert waits == [1, 2, 4, 8, 16]
    team.sign_in("maria", "wrong")
    assert team.sign_in("maria", PASSWORD)[0] is None
    assert Team(team._path, clock, CHEAP).sign_in("maria", PASSWORD)[0] is None
    assert team.sign_in("jonas", PASSWORD) == (Person("jonas", Role.RUNNER), 0.0)
    clock.now += 400
    assert team.sign_in("maria", PASSWORD)[0] == Person("maria", Role.RUNNER)
    assert team.sign_in("maria", "wrong")[1] == 1


@pytest.fixture
def team_site(settings: Settings) -> Iterator[Site]:
    """The pages for a viewer, two runners and an administrator."""
    people = Team(settings.home / "people.json", time.time, CHEAP)
    for name, role in (("vera", Role.VIEWER), ("maria", Role.RUNNER), ("jonas", Role.RUNNER), ("ada", Role.ADMIN)):
        people.add(name, PASSWORD, role)
    with serving(settings) as site:
        yield site


def entered(site: Site, name: str) -> Client:
    """Somebody after signing in."""
    client = Client(site.port)
    assert client.post("/enter", {"name": name, "password": PASSWORD}).place == "/"
    return client


def test_a_new_session_begins_at_the_sign_in(team_site: Site) -> None:
    """The session before is not the session after, and a wrong password opens nothing."""
    client = Client(team_site.port)
    assert team_site.url.endswith("/enter")
    assert client.get("/").status == 401
    wrong = client.post("/enter", {"name": "maria", "password": "wrong"})
    assert (wrong.status, client.cookie) == (401, "")
    assert "The name or the password is wrong. Try again in 1 second." in plain(wrong.text)
    client = entered(team_site, "jonas")
    before = client.cookie
    client.post("/enter", {"name": "jonas", "password": PASSWORD})
    assert client.cookie != before
    assert Client(team_site.port, before).get("/").status == 401


def test_whoever_is_removed_is_out_at_once(team_site: Site) -> None:
    """A session of somebody who was taken off the list opens nothing any more."""
    client = entered(team_site, "maria")
    assert client.get("/").status == 200
    team_of(team_site.settings).remove("maria")
    assert client.get("/").status == 401
