"""When a weekly import is due: each date once, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.runs.recurrence import Weekly, parse_weekly

EVERY_DAY = tuple(range(7))
ZONES = ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
"""Clocks that change by an hour, by half an hour, in the south, never, and one that skipped a whole day."""

weeklies = st.builds(
    Weekly,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    st.sampled_from(ZONES),
)
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2008, 2040))
moments = st.integers(FIRST, LAST)
spans = st.integers(0, 60 * 86_400)


def utc(moment: float) -> str:
    """A moment as people of UTC write it."""
    return f"{datetime.fromtimestamp(moment, UTC):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("weekly", "after", "expected"),
    [
        (Weekly((0,), "07:00", "Europe/London"), "2026-11-27 12:00", "Mon 2026-11-30 07:00"),
        (Weekly((0,), "07:00", "Europe/London"), "2026-06-26 12:00", "Mon 2026-06-29 06:00"),
        # At the very moment the next one is a week later.
        (Weekly((0,), "07:00", "Europe/London"), "2026-11-30 07:00", "Mon 2026-12-07 07:00"),
        (Weekly((0, 3), "07:00", "Europe/London"), "2026-11-30 07:00", "Thu 2026-12-03 07:00"),
        # 01:30 does not exist on this day: it is 02:30 in summer time.
        (Weekly((6,), "01:30", "Europe/London"), "2026-03-28 12:00", "Sun 2026-03-29 01:30"),
        (Weekly((6,), "02:30", "Europe/Berlin"), "2026-03-28 12:00", "Sun 2026-03-29 01:30"),
        # It exists twice: the first of both.
        (Weekly((6,), "02:30", "Europe/Berlin"), "2026-10-24 12:00", "Sun 2026-10-25 00:30"),
        (Weekly((6,), "02:30", "Europe/Berlin"), "2026-10-25 00:30", "Sun 2026-11-01 01:30"),
        (Weekly((1,), "23:00", "UTC"), "2028-02-28 23:30", "Tue 2028-02-29 23:00"),
        (Weekly((4,), "00:00", "America/New_York"), "2026-12-31 12:00", "Fri 2027-01-01 05:00"),
    ],
)
def test_the_next_one_is_at_the_time_of_the_zone(weekly: Weekly, after: str, expected: str) -> None:
    """In summer and winter, over the end of a year, and where the clocks change."""
    assert utc(weekly.next_after(datetime.fromisoformat(f"{after}Z").timestamp())) == expected


def test_a_day_that_a_zone_skips_is_made_up_at_the_same_time_of_the_next() -> None:
    """In Samoa there was no 30th of December 2011, a Friday."""
    friday = Weekly((4,), "07:00", "Pacific/Apia").moment(date(2011, 12, 30))
    assert f"{datetime.fromtimestamp(friday, ZoneInfo('Pacific/Apia')):%a %d %H:%M}" == "Sat 31 07:00"


@given(weeklies, moments, spans, spans)
def test_nothing_is_due_twice_and_nothing_is_left_out(weekly: Weekly, begin: int, first: int, second: int) -> None:
    """Looked at in two parts, a span has the same dates as looked at whole, each once and on a day that was meant."""
    middle, end = begin + first, begin + first + second
    whole = weekly.due(begin, end)
    assert weekly.due(begin, middle) + weekly.due(middle, end) == whole
    assert whole == sorted(set(whole))
    assert {day.weekday() for day in whole} <= set(weekly.days)
    assert len(whole) >= len(weekly.days) * ((end - begin) // (7 * 86_400) - 1)


@given(weeklies, moments)
def test_the_next_one_is_the_first_that_is_due(weekly: Weekly, now: int) -> None:
    """And there is always one, within a week and a day."""
    coming = weekly.next_after(now)
    assert now < coming <= now + 8 * 86_400
    assert weekly.due(now, coming - 1) == []
    assert [weekly.moment(day) for day in weekly.due(now, coming)][-1] == coming


@given(weeklies, st.dates(date(2012, 1, 1), date(2040, 1, 1)))
def test_a_moment_shows_the_time_that_was_asked_for_or_follows_a_gap(weekly: Weekly, day: date) -> None:
    """Another time is shown only where the clocks skip that one, and then no more than an hour later."""
    zone = ZoneInfo(weekly.zone)
    shown = datetime.fromtimestamp(weekly.moment(day), zone)
    wanted = datetime.combine(day, datetime.strptime(weekly.at, "%H:%M").time())
    if f"{shown:%H:%M}" != weekly.at:
        assert wanted < shown.replace(tzinfo=None) <= wanted + timedelta(hours=1)
        earlier = datetime.fromtimestamp(weekly.moment(day) - 7_200, zone)
        assert earlier.utcoffset() != shown.utcoffset()
    assert shown.fold == 0


@pytest.mark.parametrize(
    ("days", "at", "expected"),
    [
        (["monday"], "07:00", Weekly((0,), "07:00", "UTC")),
        (["Friday", "monday", "friday"], "7:05", Weekly((0, 4), "07:05", "UTC")),
        (["day"], "23:59", Weekly(EVERY_DAY, "23:59", "UTC")),
        (["weekday", "sunday"], "00:00", Weekly((0, 1, 2, 3, 4, 6), "00:00", "UTC")),
    ],
)
def test_days_and_times_are_read_as_people_write_them(days: list[str], at: str, expected: Weekly) -> None:
    """In any order, capitals or not."""
    assert parse_weekly(days, at, "UTC") == expected


@pytest.mark.parametrize(
    ("days", "at", "zone", "message", "advice"),
    [
        (["mondy"], "07:00", "UTC", '--every "mondy" is no day of the week.', 'Did you mean "monday"?'),
        (["1st"], "07:00", "UTC", '--every "1st" is no day of the week.', "Write monday to sunday"),
        ([""], "07:00", "UTC", '--every "" is no day of the week.', "Write monday to sunday"),
        (["monday"], "25:00", "UTC", '--at "25:00" is no time of day.', "Write it like 07:00"),
        (["monday"], "24:00", "UTC", '--at "24:00" is no time of day.', "For midnight, write 00:00."),
        (["monday"], "7", "UTC", '--at "7" is no time of day.', "Write it like 07:00"),
        (["monday"], "7pm", "UTC", '--at "7pm" is no time of day.', "Write it like 07:00"),
        (["monday"], "07:60", "UTC", '--at "07:60" is no time of day.', "Write it like 07:00"),
        (["monday"], "07:00", "Europe/Londn", 'no time zone "Europe/Londn"', 'Did you mean "Europe/London"?'),
        (["monday"], "07:00", "", 'no time zone ""', "Write it like Europe/London."),
        (["monday"], "07:00", "../etc/passwd", 'no time zone "../etc/passwd"', ""),
    ],
)
def test_what_is_no_day_time_or_zone_is_refused(days: list[str], at: str, zone: str, message: str, advice: str) -> None:
    """With what was most likely meant, or how it is written."""
    with pytest.raises(UsageError) as refused:
        parse_weekly(days, at, zone)
    assert message in refused.value.message
    assert refused.value.advice.startswith(advice)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((0,), "every Monday at 07:00 (UTC)"),
        ((0, 3), "every Monday and Thursday at 07:00 (UTC)"),
        ((0, 1, 2, 3, 4), "every weekday at 07:00 (UTC)"),
        (EVERY_DAY, "every day at 07:00 (UTC)"),
    ],
)
def test_it_is_said_as_it_was_meant(days: tuple[int, ...], words: str) -> None:
    """A list of schedules is read by people."""
    assert Weekly(days, "07:00", "UTC").words == words
