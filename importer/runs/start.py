"""Begins a run: its entry in the journal, its folder, and every row of the file planned before the first is sent."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from importer.config.saved_columns import remember_dates
from importer.delivery.listing import Remote
from importer.delivery.updates import before_of
from importer.issues import Issue
from importer.journal.journal import Journal
from importer.journal.runs import NewRun, Run
from importer.model import Record
from importer.runs.copies import durable_copy
from importer.runs.request import Choices, ImportRequest
from importer.runs.session import Session
from importer.runs.source import CheckResult, Source, checked_chunks, own_labels

_UNSAFE_CHARACTERS = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60


def add_run(journal: Journal, source: Source, request: ImportRequest, now: float) -> Run:
    """The run of a checked file; its rows are not planned yet."""
    new = NewRun(
        kind=source.kind.name,
        url=request.settings.url,
        endpoint=source.endpoint,
        file=source.file.name,
        sha256=source.sha256,
        copy=str(durable_copy(journal, source.copy, source.sha256)),
        options={"read": source.options, **request.choices.options},
        started=now,
        folder=folder_of(source.file.name, request.choices.out),
    )
    return add_with_folder(journal, new, request.choices.out)


def add_with_folder(journal: Journal, new: NewRun, out: Path | None) -> Run:
    """A new run, with a folder that no run of another journal has written into; unless the user chose it."""
    # In one transaction: its number is in the name of the folder, and a run must never be seen without its own folder.
    with journal.together():
        run = journal.runs.add(new)
        if out is not None or not run.folder.exists():
            return run
        others = (run.folder.with_name(f"{run.folder.name}-{number}") for number in itertools.count(2))
        return journal.runs.update(run, folder=str(next(other for other in others if not other.exists())))


def folder_of(file: str, out: Path | None) -> str:
    """Where a run of a file is reported; ``{run}`` stands for its number."""
    stem = _UNSAFE_CHARACTERS.sub("-", Path(file).stem).strip(".-")[:_LONGEST_NAME] or "file"
    return str((out or Path("reports") / f"{{run}}-{stem}").absolute())


def as_agreed(records: Iterable[Record], updates: Mapping[int, Remote]) -> Iterable[Record]:
    """The records of a run, those with one to update marked so, with what that one is like now."""
    if not updates:
        return records

    def agreed(record: Record) -> Record:
        remote = updates.get(record.row)
        return record if remote is None else record._replace(update_of=remote.id, before=before_of(remote))

    return map(agreed, records)


def plan_rows(session: Session, source: Source, result: CheckResult, run: Run, updates: Mapping[int, Remote]) -> Run:
    """Every row of the run into the journal, in one transaction, before the first is sent.

    ``updates`` are the records that the user has agreed to update, as they were then, by row.
    """
    choices = run.options_as(Choices)

    def chunks() -> Iterator[tuple[Iterable[Record], Iterable[Issue], int]]:
        yield (), source.mapping.issues, 0
        # By the time at which the run began, and not by now: a run that is planned a day later must not refuse a date
        # that was in the future when the user looked at the plan.
        for chunk in checked_chunks(
            source, run.started, result.collisions, allow_duplicates=choices.allow_duplicates, salt=choices.salt
        ):
            yield as_agreed(chunk.records(), updates), chunk.causes, chunk.rows

    account, journal = session.account, session.journal
    remember_dates(own_labels(source.sheet), source.read.dates, source.read.zone, session.settings.home)
    run = journal.runs.update(run, account=account.key, user=account.user, space=account.space)
    target = journal.runs.target(account.service, source.kind.name)
    return journal.rows.plan(run, chunks(), target, session.clock())
