"""Turns columns of text into typed columns, each cell either read or refused. Pure, whole columns at a time.

Why before pandera: with coerce=True one cell that cannot be read hides every other wrong cell of its column and is
itself reported twice (measured on pandera 0.35.0).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress
from typing import TypeVar

import numpy as np
import pandas as pd

from importer.checking.damage import LOST, damage
from importer.checking.wrappers import QUOTES, looks_wrapped
from schemas import written

Value = TypeVar("Value")

MOST_DIGITS = 18
"""More digits may not fit 64 bits."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""Some programs show the separators of lines and paragraphs as a box, others as a new line or not at all."""

# Wrapped by another program, an Id may have lost a part.
_NOT_IN_IDS = re.compile(rf"[\t\n\r]|{_UNPRINTABLE.pattern}")
UNSEEN_CHARACTERS = "".join(
    chr(code)
    for code in (
        *(0xAD, 0x115F, 0x1160, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2800, 0x3164, 0xFEFF, 0xFFA0),
        *(*range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070), *range(0xE0000, 0xE0080)),
    )
)
"""Characters without a width and those that turn the writing direction; not the joiners that scripts and emoji need.
They are warned of and sent as they are: two values that look alike may differ in one, and only the user knows which is
meant. So are line breaks and tabs, which some program wrote into an export: without them, it would be a change."""

