"""Rows on the page of a check that wait for the check of the whole file; the page asks for them until it has ended.

A name in them is being looked up, or another row was equal to them and has changed.
"""

import contextlib
from collections.abc import Iterable

from importer.web import upload_check
from importer.web.drafts import Draft
from importer.web.table.row_file import RowState, TableRow, file_of, opened
from importer.web.upload_documents import CheckedRow

TYPED, AGAIN, OUT = "typed", "again", "out"
"""Why a row is shown anew: a text was typed into it; another row has changed; it is left out."""

_MOST_DIGITS = 9


def numbers(texts: Iterable[str]) -> list[int]:
    """The numbers of rows that a page asks for; what is no number is left out."""
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS]


def late_rows(draft: Draft, typed: Iterable[int], again: Iterable[int]) -> list[tuple[CheckedRow, str]]:
    """These rows by the check of this version of the upload, each with why it is shown anew.

    Raises:
        FileNotFoundError: There is no such check, or not any more.
    """
    reasons = dict.fromkeys(again, AGAIN) | dict.fromkeys(typed, TYPED)
    with opened(file_of(draft.folder, draft.version)) as rows:
        letters = [column.letters for column in rows.columns]
        return [_late(draft, row, letters, reasons[row.row]) for row in rows.rows(sorted(reasons))]


def row_of(draft: Draft, version: int, number: int) -> CheckedRow | None:
    """A row as the check of this version has it, wrong or not; None if it is left out, or if there is none."""
    if (row := upload_check.row(draft, version, number)) is not None:
        return row
    with contextlib.suppress(FileNotFoundError), opened(file_of(draft.folder, version)) as rows:
        letters = [column.letters for column in rows.columns]
        there = (_unwrong(row, letters) for row in rows.rows([number]) if row.state is not RowState.OUT)
        return next(there, None)
    return None


def _late(draft: Draft, row: TableRow, letters: list[str], reason: str) -> tuple[CheckedRow, str]:
    checked = upload_check.row(draft, draft.version, row.row)
    return checked or _unwrong(row, letters), OUT if row.state is RowState.OUT else reason


def _unwrong(row: TableRow, letters: list[str]) -> CheckedRow:
    return CheckedRow(row.row, dict(zip(letters, row.texts, strict=True)), ())
