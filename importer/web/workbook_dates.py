"""Real dates of a workbook as the pages write dates: nobody has seen 2026-12-01T10:30:00 in their file.

A page that shows "1 Dec 2026 10:30" takes it back as well: it is read as the same moment, whichever way the dates of
the file are read. Texts that only look like dates stay as somebody typed them. Pure.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time

import pandas as pd

from importer.checking import RealDate
from importer.runs.source import Source
from importer.spreadsheet import FormattedCell, Sheet
from importer.web.table.sent import day_words


def with_dates_in_words(source: Source) -> Source:
    """The source whose sheet has its real dates in words."""
    return replace(source, sheet=sheet_in_words(source.sheet, source))


def sheet_in_words(sheet: Sheet, source: Source) -> Sheet:
    """A sheet of this source, as ``as_shown`` gives it, with its real dates in words."""
    if not sheet.has_formats:
        return sheet
    order, mapped = source.read.dates, {column.position for column in source.mapping.columns}

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            for position in map(int, chunk.columns):
                cells = chunk[position].tolist()
                # In a column that means nothing to the importer, every date is one of a calendar, whatever it shows.
                kinds = (RealDate,) if position in mapped else (RealDate, FormattedCell)
                if any(isinstance(cell, kinds) for cell in cells):
                    words = [date_in_words(cell, order) if isinstance(cell, kinds) else cell for cell in cells]
                    chunk[position] = pd.Series(words, index=chunk.index, dtype=object)
            yield chunk

    return replace(sheet, read=read)


def date_in_words(cell: str, order: str | None) -> str:
    """A moment of a workbook; one with parts of a second or a zone, and any other text, as it is."""
    if not RealDate.is_moment(cell):
        return cell
    moment = datetime.fromisoformat(cell)
    if moment.time() == time():
        return day_words(moment, order)
    return f"{day_words(moment, order)} {moment:%H:%M}{f':{moment:%S}' if moment.second else ''}"
