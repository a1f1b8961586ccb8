"""What a header says of the dates below it, as in "Expiry (MM/DD/YYYY)", "Ablauf (TT.MM.JJJJ)", "Ends (UTC)". Pure."""

import re
from typing import NamedTuple

_LETTERS = {"d": "d", "t": "d", "g": "d", "m": "m", "y": "y", "a": "y", "r": "y", "å": "y"}
"""What letters stand for in English, German, French, Spanish, Italian, Dutch, Polish and the languages of the north; j
is a day in French and a year in German and Dutch."""

_PART = "[dtgjmyarå]"
_FORM = re.compile(
    rf"[\s:,-]*[(\[]?\s*(?P<one>({_PART})\2{{0,3}})(?P<by>[-/.]|\. ?)(?P<two>({_PART})\5{{0,3}})(?P=by)"
    rf"(?P<three>({_PART})\7{{0,3}})(?:[ T,]+hh?[:.]mm(?:[:.]ss)?)?\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_UTC = re.compile(
    r"[\s,:;/(\[_-]*(?:(?<![A-Za-z\d])(?:[Uu][Tt][Cc]|[Gg][Mm][Tt])|(?<=[a-z])(?:UTC|Utc|GMT|Gmt)|(?<=[(\[])Z)"
    r"\s?[)\]]?\s*$"
)
"""At the end of a header that says so of its times; with an offset behind it, UTC is another zone."""

_LONGEST_FORM = 40
_SHORT_YEAR, _LONG_YEAR, _LONGEST_DAY, _LONGEST_MONTH = 2, 4, 2, 3


class DateHeader(NamedTuple):
    """A header without the form of dates at its end, and the order in that form; "" for none.

    ``has_long_year`` tells that the form has all four digits of the year, ``is_utc`` that times without a zone are in
    UTC.
    """

    label: str
    order: str = ""
    has_long_year: bool = False
    is_utc: bool = False


def read_date_header(label: str) -> DateHeader:
    """What a header says."""
    # Only its end, or a cell full of spaces would take minutes.
    utc = _UTC.search(label, max(len(label) - _LONGEST_FORM, 0))
    if utc is None:
        return _read_form(label)
    read = _read_form(label[: utc.start()])
    return read._replace(label=read.label if read.order else label, is_utc=True)


def _read_form(label: str) -> DateHeader:
    match = _FORM.search(label, max(len(label) - _LONGEST_FORM, 0))
    if match is None or not (name := label[: match.start()].strip()):
        return DateHeader(label)
    parts = [match[name].lower() for name in ("one", "two", "three")]
    others = "".join(_LETTERS.get(part[0], "") for part in parts)
    # The j is what the other two are not.
    missing = "d" if "d" not in others else "y"
    order = "".join(_LETTERS.get(part[0], missing) for part in parts)
    if sorted(order) != ["d", "m", "y"] or not all(map(_is_as_long, parts, order)):
        return DateHeader(label)
    return DateHeader(name, order, len(parts[order.index("y")]) == _LONG_YEAR)


def _is_as_long(part: str, role: str) -> bool:
    match role:
        case "y":
            return len(part) in (_SHORT_YEAR, _LONG_YEAR)
        case "d":
            return len(part) <= _LONGEST_DAY
        case _:
            return len(part) <= _LONGEST_MONTH
