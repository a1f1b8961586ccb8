"""A text file that breaks off within its last row."""

from pathlib import Path

import pytest

from importer.issues import notice_text
from importer.spreadsheet.broken_end import broken_off
from spreadsheet.making import opened, rows_of

LABELS = ("Name", "Expires")
GUID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c0"


def end_of(*cells: str, header: bool = True) -> str | None:
    """What is said of rows with these last cells."""
    return broken_off([*(["Name,Expires"] if header else []), *(f"A,{cell}" for cell in cells)], LABELS, ",")


@pytest.mark.parametrize(
    "cells",
    [
        ("2027-04-30", "2027-04-3"),
        ("2027-04-3",),
        ("2027-04-30 10:30", "2027-04-30 10:3"),
        ("03/04/2027 10:30", "03/04/2027 10:3"),
        ("2027-04-30T10:30:00", "2027-04-30T10:30:0"),
        *((f"{GUID}1", f"{GUID}2", f"{GUID}3", part) for part in (GUID, GUID[:20], "7")),
        ("AAMkAGI2TGuLAAA=", "AAMkAGI2TGuLBBB=", "AAMkAGI2TGuLCCC=", "AAMkAG"),
    ],
)
def test_a_last_cell_that_is_surely_a_part_is_named(cells: tuple[str, ...]) -> None:
    """A day of one digit beside a month with a zero in front, or an Id shorter than all above it."""
    assert end_of(*cells) == cells[-1]


@pytest.mark.parametrize(
    "cells",
    [
        (),
        ("2027-04-30", "2027-04-30"),
        ("2027-04-30T10:30:00Z", "2027-04-30"),
        ("2027-4-30", "2027-4-3"),
        ("10/05/2027", "9/05/2027"),
        ("10/05/2027", "9/5/2027"),
        ("04:30", "05:00"),
        ("1001", "1000", "1002", "999"),
        (f"{GUID}1", GUID),
        ("Sonnenblumenzimmer", "Küche"),
        (f"{GUID}1", f"{GUID}2", f"{GUID}3", ""),
        ("Harbour House Room 1", "Harbour House Room 2", "Harbour House Room 3", "Attic"),
        ("a.very.long@example.com", "a.much.longer@example.com", "an.even.longer@example.com", "b@example.com"),
    ],
)
def test_a_last_cell_that_may_be_whole_is_no_matter(cells: tuple[str, ...]) -> None:
    """Most programs write no line end after the last row."""
    assert end_of(*cells) is None


def test_a_row_with_fewer_cells_than_all_above_it_breaks_off() -> None:
    """Where those agree; what a program says at the end is no row."""
    rows = ["1,A,x", "2,B,", "3,C,z"]
    assert broken_off([*rows, "4,D"], ("Id", "Name", "Note"), ",") == "D"
    assert broken_off([*rows[:2], "3,C", "4,D"], ("Id", "Name", "Note"), ",") is None
    assert broken_off([*rows, "(3 rows affected)"], ("Id", "Name", "Note"), ",") is None
    assert broken_off(["Id,Name,Note", *rows[:2], "4,D"], ("Id", "Name", "Note"), ",") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("end", "is_told"), [("", True), ("\n", False), ("\r\n", False), ("0\n", False)])
def test_a_file_that_breaks_off_is_read_with_a_notice(
    tmp_path: Path, encoding: str, end: str, *, is_told: bool
) -> None:
    """Only if its last line has no end."""
    path = tmp_path / "a.csv"
    path.write_bytes(f"ResourceId,Name,SubscriptionExpireDate\n1,A,2027-04-30\n2,B,2027-04-3{end}".encode(encoding))
    sheet = opened(path)
    assert len(rows_of(sheet)) == 2
    sentence = 'The file may be incomplete: it ends without a line end, after "2027-04-3".'
    assert notice_text(sheet.notices) == (
        f"{sentence} Compare its last row with the original, or save the file again." if is_told else ""
    )
