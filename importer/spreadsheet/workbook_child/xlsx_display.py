"""What an XLSX sheet tells beside its values: errors, formulas without a result, number formats, hidden parts."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import IO
from xml.etree import ElementTree as ET

from .cell_texts import as_text
from .display import Display, Formats, Stretches
from .format_codes import BUILT_IN, GENERAL, OTHER, usable
from .limits import DAMAGED, MOST_COLUMNS, MOST_ROWS, TOO_LARGE, Refusal
from .number_formats import changes_texts, shown, shows_number
from .package import letters_of, position_of
from .plain_cells import FLOAT, IN_UTC, NO_MOMENTS, Moments, has_wide_escapes, is_of_text
from .references import has_needless_references


class UnusualCells(Exception):  # noqa: N818
    """Cells that are to be put into another form first.

    The format allows what these patterns do not read: no addresses, CDATA, comments, needless references. And calamine
    does not read what the format allows: any number in a format of dates, blanks round a number, dates in UTC.
    """


# The cells are looked for in the bytes. An XML parser over a full sheet takes longer than all of the reading, and these
# patterns run only over pieces that hold one of the marks. Names may have a prefix (<x:c>): some programs write one.
_VALUE = rb"(?P<result><(?:\w+:)?v\b[^<>]*(?:/>|>(?P<value>[^<]*)</(?:\w+:)?v>))"
_FORMULA = rb"<(?:\w+:)?f\b(?P<about_formula>[^<>]*?)(?:/>|>(?P<formula>[^<]*)</(?:\w+:)?f>)\s*"
_FORMULA_START = re.compile(rb"<(?:\w+:)?f[\s/>]")
_AREA = re.compile(
    rb"""(?=.*\bt\s*=\s*["'](?:array|dataTable)["']).*\bref\s*=\s*["'][A-Z]+\d+:([A-Z]+)(\d+)["']""", re.DOTALL
)
"""Where a formula says for which cells it stands; a shared one stands in each of them."""

_UNUSUAL_MARKS = (b"<![CDATA[", b"<!--", b"<?")
_MARKED_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>[^<&]*&")
_SPACED_VALUE = re.compile(rb"<(?:\w+:)?v\b[^<>]*>[^<\s]*\s")
_BEHIND_A_VALUE = re.compile(rb"(?:</(?:\w+:)?(?:v|is)|<(?:\w+:)?(?:v|is)\b[^<>]*/)\s*+>\s*+(?!</(?:\w+:)?c\s*>)")
_ODD_INLINE = re.compile(rb"""inlineStr["'][^<>]*+(?<!/)>\s*+(?!</(?:\w+:)?c\s*>|<(?:\w+:)?(?:is|f)[\s/>])""")
"""An inline text that is none."""

_START = rb"""<(?:\w+:)?c\b(?P<attributes>(?:\sr="(?P<column>[A-Z]+)(?P<row>\d+)")?[^<>]*)>"""
"""Most programs write the address first, and to look for it elsewhere takes twice as long."""

_CELL = re.compile(rb"%s\s*(?:%s)?(?:%s)?" % (_START, _FORMULA, _VALUE))
_IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_IS_DATE = re.compile(rb"""\bt\s*=\s*["']d["']""")
_PLAIN_DATE = re.compile(
    rb"\s*(?:\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?)?)?\s*"
)
"""What a number format shows as it is; in another zone or form of ISO 8601, nobody knows what a program shows."""

_IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
_NO_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^<>]*/>)\s*+"
    rb"(?:<(?:\w+:)?v\s*+(?:/>|>\s*+</(?:\w+:)?v>)\s*+)?</(?:\w+:)?c>"
)
_ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_NO_SIZE = rb"""\s*=\s*["']0+(?:\.0*)?["']"""
_HIDDEN = rb"""\s(?:hidden\s*=\s*["']\s*(?:1|true)\s*["']|%s%s)"""
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b(?=[^<>]*+(?<!/)>(?!\s*+</))[^<>]*?%s" % (_HIDDEN % (b"ht", _NO_SIZE)))
_HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\b(?=([^<>]*+)>)[^<>]*?%s" % (_HIDDEN % (b"width", _NO_SIZE)))
_HIDDEN_MARKS = (b"hidden", b'ht="0', b"ht='0", b"ht =")
_FIRST_COLUMN = re.compile(rb"""\smin\s*=\s*["']\s*\+?(\d+)\s*["']""")
_LAST_COLUMN = re.compile(rb"""\smax\s*=\s*["']\s*\+?(\d+)\s*["']""")
_STYLE = rb"""\ss\s*=\s*["'][\s+0]*(%s)\s*["']"""
_ROW_STYLE = re.compile(_STYLE % rb"\d+")
_NAMES_STYLE = re.compile(rb"""\ss\s*=""")
_CUSTOM = re.compile(rb"""\scustomFormat\s*=\s*["']\s*(?:1|true)\s*["']""")
_IS_SHARED = re.compile(rb"""\bt\s*=\s*["']s["']""")
_COLUMN_STYLE = re.compile(rb"""<(?:\w+:)?col\b[^<>]*?\sstyle\s*=\s*["'][\s+0]*(\d+)\s*["'][^<>]*>""")
_ROW_OR_CELL = re.compile(rb"<(?:\w+:)?(?P<name>row|c)\b(?P<about>[^<>]*)>")
_UNSTYLED = (
    rb"""<(?:\w+:)?(?P<name>c)(?=\sr="(?:%(a)s)\d|(?!\sr="[A-Z])[\s>](?:[^<>]*?\br\s*=\s*["'](?i:%(a)s)\d"""
    rb"""|(?![^<>]*?\br\s*=\s*["'][A-Za-z]++\d)))(?![^<>]*\s%(b)s)(?P<about>[^<>]*)(?<!/)>"""
)
"""Most programs write the address first and in capitals: the others are asked about in a way that takes longer, and so
are cells without an address, which may be in any column."""

