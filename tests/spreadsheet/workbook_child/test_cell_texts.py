"""Values as text, in pieces, with the number formats that show something else."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import inf, nan

import pytest

from importer.spreadsheet.workbook_child.cell_texts import Cell, CellTexts, as_text, is_blank
from importer.spreadsheet.workbook_child.display import Display, Stretches
from importer.spreadsheet.workbook_child.format_codes import GENERAL, OTHER, literal
from importer.spreadsheet.workbook_child.limits import MOST_COLUMNS, Refusal


class Table:
    """A table of one column, or of rows."""

    def __init__(self, *rows: Sequence[Cell], start: tuple[int, int] = (0, 0)) -> None:
        self._rows, self.start = rows, start
        self.extent = (len(rows) + start[0], max(map(len, rows), default=0) + start[1])

    def rows(self) -> Iterator[Sequence[Cell]]:
        """The rows from row 1 on."""
        return iter([*[[None] * len(self._rows[0])] * self.start[0], *self._rows])


def formatted(shape: str, *rows: int) -> Display:
    """A look at a sheet whose first column has a number format in these rows."""
    display = Display(formats=Stretches(GENERAL))
    for row in rows:
        assert display.formats is not None
        display.formats.add(row, 0, shape)
    return display


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(9999, 12, 31, 23, 59, 59, 999_999), "9999-12-31T23:59:59.999999"),
        (datetime(9999, 12, 31, 23, 59, 59, 2_000), "9999-12-31T23:59:59"),
        (datetime(9999, 12, 31, 23, 59, 58, 999_000), "9999-12-31T23:59:59"),
        (datetime(1, 1, 1), "0001-01-01"),
        (datetime(1, 1, 1, 0, 0, 0, 4_000), "0001-01-01"),
        (datetime(2026, 12, 5, 10, 30, 0, 5_000), "2026-12-05T10:30:00"),
        (datetime(2026, 12, 5, 10, 30, 0, 6_000), "2026-12-05T10:30:00.006000"),
        (datetime(2026, 12, 5, 10, 29, 59, 995_000), "2026-12-05T10:30:00"),
    ],
)
def test_a_moment_is_the_second_that_was_stored(moment: datetime, text: str) -> None:
    """Storing makes it a few thousandths less or more; no second follows the last of all."""
    assert as_text(moment) == text


@pytest.mark.parametrize(("cell", "blank"), [(None, True), ("", True), (" \t", True), (0, False), (False, False)])
def test_only_nothing_is_blank(cell: Cell, blank: bool) -> None:
    """A zero is a value."""
    assert is_blank(cell) is blank


@pytest.mark.parametrize(
    ("cell", "shape", "shown_by"),
    [
        ("text", "yyyy-mm-dd", None),
        ("text", "[h]:mm", None),
        ("5", '"Room "@', literal("Room 5")),
        (12.0, "0", None),
        (12.5, "0", "0"),
        (12.0, "[h]:mm", "[h]:mm"),
        (123456789012.0, GENERAL, GENERAL),
        (0.00001, GENERAL, GENERAL),
        (inf, GENERAL, OTHER),
        (-inf, "0.00", OTHER),
        (nan, "yyyy-mm-dd", OTHER),
        (True, GENERAL, None),
        (timedelta(hours=26), "[h]:mm", "[h]:mm"),
        (None, "yyyy-mm-dd", None),
    ],
)
def test_a_format_is_told_where_it_may_show_something_else(cell: Cell, shape: str, shown_by: str | None) -> None:
    """Cells that show just their text need none; infinity shows nothing certain in any format."""
    [piece] = CellTexts(Table([cell], ["x"]), formatted(shape, 1)).pieces()
    assert piece["formats"] == ([] if shown_by is None else [(0, 1, 1, shown_by)])


def test_equal_formats_are_told_as_stretches() -> None:
    """A full column of dates is one entry."""
    days = [[datetime(2026, 12, day)] for day in range(1, 5)]
    [piece] = CellTexts(Table(["Date"], *days), formatted("d.m.yyyy", 2, 3, 4, 5)).pieces()
    assert piece["formats"] == [(0, 2, 5, "d.m.yyyy")]


def test_what_stands_beyond_the_values_makes_the_table_larger() -> None:
    """An error is no value to the reader, nor is a text that a file only shows."""
    display = Display(formats=Stretches(GENERAL))
    display.add_error(3, 1, "#N/A")
    display.texts[4] = {2: "shown"}
    [piece] = CellTexts(Table(["a"]), display).pieces()
    assert piece["columns"] == [["a", "", "", ""], ["", "", "#N/A", ""], ["", "", "", "shown"]]


def test_a_table_begins_at_a1_wherever_its_first_cell_stands() -> None:
    """Rows and letters are those that a person sees."""
    texts = CellTexts(Table(["a", "b"], start=(2, 1)), Display(formats=Stretches(GENERAL)))
    [piece] = texts.pieces()
    assert piece["columns"] == [["", "", ""], ["", "", "a"], ["", "", "b"]]
    assert texts.filled == {1, 2}


@pytest.mark.parametrize(("number", "is_rounded"), [(999_999_999_999_999.0, False), (1e15, True), (-1e15, True)])
def test_numbers_with_more_digits_than_are_kept_are_problems(number: float, is_rounded: bool) -> None:
    """Fifteen are kept."""
    display = Display(formats=Stretches(GENERAL))
    list(CellTexts(Table(["Id"], [number]), display).pieces())
    assert display.problems == ({2: {0: ("number-rounded", as_text(number))}} if is_rounded else {})


def test_columns_of_blanks_beyond_the_limit_are_nothing() -> None:
    """A value there is refused."""
    wide = [None] * MOST_COLUMNS
    [piece] = CellTexts(Table(["a", *wide[1:], " "]), Display(formats=Stretches(GENERAL))).pieces()
    assert len(piece["columns"]) == MOST_COLUMNS  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="columns"):
        CellTexts(Table(["a", *wide[1:], "b"]), Display(formats=Stretches(GENERAL)))
