"""The commands about scheduled imports: added once, then seen, paused, resumed and removed."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from importer.cli.answer import put_json
from importer.cli.lines import put, say
from importer.cli.options import (
    JSON,
    KEY,
    PROFILE,
    READING,
    TWICE,
    UPDATE,
    WITHOUT_LIST,
    import_request,
    load_settings,
    the_clock,
    with_options,
)
from importer.cli.output import instant
from importer.errors import Exit, UsageError
from importer.harmless import harmless_line

if TYPE_CHECKING:
    from importer.cli import documents
    from importer.runs.recurrence import Weekly
    from importer.runs.request import ImportRequest
    from importer.runs.schedule_status import ScheduleStatus
    from importer.runs.schedule_terms import ScheduleTerms

_NUMBER = click.argument("number", metavar="NUMBER", type=int)


@click.group()
@JSON
def schedule(as_json: bool) -> None:
    """Import by a worker on some days, or when a file appears."""


@schedule.command()
@click.argument("word", metavar="FILE|FOLDER", type=click.Path())
@click.option(
    "--every", "days", metavar="DAY", multiple=True, help="monday to sunday, weekday or day; repeat it for several."
)
@click.option("--at", metavar="HH:MM", help="The time of day, such as 07:00.")
@click.option("--zone", metavar="ZONE", help="The time zone of --at, such as Europe/London; default: this computer's.")
@click.option("--when-a-file-appears", "appears", is_flag=True, help="Import each new file of FOLDER once.")
@click.option(
    "--pattern", metavar="GLOB", help="Only files with such names, such as '*.xlsx'; default: all spreadsheets."
)
@PROFILE
@with_options(*READING, TWICE[0], WITHOUT_LIST, *UPDATE, KEY)
@JSON
def add(word: str, as_json: bool, **options: Any) -> int:
    """Import FILE on some days, or each new file of FOLDER.

    A worker queues each import and sends it without asking, as importer run FILE --yes would. Each date and each file
    is imported once, however many workers there are.
    """
    from importer.cli import terminal
    from importer.runs import schedule_status
    from importer.runs.incoming import InputFile
    from importer.runs.named_files import path_named

    path = path_named(word)
    settings, now = load_settings(), the_clock()()
    weekly = _when(settings.zone, **options)
    file = InputFile(path, path, path.name)
    request = import_request(file, settings, terminal.Console(the_clock(), yes=True), options)
    terms = _terms(weekly, request, options)
    status, present = schedule_status.add_schedule(request, terms, now)
    if as_json:
        put_json({**_document(status), "files_there_before": present})
        return Exit.DONE
    for line in _lines(status, now):
        put(line)
    if present:
        files = "1 file that is" if present == 1 else f"{present:,} files that are"
        put(f"  The {files} there already will not be imported. To import one now: importer run FILE")
    elif weekly is not None and not path.exists():
        say(f"{path.name} is not there yet. It has to be there at that time, or within an hour.")
    return Exit.DONE


def _when(
    machine_zone: str,
    *,
    days: tuple[str, ...],
    at: str | None,
    zone: str | None,
    appears: bool,
    pattern: str | None,
    **_: object,
) -> "Weekly | None":
    """The days and the time; None for a folder."""
    from importer.runs.recurrence import parse_weekly

    if appears is bool(days):
        raise UsageError(
            "--every and --when-a-file-appears do not go together." if appears else "Nothing says when to import.",
            "Add --every DAY --at TIME for a file, or --when-a-file-appears for a folder.",
        )
    if appears and (at or zone):
        raise UsageError(f"{'--at' if at else '--zone'} goes with --every.", "Leave it out: files have no time.")
    if appears:
        return None
    if pattern:
        raise UsageError("--pattern goes with --when-a-file-appears.", "Leave it out: --every takes one file.")
    if not at:
        raise UsageError("--every needs a time of day.", "Add one, such as --at 07:00.")
    return parse_weekly(days, at, machine_zone if zone is None else zone)


def _terms(weekly: "Weekly | None", request: "ImportRequest", options: Mapping[str, Any]) -> "ScheduleTerms":
    """What the journal stores: nothing of it depends on the machine, or the settings, of whoever takes it."""
    from dataclasses import replace

    from importer.runs.page_run import known_account
    from importer.runs.schedule_terms import ScheduleTerms

    settings, pattern = request.settings, options["pattern"]
    if pattern and ("/" in pattern or "\\" in pattern):
        raise UsageError(
            f'--pattern "{pattern}" has a folder in it.', "Write what the names look like, such as *.xlsx."
        )
    return ScheduleTerms(
        weekly=weekly,
        pattern=pattern or None,
        url=settings.url,
        account=known_account(settings),
        kind=request.kind.name if request.kind is not None else None,
        read=replace(request.read, zone=request.read.zone or settings.zone),
        choices=request.choices,
    )


@schedule.command("list")
@JSON
def list_schedules(as_json: bool) -> int:
    """List what is scheduled, and what came of it.

    For each schedule: when it comes next, what is due and waits, and what became of the last date or file.
    """
    from importer.runs.schedule_status import schedule_statuses

    now = the_clock()()
    statuses = schedule_statuses(load_settings(), now)
    if as_json:
        put_json({"schedules": [_document(status) for status in statuses]})
        return Exit.DONE
    for status in statuses:
        for line in _lines(status, now):
            put(line)
    if not statuses:
        put("Nothing is scheduled. To import a file each Monday: importer schedule add FILE --every monday --at 07:00")
    elif not statuses[0].has_worker:
        put("No worker is running, so nothing will be imported. To start one: importer worker")
    return Exit.DONE


@schedule.command()
@_NUMBER
@JSON
def pause(number: int, as_json: bool) -> int:
    """Import nothing of schedule NUMBER until it is resumed."""
    from importer.runs.schedule_status import pause_schedule

    pause_schedule(number, load_settings(), the_clock()())
    if as_json:
        put_json({"schedule": number, "state": "paused"})
    else:
        put(f"Schedule {number} is paused. To go on: importer schedule resume {number}")
    return Exit.DONE


@schedule.command("resume")
@_NUMBER
@JSON
def resume_paused(number: int, as_json: bool) -> int:
    """Go on with schedule NUMBER.

    Dates that passed meanwhile are not made up for. Files that appeared meanwhile are imported.
    """
    from importer.runs.schedule_status import resume_schedule

    now = the_clock()()
    status = resume_schedule(number, load_settings(), now)
    if as_json:
        put_json({**_document(status)})
    else:
        for line in _lines(status, now):
            put(line)
    return Exit.DONE


@schedule.command()
@_NUMBER
@JSON
def remove(number: int, as_json: bool) -> int:
    """Remove schedule NUMBER. The runs that it has led to stay as they are."""
    from importer.runs.schedule_status import remove_schedule

    remove_schedule(number, load_settings(), the_clock()())
    if as_json:
        put_json({"schedule": number, "state": "removed"})
    else:
        put(f"Schedule {number} is removed. Its runs stay: importer history")
    return Exit.DONE


def _lines(status: "ScheduleStatus", now: float) -> Iterator[str]:
    from importer.runs.schedule_status import last_words, next_words

    one, terms = status.schedule, status.terms
    profile = f", --profile {terms.profile}" if terms.profile else ""
    account = harmless_line(terms.account) or "whoever the worker signs in as"
    yield f"Schedule {one.id}: {harmless_line(one.path)}, {harmless_line(terms.words)}, for {account}{profile}"
    go_on = f" To go on: importer schedule resume {one.id}" if one.paused is not None else ""
    yield f"  {next_words(status, now)}{go_on}"
    if last := last_words(status, now):
        see = f" To see it: {status.run.command('status')}" if status.run is not None else ""
        yield f"  {harmless_line(last)}{see}"


def _document(status: "ScheduleStatus") -> "documents.Schedule":
    """A schedule as --json prints it."""
    one, terms, weekly = status.schedule, status.terms, status.terms.weekly
    return {
        "schedule": one.id,
        "path": one.path,
        "state": "paused" if one.paused is not None else "due" if status.due_since is not None else "active",
        "when": terms.words,
        "at": weekly.at if weekly is not None else None,
        "zone": weekly.zone if weekly is not None else None,
        "pattern": terms.pattern,
        "url": terms.url,
        "account": terms.account or None,
        "profile": terms.profile,
        "next": _instant(status.next_due),
        "due_since": _instant(status.due_since),
        "looked": _instant(one.looked),
        "last": _last(status),
    }


def _last(status: "ScheduleStatus") -> "documents.LastImport | None":
    last = status.last
    if last is None:
        return None
    return {
        "state": last.state.value,
        "file": last.file or None,
        "due": _instant(last.due),
        "at": _instant(last.at),
        "run": last.run,
        "missed": last.missed,
        "reason": last.reason or None,
    }


def _instant(epoch: float | None) -> str | None:
    return instant(epoch) if epoch is not None else None


COMMANDS = (schedule,)
