"""What an XLSB sheet tells beside its values: errors, formulas without a result, number formats, hidden parts.

Source: [MS-XLSB] 2.1.4 (records), 2.4, 2.5.122 (RkNumber) and 2.5.165 (XFProp).
"""

import struct
from collections.abc import Iterator
from itertools import takewhile

from .areas import Areas
from .day_numbers import is_common_day
from .display import NOT_STORED, Display, Formats, Stretches
from .format_codes import BUILT_IN, GENERAL, OTHER, may_show_moment, usable
from .limits import DAMAGED, Refusal
from .number_formats import changes_texts

_ROW, _CELL_ERROR, _FORMULA_ERROR, _COLUMN = 0, 3, 11, 60
_SHORT_NUMBER, _IS_HUNDREDTH, _IS_WHOLE = 2, 0x01, 0x02
_NUMBERS = {_SHORT_NUMBER, 5, 9}
_RICH_TEXT, _SHORT_CELLS, _MERGED = 62, range(12, 19), 176
_ODD_CELLS = {_CELL_ERROR, _FORMULA_ERROR, _RICH_TEXT}
_UNREADABLE = ("stores cells in a form that cannot be read", DAMAGED[1])
_CELLS = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62}
_FORMAT, _STYLE, _BEGIN_STYLES, _END_STYLES, _SHEET = 44, 47, 617, 618, 156
_RULES, _RULE, _FORMAT_OF_RULE = 461, 463, 507
_NEWER_RULES, _NEWER_FORMAT = 1046, 1171
_HAS_AREAS, _SMALLEST_PROPERTY = 0x02, 4
_NUMBER_FORMATS = {38, 41}
_FORMULAS, _CALCULATION = {8, 9, 10}, 157
_ON_OPENING, _UNCALCULATED = 0x01, 0x10
_BOOK, _FROM_1904 = 153, 0x01
_VIEW, _SHOWS_FORMULAS, _SHOWS_ZEROS, _BEGIN_CELLS = 137, 0x02, 0x10, 145
_IN_PLACE_OF_NUMBERS = {465, 467}
"""Sets of icons and bars, which may stand alone."""

_ROW_HIDDEN, _COLUMN_HIDDEN = 0x10, 0x01
_LONGEST_SIZE = 4 * 7
"""Bits of the size of a record."""

_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


def without_odd_days(sheet: bytes, styles: Formats, *, from_1904: bool) -> bytes:
    """A sheet in which the numbers that are no moment have no format of one, the same sheet if all are."""
    moments = {number for number, shape in enumerate(styles.of_cells) if may_show_moment(shape)}
    readable, none = bytearray(sheet), len(styles.of_cells).to_bytes(3, "little")
    for kind, start, end in _record_places(sheet):
        if kind in _NUMBERS and int.from_bytes(sheet[start + 4 : start + 7], "little") in moments:
            days = _number(kind, sheet[start:end])
            if not is_common_day(days, from_1904=from_1904):
                readable[start + 4 : start + 7] = none
    return bytes(readable) if readable != sheet else sheet


def _number(kind: int, cell: bytes) -> float:
    if kind != _SHORT_NUMBER:
        (number,) = struct.unpack_from("<d", cell, 8)
        return float(number)
    (short,) = struct.unpack_from("<i", cell, 8)
    whole = float(short >> 2) if short & _IS_WHOLE else struct.unpack("<d", bytes(4) + struct.pack("<i", short & ~3))[0]
    return whole / 100 if short & _IS_HUNDREDTH else whole


