"""What a person does to a range of cells, as the cells that change by it. Pure.

Only a cell that gets another text changes: what is typed, pasted or filled over an equal text is nobody's correction.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be done to cells and rows."""

    TYPE = "type"
    PASTE = "paste"
    FILL = "fill"
    CLEAR = "clear"
    REPLACE = "replace"
    LEAVE_OUT = "leave out"
    TAKE_BACK = "take back"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person does. ``view`` names the rows that they see, and ``query`` what these are a view of.

    ``first`` and ``last`` are places in the view, ``left`` and ``right`` places of columns in the table, all counted
    from 0 and part of the range. ``row`` is the number of the row at ``first``. ``text`` is what is typed, pasted or
    put in the place of ``find``; with ``whole`` a cell has to be equal to that, with ``exact`` in capitals as well.
    ``before`` is what the person saw in the cell before they typed; None if it does not matter. ``press`` tells one
    press from every other: whatever has come before is not done twice. ``step`` is what "Undo" or "Redo" named.
    """

    kind: Kind
    view: str = ""
    first: int = 0
    last: int = 0
    left: int = 0
    right: int = 0
    row: int = 0
    text: str = ""
    find: str = ""
    whole: bool = False
    exact: bool = False
    before: str | None = None
    press: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell that gets another text."""

    row: int
    letters: str
    before: str
    after: str


Texts = Iterable[tuple[int, Sequence[str]]]
"""Rows by number, each with the texts of the columns of a range."""


def block_of(text: str) -> list[list[str]]:
    """The rows and cells of what a spreadsheet program puts on the clipboard, with line ends of whatever kind.

    A cell in quotation marks may hold tabs and line ends; what begins with one and is no such cell is taken as it is.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = plain.removesuffix("\n")
    try:
        return [row or [""] for row in csv.reader(io.StringIO(plain), "excel-tab", strict=True)] or [[""]]
    except csv.Error:
        return [line.split("\t") for line in plain.split("\n")]


def pasted(block: Sequence[Sequence[str]], rows: Texts, letters: Sequence[str]) -> Iterator[CellChange]:
    """A block over the rows of a range and these columns, from the first cell on; what is larger is cut off."""
    for (row, texts), new in zip(rows, block, strict=False):
        yield from _changes(row, letters, texts, new)


def spread(text: str, rows: Texts, letters: Sequence[str]) -> Iterator[CellChange]:
    """One text in every cell of a range."""
    for row, texts in rows:
        yield from _changes(row, letters, texts, [text] * len(texts))


def filled(rows: Texts, letters: Sequence[str]) -> Iterator[CellChange]:
    """The texts of the first row of a range in all rows below it."""
    top: Sequence[str] | None = None
    for row, texts in rows:
        top = texts if top is None else top
        yield from _changes(row, letters, texts, top)


def replaced(action: Action, rows: Texts, letters: Sequence[str]) -> Iterator[CellChange]:
    """One text in the place of another one, wherever that occurs."""
    new = replacement(action.find, action.text, whole=action.whole, exact=action.exact)
    for row, texts in rows:
        yield from _changes(row, letters, texts, list(map(new, texts)))


def replacement(find: str, text: str, *, whole: bool, exact: bool) -> Callable[[str], str]:
    """What finding and replacing makes of a text. An empty text can be found only as a whole."""
    if not find and not whole:
        return lambda cell: cell
    pattern = re.compile(re.escape(find), 0 if exact else re.IGNORECASE)
    if whole:
        return lambda cell: text if pattern.fullmatch(cell) else cell
    # Not by a template: a backslash of the person's would be a part of one.
    return lambda cell: pattern.sub(lambda _: text, cell)


def _changes(row: int, letters: Sequence[str], before: Sequence[str], after: Sequence[str]) -> Iterator[CellChange]:
    for name, old, new in zip(letters, before, after, strict=False):
        if old != new:
            yield CellChange(row, name, old, new)
