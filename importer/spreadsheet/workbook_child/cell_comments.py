"""The comments of a sheet, and the drawing of their boxes: ours added and taken out, everybody else's left as they are.

Source: ECMA-376 part 1, 18.7 (comments), and part 4, 19 (VML), which Excel still reads comments' boxes from.
"""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from .limits import Refusal
from .package import letters_of, position_of
from .spans import Edits, Element, elements, escaped, local, prefix_of, put_inside

AUTHOR = "Nexudus importer"
_BEGIN = f"{AUTHOR}:\n"
"""What our comments begin with, as those that people write begin with their names: LibreOffice keeps no author."""

_LINE_END = r"(?:_x000D_)?\r?\n"
_OUR_LINES = re.compile(rf"(?:\A|{_LINE_END}{_LINE_END}){AUTHOR}:{_LINE_END}[^\r\n]*?(?={_LINE_END}|\Z)")
"""What is ours in the text of a comment, which somebody may have written more into: two lines."""

_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
_SHAPE = re.compile(rb"<(\w+:)shape\s.*?(?P<end></\1shape\s*>|\Z)", re.DOTALL)
_IS_NOTE = re.compile(rb"""\bObjectType\s*=\s*["']Note["']""")
_PLACE = re.compile(rb"<(?:\w+:)?(Row|Column)>\s*(\d+)\s*</")
_ID = re.compile(rb"""\b_x0000_s(\d+)\b""")
_BLOCKS = re.compile(rb"""(<(?:\w+:)idmap\b[^<>]*?\bdata\s*=\s*["'])([\d,\s]*)(["'])""")
_END = re.compile(rb"</xml\s*>\s*$")
_BLOCK = 1024
"""Numbers of shapes come in blocks of so many, and a block belongs to one drawing."""

_COMMENTS = (
    b'<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors/><commentList/></comments>'
)
_SPACES = (
    b' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    b' xmlns:x="urn:schemas-microsoft-com:office:excel"'
)
_DRAWING = b'<xml%s><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data=""/></o:shapelayout></xml>' % _SPACES
_SHAPE_TYPE = (
    b'<v:shapetype%s id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_BOX = (
    b'<v:shape%s id="_x0000_s%d" type="#_x0000_t202" '
    b'style="position:absolute;margin-left:60pt;margin-top:2pt;width:210pt;height:72pt;z-index:1;visibility:hidden" '
    b'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    b'<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/>'
    b'</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    b"<x:Anchor>%d, 15, %d, 4, %d, 30, %d, 10</x:Anchor><x:AutoFill>False</x:AutoFill>"
    b"<x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>"
)
_WIDE, _HIGH = 4, 5

Place = tuple[int, int]
"""The row of a cell, counted from 1, and its position, counted from 0."""


@dataclass(frozen=True)
class CellComments:
    """The two parts of a sheet's comments, as they were; None where there is none."""

    comments: bytes | None
    drawing: bytes | None

    def with_ours(self, sentences: Mapping[Place, str], free_block: int) -> tuple[bytes, bytes]:
        """Both parts with these sentences of ours and no others of ours; ``free_block`` is one that no drawing has.

        A cell has one comment only, so a sentence about one that somebody else has commented on stands below theirs.
        """
        comments, taken, removed = self._without_ours()
        rest = {place: text for place, text in sorted(sentences.items()) if place not in taken}
        comments = _with_below(comments, {place: text for place, text in sentences.items() if place in taken})
        return _with_comments(comments, rest), _with_boxes(self.drawing or _DRAWING, removed, list(rest), free_block)

    @property
    def any_of_ours(self) -> bool:
        """Whether an earlier copy has left something in a comment."""
        data = self.comments or _COMMENTS
        return self._without_ours()[0] != data

    def _without_ours(self) -> tuple[bytes, set[Place], set[Place]]:
        """The comments without what is ours in them, those that are left, and those of which nothing was."""
        data, edits = self.comments or _COMMENTS, Edits()
        taken, removed = set(), set()
        for comment in _comments_in(data):
            text = "".join(piece.text for piece in comment.pieces)
            spans = [match.span() for match in _OUR_LINES.finditer(text)]
            if spans and not _OUR_LINES.sub("", text).strip():
                edits.replace(comment.element.start, comment.element.end, b"")
                removed.add(comment.place)
                continue
            taken.add(comment.place)
            if spans:
                _take_out(edits, comment, spans)
        return edits.applied(data), taken, removed


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a comment's text, and the run with a look of its own that holds it, if one does."""

    element: Element
    run: Element | None
    text: str
    tag: bytes

    @property
    def whole(self) -> Element:
        """All that has to go if the text does."""
        return self.run or self.element


