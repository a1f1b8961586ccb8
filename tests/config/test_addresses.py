"""Addresses compared: whatever the spelling, one service is one service, and two are two."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.config.addresses import host_of, origin, same_service, service_name
from importer.config.settings import Settings
from importer.errors import SettingsError
from importer.journal.journal import open_journal
from importer.journal.runs import NewRun
from importer.runs.earlier_runs import refuse_other_service

SERVICES = [
    [
        "https://spaces.nexudus.com",
        "https://spaces.nexudus.com/",
        "https://spaces.nexudus.com:443",
        "https://spaces.nexudus.com:443/",
        "https://Spaces.Nexudus.COM",
        "HTTPS://spaces.nexudus.com",
        "https://spaces.nexudus.com.",
        " https://spaces.nexudus.com ",
    ],
    ["https://spaces.nexudus.com:8443", "https://SPACES.nexudus.com:8443/"],
    ["https://north.example"],
    ["https://bücher.example", "https://xn--bcher-kva.example/", "https://BÜCHER.example:443"],
    ["https://[2001:db8::1]", "https://[2001:DB8:0:0:0:0:0:1]/", "https://[2001:0db8::0001]:443"],
    ["https://[2001:db8::1]:8443"],
    ["https://[2001:db8::2]"],
    ["http://[::1]:80", "http://[0:0:0:0:0:0:0:1]", "http://[::1]/"],
    ["http://127.0.0.1", "http://127.0.0.1:80/"],
    # No addresses at all: their text is all there is.
    [""],
    ["https://"],
    ["nonsense"],
    ["https://[::1"],
    ["https://spaces.nexudus.com:99999"],
]


def test_each_spelling_of_an_address_is_the_same_service_and_no_other() -> None:
    """Two spellings counted as two would hide a sign-in, refuse a run or let equal rows be created twice."""
    for number, spellings in enumerate(SERVICES):
        assert len({origin(spelling) for spelling in spellings}) == 1, spellings
        for one, other in combinations(spellings, 2):
            assert same_service(one, other)
        for others in SERVICES[number + 1 :]:
            assert not same_service(spellings[0], others[0])
            assert origin(spellings[0]) != origin(others[0])


@pytest.mark.parametrize(
    ("url", "host", "service"),
    [
        ("https://Spaces.nexudus.com/", "spaces.nexudus.com", "spaces.nexudus.com"),
        ("https://spaces.nexudus.com.:444", "spaces.nexudus.com:444", "spaces.nexudus.com:444"),
        ("http://127.0.0.1:5000", "127.0.0.1:5000", "127.0.0.1"),
        ("http://[::1]:5000", "[::1]:5000", "::1"),
        ("http://localhost:5000", "localhost:5000", "localhost"),
        ("", "", ""),
    ],
)
def test_a_host_is_shown_with_its_port_and_a_practice_service_known_without(url: str, host: str, service: str) -> None:
    """A practice service has another port at each start; elsewhere a port is a part of the address."""
    assert (host_of(url), service_name(url)) == (host, service)


@given(st.text())
def test_no_text_is_too_strange_to_be_compared(text: str) -> None:
    """A journal may hold whatever a page or an older importer took for an address."""
    assert same_service(text, text)
    assert origin(origin(text)) == origin(text)


@pytest.mark.parametrize("begun", [spellings[0] for spellings in SERVICES])
def test_a_run_is_worked_on_from_its_own_service_only(tmp_path: Path, begun: str) -> None:
    """A slash at the end is no other service, and another IPv6 address is one."""
    with open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}") as journal:
        run = journal.runs.add(NewRun("Kind", begun, "path", "f.csv", "0" * 64, "copy", {}, 1.0))
    for spellings in SERVICES:
        for spelling in spellings:
            settings = Settings.model_validate({"url": spelling})
            if spelling in next(own for own in SERVICES if begun in own):
                refuse_other_service(run, settings)
            else:
                with pytest.raises(SettingsError, match="NEXUDUS_URL is"):
                    refuse_other_service(run, settings)
