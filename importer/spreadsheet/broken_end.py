"""A text file that breaks off within its last row, as after a download that was not finished. Pure.

No line end proves that a file is whole: many programs write none after the last row. So only what hardly has another
cause counts, and it is a warning.
"""

import csv
import re
from collections.abc import Sequence

from importer.spreadsheet.extras import may_be_extra

_FEW = 3
"""Rows that must agree with each other before one that differs says anything."""

_LONG = 16
"""Characters of an Id that no other length of the same kind is to be expected of, such as those of Microsoft."""

_NUMBERS_OF_DATE = re.compile(r"\d+(?:[-/.:T ]+\d+){2,}")


def broken_off(lines: Sequence[str], labels: Sequence[str], separator: str) -> str | None:
    """The end of the last of these lines, the last ones of a file, if that surely breaks off; None if it does not.

    The last line must have no line end.
    """
    rows = [row for row in csv.reader(lines, delimiter=separator) if row]
    header = [label.strip() for label in labels]
    start = max(
        (n for n, row in enumerate(rows, 1) if [cell.strip() for cell in row][: len(header)] == header), default=0
    )
    if not (below := rows[start:]) or may_be_extra(lines[-1]):
        return None
    *above, last = below
    return last[-1] if _is_part(last[-1].strip(), above, len(last)) else None


def _is_part(cell: str, above: Sequence[Sequence[str]], width: int) -> bool:
    if _is_part_of_date(cell):
        return True
    if len(above) < _FEW:
        return False
    if {len(row) for row in above} == {len(above[0])} and width < len(above[0]):
        return True
    others = [row[width - 1].strip() for row in above if len(row) >= width]
    is_of_ids = all(len(other) >= _LONG and len(other.split()) == 1 for other in others)
    return len(set(map(len, others))) == 1 and is_of_ids and 0 < len(cell) < len(others[0])


def _is_part_of_date(cell: str) -> bool:
    """Whether the last number of a date, or of its time, has one digit where another one has a zero in front."""
    numbers = re.findall(r"\d+", cell) if _NUMBERS_OF_DATE.fullmatch(cell) else [""]
    has_zero = any(len(number) == len("01") and number.startswith("0") for number in numbers)
    return len(numbers[-1]) == 1 and has_zero and any(len(number) == len("2027") for number in numbers)
