"""Pages from templates: one environment, autoescaping everywhere, and the words that every page needs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from importer.model import Status
from importer.reporting.page_words import notice_on_page
from importer.reporting.report_words import PAGE
from importer.reporting.sentences import change_signs, headline, sent_again_words, unsuccessful
from importer.runs.status import RunStatus
from importer.text import count, duration, moment, printable, wait_words
from importer.web.auth.people import owner_name
from importer.web.chart import bar, share, time_left
from importer.web.entries import digest
from importer.web.pictures import plan_days, plan_parts, result_parts, run_chart, run_days
from importer.web.plan_words import (
    conflict_changes,
    conflict_words,
    doubt_words,
    printable_label,
    value_on_page,
)
from importer.web.upload_check import ENCODINGS, offers_encoding

_PAGES = Environment(
    loader=PackageLoader("importer.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, values: Mapping[str, Any]) -> str:
    """The template with these values; every text of users and of the service is escaped."""
    return _PAGES.get_template(template).render(values)


def run_summary(now: RunStatus) -> str:
    """A run in one sentence; of one that was undone, what became of its records."""
    if not now.removed + now.restored + now.taking_back:
        return headline(now.counts)
    left = now.counts[Status.CREATED] + now.counts[Status.UPDATED]
    undone = [f"{count(now.removed, 'record')} deleted"] if now.removed or not now.restored else []
    undone += [f"{count(now.restored, 'record')} put back"] if now.restored else []
    parts = [
        f"Partly undone: {' and '.join(undone)}, {left:,} left" if left else f"Undone: {' and '.join(undone)}",
        *unsuccessful(now.counts, lambda number: count(number, "row")),
        f"{now.unsent:,} not sent" if now.unsent else "",
    ]
    return ", ".join(filter(None, parts))


def changes_aloud(now: RunStatus) -> str:
    """The signs of a run's changes for somebody who hears the page."""
    done = (Status.CREATED, Status.UPDATED, Status.EXISTING)
    return ", ".join(f"{now.counts[status]:,} {status_word(status)}" for status in done if now.counts[status])


def status_word(status: Status) -> str:
    """What the pages call the status of a row."""
    return PAGE.status(status)


def status_title(status: Status) -> str:
    """The same at the beginning of a line; the names in it keep their capitals."""
    word = status_word(status)
    return word[:1].upper() + word[1:]


def number(value: float) -> str:
    """A number with separators, without a fraction."""
    return f"{value:,.0f}"


def day(epoch: float) -> str:
    """A point in time in full, as people near this machine say it."""
    then = datetime.fromtimestamp(epoch, UTC).astimezone()
    return f"{then.day} {then:%b %Y %H:%M %Z}"


def short(text: str, limit: int = 60) -> str:
    """A text on one line, cut."""
    return printable(text, limit)


def size(octets: int) -> str:
    """A size in words."""
    return f"{octets / 1024**2:,.1f} MB" if octets >= 1024**2 else f"{max(octets // 1024, 1):,} KB"


@pass_context
def _moment(context: Context, epoch: float) -> str:
    return moment(epoch, context["clock"]())


@pass_context
def _wait(context: Context, until: float) -> str:
    return wait_words(until, context["clock"]())


_PAGES.filters |= {"wait": _wait}
_PAGES.filters |= {"number": number, "day": day, "short": short, "size": size, "duration": duration, "moment": _moment}
_PAGES.filters |= {"digest": digest, "value": value_on_page, "owner": owner_name}
_PAGES.globals |= {
    "count": count,
    "run_summary": run_summary,
    "change_signs": change_signs,
    "changes_aloud": changes_aloud,
    "sent_again_words": sent_again_words,
    "status_word": status_word,
    "status_title": status_title,
    "doubt_words": doubt_words,
    "conflict_words": conflict_words,
    "conflict_changes": conflict_changes,
    "label_on_page": printable_label,
    "encodings": ENCODINGS,
    "notice_on_page": notice_on_page,
    "offers_encoding": offers_encoding,
    "bar": bar,
    "share": share,
    "time_left": time_left,
    "plan_parts": plan_parts,
    "plan_days": plan_days,
    "result_parts": result_parts,
    "run_chart": run_chart,
    "run_days": run_days,
    "zip": zip,
}
