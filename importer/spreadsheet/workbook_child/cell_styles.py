"""The looks of cells in an XLSX workbook: the same look in red or as text, added to those that there are.

Source: ECMA-376 part 1, 18.8 (styles).
"""

import re
from collections import Counter
from collections.abc import Mapping

from .format_codes import GENERAL, OTHER
from .limits import Refusal
from .number_formats import changes_texts
from .spans import Edits, Element, elements, local, prefix_of, with_attribute
from .xlsx_display import formats_of

_TEXT_FORMAT = b"49"
"""The number format "@", which every program has built in."""

_FORMAT = re.compile(rb"""\snumFmtId\s*=\s*["'](\d+)["']""")
_RED = 0xFFC7CE
"""Light, so that text in any usual colour can be read on it."""

_MOST = 64_000
"""Looks that Excel allows."""


class CellStyles:
    """The looks that cells name by their index. ``plain`` are those that were there before a cell was made red."""

    def __init__(self, data: bytes, plain: Mapping[int, int]) -> None:
        """``plain`` maps looks in red to those without, as an earlier copy noted them."""
        self._data = data
        top = elements(data, 2)
        self._fills, fills = _list_of(top, "fills")
        formats = [element.attributes for element in top if local(element.name) == "numFmt"]
        others = {one.get("numFmtId", "").encode() for one in formats if one.get("formatCode") == "@"}
        self._text_formats = {_TEXT_FORMAT, *others}
        self._list, self._xfs = _list_of(top, "cellXfs")
        self._shapes = [GENERAL] if not self._xfs else formats_of(data).of_cells
        self._looks = [data[xf.start : xf.end] for xf in self._xfs]
        self._index = {look: index for index, look in reversed(list(enumerate(self._looks)))}
        self._of_user, self._fill_count = len(self._looks), len(fills)
        self.plain = {red: base for red, base in plain.items() if max(red, base) < self._of_user}
        self._red = {base: red for red, base in self.plain.items()}
        self._text: dict[int, int] = {}
        self._new_fills: list[bytes] = []
        # Two looks that differ only in the colour of their cells need two reds, or saving the file would make one of
        # them and nobody could tell any more what each was before.
        self._bare_reds = Counter(self._without_fill(self._looks[red]) for red in self.plain)

    def changes(self, index: int, *, texts: bool) -> bool:
        """Whether a look has another number format than the first one, which cells have that name none.

        ``texts``: whether it is one that shows a text otherwise than it is.
        """
        shape = self._shapes[index] if index < len(self._shapes) else OTHER
        return changes_texts(shape) if texts else shape != self._shapes[0]

    def base(self, index: int) -> int:
        """A look as it is without our red."""
        return self.plain.get(index, index)

    def red(self, index: int) -> int:
        """The same look in red."""
        index = self.base(index)
        if index not in self._red:
            bare = self._without_fill(self._look(index))
            shade = self._bare_reds[bare]
            self._bare_reds[bare] += 1
            self._red[index] = red = self._add(self._with(bare, b"fillId", b"%d" % self._fill(shade)))
            self.plain[red] = index
        return self._red[index]

    def text(self, index: int) -> int:
        """The same look for text: what is typed into the cell stays as it is typed."""
        index = self.base(index)
        if index not in self._text and self._is_text(index):
            self._text[index] = index
        if index not in self._text:
            look = self._with(self._look(index), b"numFmtId", _TEXT_FORMAT)
            self._text[index] = self._add(self._with(look, b"applyNumberFormat", b"1"))
        return self._text[index]

    def _is_text(self, index: int) -> bool:
        look = self._look(index)
        match = _FORMAT.search(look[: look.index(b">")])
        return match is not None and match[1] in self._text_formats

    def applied(self) -> bytes:
        """The part with all looks."""
        edits = Edits()
        _append(edits, self._data, self._fills, self._new_fills, self._fill_count)
        _append(edits, self._data, self._list, self._looks[self._of_user :], self._of_user)
        return edits.applied(self._data)

    def _look(self, index: int) -> bytes:
        if index >= len(self._looks):
            raise Refusal("it names styles that it does not have")
        return self._looks[index]

    def _add(self, look: bytes) -> int:
        if look in self._index:
            return self._index[look]
        if len(self._looks) >= _MOST:
            raise Refusal("it has too many styles to add one")
        self._looks.append(look)
        self._index[look] = len(self._looks) - 1
        return self._index[look]

    def _without_fill(self, look: bytes) -> bytes:
        return self._with(self._with(look, b"applyFill", b"1"), b"fillId", b"")

    def _with(self, look: bytes, name: bytes, value: bytes) -> bytes:
        end = look.index(b">") + 1
        return with_attribute(look[:end], name, value) + look[end:]

    def _fill(self, shade: int) -> int:
        prefix, colour = prefix_of(self._fills.tag(self._data)), b"FF%06X" % (_RED - shade)
        fill = (
            b'<%(p)sfill><%(p)spatternFill patternType="solid"><%(p)sfgColor rgb="%(c)s"/><%(p)sbgColor indexed="64"/>'
            b"</%(p)spatternFill></%(p)sfill>" % {b"p": prefix, b"c": colour}
        )
        self._new_fills.append(fill)
        return self._fill_count + len(self._new_fills) - 1


def _list_of(top: list[Element], name: str) -> tuple[Element, list[Element]]:
    """A list of the part, and what it holds."""
    owner = next((element for element in top if local(element.name) == name), None)
    if owner is None:
        raise Refusal("it has no styles")
    inside = [element for element in top if owner.tag_end <= element.start < owner.end]
    return owner, inside


def _append(edits: Edits, data: bytes, owner: Element, items: list[bytes], before: int) -> None:
    if not items:
        return
    tag = with_attribute(owner.tag(data), b"count", b"%d" % (before + len(items)))
    edits.replace(owner.start, owner.tag_end, tag)
    edits.insert(data.rindex(b"</", owner.tag_end, owner.end), b"".join(items))
