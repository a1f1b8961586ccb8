"""What a sheet shows in the columns of texts, which are sent as a person sees them."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from importer.checking.columns import ColumnMapping
from importer.spreadsheet import Sheet, shown_texts
from schemas import FieldType, RecordType


def as_shown(sheet: Sheet, mapping: ColumnMapping, kind: RecordType) -> Sheet:
    """The sheet with the texts that it shows in the columns of texts, as far as they are certain.

    Of a number, a date or a yes or no the value counts, however it is shown.
    """
    positions = [column.position for column in mapping.columns if kind.type_of(column.field) is FieldType.TEXT]

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            for position in positions:
                if (shown := shown_texts(chunk[position])) is not chunk[position]:
                    chunk[position] = shown
            yield chunk

    return replace(sheet, read=read) if positions and sheet.has_formats else sheet
