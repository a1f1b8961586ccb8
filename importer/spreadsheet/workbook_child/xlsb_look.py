"""What an XLSB sheet tells beside its values: error cells, number formats, what is hidden.

Source: [MS-XLSB] 2.1.4 (records) and 2.4.
"""

import struct
from collections.abc import Iterator, Sequence

from .look import Look, Stretches
from .number_formats import BUILT_IN, GENERAL, OTHER

_ROW, _CELL_ERROR, _FORMULA_ERROR, _COLUMN = 0, 3, 11, 60
_CELLS = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 62}
_FORMAT, _STYLE, _BEGIN_STYLES, _END_STYLES, _SHEET = 44, 47, 617, 618, 156
_ROW_HIDDEN, _COLUMN_HIDDEN = 0x10, 0x01
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


def look_at_xlsb(sheet: bytes, styles: Sequence[str]) -> Look:
    """What a sheet tells; ``styles`` are the number formats by the index that cells name."""
    formats = Stretches(GENERAL)
    look = Look(formats=formats)
    row, hidden, plain = 0, False, [shape == GENERAL for shape in styles]
    for kind, data in _records(sheet):
        if kind == _ROW:
            row = int.from_bytes(data[:4], "little") + 1
            height = int.from_bytes(data[8:10], "little")
            hidden = bool(data[11] & _ROW_HIDDEN) or height == 0
        elif kind in _CELLS:
            position, style = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:7], "little")
            if hidden:
                look.hidden_rows, hidden = look.hidden_rows + 1, False
            if style < len(plain) and not plain[style]:
                formats.add(row, position, styles[style])
            if kind in {_CELL_ERROR, _FORMULA_ERROR}:
                look.add_error(row, position, _ERRORS.get(data[8], ""))
        elif kind == _COLUMN:
            first, last, width, _, flags = struct.unpack_from("<IIIIH", data)
            if flags & _COLUMN_HIDDEN or width == 0:
                look.hide_columns(first, last)
    return look


def number_formats(styles: bytes) -> list[str]:
    """The number format of each style that cells can name."""
    codes, shapes, inside = dict(BUILT_IN), list[str](), False
    for kind, data in _records(styles):
        if kind == _FORMAT:
            codes[int.from_bytes(data[:2], "little")] = _wide(data, 2)[0]
        elif kind in {_BEGIN_STYLES, _END_STYLES}:
            inside = kind == _BEGIN_STYLES
        elif kind == _STYLE and inside:
            shapes.append(codes.get(int.from_bytes(data[2:4], "little"), OTHER))
    return shapes


def link_of(book: bytes, name: str) -> str:
    """The Id of the link to the sheet with this name; empty if there is none."""
    for kind, data in _records(book):
        if kind == _SHEET:
            link, end = _wide(data, 8)
            if _wide(data, end)[0] == name:
                return link
    return ""


def _wide(data: bytes, start: int) -> tuple[str, int]:
    """A text, and where it ends."""
    begin = start + 4
    end = begin + 2 * int.from_bytes(data[start:begin], "little")
    return data[begin:end].decode("utf-16-le", "replace"), end


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a part, each its kind and its contents."""
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
            if not byte & 0x80:
                break
        yield kind, data[place : place + size]
        place += size
