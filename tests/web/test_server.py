"""Where the pages are served, and to whom."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from readme import ROOT

from importer.config.settings import Settings
from importer.errors import SettingsError, UsageError
from importer.runs.log import LogLine
from importer.web import Address, Role, people_of
from importer.web.server import listening
from web.kit import GOOD, Site, behind_a_proxy, rows, serving, signed_in_by_proxy, table


def test_only_loopback_is_listened_on_by_default(site: Site) -> None:
    """The socket is bound to this machine."""
    assert Address().host == "127.0.0.1"
    other = socket.gethostbyname(socket.gethostname())
    if not other.startswith("127."):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other, site.port), timeout=2)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_another_host_needs_the_sign_in_of_a_team(settings: Settings, host: str) -> None:
    """Served to other machines without one, the server does not begin, and says where to read."""
    with pytest.raises(UsageError) as refused, listening(settings, Address(host, 0)):
        pass
    assert "importer help team" in refused.value.advice


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (Address("0.0.0.0", 0), "without HTTPS"),
        (Address("192.0.2.1", 0), "without HTTPS"),
        (Address(port=0, names=("imports.example.com",)), "at http://localhost only"),
    ],
)
def test_a_team_is_not_served_where_others_could_listen_in(settings: Settings, address: Address, said: str) -> None:
    """Plain HTTP is for trying it on this machine; a name comes from one setting only."""
    with pytest.raises(UsageError) as refused, listening(behind_a_proxy(settings), address):
        pass
    assert said in refused.value.message
    assert refused.value.advice


def test_settings_of_a_team_that_are_incomplete_are_refused(settings: Settings) -> None:
    """Before anything listens."""
    half = settings.model_copy(update={"oidc_issuer": "https://login.example"})
    with pytest.raises(SettingsError, match="IMPORTER_PUBLIC_URL is not set"), listening(half, Address(port=0)):
        pass


def test_people_without_a_sign_in_are_refused(settings: Settings) -> None:
    """A team of an earlier version, with passwords, does not become one person's page unnoticed."""
    people_of(settings).add("maria@example.com", Role.RUNNER)
    with pytest.raises(UsageError, match="nothing says how they sign in"), listening(settings, Address(port=0)):
        pass


def test_passwords_of_an_earlier_version_are_gone_once_a_team_is_served(settings: Settings) -> None:
    """Their hashes need not lie about."""
    settings.home.mkdir(parents=True)
    path = settings.home / "people.json"
    path.write_text('{"format": 1, "people": {"ines": {"role": "ADMIN", "password": "$argon2id$canary"}}}')
    with listening(behind_a_proxy(settings), Address(port=0)) as (_, _, url):
        assert url == "http://localhost/"
    assert "canary" not in path.read_text("utf-8")
    assert people_of(settings).roles == {"ines": Role.ADMIN}


def test_one_person_needs_no_package_of_a_team(tmp_path: Path) -> None:
    """What signs in a team is loaded for a team only: it takes a while, and is not installed everywhere."""
    script = (
        "import sys; sys.modules.update(joserfc=None, cryptography=None)\n"
        "from importer.config.settings import Settings\n"
        "from importer.web import Address\n"
        "from importer.web.server import listening\n"
        "values = {'home': sys.argv[1]} | ({'public_url': 'http://localhost', 'user_header': 'X-User', "
        "'trusted_proxies': '127.0.0.1'} if len(sys.argv) > 2 else {})\n"
        "with listening(Settings.model_validate(values), Address(port=0)) as served:\n"
        "    print(served[2])\n"
    )
    run = [sys.executable, "-c", script, str(tmp_path)]
    alone = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "/start?token=" in alone.stdout
    team = subprocess.run([*run, "team"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "The sign-in of a team needs a package that is not installed" in team.stderr


DAY = 86_400.0
LOOPBACK = {"127.0.0.1:8642", "localhost:8642", "[::1]:8642"}


@pytest.mark.parametrize(
    ("address", "port", "hosts"),
    [
        (Address(), 8642, LOOPBACK),
        (Address("::1"), 8642, LOOPBACK),
        (Address("localhost"), 80, {"localhost", "localhost:80", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80"}),
        (Address("192.0.2.7"), 8642, {"192.0.2.7:8642"}),
        (Address("2001:DB8::7"), 80, {"[2001:db8::7]", "[2001:db8::7]:80"}),
        (Address(names=("Import.example",)), 8642, {*LOOPBACK, "import.example:8642", "import.example"}),
    ],
)
def test_each_address_has_its_names(address: Address, port: int, hosts: set[str]) -> None:
    """In small letters, as they are compared; this machine's own only if nobody else can ask."""
    answered = address.hosts(port)
    assert hosts <= answered
    assert {host for host in answered if "example" in host or "192." in host} <= hosts
    assert address.for_this_machine or not answered & LOOPBACK


def test_old_uploads_are_deleted_when_the_pages_start(settings: Settings) -> None:
    """Nobody may ever upload again, and what was uploaded may hold personal data."""
    broke_off = settings.home / "uploads" / "broke-off"
    broke_off.mkdir(parents=True)
    uploaded = broke_off.stat().st_mtime
    with listening(settings, Address(port=0), clock=lambda: uploaded + 6.9 * DAY):
        assert broke_off.exists()
    with listening(settings, Address(port=0), clock=lambda: uploaded + 7.1 * DAY):
        assert not broke_off.exists()


def test_a_port_that_is_taken_is_said(settings: Settings, site: Site) -> None:
    """One sentence with the port, and what to type instead."""
    with pytest.raises(UsageError) as taken, listening(settings, Address(port=site.port)):
        pass
    assert f"Port {site.port} at 127.0.0.1 cannot be used" in taken.value.message
    assert "--port" in taken.value.advice


def test_a_request_that_somebody_may_not_make_is_in_the_log(settings: Settings) -> None:
    """For want of a role, or because it is somebody else's; with the address as it is written in the table."""
    people = people_of(settings)
    people.add("ada", Role.ADMIN)
    people.add("vera", Role.VIEWER)
    told = list[LogLine]()
    with serving(behind_a_proxy(settings), log=told.append) as site:
        place = signed_in_by_proxy(site.port, "ada").draft("rooms.csv", table(*GOOD))
        vera = signed_in_by_proxy(site.port, "vera")
        assert vera.upload("a.csv", rows(2)).status == 403
        assert vera.get(place).status in {403, 404}
    refused = [dict(line.details) for line in told if line.event == "request refused"]
    assert [(one["reason"] in {"role", "owner"}, one["role"]) for one in refused] == [(True, "viewer")] * 2
    assert not any(place.rpartition("/")[2] in str(one) for one in refused)


def test_what_a_log_is_told_of_a_team_names_nobody(settings: Settings) -> None:
    """A refusal has a reason; who it was stays with the provider, for anybody can claim to be somebody."""
    people_of(settings).add("ada", Role.ADMIN)
    told = list[LogLine]()
    with serving(behind_a_proxy(settings), log=told.append) as site:
        assert signed_in_by_proxy(site.port, "ada").get("/").status == 200
        assert signed_in_by_proxy(site.port, "mallory").get("/").status == 401
        assert signed_in_by_proxy(site.port, "").get("/").status == 401
    assert [(line.event, dict(line.details)) for line in told] == [
        ("sign-in refused", {"reason": "no role"}),
        ("stopped", {}),
    ]
