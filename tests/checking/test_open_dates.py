"""What the dates of a file leave to a person."""

import pandas as pd
import pytest

from importer.checking import Column, ColumnMapping, How, OpenDates, dates_left_open
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
DATE = "SubscriptionExpireDate"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2027-03-04", "4 March 2027", ""], OpenDates()),
        (["03/04/2027", "2027-03-04"], OpenDates(order=True, zone=True)),
        (["03/04/2027", "03/14/2027"], OpenDates(order=True, zone=True, proved=frozenset({"mdy"}))),
        (["2027-03-04 14:00", "nonsense"], OpenDates(zone=True)),
        (["2027-03-04 14:00Z"], OpenDates()),
    ],
)
def test_what_no_cell_says_is_left_open(cells: list[str], expected: OpenDates) -> None:
    """In the date columns of all chunks; other columns do not count."""
    mapping = ColumnMapping((Column("Name", 0, "Name", How.EXACT), Column(DATE, 1, "Until", How.EXACT)), ())
    chunks = [pd.DataFrame({0: ["03/04/2027"], 1: [cell]}, dtype=object) for cell in cells]
    assert dates_left_open(chunks, mapping, KIND) == expected


def test_an_order_answers_only_what_is_open_and_not_said_otherwise() -> None:
    """Else it would turn dates of another program round, or call them wrong."""
    open_to_both, day_first = OpenDates(order=True), OpenDates(order=True, proved=frozenset({"dmy"}))
    assert open_to_both.takes("dmy")
    assert day_first.takes("dmy")
    assert not day_first.takes("mdy")
    assert not open_to_both.takes(None)
    assert not OpenDates().takes("dmy")
