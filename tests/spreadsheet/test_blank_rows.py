"""Rows in which nothing can be seen are blank rows."""

from pathlib import Path

import pytest

from importer.spreadsheet import ReadOptions, open_sheet
from spreadsheet.making import opened, pack, rows_of, sheet_xml, text_row, xlsx_parts

UNSEEN = [
    "\u200b",
    "\ufeff",
    "\u00a0\u200b",
    "\u3164",
    "\u2800 ",
    "\u200e\u200f",
    "\u2060",
    "\u00ad",
    "\u2028",
    "\u180e",
]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_row_of_invisible_characters_is_blank(tmp_path: Path, unseen: str) -> None:
    """In one cell, in all of them, or beside blanks; it counts as a row of the sheet, as other blank rows do."""
    rows = [
        ["1", "Room"],
        [unseen, unseen],
        ["", unseen],
        [" ", unseen],
        [unseen, ""],
        ["\u00e9", unseen],
        [unseen, "x"],
    ]
    text = "\n".join(map(",".join, [["ResourceId", "Name"], *rows]))
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    pack(
        tmp_path / "a.xlsx", xlsx_parts(sheet_xml(*(text_row(n, *row) for n, row in enumerate([["A", "B"], *rows], 1))))
    )
    for name in ("a.csv", "a.xlsx"):
        assert list(rows_of(opened(tmp_path / name))) == [2, 7, 8]


def test_blanks_and_invisible_characters_together_are_blank(tmp_path: Path) -> None:
    """Also where no column holds both."""
    (tmp_path / "a.csv").write_text("ResourceId,Name\n1,Room\n ,\u200b\n", encoding="utf-8")
    assert list(rows_of(opened(tmp_path / "a.csv"))) == [2]


@pytest.mark.parametrize("mark", ["0", ".", "\u0301x", "\u00b7", "\U0001f600", "-", "\ufffd"])
def test_a_row_of_which_anything_can_be_seen_stays(tmp_path: Path, mark: str) -> None:
    """However little."""
    (tmp_path / "a.csv").write_text(f"ResourceId,Name\n1,Room\n\u200b{mark},\u200b\n", encoding="utf-8")
    assert list(rows_of(opened(tmp_path / "a.csv"))) == [2, 3]


def test_a_run_is_read_again_by_its_own_rules(tmp_path: Path) -> None:
    """One that began when such rows were errors still has them."""
    (tmp_path / "a.csv").write_text("ResourceId,Name\n1,Room\n\u200b,\u200b\n", encoding="utf-8")
    sheet = open_sheet(tmp_path / "a.csv", ReadOptions(rules=2))
    assert list(rows_of(sheet)) == [2, 3]
