"""A copy of an .xlsx or .xlsm workbook with an annotation: every part as it was, but for those that must change.

What cannot be changed without losing something is refused, with the reason as the end of a sentence.
"""

import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from .annotated_sheet import AnnotatedSheet, SheetLinks, annotated_sheet
from .annotation import Annotation, read_annotation
from .cell_comments import CellComments, blocks_of
from .cell_styles import CellStyles
from .confinement import confine
from .helper_sheet import columns_of, first_text, free_name, helper_sheet, looks_in, may_be_helper, sheets_of
from .limits import Refusal, limit_this_process, open_archive
from .package import Package
from .package_parts import Parts
from .sheet_choice import CHOICES_MARK
from .spans import Edits, elements, escaped, prefix_of, put_inside
from .xlsx_display import links_of

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main workbook"
_RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SIGNATURES = "_xmlsignatures/"
_DRAWING_LINK = re.compile(rb"""<(?:\w+:)?legacyDrawing\s[^<>]*?\b\w++:id\s*=\s*["']([^"']+)["']""")
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def main(path: Path, lines: Iterable[str], out: IO[bytes]) -> None:
    """Write the copy, or why there is none as JSON: {"refused": [reason]}."""
    limit_this_process(path.stat().st_size)
    confine(path)
    try:
        with open_archive(path) as archive:
            parts = _annotated(archive, read_annotation(lines))
            parts.write(out)
    except Refusal as refusal:
        out.write(json.dumps({"refused": refusal.args}).encode())


def _annotated(archive: zipfile.ZipFile, annotation: Annotation) -> Parts:
    if any(_SIGNATURES in name.lower() for name in archive.namelist()):
        raise Refusal("it is digitally signed")
    package = Package(archive)
    if package.is_binary:
        raise Refusal("it is an .xlsb workbook")
    book = package.read(package.main)
    if elements(book, 0)[0].name != _MAIN:
        raise Refusal("it is stored in the strict form of the format")
    return _Copy(archive, package, book, annotation).parts()


class _Copy:
    """The parts of a workbook that an annotation changes."""

    def __init__(self, archive: zipfile.ZipFile, package: Package, book: bytes, annotation: Annotation) -> None:
        self._package, self._book, self._annotation = package, book, annotation
        self._parts = Parts(archive, package)
        self._sheet = package.part(links_of(book).get(annotation.sheet, ""))
        self._links = package.relations_of(self._sheet)
        self._names = [name for name, _, _ in sheets_of(book)]
        self._helper, self._helper_name = self._earlier_helper()

    def parts(self) -> Parts:
        """All parts, with those that change."""
        # 1. The hidden sheet of an earlier copy tells how red cells looked before: those that are right by now go back.
        # 2. The sheet is written, which says what looks it needs; then the looks themselves.
        # 3. Comments, and the boxes that they are drawn in. A cell that somebody has commented on keeps that comment.
        # 4. The hidden sheet last: it holds the lists that cells refer to, and the looks from step 2.
        # 5. Every other part is copied; so are its bytes, whatever is in it.
        looks = looks_in(self._package.read(self._helper)) if self._helper else {}
        styles_part = self._package.part_of("styles")
        if styles_part is None:
            raise Refusal("it has no styles")
        styles = CellStyles(self._package.read(styles_part), looks)
        data = self._package.read(self._sheet)
        columns = columns_of(tuple(self._annotation.lists))
        drawing_link = self._parts.free_link(self._sheet)
        sheet = annotated_sheet(data, self._annotation, styles, SheetLinks(self._helper_name, columns, drawing_link))
        self._parts.replace(self._sheet, sheet.data)
        self._parts.replace(styles_part, styles.applied())
        self._comment(data, sheet, drawing_link)
        lists = {position: self._annotation.lists[position] for position in sheet.offered}
        self._help(helper_sheet(lists, columns, styles.plain), needed=bool(lists or styles.plain))
        if sheet.lost_formula and (chain := self._package.part_of("calcChain")):
            # It names cells with formulas, and Excel repairs a file in which one of them has none. It is made anew.
            self._parts.drop(chain, self._package.main)
        return self._parts

    def _earlier_helper(self) -> tuple[str | None, str]:
        """The part of the sheet that an earlier copy added, if there is one, and the name that it has or gets."""
        strings_part = self._package.part_of("sharedStrings")
        strings = self._package.read(strings_part) if strings_part else None
        for name, link, hidden in sheets_of(self._book):
            if hidden and may_be_helper(name):
                part = self._package.part(link)
                if first_text(self._package.read(part), strings) == CHOICES_MARK:
                    return part, name
        return None, free_name(self._names)

    def _help(self, data: bytes, *, needed: bool) -> None:
        if self._helper:
            self._parts.replace(self._helper, data)
        elif needed:
            part = self._parts.add("xl/worksheets/sheet{}.xml", data, f"{_SPREADSHEET}.worksheet+xml")
            link = self._parts.link(self._package.main, "worksheet", part)
            self._parts.replace(self._package.main, _with_sheet(self._book, self._helper_name, link))

    def _comment(self, data: bytes, sheet: AnnotatedSheet, drawing_link: str) -> None:
        """Write the sentences as comments, and take away those of an earlier copy."""
        comments = next((link.part for link in self._links if link.kind == "comments" and link.part), None)
        match = _DRAWING_LINK.search(data)
        drawing = next((link.part for link in self._links if match and link.id == match[1].decode()), None)
        before = CellComments(
            self._package.read(comments) if comments else None, self._package.read(drawing) if drawing else None
        )
        if not sheet.sentences and not before.any_of_ours:
            return
        new_comments, new_drawing = before.with_ours(sheet.sentences, self._free_block())
        # The drawing first: its link is promised in the sheet.
        if drawing:
            self._parts.replace(drawing, new_drawing)
        elif sheet.sentences:
            part = self._parts.add("xl/drawings/vmlDrawing{}.vml", new_drawing, _VML)
            self._parts.link(self._sheet, "vmlDrawing", part, drawing_link)
        if comments:
            self._parts.replace(comments, new_comments)
        else:
            part = self._parts.add("xl/comments{}.xml", new_comments, f"{_SPREADSHEET}.comments+xml")
            self._parts.link(self._sheet, "comments", part)

    def _free_block(self) -> int:
        drawings = [part for part in self._parts.names if part.lower().endswith(".vml")]
        return max((block for part in drawings for block in blocks_of(self._package.read(part))), default=0) + 1


def _with_sheet(book: bytes, name: str, link: str) -> bytes:
    """The workbook with one more sheet, which is hidden."""
    parts, edits = elements(book, 2), Edits()
    sheets = next(element for element in parts if element.name.endswith(" sheets"))
    numbers = [int(element.attributes.get("sheetId", 0)) for element in parts if element.name.endswith(" sheet")]
    words = (prefix_of(sheets.tag(book)), escaped(name), max(numbers, default=0) + 1, _RELATIONS, link.encode())
    piece = b'<%ssheet name="%s" sheetId="%d" state="hidden" xmlns:r="%s" r:id="%s"/>' % words
    put_inside(edits, book, sheets, piece)
    return edits.applied(book)
