"""Characters that XML names by their number though they need not be: a 1 as &#49;.

calamine (0.9.1) passes over them in numbers and in attributes, and so do patterns that look for what they stand for.
"""

import re

_NEEDLESS = re.compile(
    rb"&#(?:0*(?:3[23567]|4\d|5\d|6[13-9]|[7-9]\d|1[01]\d|12[0-6])"
    rb"|[xX]0*(?:2[013-589a-fA-F]|3[0-9abdfABDF]|[4-6][0-9a-fA-F]|7[0-9a-eA-E]));"
)
"""Printable characters of ASCII, but for those that XML itself needs: & < > and both kinds of quotes."""

_OR_LITERAL = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|%s" % _NEEDLESS.pattern, re.DOTALL)


def has_needless_references(xml: bytes) -> bool:
    """Whether there may be a character that is named without need."""
    return _NEEDLESS.search(xml) is not None


def without_needless_references(xml: bytes) -> bytes:
    """The XML with such characters as themselves; what stands in CDATA and comments is none."""
    return _OR_LITERAL.sub(_character, xml) if has_needless_references(xml) else xml


def _character(match: re.Match[bytes]) -> bytes:
    if match[0].startswith(b"<"):
        return match[0]
    number = match[0][2:-1].lower()
    return bytes([int(number[1:], 16) if number.startswith(b"x") else int(number)])
