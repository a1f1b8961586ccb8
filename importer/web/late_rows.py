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


def row_of(draft: Draft, version: int, number: int, *, also_left_out: bool = False) -> CheckedRow | None:
    """A row as the check of this version has it, wrong or not; None if there is none.

    A row that was left out in it was not checked: it is asked for on purpose, or None.
    """
    if (wrong := upload_check.row(draft, version, number)) is not None:
        return wrong
    with contextlib.suppress(FileNotFoundError), opened(file_of(draft.folder, version)) as rows:
        letters = [column.letters for column in rows.columns]
        row = next(iter(rows.rows([number])), None)
        return _unwrong(row, letters) if row and (also_left_out or row.state is not RowState.OUT) else None
    return None


def latest_row(draft: Draft, number: int, *, also_left_out: bool = False) -> CheckedRow | None:
    """A row as the latest check has it, also if that one ends just now; else as ``row_of``."""
    while check := upload_check.latest_check(draft):
        row = row_of(draft, check.version, number, also_left_out=also_left_out)
        latest = upload_check.latest_check(draft)
        # A check that ends meanwhile removes the rows of the one before.
        if row is not None or latest is None or latest.version == check.version:
            return row
    return None


def _late(draft: Draft, row: TableRow, letters: list[str], reason: str) -> tuple[CheckedRow, str]:
    checked = upload_check.row(draft, draft.version, row.row)
    return checked or _unwrong(row, letters), OUT if row.state is RowState.OUT else reason


def _unwrong(row: TableRow, letters: list[str]) -> CheckedRow:
    return CheckedRow(row.row, dict(zip(letters, row.texts, strict=True)), ())
