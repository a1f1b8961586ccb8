"""The drawing of a run over time."""

import re

import pytest

from importer.web.chart import chart

STOOD_STILL = [(0.0, 0, 0), (10.0, 5, 1), (20.0, 5, 1), (30.0, 10, 1)]


def test_the_drawing_shows_where_a_run_stood_still() -> None:
    """The line ends at the top when all is done, is flat while nothing moved, and is described in words."""
    drawn = str(chart(STOOD_STILL, 10))
    assert "0.0,120.0 213.3,60.0 426.7,60.0 640.0,0.0" in drawn
    assert "10 of 10 rows settled, 1 rejected" in drawn


@pytest.mark.parametrize(
    ("points", "total"), [([], 10), ([(5.0, 0, 0)], 0), ([(5.0, 0, 0)], 10), ([(5.0, 0, 0), (5.0, 3, 0)], 10)]
)
def test_nothing_is_drawn_of_a_moment(points: list[tuple[float, int, int]], total: int) -> None:
    """A line needs two moments and something to rise to."""
    assert chart(points, total) == ""


def test_no_point_leaves_the_drawing() -> None:
    """Whatever the times and the counts are, as long as no more is settled than there is."""
    drawn = str(chart([(0.0, 0, 0), (1e9, 3, 3), (2e9, 7, 3)], 7))
    points = [tuple(map(float, point.split(","))) for point in re.findall(r"\d+\.\d,\d+\.\d", drawn)]
    assert points
    assert all(0 <= x <= 640 and 0 <= y <= 120 for x, y in points)