@dataclass(slots=True)
class _Comment:
    place: Place
    element: Element
    text: Element | None = None
    pieces: list[_Piece] = field(default_factory=list)


def _comments_in(data: bytes) -> list[_Comment]:
    comments: list[_Comment] = []
    run = reading_aid = None
    for element in sorted(elements(data, 5), key=lambda one: one.start):
        name = local(element.name)
        if name == "comment":
            comments.append(_Comment(_place(element.attributes), element))
        elif not comments or element.start >= comments[-1].element.end:
            continue
        elif name == "text":
            comments[-1].text, run, reading_aid = element, None, None
        elif name == "r":
            run = element
        elif name == "rPh":
            reading_aid = element
        elif name == "t" and not (reading_aid and element.start < reading_aid.end):
            inside = run if run and element.start < run.end else None
            comments[-1].pieces.append(_Piece(element, inside, _content(data, element), element.tag(data)))
    return comments


def _content(data: bytes, element: Element) -> str:
    if element.is_empty(data):
        return ""
    return html.unescape(data[element.tag_end : data.rindex(b"</", element.tag_end, element.end)].decode())


def _take_out(edits: Edits, comment: _Comment, spans: Sequence[tuple[int, int]]) -> None:
    """Take these parts out of the text of a comment; pieces that have nothing of them stay byte for byte."""
    begin = index = 0
    for piece in comment.pieces:
        end = begin + len(piece.text)
        rest, place = list[str](), begin
        while index < len(spans) and spans[index][0] < end:
            rest.append(piece.text[place - begin : max(spans[index][0] - begin, 0)])
            place = min(max(spans[index][1], begin), end)
            if spans[index][1] > end:
                break
            index += 1
        left = "".join([*rest, piece.text[place - begin :]])
        if piece.text and not left:
            edits.replace(piece.whole.start, piece.whole.end, b"")
        elif left != piece.text:
            # As it was read: what Excel has spelt in it must not be spelt once more.
            words = {b"n": prefix_of(piece.tag) + b"t", b"t": html.escape(left, quote=False).encode()}
            new = b'<%(n)s xml:space="preserve">%(t)s</%(n)s>' % words
            edits.replace(piece.element.start, piece.element.end, new)
        begin = end


def _with_below(data: bytes, sentences: Mapping[Place, str]) -> bytes:
    """The comments at these places with a sentence of ours below what they say."""
    edits = Edits()
    for comment in _comments_in(data) if sentences else ():
        if comment.text is None or comment.place not in sentences:
            continue
        words = {
            b"p": prefix_of(comment.text.tag(data)),
            b"t": escaped(f"\n\n{_BEGIN}{_line(sentences[comment.place])}"),
        }
        run = b'<%(p)sr><%(p)st xml:space="preserve">%(t)s</%(p)st></%(p)sr>' % words
        last = max((piece.whole for piece in comment.pieces), key=lambda one: one.end, default=None)
        if last is None:
            put_inside(edits, data, comment.text, run)
        elif comment.pieces[-1].run is None:
            # A text without a look of its own, which Excel does not write beside others.
            tag = b"%sr>" % words[b"p"]
            edits.replace(last.start, last.end, b"<%s%s</%s%s" % (tag, data[last.start : last.end], tag, run))
        else:
            edits.insert(last.end, run)
    return edits.applied(data)


def _line(sentence: str) -> str:
    """A sentence on one line, so that the next copy knows where it ends."""
    return " ".join(sentence.splitlines())


