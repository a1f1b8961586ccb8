"""Files that are something else than their name says, or no table: each refused with what it is and what to do.

By the bytes and by the shape of the lines only; must not know fields.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path

from importer.errors import FileError
from importer.spreadsheet.sheet import HEADER_AMONG, Header, Rows

SEPARATORS = (",", ";", "\t", "|")

START_BYTES = 1 << 11
"""Read from the beginning of a file, to see what it is."""

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_MOSTLY = 0.8
_FEWEST = 2
_ZIP = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_OBJECT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*(?:"|\})')
_END_BYTES = 1 << 16
_LARGEST_LOCK, _LOCK_NAME = 165, 55

_SAVE = "Open it in the program that made it, and save the table as .xlsx or .csv (UTF-8)."
_SAVE_FROM_EXCEL = "Open it in your spreadsheet program, and save it as .xlsx."
_UNPACK = "Unpack it, then import the spreadsheet that is in it."
_EXPORT = "Export the table from the program that made it, as .csv (UTF-8)."
_SAVE_CONTACTS = "Open it in the program that made it, and export the contacts as .csv (UTF-8)."
_NOT_EVENTS = "It holds events, not which coworker's calendar watches which resource. Choose the spreadsheet itself."
_AS_LINES = (
    "If each of its lines is an object of its own, rename it to .jsonl. Otherwise export the table as .csv (UTF-8), or "
    "make such lines of it: jq -c '.[]' file.json > file.jsonl"
)
_AS_PARQUET = "Rename it to .parquet, or export the table as .csv (UTF-8)."
_ON_PAGE = {_AS_LINES: _EXPORT, _AS_PARQUET: _EXPORT}
"""What to do instead where only commands read such a file."""

_NUMBERS = ("is an Apple Numbers document", "In Numbers, choose File > Export To > Excel, then import that file.")

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "is a PDF document", "Export the table from the program that made it, as .xlsx or .csv (UTF-8)."),
    (b"{\\rtf", "is a text document (RTF)", _SAVE),
    (b"\x1f\x8b", "is a compressed file (gzip)", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "is a compressed archive (7z)", _UNPACK),
    (b"Rar!\x1a", "is a compressed archive (RAR)", _UNPACK),
    (b"BZh", "is a compressed file (bzip2)", _UNPACK),
    (b"\xfd7zXZ\0", "is a compressed file (xz)", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "is a compressed file (zstd)", _UNPACK),
    (b"SQLite format 3\0", "is a database (SQLite)", "Export the table as .csv (UTF-8)."),
    (_PARQUET, "is a Parquet file", _AS_PARQUET),
    (b"\x89PNG", "is a picture", "Choose the spreadsheet itself."),
    (b"\xff\xd8\xff", "is a picture", "Choose the spreadsheet itself."),
    (b"GIF8", "is a picture", "Choose the spreadsheet itself."),
    (b"\x00\x05\x16\x07", "holds only what macOS keeps beside a file", "Choose the file without ._ before its name."),
)
_MARKUP: tuple[tuple[str, str, str], ...] = (
    (
        r"mime-version:|(?:from|content-type|snapshot-content-location):.*\n",
        "is a saved web page or e-mail",
        _SAVE_FROM_EXCEL,
    ),
    (r"(?s)<.*urn:schemas-microsoft-com:office:spreadsheet", "is an XML spreadsheet (2003)", _SAVE_FROM_EXCEL),
    (r'(?s)<.*<\?mso-application progid="excel', "is an XML spreadsheet (2003)", _SAVE_FROM_EXCEL),
    (
        r"(?s)<.*<office:document",
        "is a flat OpenDocument file",
        "Open it in LibreOffice, and save it as .ods or .xlsx.",
    ),
    (
        r"(?s)<(?:tr|th|td|thead|tbody|caption)\b[^>]*>",
        "holds a table as HTML, without the page around it",
        "Export the table as CSV, in sqlite3 with .mode csv and .headers on. Or put <table> before it and </table> "
        "behind it, save it as .html, open that in your spreadsheet program, and save it as .xlsx.",
    ),
    (
        r"(?s)(?:<\?xml[^>]*>)?\s*(?:<!--.*?-->\s*)*"
        r"<(?:!doctype html|html|head|body|table|meta|script|style|div|title|p\b|br\b)",
        "is a web page, not a table",
        "If it asks for a sign-in, sign in there and export again. If it shows the table, open it in your spreadsheet "
        "program and save it as .xlsx.",
    ),
    (r"<(?:\?xml|!--|[a-z][\w:.-]*[\s/>])", "is an XML file", _SAVE),
    (r"BEGIN:VCARD\b", "is a file of contacts (vCard)", _SAVE_CONTACTS),
    (r"BEGIN:VCALENDAR\b", "is a calendar (iCalendar)", _NOT_EVENTS),
    (r"(?-i:TABLE)\s*\n0,1\s*\n", "is a table in the format DIF", _SAVE_FROM_EXCEL),
    (
        r"(?-i:ID;P[A-Z]*(?:;[A-Z])*\s*\n(?:[A-Z]{1,2};[^\n]*\n)*?[BCFPO];)",
        "is a table in the format SYLK",
        _SAVE_FROM_EXCEL,
    ),
    (r"\\(?:documentclass|begin\{|usepackage|hline|toprule)", "is a LaTeX document", _EXPORT),
    (
        r"(?:(?:--|/\*)[^\n]*\n\s*|(?:SET|PRAGMA|BEGIN|START|USE|DROP|LOCK)\b[^\n;]*;\s*)*"
        r"(?:INSERT (?:OR \w+ |IGNORE )?INTO\s|REPLACE INTO\s|CREATE (?:TABLE|DATABASE|SCHEMA)\s"
        r"|COPY [^\n]+ FROM stdin;)",
        "is a file of SQL statements",
        "Export the table as CSV: in sqlite3 with .mode csv and .headers on, in psql with \\copy … TO … CSV HEADER.",
    ),
    (
        r"-\[ RECORD \d+ \]",
        "holds one line for each cell, as psql writes it with \\x on",
        "Turn it off with \\x, and export the table with \\copy … TO … CSV HEADER.",
    ),
    (
        r"\*{3,} 1\. row \*{3,}",
        "holds one line for each cell, as MySQL writes it with \\G",
        "Export the table as CSV, or end the query with a semicolon instead of \\G.",
    ),
    (
        r"[┌╭╔┏]",
        "holds a table that is drawn with lines, in which long texts may be cut",
        "Export the table as CSV, in sqlite3 with .mode csv and .headers on.",
    ),
    (r"\[\[?[\w. -]+\]\]?\s*\n(?:[#;][^\n]*\n|\s*\n)*[\w. \"-]+ ?= ?", "is a file of settings (INI or TOML)", _EXPORT),
    (r"(?:---\s*\n)?(?:[\w-]+:\s*\n)?\s*- +[\w\"' -]+: [^\n]*\n +[\w\"' -]+:", "is a YAML file", _EXPORT),
    (r"(?:version: \d+\s*\n+)?dn::? [^\n]+\n[\w;-]+::? ", "is an export of a directory (LDIF)", _EXPORT),
    (r'(?:\{\s*(?:"|\}))|(?:\[\s*(?:[{\[\]]|"[^"]*"\s*[,\]]\s*(?:\n|"|\[|$)))', "is a JSON file", _AS_LINES),
)


def refuse_other_kind(path: Path, start: bytes, suffixes: Collection[str]) -> None:
    """Raise FileError if a file begins like one that cannot be read; ``suffixes`` are those of text files."""
    if "~$" in path.name or _is_lock(start):
        raise FileError(
            f"{path.name} is not a workbook: it is the lock file that Excel keeps while the workbook is open.",
            "Import the workbook itself, the file without ~$ before its name.",
        )
    if start.startswith(_ZIP):
        _refuse_other_zip(path, start)
        return
    for magic, what, advice in _MAGIC:
        if start.startswith(magic):
            raise FileError(f"{path.name} {what}.", advice, on_page=_ON_PAGE.get(advice))
    # Without NULs, so that UTF-16 looks the same.
    text = start.replace(b"\0", b"").decode("utf-8", "ignore").lstrip("\ufeff\ufffe \t\r\n")
    for pattern, what, advice in _MARKUP:
        if re.match(pattern, text, re.IGNORECASE):
            raise FileError(f"{path.name} {what}.", advice, on_page=_ON_PAGE.get(advice))
    if path.suffix.lower() not in suffixes and not start.startswith(_OLE) and _is_text(start):
        raise FileError(
            f"{path.name} is not a valid {path.suffix} workbook: it is a text file.",
            f"Rename it to {path.stem}.csv, then try again.",
        )


def _is_lock(start: bytes) -> bool:
    """Whether a file is that of an office program about who has a document open: a name, and blanks behind it."""
    if not 0 < len(start) <= _LARGEST_LOCK or not 0 < start[0] < _LOCK_NAME:
        return False
    name, blanks = start[1 : start[0] + 1], start[start[0] + 1 : _LOCK_NAME]
    return len(blanks) > 0 and name.isascii() and name.decode().isprintable() and not blanks.strip(b" \0")


def _is_text(start: bytes) -> bool:
    return b"\0" not in start and not set(start) & set(range(9)) and any(one in start for one in b",;\t|\n")


def _refuse_other_zip(path: Path, start: bytes) -> None:
    """Raise FileError if an archive is none of a workbook. By names among its bytes: it may be made to do harm."""
    if _OPEN_DOCUMENT in start:
        if _OPEN_DOCUMENT + b"spreadsheet" not in start:
            raise FileError(f"{path.name} is a document of an office program, not a spreadsheet.", _SAVE)
        return
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _END_BYTES, 0))
        end = file.read()
    names = end.lower()
    if b"document.iwa" in names or b"index.zip" in names:
        raise FileError(f"{path.name} {_NUMBERS[0]}.", _NUMBERS[1])
    if b"word/document.xml" in names:
        raise FileError(
            f"{path.name} is a Word document.", "Copy its table into a spreadsheet, and save that as .xlsx."
        )
    if b"ppt/presentation.xml" in names:
        raise FileError(f"{path.name} is a PowerPoint presentation.", _SAVE)
    # Half an archive has no list of its parts, and a long one may name those of a workbook before these bytes.
    at = end.rfind(_ZIP_END)
    listed = at >= 0 and int.from_bytes(end[at + 12 : at + 16], "little") <= at
    if listed and not re.search(rb"workbook|sheet|\[content_types\]\.xml|content\.xml|_rels", names):
        raise FileError(f"{path.name} is an archive (ZIP).", _UNPACK)


def workbook_suffix(start: bytes) -> str | None:
    """The suffix of the kind of workbook that a file begins like; None for none."""
    if start.startswith(_OLE):
        return ".xls"
    if not start.startswith(_ZIP):
        return None
    return ".ods" if _OPEN_DOCUMENT in start else ".xlsx"


def ending_of(path: Path) -> str:
    """What the name of a file should end in by its content; that of a text for whatever is not known."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
        file.seek(max(path.stat().st_size - _END_BYTES, 0))
        end = file.read().lower()
    workbook = workbook_suffix(start)
    if start.startswith(_PARQUET):
        return ".parquet"
    if _OBJECT.match(start):
        return ".jsonl"
    if workbook != ".xlsx":
        return workbook or ".csv"
    # By the list of parts at the end of an archive: Excel itself believes the content, but our reader the name.
    return ".xlsb" if b"xl/workbook.bin" in end else ".xlsm" if b"vbaproject.bin" in end else ".xlsx"


