"""The stages of an import, one after another: plan, ask, start, send, report. What the doors call.

Nothing here prints, parses a file, or knows how the service answers.
"""

import asyncio
import itertools
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from importer.config.saved_columns import remember_dates
from importer.config.settings import Settings
from importer.delivery.sender import End, Pace, Sender, StopReason
from importer.errors import Exit, ServiceError, UsageError
from importer.issues import Issue, notice_text
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Intent
from importer.journal.runs import NewRun, Run
from importer.journal.states import State
from importer.journal.windows import Window
from importer.model import Account, Clock, Progress, Record
from importer.reporting import Report, write_report
from importer.runs.observer import Observer
from importer.runs.plan import Choices, Known, known_rows, look_up_names, plan_of
from importer.runs.reconcile import compare, look, settle_after, settle_before, tell_too_recent
from importer.runs.session import Session, signed_in, windows
from importer.runs.source import (
    Examined,
    Source,
    checked_chunks,
    examine,
    intact,
    make_durable,
    open_source,
    own_labels,
    reopen,
    sha256_of,
    snapshot,
    stage_copy,
)
from importer.runs.status import choose, choose_unfinished, refuse_other_account, refuse_other_service
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES, RecordType

_KEPT_NAME = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60
_ETA_SECONDS = 5.0
_TO_RETRY = (State.REJECTED, State.PLANNED, State.HELD)
_READING = ("map", "dates", "zone", "encoding", "separator")


@dataclass(frozen=True)
class Result:
    """How a command about a run ended: the run, its report, the exit code, and a sentence about the end."""

    run: Run
    report: Report
    exit_code: Exit
    message: str = ""


# -- the commands -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A run that is planned and may be sent: nothing is missing but the calls."""

    session: Session
    run: Run

    async def send(self) -> Result:
        """Settle, send, settle, report."""
        return await _send(self.session, self.run)


async def run(
    file: Path,
    settings: Settings,
    kind: RecordType | None,
    read: ReadOptions,
    choices: Choices,
    observer: Observer,
    clock: Clock,
) -> Result | None:
    """Import a file. None if the user did not want to.

    A file whose run for this account is unfinished goes on with that run.
    """
    source, seen = checked(file, settings, kind, read, choices, observer, clock())
    async with AsyncExitStack() as stack:
        journal = stack.enter_context(open_journal(settings.journal_url))
        ready = await prepare(stack, journal, source, seen, settings, choices, observer, clock)
        return await ready.send() if isinstance(ready, Ready) else ready


def checked(
    file: Path,
    settings: Settings,
    kind: RecordType | None,
    read: ReadOptions,
    choices: Choices,
    observer: Observer,
    now: float,
) -> tuple[Source, Examined]:
    """A file that is to be imported, and all that is wrong with it at this time, in epoch seconds."""
    source = open_source(file, settings, kind, read)
    if source.sheet.notices:
        observer.say(notice_text(source.sheet.notices))
    if source.remembered:
        observer.say(f"The columns of {source.file.name} are read as chosen before for these labels.")
    return source, examine(source, now, allow_duplicates=choices.allow_duplicates)


async def prepare(
    stack: AsyncExitStack,
    journal: Journal,
    source: Source,
    seen: Examined,
    settings: Settings,
    choices: Choices,
    observer: Observer,
    clock: Clock,
) -> Ready | Result | None:
    """The planned run of a checked file, which holds its account until ``stack`` ends.

    None if the user did not want to, a Result if the service could not be reached.
    """
    now = clock()
    source = snapshot(source, settings.home / "files")
    stack.callback(_forget_unused, journal, source.copy)
    _refuse_forgotten_profile(journal, source, choices, observer)
    try:
        session = await stack.enter_async_context(signed_in(settings, source.endpoint, journal, observer, clock))
    except ServiceError as error:
        return await _never_reached(journal, source, settings, choices, error, clock())
    if unfinished := _same_run(journal, source, session.account, choices):
        observer.say(f"Run {unfinished.id} of this file is unfinished; going on with it.")
        limits: dict[str, Any] = {"max_rows": choices.max_rows, "max_duration": choices.max_duration}
        changes = limits | ({"out": choices.out} if choices.out is not None else {})
        unfinished = _with_copy(journal, unfinished, source.copy)
        return await _go_on(stack, session, _with_changes(journal, unfinished, changes))
    if not choices.even_if_existing:
        zoneless = any(issue.code == "zone-assumed" for issue in seen.causes.of_columns)
        _refuse_other_reading(journal, source.sha256, source.read, session.account.key, zoneless=zoneless)
    source, seen = await look_up_names(session, source, seen, choices, now)
    known = await known_rows(session, source, seen, choices, now)
    if not observer.confirm(seen, plan_of(session, seen, known, now), session.account):
        return None
    # Held first: a run that may not be sent must not be left in the journal.
    announce_run = stack.enter_context(session.alone())
    begun = _add_run(journal, source, settings, choices, now)
    announce_run(begun.id)
    return Ready(session, _write_plan(session, source, seen, begun))


