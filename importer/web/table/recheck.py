"""Rows checked again on their own, so that a person sees at once what a correction is worth.

Equal rows elsewhere, and what all cells of a column have in common, are for the check of the whole file, which follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from importer.config.settings import Settings
from importer.spreadsheet import PROBLEM_CODES, Sheet, as_problems, place_of
from importer.web import upload_check, upload_names
from importer.web.drafts import Draft
from importer.web.table.row_file import (
    Line,
    RowFile,
    RowState,
    TableColumn,
    TableRow,
    left_out_line,
    lines_of,
    put_causes,
    put_lines,
)
from importer.web.table.sent import SentWords
from importer.web.table.steps import Patch
from importer.web.upload_documents import Header

MOST_RECHECKED = 2_000
"""Rows that are checked at once; more of them wait for the check of the whole file, which takes hardly longer."""


def words_of(draft: Draft, settings: Settings) -> SentWords:
    """What says how the cells of an upload are sent."""
    names = upload_names.names_by_id(draft, settings)
    zone = upload_check.zone_of(draft, settings)
    return SentWords(upload_check.kind_of(draft), names, zone, draft.read.dates)


def put_patches(
    rows: RowFile, patches: Mapping[int, Patch], draft: Draft, header: Header, settings: Settings, now: float
) -> None:
    """Write the rows as they are with these changes, and what is wrong with them now."""
    if len(patches) > MOST_RECHECKED:
        _put_unchecked(rows, patches)
        return
    changed = [_patched(row, patches[row.row], rows.columns) for row in rows.rows(list(patches))]
    if changed:
        _put_checked(rows, changed, draft, header, settings, now)


def _patched(row: TableRow, patch: Patch, columns: Sequence[TableColumn]) -> TableRow:
    pairs = zip(columns, row.texts, strict=True)
    texts = tuple(patch.texts.get(column.letters, text) for column, text in pairs)
    # Of another text, what reading has noticed of the cell does not hold any more.
    problems = [one for one in row.issues if one.code in PROBLEM_CODES and one.letters not in patch.texts]
    state = row.state if patch.out is None else RowState.OUT if patch.out else RowState.READY
    return replace(row, texts=texts, issues=tuple(problems), state=state)


def _put_unchecked(rows: RowFile, patches: Mapping[int, Patch]) -> None:
    for column in rows.columns:
        letters = column.letters
        texts = [(patch.texts[letters], row) for row, patch in patches.items() if letters in patch.texts]
        change = f"UPDATE rows SET c_{letters} = ?, s_{letters} = '', k_{letters} = NULL, edited = 1 WHERE row = ?"
        rows.db.executemany(change, texts)
    # Until the check, a row is also found by what its cells said before.
    searched = [("\n".join(patch.texts.values()).casefold(), row) for row, patch in patches.items() if patch.texts]
    rows.db.executemany("UPDATE rows SET search = search || char(10) || ? WHERE row = ?", searched)
    change = "UPDATE rows SET state = CASE WHEN state = 'out' AND ? THEN state ELSE ? END, issues = '[]', plan = '' "
    states = [(patch.out is None, _open_state(patch).value, row) for row, patch in patches.items()]
    rows.db.executemany(f"{change} WHERE row = ?", states)
    rows.db.executemany("DELETE FROM causes WHERE row = ?", ((row,) for row in patches))


def _open_state(patch: Patch) -> RowState:
    return RowState.OUT if patch.out else RowState.OPEN


def _put_checked(
    rows: RowFile, changed: Sequence[TableRow], draft: Draft, header: Header, settings: Settings, now: float
) -> None:
    letters = [column.letters for column in rows.columns]
    edited = {row.row for row in changed if any(f"{name}{row.row}" in draft.read.cells for name in letters)}
    rows.db.executemany("DELETE FROM causes WHERE row = ?", ((row.row,) for row in changed))
    out = [row for row in changed if row.state is RowState.OUT]
    put_lines(rows.db, rows.columns, [left_out_line(row.row, row.texts, row.row in edited) for row in out])
    checked = sorted((row for row in changed if row.state is not RowState.OUT), key=lambda row: row.row)
    if not checked:
        return
    sheet = _sheet_of(header, rows.columns, checked)
    result = upload_check.check_rows(draft, header, sheet, settings, now)
    lines = lines_of(result.chunk, result.checked, result.rows, rows.columns, words_of(draft, settings), edited)
    put_lines(rows.db, rows.columns, [_opened(line) if line[0] in result.looking_up else line for line in lines])
    put_causes(rows.db, result.tags)


def _opened(line: Line) -> Line:
    number, _, *rest = line
    return number, RowState.OPEN.value, *rest


def _sheet_of(header: Header, columns: Sequence[TableColumn], rows: Sequence[TableRow]) -> Sheet:
    """A sheet of these rows alone, with their problems from reading."""
    places = {column.letters: place_of(column.letters)[1] for column in columns}
    labels = [""] * (max((places[name] for name in header.letters), default=-1) + 1)
    for name, label in zip(header.letters, header.labels, strict=True):
        labels[places[name]] = label
    cells = {places[column.letters]: [row.texts[i] for row in rows] for i, column in enumerate(columns)}
    chunk = pd.DataFrame(cells, index=[row.row for row in rows], dtype=object)
    wrong = [(one.code, row.row, place_of(one.letters)[1]) for row in rows for one in row.issues]
    codes, numbers, positions = zip(*wrong, strict=True) if wrong else ((), (), ())
    problems = as_problems(codes, numbers, positions)
    return Sheet(None, header.row, tuple(labels), lambda: iter([chunk]), problems=problems)
