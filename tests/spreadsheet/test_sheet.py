"""Addresses are those of the spreadsheet program, beyond column Z too."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.reporting.lines import _position
from importer.spreadsheet import address, column_letters, open_sheet, place_of
from importer.spreadsheet.sheet import NO_HEADER, Header, Sheet, find_header, labels_of_user
from importer.spreadsheet.workbook_child.package import letters_of, position_of


@pytest.mark.parametrize(
    ("position", "letters"),
    [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")],
)
def test_a_column_has_the_letters_of_the_program(position: int, letters: str) -> None:
    """In the issue, in the refusal of a workbook, and on the way back from a corrected cell or a report."""
    assert column_letters(position) == letters
    assert address(7, position) == f"{letters_of(position)}7" == f"{letters}7"
    assert position_of(letters.encode()) == position
    assert place_of(f"{letters}7") == (7, position)
    assert _position(f"{letters}7") == position


@pytest.mark.parametrize(
    ("labels", "of_user"),
    [
        (["ResourceId", "Name", "import_row", "import_status"], ["ResourceId", "Name"]),
        (["ResourceId", "", "Import_Row"], ["ResourceId"]),
        (["import_row", "import_status", "import_id", "import_message"], []),
        (["", ""], []),
        ([], []),
    ],
)
def test_what_a_report_adds_is_none_of_the_users_headers(labels: list[str], of_user: list[str]) -> None:
    """Also where it is all that there is."""
    assert labels_of_user(labels) == of_user


@given(st.integers(1, 10**7), st.integers(0, 20_000))
def test_an_address_leads_back_to_its_cell(row: int, position: int) -> None:
    """Whichever cell it is."""
    assert place_of(address(row, position)) == (row, position)


FIELDS = {"ResourceId", "CoworkerId", "Name", "Expires", "SubscriptionId", "CalendarId"}
LABELS = ["ResourceId", "CoworkerId", "Name", "Expires", "SubscriptionId", "CalendarId"]
DATA = ["1", "5", "Room", "2026-11-28", "x", "y"]


def judge(cells: Sequence[str]) -> int:
    """How many of these are fields, each once."""
    return sum(cells.count(cell) == 1 for cell in FIELDS & set(cells))


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ([["Harbour House", "Calendars", "November"]], [DATA]),
        ([["Room", "Member", "Calendar", "Microsoft", "Microsoft", "Microsoft"]], [DATA]),
        ([["Room", "", "Calendar", "", "Microsoft", ""]], [DATA]),
        ([["Name", "Name", "Name", "x", "x", "x"], ["a", "b", "c", "d", "e", "f"]], [DATA]),
        ([], [[*DATA, "a", "b", "c", "d", "e", "f", "g"]] * 3),
        ([["Title"], [], ["by", "Ada"]], [[*DATA, "a", "b", "c", "d", "e", "f", "g"]]),
        ([], [["Room", "Name", "x", "y", "z", "u"], DATA]),
    ],
    ids=["title of three cells", "two full lines", "merged groups", "doubled", "unlabelled columns", "both", "plain"],
)
def test_the_header_is_the_row_whose_labels_say_so(above: list[list[str]], below: list[list[str]]) -> None:
    """However full the rows above and below it are."""
    rows = list(enumerate([*above, LABELS, *below], start=1))
    header = find_header(rows, judge)
    assert header is not None
    assert (header.row, list(header.labels), header.named) == (len(above) + 1, LABELS, len(FIELDS))
    without = find_header(rows)
    assert without is not None
    assert header.by_labels == (without.row != header.row)
    again = find_header(rows, row=header.row)
    assert again is not None
    assert (again.row, again.labels, again.notices) == (header.row, header.labels, header.notices)


def test_rows_of_data_above_the_header_are_no_titles() -> None:
    """As after sorting a sheet with its header: none is passed over. Numbers of columns are no data."""
    with pytest.raises(FileError, match="Row 1 holds data, but stands above the header in row 3"):
        find_header(enumerate([["5", *DATA[1:]], DATA, LABELS, DATA], start=1), judge)
    header = find_header(enumerate([[str(number) for number in range(1, 7)], LABELS, DATA], start=1), judge)
    assert header is not None
    assert header.row == 2


def test_labels_far_below_full_rows_do_not_make_these_titles() -> None:
    """A file whose header nobody knows must not lose its first rows to one that comes later."""
    rows = [["Raum", "Mitglied", "Titel", "Ende", "Abo", "Kalender"], *[DATA] * 4, LABELS, DATA]
    header = find_header(enumerate(rows, start=1), judge)
    assert header is not None
    assert header.row == 1


@pytest.mark.parametrize("row", [2, 9])
def test_an_empty_row_is_no_header(row: int) -> None:
    """Nor is one below the last."""
    with pytest.raises(FileError, match=f"Row {row} is empty"):
        find_header(enumerate([LABELS, [" ", ""], DATA], start=1), row=row)


def test_a_column_of_the_users_own_is_not_taken_for_one_of_a_report(tmp_path: Path) -> None:
    """Only the four that a report adds are passed over, whatever else begins like them."""
    path = tmp_path / "rows.csv"
    path.write_text("import_source,import_row,import_status,import_id,import_message,Name\na,2,created,5,,b\n", "utf-8")
    assert open_sheet(path).columns == (0, 5)


@pytest.mark.parametrize(
    ("labels", "columns", "beyond", "answers"),
    [
        (["Room", "Name"], (0, 1), (2, 3, 4, 5), None),
        (["Room", "", "Name"], (0, 1, 2), (3, 4, 5), None),
        (["Room", "import_row", "import_status", "import_id", "import_message", "Id"], (0,), (), 5),
        (["Room", "", "import_status", "Import_Message", "Id"], (0,), (1, 5), 4),
        (["Room", "Id", "", "import_status"], (0, 1), (2, 4, 5), None),
        (["import_message", "Id"], (), (2, 3, 4, 5), 1),
        (["import_status", "Room"], (1,), (2, 3, 4, 5), None),
    ],
)
def test_columns_that_a_report_adds_are_no_columns_of_the_user(
    labels: list[str], columns: tuple[int, ...], beyond: tuple[int, ...], answers: int | None
) -> None:
    """Nor does a gap before them make one: what stands there is right of the table, as it was without them."""
    sheet = Sheet(None, 1, tuple(labels), lambda: iter(()))
    assert (sheet.columns, sheet.beyond(6), sheet.answers) == (columns, beyond, answers)


def test_rows_without_a_header_are_all_data() -> None:
    """Each column is called by its letters, as many as the widest row has."""
    rows = [["1002", "2002"], ["", ""], ["1003", "2003", "Room 3"]]
    header = find_header(enumerate(rows, start=1), row=NO_HEADER)
    assert header == Header(NO_HEADER, ("Column A", "Column B", "Column C"), ())
    assert find_header(enumerate([["", ""]], start=1), row=NO_HEADER) is None