_NAMED, _NAMED_OR_TEXT = rb"s\s*=", rb"""(?:s\s*=|t\s*=\s*["'](?:s|str|inlineStr)["'])"""
_MOST_NAMED_STYLES = 50
"""Up to so many are looked for one by one, which passes over all other cells at once."""

_STYLED_CELL = re.compile(_START)
_USUAL_DAY = re.compile(rb"<(?:\w+:)?v>[3-7]\d{4}(?:\.\d+)?<")
"""From 1982 to 2119, counted from any day 0: for speed alone."""

_ERROR_MARKS = (b'"e"', b"'e'")
_DATE_MARKS = (b'"d"', b"'d'")
_FORMULA_MARKS = (b"<f", b":f")
_CONDITION_MARK = b"conditionalFormatting"
_CONDITION = re.compile(
    rb"<((?:\w+:)?)conditionalFormatting\b[^<>]*(?<!/)>.*?(?:</\1conditionalFormatting\s*>|\Z)", re.DOTALL
)
_FORMAT_OF_CONDITION = re.compile(rb"""\sdxfId\s*=\s*["']\s*\+?(\d+)\s*["']""")
_SHAPE_OF_CONDITION = re.compile(rb"""<(?:\w+:)?numFmt\b[^<>]*\sformatCode\s*=\s*"([^"<]*)\"""")
_AREAS_OF_CONDITION = re.compile(rb"""\ssqref\s*=\s*["']([^"']*)["']|<(?:\w+:)?sqref>([^<]*)<""")
_RANGE = re.compile(rb"\$?([A-Z]*)\$?(\d*)(?::\$?([A-Z]*)\$?(\d*))?")
_HIDES_ZEROS = re.compile(rb"""<(?:\w+:)?sheetView\s[^<>]*\bshowZeros\s*=\s*["']\s*(?:0|false)\s*["']""")
_SHOWS_FORMULAS = re.compile(rb"""<(?:\w+:)?sheetView\s[^<>]*\bshowFormulas\s*=\s*["']\s*(?:1|true)\s*["']""")
_HIDES_VALUES = re.compile(rb"""\sshowValue\s*=\s*["']\s*(?:0|false)\s*["']""")
"""Of a set of icons or of bars, which stand in place of the numbers."""

