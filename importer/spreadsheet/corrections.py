"""Cells corrected without touching the file: single cells by address, and one repair for all cells of a column.

A repair changes a text only where it is sure to be that kind of mistake; every other text stays as it is. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from importer.spreadsheet.sheet import Sheet, column_letters

_GROUPED = re.compile(r"\d{1,3}(?:([,.'\u2019\u00a0\u202f ])\d{3})(?:\1\d{3})*")


def without_thousands(text: str) -> str:
    """The whole number 12,345 or 12.345, digits only."""
    return re.sub(r"\D", "", text) if _GROUPED.fullmatch(text.strip()) else text


def trimmed(text: str) -> str:
    """The text without spaces around it."""
    return text.strip()


def printable_only(text: str) -> str:
    """The text without characters that cannot be printed."""
    return "".join(c for c in text if c.isprintable()).strip()


REPAIRS: Mapping[str, Callable[[str], str]] = {
    "thousands": without_thousands,
    "trim": trimmed,
    "unprintable": printable_only,
}
"""Every repair by its name."""


def corrected(sheet: Sheet, cells: Mapping[str, str], repairs: Mapping[str, str]) -> Sheet:
    """The sheet with these texts at these addresses, after these repairs of columns (by their letters)."""
    places = [place_of(address) for address in cells]
    by_row: dict[int, dict[int, str]] = {}
    for (row, position), text in zip(places, cells.values(), strict=True):
        by_row.setdefault(row, {})[position] = text

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            _repair(chunk, repairs)
            for row in by_row.keys() & set(chunk.index):
                for position, text in by_row[row].items():
                    if position in chunk.columns:
                        chunk.at[row, position] = text
            yield chunk

    still = [place not in set(places) for place in zip(sheet.problems["row"], sheet.problems["position"], strict=True)]
    return replace(sheet, read=read, problems=sheet.problems[pd.Series(still, index=sheet.problems.index, dtype=bool)])


def _repair(chunk: pd.DataFrame, repairs: Mapping[str, str]) -> None:
    for position in map(int, chunk.columns):
        if repair := REPAIRS.get(repairs.get(column_letters(position), "")):
            chunk[position] = pd.Series([repair(text) for text in chunk[position]], index=chunk.index, dtype=object)


def place_of(address: str) -> tuple[int, int]:
    """The row and the column position of an address such as D5; 0 and -1 for the part that is not there."""
    letters = address.rstrip("0123456789")
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - ord("A") + 1
    return int(address[len(letters) :] or 0), position - 1
