"""Begins a run: its entry in the journal, its folder, and every row of the file planned before the first is sent."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from importer.checking import AgreedNames
from importer.config.saved_columns import remember_dates
from importer.issues import Issue
from importer.journal.journal import Journal
from importer.journal.runs import ZONELESS, NewRun, Run
from importer.model import AgreedUpdate, Clash, Record, RowElsewhere
from importer.runs.copies import durable_copy
from importer.runs.request import Choices, ImportRequest
from importer.runs.session import Session
from importer.runs.source import CheckResult, Source, checked_chunks, fields_to_clear, own_labels, with_empty
from importer.spreadsheet import PACKED, ReadOptions

TITLES = "titles"
"""The option of a run that holds the titles of its file's columns, by field."""

_UNSAFE_CHARACTERS = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60


def add_run(
    journal: Journal,
    source: Source,
    request: ImportRequest,
    now: float,
    updates: Mapping[int, AgreedUpdate] | None = None,
) -> Run:
    """The run of a checked file; its rows are not planned yet.

    ``updates`` are the records that the user has agreed to update, by row: a run that is cut off before its rows are
    planned updates no others. None if nobody was shown any.
    """
    new = NewRun(
        kind=source.kind.name,
        url=request.settings.url,
        endpoint=source.endpoint,
        file=source.file.name,
        sha256=source.sha256,
        copy=str(durable_copy(journal, source.copy, source.sha256)),
        options={
            "read": source.options,
            **request.choices.options,
            **as_options(source.elsewhere),
            **agreement(updates, source.agreed_names),
        },
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
    name = Path(file)
    name = Path(name.stem) if name.suffix.lower() in PACKED else name
    stem = _UNSAFE_CHARACTERS.sub("-", name.stem).strip(".-")[:_LONGEST_NAME] or "file"
    return str((out or Path("reports") / f"{{run}}-{stem}").absolute())


def as_agreed(
    records: Iterable[Record], updates: Mapping[int, AgreedUpdate], empty: Sequence[str] = ()
) -> Iterable[Record]:
    """The records of a run, those with one to update marked so; of these, the ``empty`` fields are to be cleared."""
    for record in records:
        update = updates.get(record.row)
        yield record if update is None else with_empty(record._replace(update=update), empty)


_AGREED = "agreed_updates"
_AGREED_NAMES = "agreed_names"


def agreement(updates: Mapping[int, AgreedUpdate] | None, names: AgreedNames | None = None) -> dict[str, Any]:
    """The options of a run that is planned later: what the user has seen in the plan and agreed to.

    It updates these records, by row, and no others, and its names mean these; whatever they would for None.
    """
    options: dict[str, Any] = {} if names is None else {_AGREED_NAMES: names}
    if updates is not None:
        options[_AGREED] = [[row, update.remote_id, update.updated_on] for row, update in sorted(updates.items())]
    return options


def agreed_names(run: Run) -> AgreedNames | None:
    """What the names of a run meant in the plan that the user has agreed to; None if there was none."""
    return run.options.get(_AGREED_NAMES)


def with_agreed_names(source: Source, result: CheckResult) -> Source:
    """The file with what its names mean now, from here on: the user is about to see and to agree to it."""
    fields = source.directories.items()
    return replace(source, agreed_names={name: each.meant(result.names.get(name, ())) for name, each in fields})


def agreed_updates(run: Run) -> dict[int, AgreedUpdate] | None:
    """The records that the user has agreed to update, by row; None if nobody was shown any when the run was begun."""
    pairs = run.options.get(_AGREED)
    return None if pairs is None else {row: AgreedUpdate(*update) for row, *update in pairs}


_ELSEWHERE = "rows_elsewhere"
_FOR_PLANNING = {_AGREED, _AGREED_NAMES, _ELSEWHERE}
"""The options of a run that nobody needs once its rows are planned, and that may be as long as its file."""


def as_options(elsewhere: Mapping[int, RowElsewhere]) -> dict[str, Any]:
    """The options of a run that is planned later and has rows that a row of another file repeats; none without such."""
    return {_ELSEWHERE: [[row, *other] for row, other in sorted(elsewhere.items())]} if elsewhere else {}


def rows_elsewhere(run: Run) -> dict[int, RowElsewhere]:
    """The rows of a run that is not planned yet that a row of another file of its batch repeats."""
    rows = run.options.get(_ELSEWHERE, ())
    return {row: RowElsewhere(Clash(clash), other, file) for row, clash, other, file in rows}


def with_elsewhere(journal: Journal, run: Run, elsewhere: Mapping[int, RowElsewhere]) -> Run:
    """A run with these rows instead of those that it was saved with; one that is planned stays as it was planned."""
    if run.planned is not None or rows_elsewhere(run) == elsewhere:
        return run
    options = {name: value for name, value in run.options.items() if name != _ELSEWHERE}
    return journal.runs.update(run, options={**options, **as_options(elsewhere)})


def plan_rows(
    session: Session, source: Source, result: CheckResult, run: Run, updates: Mapping[int, AgreedUpdate]
) -> Run:
    """Every row of the run into the journal, in one transaction, before the first is sent.

    ``updates`` are the records that the user has agreed to update, as they were then, by row.
    """
    choices = run.options_as(Choices)
    empty = fields_to_clear(source) if choices.clear_empty else ()

    def chunks() -> Iterator[tuple[Iterable[Record], Iterable[Issue], int]]:
        yield (), source.mapping.issues, 0
        # By the time at which the run began, and not by now: a run that is planned a day later must not refuse a date
        # that was in the future when the user looked at the plan.
        for chunk in checked_chunks(
            source,
            run.started,
            result.collisions,
            allow_duplicates=choices.allow_duplicates,
            salt=choices.salt,
            whole_columns=result.whole_columns,
        ):
            yield as_agreed(chunk.records(), updates, empty) if updates else chunk.records(), chunk.causes, chunk.rows

    account, journal = session.account, session.journal
    remember_dates(own_labels(source.sheet), source.read.dates, source.read.zone, session.journal.shelf)
    run = journal.runs.update(run, account=account.key, user=account.user, space=account.space)
    target = journal.runs.target(account.service, source.kind.name)
    planned = journal.rows.plan(run, chunks(), target, session.clock())
    # From here on each row says which record it updates, and the journal which rows are errors; left there, the lists
    # would be read with the run for ever.
    options = {name: value for name, value in planned.options.items() if name not in _FOR_PLANNING}
    titles = {column.field: column.label for column in source.mapping.columns}
    return journal.runs.update(planned, options={**options, TITLES: titles, ZONELESS: result.zoneless})


def titles_of(run: Run) -> dict[str, str]:
    """The titles of the columns of a run's file by field; of a run that an earlier importer planned, those chosen."""
    chosen = {name: label for label, name in run.options_as(ReadOptions, "read").map.items()}
    return {**chosen, **(run.options.get(TITLES) or {})}
