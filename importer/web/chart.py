"""Pictures of runs and plans as inline drawings, each with its text: a bar of parts, progress, a strip of days. Pure.

Rule: a picture says nothing that the words beside it do not, so that whoever hears the page misses nothing.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from importer.journal.tally import PARTS, Moment, thinned
from importer.text import duration

_WIDTH, _HEIGHT = 640.0, 140.0
_LEFT, _FOOT = 64.0, 20.0
_DAY = 86_400.0
_MINUTES = 600.0
"""Seconds of an axis from which on the seconds of its times say nothing."""
_MOST_DAYS = 60
"""Days of a strip; a longer run says its end in words."""


class Part(NamedTuple):
    """A part of a whole: what it is called, how many, and the class that colours it."""

    label: str
    number: int
    kind: str


class Allowance(NamedTuple):
    """How many rows may be sent at most: in a second, and in a day; None where there is no such limit."""

    per_second: float | None
    per_day: int | None

    def most_by(self, seconds: float) -> float | None:
        """How many that is after so many seconds; None without a limit."""
        limits = [self.per_second * seconds] if self.per_second else []
        limits += [float(self.per_day * (1 + seconds // _DAY))] if self.per_day else []
        return min(limits) if limits else None


NO_ALLOWANCE = Allowance(None, None)


def bar(parts: Sequence[Part], what: str = "Rows") -> Markup:
    """A whole as one bar with a legend; empty if there is nothing.

    A part that is too small to be seen is drawn as wide as a line, for it is there.
    """
    shown = [part for part in parts if part.number > 0]
    total = sum(part.number for part in shown)
    if not total:
        return Markup()
    least = _WIDTH / 200
    widths = [max(part.number / total * _WIDTH, least) for part in shown]
    scale = _WIDTH / sum(widths)
    x, drawn, legend = 0.0, [], []
    for part, width in zip(shown, widths, strict=True):
        kind, wide = escape(part.kind), width * scale
        drawn.append(f'<rect class="part {kind}" x="{x:.1f}" y="0" width="{max(wide - 1, 0.5):.1f}" height="18"/>')
        swatch = f'<svg viewBox="0 0 10 10" aria-hidden="true"><rect class="part {kind}" width="10" height="10"/></svg>'
        legend.append(f"<li>{swatch}{escape(part.label)} <strong>{part.number:,}</strong></li>")
        x += wide
    words = ", ".join(f"{part.number:,} {part.label.lower()}" for part in shown)
    picture = (
        f'<svg class="parts" viewBox="0 0 {_WIDTH:.0f} 18" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(what)}: {escape(words)}">{"".join(drawn)}</svg>'
    )
    legend_of = f'<ul class="legend" aria-label="{escape(what)} by kind">{"".join(legend)}</ul>'
    return Markup(f'<div class="picture">{picture}{legend_of}</div>')  # noqa: S704  every text is escaped


def chart(
    moments: Sequence[Moment],
    total: int,
    *,
    now: float | None = None,
    seconds_left: float | None = None,
    allowance: Allowance = NO_ALLOWANCE,
) -> Markup:
    """Progress over time with its axes and a legend; empty if there is nothing.

    Args:
        moments: How many rows had an outcome, and how many of them were refused, at which times.
        total: The rows that are to get one.
        now: The time in epoch seconds, for a run that goes on; None for one that has ended.
        seconds_left: How long the rest will take; the picture then goes on to that end. None if nobody knows.
        allowance: The most that may be sent, drawn as a line if it can be seen.
    """
    points = thinned(list(moments), PARTS)
    if not points or total < 1:
        return Markup()
    begin, last = points[0].at, points[-1]
    until_now = max(last.at, now or 0.0)
    goes_on = now is not None and seconds_left is not None and last.settled < total
    end = until_now + (seconds_left or 0.0) if goes_on else until_now
    if end <= begin:
        return Markup()
    scale = _Scale(begin, end, total)
    if now is not None:
        # What has not moved since is drawn as flat up to now.
        points = [*points, Moment(until_now, last.settled, last.rejected)]
    limits = scale.allowance(allowance)
    lines = [
        f'<polygon class="area" points="{scale.x(begin):.1f},{_HEIGHT} {scale.line(points, 1)} '
        f'{scale.x(points[-1].at):.1f},{_HEIGHT}"/>',
        f'<polyline class="limit" points="{limits}"/>' if limits else "",
        f'<polyline class="settled" points="{scale.line(points, 1)}"/>',
        f'<polyline class="rejected" points="{scale.line(points, 2)}"/>' if last.rejected else "",
        f'<line class="forecast" x1="{scale.x(until_now):.1f}" y1="{scale.y(last.settled):.1f}" '
        f'x2="{scale.x(end):.1f}" y2="{scale.y(total):.1f}"/>'
        if goes_on
        else "",
    ]
    keys = [
        ("settled", "Done"),
        *([("rejected", "Refused")] if last.rejected else []),
        *([("forecast", "Expected")] if goes_on else []),
        *([("limit", "Most that Nexudus allows")] if limits else []),
    ]
    until = f", expected to be done at {_clock(end, end - begin)}" if goes_on else ""
    summary = (
        f"{last.settled:,} of {total:,} rows done, {last.rejected:,} refused, from {_clock(begin, end - begin)} to "
        f"{_clock(until_now, end - begin)}{until}"
    )
    view = f"{-_LEFT:.0f} -8 {_WIDTH + _LEFT + 8:.0f} {_HEIGHT + _FOOT + 12:.0f}"
    picture = (
        f'<svg class="chart" viewBox="{view}" role="img" aria-label="Progress over time: {escape(summary)}">'
        f"{scale.axes()}{''.join(lines)}</svg>"
    )
    legend = "".join(f"<li>{_key(kind)}{label}</li>" for kind, label in keys)
    return Markup(  # noqa: S704  numbers, clock times and words of ours only
        f'<figure class="picture">{picture}<figcaption><ul class="legend">{legend}</ul></figcaption></figure>'
    )


class _Scale(NamedTuple):
    """Where times and numbers of rows are in a chart."""

    begin: float
    end: float
    total: int

    def x(self, at: float) -> float:
        return min(max((at - self.begin) / (self.end - self.begin), 0.0), 1.0) * _WIDTH

    def y(self, number: float) -> float:
        return _HEIGHT * (1 - min(number / self.total, 1.0))

    def line(self, points: Sequence[Moment], which: int) -> str:
        return " ".join(f"{self.x(point.at):.1f},{self.y(point[which]):.1f}" for point in points)

    def allowance(self, allowance: Allowance) -> str:
        """The line of the most that is allowed; empty if it rises so fast that it would only be a wall."""
        steps = [(self.end - self.begin) * step / PARTS for step in range(PARTS + 1)]
        most = [(seconds, number) for seconds in steps if (number := allowance.most_by(seconds)) is not None]
        if not most or most[3][1] >= self.total:
            return ""
        return " ".join(f"{self.x(self.begin + seconds):.1f},{self.y(number):.1f}" for seconds, number in most)

    def axes(self) -> str:
        span = self.end - self.begin
        marks = sorted({0, self.total // 2, self.total} if self.total > 1 else {0, self.total})
        rows = "".join(
            f'<line class="{"axis" if number == 0 else "goal"}" x1="0" y1="{self.y(number):.1f}" x2="{_WIDTH}" '
            f'y2="{self.y(number):.1f}"/><text x="-8" y="{self.y(number) + 4:.1f}" text-anchor="end">{number:,}</text>'
            for number in marks
        )
        anchors = ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
        times = "".join(
            f'<text x="{share * _WIDTH:.0f}" y="{_HEIGHT + _FOOT - 4}" text-anchor="{anchor}">'
            f"{_clock(self.begin + share * span, span)}</text>"
            for share, anchor in anchors
        )
        return rows + times


def _key(kind: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 24 10" aria-hidden="true">'
        f'<line class="{kind}" x1="0" y1="5" x2="24" y2="5"/></svg>'
    )


def _clock(epoch: float, span: float) -> str:
    """A time on an axis: with seconds where the whole of it takes minutes, with the day where it takes days."""
    then = dt.datetime.fromtimestamp(epoch, dt.UTC).astimezone()
    if span >= _DAY:
        return f"{then.day} {then:%b %H:%M}"
    return f"{then:%H:%M}" if span >= _MINUTES else f"{then:%H:%M:%S}"


class Day(NamedTuple):
    """A day of a run: how many rows were, or will be, sent on it."""

    date: dt.date
    rows: int
    is_past: bool


def days_ahead(now: float, rows: int, left_today: int, per_day: int, zone: dt.tzinfo | None = None) -> list[Day]:
    """On which days so many rows will be sent, if a day allows no more; the first of them is today."""
    today = dt.datetime.fromtimestamp(now, dt.UTC).astimezone(zone).date()
    days, free = [], left_today
    for number in range(_MOST_DAYS + 1):
        if rows <= 0:
            break
        some = min(rows, max(free, 0))
        days.append(Day(today + dt.timedelta(number), some, is_past=False))
        rows, free = rows - some, max(per_day, 1)
    return days


def days_behind(moments: Sequence[Moment], zone: dt.tzinfo | None = None) -> list[Day]:
    """How many rows of a run had their outcome on which day."""
    days: dict[dt.date, int] = {}
    before = 0
    for moment in moments:
        date = dt.datetime.fromtimestamp(moment.at, dt.UTC).astimezone(zone).date()
        days[date] = days.get(date, 0) + moment.settled - before
        before = moment.settled
    return [Day(date, rows, is_past=True) for date, rows in sorted(days.items()) if rows]


def calendar(days: Sequence[Day]) -> Markup:
    """A strip with a box for each day; empty if it is all done in one, or takes longer than a strip can show."""
    merged: dict[dt.date, Day] = {}
    for day in days:
        same = merged.get(day.date)
        merged[day.date] = day if same is None else Day(day.date, same.rows + day.rows, is_past=False)
    shown = sorted(merged.values())
    if not 1 < len(shown) <= _MOST_DAYS:
        return Markup()
    most = max(day.rows for day in shown) or 1
    boxes = "".join(
        f'<li class="{"past" if day.is_past else "ahead"}"><svg viewBox="0 0 10 30" aria-hidden="true">'
        f'<rect x="0" y="{30 - 30 * day.rows / most:.1f}" width="10" height="{30 * day.rows / most:.1f}"/></svg>'
        f"<span>{day.date.day} {day.date:%b}</span> <strong>{day.rows:,}</strong></li>"
        for day in shown
    )
    return Markup(  # noqa: S704  numbers and dates only
        f'<div class="picture"><ol class="days" aria-label="Rows of each day">{boxes}</ol></div>'
    )


def share(number: int, most: int) -> Markup:
    """A bar beside a number that is written next to it: its share of the greatest one."""
    wide = 100 * number / max(most, 1)
    return Markup(  # noqa: S704  a number only
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rest" width="100" height="8"/><rect class="part change" width="{max(wide, 1):.1f}" height="8"/>'
        "</svg>"
    )


def time_left(seconds: float) -> str:
    """How long something still takes, as people say it."""
    return "less than a minute" if seconds < 60 else f"about {duration(seconds)}"  # noqa: PLR2004
