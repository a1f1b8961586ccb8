"""The parts of a sheet beside its rows, changed in places: widths of columns, merged cells, and lists of items."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from .limits import UNUSUAL, Refusal
from .sheet_outline import Area, SheetOutline, areas_of, place_for
from .spans import Edits, Element, prefix_of, with_attribute


def put_columns(edits: Edits, data: bytes, outline: SheetOutline, widths: Mapping[int, float]) -> None:
    """Give columns a width, by position; a column that was out of sight comes into it."""
    if not widths:
        return
    prefix = prefix_of(outline.root.tag(data))
    numbers = sorted(position + 1 for position in widths)
    look = b'<%scol min="%d" max="%d" width="%.2f" customWidth="1"/>'
    pieces = [(number, look % (prefix, number, number, widths[number - 1])) for number in numbers]
    for column in outline.inside.get("cols", ()):
        first, last = int(column.attributes["min"]), int(column.attributes["max"])
        for begin, end in _without(first, last, numbers):
            tag = with_attribute(column.tag(data), b"min", b"%d" % begin)
            pieces.append((begin, with_attribute(tag, b"max", b"%d" % end) + data[column.tag_end : column.end]))
    items, part = b"".join(piece for _, piece in sorted(pieces)), outline.part("cols")
    if part is None:
        edits.insert(place_for(outline, "cols"), b"<%scols>%s</%scols>" % (prefix, items, prefix))
    else:
        edits.replace(part.tag_end, data.rindex(b"</", part.tag_end, part.end), items)


def _without(first: int, last: int, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The stretches of the numbers from first to last that leave these out."""
    for number in numbers:
        if first <= number <= last:
            if first < number:
                yield first, number - 1
            first = number + 1
    if first <= last:
        yield first, last


class Merges:
    """The merged cells of a sheet, some of which were given values of their own."""

    def __init__(self, outline: SheetOutline) -> None:
        self._outline = outline
        self._items = outline.inside.get("mergeCells", [])
        self._areas = [next(areas_of(item.attributes["ref"])) for item in self._items]
        self._filled: Counter[Area] = Counter()
        self._in_column: dict[int, list[Area]] = {}

    def fill(self, row: int, position: int) -> None:
        """Note that a cell has got a value of its own.

        Raises:
            Refusal: Merged cells lie over each other.
        """
        areas = self._of_column(position)
        index = bisect_right(areas, row, key=lambda area: area.top) - 1
        area = areas[index] if index >= 0 else None
        if area and area.holds(row, position) and (row, position) != (area.top, area.left):
            self._filled[area] += 1

    def _of_column(self, position: int) -> list[Area]:
        if position not in self._in_column:
            areas = [area for area in self._areas if area.left <= position <= area.right]
            areas.sort(key=lambda area: area.top)
            if any(above.bottom >= below.top for above, below in pairwise(areas)):
                raise Refusal(UNUSUAL)
            self._in_column[position] = areas
        return self._in_column[position]

    def split(self, edits: Edits, data: bytes) -> None:
        """Take apart the merged cells that have values of their own.

        Raises:
            Refusal: Some cells under a value have one of their own, and others have none: taken apart, these would be
                empty, and nobody would see that they were not.
        """
        for area, filled in self._filled.items():
            if filled < (area.bottom - area.top + 1) * (area.right - area.left + 1) - 1:
                raise Refusal("you corrected some of its merged cells, and not all of them")
        part = self._outline.part("mergeCells")
        apart = [item for item, area in zip(self._items, self._areas, strict=True) if area in self._filled]
        if part is not None and apart:
            replace_items(edits, data, part, apart, [], len(self._items))


def replace_items(
    edits: Edits, data: bytes, part: Element, old: Sequence[Element], new: Sequence[bytes], count: int
) -> None:
    """Take items out of a part that holds so many, put others at its end, or take out the part if none is left."""
    left = count - len(old) + len(new)
    if not left:
        edits.replace(part.start, part.end, b"")
        return
    edits.replace(part.start, part.tag_end, with_attribute(part.tag(data), b"count", b"%d" % left))
    for item in old:
        edits.replace(item.start, item.end, b"")
    edits.insert(data.rindex(b"</", part.tag_end, part.end), b"".join(new))