_TRUE, _FALSE = {"1", "true"}, {"0", "false"}
_PIECE_BYTES = 1 << 20
_LONGEST_ROW = 64 << 20


def display_of_xlsx(
    stream: IO[bytes], styles: Formats, *, calculated_on_opening: bool = False, moments: Moments = NO_MOMENTS
) -> Display:
    """What a sheet tells beside its values, read from its XML.

    A sheet without any ``styles`` costs little more than unpacking it. ``calculated_on_opening``: the stored
    results of its formulas are not what a person sees. ``moments``: what calamine takes for one.

    Raises:
        UnusualCells: A cell that matters does not say where it is, cells are not of plain characters, or calamine
            cannot read one as the moment that it takes it for.
    """
    # A cell that names no style has the first.
    default = styles.of_cells[0] if styles.of_cells else GENERAL
    formats = Stretches(default)
    display = Display(formats=formats)
    by_style = {b"%d" % n: shape for n, shape in enumerate(styles.of_cells) if shape != default}
    pattern = re.compile(_STYLE % (b"|".join(by_style) if len(by_style) <= _MOST_NAMED_STYLES else rb"\d+"))
    inherited = _Inherited(by_style, default)
    pieces = _whole_rows(stream)
    for number, piece in enumerate(pieces):
        head, _, cells = piece.partition(b"sheetData") if number == 0 else (b"", b"", piece)
        if any(mark in cells for mark in _UNUSUAL_MARKS) or has_wide_escapes(cells) or has_needless_references(piece):
            raise UnusualCells
        _refuse_odd_values(cells, _MARKED_VALUE, (b"&",))
        if _is_beside_a_value(cells):
            raise UnusualCells
        if number == 0:
            # A program that puts blanks round a number does so round each.
            _refuse_odd_values(cells, _SPACED_VALUE, (b"<",))
            inherited.add_columns(head)
        _hide_columns(display, head)
        display.hides_zeros = display.hides_zeros or _HIDES_ZEROS.search(head) is not None
        display.shows_formulas = display.shows_formulas or _SHOWS_FORMULAS.search(head) is not None
        for cell, style in _styled_cells(piece, pattern) if by_style else ():
            if style in by_style:
                formats.add(*_place(cell), by_style[style])
                if style in moments.styles and not _USUAL_DAY.match(piece, cell.end()):
                    _refuse_odd_day(piece, cell, moments)
        for cell in _STYLED_CELL.finditer(piece) if b"0" in moments.styles else ():
            _refuse_odd_day(piece, cell, moments)
        inherited.add_cells(display, formats, piece)
        display.hidden_rows += len(_HIDDEN_ROW.findall(piece)) if any(mark in piece for mark in _HIDDEN_MARKS) else 0
        if _CONDITION_MARK in piece:
            _add_conditions(display, piece, styles)
        _add_problems(display, piece, _FORMULA_START if calculated_on_opening else _NO_RESULT)
    formats.sort()
    return display


def _refuse_odd_values(cells: bytes, pattern: re.Pattern[bytes], marks: Iterable[bytes]) -> None:
    """Raise UnusualCells if a value with something that belongs in texts only is none; calamine reads a part of it."""
    if not all(is_of_text(cell["attributes"]) for cell in _cells_before(cells, pattern, marks)):
        raise UnusualCells


