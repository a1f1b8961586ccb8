"""A run's progress over time as an inline drawing: where it stood still is seen at once. Pure."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _FOOT = 640.0, 120.0, 18.0


def chart(points: Sequence[tuple[float, int, int]], total: int) -> Markup:
    """The drawing of moments (epoch seconds) with rows settled and rows rejected by then; empty if there is nothing.

    Both lines rise to ``total``, so that the distance to the top is what is left.
    """
    begin, end = (points[0][0], points[-1][0]) if points else (0.0, 0.0)
    if end <= begin or total < 1:
        return Markup()

    def line(which: int) -> str:
        return " ".join(
            f"{(point[0] - begin) / (end - begin) * _WIDTH:.1f},{_HEIGHT * (1 - point[which] / total):.1f}"
            for point in points
        )

    done, failed = points[-1][1], points[-1][2]
    summary = f"{done:,} of {total:,} rows settled, {failed:,} rejected, from {_clock(begin)} to {_clock(end)}"
    view = f"0 -4 {_WIDTH:.0f} {_HEIGHT + _FOOT + 8:.0f}"
    parts = [
        f'<svg class="chart" viewBox="{view}" role="img" aria-label="Progress over time: {escape(summary)}">',
        f'<line class="axis" x1="0" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}"/>',
        f'<line class="goal" x1="0" y1="0" x2="{_WIDTH}" y2="0"/>',
        f'<polygon class="area" points="0,{_HEIGHT} {line(1)} {_WIDTH},{_HEIGHT}"/>',
        f'<polyline class="settled" points="{line(1)}"/>',
        f'<polyline class="rejected" points="{line(2)}"/>' if failed else "",
        f'<text x="0" y="{_HEIGHT + _FOOT}">{_clock(begin)}</text>',
        f'<text x="{_WIDTH}" y="{_HEIGHT + _FOOT}" text-anchor="end">{_clock(end)}</text>',
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704  numbers and clock times of ours only


def _clock(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch).astimezone():%H:%M:%S}"
