"""XML that is changed in places only: where its elements stand in the bytes, and the pieces put in or taken out there.

A tree that is written again would rename prefixes that ``mc:Ignorable`` and extensions name, and drop what it does not
know; here every byte outside an edit stays. Must not know what the elements are for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from .limits import UNUSUAL, Refusal

_TAG = re.compile(rb"""<[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>""")
_PREFIX = re.compile(rb"</?((?:[\w.-]+:)?)")
_ATTRIBUTE = rb"""\s%s\s*=\s*(?:"[^"]*"|'[^']*')"""
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\r\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

Attributes = Mapping[str, str]
OnStart = Callable[[str, Attributes, int], None]
OnEnd = Callable[[str, int], None]


def walk(data: bytes, on_start: OnStart, on_end: OnEnd) -> None:
    """Go through the elements in UTF-8 bytes: each name as "namespace name", with the place of its tag.

    The place of an empty element's end is the one after its only tag.

    Raises:
        Refusal: It is no XML, or it defines names of its own, which a place in the bytes says nothing about.
    """
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = lambda name, attributes: on_start(name, attributes, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda name: on_end(name, parser.CurrentByteIndex)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Refusal(UNUSUAL) from error


def _refuse_doctype(*_: object) -> None:
    raise Refusal(UNUSUAL)


@dataclass(slots=True)
class Element:
    """An element: its name, and where its first tag begins and ends, and where it ends itself."""

    name: str
    attributes: Attributes
    start: int
    tag_end: int
    end: int = 0

    def tag(self, data: bytes) -> bytes:
        """Its first tag."""
        return data[self.start : self.tag_end]

    def is_empty(self, data: bytes) -> bool:
        """Whether this tag is all of it."""
        return data[self.tag_end - 2 : self.tag_end] == b"/>"


def elements(data: bytes, depth: int) -> list[Element]:
    """The elements down to a depth, the root being at 0, in the order of their ends."""
    closed: list[Element] = []
    above: list[Element] = []
    level = 0

    def start(name: str, attributes: Attributes, place: int) -> None:
        nonlocal level
        if level <= depth:
            above.append(Element(name, attributes, place, tag_end(data, place)))
        level += 1

    def end(_: str, place: int) -> None:
        nonlocal level
        level -= 1
        if level <= depth:
            element = above.pop()
            element.end = end_of(data, element, place)
            closed.append(element)

    walk(data, start, end)
    return closed


def tag_end(data: bytes, start: int) -> int:
    """Where the tag that begins at a place ends."""
    match = _TAG.match(data, start)
    if match is None:
        raise Refusal(UNUSUAL)
    return match.end()


def end_of(data: bytes, element: Element, place: int) -> int:
    """Where an element ends, by the place that ``walk`` tells."""
    return element.tag_end if element.is_empty(data) else tag_end(data, place)


def prefix_of(tag: bytes) -> bytes:
    """The prefix of the name in a tag, with its colon."""
    match = _PREFIX.match(tag)
    return match[1] if match else b""


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(" ")[2]


def with_attribute(tag: bytes, name: bytes, value: bytes) -> bytes:
    """The tag with this value of an attribute, which must not need escaping."""
    plain = without_attribute(tag, name)
    end = len(plain) - (2 if plain.endswith(b"/>") else 1)
    return b'%s %s="%s"%s' % (plain[:end].rstrip(), name, value, plain[end:])


def without_attribute(tag: bytes, name: bytes) -> bytes:
    """The tag without an attribute."""
    return re.sub(_ATTRIBUTE % re.escape(name), b"", tag, count=1)


def escaped(text: str) -> bytes:
    """A text for the content or an attribute of an element, characters that XML cannot hold as Excel writes them."""
    text = _LIKE_AN_ESCAPE.sub("_x005F_", text)
    text = _NOT_XML.sub(lambda match: _spelt(match[0]), text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text.encode()


def _spelt(character: str) -> str:
    return f"_x{ord(character):04X}_" if character < "\ud800" else "\N{REPLACEMENT CHARACTER}"


@dataclass(slots=True)
class Edits:
    """Pieces of bytes to be put in place of others."""

    pieces: list[tuple[int, int, bytes]] = field(default_factory=list)

    def replace(self, start: int, end: int, piece: bytes) -> None:
        """Put a piece in place of what stands between two places."""
        self.pieces.append((start, end, piece))

    def insert(self, place: int, piece: bytes) -> None:
        """Put a piece in; of several at one place, the first comes first."""
        self.pieces.append((place, place, piece))

    def applied(self, data: bytes) -> bytes:
        """The bytes with these pieces."""
        parts, last = [], 0
        for start, end, piece in sorted(self.pieces, key=lambda each: each[:2]):
            if start < last:
                raise Refusal(UNUSUAL)
            parts += [data[last:start], piece]
            last = end
        return b"".join([*parts, data[last:]])


def put_inside(edits: Edits, data: bytes, owner: Element, piece: bytes) -> None:
    """Put a piece at the end of what an element holds."""
    if owner.is_empty(data):
        tag = owner.tag(data)
        name = tag[1:-2].split()[0]
        edits.replace(owner.start, owner.end, b"%s>%s</%s>" % (tag[:-2].rstrip(), piece, name))
    else:
        edits.insert(data.rindex(b"</", owner.tag_end, owner.end), piece)
