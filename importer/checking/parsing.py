"""Columns of text made into typed columns, each cell either read or refused. Pure, whole columns at a time.

Why before pandera: with coerce=True one cell that cannot be read hides every other wrong cell of its column and is
itself reported twice (measured on pandera 0.35.0).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

MOST_DIGITS = 18
"""More digits may not fit 64 bits."""

_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?P<zone> ?(?:Z|[+-]\d\d:?\d\d))?)?", re.IGNORECASE
)
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


def parse(text: pd.Series, dtype: object) -> Parsed:
    """The column as the dtype of its field: Int64, string or date-time in UTC."""
    return _parser(str(dtype))(text)


def _parser(dtype: str) -> Callable[[pd.Series], Parsed]:
    if dtype == "Int64":
        return whole_numbers
    return date_times if dtype.startswith("datetime64") else texts


def whole_numbers(text: pd.Series) -> Parsed:
    """Int64 from digits; ``12.0``, as spreadsheets write whole numbers, is 12. Nothing is rounded."""
    stripped = [cell.strip() for cell in text]
    numbers = [int(cell.partition(".")[0]) if _is_whole(cell) else None for cell in stripped]
    values = pd.Series(pd.array(numbers, dtype="Int64"), index=text.index)
    return Parsed(
        values,
        {"not-a-whole-number": _rows(text, [n is None and c != "" for n, c in zip(numbers, stripped, strict=True)])},
    )


def _is_whole(cell: str) -> bool:
    # str.isdecimal also takes the digits of other scripts, which int() reads correctly; the dot form is for ASCII only.
    return (cell.isdecimal() and len(cell) <= MOST_DIGITS) or bool(_WHOLE.fullmatch(cell))


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


def date_times(text: pd.Series) -> Parsed:
    """Instants in UTC, whole seconds, from ISO 8601; a date alone is its midnight, a time without zone is UTC."""
    stripped = text.str.strip()
    matches = [_DATE.fullmatch(cell) for cell in stripped]
    shaped = stripped.where(np.array([m is not None for m in matches], dtype=bool)).str.replace(",", ".").str.upper()
    values = pd.to_datetime(shaped, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us").dt.floor("s")
    unread = (values.isna() & (stripped != "")).tolist()
    unzoned = [m is not None and m["zone"] is None and ":" in m[0] for m in matches]
    return Parsed(values, {"not-a-date": _rows(text, unread)}, {"zone-assumed": _rows(text, unzoned)})


def _rows(text: pd.Series, hit: list[bool]) -> pd.Index:
    return text.index[hit]