def queue(
    file: Path, name: str, settings: Settings, kind: RecordType, read: ReadOptions, account: str, by: str, now: float
) -> Run:
    """A run that waits in the journal for ``resume``, or the unfinished one of the same file for this account.

    ``name`` is what the user calls the file, ``by`` who asked for it, ``now`` when, in epoch seconds.

    Raises:
        FileError: The file cannot be read.
        UsageError: An earlier run read it in another way.
    """
    with open_journal(settings.journal_url) as journal, ExitStack() as stack:
        copy = stage_copy(file, settings.home / "files")
        stack.callback(_forget_unused, journal, copy)
        sha256 = sha256_of(copy)
        for candidate in journal.runs.unfinished(sha256=sha256, kind=kind.name):
            same = candidate.parent is None and candidate.options_as(ReadOptions, "read") == read
            if same and candidate.url == settings.url and journal.runs.account(candidate) in (None, account):
                return _with_copy(journal, candidate, copy)
        # The pages offer another zone only for times that have none.
        _refuse_other_reading(journal, sha256, read, account, zoneless=True)
        new = NewRun(
            kind=kind.name,
            url=settings.url,
            endpoint=kind.path(settings.endpoint_path),
            file=name,
            sha256=sha256,
            copy=str(_kept(journal, copy, sha256)),
            options={"read": asdict(read), **Choices().kept, "by": by},
            started=now,
            folder=_folder(name, Choices()),
        )
        return journal.runs.add(new)


async def resume(
    number: int | None, settings: Settings, changes: Mapping[str, Any], observer: Observer, clock: Clock
) -> Result:
    """Go on with a run where it stopped, by default the latest unfinished one; ``changes`` to its choices hold."""
    with open_journal(settings.journal_url) as journal:
        unfinished = _with_changes(journal, choose_unfinished(journal, number), changes)
        refuse_other_service(unfinished, settings)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(
                signed_in(settings, unfinished.endpoint, journal, observer, clock)
            )
            return await (await _go_on(stack, session, unfinished)).send()


async def retry(
    number: int | None, settings: Settings, choices: Choices, observer: Observer, clock: Clock
) -> Result | None:
    """A new run of the rejected and not-sent rows of a run, by default of the latest one."""
    with open_journal(settings.journal_url) as journal:
        parent = choose(journal, number)
        refuse_other_service(parent, settings)
        records = [_as_record(intent) for intent in journal.rows.all(parent, *_TO_RETRY)]
        if not records:
            raise UsageError(
                f"Run {parent.id} has no rejected or unsent rows.",
                f"Invalid rows need a change first: correct {parent.folder / 'failed.xlsx'} and import that.",
            )
        async with signed_in(settings, parent.endpoint, journal, observer, clock) as session:
            return await _begin_again(session, parent, records, choices)


