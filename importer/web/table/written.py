"""The rows of an upload written for its table while it is checked, among them those that a person leaves out."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from importer.checking import as_shown
from importer.config.store import new_private
from importer.runs.source import Source
from importer.spreadsheet import column_letters, open_sheet, place_of
from importer.web.drafts import Draft
from importer.web.table.row_file import RowWriter, TableColumn, file_of
from importer.web.table.sent import SentWords
from importer.web.workbook_dates import sheet_in_words

Names = Mapping[str, Mapping[int, str]]
"""What the records are called that the fields of an upload may name, by field and Id."""


@contextmanager
def table_writer(draft: Draft, source: Source, names: Names) -> Iterator[RowWriter]:
    """Takes the rows of an upload; they are in place, all of them, once this ends without an error."""
    path = file_of(draft.folder, draft.version)
    aside = path.with_suffix(f".{secrets.token_hex(4)}")
    new_private(aside).close()
    words = SentWords(source.kind, names, source.read.zone or "UTC", source.read.dates)
    edited = {place_of(address)[0] for address in source.read.cells}
    writer = RowWriter(aside, columns_of(source, words), words, edited)
    try:
        yield writer
        _add_left_out(writer, source)
        writer.close(draft.version)
        aside.replace(path)
    finally:
        writer.abandon()
        aside.unlink(missing_ok=True)


def columns_of(source: Source, words: SentWords) -> list[TableColumn]:
    """The columns of a file that are the user's own."""
    fields = {column.position: column.field for column in source.mapping.columns}

    def column(position: int) -> TableColumn:
        name = fields.get(position, "")
        numeric = bool(name) and words.is_numeric(name)
        return TableColumn(column_letters(position), source.sheet.labels[position], name, numeric)

    return [column(position) for position in source.sheet.columns]


def _add_left_out(writer: RowWriter, source: Source) -> None:
    left_out = source.read.left_out
    if not left_out:
        return
    # Reading leaves them out, so the file is read once more; only where there are some.
    whole = as_shown(open_sheet(source.copy, replace(source.read, left_out=())), source.mapping, source.kind)
    whole = sheet_in_words(whole, source)
    for chunk in whole.read():
        rows = chunk[chunk.index.isin(left_out)]
        if len(rows):
            writer.add_left_out(rows)


def forget_other_rows(folder: Path, version: int) -> None:
    """Delete the rows of other versions of an upload."""
    for old in set(folder.glob("table-*.sqlite")) - {file_of(folder, version)}:
        # Where a page reads it at this moment, some systems do not let it be deleted; then the next check does.
        with contextlib.suppress(PermissionError):
            old.unlink(missing_ok=True)
