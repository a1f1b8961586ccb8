"""What is done with a workbook, step by step.

Writes JSON lines: for each piece of the sheet {"first": row, "columns": [[text]], "formats": [[position, first row,
last row, number format]]}, then one line {"name", "notices", "day_zero", "problems"}, or {"refused": [sentence,
advice]} with the names of the "sheets" to choose from, if it is that.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, PasswordError

from . import xlsb_display, xlsx_display
from .books import Book, CalamineBook, XlsBook
from .cell_texts import CellTexts
from .confinement import confine
from .display import FROM_1904, Display, Formats
from .limits import DAMAGED, PROTECTED, TOO_LARGE, Refusal, limit_this_process, open_archive
from .ods_content import plain_content
from .ods_display import OdsDisplays, Views, readable_values
from .package import Package, letters_of
from .plain_cells import (
    NO_MOMENTS,
    Moments,
    blank_strings,
    has_wide_escapes,
    plain_cells,
    readable_cells,
    without_blanks,
    without_wide_escapes,
)
from .safety import Notice, about_parts, linked_with_others, macros_not_run
from .sheet_choice import choose

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_BOOKS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_OLD_MACROS = "_VBA_PROJECT_CUR".encode("utf-16-le")
_SETTINGS, _CONTENT, _STYLES = "settings.xml", "content.xml", "styles.xml"
_PARTS_OF_ODS = ("mimetype", "META-INF/manifest.xml", _CONTENT)
_MODERN = (".xlsx", ".xlsm")
_NO_MEMORY = "PyObject pointer is null"
"""What calamine (0.9.1) says where Python has no memory for a value of a cell."""

_SHARED_STRING = re.compile(rb"<(?:\w+:)?si\b")


def main(path: Path, chosen: str | None, out: IO[str], *, blanks: bool = True) -> None:
    """Write the sheet of a workbook, or why it cannot be read.

    Without ``blanks``, cells of nothing but blanks are taken out of an .xlsx first: calamine makes room for every cell
    up to the last, so that a single space in XFD1048576 takes more memory than there is.

    Any other exception ends the process, which is as good as saying that the file is damaged.
    """
    # 1. This process is limited, and confined, before it looks at the file: a legal workbook of 1.8 KB makes calamine
    #    ask for 512 GB and abort, which no ``except`` can catch (calamine issue 693, measured with 0.9.1). Here that
    #    ends a child.
    # 2. The archive's directory is judged before anything is unpacked: a bomb is refused by what it says of itself.
    # 3. A workbook whose parts lie where calamine does not look is copied into the plain form, in memory.
    # 4. The sheet is chosen. Where more than one could be meant, a person chooses; a guess would import the wrong one.
    # 5. The same part is read a second time as bytes, for what calamine does not tell: error values, and formulas
    #    without a stored result, which it gives out as empty cells (measured). An optional field would be sent empty.
    #    And how numbers are shown: 0.5 may be shown as 50%, 42 as 00042.
    # 6. The cells are written in pieces, column by column. The last line says what was read; without it the parent
    #    knows that this process died, and takes nothing of what came before.
    limit_this_process(path.stat().st_size)
    confine(path)
    try:
        for line in _sheet(path, chosen, blanks=blanks):
            _put(line, out)
    except Refusal as refusal:
        _put({"refused": refusal.args[:2], "sheets": refusal.args[2:]}, out)
    except PasswordError:
        _put({"refused": PROTECTED}, out)
    except MemoryError:
        _put({"refused": TOO_LARGE}, out)
    except BaseException as error:
        if str(error) != _NO_MEMORY:
            raise
        _put({"refused": TOO_LARGE}, out)


def _put(line: object, out: IO[str]) -> None:
    out.write(json.dumps(line, separators=(",", ":")) + "\n")


def _sheet(path: Path, chosen: str | None, *, blanks: bool) -> Iterator[object]:
    with path.open("rb") as file:
        start = file.read(len(_ZIP))
    if start == _OLE:
        book, notices = _old(path)
        yield from _lines(book, chosen, notices)
        return
    with open_archive(path) as archive:
        notices = about_parts(path, archive)
        if _CONTENT in archive.namelist():
            _refuse_other_kind(path, (".ods",))
            yield from _open_document(path, archive, chosen, notices)
            return
        package = Package(archive)
        _refuse_other_kind(path, (".xlsb",) if package.is_binary else _MODERN)
        source = _source(path, package, blanks=blanks)
        yield from _modern(source, package, chosen, notices)


def _open_document(path: Path, archive: zipfile.ZipFile, chosen: str | None, notices: list[Notice]) -> Iterator[object]:
    stored = archive.read(_CONTENT)
    content = plain_content(stored)
    display = _OdsBook(archive, content, notices).display
    try:
        source = path if content == stored else _with_content(archive, content)
        yield from _lines(CalamineBook(source, display), chosen, notices)
    except CalamineError:
        # Before the first line of the answer, as below.
        yield from _lines(CalamineBook(_with_content(archive, readable_values(content)), display), chosen, notices)


def _with_content(archive: zipfile.ZipFile, content: bytes) -> IO[bytes]:
    """A copy of an OpenDocument with another form of its content."""
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as target:
        for name in _PARTS_OF_ODS:
            target.writestr(name, content if name == _CONTENT else archive.read(name))
    copy.seek(0)
    return copy


def _source(path: Path, package: Package, *, blanks: bool) -> Path | IO[bytes]:
    """What calamine is to read of a workbook."""
    if not blanks and not package.is_binary:
        strings = blank_strings(_strings(package))
        return package.plain_copy(partial(without_blanks, strings=strings))
    return path if package.is_plain() else package.plain_copy()


def _modern(source: Path | IO[bytes], package: Package, chosen: str | None, notices: list[Notice]) -> Iterator[object]:
    if package.is_binary:
        yield from _lines(_binary_book(source, package), chosen, notices)
        return
    display = _XmlBook(package, _moments(package)).display
    strings = _strings(package)
    try:
        if has_wide_escapes(strings):
            raise xlsx_display.UnusualCells
        yield from _lines(CalamineBook(source, display), chosen, notices)
    except (xlsx_display.UnusualCells, CalamineError, OverflowError):
        # Before the first line of the answer: the sheet is read as a whole.
        rewritten = partial(plain_cells, strings=len(_SHARED_STRING.findall(strings)))
        with zipfile.ZipFile(package.plain_copy(rewritten, without_wide_escapes)) as archive:
            copy = Package(archive)
            readable = partial(readable_cells, moments=_moments(copy))
            book = CalamineBook(copy.plain_copy(readable), _XmlBook(copy).display)
            yield from _lines(book, chosen, notices)


def _binary_book(source: Path | IO[bytes], package: Package) -> Book:
    binary = _BinaryBook(package)
    from_1904 = xlsb_display.counts_from_1904(package.read(package.main))
    readable = partial(xlsb_display.without_odd_days, styles=binary.shapes, from_1904=from_1904)
    sheets = dict.fromkeys(each.part for each in package.relations if each.kind == "worksheet" and each.part)
    is_odd = any(readable(sheet) is not sheet for sheet in map(package.read, sheets))
    return CalamineBook(package.plain_copy(readable) if is_odd else source, binary.display)


def _binary_styles(package: Package) -> Formats:
    styles = package.part_of("styles")
    return xlsb_display.formats_of(package.read(styles)) if styles else Formats()


def _moments(package: Package) -> Moments:
    styles = package.part_of("styles")
    shapes = xlsx_display.formats_of(package.read(styles)).of_cells if styles else ()
    return Moments(shapes, from_1904=xlsx_display.counts_from_1904(package.read(package.main)))


def _strings(package: Package) -> bytes:
    part = package.part_of("sharedStrings")
    return package.read(part) if part else b""


def _old(path: Path) -> tuple[Book, list[Notice]]:
    content = path.read_bytes()
    if not any(name in content for name in _OLD_BOOKS):
        raise Refusal(*(PROTECTED if _ENCRYPTED in content else DAMAGED))
    _refuse_other_kind(path, (".xls",))
    return XlsBook(content), [macros_not_run()] if _OLD_MACROS in content else []


def _refuse_other_kind(path: Path, suffixes: tuple[str, ...]) -> None:
    # Excel warns of such a file, and somebody who sends a workbook under another name may mean no good.
    if path.suffix.lower() not in suffixes:
        raise Refusal(f"is named {path.suffix} but is a {suffixes[0]} workbook", f"Rename it to {suffixes[0]}.")


def _lines(book: Book, chosen: str | None, notices: list[Notice]) -> Iterator[object]:
    name, hidden = choose(book, chosen)
    display = book.display(name)
    texts = CellTexts(book.table(name), display)
    yield from texts.pieces()
    out_of_sight = [letters_of(position) for position in sorted(display.hidden_columns & texts.filled)]
    cells = [
        (code, row, position)
        for row, problems in sorted(display.problems.items())
        for position, (code, _) in sorted(problems.items())
    ]
    yield {
        "name": name,
        "notices": [
            *notices,
            *([("hidden-sheets", {"names": ", ".join(hidden)})] if hidden else []),
            *([("hidden-rows", {"count": display.hidden_rows})] if display.hidden_rows else []),
            *([("hidden-columns", {"names": ", ".join(out_of_sight)})] if out_of_sight else []),
            *([("formulas-shown", {})] if display.shows_formulas else []),
        ],
        "day_zero": display.day_zero,
        "problems": [list(column) for column in zip(*cells, strict=True)] or [[], [], []],
    }


class _OdsBook:
    """An OpenDocument of sheets, whose parts are read once for all of them."""

    def __init__(self, archive: zipfile.ZipFile, content: bytes, notices: list[Notice]) -> None:
        self._archive, self._content, self._notices = archive, content, notices

    def display(self, name: str) -> Display:
        """What a sheet tells beside its values."""
        return self._displays.of(name)

    @cached_property
    def _displays(self) -> OdsDisplays:
        has_settings = _SETTINGS in self._archive.namelist()
        views = Views(self._archive.read(_SETTINGS)) if has_settings else None
        styles = plain_content(self._archive.read(_STYLES)) if _STYLES in self._archive.namelist() else b""
        displays = OdsDisplays(self._content, views, styles)
        self._notices += [linked_with_others()] if displays.is_linked else []
        return displays


class _XmlBook:
    """A workbook of XML, whose parts about all of its sheets are read once."""

    def __init__(self, package: Package, moments: Moments = NO_MOMENTS) -> None:
        self._package, self._moments = package, moments
        book, styles = package.read(package.main), package.part_of("styles")
        self._shapes = xlsx_display.formats_of(package.read(styles)) if styles else Formats()
        self._links = distinct_parts(package, xlsx_display.links_of(book))
        self._to_calculate = xlsx_display.is_calculated_on_opening(book)
        self._day_zero = FROM_1904 if xlsx_display.counts_from_1904(book) else ""

    def display(self, name: str) -> Display:
        """What a sheet tells beside its values."""
        with self._package.stream(self._package.part(self._links.get(name, ""))) as stream:
            display = xlsx_display.display_of_xlsx(
                stream, self._shapes, calculated_on_opening=self._to_calculate, moments=self._moments
            )
        display.day_zero = self._day_zero
        return display


class _BinaryBook:
    """A workbook of records, whose parts about all of its sheets are read once."""

    def __init__(self, package: Package) -> None:
        self._package, book = package, package.read(package.main)
        self.shapes = _binary_styles(package)
        self._links = distinct_parts(package, xlsb_display.links_of(book))
        self._to_calculate = xlsb_display.is_calculated_on_opening(book)
        self._day_zero = FROM_1904 if xlsb_display.counts_from_1904(book) else ""

    def display(self, name: str) -> Display:
        """What a sheet tells beside its values."""
        part = self._package.part(self._links.get(name, ""))
        display = xlsb_display.display_of_xlsb(
            self._package.read(part), self.shapes, calculated_on_opening=self._to_calculate
        )
        display.day_zero = self._day_zero
        return display


def distinct_parts(package: Package, links: Mapping[str, str]) -> Mapping[str, str]:
    """The Ids of the links to the sheets, by their names.

    Raises:
        Refusal: Several sheets are one part, which would be read for each of thousands of names.
    """
    ids = {relation.id: relation.part for relation in reversed(package.relations)}
    parts = [ids.get(link) for link in links.values()]
    if len(set(parts)) < len(parts):
        raise Refusal(*DAMAGED)
    return links