async def reconcile(number: int | None, settings: Settings, observer: Observer, clock: Clock) -> Result:
    """Settle the rows in doubt of a run, by default of the latest one, as far as can be told now."""
    with open_journal(settings.journal_url) as journal:
        chosen = choose(journal, number)
        refuse_other_service(chosen, settings)
        async with signed_in(settings, chosen.endpoint, journal, observer, clock) as session:
            refuse_other_account(journal, chosen, session.account.key)
            with session.alone(chosen.id):
                settled = await look(session, chosen)
            tell_too_recent(session, [intent for intent in settled.too_recent if intent.run == chosen.id])
    if settled.failure:
        raise ServiceError(f"The rows in doubt cannot be settled: {settled.failure}.", "Try again later.")
    return _settled(chosen, settings, clock())


def _settled(chosen: Run, settings: Settings, now: float) -> Result:
    """The run after settling: unfinished again if rows were proved absent, its report written anew."""
    with open_journal(settings.journal_url) as journal:
        chosen = journal.runs.get(chosen.id)
        waiting = bool(journal.rows.counts(chosen).get(State.PLANNED))
        if chosen.finished is not None and waiting:
            chosen = journal.runs.update(chosen, finished=None)
        code = Exit.DONE if waiting else Exit(chosen.exit_code or 0)
        if _unsure(journal, chosen):
            code = Exit.IN_DOUBT
        elif chosen.finished is not None:
            code = _exit_code(journal, chosen, End(StopReason.DONE))
            chosen = journal.runs.update(chosen, exit_code=int(code))
        return Result(chosen, write_report(journal, chosen, now=now), code)


def rebuild_report(number: int | None, settings: Settings, out: Path | None, now: float) -> Report:
    """The report of a run written anew from the journal; ``now`` in epoch seconds is the time that it bears."""
    with open_journal(settings.journal_url) as journal:
        chosen = choose(journal, number)
        if out is not None:
            chosen = replace(chosen, folder=out.absolute())
        return write_report(journal, chosen, now=now)


# -- the stages -------------------------------------------------------------------------------------------------------


async def _begin_again(session: Session, parent: Run, records: Sequence[Record], choices: Choices) -> Result | None:
    now, journal, account = session.clock(), session.journal, session.account
    target = journal.runs.target(account.key, parent.kind)
    seen, known = Examined(len(records), len(records)), Known()
    if not choices.even_if_existing:
        claims = journal.rows.claims(target, [record.identity for record in records])
        known.add(claims.values())
        kind, duplicates = RECORD_TYPES[parent.kind], choices.allow_duplicates
        comparison = await compare(session, parent.endpoint, kind, parent, allow_duplicates=duplicates)
        known.compare(comparison, [record for record in records if record.identity not in claims])
    if not session.observer.confirm(seen, plan_of(session, seen, known, now), account):
        return None
    options = {"read": asdict(parent.options_as(ReadOptions, "read")), **choices.kept}
    new = NewRun(
        kind=parent.kind,
        url=session.settings.url,
        endpoint=parent.endpoint,
        file=parent.file,
        sha256=parent.sha256,
        copy=str(parent.copy),
        options=options,
        started=now,
        folder=_folder(parent.file, choices),
        parent=parent.id,
    )
    with session.alone() as announce_run:
        begun = _with_own_folder(journal, new, choices)
        announce_run(begun.id)
        begun = journal.runs.update(begun, user=account.user, space=account.space)
        return await _send(session, journal.rows.plan(begun, [(records, (), len(records))], target, session.clock()))


async def _go_on(stack: AsyncExitStack, session: Session, unfinished: Run) -> Ready:
    refuse_other_account(session.journal, unfinished, session.account.key)
    stack.enter_context(session.alone(unfinished.id))
    options = {**unfinished.options, "for_good": False}
    unfinished = session.journal.runs.update(unfinished, stop=False, options=options)
    if unfinished.planned is None:
        now, choices = session.clock(), _choices(unfinished)
        source = _reopen(unfinished)
        seen = examine(source, now, allow_duplicates=choices.allow_duplicates)
        source, seen = await look_up_names(session, source, seen, choices, now)
        unfinished = _write_plan(session, source, seen, unfinished)
    return Ready(session, unfinished)


