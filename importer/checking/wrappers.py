"""What other programs write around a value, or where there is none: ="1001", '1001, "1001", NULL. Pure.

What stands around a number, a date or an Id of another system cannot belong to it, and is taken off. A text for people
keeps its quotes: the spreadsheet program shows them too, and 's-Hertogenbosch begins with one. Only ="…", by which
exports keep Excel from turning text into numbers, is a notation wherever it stands: Excel shows the text inside.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum, auto

import pandas as pd

from importer.spreadsheet import is_unseen

NO_VALUE = frozenset(
    (
        *("NULL", "Null", "null", "(null)", "<null>", "(NULL)", "<NULL>", "[NULL]", "\\N", "nil", "NIL"),
        *(
            "NaN",
            "nan",
            "NAN",
            "-nan",
            "<NA>",
            "NaT",
            "None",
            "none",
            "NONE",
            "(none)",
            "<none>",
            "(None)",
            "undefined",
        ),
        *("n/a", "N/A", "n.a.", "N.A.", "(blank)", "(empty)", "<empty>", "-", "--", "---", "–", "—"),  # noqa: RUF001
    )
)
"""What databases, programs and people write where a value is missing. A name that is spelled so, with these capitals,
has not been met; "NA" has, so it is none of them."""

DASHES = frozenset(("-", "--", "---", "–", "—"))  # noqa: RUF001
"""Of these, those that an accounting format shows for zero."""

_AS_FORMULA = re.compile(r'=\s*"((?:[^"]|"")*)"')
_PAIRS = {"'": "'", '"': '"', "`": "`", "\u2018": "\u2019", "\u201c": "\u201d", "\u201e": "\u201c", "«": "»"}
_NOTHING = frozenset(left + right for left, right in _PAIRS.items())
"""Quotes with nothing between them, as databases write an empty text."""

_APOSTROPHES = ("'", "\u2019")
QUOTES = frozenset((*_PAIRS, *_APOSTROPHES))
"""What a value may begin with that does not belong to it."""


class Around(Enum):
    """What may be taken off around the values of a field."""

    AS_FORMULA = auto()
    """Only ="…": a text for people."""

    NUMBER_OR_NAME = auto()
    """Quotes too, and an apostrophe before a number: a reference, by Id or by name."""

    ALL = auto()
    """Quotes and apostrophes too: no number, date or Id of another system has any."""


@dataclass(frozen=True)
class Unwrapped:
    """A column of text without what stood around its values.

    ``doubtful`` are the rows of cells that were changed, by issue code; ``empty`` those that hold a word for no value,
    and are empty in ``text``, and so are the ``unseen``, of which nothing can be seen.
    """

    text: pd.Series
    doubtful: dict[str, pd.Index] = field(default_factory=dict)
    empty: pd.Index = field(default_factory=lambda: pd.Index([], dtype="int64"))
    unseen: pd.Index = field(default_factory=lambda: pd.Index([], dtype="int64"))


def unwrap(text: pd.Series, around: Around, no_value: Collection[str] = NO_VALUE) -> Unwrapped:
    """A column of cells as read, without what other programs wrote around them."""
    cells = text.tolist()
    # Looked at as a whole first: most columns have nothing to look for cell by cell.
    together = "".join(cells)
    if together.isdecimal():
        return Unwrapped(text)
    changed: dict[str, list[int]] = {}
    if any(mark in together for mark in QUOTES):
        for index, cell in enumerate(cells):
            bare, code = inner(cell, around)
            if code:
                cells[index] = bare
                changed.setdefault(code, []).append(index)
    empty: list[int] = []
    unseen: list[int] = []
    if not together.isascii():
        unseen = [index for index, cell in enumerate(cells) if cell.strip() and is_unseen(cell)]
    words = frozenset(no_value) if around is Around.AS_FORMULA else _NOTHING.union(no_value)
    if not words.isdisjoint(map(str.strip, cells)):
        empty = [index for index, cell in enumerate(cells) if cell.strip() in words]
    for index in (*empty, *unseen):
        cells[index] = ""
    if not changed and not empty and not unseen:
        return Unwrapped(text)
    bare_text = pd.Series(cells, index=text.index, dtype=object)
    doubtful = {code: text.index[indexes] for code, indexes in changed.items()}
    return Unwrapped(bare_text, doubtful, text.index[empty], text.index[unseen])


def inner(cell: str, around: Around) -> tuple[str, str]:
    """What stands inside a cell, and the issue code of what was taken off around it; the cell and "" if nothing was."""
    bare = cell.strip()
    if match := _AS_FORMULA.fullmatch(bare):
        return match[1].replace('""', '"'), "text-as-formula"
    if around is Around.AS_FORMULA or not bare or bare in _NOTHING:
        return cell, ""
    if is_quoted(bare):
        return bare[1:-1].strip(), "quotes-removed"
    rest = bare[1:].strip()
    if bare.startswith(_APOSTROPHES) and rest and (around is Around.ALL or rest.isdecimal()):
        return rest, "quotes-removed"
    return cell, ""


def is_quoted(text: str) -> bool:
    """Whether a text stands in a pair of quotes, with something between them."""
    return len(text) > 2 and _PAIRS.get(text[0]) == text[-1]  # noqa: PLR2004


def looks_wrapped(text: str) -> bool:
    """Whether a text for people begins with an apostrophe or stands in quotes, perhaps left over from an export."""
    return text.startswith("'") or is_quoted(text)
