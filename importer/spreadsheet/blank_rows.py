"""Rows in which nothing can be seen: they are as blank to a person as those that hold nothing.

Exports and web pages leave characters without a width behind, and a row of them alone would be an error in every field.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

import pandas as pd

_UNSEEN_KINDS = frozenset(("Cf", "Zs", "Zl", "Zp"))
_BLANKS = re.compile(
    r"[\s\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U0001d159\U000e0000-\U000e0fff]"
)
"""Characters of other kinds that show nothing: those that Unicode says to leave out, and those drawn as a blank."""


def is_unseen(text: str) -> bool:
    """Whether nothing of a text can be seen: blanks, marks without a width, letters and signs that fill up space."""
    return all(unicodedata.category(each) in _UNSEEN_KINDS or _BLANKS.fullmatch(each) for each in text)


def without_unseen_rows(read: Callable[[], Iterator[pd.DataFrame]]) -> Iterator[pd.DataFrame]:
    """The chunks of a sheet without the rows in which nothing can be seen."""
    for chunk in read():
        unseen = _unseen(chunk)
        rest = chunk.drop(index=chunk.index[unseen]) if unseen else chunk
        if len(rest):
            yield rest


def _unseen(chunk: pd.DataFrame) -> list[int]:
    places: Iterable[int] = range(len(chunk))
    for position in chunk.columns:
        cells = chunk[position].tolist()
        # Most columns have something in every row, and are passed over as a whole.
        if "" not in map(str.strip, cells) and "".join(cells).isascii():
            return []
        places = [place for place in places if _is_blank(cells[place])]
        if not places:
            return []
    return list(places)


def _is_blank(cell: str) -> bool:
    return not cell.strip() if cell.isascii() else is_unseen(cell)