def _write_plan(session: Session, source: Source, seen: Examined, begun: Run) -> Run:
    """Every row of the run into the journal, in one transaction, before the first is sent."""
    choices = _choices(begun)

    def chunks() -> Iterator[tuple[Iterable[Record], Iterable[Issue], int]]:
        yield (), source.mapping.issues, 0
        for chunk in checked_chunks(
            source, begun.started, seen.collisions, allow_duplicates=choices.allow_duplicates, salt=_salt(begun)
        ):
            yield chunk.records(), chunk.causes, chunk.rows

    account, journal = session.account, session.journal
    remember_dates(own_labels(source.sheet), source.read.dates, source.read.zone, session.settings.home)
    begun = journal.runs.update(begun, user=account.user, space=account.space)
    return journal.rows.plan(begun, chunks(), journal.runs.target(account.key, source.kind.name), session.clock())


async def _send(session: Session, begun: Run) -> Result:
    """Settle, send, settle, until no row is left that may be sent."""
    journal, choices = session.journal, _choices(begun)
    if choices.strict and (invalid := journal.rows.invalid(begun)):
        return await _finish(
            journal,
            begun,
            End(StopReason.STRICT, f"Nothing was sent: invalid rows: {invalid:,} (--strict)."),
            session.clock(),
        )
    began = session.clock()
    with session.observer.sending() as stop:
        try:
            settling = settle_before(
                session,
                begun,
                even_if_existing=choices.even_if_existing,
                allow_duplicates=choices.allow_duplicates,
            )
            end = await _given_up(settling, stop, choices.max_duration)
            if end is None and choices.strict and (held := journal.rows.counts(begun).get(State.HELD)):
                end = End(
                    StopReason.STRICT, f"Nothing was sent: rows that differ from their record: {held:,} (--strict)."
                )
            if end is None:
                end = await _sender(session, begun, choices, stop, began).send()
                while await settle_after(session, begun, end, stop, began):
                    end = await _sender(session, begun, choices, stop, began).send()
        except BaseException:
            # Whatever it was, what was sent is in the journal; only the end of this process is missing there.
            journal.runs.update(begun, stopped=session.clock(), exit_code=int(Exit.INTERRUPTED))
            raise
    if end.how is StopReason.DONE and stop.is_set() and journal.rows.counts(begun).get(State.PLANNED):
        # Proved absent when somebody had asked to stop already: the next command sends them, so this is not the end.
        end = End(StopReason.ASKED)
    return await _finish(journal, begun, end, session.clock())