def refuse_unsplit(name: str, sample: str, separator: str) -> None:
    """Raise FileError if the lines of a text file are tables of another make: quoted whole, or lined up with blanks."""
    lines = [line for line in re.split(r"\r\n|\r|\n", sample) if line.strip()][:HEADER_AMONG]
    if len(lines) < _FEWEST:
        return
    if (mark := _mark_of_pairs(lines)) is not None:
        raise FileError(
            f'{name} holds one line for each cell, with "{mark}" between its column and its value.',
            "Export the table as CSV, in sqlite3 with .mode csv and .headers on.",
        )
    if any(_width(line, separator) > 1 for line in lines):
        return
    quoted = [line.strip() for line in lines if re.fullmatch(r'\s*".*"\s*', line)]
    inner = [line[1:-1].replace('""', '"') for line in quoted]
    if len(quoted) == len(lines) and any(_all_split(inner, one) for one in SEPARATORS):
        raise FileError(
            f"In {name}, each whole line stands in quotes, so all columns are read as one.",
            "Export the table again. Or open the file in Excel, choose Data > Text to Columns, and save it as .xlsx.",
        )
    if all(re.search(r"\S {2,}\S", line) for line in lines) or _lined_up(lines):
        raise FileError(
            f"In {name}, the columns are lined up with blanks, and nothing separates them.",
            "Export the table as .csv (UTF-8). Or open the file in Excel, choose Data > Text to Columns > Fixed width, "
            "and save it as .xlsx.",
        )


