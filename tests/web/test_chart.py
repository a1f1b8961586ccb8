"""The drawings: progress over time, a bar of parts, a strip of days. Each says in words what it shows."""

import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from importer.journal.tally import Moment
from importer.web.chart import Allowance, Part, bar, calendar, chart, days_ahead, days_behind, share

STOOD_STILL = [Moment(0.0, 0, 0), Moment(10.0, 5, 1), Moment(20.0, 5, 1), Moment(30.0, 10, 1)]
UTC = dt.UTC


def drawn(picture: Markup) -> ET.Element:
    """A drawing as a browser reads it."""
    return ET.fromstring(f"<div>{picture}</div>")


def numbers(picture: Markup) -> list[tuple[float, float]]:
    """Every point of its lines."""
    return [(float(x), float(y)) for x, y in re.findall(r"(-?\d+\.\d),(-?\d+\.\d)", str(picture))]


def test_the_drawing_shows_where_a_run_stood_still() -> None:
    """The line ends at the top when all is done, is flat while nothing moved, and is described in words."""
    picture = chart(STOOD_STILL, 10)
    assert "0.0,140.0 213.3,70.0 426.7,70.0 640.0,0.0" in str(picture)
    assert "10 of 10 rows done, 1 refused" in str(picture)
    assert {item.text or item[0].tail for item in drawn(picture).iter("li")} == {"Done", "Refused"}


@pytest.mark.parametrize(
    ("points", "total"),
    [
        ([], 10),
        ([Moment(5.0, 0, 0)], 0),
        ([Moment(5.0, 0, 0)], 10),
        ([Moment(5.0, 0, 0), Moment(5.0, 3, 0)], 10),
    ],
)
def test_nothing_is_drawn_of_a_moment(points: list[Moment], total: int) -> None:
    """A line needs two moments and something to rise to."""
    assert chart(points, total) == ""


def test_a_run_that_goes_on_is_drawn_to_its_expected_end() -> None:
    """With the rows as marks of the axis, the forecast up to all of them, and the end in words."""
    picture = chart(STOOD_STILL, 40, now=60.0, seconds_left=60.0)
    assert 'class="forecast" x1="320.0" y1="105.0" x2="640.0" y2="0.0"' in str(picture)
    assert "expected to be done at" in str(picture)
    texts = [text.text for text in drawn(picture).iter("text")]
    assert texts[:3] == ["0", "20", "40"]
    assert len(texts) == 6


def test_the_allowance_is_drawn_where_it_holds_a_run_back() -> None:
    """A line that is as steep as a wall says nothing; without an allowance there is none."""
    slow = chart(STOOD_STILL, 1_000, now=60.0, seconds_left=940.0, allowance=Allowance(1.0, None))
    assert 'class="limit"' in str(slow)
    assert "Most that Nexudus allows" in str(slow)
    fast = chart(STOOD_STILL, 40, now=60.0, seconds_left=60.0, allowance=Allowance(1_000.0, None))
    assert 'class="limit"' not in str(fast)
    assert 'class="limit"' not in str(chart(STOOD_STILL, 40, now=60.0, seconds_left=60.0))


@given(
    steps=st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 1_000), st.integers(0, 5)), min_size=1, max_size=300),
    left=st.one_of(st.none(), st.floats(0, 1e7)),
    allowance=st.builds(Allowance, st.one_of(st.none(), st.floats(0.01, 10)), st.one_of(st.none(), st.integers(1, 9))),
)
def test_no_point_leaves_the_drawing(
    steps: list[tuple[float, int, int]], left: float | None, allowance: Allowance
) -> None:
    """Whatever the times, the counts and the limits are."""
    at, settled, rejected, moments = 0.0, 0, 0, [Moment(0.0, 0, 0)]
    for seconds, some, wrong in steps:
        at, settled, rejected = at + seconds, settled + some + wrong, rejected + wrong
        moments.append(Moment(at, settled, rejected))
    picture = chart(moments, settled + 1, now=at + 1, seconds_left=left, allowance=allowance)
    assert all(0 <= x <= 640 and 0 <= y <= 140 for x, y in numbers(picture))
    drawn(picture)


@given(parts=st.lists(st.builds(Part, st.text("<&\"'ab", max_size=5), st.integers(0, 10**7), st.just("left"))))
def test_a_bar_fills_its_width_and_says_its_numbers(parts: list[Part]) -> None:
    """The parts lie side by side, none is left out, and each has its number in the legend; nothing is no picture."""
    picture = bar(parts)
    shown = [part for part in parts if part.number]
    if not shown:
        assert picture == ""
        return
    tree = drawn(picture)
    boxes = [box for box in tree.iter("rect") if "height" in box.attrib and box.get("height") == "18"]
    assert len(boxes) == len(shown)
    ends = [float(box.get("x", "")) + float(box.get("width", "")) for box in boxes]
    assert ends == sorted(ends)
    assert ends[-1] <= 641
    assert [strong.text for strong in tree.iter("strong")] == [f"{part.number:,}" for part in shown]


@given(rows=st.integers(0, 10_000), left=st.integers(0, 300), day=st.integers(1, 300))
def test_the_days_ahead_add_up(rows: int, left: int, day: int) -> None:
    """Each takes what it may and none more; what 60 days do not take is left out of the strip."""
    days = days_ahead(1_000_000.0, rows, left, day, UTC)
    assert sum(each.rows for each in days) == min(rows, left + 60 * day)
    assert all(each.rows <= day for each in days[1:])
    assert [each.date for each in days] == sorted({each.date for each in days})


def test_the_days_behind_are_those_of_the_outcomes() -> None:
    """A day without an outcome is not among them."""
    day = 86_400.0
    moments = [
        Moment(10.0, 0, 0),
        Moment(20.0, 4, 0),
        Moment(day + 5, 6, 0),
        Moment(3 * day, 6, 0),
        Moment(4 * day, 9, 0),
    ]
    assert [(each.date.day, each.rows) for each in days_behind(moments, UTC)] == [(1, 4), (2, 2), (5, 3)]


def test_a_strip_shows_several_days_and_today_once() -> None:
    """What was done today and what is still to come are one box; a single day is no strip."""
    past = days_behind([Moment(10.0, 0, 0), Moment(20.0, 4, 0), Moment(86_405.0, 6, 0)], UTC)
    ahead = days_ahead(86_405.0, 7, 3, 4, UTC)
    boxes = ["".join(item.itertext()) for item in drawn(calendar([*past, *ahead])).iter("li")]
    assert boxes == ["1 Jan 4", "2 Jan 5", "3 Jan 4"]
    assert calendar(ahead[:1]) == ""


def test_a_share_is_as_wide_as_its_part_of_the_greatest() -> None:
    """And can be seen however small it is."""
    assert 'width="50.0"' in str(share(2, 4))
    assert 'width="1.0"' in str(share(1, 100_000))
    assert 'width="1.0"' in str(share(0, 0))
