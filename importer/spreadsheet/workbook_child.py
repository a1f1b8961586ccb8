"""The reading of one workbook, alone in a process with limits: a hostile file can end that process, nothing else.

Rule 1: it is run by its path and imports the standard library and python-calamine only; to import it by name would
load pandas first. Rule 2: it writes JSON lines to stdout and nothing else anywhere: for each piece of the sheet
{"first": row, "columns": [[text]]}, then one line {"name", "notices", "problems", "formatted"}, or
{"refused": [sentence, advice]} with the names of the "sheets" to choose from, if it is that.

Source of the limits: OWASP ASVS 5.0, 5.2.1 and 5.2.3, and measurements with calamine 0.9.1 (2026-11-23).
"""

import html
import json
import re
import sys
import zipfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

MEMORY_BYTES = 3 << 30
"""A full sheet of 1,048,576 rows and 6 columns takes 0.65 GB (measured); the smallest hostile one asks for 512."""

SECONDS = 300
"""Ten times what a full sheet takes."""

MOST_ENTRIES = 2_000
MOST_UNPACKED = 500 << 20
MOST_RATIO = 200
"""Sheets shrink to a tenth, very regular ones to a fiftieth; a bomb shrinks to a thousandth."""

RATIO_FROM = 1 << 20
MOST_COLUMNS = 500
MOST_CELLS = 25_000_000
LONGEST_CELL = 32_767
"""What Excel itself allows in a cell."""

MOST_DIGITS = 15
"""Excel keeps and shows no more. A longer number was rounded when it was typed, before anybody could have noticed."""

PIECE_ROWS = 50_000
PIECE_CELLS = 1_000_000
FIRST_PIECE_ROWS = 100
"""Enough to find the header in without reading everything twice."""

BESIDE_THE_DATA = ("Notes", "Summary", "Issues")
"""Sheets that our own templates and reports add for people; passed over when another visible sheet is filled."""

_CHOICES = re.compile(r"Choices \d+")

EMBEDDED = ("contains embedded files", "Delete the embedded objects, then save it again.")
REFUSED_PARTS = {
    "/embeddings/": EMBEDDED,
    "/externallinks/": (
        "contains links to other workbooks",
        "Break the links (Data > Edit Links > Break Link), then save it again.",
    ),
}
"""Parts of an archive that carry other files or reach for them; a list of mappings needs neither."""

_ODS_OBJECT = re.compile(r"object \d+(?:/.*)?")
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_ODS_CHART = "application/vnd.oasis.opendocument.chart"
_ODS_LINKS = (b"<table:table-source", b"<table:cell-range-source", b"<table:dde-link")
ODS_LINKED = (
    "contains links to other files",
    "Break the links (Edit > Links to External Files > Break Link), then save it again.",
)

MACROS = "vbaproject.bin"
_MACRO_KINDS = {".xlsm", ".xlsb", ".xls"}
_MAIN_PARTS = {"xl/workbook.xml": (".xlsx", ".xlsm"), "xl/workbook.bin": (".xlsb",), "content.xml": (".ods",)}
_SEVERAL = 3

Cell = int | float | str | bool | time | date | datetime | timedelta | None
Problems = dict[int, dict[int, tuple[str, str]]]
"""Row and position of a cell that has no value to be read: an issue code, and the text shown in its place."""


Notice = tuple[str, dict[str, str | int]]
"""A code of the catalogue of notices, and the values of its sentence."""

DAMAGED = ("cannot be read as a workbook", "Open it in your spreadsheet program and save it as .xlsx.")
TOO_LARGE = (
    "needs more memory than is available",
    "Copy the filled cells into a new workbook, or save it as .csv (UTF-8).",
)


class Refusal(Exception):  # noqa: N818
    """A sentence about the file, and what to do: the only two things that leave this process in the end."""


