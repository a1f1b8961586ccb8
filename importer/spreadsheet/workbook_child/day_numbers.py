"""Which numbers of days are the same moment in every program.

Excel counts a 29 February 1900 that never was, so that before 1 March 1900 LibreOffice shows other days; for numbers
below zero, and beyond the year 9999, Excel shows no date at all. calamine (0.9.1) gives out some of them as another
moment, and ends at others.
"""

_DAYS_TO_1904 = 1_462
_FIRST_COMMON_DAY = 61
_PLACEHOLDERS = 2
"""Day 0, and day 1, are not meant as dates: as what they are, they are told from other odd days."""

_LAST_HALF_SECOND = 2_958_465 + 86_399.5 / 86_400
"""Of the year 9999; a moment after it could be rounded to the year 10000."""


def is_common_day(days: float, *, from_1904: bool) -> bool:
    """Whether every program shows the same moment for a number in a format of dates; never for what is no number."""
    if from_1904:
        return 0 <= days < _LAST_HALF_SECOND - _DAYS_TO_1904
    return 0 <= days < _PLACEHOLDERS or _FIRST_COMMON_DAY <= days < _LAST_HALF_SECOND
