"""What an .xls sheet tells that xlrd does not: conditions that change a number format, and formulas without a result.

Source: [MS-XLS] 2.3.1 (records), 2.4.42 (CF), 2.4.43 (CF12), 2.4.44 (CFEx), 2.4.56 (CondFmt), 2.4.127 (Formula),
2.5.92 (DXFN).
"""

import io
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xlrd.compdoc import CompDoc

from .limits import DAMAGED, Refusal

Area = tuple[range, range]
"""Rows, counted from 1, and positions."""

_BEGIN, _END, _SHEET_NAME, _CALCULATION, _CALCULATED_BY, _UNCALCULATED = 0x809, 0x0A, 0x85, 0x0D, 0x1C1, 0x5E
_FORMULA, _AREAS, _RULE = 0x06, 0x1B0, 0x1B1
_NEWER_AREAS, _NEWER_RULE, _MORE_OF_RULE = 0x879, 0x87A, 0x87B
_NEWER_HEADER, _KIND_OF_SHEET = 12, 5
_HAS_NUMBER_FORMAT = 1 << 25
_ON_OPENING = 0x02
"""Reserved today. Apache POI, and the libraries of Perl and PHP, set it and store 0 for what they cannot calculate."""

_IN_PLACE_OF_NUMBERS = {4, 6}
"""Kinds of newer rules: bars and sets of icons, which may stand alone."""

_ERROR, _EMPTY_TEXT = 2, 3


@dataclass(frozen=True, slots=True)
class OldSheet:
    """What the records of a sheet say.

    ``conditional`` are the areas where a condition may change the number format; ``formulas`` the row and the position
    of each formula whose stored result is not what a person sees, and whether there is any.
    """

    conditional: Sequence[Area]
    formulas: Sequence[tuple[int, int, bool]]


class OldFile:
    """The records of an .xls file."""

    def __init__(self, content: bytes) -> None:
        file = CompDoc(content, logfile=io.StringIO())
        self._data = _stream(file, "Workbook") or _stream(file, "Book")
        records = list(_records(self._data, 0))
        names = [about for kind, about in records if kind == _SHEET_NAME]
        # Sheets of another kind, such as charts, are none to xlrd.
        self._starts = [int.from_bytes(about[:4], "little") for about in names if not about[_KIND_OF_SHEET]]
        if len(set(self._starts)) < len(self._starts):
            # Read once for each of its names, one sheet would take as long as thousands.
            raise Refusal(*DAMAGED)
        calculated_by = [about[4:8] for kind, about in records if kind == _CALCULATED_BY]
        self._is_calculated = any(map(any, calculated_by))
        self._is_to_be_calculated = bool(calculated_by) and not self._is_calculated

    def sheet(self, index: int) -> OldSheet:
        """What the records of a worksheet say."""
        records = list(_records(self._data, self._starts[index]))
        is_manual = any(kind == _CALCULATION and not any(about[:2]) for kind, about in records)
        # Where a person starts every calculation, the stored results are what is shown.
        is_stale = not is_manual and any(kind == _UNCALCULATED for kind, _ in records)
        formulas = (about for kind, about in records if kind == _FORMULA)
        unsure = (about for about in formulas if self._is_unsure(about, everything=is_stale))
        places = ((*struct.unpack_from("<HH", one), not self._is_unwritten(one)) for one in unsure)
        cells = [(row + 1, position, is_stored) for row, position, is_stored in places]
        return OldSheet(list(_conditional_areas(records)), cells)

    def _is_unwritten(self, formula: bytes) -> bool:
        # What writes no number of the program that calculated it, such as xlwt, writes an empty text for each result.
        return formula[12:14] == b"\xff\xff" and formula[6] == _EMPTY_TEXT and not self._is_calculated

    def _is_unsure(self, formula: bytes, *, everything: bool) -> bool:
        kind = formula[6] if formula[12:14] == b"\xff\xff" else None
        if kind == _ERROR:
            return False
        is_unwritten = self._is_unwritten(formula)
        return everything or self._is_to_be_calculated or is_unwritten or bool(formula[14] & _ON_OPENING)


def _conditional_areas(records: Iterable[tuple[int, bytes]]) -> Iterator[Area]:
    """The areas in which a condition may change the number format."""
    areas: list[Area] = []
    for kind, about in records:
        if kind in {_AREAS, _NEWER_AREAS}:
            areas = list(_areas(about[_NEWER_HEADER if kind == _NEWER_AREAS else 0 :]))
        elif kind == _MORE_OF_RULE:
            yield from _more_areas(about)
        elif areas and kind in {_RULE, _NEWER_RULE} and _changes_numbers(kind, about):
            yield from areas
            # Once, however many rules they have.
            areas = []


def _stream(file: CompDoc, name: str) -> bytes:
    data, base, size = file.locate_named_stream(name)
    return bytes(data[base : base + size]) if data else b""


def _records(data: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of a part of a file, without those of what lies within it, such as charts."""
    depth, place = 0, start
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, place)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth == 0:
            return
        if depth == 1:
            yield kind, data[place + 4 : place + 4 + size]
        place += 4 + size


def _areas(about: bytes) -> Iterator[Area]:
    (count,) = struct.unpack_from("<H", about, 12)
    for number in range(count):
        yield _area(about, 14 + 8 * number)


def _area(about: bytes, place: int) -> Area:
    top, bottom, left, right = struct.unpack_from("<4H", about, place)
    return range(top + 1, bottom + 2), range(left, right + 1)


def _changes_numbers(kind: int, about: bytes) -> bool:
    if kind == _RULE:
        return _has_number_format(about, 6)
    return about[_NEWER_HEADER] in _IN_PLACE_OF_NUMBERS or _has_newer_format(about, _NEWER_HEADER + 6)


def _more_areas(about: bytes) -> Iterator[Area]:
    """The area of what newer programs add to a rule, if that is a number format."""
    is_newer_rule = any(about[12:16])
    if not is_newer_rule and about[25] and _has_newer_format(about, 26):
        yield _area(about, 4)


def _has_newer_format(about: bytes, place: int) -> bool:
    return any(about[place : place + 4]) and _has_number_format(about, place + 4)


def _has_number_format(about: bytes, place: int) -> bool:
    return bool(int.from_bytes(about[place : place + 4], "little") & _HAS_NUMBER_FORMAT)
