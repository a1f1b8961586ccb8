"""Files in, text cells out: the only room that parses the user's files."""

from dataclasses import dataclass
from pathlib import Path

from importer.errors import FileError
from importer.spreadsheet.delimited import open_delimited
from importer.spreadsheet.formulas import defuse
from importer.spreadsheet.sheet import Sheet, address, column_letters
from importer.spreadsheet.workbook import open_workbook

__all__ = ["ReadOptions", "Sheet", "address", "column_letters", "defuse", "open_sheet"]

DELIMITED = {".csv", ".tsv", ".txt"}
WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is to be read where it does not say so itself."""

    sheet: str | None = None
    encoding: str | None = None
    separator: str | None = None


def open_sheet(path: Path, options: ReadOptions = ReadOptions()) -> Sheet:
    """The sheet in a file, its header read.

    Raises:
        FileError: Missing, a folder, empty, of another kind than its name says, damaged or protected.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise FileError(f"There is no file {path}.", "Check the name and the folder.")
    if path.is_dir():
        raise FileError(f"{path} is a folder.", "Name a file in it.")
    if suffix not in DELIMITED | WORKBOOKS:
        raise FileError(f"{path.name} is not a spreadsheet.", "Save it as .xlsx, .ods or .csv (UTF-8).")
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise FileError(
            f"{path} cannot be opened: {error.strerror}.", "Close it elsewhere, or check its rights."
        ) from error
    if not start:
        raise FileError(f"{path.name} is empty.", "Choose a file with a header row and at least one row.")
    looks_like_workbook = start.startswith((_ZIP, _OLE))
    if suffix in DELIMITED:
        if looks_like_workbook:
            raise FileError(f"{path.name} is a workbook, not a text file.", f"Rename it to {path.stem}.xlsx.")
        return open_delimited(path, encoding=options.encoding, separator=options.separator)
    if not looks_like_workbook:
        raise FileError(f"{path.name} is not a {suffix} workbook.", "Save it again as .xlsx, or as .csv (UTF-8).")
    return open_workbook(path, sheet=options.sheet)