def _mark_of_pairs(lines: Sequence[str]) -> str | None:
    """What stands between names and values, if each line is one such pair and the names come again; None if not."""
    for mark in (" = ", " : ", ": "):
        names = Counter(line.partition(mark)[0].strip() for line in lines if mark in line)
        is_plain = not any(one in name for name in names for one in SEPARATORS)
        if sum(names.values()) == len(lines) and len(names) >= _FEWEST <= max(names.values()) and is_plain:
            return mark.strip()
    return None


def _lined_up(lines: Sequence[str]) -> bool:
    """Whether most lines have a gap of blanks, the first among them."""
    gaps = [re.search(r"\S {2,}\S", line) is not None for line in lines]
    return gaps[0] and sum(gaps) >= _MOSTLY * len(lines)


def refuse_two_separators(name: str, rows: Rows, header: Header, separator: str) -> None:
    """Raise FileError if a row above the header is cut by another separator into as many cells as the header has."""
    width = len(header.labels)
    if width <= _FEWEST:
        return
    for number, cells in islice(rows, header.row - 1):
        filled = [cell for cell in cells if cell.strip()]
        for other in SEPARATORS:
            if other != separator and len(filled) == 1 and _width(filled[0], other) == width:
                raise FileError(
                    f"In {name}, row {number} is separated by {_NAMES[other]}, but the rows below it by "
                    f"{_NAMES.get(separator, separator)}.",
                    "Use the same separator in all rows.",
                )


def _width(line: str, separator: str) -> int:
    try:
        return max((len(row) for row in csv.reader(io.StringIO(line), delimiter=separator)), default=0)
    except csv.Error:
        return 0


def _all_split(lines: Sequence[str], separator: str) -> bool:
    """Whether a separator cuts these lines into as many cells each, the most of them at least."""
    widths = Counter(_width(line, separator) for line in lines)
    width, count = widths.most_common(1)[0]
    return width > 1 and count >= _MOSTLY * len(lines)