def display_of_xlsb(sheet: bytes, styles: Formats, *, calculated_on_opening: bool = False) -> Display:
    """What a sheet tells.

    ``calculated_on_opening``: the stored results of its formulas are not what a person sees.

    Raises:
        Refusal: It holds cells that calamine (0.9.1) gives out as empty, and that are not read here either.
    """
    formats = Stretches(GENERAL)
    display = Display(formats=formats)
    row, hidden, plain = 0, False, [shape == GENERAL for shape in styles.of_cells]
    for kind, data in _records(sheet):
        if kind == _ROW:
            row = int.from_bytes(data[:4], "little") + 1
            height = int.from_bytes(data[8:10], "little")
            hidden = bool(data[11] & _ROW_HIDDEN) or height == 0
        elif kind in _CELLS:
            position, style = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:7], "little")
            if hidden:
                display.hidden_rows, hidden = display.hidden_rows + 1, False
            if style < len(plain) and not plain[style]:
                formats.add(row, position, styles.of_cells[style])
            if calculated_on_opening and kind in _FORMULAS:
                display.add_formula(row, position, NOT_STORED, is_stored=True)
            elif kind in _ODD_CELLS:
                _add_cell(display, row, position, kind, data, styles.of_cells[style] if style < len(plain) else GENERAL)
        else:
            _add_other(display, kind, data)
    views = _views(sheet)
    display.hides_zeros = any(not flags & _SHOWS_ZEROS for flags in views)
    display.shows_formulas = any(flags & _SHOWS_FORMULAS for flags in views)
    display.conditional = Areas(_conditional_areas(sheet, styles.conditional))
    # What exactly a condition changes is not read here.
    display.conditional_texts = display.conditional
    return display


def _add_cell(display: Display, row: int, position: int, kind: int, cell: bytes, shape: str) -> None:
    """Note a cell that calamine (0.9.1) gives out as empty: an error, or a text with its own fonts in the cell."""
    if kind != _RICH_TEXT:
        display.add_error(row, position, _ERRORS.get(cell[8], ""))
    elif changes_texts(shape):
        raise Refusal(*_UNREADABLE)
    else:
        display.texts.setdefault(row, {})[position] = _wide(cell, 9)[0]


def _add_other(display: Display, kind: int, data: bytes) -> None:
    """Note what stands beside the cells; and cells that do not say where they are, which nobody reads."""
    if kind in _SHORT_CELLS:
        raise Refusal(*_UNREADABLE)
    if kind == _MERGED:
        top, bottom, left, right = struct.unpack_from("<4I", data)
        display.merged.append(((top, left), (bottom, right)))
    elif kind == _COLUMN:
        first, last, width, _, flags = struct.unpack_from("<IIIIH", data)
        if flags & _COLUMN_HIDDEN or width == 0:
            display.hide_columns(first, last)


def _views(sheet: bytes) -> list[int]:
    """What the views of a sheet, which stand before its cells, are set to."""
    head = takewhile(lambda record: record[0] != _BEGIN_CELLS, _records(sheet))
    return [int.from_bytes(data[:2], "little") for kind, data in head if kind == _VIEW]


def _conditional_areas(sheet: bytes, formats: frozenset[int]) -> Iterator[tuple[range, range]]:
    """The areas in which a condition may change the number format."""
    areas: list[tuple[range, range]] = []
    for kind, data in _records(sheet):
        if kind == _RULES:
            areas = list(_areas(data, 8))
        elif kind == _NEWER_RULES:
            areas = list(_newer_areas(data))
        elif areas and _may_change(kind, data, formats):
            yield from areas
            # Once, however many rules they have.
            areas = []


def _may_change(kind: int, data: bytes, formats: frozenset[int]) -> bool:
    if kind == _NEWER_FORMAT:
        return _changes_numbers(data)
    return kind in _IN_PLACE_OF_NUMBERS or (kind == _RULE and int.from_bytes(data[8:12], "little") in formats)


def _areas(data: bytes, place: int) -> Iterator[tuple[range, range]]:
    """The rows and positions of a list of areas, counted first."""
    (count,) = struct.unpack_from("<I", data, place)
    for number in range(count):
        top, bottom, left, right = struct.unpack_from("<4I", data, place + 4 + 16 * number)
        yield range(top + 1, bottom + 2), range(left, right + 1)


