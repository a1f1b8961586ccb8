"""A warning that every date of a column has is one of the column, over any number of chunks."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.checking import Causes, Checker, cell_issues, match_columns
from importer.checking.whole_columns import FEWEST
from importer.issues import CATALOGUE, Issue, Severity
from importer.spreadsheet import Sheet
from schemas import RECORD_TYPES, RecordType

NOW = datetime(2026, 11, 26, tzinfo=UTC)
KIND = RECORD_TYPES["CoworkerMsOfficeCalendar"]
PAST, SOON, AHEAD, NEVER = "2026-11-20", "2026-11-28", "2027-04-30", "9999-12-31"


def check(
    dates: list[str], size: int, kind: RecordType = KIND, whole: tuple[Issue, ...] = ()
) -> tuple[Checker, Causes]:
    """The checker and the issues of rows with these dates, in chunks of this size."""
    labels = ("ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId")
    guid = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
    rows = [[str(number), str(number), "Room", date, guid, f"AAMk{number}"] for number, date in enumerate(dates, 1)]
    frame = pd.DataFrame(rows, index=pd.RangeIndex(2, 2 + len(rows)), dtype=object)
    sheet = Sheet(None, 1, labels, lambda: iter(()))
    mapping = match_columns(sheet, kind, ())
    checker = Checker(kind, mapping, sheet, required=(), now=NOW, whole_columns=whole)
    causes = Causes()
    for start in range(0, len(frame), size):
        causes.add(checker.check(frame.iloc[start : start + size]).causes)
    return checker, causes


@pytest.mark.parametrize(
    ("dates", "code", "value"),
    [
        ([PAST] * FEWEST, "dates-past", PAST),
        ([AHEAD] * FEWEST, "dates-far-ahead", AHEAD),
        ([AHEAD, *[NEVER] * FEWEST], "dates-far-ahead", AHEAD),
        ([PAST, "", "tomorrow", *[PAST] * FEWEST, "31/02/2027"], "dates-past", PAST),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_all_dates_of_a_column_share_one_sentence(dates: list[str], code: str, value: str, size: int) -> None:
    """Empty cells and those that are no date do not count; those keep their own issues."""
    checker, causes = check(dates, size)
    [issue] = checker.whole_columns()
    assert (issue.code, issue.row, issue.cell, issue.value) == (code, None, None, value)
    assert 'column "SubscriptionExpireDate"' in issue.message
    causes.replace_cells([issue], cell_issues([issue]))
    assert {other.code for other in causes if other.field == "SubscriptionExpireDate"} <= {code, "not-a-date"}


@pytest.mark.parametrize(
    "dates",
    [[PAST] * (FEWEST - 1), [PAST] * FEWEST + [SOON], [PAST] * FEWEST + [AHEAD], [SOON] * 9, ["x"] * 9, [""] * 9],
)
def test_one_date_that_differs_leaves_each_sentence_at_its_cell(dates: list[str]) -> None:
    """And a few dates are no column."""
    assert not check(dates, 4)[0].whole_columns()


def test_only_what_is_left_out_of_a_type_is_told_of_its_columns() -> None:
    """A type without a limit of days has no dates that are too far ahead."""
    checker, causes = check([NEVER] * FEWEST, 2, RECORD_TYPES["CoworkerGoogleCalendar"])
    assert not checker.whole_columns()
    assert [issue.code for issue in causes if issue.severity is Severity.WARNING].count("date-never") == FEWEST


@given(st.lists(st.sampled_from([PAST, SOON, AHEAD, NEVER, "", "x"]), min_size=1, max_size=12), st.integers(1, 13))
def test_looked_at_twice_or_put_together_afterwards_it_is_the_same(dates: list[str], size: int) -> None:
    """And apart from the sentences that are replaced, every issue is still there."""
    checker, causes = check(dates, size)
    before = sorted((issue.row or 0, issue.code) for issue in causes)
    whole = checker.whole_columns()
    causes.replace_cells(whole, cell_issues(whole))
    again = check(dates, size, whole=tuple(whole))
    assert list(again[1]) == list(causes)
    assert again[0].whole_columns() == whole
    replaced = {code for code, _ in cell_issues(whole)}
    after = [(issue.row or 0, issue.code) for issue in causes if issue.row]
    assert sorted(after) == [pair for pair in before if pair[0] and pair[1] not in replaced]
    assert not whole or any(code in replaced for _, code in before)


@given(st.lists(st.integers(-30, 30), min_size=FEWEST, max_size=9))
def test_what_is_said_of_a_column_is_true(days: list[int]) -> None:
    """Each date is what the sentence says of all."""
    checker, _ = check([f"{NOW + timedelta(days=day):%Y-%m-%d}" for day in days], 4)
    expected = ["dates-past"] if max(days) < 0 else ["dates-far-ahead"] if min(days) > 7 else []
    assert [issue.code for issue in checker.whole_columns()] == expected
    assert all(CATALOGUE[code].severity is Severity.WARNING for code in expected)
