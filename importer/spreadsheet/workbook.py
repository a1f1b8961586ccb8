"""XLSX, XLSM, XLSB, XLS and ODS through calamine: numbers, dates and booleans become the text that a person reads."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from importer.errors import FileError
from importer.spreadsheet.sheet import CHUNK_ROWS, Sheet, frame

BESIDE_THE_DATA = ("Notes", "Summary", "Issues")
"""Sheets that our own templates and reports add for people; passed over when another visible sheet is filled."""

Cell = int | float | str | bool | time | date | datetime | timedelta | None


def open_workbook(path: Path, *, sheet: str | None = None) -> Sheet:
    """One sheet of a workbook: the named one, or the only visible one.

    Raises:
        FileError: Not a workbook, password protected, no such sheet, or several to choose from.
    """
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            name = _choose(workbook, path, sheet)
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except PasswordError as error:
        raise FileError(
            f"{path.name} is protected by a password.", "Open it, remove the password (Save As), and try again."
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise FileError(
            f"{path.name} cannot be read as a workbook.", "Open it in your spreadsheet program and save it as .xlsx."
        ) from error
    texts = [[as_text(cell) for cell in row] for row in rows]
    header = next((i for i, row in enumerate(texts) if any(cell.strip() for cell in row)), None)
    if header is None:
        raise FileError(
            f'{path.name}: sheet "{name}" is empty.', "Choose a file with a header row and at least one row."
        )
    labels = _labels(texts[header])

    def read() -> Iterator[pd.DataFrame]:
        for start in range(header + 1, len(texts), CHUNK_ROWS):
            chunk = texts[start : start + CHUNK_ROWS]
            yield frame(chunk, list(range(start + 1, start + 1 + len(chunk))), len(labels))

    return Sheet(name, header + 1, labels, read)


def _choose(workbook: CalamineWorkbook, path: Path, wanted: str | None) -> str:
    visible = [s.name for s in workbook.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
    if wanted is not None:
        if wanted not in workbook.sheet_names:
            raise FileError(f'{path.name} has no sheet "{wanted}".', f"It has: {', '.join(workbook.sheet_names)}.")
        return wanted
    filled = [name for name in visible if workbook.get_sheet_by_name(name).height]
    filled = [name for name in filled if name not in BESIDE_THE_DATA] or filled
    if len(filled) > 1:
        raise FileError(
            f"{path.name} has several sheets: {', '.join(filled)}.", f'Choose one, for example --sheet "{filled[0]}".'
        )
    if not filled:
        raise FileError(f"{path.name} has no sheet with anything in it.", "Choose a file with a header row and rows.")
    return filled[0]


def _labels(header: list[str]) -> tuple[str, ...]:
    """The header without the empty cells at its end: the width of a sheet is that of its longest row."""
    last = max(position for position, label in enumerate(header) if label.strip())
    return tuple(label.strip() for label in header[: last + 1])


def as_text(cell: Cell) -> str:
    """The cell as a person would type it: 12.0 is 12, a date is year first."""
    match cell:
        case None:
            return ""
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(timespec="seconds")
        case _:
            return str(cell)