def _newer_areas(data: bytes) -> Iterator[tuple[range, range]]:
    flags, count = struct.unpack_from("<II", data)
    place = 8
    for _ in range(count if flags & _HAS_AREAS else 0):
        areas = list(_areas(data, place + 4))
        yield from areas
        place += 8 + 16 * len(areas)


def _changes_numbers(format_of_rule: bytes) -> bool:
    """Whether a rule changes the number format; so it may if its properties are not understood."""
    # A newer one has four bytes more before the properties.
    properties = [read for read in (_properties(format_of_rule, 2), _properties(format_of_rule, 6)) if read is not None]
    return not properties or any(not _NUMBER_FORMATS.isdisjoint(read) for read in properties)


def _properties(data: bytes, place: int) -> list[int] | None:
    """The kinds of the properties from a place on; None if there are none, or they end elsewhere than the data."""
    if place + 4 > len(data):
        return None
    (count,) = struct.unpack_from("<H", data, place + 2)
    place, kinds = place + 4, list[int]()
    for _ in range(count):
        if place + 4 > len(data):
            return None
        kind, size = struct.unpack_from("<HH", data, place)
        if size < _SMALLEST_PROPERTY:
            return None
        kinds.append(kind)
        place += size
    return kinds if place == len(data) else None


def formats_of(styles: bytes) -> Formats:
    """The number format of each style that cells can name, and which formats of conditions have one."""
    codes, shapes, conditional, number, inside = dict(BUILT_IN), list[str](), set[int](), -1, False
    for kind, data in _records(styles):
        if kind == _FORMAT:
            codes[int.from_bytes(data[:2], "little")] = usable(_wide(data, 2)[0])
        elif kind in {_BEGIN_STYLES, _END_STYLES}:
            inside = kind == _BEGIN_STYLES
        elif kind == _STYLE and inside:
            shapes.append(codes.get(int.from_bytes(data[2:4], "little"), OTHER))
        elif kind == _FORMAT_OF_RULE:
            number += 1
            conditional |= {number} if _changes_numbers(data) else set()
    return Formats(shapes, frozenset(conditional))


def is_calculated_on_opening(book: bytes) -> bool:
    """Whether a workbook asks for its formulas to be calculated when it is opened, whatever result is stored."""
    for kind, data in _records(book):
        if kind == _CALCULATION:
            is_manual, flags = not any(data[4:8]), data[24]
            return bool(flags & _ON_OPENING) or (bool(flags & _UNCALCULATED) and not is_manual)
    return False


def counts_from_1904(book: bytes) -> bool:
    """Whether the days of a workbook are counted from 1904."""
    return any(kind == _BOOK and data[0] & _FROM_1904 for kind, data in _records(book))


def links_of(book: bytes) -> dict[str, str]:
    """The Ids of the links to the sheets, by their names; the first of equal names counts."""
    links: dict[str, str] = {}
    for kind, data in _records(book):
        if kind == _SHEET:
            link, end = _wide(data, 8)
            links.setdefault(_wide(data, end)[0], link)
    return links


def _wide(data: bytes, start: int) -> tuple[str, int]:
    """A text, and where it ends."""
    begin = start + 4
    end = begin + 2 * int.from_bytes(data[start:begin], "little")
    return data[begin:end].decode("utf-16-le", "replace"), end


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a part, each its kind and its contents."""
    return ((kind, data[start:end]) for kind, start, end in _record_places(data))


def _record_places(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The records of a part, each its kind, and where its contents begin and end."""
    place, end = 0, len(data)
    while place < end:
        kind = data[place]
        place += 1
        if kind & 0x80:
            kind = kind & 0x7F | (data[place] & 0x7F) << 7
            place += 1
        size = shift = 0
        while True:
            byte = data[place]
            place += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if shift > _LONGEST_SIZE:
                raise Refusal(*DAMAGED)
            if not byte & 0x80:
                break
        yield kind, place, place + size
        place += size
