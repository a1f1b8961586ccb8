"""Where the pages are served, and to whom."""

import socket

import pytest

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.web import Address
from importer.web.server import listening
from web.kit import Site


def test_only_loopback_is_listened_on_by_default(site: Site) -> None:
    """The socket is bound to this machine."""
    assert Address().host == "127.0.0.1"
    other = socket.gethostbyname(socket.gethostname())
    if not other.startswith("127."):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((other, site.port), timeout=2)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_another_host_needs_people_with_passwords(settings: Settings, host: str) -> None:
    """Served to other machines without anybody in the list, the server does not begin, and says what to type."""
    with pytest.raises(UsageError) as refused, listening(settings, Address(host, 0)):
        pass
    assert "importer people add" in refused.value.advice


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
