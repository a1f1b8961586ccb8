"""What formats show of dates and times."""

import pytest

from importer.spreadsheet.workbook_child.format_codes import sections_of
from importer.spreadsheet.workbook_child.moment_formats import example_of, is_moment, shown_moment, shows_all_of

MOMENT = "2026-12-05T16:30:09"


@pytest.mark.parametrize(
    ("shape", "shown", "nominal"),
    [
        ("yyyy-mm-dd", "2026-12-05", "2026-12-05"),
        ("d.m.yy", "5.12.26", "5.12.26"),
        ("h:mm", "16:30", "16:30"),
        ("h:mm AM/PM", "4:30 PM", "4:30 PM"),
        ("hh:mm:ss", "16:30:09", "16:30:09"),
        ("mm:ss", "30:09", "30:09"),
        ("m", "12", "12"),
        ("h m", "16 30", "16 30"),
        ("d mmm yyyy", None, "5 Dec 2026"),
        ("dddd", None, "Saturday"),
        ("mmmmm", None, "D"),
        ("h:mm a/p", None, None),
        ("[h]:mm", None, None),
        ("ss.00", None, "09"),
    ],
)
def test_a_moment_is_shown_in_parts(shape: str, shown: str | None, nominal: str | None) -> None:
    """Names of months and weekdays are certain only as those of the United States; hours that go on are not."""
    [section] = sections_of(shape) or [[]]
    assert shown_moment(MOMENT, section) == shown
    assert shown_moment(MOMENT, section, nominal=True) == nominal


@pytest.mark.parametrize(
    ("value", "shape", "shown"),
    [
        ("10:30:00", "h:mm", "10:30"),
        ("10:30:00", "yyyy-mm-dd h:mm", None),
        ("10:30:00", "h:mm m", None),
        ("1900-02-28", "yyyy-mm-dd", None),
        ("1900-03-01", "yyyy-mm-dd", "1900-03-01"),
        ("1900-02-30", "yyyy-mm-dd", None),
        ("00:00:00", "h AM/PM", "12 AM"),
        ("12:00:00", "h AM/PM", "12 PM"),
    ],
)
def test_a_time_has_no_day_and_old_days_are_disputed(value: str, shape: str, shown: str | None) -> None:
    """Of the days before March 1900, one program shows the next."""
    [section] = sections_of(shape) or [[]]
    assert shown_moment(value, section) == shown


@pytest.mark.parametrize(
    ("value", "shape", "is_whole"),
    [
        ("2026-12-05", "yyyy-mm-dd", True),
        ("2026-12-05", "d/m/yyyy", True),
        ("2026-12-05", "dddd, d mmmm yyyy", True),
        ("2026-12-05", "mmm yy", False),
        ("2026-12-05", "yyyy-dd-mm", False),
        ("2026-12-05", 'd.m.yyyy" (old)"', False),
        ("2026-12-05T00:00:00", "d.m.yyyy", True),
        ("2026-12-05T16:30:00", "d.m.yyyy", False),
        ("2026-12-05T16:30:00", "d.m.yyyy h:mm", True),
        (MOMENT, "d.m.yyyy h:mm", False),
        (MOMENT, "d.m.yyyy h:mm:ss", True),
        (MOMENT, "d.m.yyyy [h]:mm:ss", False),
    ],
)
def test_a_format_shows_the_whole_of_a_moment_or_not(value: str, shape: str, is_whole: bool) -> None:
    """All parts that are not zero, each once, in an order that is in use, and nothing beside them."""
    assert shows_all_of(shape, example_of(value)) is is_whole


@pytest.mark.parametrize(
    ("shape", "expected"), [("d", True), ('"x"', True), ("0", False), ("General", False), ("@", False)]
)
def test_a_section_for_moments_has_their_letters_or_nothing(shape: str, expected: bool) -> None:
    """Digits and texts are for others."""
    [section] = sections_of(shape) or [[]]
    assert is_moment(section) is expected
