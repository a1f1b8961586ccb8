"""Which sheet of a workbook is meant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from importer.spreadsheet.workbook_child.books import SheetName, first_row
from importer.spreadsheet.workbook_child.cell_texts import Cell
from importer.spreadsheet.workbook_child.display import Display, Problems
from importer.spreadsheet.workbook_child.limits import Refusal
from importer.spreadsheet.workbook_child.sheet_choice import CHOICES_MARK, NOTES_HEADER, SUMMARY_HEADER, choose

DATA: list[Sequence[Cell]] = [[None, None], [" ", ""], ["ResourceId", "Name"], [1, "Room"]]
NOTES: list[Sequence[Cell]] = [NOTES_HEADER]
NOTES_AS_TEXTS = {4: {0: "Name"}, 2: {column: f" {text} " for column, text in reversed([*enumerate(NOTES_HEADER)])}}
"""Cells as a workbook may tell them: the rows and columns in any order."""
UNCALCULATED: Problems = {1: {0: ("formula-without-value", "=A!A1")}, 2: {0: ("formula-without-value", "=A!A2")}}
FAULTY: Problems = {7: {0: ("cell-error", "#N/A"), 1: ("cell-merged", "")}}
COVERED: Problems = {2: {0: ("cell-merged", "")}}


@dataclass
class Table:
    """The rows of a sheet."""

    cells: list[Sequence[Cell]]
    start: tuple[int, int] = (0, 0)
    extent: tuple[int, int] = (0, 0)

    def rows(self) -> Iterator[Sequence[Cell]]:
        """All of them."""
        return iter(self.cells)


@dataclass
class Book:
    """Sheets by name; those in ``hidden`` are hidden, those in ``shown`` have texts that are no values.

    ``problems`` are their cells that have no value to be read.
    """

    sheets: dict[str, list[Sequence[Cell]]]
    hidden: set[str] = field(default_factory=set)
    shown: dict[str, dict[int, dict[int, str]]] = field(default_factory=dict)
    problems: dict[str, Problems] = field(default_factory=dict)

    @property
    def names(self) -> list[SheetName]:
        """Their names in order."""
        return [SheetName(name, name in self.hidden) for name in self.sheets]

    def table(self, name: str) -> Table:
        """The cells of one."""
        return Table(self.sheets[name])

    def display(self, name: str) -> Display:
        """What one tells beside them."""
        return Display(texts=self.shown.get(name, {}), problems=self.problems.get(name, {}))


@pytest.mark.parametrize(
    ("book", "chosen", "name", "hidden"),
    [
        (Book({"A": DATA}), None, "A", []),
        (Book({"Empty": [], "A": DATA}), None, "A", []),
        (Book({"A": DATA, "Old": DATA}, {"Old"}), None, "A", ["Old"]),
        (Book({"A": DATA, "Notes": NOTES}), None, "A", []),
        (Book({"Notes": NOTES, "Lists": [["x", CHOICES_MARK]], "A": DATA}), None, "A", []),
        (Book({"A": DATA, "Summary": [SUMMARY_HEADER]}, {"Summary"}), None, "A", []),
        (Book({"Notes": NOTES}), None, "Notes", []),
        (Book({"A": [], "B": []}, shown={"B": {1: {0: "ResourceId"}}}), None, "B", []),
        (Book({"A": DATA, "B": []}, shown={"B": NOTES_AS_TEXTS}), None, "A", []),
        (Book({"A": DATA, "B": []}, problems={"B": COVERED}), None, "A", []),
        (Book({"A": [], "B": []}, problems={"B": UNCALCULATED}), None, "B", []),
        (Book({"A": DATA, "B": []}, {"B"}, problems={"B": UNCALCULATED}), None, "A", ["B"]),
        (Book({"A": DATA, "Old": DATA}, {"Old"}), "Old", "Old", []),
        (Book({"A": DATA, "Empty": []}), "Empty", "Empty", []),
    ],
)
def test_the_only_sheet_that_can_be_meant_is_read(book: Book, chosen: str | None, name: str, hidden: list[str]) -> None:
    """Or the one that was chosen; filled sheets that are hidden are named, our own beside the data are not."""
    assert choose(book, chosen) == (name, hidden)


@pytest.mark.parametrize(
    ("book", "chosen", "reason", "sheets"),
    [
        (Book({"A": DATA, "B": DATA}), None, "has several sheets: A, B", ("A", "B")),
        (Book({"A": DATA, "Notes": [["Column", "Remark"]]}), None, "has several sheets: A, Notes", ("A", "Notes")),
        (Book({"A": DATA, "B": []}, problems={"B": UNCALCULATED}), None, "has several sheets: A, B", ("A", "B")),
        (Book({"A": DATA, "B": []}, problems={"B": FAULTY}), None, "has several sheets: A, B", ("A", "B")),
        (Book({"A": DATA}, {"A"}), None, "has no visible sheet with data", ()),
        (Book({"A": [], "B": [[" "]]}), None, "has no sheet with data", ()),
        (Book({}), None, "has no sheet with data", ()),
        (Book({"A": DATA}), "a", 'has no sheet "a"', ()),
    ],
)
def test_a_person_chooses_where_several_could_be_meant(
    book: Book, chosen: str | None, reason: str, sheets: tuple[str, ...]
) -> None:
    """A guess would import the wrong one."""
    with pytest.raises(Refusal) as refusal:
        choose(book, chosen)
    assert (refusal.value.args[0], refusal.value.args[2:]) == (reason, sheets)


def test_the_first_row_is_the_first_that_shows_anything() -> None:
    """Without the blanks at its end."""
    assert first_row(Table([[None], ["  "], [None, " a ", 5.0, None, ""]])) == ("", "a", "5.0")
    assert first_row(Table([[None], [""]])) == ()
