"""The hidden sheet that an annotated copy adds: values to choose from, and how cells looked before they were red.

The looks stand there as cells, one in red beside one as it was: a spreadsheet program numbers all looks anew when it
saves, and only cells keep theirs. So the next copy can take the red away again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from .package import letters_of
from .sheet_choice import CHOICES_MARK
from .spans import Attributes, elements, escaped, walk

_NAME = "Importer lists"
_NAMES = re.compile(rf"{_NAME}(?: \d+)?")
_FIRST_LIST = 2
"""The position of the first list, behind the two columns of looks."""

_SHEET = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
)
MOST_VALUES = 30_000
"""In one list; programs show no more."""


def may_be_helper(name: str) -> bool:
    """Whether a hidden sheet of this name may be one of ours."""
    return _NAMES.fullmatch(name) is not None


def free_name(names: Sequence[str]) -> str:
    """A name that no sheet has."""
    taken = {name.casefold() for name in names}
    names_to_try = (f"{_NAME} {number}" if number > 1 else _NAME for number in range(1, len(taken) + 2))
    return next(name for name in names_to_try if name.casefold() not in taken)


def columns_of(positions: Sequence[int]) -> dict[int, str]:
    """The letters of the column in which the values for each column of the table stand."""
    return {position: letters_of(_FIRST_LIST + number) for number, position in enumerate(sorted(positions))}


def helper_sheet(lists: Mapping[int, Sequence[str]], columns: Mapping[int, str], looks: Mapping[int, int]) -> bytes:
    """The XML of the sheet; ``looks`` maps those in red to those before."""
    pairs, height = sorted(looks.items()), max([len(looks), *map(len, lists.values())], default=0)
    rows = [b'<row r="1">%s</row>' % _text("A1", CHOICES_MARK)]
    for index in range(height):
        row = index + 2
        cells = (
            [b'<c r="%s%d" s="%d"/>' % (c, row, look) for c, look in zip((b"A", b"B"), pairs[index], strict=True)]
            if index < len(pairs)
            else []
        )
        cells += [
            _text(f"{columns[p]}{row}", values[index]) for p, values in sorted(lists.items()) if index < len(values)
        ]
        rows.append(b'<row r="%d">%s</row>' % (row, b"".join(cells)))
    return _SHEET % b"".join(rows)


def _text(address: str, text: str) -> bytes:
    cell = b'<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>'
    return cell % (address.encode(), escaped(text))


def first_text(sheet: bytes, strings: bytes | None) -> str:
    """The text in the first cell of a sheet."""
    cells = [
        (e, sheet[e.tag_end : e.end])
        for e in elements(sheet, 3)
        if e.name.endswith(" c") and e.attributes.get("r") == "A1"
    ]
    if not cells:
        return ""
    cell, content = cells[0]
    if cell.attributes.get("t") == "s" and strings is not None:
        items = [e for e in elements(strings, 1) if e.name.endswith(" si")]
        number = re.search(rb"<(?:\w+:)?v>\s*(\d+)\s*<", content)
        content = strings[items[int(number[1])].start : items[int(number[1])].end] if number else b""
    return re.sub(rb"<[^>]*>", b"", content).decode("utf-8", "replace")


def looks_in(sheet: bytes) -> dict[int, int]:
    """The looks in red that an earlier copy noted, each with the one before."""
    pairs: dict[str, dict[str, int]] = {}

    def start(name: str, attributes: Attributes, _: int) -> None:
        address = attributes.get("r", "")
        if name.endswith(" c") and address[:1] in {"A", "B"} and address[1:].isdigit():
            pairs.setdefault(address[1:], {})[address[0]] = int(attributes.get("s", "0"))

    walk(sheet, start, lambda *_: None)
    return {pair["A"]: pair.get("B", 0) for pair in pairs.values() if pair.get("A")}


def sheets_of(book: bytes) -> Iterator[tuple[str, str, bool]]:
    """The sheets of a workbook: name, Id of the link, and whether it is hidden."""
    for element in elements(book, 2):
        if element.name.endswith(" sheet"):
            link = next((value for key, value in element.attributes.items() if key.endswith("relationships id")), "")
            hidden = element.attributes.get("state", "visible") != "visible"
            yield element.attributes.get("name", ""), link, hidden
