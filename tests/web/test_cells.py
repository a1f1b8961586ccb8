"""Cells on the check page: a Save takes what was typed, and nothing that the page only showed."""

import json
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from openpyxl import Workbook

from importer.sandbox.server import Running
from importer.web.entries import digest
from web.kit import (
    Client,
    form_buttons,
    form_fields,
    form_options,
    plain,
    table,
)

FORMULA = '=A3&" room"'
UNTYPED = {
    "a formula without a value": (FORMULA, "holds a formula without a stored result"),
    "an error value": ("=NA()", "holds a formula without a stored result"),
    "an error as text": ("#N/A", "shows the error #N/A"),
    "a rounded number": (12345678901234567, "more than 15 digits"),
    "the text under a merge": (None, "is covered by merged cells"),
    "nothing": ("", "Name is empty"),
    "what cannot be printed": ("Room\x7f 3 <b>&amp;\"'", "cannot be printed"),
}
"""What a cell can hold that is nobody's word for its value, and what the page says of it."""


def workbook(path: Path, *names: object) -> bytes:
    """A good row, then one of each name in which the coworker is wrong as well, and a good row at the end."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    wrong = [mapping(3 + place, CoworkerId="12.5", Name=name) for place, name in enumerate(names)]
    for row in list[list[object]]([[*LABELS], mapping(2), *wrong, mapping(3 + len(names))]):
        sheet.append([cell if cell is None or cell in names else str(cell) for cell in row])
    for place, name in enumerate(names):
        if name is None:
            sheet.merge_cells(f"C{place + 2}:C{place + 3}")
    book.save(path)
    return path.read_bytes()


def page_of(client: Client, place: str, only: str = "error") -> str:
    """The check page with the rows that need a change, once the whole file was checked."""
    return client.follow(f"{place}/check?only={only}").text


def fields_of(client: Client, place: str, row: int, only: str = "error") -> dict[str, str]:
    """What a browser posts of a row that nobody touched."""
    fields = form_fields(page_of(client, place, only), "whole")
    return {name: text for name, text in fields.items() if name.endswith(str(row))}


def sent(client: Client, service: Running, place: str) -> list[dict[str, object]]:
    """The bodies that an import of an upload has sent."""
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "report.csv" in text)
    return [json.loads(body) for body in service.state.bodies]


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("file", ["a.xlsx", "a.csv"])
def test_a_save_takes_only_the_cell_that_was_typed(
    client: Client, service: Running, tmp_path: Path, file: str, script: bool
) -> None:
    """The other cells of each row keep their problems, and it is not sent until somebody types those as well."""
    # No program saves what cannot be printed into a workbook; in a text file there is nothing else of this kind.
    is_text = file.endswith(".csv")
    untyped = [(name, message) for name, message in UNTYPED.values() if is_text == _is_unprintable(name)]
    names = [name for name, _ in untyped]
    rows = [mapping(3 + place, CoworkerId="12.5", Name=name) for place, name in enumerate(names)]
    last = 3 + len(names)
    content = table(mapping(2), *rows, mapping(last)) if is_text else workbook(tmp_path / file, *names)
    place = client.draft(file, content)
    for row, (_, message) in enumerate(untyped, start=3):
        fields = fields_of(client, place, row)
        assert {f"B{row}", f"C{row}"} <= fields.keys()
        headers = {"HX_Request": "true"} if script else {}
        answer = client.post(f"{place}/rows/{row}", fields | {f"B{row}": str(4710 + row)}, **headers)
        assert answer.status == (422 if script else 303)
        assert (message in plain(answer.text)) is script, message
    text = plain(page_of(client, place))
    assert [message for _, message in untyped if message not in text] == []
    wrong = "1 row of 3 needs a change" if is_text else f"{len(names)} rows of {len(names) + 2} need a change"
    assert wrong in text
    assert [body["Name"] for body in sent(client, service, place)] == ["Room 2", f"Room {last}"]


def _is_unprintable(name: object) -> bool:
    return isinstance(name, str) and not name.isprintable()


def test_all_that_was_typed_in_a_row_is_taken(client: Client, service: Running, tmp_path: Path) -> None:
    """Two cells of one row, one Save: both are sent as they were typed, the value in place of the formula."""
    place = client.draft("a.xlsx", workbook(tmp_path / "a.xlsx", FORMULA))
    fields = fields_of(client, place, 3) | {"B3": "4711", "C3": "  Attic "}
    answer = client.post(f"{place}/rows/3", fields, HX_Request="true")
    assert (answer.status, "Corrected: this row can be imported" in answer.text) == (200, True)
    bodies = {body["CoworkerId"]: body["Name"] for body in sent(client, service, place)}
    assert bodies == {2002: "Room 2", 4711: "Attic", 2004: "Room 4"}


def test_a_formula_that_is_typed_again_is_still_no_value(client: Client, service: Running, tmp_path: Path) -> None:
    """Whoever puts back the text that the file holds puts back its problem."""
    place = client.draft("a.xlsx", workbook(tmp_path / "a.xlsx", FORMULA))
    client.post(f"{place}/rows/3", fields_of(client, place, 3) | {"C3": "Attic"})
    client.post(f"{place}/rows/3", {"B3": "4711", "C3": FORMULA})
    assert UNTYPED["a formula without a value"][1] in plain(page_of(client, place))
    assert [body["Name"] for body in sent(client, service, place)] == ["Room 2", "Room 4"]


def test_a_row_saved_as_it_is_is_not_corrected(client: Client, tmp_path: Path) -> None:
    """Nothing counts as typed, nothing is checked again, and the answer says so."""
    place = client.draft("a.xlsx", workbook(tmp_path / "a.xlsx", FORMULA))
    before = page_of(client, place)
    answer = client.post(f"{place}/rows/3", fields_of(client, place, 3), HX_Request="true")
    assert (answer.status, "Nothing to save" in answer.text, "Corrected" in answer.text) == (422, True, False)
    assert page_of(client, place) == before


def test_a_page_does_not_take_back_what_another_page_has_corrected(client: Client, service: Running) -> None:
    """Two pages of one upload: each one's Save takes what was typed there, and replaces nothing before it was seen."""
    wrong = [mapping(2, CoworkerId="12.5", Name=""), mapping(3, CoworkerId="12.5", Name=""), mapping(4)]
    place = client.draft("a.csv", table(*wrong))
    first, second = fields_of(client, place, 2), fields_of(client, place, 2)
    client.post(f"{place}/rows/2", second | {"C2": "Attic"}, HX_Request="true")
    client.post(f"{place}/rows/2", first | {"B2": "4711"}, HX_Request="true")
    # By now nothing is wrong with the row, but a page that was opened before may still show it.
    client.follow(f"{place}/check")
    late = client.post(f"{place}/rows/2", first | {"C2": "Cellar"}, HX_Request="true")
    assert "C2 was changed on another page and is now “Attic”, so “Cellar” was not saved." in late.text
    whole = client.post(f"{place}/choices", first | {"C2": "Cellar", "save": "cells"})
    assert (whole.status, "so “Cellar” was not saved" in whole.text) == (422, True)
    [button] = [one for one in form_buttons(whole.text, "whole") if one.get("name") == "instead-C2"]
    shown = form_fields(whole.text, "whole")
    client.post(f"{place}/choices", shown | {"instead-C2": button["value"], "replaces-C2": digest("Vault")})
    assert "“Attic”" in client.post(f"{place}/choices", first | {"C2": "Cellar", "save": "cells"}).text
    client.post(f"{place}/choices", shown | {"instead-C2": button["value"]})
    bodies = {body["CoworkerId"]: body["Name"] for body in sent(client, service, place)}
    assert bodies == {4711: "Cellar", 2004: "Room 4"}