class _Inherited:
    """The number formats of rows and columns, which LibreOffice shows in cells that name no style, and Excel does not.

    Excel writes the style into each of its cells; other programs may leave it out.
    """

    def __init__(self, by_style: Mapping[bytes, str], default: str) -> None:
        self._by_style, self._default = by_style, default
        self._columns: dict[int, str] = {}

    def add_columns(self, head: bytes) -> None:
        """Note the formats of columns."""
        for column in _COLUMN_STYLE.finditer(head) if self._by_style else ():
            first, last = _FIRST_COLUMN.search(column[0]), _LAST_COLUMN.search(column[0])
            if first and last and (shape := self._by_style.get(column[1])):
                positions = range(int(first[1]) - 1, min(int(last[1]), MOST_COLUMNS))
                self._columns |= dict.fromkeys(positions, shape)

    def add_cells(self, display: Display, formats: Stretches, piece: bytes) -> None:
        """Note the cells of some rows that programs show differently."""
        has_rows = bool(self._by_style) and b"customFormat" in piece
        if not self._columns and not has_rows:
            return
        # Styles of rows are rare; a column of dates is not, and its cells name their style.
        of_row: str | None = None
        for tag in (_ROW_OR_CELL if has_rows else self._unstyled()).finditer(piece):
            about = tag["about"]
            if tag["name"] == b"row":
                style = _ROW_STYLE.search(about)
                of_row = self._by_style.get(style[1], self._default) if style and _CUSTOM.search(about) else None
            elif not _NAMES_STYLE.search(about) and (cell := _CELL.match(piece, tag.start())):
                place = _place(cell)
                # The style of a row counts before that of a column, also where it is the general one.
                shape = self._columns.get(place[1], self._default) if of_row is None else of_row
                if shape != self._default:
                    self._add_cell(display, formats, cell, place, shape)

    def _unstyled(self) -> re.Pattern[bytes]:
        """Cells without a style in these columns; texts among them only if a format may change them."""
        few = len(self._columns) <= _MOST_NAMED_STYLES
        letters = [letters_of(position).encode() for position in self._columns] if few else [rb"[A-Za-z]+"]
        shows_texts = any(map(changes_texts, self._columns.values()))
        # With re's own cache this is as good as one pattern for the sheet.
        words = {b"a": b"|".join(letters), b"b": _NAMED if shows_texts else _NAMED_OR_TEXT}
        return re.compile(_UNSTYLED % words)

    def _add_cell(
        self, display: Display, formats: Stretches, cell: re.Match[bytes], place: tuple[int, int], shape: str
    ) -> None:
        row, position = place
        value = (cell["value"] or b"").strip()
        if is_of_text(cell["attributes"]) or _IS_SHARED.search(cell["attributes"]):
            if changes_texts(shape):
                area = [(range(row, row + 1), range(position, position + 1))]
                display.conditional.add(area)
                display.conditional_texts.add(area)
        elif value and not FLOAT.fullmatch(value):
            formats.add(row, position, OTHER)
        elif value and not self._is_same(text := as_text(float(value)), shape):
            formats.add(row, position, self._common(text, shape))

    def _common(self, text: str, shape: str) -> str:
        """A format that says as much of a number as all programs do: where that is the number, its look is open."""
        says_both = shows_number(text, shape) and shows_number(text, self._default)
        return OTHER + shape.removeprefix(OTHER) if says_both else OTHER

    def _is_same(self, text: str, shape: str) -> bool:
        appearance = shown(text, shape)
        return appearance is not None and appearance == shown(text, self._default)


def _is_beside_a_value(cells: bytes) -> bool:
    """Whether a cell holds something beside its value, of which calamine takes the last, or no value of its type."""
    # Counting takes a fraction of what the expressions do, and suffices for sheets as most programs write them.
    of_values, of_texts = cells.count(b"</v></c>"), cells.count(b"</is></c>")
    inline = cells.count(b"inlineStr")
    is_usual = 0 < cells.count(b"</c>") == of_values + of_texts and of_texts == inline
    if is_usual and cells.count(b"</v>") == of_values and (not inline or cells.count(b"</is>") == of_texts):
        return False
    texts = cells.count(b"<is") + cells.count(b":is>") // 2
    return texts > inline or any(one.search(cells) for one in (_ODD_INLINE, _BEHIND_A_VALUE))


def _refuse_odd_day(piece: bytes, start: re.Match[bytes], moments: Moments) -> None:
    if start["attributes"].endswith(b"/"):
        return
    cell = _CELL.match(piece, start.start())
    if cell and moments.is_odd(cell["attributes"], cell["value"] or b""):
        raise UnusualCells


def _hide_columns(display: Display, head: bytes) -> None:
    for column in _HIDDEN_COLUMN.findall(head):
        if (first := _FIRST_COLUMN.search(column)) and (last := _LAST_COLUMN.search(column)):
            display.hide_columns(int(first[1]) - 1, int(last[1]) - 1)