def main(path: Path, chosen: str | None, out: IO[str]) -> None:
    """Write the sheet of a workbook, or why it cannot be read.

    Any other exception ends the process, which is as good as saying that the file is damaged.
    """
    # 1. This process is limited before it looks at the file: a legal workbook of 1.8 KB makes calamine ask for 512 GB
    #    and abort, which no ``except`` can catch (calamine issue 693, measured with 0.9.1). Here that ends a child.
    # 2. The archive's directory is judged before anything is unpacked: a bomb is refused by what it says of itself.
    # 3. The sheet is chosen. Where more than one could be meant, a person chooses; a guess would import the wrong one.
    # 4. The same part is read a second time as bytes, for what calamine does not tell: error values, and formulas
    #    without a stored result, which it gives out as empty cells (measured). An optional field would be sent empty.
    #    And how numbers are shown: 0.5 may be shown as 50%, 42 as 00042.
    # 5. The cells are written in pieces, column by column. The last line says what was read; without it the parent
    #    knows that this process died, and takes nothing of what came before.
    _limit_this_process()
    try:
        for line in _sheet(path, chosen):
            _put(line, out)
    except Refusal as refusal:
        _put({"refused": refusal.args[:2], "sheets": refusal.args[2:]}, out)
    except PasswordError:
        _put(
            {"refused": ["is protected with a password", "Open it, remove the password (Save As), and try again."]}, out
        )
    except MemoryError:
        _put({"refused": TOO_LARGE}, out)


def _put(line: object, out: IO[str]) -> None:
    out.write(json.dumps(line, separators=(",", ":")) + "\n")


def _limit_this_process() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  there is none on Windows

    # No core file: it would leave the user's data on the disk. Never above the hard limit, which only root can raise.
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
        resource.setrlimit(what, (most, hard))


def _sheet(path: Path, chosen: str | None) -> Iterator[object]:
    notices = _look_into(path) if zipfile.is_zipfile(path) else []
    with CalamineWorkbook.from_path(path) as book:
        name, sheet, hidden = _choose(book, chosen)
        notices += [("hidden-sheets", {"names": ", ".join(hidden)})] if hidden else []
        look = _second_look(path, name)
        notices += _unseen(path)
        notices += [("hidden-rows", {"count": look.hidden})] if look.hidden else []
        _add_merged(sheet, look.problems)
        texts = _Texts(sheet, look)
        yield from texts.pieces()
    cells = [(code, row, position) for row, cells in look.problems.items() for position, (code, _) in cells.items()]
    columns = [list(column) for column in zip(*cells, strict=True)] or [[], [], []]
    formatted = [(position, first, last) for position, first, last, _ in look.formatted.all()]
    yield {"name": name, "notices": notices, "problems": columns, "formatted": formatted}


def _unseen(path: Path) -> list[Notice]:
    suffix = path.suffix.lower()
    return [("errors-unseen", {"suffix": suffix})] if suffix in {".xls", ".xlsb"} else []


# -- before anything is unpacked --------------------------------------------------------------------------------------


def _look_into(path: Path) -> list[Notice]:
    """Refuse an archive by its directory alone; what is left to say about it."""
    # The sizes are what the archive says of itself, and may be lies: a part that unpacks to more meets the limit of
    # memory instead.
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    # Names as Windows might have written them, with other slashes and capitals.
    names = [entry.filename.replace("\\", "/").lower() for entry in entries]
    _refuse_bomb(entries)
    _refuse_other_kind(path, names)
    for name in names:
        for part, (what, advice) in REFUSED_PARTS.items():
            if part in f"/{name}":
                raise Refusal(what, advice)
    _refuse_ods_objects(path, names)
    if not any(name.rpartition("/")[2] == MACROS for name in names):
        return []
    if path.suffix.lower() not in _MACRO_KINDS:
        raise Refusal(
            f"is named {path.suffix} but contains macros", "Save it as .xlsx without macros, or rename it to .xlsm."
        )
    return [("macros-not-run", {})]


def _refuse_ods_objects(path: Path, names: Sequence[str]) -> None:
    """Raise Refusal if an OpenDocument holds another file; a chart is stored like one and is none."""
    objects = {name.partition("/")[0] for name in names if _ODS_OBJECT.fullmatch(name)}
    if not objects or "content.xml" not in names:
        return
    with zipfile.ZipFile(path) as archive:
        manifest = ET.fromstring(archive.read("META-INF/manifest.xml"))  # noqa: S314
    charts = {
        entry.get(f"{_MANIFEST}full-path", "").rstrip("/").lower()
        for entry in manifest
        if entry.get(f"{_MANIFEST}media-type") == _ODS_CHART
    }
    if objects - charts:
        raise Refusal(*EMBEDDED)


