"""Columns of text made into typed columns, each cell either read or refused. Pure, whole columns at a time.

Why before pandera: with coerce=True one cell that cannot be read hides every other wrong cell of its column and is
itself reported twice (measured on pandera 0.35.0).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

MOST_DIGITS = 18
"""More digits may not fit 64 bits."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WHOLE = re.compile(r"-?\d{1,18}(?:\.0+)?")


@dataclass(frozen=True)
class Parsed:
    """A typed column with the cells that could not be read.

    Shape: ``values`` keeps the index of the text; a cell in ``refused`` or ``doubtful`` is named by its row.
    ``refused`` maps an issue code to its rows; those cells are missing in ``values``. ``doubtful`` is the same for
    warnings; those cells have a value.
    """

    values: pd.Series
    refused: Mapping[str, pd.Index] = field(default_factory=dict)
    doubtful: Mapping[str, pd.Index] = field(default_factory=dict)


def whole_numbers(text: pd.Series) -> Parsed:
    """Int64 from digits; ``12.0``, as spreadsheets write whole numbers, is 12. Nothing is rounded."""
    stripped = [cell.strip() for cell in text]
    numbers = [whole_number(cell) for cell in stripped]
    values = pd.Series(pd.array(numbers, dtype="Int64"), index=text.index)
    return Parsed(
        values,
        {"not-a-whole-number": _rows(text, [n is None and c != "" for n, c in zip(numbers, stripped, strict=True)])},
    )


def whole_number(cell: str) -> int | None:
    """The number that a cell without outer spaces holds, None if it is no whole number."""
    # str.isdecimal also takes the digits of other scripts, which int() reads correctly; the dot form is for ASCII only.
    if (cell.isdecimal() and len(cell) <= MOST_DIGITS) or _WHOLE.fullmatch(cell):
        return int(cell.partition(".")[0])
    return None


def texts(text: pd.Series) -> Parsed:
    """Text without outer spaces; empty is missing. Tabs and line ends inside stay."""
    stripped = [cell.strip() for cell in text]
    bad = [bool(cell) and not cell.isprintable() and bool(_UNPRINTABLE.search(cell)) for cell in stripped]
    values = [None if b or not cell else cell for cell, b in zip(stripped, bad, strict=True)]
    trimmed = [s not in {cell, ""} for s, cell in zip(stripped, text, strict=True)]
    return Parsed(
        pd.Series(pd.array(values, dtype="string"), index=text.index),
        {"unprintable-character": _rows(text, bad)},
        {"spaces-trimmed": _rows(text, trimmed)},
    )


def _rows(text: pd.Series, hit: list[bool]) -> pd.Index:
    return text.index[hit]