def _add_problems(display: Display, piece: bytes, unsure_formula: re.Pattern[bytes]) -> None:
    for cell in _cells_before(piece, _IS_ERROR, _ERROR_MARKS):
        if _IS_ERROR.search(cell["attributes"]):
            display.add_error(*_place(cell), _decoded(cell["value"]))
    for cell in _cells_before(piece, _IS_DATE, _DATE_MARKS):
        if _IS_DATE.search(cell["attributes"]) and (value := cell["value"] or b"") and not _PLAIN_DATE.fullmatch(value):
            if IN_UTC.fullmatch(value) and _PLAIN_DATE.fullmatch(value.strip()[:-1]):
                raise UnusualCells
            display.add_uncertain(*_place(cell), _decoded(cell["value"]))
    for cell in _cells_before(piece, unsure_formula, _FORMULA_MARKS):
        is_sure = unsure_formula is _NO_RESULT
        # A formula whose result is an empty text says that it is a text and has an empty value; one that nobody has
        # calculated has no value.
        if is_sure and cell["result"] is not None and _IS_TEXT.search(cell["attributes"]):
            continue
        # An error stays one.
        if is_sure or not _IS_ERROR.search(cell["attributes"]):
            _add_formula(display, cell)


def _add_formula(display: Display, cell: re.Match[bytes]) -> None:
    row, position = _place(cell)
    formula = _decoded(cell["formula"])
    # An empty result is one if the cell says that it is a text.
    is_stored = bool(cell["value"]) or (cell["result"] is not None and bool(_IS_TEXT.search(cell["attributes"])))
    display.add_formula(row, position, formula, is_stored=is_stored)
    # The results of a formula of many cells stand in cells without one.
    if area := _AREA.match(cell["about_formula"] or b""):
        bottom, right = min(int(area[2]), MOST_ROWS), min(_position(area[1]), MOST_COLUMNS)
        display.claim(max(bottom - row + 1, 0) * max(right - position + 1, 0))
        for each in range(row, bottom + 1):
            for place in range(position, right + 1):
                display.add_formula(each, place, formula, is_stored=is_stored)


def _add_conditions(display: Display, piece: bytes, styles: Formats) -> None:
    """Note the areas in which a condition may change what is shown."""
    for condition in _CONDITION.finditer(piece):
        formats = set(map(int, _FORMAT_OF_CONDITION.findall(condition[0])))
        # Newer conditions hold their format themselves.
        shapes = [usable(html.unescape(shape.decode())) for shape in _SHAPE_OF_CONDITION.findall(condition[0])]
        texts = b"".join(b"".join(text) + b" " for text in _AREAS_OF_CONDITION.findall(condition[0]))
        areas = list(map(_area, filter(None, map(_RANGE.fullmatch, texts.split()))))
        every = [*shapes, *(styles.of_conditions.get(number, OTHER) for number in formats & styles.conditional)]
        if _HIDES_VALUES.search(condition[0]):
            display.conditional.add(areas)
        for shape in every:
            display.add_condition(areas, shape)
        if any(map(changes_texts, shapes)) or not formats.isdisjoint(styles.of_texts):
            display.conditional_texts.add(areas)


def _area(match: re.Match[bytes]) -> tuple[range, range]:
    """The rows and positions of A1, A1:B2, A:B or 1:2."""
    left, top, right, bottom = match.groups()
    last_row, last_position = bottom or top or b"%d" % MOST_ROWS, right or left
    last = _position(last_position) if last_position else MOST_COLUMNS
    return range(int(top or 1), int(last_row) + 1), range(_position(left) if left else 0, last + 1)


