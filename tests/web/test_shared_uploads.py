"""Two pages on two machines with one database: a person goes on with their upload wherever they are sent."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from postgres import Server

from importer.config.settings import Settings
from importer.sandbox.server import Running
from importer.web import Role, people_of
from web.kit import Client, behind_a_proxy, form_fields, plain, serving, signed_in_by_proxy, table

WRONG = [mapping(2), mapping(3, Name=""), mapping(4, CoworkerId="12.5")]


@pytest.fixture
def two(settings: Settings, postgres: Server, tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    """Maria at both pages."""
    shared = behind_a_proxy(settings).model_copy(update={"journal": postgres.new_database()})
    people_of(shared).add("maria", Role.RUNNER)
    people_of(shared).add("mo", Role.RUNNER)
    with ExitStack() as stack:
        sites = [
            stack.enter_context(serving(shared.model_copy(update={"home": tmp_path / name}))) for name in ("one", "two")
        ]
        yield signed_in_by_proxy(sites[0].port, "maria"), signed_in_by_proxy(sites[1].port, "maria")


def test_an_upload_goes_on_wherever_its_person_is_sent(two: tuple[Client, Client], service: Running) -> None:
    """What was corrected on either machine is checked, planned and sent from the other one, exactly once."""
    one, other = two
    place = one.draft("rooms.csv", table(*WRONG))
    one.post(f"{place}/rows/3", {"C3": "Cellar"})
    assert "rooms.csv" in other.get("/").text
    # Sent there with a form that the first machine has shown.
    other.post(f"{place}/rows/4", {"B4": "4711"})
    assert "All 3 rows can be imported" in plain(one.follow(f"{place}/check").text)
    assert "Create 3 records" in plain(other.follow(f"{place}/plan").text)
    run = other.post(f"{place}/start").place
    one.until(run, lambda text: "All 3 rows created" in plain(text))
    assert one.post(f"{place}/start").place == run
    bodies = {body["CoworkerId"]: body["Name"] for body in map(json.loads, service.state.bodies)}
    assert bodies == {2002: "Room 2", 2003: "Cellar", 4711: "Room 4"}
    assert len(service.state.bodies) == 3


def test_a_page_does_not_take_back_what_was_corrected_on_another_machine(two: tuple[Client, Client]) -> None:
    """It was opened before; what it shows of the cell is not what stands there now."""
    one, other = two
    place = one.draft("rooms.csv", table(*WRONG))
    before = form_fields(one.follow(f"{place}/check?only=error").text, "whole")
    other.follow(f"{place}/check")
    other.post(f"{place}/rows/3", {"C3": "Attic"})
    one.follow(f"{place}/check")
    typed = {name: text for name, text in before.items() if name.endswith("3")} | {"C3": "Cellar"}
    late = one.post(f"{place}/rows/3", typed, HX_Request="true")
    assert "C3 was changed on another page and is now “Attic”, so “Cellar” was not saved." in late.text


def test_rows_that_were_taken_back_stay_so_on_another_machine(two: tuple[Client, Client]) -> None:
    """A report says that they were left out, once: when it is taken in."""
    one, other = two
    added = ["import_row", "import_status", "import_id", "import_message"]
    rows = [[*mapping(2), 2, "left out", "", ""], [*mapping(3), 3, "rejected", "", "no"]]
    place = one.draft("failed.csv", table(*rows, labels=[*LABELS, *added]))
    assert "1 row" in plain(one.follow(f"{place}/check").text)
    assert "left out" in plain(one.follow(f"{place}/check").text)
    one.post(f"{place}/choices", {"forget": "rows"})
    assert "left out" not in plain(one.follow(f"{place}/check").text)
    assert "left out" not in plain(other.follow(f"{place}/check").text)


def test_an_upload_of_somebody_else_is_none_on_any_machine(two: tuple[Client, Client]) -> None:
    """And one that was deleted is none for its person either."""
    one, other = two
    place = one.draft("rooms.csv", table(*WRONG))
    assert other.follow(place).status == 200
    mo = signed_in_by_proxy(other.port, "mo")
    assert (mo.get(f"{place}/check").status, "rooms.csv" in mo.get("/").text) == (404, False)
    one.post(f"{place}/discard")
    assert other.get(f"{place}/check").status == 404
    assert "rooms.csv" not in other.get("/").text


def test_the_table_never_shows_rows_from_before_a_change_on_another_machine(
    two: tuple[Client, Client], tmp_path: Path
) -> None:
    """Nor those of a check that began before it and ends after it: somebody would type over what they cannot see."""
    one, other = two
    place = one.draft("rooms.csv", table(*WRONG))
    rows = f"{place}/table/rows?first=0&count=3"
    other.follow(f"{place}/check")
    assert "Room 2" in other.get(rows).text
    folder = tmp_path / "two" / "uploads" / place.rpartition("/")[2]
    before = {path: path.read_bytes() for path in [folder / "checked.json", *folder.glob("table-*.sqlite")]}
    one.post(f"{place}/rows/3", {"C3": "Cellar"})
    assert other.get(rows).status == 404
    for path, content in before.items():
        path.write_bytes(content)
    assert other.get(rows).status == 404
    other.follow(f"{place}/check")
    assert "Cellar" in other.get(rows).text
