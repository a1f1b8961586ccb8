"""Names on the pages: looked up once, and never called unknown while somebody signed in has them looked up."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from conftest import GIVE_UP, mapping

from importer.config.settings import Settings
from importer.errors import ServiceError
from importer.runs.lookup import look_up
from importer.sandbox.people import space
from importer.sandbox.server import Running
from importer.web import upload_names
from web.kit import (
    Client,
    plain,
    serving,
    table,
)

ROOM = next(f"{room['BusinessName']} / {room['Name']}" for room in space(1).resources.values())
PEOPLE = [str(person["Email"]) for person in space(1).coworkers.values() if "e" in str(person["Email"])][:6]
ADA, BEN = "ada.abbott@example.com", next(email for email in PEOPLE if not email.startswith("ada."))
NOT_LOOKED_UP = "not looked up"


def rows(*people: str) -> bytes:
    """A file with a room and people by name."""
    return table(*[mapping(n, ResourceId=ROOM, CoworkerId=who) for n, who in enumerate(people, 2)])


class Gate:
    """Lets look-ups through, or keeps them waiting, and counts them."""

    def __init__(self) -> None:
        """Open at first."""
        self.open = threading.Event()
        self.open.set()
        self.asked: list[dict[str, list[str]]] = []
        self.refuses = False

    async def look_up(self, session: Any, source: Any, wanted: Mapping[str, Any], picks: Mapping[str, int]) -> Any:
        """As the importer looks up, once the gate is open."""
        self.asked.append({name: sorted(texts) for name, texts in wanted.items()})
        assert self.open.wait(GIVE_UP)
        if self.refuses:
            raise ServiceError("Nexudus is down.", "Try again later.")
        return await look_up(session, source, wanted, picks)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """In the way of each look-up of the pages."""
    gate = Gate()
    monkeypatch.setattr(upload_names, "look_up", gate.look_up)
    yield gate
    gate.open.set()


def settled(client: Client, place: str, holds: Callable[[str], bool]) -> str:
    """The check page, once the check has ended."""
    return client.until(f"{place}/check", lambda text: "is being checked again" not in text and holds(text))


def test_names_looked_up_before_hold_after_a_correction(client: Client, service: Running, gate: Gate) -> None:
    """A saved cell asks the service for nothing that is known, and no page calls a known name unknown."""
    place = client.draft("names.csv", rows(ADA, ADA, "12.5"))
    assert "1 row of 3 needs a change" in plain(client.follow(f"{place}/check").text)
    calls, asked = len(service.state.calls), len(gate.asked)
    for text in ("13.5", ADA.upper()):
        answer = client.post(f"{place}/rows/4", {"B4": text}, HX_Request="true")
        assert NOT_LOOKED_UP not in answer.text
    assert (answer.status, "Corrected: this row can be imported" in answer.text) == (200, True)
    assert "All 3 rows can be imported" in plain(client.follow(f"{place}/check").text)
    assert (len(service.state.calls), len(gate.asked)) == (calls, asked)


def test_the_last_whole_result_stands_while_new_names_are_looked_up(client: Client, gate: Gate) -> None:
    """However many cells are saved meanwhile, the page shows what held before, and one check follows for the newest."""
    place = client.draft("names.csv", rows(ADA, ADA, "12.5", "13.5"))
    gate.open.clear()
    first = client.post(f"{place}/rows/4", {"B4": BEN}, HX_Request="true")
    assert first.status == 200
    assert "Corrected: this row can be imported" in first.text
    for number, text in ((5, "14.5"), (5, "15.5"), (5, BEN)):
        answer = client.post(f"{place}/rows/{number}", {f"B{number}": text}, HX_Request="true")
        for page in (answer.text, client.get(f"{place}/check").text, client.get(f"{place}/standing").text):
            assert NOT_LOOKED_UP not in page
            assert "2 rows of 4 need a change" in plain(page)
            assert "Import only the 2 good rows" in plain(page)
    assert answer.status == 200
    gate.open.set()
    assert NOT_LOOKED_UP not in settled(client, place, lambda text: "All 4 rows can be imported" in plain(text))
    assert gate.asked[1:] == [{"CoworkerId": [BEN]}]


def test_the_first_page_waits_for_the_names(client: Client, gate: Gate) -> None:
    """A file that was just uploaded is not called wrong for names that are being looked up."""
    gate.open.clear()
    place = client.upload("names.csv", rows(ADA)).place
    assert place
    text = client.until(f"{place}/check", lambda text: "Looking up the names" in text)
    assert NOT_LOOKED_UP not in text
    gate.open.set()
    assert "The only row can be imported" in plain(client.follow(f"{place}/check").text)


def test_names_are_looked_up_as_soon_as_somebody_is_signed_in(settings: Settings, service: Running) -> None:
    """Signed out, the page asks to sign in; back from there, the names are known."""
    with serving(settings.model_copy(update={"username": None, "password": None})) as site:
        client = site.visitor()
        place = client.draft("names.csv", rows(ADA, "nobody@example.com"))
        assert "Sign in to Nexudus so that it can be looked up" in plain(client.follow(f"{place}/check").text)
        client.post("/sign-in", {"username": "ops@example.com", "password": "practice", "next": f"{place}/check"})
        text = plain(client.follow(f"{place}/check").text)
        assert "1 row of 2 needs a change" in text
        assert NOT_LOOKED_UP not in text


def test_a_service_that_cannot_be_asked_is_said_and_asked_again(client: Client, gate: Gate) -> None:
    """The names stay unknown, the page says why, and a button looks them up once more."""
    gate.refuses = True
    place = client.draft("names.csv", rows(ADA))
    assert "The names could not be looked up. Nexudus is down." in plain(client.get(f"{place}/check").text)
    gate.refuses = False
    client.post(f"{place}/choices", {"look-up": "yes"})
    assert "The only row can be imported" in plain(client.follow(f"{place}/check").text)
