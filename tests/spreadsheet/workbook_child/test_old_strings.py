"""The strings of .xls files, which go on in further records."""

import struct

import pytest

from importer.spreadsheet.workbook_child.old_strings import StringsDamaged, shared_strings

HEADER = bytes(8)


def narrow(text: str, length: int = -1) -> bytes:
    """A string of letters of one byte each."""
    return struct.pack("<HB", len(text) if length < 0 else length, 0) + text.encode("latin-1")


def wide(text: str, length: int = -1) -> bytes:
    """A string of UTF-16."""
    data = text.encode("utf-16-le")
    return struct.pack("<HB", len(data) // 2 if length < 0 else length, 1) + data


@pytest.mark.parametrize(
    ("records", "strings"),
    [
        ([HEADER + narrow("Room") + wide("Zażółć")], ["Room", "Zażółć"]),
        ([HEADER + narrow("")], [""]),
        ([HEADER + narrow("Ro", 4), b"\0om"], ["Room"]),
        ([HEADER + narrow("Ro", 4), b"\1" + "őm".encode("utf-16-le")], ["Roőm"]),
        ([HEADER + wide("Rő", 4), b"\0om"], ["Rőom"]),
        ([HEADER + narrow("Room"), narrow("Desk")], ["Room", "Desk"]),
        ([HEADER + struct.pack("<HBH", 2, 8, 1) + b"ab" + bytes(4) + narrow("c")], ["ab", "c"]),
        ([HEADER + struct.pack("<HBI", 2, 4, 3) + b"ab" + bytes(3) + narrow("c")], ["ab", "c"]),
        ([HEADER + wide("\U0001f600")[:5], b"\1" + "\U0001f600".encode("utf-16-le")[2:]], ["\U0001f600"]),
        # Gnumeric counts an emoji once.
        ([HEADER + wide("a", 3), b"\1" + "\U0001f600b".encode("utf-16-le")], ["a\U0001f600b"]),
    ],
)
def test_strings_are_put_together(records: list[bytes], strings: list[str]) -> None:
    """Each further record begins with whether its letters are wide."""
    assert shared_strings(records, len(strings)) == strings


@pytest.mark.parametrize(
    ("records", "count"),
    [
        ([HEADER + narrow("Room")], 2),
        ([HEADER + narrow("Room") + b"more"], 1),
        ([HEADER + narrow("Room"), b"\0more"], 1),
        ([HEADER + narrow("Room", 9)], 1),
        ([HEADER + struct.pack("<HB", 1, 0xF0) + b"a"], 1),
        ([HEADER + wide("a")[:-1]], 1),
        ([HEADER[:4]], 1),
    ],
)
def test_damaged_strings_are_no_strings(records: list[bytes], count: int) -> None:
    """Too few, too many, cut, or of a kind that there is not."""
    with pytest.raises(StringsDamaged):
        shared_strings(records, count)
