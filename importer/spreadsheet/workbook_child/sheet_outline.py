"""What stands where in the XML of a sheet, as far as a copy of it has to know before it is written."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from .limits import MOST_COLUMNS, MOST_ROWS, UNUSUAL, Refusal
from .package import position_of
from .spans import Attributes, Element, end_of, local, tag_end, walk

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RANGE = re.compile(r"\$?([A-Z]*)\$?(\d*)(?::\$?([A-Z]*)\$?(\d*))?")
_MOST_COLUMN_ITEMS = 16_384
"""Items about columns, of which a sheet has one for each at most."""

_LISTS = {"cols", "mergeCells", "dataValidations"}
_NEWER_RULES = re.compile(rb"<(\w+:)dataValidation\b.*?(?:</\1dataValidation\s*>|\Z)", re.DOTALL)
_NEWER_AREAS = re.compile(rb"<\w+:sqref>([^<]*)<")


@dataclass(frozen=True, slots=True)
class Area:
    """Cells from a row and a position to others; rows are counted from 1, positions from 0, both ends are inside."""

    top: int
    left: int
    bottom: int
    right: int

    def holds(self, row: int, position: int) -> bool:
        """Whether a cell is inside."""
        return self.top <= row <= self.bottom and self.left <= position <= self.right

    @property
    def ranges(self) -> tuple[range, range]:
        """Its rows and its positions."""
        return range(self.top, self.bottom + 1), range(self.left, self.right + 1)

    @property
    def is_one_cell(self) -> bool:
        """Whether it is a single cell."""
        return self.top == self.bottom and self.left == self.right


def areas_of(text: str) -> Iterator[Area]:
    """The areas of a text such as "A1:B2 D4"; whole columns and rows as well."""
    for word in text.split():
        match = _RANGE.fullmatch(word)
        if match is None:
            raise Refusal(UNUSUAL)
        left, top, right, bottom = match.groups()
        last = right or left
        yield Area(
            int(top or 1),
            position_of(left.encode()) if left else 0,
            int(bottom or top or MOST_ROWS),
            position_of(last.encode()) if last else 16_383,
        )


@dataclass
class SheetOutline:
    """The parts of a sheet in their order, and what is inside some of them.

    ``free`` is the first position behind cells without an address, which cannot be followed by others. ``arrays`` are
    the cells of formulas that stand for several.
    """

    root: Element
    parts: list[Element] = field(default_factory=list)
    inside: dict[str, list[Element]] = field(default_factory=dict)
    free: int = 0
    arrays: list[Area] = field(default_factory=list)

    def part(self, name: str) -> Element | None:
        """The part of this name."""
        return next((part for part in self.parts if local(part.name) == name), None)

    @property
    def merges(self) -> list[Area]:
        """The merged cells."""
        return [area for each in self.inside.get("mergeCells", ()) for area in areas_of(each.attributes["ref"])]

    def looks_of_columns(self) -> dict[int, int]:
        """The index of the look of each column that has one."""
        looks: dict[int, int] = {}
        columns = [column for column in self.inside.get("cols", ()) if "style" in column.attributes]
        if len(columns) > _MOST_COLUMN_ITEMS:
            raise Refusal(UNUSUAL)
        for column in columns:
            first, last = int(column.attributes["min"]) - 1, int(column.attributes["max"])
            looks.update(dict.fromkeys(range(first, min(last, MOST_COLUMNS)), int(column.attributes["style"])))
        return looks

    def offered(self, data: bytes, others: Iterable[Element]) -> list[Area]:
        """The cells for which these rules, or newer ones, say what may be entered."""
        texts = [rule.attributes.get("sqref", "") for rule in others]
        extensions = self.part("extLst")
        newer = _NEWER_RULES.finditer(data, extensions.start, extensions.end) if extensions else ()
        texts += [text.decode() for rule in newer for text in _NEWER_AREAS.findall(rule[0])]
        return [area for text in texts for area in areas_of(text)]


class _Outliner:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._above: list[Element] = []
        self._level, self._section, self._position = 0, "", -1
        self.outline: SheetOutline | None = None

    def start(self, name: str, attributes: Attributes, place: int) -> None:
        level, self._level = self._level, self._level + 1
        if self._section == "sheetData" and level > 1:
            self._in_rows(level, attributes)
        elif level <= 1 or (self._section in _LISTS and level == 2):  # noqa: PLR2004
            self._section = local(name) if level == 1 else self._section
            self._above.append(Element(name, attributes, place, tag_end(self._data, place)))
            if level == 0:
                self.outline = SheetOutline(self._above[0])

    def end(self, _: str, place: int) -> None:
        self._level -= 1
        level = self._level
        if (self._section == "sheetData" and level > 1) or level > 2 or (level == 2 and self._section not in _LISTS):  # noqa: PLR2004
            return
        element = self._above.pop()
        element.end = end_of(self._data, element, place)
        assert self.outline is not None
        if level == 1:
            self.outline.parts.append(element)
            self._section = ""
        elif level:
            self.outline.inside.setdefault(self._section, []).append(element)

    def _in_rows(self, level: int, attributes: Attributes) -> None:
        assert self.outline is not None
        if level == 2:  # noqa: PLR2004
            self._position = -1
        elif level == 3:  # noqa: PLR2004
            place = attributes.get("r")
            if place is None:
                self._position += 1
                self.outline.free = max(self.outline.free, self._position + 1)
            else:
                self._position = position_in(place)
        elif attributes and attributes.get("t") in {"array", "dataTable"} and "ref" in attributes:
            self.outline.arrays += areas_of(attributes["ref"])


def position_in(address: str) -> int:
    """The position of the column in the address of a cell."""
    return _position(address.rstrip("0123456789"))


@cache
def _position(letters: str) -> int:
    return position_of(letters.encode())


def outline_of(data: bytes) -> SheetOutline:
    """What stands where in a sheet.

    Raises:
        Refusal: It is none of the usual form.
    """
    outliner = _Outliner(data)
    walk(data, outliner.start, outliner.end)
    outline = outliner.outline
    if outline is None or outline.root.name != f"{_MAIN} worksheet":
        raise Refusal("it is stored in the strict form of the format")
    return outline


# fmt: off
ORDER: Sequence[str] = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins",
    "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors",
    "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls",
    "webPublishItems", "tableParts", "extLst",
)
# fmt: on
"""The parts of a sheet as they must follow each other (ECMA-376 part 1, 18.3.1.99)."""


def place_for(outline: SheetOutline, name: str) -> int:
    """Where a part that the sheet does not have must be put in."""
    rank = ORDER.index(name)
    after = [part for part in outline.parts if _rank(part) > rank]
    return after[0].start if after else outline.parts[-1].end


def _rank(part: Element) -> int:
    # What stands in alternatives there is about controls.
    name = local(part.name)
    return ORDER.index(name) if name in ORDER else ORDER.index("controls")