async def _given_up(work: Coroutine[Any, Any, None], stop: asyncio.Event, seconds: float | None) -> End | None:
    """None once the work is done, or why it was given up within these seconds: a read may have to wait for an hour."""
    task, asked = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait({task, asked}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if task in done:
        task.result()
        return None
    return (
        End(StopReason.ASKED) if asked in done else End(StopReason.LIMIT, "The time given with --max-duration is over.")
    )


def _sender(session: Session, begun: Run, choices: Choices, stop: asyncio.Event, began: float) -> Sender:
    journal = session.journal
    references = RECORD_TYPES[begun.kind].references
    pace = Pace(
        windows(session.settings),
        session.settings.concurrency,
        session.settings.patience,
        choices.max_rows,
        began + choices.max_duration if choices.max_duration is not None else None,
        {reference.relation: name for name, reference in references.items()},
    )
    counts = journal.rows.counts(begun)
    total = sum(counts.values())
    tell = _teller(session, pace.windows, total, total - counts.get(State.PLANNED, 0))
    return Sender(journal, session.service, begun, session.account.key, pace, now=session.clock, stop=stop, tell=tell)


def _teller(session: Session, limits: tuple[Window, ...], total: int, before: int) -> Callable[[Progress], None]:
    """Passes progress on with the time left, which is worked out anew every few seconds only."""
    journal, key = session.journal, session.account.key
    next_look = done_at = 0.0

    def tell(progress: Progress) -> None:
        nonlocal next_look, done_at
        settled, now = before + progress.settled, session.clock()
        if limits and now >= next_look:
            next_look = now + _ETA_SECONDS
            done_at = now + journal.calls.seconds_for(key, total - settled, limits, now)
        session.observer.progress(replace(progress, settled=settled), total, done_at - now if limits else None)

    return tell


async def _finish(journal: Journal, ended: Run, end: End, now: float) -> Result:
    for_good = end.how is StopReason.ASKED and journal.runs.get(ended.id).options.get("for_good")
    done = end.how in {StopReason.DONE, StopReason.STRICT} or bool(for_good)
    code = _exit_code(journal, ended, end)
    ended = journal.runs.update(ended, stopped=now, finished=now if done else None, exit_code=int(code))
    # Elsewhere, so that other runs of this process go on meanwhile.
    return Result(ended, await asyncio.to_thread(write_report, journal, ended, now=now), code, end.message)


_STOPPED = {
    StopReason.STRICT: Exit.ROWS_FAILED,
    StopReason.ASKED: Exit.INTERRUPTED,
    StopReason.LIMIT: Exit.LIMIT,
    StopReason.UNREACHABLE: Exit.SERVICE,
    StopReason.UNANSWERED: Exit.SERVICE,
    StopReason.REFUSED: Exit.SERVICE,
    StopReason.SIGN_IN: Exit.SIGN_IN,
    StopReason.SAME_REFUSAL: Exit.ROWS_FAILED,
}


def _exit_code(journal: Journal, ended: Run, end: End) -> Exit:
    if end.how in _STOPPED:
        return _STOPPED[end.how]
    counts = journal.rows.counts(ended)
    # Rows that are still planned at a regular end are held: their record is in doubt in another run.
    if _unsure(journal, ended) or counts.get(State.PLANNED):
        return Exit.IN_DOUBT
    failed = counts.get(State.REJECTED) or counts.get(State.HELD) or journal.rows.invalid(ended)
    return Exit.ROWS_FAILED if failed else Exit.DONE


def _unsure(journal: Journal, run: Run) -> bool:
    counts = journal.rows.counts(run)
    return bool(counts.get(State.IN_DOUBT) or counts.get(State.REVIEW))


async def _never_reached(
    journal: Journal, source: Source, settings: Settings, choices: Choices, error: ServiceError, now: float
) -> Result:
    """A run that could not even begin is kept, so that one command goes on with it later."""
    unfinished = journal.runs.unfinished(sha256=source.sha256, kind=source.kind.name)
    same = [run for run in unfinished if run.url == settings.url and _of_profile(run, choices)]
    kept = same[0] if same else _add_run(journal, source, settings, choices, now)
    return await _finish(journal, kept, End(StopReason.UNREACHABLE, error.message), now)


# -- what the stages are made of --------------------------------------------------------------------------------------


def _salt(begun: Run) -> str:
    return f" in run {begun.id}" if begun.options.get("even_if_existing") else ""


def _add_run(journal: Journal, source: Source, settings: Settings, choices: Choices, now: float) -> Run:
    new = NewRun(
        kind=source.kind.name,
        url=settings.url,
        endpoint=source.endpoint,
        file=source.file.name,
        sha256=source.sha256,
        copy=str(_kept(journal, source.copy, source.sha256)),
        options={"read": source.options, **choices.kept},
        started=now,
        folder=_folder(source.file.name, choices),
    )
    return _with_own_folder(journal, new, choices)


def _with_own_folder(journal: Journal, new: NewRun, choices: Choices) -> Run:
    """A new run, with a folder that no run of another journal has written into; unless the user chose it."""
    with journal.together():
        begun = journal.runs.add(new)
        if choices.out is not None or not begun.folder.exists():
            return begun
        others = (begun.folder.with_name(f"{begun.folder.name}-{number}") for number in itertools.count(2))
        return journal.runs.update(begun, folder=str(next(other for other in others if not other.exists())))


def _folder(file: str, choices: Choices) -> str:
    stem = _KEPT_NAME.sub("-", Path(file).stem).strip(".-")[:_LONGEST_NAME] or "file"
    return str((choices.out or Path("reports") / f"{{run}}-{stem}").absolute())


def _with_changes(journal: Journal, begun: Run, changes: Mapping[str, Any]) -> Run:
    options = {**begun.options, **{name: value for name, value in changes.items() if name != "out"}}
    begun = journal.runs.update(begun, options=options)
    return journal.runs.update(begun, folder=str(Path(changes["out"]).absolute())) if "out" in changes else begun


def _choices(begun: Run) -> Choices:
    return begun.options_as(Choices)


def _reopen(begun: Run) -> Source:
    read = begun.options_as(ReadOptions, "read")
    return reopen(begun.copy, begun.sha256, RECORD_TYPES[begun.kind], begun.endpoint, read, begun.file)


def _as_record(intent: Intent) -> Record:
    return Record(intent.row, intent.body, intent.identity)


def _kept(journal: Journal, copy: Path, sha256: str) -> Path:
    """The copy that a new run keeps: an earlier run's if that one has the same bytes, else this one."""
    for run in journal.runs.of_content(sha256):
        if intact(run.copy, sha256):
            return run.copy
    make_durable(copy)
    return copy


def _with_copy(journal: Journal, begun: Run, copy: Path) -> Run:
    """A run begun earlier; with this copy of its file if it has lost its own."""
    kept = _kept(journal, copy, begun.sha256)
    return begun if kept == begun.copy else journal.runs.update(begun, copy=str(kept))


def _forget_unused(journal: Journal, copy: Path) -> None:
    """A copy that no run came of holds personal data for nothing."""
    if not journal.runs.uses_copy(copy):
        copy.unlink(missing_ok=True)


def _refuse_other_reading(journal: Journal, sha256: str, now: ReadOptions, account: str, *, zoneless: bool) -> None:
    """Raise UsageError if an earlier run of the same file read it in another way: its rows would exist twice.

    ``now`` is how it would be read, ``zoneless`` whether it holds times without a zone.
    """
    for run in journal.runs.of_content(sha256):
        was = run.options_as(ReadOptions, "read")
        same = run.parent is None and was.sheet == now.sheet and journal.runs.account(run) == account
        if not same or not journal.rows.counts(run).keys() & {State.CREATED, State.IN_DOUBT, State.REVIEW}:
            continue
        if run.finished is None and any(getattr(was, name) != getattr(now, name) for name in _READING):
            raise UsageError(
                f"Run {run.id} of this file is unfinished, and read it in another way than this.",
                f"Go on with it: importer resume {run.id}\n"
                f"Or delete what it created, and begin again: importer undo {run.id}",
            )
        if zoneless and was.zone != now.zone:
            raise UsageError(
                f"Run {run.id} created records from this file and read its times in {was.zone}; "
                f"read in {now.zone}, the same rows would exist once more.",
                f"Read them in {was.zone} again (--tz {was.zone}), or delete what that run created: "
                f"importer undo {run.id}\nTo create them all the same, add --even-if-existing.",
            )


def _same_run(journal: Journal, source: Source, account: Account, choices: Choices) -> Run | None:
    for candidate in journal.runs.unfinished(sha256=source.sha256, kind=source.kind.name):
        same_reading = candidate.parent is None and candidate.options_as(ReadOptions, "read") == source.read
        owner = journal.runs.account(candidate)
        if same_reading and (owner == account.key or (owner is None and _of_profile(candidate, choices))):
            return candidate
    return None


def _of_profile(run: Run, choices: Choices) -> bool:
    return (run.options.get("profile") or "") == (choices.profile or "")


def _refuse_forgotten_profile(journal: Journal, source: Source, choices: Choices, observer: Observer) -> None:
    """Raise UsageError if nothing was said of a profile and the file was imported with one before."""
    named = {
        run.options.get("profile"): run for run in journal.runs.of_content(source.sha256) if run.options.get("profile")
    }
    if choices.profile is None and named:
        profile, run = next(iter(named.items()))
        raise UsageError(
            f"Run {run.id} of this file was begun with --profile {profile}; without it, rows may go elsewhere.",
            f"Type the same with --profile {profile}, or with --profile none if it is meant for both.",
        )
    if named and choices.profile not in named:
        profile, run = next(iter(named.items()))
        if choices.one_for_all:
            raise UsageError(
                f"Run {run.id} of {source.file.name} was begun with --profile {profile}.",
                "Name a profile for each file.",
            )
        observer.say(f"Look twice: run {run.id} of this file was begun with --profile {profile}.")