def _refuse_bomb(entries: Sequence[zipfile.ZipInfo]) -> None:
    advice = "Open it in your spreadsheet program, and save only the sheet you need as .csv (UTF-8)."
    if len(entries) > MOST_ENTRIES:
        raise Refusal(f"contains {len(entries):,} parts; at most {MOST_ENTRIES:,} can be read", advice)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED:
        raise Refusal(f"unpacks to {unpacked >> 20:,} MB; at most {MOST_UNPACKED >> 20} MB can be read", advice)
    for entry in entries:
        if entry.file_size > max(RATIO_FROM, MOST_RATIO * entry.compress_size):
            raise Refusal(f"is compressed more than {MOST_RATIO}-fold, which no real spreadsheet is", advice)


def _refuse_other_kind(path: Path, names: Sequence[str]) -> None:
    # calamine goes by the suffix, and everything that is read as bytes below does so too. One rule for both, or a
    # workbook under a wrong name would be read without its error cells.
    for part, suffixes in _MAIN_PARTS.items():
        if part in names:
            if path.suffix.lower() not in suffixes:
                raise Refusal(f"is named {path.suffix} but is a {suffixes[0]} workbook", f"Rename it to {suffixes[0]}.")
            return
    raise Refusal(*DAMAGED)


# -- which sheet ------------------------------------------------------------------------------------------------------


def _choose(book: CalamineWorkbook, chosen: str | None) -> tuple[str, CalamineSheet, list[str]]:
    """The chosen sheet or the only one that can be meant, and the filled sheets that are hidden."""
    tables = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if chosen is not None:
        if chosen not in [sheet.name for sheet in tables]:
            raise Refusal(f'has no sheet "{chosen}"', f"It has: {', '.join(sheet.name for sheet in tables)}.")
        return chosen, book.get_sheet_by_name(chosen), []
    filled = {s.name: (s.visible, sheet) for s in tables if (sheet := book.get_sheet_by_name(s.name)).height}
    hidden = [name for name, (visible, _) in filled.items() if visible != SheetVisibleEnum.Visible]
    shown = [name for name in filled if name not in hidden]
    # Those of our own templates and reports hold what their drop-downs offer.
    hidden = [name for name in hidden if not _CHOICES.fullmatch(name)]
    shown = [name for name in shown if name not in BESIDE_THE_DATA] or shown
    if len(shown) > 1:
        raise Refusal(
            f"has several sheets: {', '.join(shown)}", f'Choose one, for example --sheet "{shown[0]}".', *shown
        )
    if not shown:
        advice = (
            f'To read a hidden sheet: --sheet "{hidden[0]}".' if hidden else "Choose a file with a header and rows."
        )
        raise Refusal("has no visible sheet with data" if hidden else "has no sheet with data", advice)
    return shown[0], filled[shown[0]][1], hidden


# -- from cells to text -----------------------------------------------------------------------------------------------


