"""Which sheet of a workbook is meant: the named one, or the only one that can be."""

from collections.abc import Mapping

from .books import Book, first_row
from .limits import Refusal

NOTES_HEADER = ("Column", "Required", "Meaning", "Example")
ISSUES_HEADER = ("Cell in your file", "Severity", "Code", "What is wrong", "What to do")
PLAIN_ISSUES_HEADER = ("Cell in your file", "Kind", "What is wrong", "What to do")
SUMMARY_HEADER = ("Summary of this report",)
CHOICES_MARK = "Offered in the drop-down lists of this workbook"
"""Stands in the second cell of a sheet of values to choose from."""


def choose(book: Book, chosen: str | None) -> tuple[str, list[str]]:
    """The name of the sheet that is meant, and the filled sheets that are hidden.

    Raises:
        Refusal: There is no such sheet, or none or several that could be meant.
    """
    names = [sheet.name for sheet in book.names]
    if chosen is not None:
        if chosen not in names:
            raise Refusal(f'has no sheet "{chosen}"', f"It has: {', '.join(names)}.")
        return chosen, []
    starts = {name: start for name in names if (start := _start(book, name))}
    visible = [sheet.name for sheet in book.names if sheet.name in starts and not sheet.is_hidden]
    in_sight = set(visible)
    hidden = [name for name, start in starts.items() if name not in in_sight and not is_beside_the_data(start)]
    return _only_one(visible, hidden, starts), hidden


def _start(book: Book, name: str) -> tuple[str, ...]:
    """The texts of the first row, also in a sheet whose cells have texts, errors or formulas, and no values."""
    if start := first_row(book.table(name)):
        return start
    display = book.display(name)
    problems = {
        row: {place: text for place, (_, text) in cells.items() if text} for row, cells in display.problems.items()
    }
    # A program that cannot calculate writes a whole table as formulas without results.
    row = min((row for row, texts in (*display.texts.items(), *problems.items()) if texts), default=0)
    texts = problems.get(row, {}) | display.texts.get(row, {})
    return tuple(text.strip() for _, text in sorted(texts.items()))


def is_beside_the_data(start: tuple[str, ...]) -> bool:
    """Whether a sheet that begins with this row is one that our own templates and reports add for people."""
    # By what stands in it, not by its name: a sheet of somebody else may be called Notes too, and hold the data.
    beside = {NOTES_HEADER, ISSUES_HEADER, PLAIN_ISSUES_HEADER, SUMMARY_HEADER, (CHOICES_MARK,)}
    return start in beside or start[1:] == (CHOICES_MARK,)


def _only_one(visible: list[str], hidden: list[str], starts: Mapping[str, tuple[str, ...]]) -> str:
    filled = [name for name in visible if not is_beside_the_data(starts[name])] or visible
    if len(filled) > 1:
        raise Refusal(
            f"has several sheets: {', '.join(filled)}", f'Choose one, for example --sheet "{filled[0]}".', *filled
        )
    if filled:
        return filled[0]
    if hidden:
        raise Refusal("has no visible sheet with data", f'To read a hidden sheet: --sheet "{hidden[0]}".')
    raise Refusal("has no sheet with data", "Choose a file with a header and rows.")