def test_a_repair_of_a_column_outlives_a_save_from_a_page_opened_before(client: Client, service: Running) -> None:
    """The text from before the repair comes back with the form, and nobody has typed it."""
    place = client.draft("a.csv", table(mapping(2, ResourceId="12,345", CoworkerId="12.5"), mapping(3)))
    fields = fields_of(client, place, 2)
    assert fields["A2"] == "12,345"
    client.post(f"{place}/choices", {"repair-A-thousands": "yes"})
    client.post(f"{place}/rows/2", fields | {"B2": "4711"})
    assert "All 2 rows can be imported" in plain(page_of(client, place))
    assert [body["ResourceId"] for body in sent(client, service, place)] == [12345, 1003]


def test_line_ends_that_a_browser_cannot_hold_stay_in_the_cell(client: Client, service: Running) -> None:
    """A name of two lines is one line in a field of a form; it is sent as the file has it."""
    place = client.draft("a.csv", table(mapping(2, CoworkerId="12.5", Name=" Quiet\r\nRoom ")))
    fields = fields_of(client, place, 2)
    assert fields["C2"] == " QuietRoom "
    client.post(f"{place}/rows/2", fields | {"B2": "4711"})
    [body] = sent(client, service, place)
    assert str(body["Name"]).split() == ["Quiet", "Room"]


NAMES = [
    "Meeting Room 4 (8 people)",
    "Room 5, north or 6 (7 seats)",
    "12 (Boardroom, Station Yard) or 13 (Boardroom)",
    "חדר 4 (8)",
    "<option value=4>Four</option> & 'more'",
]
"""Names that look like a sentence about several records, or turn the direction of writing."""


def namesakes(service: Running, name: str, number: int) -> list[str]:
    """The Ids of so many new resources of this name, in turns in each location."""
    rooms = service.state.space.resources
    samples = {str(room["BusinessName"]): room for room in rooms.values()}
    ids = [max(rooms) + step for step in range(1, number + 1)]
    for place, new in enumerate(ids):
        rooms[new] = {**list(samples.values())[place % 2], "Id": new, "Name": name}
    return [str(new) for new in ids]


