"""Corrects a file without touching it: single cells by address, all cells of a column by a repair, rows left out.

A repair changes a text only where it is sure to be that kind of mistake; every other text stays as it is. Pure.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from importer.issues import Notice
from importer.spreadsheet.formatted_cell import FormattedCell
from importer.spreadsheet.sheet import Sheet, column_letters

_MOST_LISTED = 20
_GROUPED = re.compile(r"\d{1,3}(?:([,.'\u2019\u00a0\u202f ])\d{3})(?:\1\d{3})*")


Place = tuple[int, int]
"""A cell: its row as the user sees it, and the position of its column."""


def without_thousands(text: str) -> str:
    """The digits of a whole number like 12,345 or 12.345; any other text as it is."""
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
    """The sheet with these texts at these addresses, after these repairs of columns (by their letters).

    A cell whose text is not its value, or not what it shows, keeps that problem until it is given another text: the
    text of a formula, typed again, is still no value.
    """
    texts = {place_of(address): text for address, text in cells.items()}
    problems = set(zip(sheet.problems["row"].tolist(), sheet.problems["position"].tolist(), strict=True))
    doubtful = texts.keys() & problems
    same = {place for place, text in _texts_at(sheet, doubtful) if _bare(text) == _bare(texts[place])}
    by_row: dict[int, dict[int, str]] = {}
    for (row, position), text in texts.items():
        if (row, position) not in same:
            by_row.setdefault(row, {})[position] = text

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            # Repairs first: what the user typed into a single cell is the last word about it.
            _repair(chunk, repairs)
            for row in by_row.keys() & set(chunk.index):
                for position, text in by_row[row].items():
                    if position in chunk.columns and not _is_as_before(chunk.at[row, position], text):
                        chunk.at[row, position] = text
            yield chunk

    left = problems - (texts.keys() - same)
    still = [place in left for place in zip(sheet.problems["row"], sheet.problems["position"], strict=True)]
    left_problems = sheet.problems[pd.Series(still, index=sheet.problems.index, dtype=bool)]
    return replace(sheet, read=read, problems=left_problems)


def differing_texts(before: Sheet, after: Sheet, columns: Collection[int]) -> dict[int, dict[int, str]]:
    """The texts that corrections have changed in these columns of a sheet, by row and position."""
    changed: dict[int, dict[int, str]] = {}
    for old, new in zip(before.read(), after.read(), strict=True):
        for position in sorted(set(columns) & set(old.columns)):
            cells = zip(new.index.tolist(), old[position].tolist(), new[position].tolist(), strict=True)
            for row, earlier, text in cells:
                # What shows something else than its value, and what is typed just like that value, differ in type only.
                if text != earlier or type(text) is not type(earlier):
                    changed.setdefault(row, {})[position] = text
    return changed


def _is_as_before(cell: object, text: str) -> bool:
    """Whether a text is just the value of a cell that shows something else, which nobody can tell for certain."""
    return isinstance(cell, FormattedCell) and cell.shown is None and _bare(cell) == _bare(text)


def _texts_at(sheet: Sheet, places: Collection[Place]) -> Iterator[tuple[Place, str]]:
    """What the file holds at these places; it is read as far as the last of them, and not at all if there is none."""
    left = set(places)
    for chunk in sheet.read() if left else ():
        for row, position in [place for place in left if place[0] in chunk.index]:
            left.remove((row, position))
            if position in chunk.columns:
                yield (row, position), str(chunk.at[row, position])
        if not left:
            return


def _bare(text: str) -> str:
    """A text without what a page, a browser or a repair may have changed of it on its own."""
    plain = unicodedata.normalize("NFC", text)
    return "".join(c for c in plain if c.isprintable() and not c.isspace() and c != "\N{REPLACEMENT CHARACTER}")


def _repair(chunk: pd.DataFrame, repairs: Mapping[str, str]) -> None:
    for position in map(int, chunk.columns):
        if repair := REPAIRS.get(repairs.get(column_letters(position), "")):
            chunk[position] = pd.Series(
                [_repaired(text, repair) for text in chunk[position]], index=chunk.index, dtype=object
            )


def _repaired(text: str, repair: Callable[[str], str]) -> str:
    # A cell without anything to repair stays the one that it is, with its number format.
    return text if (changed := repair(text)) == text else changed


def without_rows(sheet: Sheet, left_out: Collection[int]) -> Sheet:
    """The sheet without the rows of these numbers, and a notice about them: a person has chosen them."""
    numbers = sorted(left_out)

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            out = chunk.index.isin(numbers)
            rest = chunk[~out] if out.any() else chunk
            if len(rest):
                yield rest

    return with_notice_of(replace(sheet, read=read), numbers)


def with_notice_of(sheet: Sheet, left_out: Collection[int]) -> Sheet:
    """The sheet with a notice about these rows, which a person has left out."""
    return replace(sheet, notices=(*sheet.notices, _left_out(sorted(left_out))))


def _left_out(numbers: Sequence[int]) -> Notice:
    if len(numbers) == 1:
        return Notice("row-chosen-out", {"first": numbers[0]})
    return Notice("rows-chosen-out", {"count": len(numbers), "names": _listed(numbers)})


def _listed(numbers: Sequence[int]) -> str:
    """Row numbers as people list them: 5, 9 and 12 to 40; of very many, the first."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    # Two rows side by side are named one by one: 3 and 4.
    pairs: list[list[int | tuple[int, int]]] = [
        [first, last] if last - first == 1 else [(first, last)] for first, last in ranges[:_MOST_LISTED]
    ]
    words = [_range(one) for pair in pairs for one in pair]
    more = len(ranges) > _MOST_LISTED
    return f"{', '.join(words)} and more" if more else " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _range(rows: int | tuple[int, int]) -> str:
    if isinstance(rows, int):
        return str(rows)
    first, last = rows
    return f"{first} to {last}" if last > first else str(first)


def place_of(address: str) -> tuple[int, int]:
    """The row and the column position of an address such as D5; 0 and -1 for the part that is not there."""
    letters = address.rstrip("0123456789")
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - ord("A") + 1
    return int(address[len(letters) :] or 0), position - 1
