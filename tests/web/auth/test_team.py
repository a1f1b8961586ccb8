"""A team: who the proxy names, and whose word decides about a role."""

import time
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from importer.config.settings import Settings
from importer.config.shelf import FileShelf
from importer.web.auth import People, Role
from importer.web.auth.people import Identity
from importer.web.auth.rules import team_rules
from importer.web.auth.team import CLAIMED, Team, team


@pytest.fixture
def behind_proxy(tmp_path: Path) -> Team:
    """A team that a proxy has signed in, without anybody in the list."""
    values = {"public_url": "http://localhost", "trusted_proxies": "127.0.0.1", "user_header": "X-User"}
    settings = Settings.model_validate(values)
    rules = team_rules(settings)
    assert rules is not None
    return team(settings, rules, People(FileShelf(tmp_path)), time.time)


def named(team: Team, *values: bytes) -> Identity | None:
    """Who a request with these headers is from."""
    return team.named_by_proxy(Headers(raw=[(b"x-user", value) for value in values]))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"maria@example.com", "maria@example.com"),
        (b"  maria ", "maria"),
        ("Zoë".encode(), "Zoë"),
        ("Zoë".encode("latin-1"), "Zoë"),
    ],
)
def test_a_name_is_read_in_the_usual_encodings(behind_proxy: Team, value: bytes, name: str) -> None:
    """Proxies write UTF-8, or what fits in one octet a letter."""
    identity = named(behind_proxy, value)
    assert identity is not None
    assert (identity.name, identity.listed_as, identity.claimed) == (name, name, None)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (b"",),
        (b"  ",),
        (b"a", b"a"),
        (b"a\tb",),
        (b"x" * 255,),
        (b"a\x7f",),
        ("\u00a0a".encode(),),
        ("a\u2003".encode(),),
    ],
)
def test_what_is_no_single_name_names_nobody(behind_proxy: Team, values: tuple[bytes, ...]) -> None:
    """No header, two of them, or what nobody is called."""
    assert named(behind_proxy, *values) is None


def test_a_name_is_one_person_whichever_its_case(behind_proxy: Team) -> None:
    """As the list compares it; and nobody else's."""
    one, same, other = (named(behind_proxy, name) for name in (b"Maria", b"maria", b"mario"))
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.key == same.key != other.key


def test_the_list_goes_before_the_provider(behind_proxy: Team) -> None:
    """Whoever is not in it has what the provider says, or nothing."""
    claimed = Identity("1", "maria", "maria@example.com", Role.ADMIN)
    nobody = Identity("2", "mallory", "")
    grant = behind_proxy.grant(claimed)
    assert grant is not None
    assert (grant.role, grant.number) == (Role.ADMIN, CLAIMED)
    assert behind_proxy.grant(nobody) is None
    behind_proxy.people.add("maria@example.com", Role.VIEWER)
    listed = behind_proxy.grant(claimed)
    assert listed is not None
    assert listed.role is Role.VIEWER
    assert listed.number != CLAIMED
    assert behind_proxy.provider_host == ""


def test_a_new_e_mail_undoes_nothing_that_the_list_says(behind_proxy: Team) -> None:
    """Whoever was put down to viewer stays one, also without a verified e-mail; taken off the list, they are new."""
    before, team = Identity("1", "maria", "maria@example.com", Role.ADMIN), behind_proxy
    team.people.add("maria@example.com", Role.RUNNER)
    team.remember(before)
    team.people.add("Maria@example.com", Role.VIEWER)
    for name in ("lopez@example.com", ""):
        grant = team.grant(Identity("1", "maria", name, Role.ADMIN))
        assert grant is not None
        assert grant.role is Role.VIEWER
        other = team.grant(Identity("2", "maria", name, Role.ADMIN))
        assert other is not None
        assert other.role is Role.ADMIN
    # It never gives more: the address may be somebody else's by now.
    team.people.add("maria@example.com", Role.ADMIN)
    assert team.grant(Identity("1", "maria", "lopez@example.com")) is None
    lower = team.grant(Identity("1", "maria", "lopez@example.com", Role.VIEWER))
    assert lower is not None
    assert lower.role is Role.VIEWER
    team.people.remove("maria@example.com")
    new = team.grant(Identity("1", "maria", "lopez@example.com", Role.ADMIN))
    assert new is not None
    assert new.role is Role.ADMIN