@pytest.mark.parametrize("name", NAMES)
def test_each_namesake_can_be_chosen_and_nothing_else(client: Client, service: Running, name: str) -> None:
    """The page offers each record of that name once, by its Id, whatever the name looks like; the choice is sent."""
    ids = namesakes(service, name, 2)
    place = client.draft("a.csv", table(mapping(2, ResourceId=name), mapping(3, ResourceId=ids[0])))
    text = page_of(client, place)
    assert form_options(text, "whole", "A2") == [name, *ids]
    assert all(f"Id {one}</option>" in text for one in ids)
    client.post(f"{place}/rows/2", form_fields(text, "whole") | {"A2": ids[1]}, HX_Request="true")
    assert [body["ResourceId"] for body in sent(client, service, place)] == [int(ids[1]), int(ids[0])]


def test_all_of_many_namesakes_can_be_chosen(client: Client, service: Running) -> None:
    """The sentence names five and counts the rest; the choice has every one, also in the answer to a Save."""
    ids = namesakes(service, "Hot desk (any)", 8)
    rows = [mapping(n, ResourceId="Hot desk (any)", CoworkerId="12.5") for n in (2, 3)]
    place = client.draft("a.csv", table(*rows, mapping(4, ResourceId=ids[0])))
    text = page_of(client, place)
    assert "or 3 more" in plain(text)
    assert form_options(text, "whole", "A3") == ["Hot desk (any)", *ids]
    answer = client.post(f"{place}/rows/3", form_fields(text, "whole") | {"B3": "13.5"}, HX_Request="true")
    assert form_options(answer.text, "whole", "A3") == ["Hot desk (any)", *ids]


TWO_WRONG = [mapping(2, CoworkerId="12.5"), mapping(3, CoworkerId="x"), mapping(4, Name=""), mapping(5)]


def test_all_cells_of_a_page_are_saved_at_once(client: Client, service: Running) -> None:
    """Those of several rows that were typed, and no other, with one press and without a script."""
    place = client.draft("a.csv", table(*TWO_WRONG))
    fields = form_fields(page_of(client, place), "whole") | {"save": "cells", "B2": "4711", "C4": "Attic"}
    answer = client.post(f"{place}/choices", fields)
    assert (answer.status, answer.place) == (303, f"{place}/check?only=error&page=1#rows")
    assert "1 row of 4 needs a change" in plain(page_of(client, place))
    bodies = {body["CoworkerId"]: body["Name"] for body in sent(client, service, place)}
    assert bodies == {4711: "Room 2", 2004: "Attic", 2005: "Room 5"}


def test_a_save_without_scripts_takes_the_cells_of_other_rows_as_well(client: Client) -> None:
    """Else what was typed there would be gone with the page; it ends at the row whose button was pressed."""
    place = client.draft("a.csv", table(*TWO_WRONG))
    fields = form_fields(page_of(client, place), "whole") | {"save": "2", "B2": "4711", "B3": "4712", "C4": "Attic"}
    assert client.post(f"{place}/choices", fields).place == f"{place}/check?only=error&page=1#row-2"
    assert "All 4 rows can be imported" in plain(page_of(client, place, "warning"))


def test_a_save_with_scripts_takes_its_own_row_only(client: Client) -> None:
    """The cells of the others keep what was typed into them, on the page."""
    place = client.draft("a.csv", table(*TWO_WRONG))
    fields = form_fields(page_of(client, place), "whole") | {"save": "2", "B2": "4711", "B3": "4712"}
    assert client.post(f"{place}/rows/2", fields, HX_Request="true").status == 200
    assert "2 rows of 4 need a change" in plain(page_of(client, place))


@pytest.mark.parametrize("pressed", [{}, {"only": "dates"}, {"forget": "dates"}, {"dates": "wrong"}, {"zone": "Mars"}])
def test_whatever_is_pressed_saves_the_cells_that_were_typed(client: Client, pressed: dict[str, str]) -> None:
    """All choices, one of them, one that is taken back, and choices that cannot be taken."""
    rows = [mapping(2, SubscriptionExpireDate="03/04/2031 10:00"), mapping(3, CoworkerId="12.5"), mapping(4)]
    place = client.draft("a.csv", table(*rows))
    fields = form_fields(page_of(client, place), "whole") | {"dates": "dmy", "B3": "4711"} | pressed
    answer = client.post(f"{place}/choices", fields)
    assert answer.status == (422 if "zone" in pressed else 303)
    left = "1 row of 3 needs" if "forget" in pressed or pressed.get("dates") else "All 3 rows can"
    assert left in plain(page_of(client, place, "warning"))


def test_who_saves_a_cell_has_not_chosen_a_time_zone(client: Client) -> None:
    """The proposed one stands in the same form, and stays a proposal until somebody saves the choices."""
    rows = [mapping(2, SubscriptionExpireDate="2031-04-03 10:00", CoworkerId="12.5"), mapping(3, CoworkerId="x")]
    place = client.draft("a.csv", table(*rows))
    fields = form_fields(page_of(client, place), "whole")
    client.post(f"{place}/choices", fields | {"save": "cells", "B2": "4711"})
    assert 'id="ask-zone"' in page_of(client, place)
    client.post(f"{place}/choices", fields | {"save": "cells", "zone": "Asia/Tokyo"})
    assert "are read in Asia/Tokyo." in page_of(client, place)