def blocks_of(drawing: bytes) -> list[int]:
    """The blocks of numbers that belong to a drawing."""
    match = _BLOCKS.search(drawing)
    return [int(number) for number in match[2].split(b",") if number.strip()] if match else []


def _place(attributes: Mapping[str, str]) -> Place:
    match = _ADDRESS.fullmatch(attributes.get("ref", ""))
    return (int(match[2]), position_of(match[1].encode())) if match else (0, 0)


def _with_comments(data: bytes, sentences: Mapping[Place, str]) -> bytes:
    if not sentences:
        return data
    parts, edits = sorted(elements(data, 2), key=lambda element: element.start), Edits()
    by_name = {local(element.name): element for element in reversed(parts)}
    authors, items = by_name.get("authors"), by_name.get("commentList")
    if authors is None or items is None:
        raise Refusal("its comments are stored in an unusual way")
    prefix = prefix_of(authors.tag(data))
    names = [data[e.tag_end : e.end] for e in parts if local(e.name) == "author"]
    number = next((n for n, name in enumerate(names) if name.startswith(AUTHOR.encode())), len(names))
    if number == len(names):
        put_inside(edits, data, authors, b"<%(p)sauthor>%(a)s</%(p)sauthor>" % {b"p": prefix, b"a": AUTHOR.encode()})
    comment = (
        b'<%(p)scomment ref="%(r)s" authorId="%(n)d"><%(p)stext><%(p)sr><%(p)st xml:space="preserve">%(t)s</%(p)st>'
        b"</%(p)sr></%(p)stext></%(p)scomment>"
    )
    added = [
        comment
        % {
            b"p": prefix,
            b"r": f"{letters_of(position)}{row}".encode(),
            b"n": number,
            b"t": escaped(_BEGIN + _line(sentence)),
        }
        for (row, position), sentence in sentences.items()
    ]
    put_inside(edits, data, items, b"".join(added))
    return edits.applied(data)


def _with_boxes(drawing: bytes, removed: Collection[Place], places: Sequence[Place], free_block: int) -> bytes:
    """The drawing without the boxes of these comments, and with those of others."""
    drawing = _SHAPE.sub(lambda shape: b"" if shape["end"] and _is_box_of(shape[0], removed) else shape[0], drawing)
    if not places:
        return drawing
    end = _END.search(drawing)
    if end is None:
        raise Refusal("its comments are stored in an unusual way")
    blocks = dict.fromkeys(blocks_of(drawing))
    used = {int(number) for number in _ID.findall(drawing)}
    free = (number for block in chain(tuple(blocks), count(free_block)) for number in _numbers(block))
    # Most drawings name their spaces at the top, as Excel does, and need them nowhere else.
    spaces = b"" if all(name in drawing[: drawing.find(b">")] for name in _SPACES.split()) else _SPACES
    boxes: list[bytes] = []
    if b"_x0000_t202" not in drawing:
        boxes.append(_SHAPE_TYPE % spaces)
    for (row, position), number in zip(places, (number for number in free if number not in used), strict=False):
        # A dictionary keeps their order, and tells at once whether one is there.
        blocks.setdefault(number // _BLOCK)
        top = max(row - 2, 0)
        corners = (position + 1, top, position + 1 + _WIDE, top + _HIGH)
        boxes.append(_BOX % (spaces, number, *corners, row - 1, position))
    drawing = drawing[: end.start()] + b"".join(boxes) + drawing[end.start() :]
    listed = b",".join(b"%d" % block for block in blocks)
    return _BLOCKS.sub(lambda match: match[1] + listed + match[3], drawing, count=1)


def _numbers(block: int) -> range:
    # The first of a block is the drawing's own.
    return range(block * _BLOCK + 1, (block + 1) * _BLOCK)


def _is_box_of(shape: bytes, places: Collection[Place]) -> bool:
    where = {name: int(number) for name, number in _PLACE.findall(shape)}
    return bool(_IS_NOTE.search(shape)) and (where.get(b"Row", -1) + 1, where.get(b"Column", -1)) in places