def _styled_cells(piece: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """The cells whose style the pattern has, each with that style; rows and columns have styles too."""
    last = -1
    for match in pattern.finditer(piece):
        begin = piece.rfind(b"<", max(last, 0), match.start())
        if begin > last and (cell := _STYLED_CELL.match(piece, begin)):
            yield cell, match[1]
        last = max(begin, last)


def _cells_before(piece: bytes, pattern: re.Pattern[bytes], marks: Iterable[bytes]) -> Iterator[re.Match[bytes]]:
    """The last cell that begins before each match of the pattern, each cell once."""
    if not any(mark in piece for mark in marks):
        return
    looked_at = 0
    for match in pattern.finditer(piece):
        # From the last match on: what was looked through before is not looked through again for each of many.
        start, looked_at = looked_at, match.start()
        begin = max(piece.rfind(b"<c", start, looked_at), piece.rfind(b":c ", start, looked_at))
        if begin >= 0 and (cell := _CELL.match(piece, piece.rfind(b"<", start, begin + 1))):
            yield cell


def _place(cell: re.Match[bytes]) -> tuple[int, int]:
    """The row and the position of a cell."""
    if cell["row"]:
        return int(cell["row"]), _position(cell["column"])
    where = _ADDRESS.search(cell["attributes"])
    if where is None:
        raise UnusualCells
    return int(where[2]), _position(where[1])


_position = cache(position_of)


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


def formats_of(styles: bytes) -> Formats:
    """The number format of each style that cells can name, and which conditional formats have one."""
    # expat bounds how far entities grow and fetches none; for the rest this process has its limits.
    root = ET.fromstring(styles)  # noqa: S314
    codes = {str(number): code for number, code in BUILT_IN.items()} | {
        element.get("numFmtId", ""): usable(element.get("formatCode", ""))
        for element in root.iterfind(".//{*}numFmts/{*}numFmt")
    }
    of_cells = [codes.get(style.get("numFmtId", "0"), OTHER) for style in root.iterfind(".//{*}cellXfs/{*}xf")]
    shapes = {n: shape.find("{*}numFmt") for n, shape in enumerate(root.iterfind(".//{*}dxfs/{*}dxf"))}
    conditional = {n: _shape_of_condition(shape) for n, shape in shapes.items() if shape is not None}
    of_texts = frozenset(n for n, shape in conditional.items() if changes_texts(shape))
    return Formats(of_cells, frozenset(conditional), of_texts, conditional)


def _shape_of_condition(element: ET.Element) -> str:
    shape, number = usable(element.get("formatCode", "")), element.get("numFmtId", "")
    # A format with a number of its own is no other one than that of a cell with the same number.
    of_number = BUILT_IN.get(int(number), "") if number.isdecimal() else ""
    return of_number if of_number.removeprefix(OTHER) == shape else shape


def is_calculated_on_opening(book: bytes) -> bool:
    """Whether a workbook asks for its formulas to be calculated when it is opened, whatever result is stored.

    Programs that cannot calculate write this, and XlsxWriter stores 0 for each formula beside it.
    """
    settings = (one for one in ET.fromstring(book).iter() if one.tag.endswith("}calcPr"))  # noqa: S314
    return any(
        one.get("fullCalcOnLoad", "").strip() in _TRUE
        or (one.get("calcCompleted", "").strip() in _FALSE and one.get("calcMode") != "manual")
        for one in settings
    )


def counts_from_1904(book: bytes) -> bool:
    """Whether the days of a workbook are counted from 1904.

    Raises:
        Refusal: It says so in a form in which calamine does not understand it.
    """
    settings = (one for one in ET.fromstring(book).iter() if one.tag.endswith("}workbookPr"))  # noqa: S314
    values = [value for one in settings if (value := one.get("date1904")) is not None]
    if not (_TRUE | _FALSE).issuperset(values):
        raise Refusal(*DAMAGED)
    return not _TRUE.isdisjoint(values)


def links_of(book: bytes) -> dict[str, str]:
    """The Ids of the links to the sheets, by their names; the first of equal names counts."""
    links: dict[str, str] = {}
    for element in ET.fromstring(book).iter():  # noqa: S314
        if element.tag.endswith("}sheet"):
            # The namespace of this attribute differs between the two forms of the format.
            link = next((value for key, value in element.attrib.items() if key.endswith("relationships}id")), "")
            links.setdefault(element.get("name", ""), link)
    return links
