"""JSON Lines: an object for each row, whose keys name the columns; the row has the number of its line.

Strict, like the reader of CSV: a line that is no object, a key that is there twice or a value that is none of a cell is
an error at that line. Nothing is made of a value: 1.50, 1e3 and an Id of twenty digits are sent as they are written.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from importer.errors import FileError
from importer.spreadsheet.correction_notes import NOTE, came_from_here, without_notes
from importer.spreadsheet.sheet import MOST_COLUMNS, NO_HEADER, Sheet, frame
from importer.text import printable

LONGEST_LINE = 4 << 20
_ROWS = 50_000
"""Rows of a chunk; each takes a kilobyte while it is read."""

_BOM = b"\xef\xbb\xbf"
_WORDS = {None: "", True: "true", False: "false"}
_EXAMPLE = 'Each line must be an object of its own, such as {"Name": "Room 1"}.'
_AS_LINES = f"{_EXAMPLE} To make such lines of a list: jq -c '.[]' file.json > file.jsonl"
_LONGEST_KEY = 40


class _Pairs(list[tuple[str, Any]]):
    """An object with its keys as they are written, those that are there twice among them."""


class _NoNumberError(ValueError):
    """NaN and Infinity, which some programs write, and which are no JSON."""


def open_json_lines(path: Path) -> Sheet:
    """The sheet of a file of JSON Lines: its columns are all keys, in the order in which they first appear.

    Raises:
        FileError: A line is no object of plain values, or there is none.
    """
    labels, has_notes = dict[str, None](), False
    for number, row in _rows(path):
        labels.update(dict.fromkeys(row))
        has_notes = has_notes or any(NOTE in value for value in row.values())
        if len(labels) > MOST_COLUMNS:
            raise FileError(
                f"{path.name}: by line {number}, there are {len(labels):,} different keys. There can be at most "
                f"{MOST_COLUMNS}.",
                "Leave out keys that you do not need.",
            )
    if not labels:
        raise FileError(f"{path.name} holds no object with a key.", _EXAMPLE)
    names = tuple(labels)
    sheet = Sheet(None, NO_HEADER, names, partial(_chunks, path, names), names_apart=True)
    return without_notes(sheet) if has_notes or came_from_here(sheet) else sheet


def _chunks(path: Path, labels: Sequence[str]) -> Iterator[pd.DataFrame]:
    columns: list[list[str]] = [[] for _ in labels]
    first = 1
    for number, row in _rows(path):
        if number - first >= _ROWS:
            if len(chunk := frame(columns, first, len(labels))):
                yield chunk
            columns, first = [[] for _ in labels], number
        # Blank lines have numbers, too.
        blanks = [""] * (number - first - len(columns[0]))
        for label, column in zip(labels, columns, strict=True):
            column.extend(blanks)
            column.append(row.get(label, ""))
    if columns[0] and len(chunk := frame(columns, first, len(labels))):
        yield chunk


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each object as texts by its keys, with the number of its line; blank lines are passed over."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            where = f"{path.name}: line {number:,}"
            if len(line) > LONGEST_LINE:
                raise FileError(f"{where} is longer than {LONGEST_LINE >> 20} MB.", _AS_LINES)
            line = line.removeprefix(_BOM) if number == 1 else line
            if line.strip():
                yield number, _row(line, where)


def _row(line: bytes, where: str) -> dict[str, str]:
    row: dict[str, str] = {}
    for key, value in _object(line, where):
        # As it is written down: two halves of different characters are one sign there.
        name = _whole(key.strip())
        if not name:
            raise FileError(f"{where} has a key without a name.", "Give it a name, or leave it out.")
        if name in row:
            raise FileError(f'{where} has the key "{_shown(name)}" twice.', "Leave one of them in that line.")
        if isinstance(value, list):
            what = "an object" if isinstance(value, _Pairs) else "a list"
            raise FileError(
                f'{where}: "{_shown(name)}" holds {what}, and a cell holds one value.',
                "Give it one value, or leave that key out.",
            )
        row[name] = _whole(value) if isinstance(value, str) else _WORDS[value]
    return row


def _object(line: bytes, where: str) -> _Pairs:
    try:
        value = _DECODER.decode(line.decode())
    except UnicodeDecodeError as error:
        raise FileError(f"{where} is not UTF-8, as JSON is.", "Save the file as UTF-8.") from error
    except _NoNumberError as error:
        raise FileError(f"{where}: {error} is no value of JSON.", "Write null for a missing value.") from error
    except RecursionError as error:
        raise FileError(f"{where} holds objects within objects, and a cell holds one value.", _EXAMPLE) from error
    except ValueError as error:
        why = f"{error.msg}, at character {error.pos + 1:,}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise FileError(f"{where} is not valid JSON ({why}).", _AS_LINES) from error
    if not isinstance(value, _Pairs):
        raise FileError(f"{where} is not an object.", _AS_LINES)
    return value


def _no_number(word: str) -> Any:
    raise _NoNumberError(word)


# Numbers stay as they are written: a float would lose the last digits of an Id, and 1.50 its zero.
_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=_no_number)


def _whole(text: str) -> str:
    r"""The text, with a sign in the place of half a character (\ud83d alone), which could not be written anywhere."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _shown(name: str) -> str:
    return printable(name, _LONGEST_KEY)
