"""What a cell is sent as, in words."""

from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pytest

from importer.web.table.sent import SentWords, sort_numbers
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
NAMES = {"CoworkerId": {7: "Ada Abbott"}}
INSTANT = datetime(2031, 12, 1, 9, 30, tzinfo=UTC)


def words(name: str, text: str, value: object, zone: str = "UTC", order: str | None = None) -> str:
    """What is said of one cell."""
    said = SentWords(KIND, NAMES, zone, order)
    [one] = said.column(name, pd.Series([text], [2], dtype=object), pd.Series([value], [2], dtype=object))
    return one


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("7", 7, "Ada Abbott"),
        ("Ada Abbott", 7, "Id 7"),
        ("ada@example.com", 7, "Ada Abbott, Id 7"),
        (" 7 ", 7, "Ada Abbott"),
        ("8", 8, ""),
        ("Bob", pd.NA, ""),
    ],
)
def test_a_reference_is_said_by_name_and_by_id(text: str, value: object, expected: str) -> None:
    """Each unless it is what the cell says already."""
    assert words("CoworkerId", text, value) == expected


@pytest.mark.parametrize(
    ("zone", "order", "expected"),
    [
        ("UTC", None, "1 Dec 2031 09:30 UTC"),
        ("Europe/Berlin", "dmy", "1 Dec 2031 10:30 CET"),
        ("America/New_York", "mdy", "Dec 1, 2031 04:30 EST"),
        ("UTC", "ymd", "2031-12-01 09:30 UTC"),
    ],
)
def test_a_date_is_said_in_the_order_and_zone_of_the_file(zone: str, order: str | None, expected: str) -> None:
    """With the month in letters where it could be taken for the day."""
    assert words("SubscriptionExpireDate", "01/12/2031 09:30", INSTANT, zone, order) == expected


def test_a_text_is_said_only_where_it_is_sent_otherwise() -> None:
    """Without the spaces around it, for example."""
    assert [words("Name", " Room 5 ", "Room 5"), words("Name", "Room 5", "Room 5")] == ["Room 5", ""]


def test_rows_that_cannot_be_sent_say_nothing() -> None:
    """The others keep their places."""
    texts = pd.Series(["7", "x", "7"], [2, 3, 4], dtype=object)
    said = SentWords(KIND, NAMES, "UTC").column("CoworkerId", texts, pd.Series([7], [4], dtype="Int64"))
    assert said == ["", "", "Ada Abbott"]


def test_numbers_and_times_have_numbers_to_sort_by() -> None:
    """A text or an empty cell has none."""
    values = pd.Series([INSTANT, Decimal("1.5"), 3, None, "x"], range(5), dtype=object)
    assert sort_numbers(pd.Series([""] * 5, range(5)), values) == [INSTANT.timestamp(), 1.5, 3.0, None, None]