_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Those of them that count as printable."""

_UNSEEN = re.compile(f"[\t\n\r{UNSEEN_CHARACTERS}]")

ERROR_VALUES = frozenset(
    (
        *(
            "#N/A",
            "#REF!",
            "#VALUE!",
            "#DIV/0!",
            "#NAME?",
            "#NULL!",
            "#NUM!",
            "#SPILL!",
            "#CALC!",
            "#FIELD!",
            "#ERROR!",
        ),
        *("#GETTING_DATA", "#BUSY!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#PYTHON!", "#EXTERNAL!", "#TIMEOUT!"),
        *("#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!", "#FELD!", "#DATEN_ABRUFEN"),  # German
        *("#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#CALCUL!", "#CHAMP!"),  # French
        *("#N/D", "#¡REF!", "#¡VALOR!", "#¡DIV/0!", "#¿NOMBRE?", "#¡NULO!", "#¡NUM!", "#¡DESBORDAMIENTO!"),  # Spanish
        *("#RIF!", "#VALORE!", "#NOME?", "#NULLO!", "#ESPANSIONE!"),  # Italian
        *("#N/B", "#VERW!", "#WAARDE!", "#DEEL/0!", "#NAAM?", "#LEEG!", "#GETAL!", "#OVERLOOP!"),  # Dutch
        *("#N/DISP", "#VALOR!", "#NULO!", "#NÚM!", "#DESPEJAR!"),  # Portuguese
        *("#N/D!", "#ADR!", "#ARG!", "#DZIEL/0!", "#NAZWA?", "#ZERO!", "#LICZBA!"),  # Polish
        *("#SAKNAS!", "#REFERENS!", "#VÄRDEFEL!", "#DIVISION/0!", "#NAMN?", "#SKÄRNING!", "#OGILTIGT!"),  # Swedish
        *("#DIV/0", "#VALUE", "#REF", "#NUM", "Loading..."),
    )
)
"""What spreadsheet programs show in place of a value, in their languages, and write into a CSV file like one."""

_ERROR_NUMBER = re.compile(r"Err:\d{3}|#{3,}")
"""LibreOffice numbers its errors; a column that is too narrow for its number shows only hashes."""

# Closed lists: "maybe" or "n/a" must not become a no. An x and a tick are yes because people tick boxes that way.
_YES = ("yes", "y", "true", "t", "1", "on", "x", "✓", "✔")
_NO = ("no", "n", "false", "f", "0", "off")
YES_OR_NO: Mapping[str, bool] = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
"""Everything that is read as yes or no, in lower case. An empty cell is neither."""

ERROR_MARKS = ("#", "Err:", "Loading")
_WHOLE = re.compile(r"-?\d{1,18}(?:\.0+)?")
_IN_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}\.000")
"""A point before three zeros: thousands in one country, nothing in another. Cells of numbers come without zeros."""

_DECIMAL = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2},[0-9]{3}")
"""A comma before three digits: a thousand and something in one country, one and a fraction in another."""


@dataclass(frozen=True)
class Parsed:
    """A typed column with the cells that could not be read.

    Shape: ``values`` keeps the index of the text; a cell in ``refused`` or ``doubtful`` is named by its row.
    ``refused`` maps an issue code to its rows, of which there may be none; those cells are missing in ``values``.
    ``doubtful`` is the same for warnings; those cells have a value.
    """

    values: pd.Series
    refused: Mapping[str, pd.Index] = field(default_factory=dict)
    doubtful: Mapping[str, pd.Index] = field(default_factory=dict)


def is_error(cell: str) -> bool:
    """Whether a cell shows the error of a spreadsheet program instead of a value."""
    return cell in ERROR_VALUES or _ERROR_NUMBER.fullmatch(cell) is not None


def whole_numbers(text: pd.Series) -> Parsed:
    """Int64 from digits; ``12.0``, as spreadsheets write whole numbers, is 12. Nothing is rounded."""
    values, others = digits(text)
    wrong: list[int] = []
    errors: list[int] = []
    for index in others:
        cell = str(text.iat[index]).strip()
        if (number := whole_number(cell)) is not None:
            values.iat[index] = number
        elif cell:
            (errors if is_error(cell) else wrong).append(index)
    return Parsed(values, {"cell-error": text.index[errors], "not-a-whole-number": text.index[wrong]})


def digits(text: pd.Series) -> tuple[pd.Series, list[int]]:
    """The cells that are digits and nothing else as Int64, and the places of the others, which are missing there."""
    cells = text.tolist()
    # str methods over whole columns take 0.03 s per million cells, a Python function called for each cell 0.5 s.
    plain = np.fromiter(map(str.isdecimal, cells), bool, len(cells))
    plain &= np.fromiter(map(len, cells), np.int64, len(cells)) <= MOST_DIGITS
    numbers = np.ones(len(cells), dtype=np.int64)
    numbers[plain] = list(map(int, compress(cells, plain)))
    values = pd.Series(pd.arrays.IntegerArray(numbers, ~plain), index=text.index)
    return values, np.flatnonzero(~plain).tolist()


def whole_number(cell: str) -> int | None:
    """The number that a cell without outer spaces holds, None if it is no whole number, or not certain which."""
    # str.isdecimal also takes the digits of other scripts, which int() reads correctly; the dot form is for ASCII only.
    if (cell.isdecimal() and len(cell) <= MOST_DIGITS) or (
        _WHOLE.fullmatch(cell) and not _IN_THOUSANDS.fullmatch(cell)
    ):
        return int(cell.partition(".")[0])
    return None


def texts(text: pd.Series, *, opaque: bool = False) -> Parsed:
    """Text without outer spaces; empty is missing. Tabs and line ends inside stay, but are no part of an Id.

    ``opaque`` are Ids of another system, which no program takes for a date or a number and nobody writes in words.
    """
    # Nothing but the outer spaces is changed. Microsoft's calendar ids are opaque: they may end in "=", and two may
    # differ by capitals alone. What is sent is what the cell shows.
    cells = text.tolist()
    stripped = list(map(str.strip, cells))
    values: list[str | None] = [*stripped]
    bad: list[int] = []
    errors: list[int] = []
    unseen: list[int] = []
    trimmed: list[int] = []
    # Looked at as a whole first: most columns have nothing to look for cell by cell.
    if values != cells:
        trimmed = [index for index, (value, cell) in enumerate(zip(values, cells, strict=True)) if value != cell]
        trimmed = [index for index in trimmed if values[index]]
    together = "".join(stripped)
    if not together.isprintable() or any(letter in together for letter in _BLANK_LETTERS):
        foreign = _NOT_IN_IDS if opaque else _UNPRINTABLE
        bad = [index for index, value in enumerate(values) if value and foreign.search(value)]
        unseen = [index for index, value in enumerate(values) if value and _UNSEEN.search(value)]
    if any(mark in together for mark in ERROR_MARKS):
        errors = [index for index, value in enumerate(stripped) if is_error(value)]
    damaged = damage(stripped, opaque=opaque)
    lost = [index for index, value in enumerate(stripped) if LOST in value] if LOST in together else []
    wrapped = [] if opaque else _possibly_wrapped(values, together)
    if bad or errors or lost or "" in values:
        left_out = {*bad, *errors, *lost}
        values = [None if not value or index in left_out else value for index, value in enumerate(values)]
    return Parsed(
        pd.Series(pd.array(values, dtype="string"), index=text.index),
        {"cell-error": text.index[errors], "letters-lost": text.index[lost], "unprintable-character": text.index[bad]},
        {
            "unseen-character": text.index[unseen],
            "quotes-in-text": text.index[wrapped],
            "spaces-trimmed": text.index[trimmed],
        }
        | {code: text.index[places] for code, places in damaged.items()},
    )


def _possibly_wrapped(values: Sequence[str | None], together: str) -> list[int]:
    if not any(mark in together for mark in QUOTES):
        return []
    return [index for index, value in enumerate(values) if value and looks_wrapped(value)]


def decimals(text: pd.Series, before: int, after: int) -> Parsed:
    """Exact Decimals with at most these digits before and after the point; a comma is one if it cannot mean thousands.

    Nothing is rounded: a number of more digits than the field keeps is refused.
    """
    values, refused = _each(text, lambda cell: _decimal(cell, before, after))
    return Parsed(pd.Series(values, index=text.index, dtype=object), refused)


def yes_or_no(text: pd.Series) -> Parsed:
    """BooleanDtype from a closed list of words and signs."""
    values, refused = _each(text, lambda cell: _listed(cell, YES_OR_NO, "not-yes-or-no"))
    return Parsed(pd.Series(pd.array(values, dtype="boolean"), index=text.index), refused)


def choices(text: pd.Series, spellings: Mapping[str, str | int]) -> Parsed:
    """The values of a closed list, as text if one of them is and else as Int64, by what is written for them."""
    values, refused = _each(text, lambda cell: _listed(cell, spellings, "not-a-choice"))
    column = pd.Series(values, index=text.index, dtype=object)
    are_texts = any(isinstance(value, str) for value in spellings.values())
    return Parsed(column.astype("string") if are_texts else column.astype("Int64"), refused)


def _decimal(cell: str, before: int, after: int) -> tuple[Decimal | None, str]:
    if not _DECIMAL.fullmatch(cell):
        return None, "not-a-number"
    # 1,234 is a thousand in London and one and a quarter in Berlin. Either would be a valid price.
    if _THOUSANDS.fullmatch(cell):
        return None, "number-ambiguous"
    whole, _, fraction = cell.replace(",", ".").partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > after or len(whole.lstrip("-0")) > before:
        return None, "too-many-digits"
    # Equal values must be spelled alike, for rows are compared by what is sent; hence no zeros at the end, nor -0.
    value = Decimal(f"{whole}.{fraction}" if fraction else whole)
    return value or Decimal(0), ""


def _listed(cell: str, values: Mapping[str, Value], code: str) -> tuple[Value | None, str]:
    value = values.get(written(cell))
    return value, code if value is None else ""


def _each(
    text: pd.Series, read: Callable[[str], tuple[Value | None, str]]
) -> tuple[list[Value | None], dict[str, pd.Index]]:
    """A value or None for each cell, and the rows that are refused by code; ``read`` gives both for a cell."""
    cells = list(map(str.strip, text.tolist()))
    # Each spelling is read once: such columns have few different ones.
    fates = {cell: _fate(cell, read) for cell in set(cells)}
    refused: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        if code := fates[cell][1]:
            refused.setdefault(code, []).append(index)
    return [fates[cell][0] for cell in cells], {code: text.index[indexes] for code, indexes in refused.items()}


def _fate(cell: str, read: Callable[[str], tuple[Value | None, str]]) -> tuple[Value | None, str]:
    if not cell:
        return None, ""
    return (None, "cell-error") if is_error(cell) else read(cell)
