"""The content of an OpenDocument in the form that calamine and ``ods_display.py`` read: UTF-8, and the usual prefixes.

Which prefix stands for a namespace is free, and most readers take the usual ones for granted.
"""

import re
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from .package import as_utf8
from .references import without_needless_references

_SPACE = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_USUAL: Mapping[str, str] = {
    **{_SPACE.format(name): name for name in ("office", "table", "text", "style", "dr3d")},
    _SPACE.format("drawing"): "draw",
    _SPACE.format("datastyle"): "number",
    "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext",
    "http://www.w3.org/XML/1998/namespace": "xml",
}
_NEEDED = ("office", "table", "text")
_DECLARED = re.compile(rb"""xmlns(?::([\w.-]+))?\s*=\s*["']([^"']*)["']""")


def plain_content(content: bytes) -> bytes:
    """The same content in the usual form; the very bytes if that is their form.

    Raises:
        Refusal: It is not in the encoding that it says it is in.
    """
    content = without_needless_references(as_utf8(content))
    return content if _has_usual_prefixes(content) else _rewritten(content)


def _has_usual_prefixes(content: bytes) -> bool:
    declared = {
        (prefix.decode("utf-8", "replace"), space.decode("utf-8", "replace"))
        for prefix, space in _DECLARED.findall(content)
    }
    is_usual = all(_USUAL.get(space, prefix) == prefix for prefix, space in declared)
    needed = all((name, _SPACE.format(name)) in declared for name in _NEEDED)
    # Not one of them: no program reads this as a document, and what calamine makes of it is as good as any.
    return (is_usual and needed) or not any(space.startswith(_SPACE[:30]) for _, space in declared)


def _rewritten(content: bytes) -> bytes:
    pieces, prefixes = ['<?xml version="1.0" encoding="UTF-8"?>'], dict(_USUAL)

    def named(name: str) -> str:
        space, _, local = name.rpartition(" ")
        return f"{prefixes.setdefault(space, f'ns{len(prefixes)}')}:{local}" if space else local

    def start(name: str, attributes: Mapping[str, str]) -> None:
        texts = [f" {named(key)}={quoteattr(value)}" for key, value in attributes.items()]
        pieces.append(f"<{named(name)}{''.join(texts)}>")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: pieces.append(f"</{named(name)}>")
    parser.CharacterDataHandler = lambda text: pieces.append(escape(text))
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        # Such as a prefix that stands for nothing, which calamine does not mind.
        return content
    return "".join(pieces).encode()