class _Texts:
    """The cells of a sheet as text, from A1 on, in pieces.

    What their values show is added to the second look: numbers that were rounded to its ``problems``, cells that show
    something else than their text to its ``formatted``.
    """

    def __init__(self, sheet: CalamineSheet, look: "_Look") -> None:
        self._sheet, self._look, self._problems = sheet, look, look.problems
        problems = look.problems
        # Before the first row is read: two filled cells in opposite corners are a table of 17 billion.
        top, self._left = sheet.start or (0, 0)
        height, width = _extent(sheet)
        if (height - top) * (width - self._left) > MOST_CELLS:
            raise Refusal(*TOO_LARGE)
        # calamine ends its table at the last cell with a value, but an error or a formula may stand beyond it.
        with_problem = [row for row, cells in problems.items() if any(text for _, text in cells.values())]
        self._height = max([height, *with_problem])
        self._width = max([width, *(max(problems[row]) + 1 for row in with_problem)])
        if self._width > MOST_COLUMNS:
            raise Refusal(
                f"has {self._width:,} columns; at most {MOST_COLUMNS} can be read",
                "Delete columns that you do not need.",
            )

    def pieces(self) -> Iterator[object]:
        """A few rows, then as many at once as are good for speed."""
        rows: Iterator[Sequence[Cell]] = iter(self._sheet.iter_rows())
        size, first = FIRST_PIECE_ROWS, 1
        while first <= self._height:
            count = min(size, self._height - first + 1)
            yield {"first": first, "columns": self._columns(list(islice(rows, count)), first, count)}
            size, first = max(FIRST_PIECE_ROWS, min(PIECE_ROWS, PIECE_CELLS // self._width)), first + count

    def _columns(self, rows: list[Sequence[Cell]], first: int, count: int) -> list[list[str]]:
        empty = [""] * (count - len(rows))
        columns = [[""] * count for _ in range(self._left)]
        for position, column in enumerate(zip(*rows, strict=True), start=self._left):
            columns.append([*self._texts(column, first, position), *empty])
        columns += [[""] * count for _ in range(self._width - len(columns))]
        for row in self._problems.keys() & range(first, first + count) if self._problems else ():
            for position, (_, text) in self._problems[row].items():
                if text:
                    columns[position][row - first] = text
        return columns

    def _texts(self, column: Sequence[Cell], first: int, position: int) -> list[str]:
        texts = [cell if type(cell) is str else as_text(cell) for cell in column]
        # Whole columns are looked at first: most have nothing to look for cell by cell.
        if max(map(len, texts), default=0) > LONGEST_CELL:
            row = next(row for row, text in enumerate(texts, start=first) if len(text) > LONGEST_CELL)
            raise Refusal(
                f"has more than {LONGEST_CELL:,} characters in {_address(row, position)}", "Shorten that cell."
            )
        types = set(map(type, column))
        if float in types:
            for row, (cell, text) in enumerate(zip(column, texts, strict=True), start=first):
                if type(cell) is float and cell.is_integer() and len(text.lstrip("-")) > MOST_DIGITS:
                    self._problems.setdefault(row, {})[position] = ("number-rounded", text)
        formats = self._look.formats
        # A column of short numbers and texts without a format is passed over.
        plain = types <= _SHOWN_AS_THEY_ARE and max(map(len, texts), default=0) <= _GENERAL_WIDTH
        if formats is not None and (formats.any_in(position) or not (plain or types <= {str})):
            shapes = formats.of(position, first, len(column))
            for row, cell, text, shape in zip(range(first, first + len(column)), column, texts, shapes, strict=True):
                if not shows_its_text(cell, text, shape):
                    self._look.formatted.add(row, position)
        return texts


def _extent(sheet: CalamineSheet) -> tuple[int, int]:
    """Rows and columns from A1 on; calamine's own total_height and total_width are one less than that (0.9.1)."""
    if sheet.end is None:
        return 0, 0
    last_row, last_position = sheet.end
    return last_row + 1, last_position + 1


def as_text(cell: Cell) -> str:
    """The cell as a person would type it: 12.0 is 12, a date is year first, a percentage is its number.

    Fractions keep the 15 digits that spreadsheet programs show, instants their full second.
    """
    match cell:
        case None:
            return ""
        # Before the numbers: to Python True is an int.
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
        case float():
            return format(cell, f".{MOST_DIGITS}g")
        case datetime():
            # A workbook stores a fraction of a day, and 10:30 comes back as 10:29:59.999. Midnight is taken for a date
            # without a time, which is how such a cell is shown.
            full = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
            return full.date().isoformat() if full.time() == time() else full.isoformat()
        case _:
            return str(cell)


def _address(row: int, position: int) -> str:
    letters, rest = "", position + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


# -- cells without a value that can be read ---------------------------------------------------------------------------


def _add_merged(sheet: CalamineSheet, problems: Problems) -> None:
    # A merged cell shows one value beside several rows, and holds it in the first: the others only look filled in.
    bottom, right = _extent(sheet)
    for (top, left), (last_row, last_position) in sheet.merged_cell_ranges or ():
        for row in range(top, min(last_row + 1, bottom)):
            for position in range(left, min(last_position + 1, right)):
                if (row, position) != (top, left) and position < MOST_COLUMNS:
                    problems.setdefault(row + 1, {}).setdefault(position, ("cell-merged", ""))


class Stretches:
    """Cells as stretches of one column, each with what its cells have in common."""

    def __init__(self, default: str = "") -> None:
        """``default`` is what the cells outside every stretch have."""
        self._default = default
        # First and last row. Whole columns are alike, so that a full sheet of dates is one entry and not a million.
        self._runs: dict[int, list[tuple[int, int, str]]] = {}

    def add(self, row: int, position: int, shared: str = "") -> None:
        """Add a cell below those of its column that were added before."""
        runs = self._runs.setdefault(position, [])
        if runs and runs[-1][1:] == (row - 1, shared):
            runs[-1] = (runs[-1][0], row, shared)
        else:
            runs.append((row, row, shared))

    def any_in(self, position: int) -> bool:
        """Whether a cell of a column may have something else than the general format."""
        return position in self._runs or self._default not in ("", GENERAL)

    def of(self, position: int, first: int, count: int) -> list[str]:
        """What so many cells of a column have, from a row on."""
        shared, runs = [self._default] * count, self._runs.get(position, [])
        for begin, end, value in runs[max(bisect_right(runs, (first, sys.maxsize)) - 1, 0) :]:
            if begin >= first + count:
                break
            inside = range(max(begin - first, 0), min(end - first + 1, count))
            shared[inside.start : inside.start + len(inside)] = [value] * len(inside)
        return shared

    def all(self) -> Iterator[tuple[int, int, int, str]]:
        """Every stretch: position, first row, last row, and what its cells share."""
        for position, runs in self._runs.items():
            yield from ((position, *run) for run in runs)


class _Look:
    """What calamine does not tell of a sheet.

    ``problems`` are the cells that it reads as empty though they are not, ``hidden`` counts the filled rows that are
    hidden. ``formats`` are the number formats, None if what the cells show is in the file; then ``formatted`` has the
    cells already that show something else than their text.
    """

    def __init__(self, problems: Problems, formats: Stretches | None, hidden: int = 0) -> None:
        self.problems, self.formats, self.hidden = problems, formats, hidden
        self.formatted = Stretches()


def _second_look(path: Path, name: str) -> _Look:
    """Of .xls and .xlsb only what is a date is known, of hidden rows in .ods nothing."""
    match path.suffix.lower():
        case ".xlsx" | ".xlsm":
            with zipfile.ZipFile(path) as archive:
                part, styles = _parts_of(archive, name)
                with archive.open(part) as stream:
                    return _look_at_xlsx(stream, styles)
        case ".ods":
            with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
                return _look_at_ods(stream, name)
        case _:
            return _Look({}, Stretches(GENERAL))


# -- what a cell shows ------------------------------------------------------------------------------------------------

GENERAL = "General"
_BUILT_IN = {"0": GENERAL, "1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "49": "@"}
"""The number formats that files name by number alone (ECMA-376 part 1, 18.8.30), as far as they can show a text as it
is; all others are percentages, fractions, money, dates and times."""

_OTHER = "other"
_SHOWN_AS_THEY_ARE = {str, int, float, bool, type(None)}
"""Types of values that the general format shows as they are read, if they are short enough."""

_GENERAL_WIDTH = 11
"""Characters that the general format shows of a number; longer ones become 1.2E+11 or are rounded."""

_NOT_SHOWN = re.compile(r"""\[[^\]]*\]|[_*].|[\\"]""")
"""Parts of a format that only colour it, keep room, or mark the next character as text."""

_PLAIN_NUMBER = re.compile(r"(#,##)?(0+)(?:\.(0+))?")
_TEXT_SECTION = 3


@cache
def _sections(shape: str) -> list[str]:
    """The sections of a number format: for numbers above zero, below zero, for zero, for text; some may be missing."""
    return _NOT_SHOWN.sub("", shape).split(";")


def shows_its_text(cell: Cell, text: str, shape: str) -> bool:
    """Whether a cell with this number format shows what ``as_text`` makes of it; False if that is not certain."""
    sections = _sections(shape)
    match cell:
        case None | bool():
            return True
        case str():
            last = sections[-1] if "@" in sections[-1] else "@"
            return (sections[_TEXT_SECTION] if len(sections) > _TEXT_SECTION else last) == "@"
        case int() | float() if sections[0] in {GENERAL, "@"}:
            return len(text.lstrip("-")) <= _GENERAL_WIDTH
        case int() | float():
            return _number_shown(cell, sections) == text
        case _:
            # A date without a time; every other moment is written with a T and shown with a space.
            return sections[0].lower() == "yyyy-mm-dd" and len(text) == len("2027-04-30")


def _number_shown(number: float, sections: list[str]) -> str | None:
    """A number in a format of digits only, None in any other."""
    plain = _PLAIN_NUMBER.fullmatch(sections[0])
    # Negative numbers and zero may have sections of their own.
    if plain is None or (number < 0 and len(sections) > 1) or (number == 0 and len(sections) > 2):  # noqa: PLR2004
        return None
    thousands, whole, places = plain.group(1), plain.group(2), plain.group(3) or ""
    width = len(whole) + (len(places) + 1 if places else 0)
    digits = f"{abs(number):{',' if thousands else ''}.{len(places)}f}".zfill(width)
    return f"-{digits}" if number < 0 else digits


# The cells are looked for in the bytes. An XML parser over a full sheet takes longer than all of the reading, and these
# patterns run only over pieces that hold one of the marks. Names may have a prefix (<x:c>): some programs write one.
_VALUE = rb"<(?:\w+:)?v\b[^>]*(?:/>|>(?P<value>[^<]*)</(?:\w+:)?v>)"
_FORMULA = rb"<(?:\w+:)?f\b[^>]*?(?:/>|>(?P<formula>[^<]*)</(?:\w+:)?f>)\s*"
_CELL = re.compile(rb"<(?:\w+:)?c\b(?P<attributes>[^>]*)>\s*(?:%s)?(?:%s)?" % (_FORMULA, _VALUE))
_IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
_NO_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*(?:<(?:\w+:)?v\s*(?:/>|>\s*</(?:\w+:)?v>))?\s*</(?:\w+:)?c>"
)
_ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Z]+)(\d+)["']""")
_HIDDEN_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*\bhidden\s*=\s*["'](?:1|true)["'][^>]*(?<!/)>(?!\s*</)""")
_STYLE = rb"""\ss\s*=\s*["'](%s)["']"""
_MOST_NAMED_STYLES = 50
"""Up to so many are looked for one by one, which passes over all other cells at once."""

_STYLED_CELL = re.compile(rb"<(?:\w+:)?c\b(?P<attributes>[^>]*)>")
_ERROR_MARKS = (b'"e"', b"'e'")
_FORMULA_MARKS = (b"<f", b":f")
_PIECE_BYTES = 1 << 20
_LONGEST_ROW = 64 << 20


def _look_at_xlsx(stream: IO[bytes], styles: Sequence[str]) -> _Look:
    """Error cells, formulas without a stored value, number formats, and the number of hidden rows.

    ``styles`` are the number formats by the index that cells name. A sheet without any costs little more than
    unpacking it.
    """
    problems: Problems = {}
    hidden = 0
    # A cell that names no style has the first.
    formats = Stretches(styles[0] if styles else GENERAL)
    by_style = {b"%d" % n: shape for n, shape in enumerate(styles) if shape != styles[0]}
    pattern = re.compile(_STYLE % (b"|".join(by_style) if len(by_style) <= _MOST_NAMED_STYLES else rb"\d+"))
    for piece in _whole_rows(stream):
        for cell, style in _styled_cells(piece, pattern) if by_style else ():
            if style in by_style:
                formats.add(*_place(cell), by_style[style])
        hidden += len(_HIDDEN_ROW.findall(piece)) if b"hidden" in piece else 0
        for cell in _cells_before(piece, _IS_ERROR, _ERROR_MARKS):
            if _IS_ERROR.search(cell["attributes"]):
                _note(problems, cell, "cell-error", _decoded(cell["value"]) or "#ERROR")
        for cell in _cells_before(piece, _NO_RESULT, _FORMULA_MARKS):
            # A formula whose result is an empty text is stored like one without result, but says that it is a text.
            if not _IS_TEXT.search(cell["attributes"]):
                _note(problems, cell, "formula-without-value", f"={_decoded(cell['formula'])}")
    return _Look(problems, formats, hidden)


def _styled_cells(piece: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """The cells whose style the pattern has, each with that style; rows and columns have styles too."""
    for match in pattern.finditer(piece):
        if cell := _STYLED_CELL.match(piece, piece.rfind(b"<", 0, match.start())):
            yield cell, match[1]


def _cells_before(piece: bytes, pattern: re.Pattern[bytes], marks: Iterable[bytes]) -> Iterator[re.Match[bytes]]:
    """The last cell that begins before each match of the pattern."""
    if not any(mark in piece for mark in marks):
        return
    for match in pattern.finditer(piece):
        begin = max(piece.rfind(b"<c", 0, match.start()), piece.rfind(b":c ", 0, match.start()))
        if cell := _CELL.match(piece, piece.rfind(b"<", 0, begin + 1)):
            yield cell


def _note(problems: Problems, cell: re.Match[bytes], code: str, text: str) -> None:
    row, position = _place(cell)
    problems.setdefault(row, {})[position] = (code, text[:LONGEST_CELL])


def _place(cell: re.Match[bytes]) -> tuple[int, int]:
    """The row and the position of a cell."""
    # The attribute is optional in the format, and counting on without it would name the wrong cell for a person to fix.
    where = _ADDRESS.search(cell["attributes"])
    if where is None:
        raise Refusal("has cells without an address", "Open it in your spreadsheet program and save it again.")
    return int(where[2]), _position(where[1])


@cache
def _position(letters: bytes) -> int:
    position = 0
    for letter in letters:
        position = position * 26 + letter - ord("A") + 1
    return position - 1


def _decoded(text: bytes | None) -> str:
    return html.unescape((text or b"").decode("utf-8", "replace")).strip()


def _whole_rows(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(_PIECE_BYTES):
        rest += block
        # At the end of a row, so that no cell is cut in two; the patterns look for nothing that spans rows.
        cut = rest.rfind(b"row>")
        if cut < 0 and len(rest) > _LONGEST_ROW:
            raise Refusal(*TOO_LARGE)
        if cut >= 0:
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _parts_of(archive: zipfile.ZipFile, name: str) -> tuple[str, list[str]]:
    """The part of the archive that a sheet is stored in, and the number formats by the style that its cells name."""
    # expat bounds how far entities grow and fetches none; for the rest this process has its limits.
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): _path(link.get("Target", "")) for link in links}
    sheet = next(element for element in book.iter() if element.tag.endswith("}sheet") and element.get("name") == name)
    # The namespace of this attribute differs between the two forms of the format.
    link = next(value for key, value in sheet.attrib.items() if key.endswith("relationships}id"))
    styles = next((_path(e.get("Target", "")) for e in links if e.get("Type", "").endswith("/styles")), None)
    return targets[link], _number_formats(ET.fromstring(archive.read(styles))) if styles else []  # noqa: S314


def _path(target: str) -> str:
    """The part of the archive that a relationship of the workbook leads to."""
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _number_formats(styles: ET.Element) -> list[str]:
    """The number format of each style that cells can name."""
    codes = _BUILT_IN | {
        element.get("numFmtId", ""): element.get("formatCode", "")
        for element in styles.iterfind(".//{*}numFmts/{*}numFmt")
    }
    return [codes.get(style.get("numFmtId", "0"), _OTHER) for style in styles.iterfind(".//{*}cellXfs/{*}xf")]


# -- the same for OpenDocument ----------------------------------------------------------------------------------------

_ODS_NUMBERS = ("float", "percentage", "currency")
_ODS_VALUES = {**dict.fromkeys(_ODS_NUMBERS, "office:value"), "date": "office:date-value", "time": "office:time-value"}
_ODS_MARKS = (
    b"table:formula",
    b'value-type="error"',
    b"covered-table-cell",
    *(f'value-type="{kind}"'.encode() for kind in _ODS_VALUES),
)
_SHOWS_ERROR = re.compile(r"#[A-Z0-9/]+[!?]?|Err:\d{3}")


def _look_at_ods(stream: IO[bytes], name: str) -> _Look:
    content = stream.read()
    if any(link in content for link in _ODS_LINKS):
        raise Refusal(*ODS_LINKED)
    # The parser is slow, and a table of texts has nothing for it to find.
    if not any(mark in content for mark in _ODS_MARKS):
        return _Look({}, None)
    walk = _OdsWalk(name)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = walk.start, walk.end, walk.text
    parser.Parse(content, True)
    return walk.look


class _OdsWalk:
    """Counts rows and cells of one table, with their repetitions, and compares what a cell holds with what it shows."""

    def __init__(self, name: str) -> None:
        self.look = _Look({}, None)
        self._name, self._inside = name, False
        self._row, self._rows, self._position, self._positions = 0, 0, 0, 0
        self._cell: dict[str, str] | None = None
        self._shown, self._in_comment = "", False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin a table, a row or a cell."""
        match tag:
            case "table:table":
                self._inside = attributes.get("table:name") == self._name
            case "table:table-row":
                self._row += self._rows
                self._rows, self._position, self._positions = _repeated(attributes, "rows"), 0, 0
            case "table:table-cell" | "table:covered-table-cell":
                self._position += self._positions
                self._positions = _repeated(attributes, "columns")
                self._cell, self._shown = attributes, ""
            case "office:annotation":
                self._in_comment = True

    def text(self, data: str) -> None:
        """Gather what the cell shows."""
        if self._cell is not None and not self._in_comment:
            self._shown += data

    def end(self, tag: str) -> None:
        """End a cell: it is known now what it shows."""
        if tag == "table:table":
            self._inside, self._row, self._rows = False, 0, 0
        if tag == "office:annotation":
            self._in_comment = False
        if tag not in {"table:table-cell", "table:covered-table-cell"} or self._cell is None:
            return
        shown = self._shown.strip()
        if self._inside and (problem := _ods_problem(tag, self._cell, shown)):
            for row, position in self._cells():
                self.look.problems.setdefault(row, {})[position] = problem
        elif self._inside and shown and shown != _ods_text(self._cell, shown):
            for row, position in self._cells():
                self.look.formatted.add(row, position)
        self._cell = None

    def _cells(self) -> Iterator[tuple[int, int]]:
        """The rows and positions that the cell stands for."""
        # A repetition is one element however often it counts: a few bytes can stand for a sheet full of cells.
        for row in range(self._row + 1, self._row + min(self._rows, PIECE_ROWS) + 1):
            for position in range(self._position, self._position + min(self._positions, MOST_COLUMNS)):
                yield row, position


def _ods_problem(tag: str, cell: dict[str, str], shown: str) -> tuple[str, str] | None:
    formula = cell.get("table:formula")
    if cell.get("calcext:value-type") == "error" or (formula and _SHOWS_ERROR.fullmatch(shown)):
        return "cell-error", shown or "#ERROR"
    if formula and "office:value-type" not in cell and not shown:
        return "formula-without-value", f"={formula.partition('=')[2]}"
    return ("cell-merged", "") if tag == "table:covered-table-cell" else None


def _ods_text(cell: dict[str, str], shown: str) -> str:
    """What is read from a number, a date or a time; of any other cell what it shows."""
    kind = cell.get("office:value-type", "")
    value = cell.get(_ODS_VALUES.get(kind, ""), shown)
    if value == shown or kind not in _ODS_NUMBERS:
        return value
    try:
        return as_text(float(value))
    except (ValueError, OverflowError):
        return value


def _repeated(attributes: dict[str, str], what: str) -> int:
    return int(attributes.get(f"table:number-{what}-repeated", "1"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None, sys.stdout)  # noqa: PLR2004
