"""Removes personal data of ended runs: their files, the values of their rows, and what else was written about them.

1. Which runs can be forgotten: none whose values somebody, or the importer itself, still needs.
2. What will be removed, looked at beforehand; a link among it is refused, for it may lead anywhere.
3. In the journal first: from the moment at which a run counts as forgotten, nothing makes a file of its values again.
4. Then the files, then what the database itself still holds of the values. What was cut off here is finished by the
   next call, for everything that a forgotten run may have left behind is looked for each time.

What stays is what keeps a record from being created twice: of each row its outcome, its Id, and hashes.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from importer.config.settings import Settings
from importer.delivery.fingerprints import FingerprintComparer
from importer.errors import ImporterError, ReportError, UsageError
from importer.journal.forgetting import Fingerprints
from importer.journal.journal import Journal, open_journal
from importer.journal.next_steps import RETRYABLE
from importer.journal.runs import Run
from importer.journal.states import TAKING_BACK, UNANSWERED
from importer.model import Clock
from importer.reporting import SUMMARY, report_files
from importer.reporting.atomic import ASIDE
from importer.text import count
from schemas import RECORD_TYPES

Uploads = Callable[[], Mapping[int, Sequence[Path]]]
"""Gives the folders of the uploads that runs came from, by the numbers of these."""

_OF_RUN = re.compile(r"[a-z]+-(\d+)(?:-[0-9a-f]+)?\.(?:log|json)")
"""The output of a process that a page started for a run, how far it was, and its number."""

_ERROR_LOG = "error-*.log"


@dataclass(frozen=True)
class Refusal:
    """A run that cannot be forgotten, why, as a sentence, and what to do."""

    run: Run
    why: str
    advice: str


@dataclass(frozen=True)
class ForgetPlan:
    """What will be removed; nothing of it is gone yet.

    Attributes:
        runs: The runs whose values are still there.
        rows: How many rows these have.
        lost: How many of them could have been corrected or sent again, and cannot afterwards.
        files: Files to be deleted; ``folders`` are deleted if nothing else is in them.
        refusals: Runs that are old enough, and stay.
        shared: Copies that stay because a run that is not forgotten has the same file.
        elsewhere: Runs whose report is on another machine, or is another run's by now.
        is_to_purge: Whether the journal still holds what an earlier call has removed.
        before: When the scheduled imports that led to no run failed, at the latest; None if they are not meant.
        reasons: How many of them still say why.
    """

    runs: tuple[Run, ...]
    rows: int
    lost: int
    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    refusals: tuple[Refusal, ...]
    shared: tuple[Run, ...]
    elsewhere: tuple[Run, ...]
    is_to_purge: bool
    before: float | None = None
    reasons: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.runs or self.files or self.folders or self.is_to_purge or self.reasons)


def plan_forgetting(
    settings: Settings, number: int | None, before: float | None, uploads: Uploads, spare: int | None = None
) -> ForgetPlan:
    """What would be removed of a run, or of every run that ended ``before`` a time, in epoch seconds; but ``spare``.

    What earlier calls have left behind of runs that are forgotten is among it.

    Raises:
        UsageError: That run cannot be forgotten, or there is a link where a file of it should be.
    """
    with open_journal(settings.journal_place) as journal:
        return _plan(journal, settings, number, before, uploads, spare)


def _plan(
    journal: Journal,
    settings: Settings,
    number: int | None,
    before: float | None,
    uploads: Uploads,
    spare: int | None,
) -> ForgetPlan:
    every = journal.runs.latest()
    if number is None:
        meant = [run for run in every if before is not None and _ended(run) < before and run.id != spare]
    else:
        meant = [journal.runs.get(number)]
    meant = [run for run in meant if run.forgotten is None]
    refusals = [refusal for run in meant if (refusal := _refusal(journal, run)) is not None]
    if number is not None and refusals:
        raise UsageError(refusals[0].why, refusals[0].advice)
    stay = {refusal.run.id for refusal in refusals}
    runs = [run for run in meant if run.id not in stay]
    gone = [*runs, *(run for run in every if run.forgotten is not None)]
    left = _Leftovers(journal, settings.home, every, {run.id for run in gone})
    # What an earlier call has left of an upload is deleted after some days in any case.
    files, folders = left.of(gone, uploads() if runs or number is not None else {}, before)
    _refuse_links((*files, *folders))
    counts = [journal.tally.of(run.id) for run in runs]
    return ForgetPlan(
        runs=tuple(runs),
        rows=sum(run.rows for run in runs),
        lost=sum(invalid + sum(states.get(state, 0) for state in RETRYABLE) for states, invalid in counts),
        files=tuple(files),
        folders=tuple(folders),
        refusals=tuple(refusals),
        shared=tuple(run for run in runs if left.is_shared(run)),
        elsewhere=tuple(run for run in runs if not left.is_folder_of(run)),
        is_to_purge=journal.forgetting.is_to_purge,
        before=before,
        reasons=journal.forgetting.reasons(before) if before is not None else 0,
    )


def forget(settings: Settings, plan: ForgetPlan, clock: Clock) -> None:
    """Remove what the plan says.

    Raises:
        UsageError: A run of it is being worked on by now, or there is a link where a file was.
        ReportError: A file cannot be deleted; the next call goes on with it.
        JournalBusyError: Others use the journal; the next call finishes what is left.
    """
    _refuse_links((*plan.files, *plan.folders))
    with open_journal(settings.journal_place) as journal:
        if plan.before is not None and plan.reasons:
            journal.forgetting.forget_reasons(plan.before)
        for run in plan.runs:
            # In one transaction with the look at who holds it: an undo that begins meanwhile reads the run again.
            with journal.together():
                now = journal.runs.get(run.id)
                if refusal := _refusal(journal, now):
                    raise UsageError(refusal.why, refusal.advice)
                if now.forgotten is None:
                    journal.forgetting.begin(now, clock())
                    journal.forgetting.forget_lists(run.account or "")
        # Where an earlier call was cut off, nobody knows in which of its runs.
        begun = [run for run in journal.runs.latest() if run.forgotten is not None] if plan.is_to_purge else plan.runs
        for run in begun:
            journal.forgetting.forget_rows(run, _fingerprints(run))
        if journal.uploads is not None:
            # Each machine deletes its own copy when it looks at the uploads next.
            numbers = {run.id for run in begun}
            journal.uploads.delete([key for key, head in journal.uploads.heads().items() if head.run in numbers])
        # Nobody can add a run meanwhile, which could have one of these copies as its own.
        with journal.together():
            every = journal.runs.latest()
            used = {run.sha256 for run in every if run.forgotten is None}
            journal.forgetting.forget_copies({run.sha256 for run in every} - used)
            names = {run.copy.name for run in every if run.forgotten is None}
            _delete(path for path in plan.files if path.parent != settings.home / "files" or path.name not in names)
        for folder in plan.folders:
            # Somebody may have put something of their own in it.
            with suppress(OSError):
                folder.rmdir()
        journal.forgetting.purge()


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        _refuse_links([path])
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ReportError(
                f"{path} cannot be deleted: {error.strerror}. Is it open in another program?",
                "Close it, or change its permissions, then repeat the command: it removes what is left.",
            ) from error


def _ended(run: Run) -> float:
    """When a run ended; never, if it is not finished."""
    return float("inf") if run.finished is None else max(run.finished, run.stopped or 0.0)


def _refusal(journal: Journal, run: Run) -> Refusal | None:
    """Why a run cannot be forgotten now; None if it can."""
    holders = [*journal.senders.holders(), *journal.announcements.all()]
    if any(holder.run == run.id for holder in holders):
        return Refusal(run, f"Run {run.id} is in progress.", "Wait until it has ended, or stop it, then try again.")
    if run.finished is None:
        advice = f"To continue it: {run.command('resume')}"
        return Refusal(run, f"Run {run.id} is unfinished, so its values are still needed.", advice)
    counts, _ = journal.tally.of(run.id)
    if doubts := sum(counts.get(state, 0) for state in UNANSWERED):
        has = f"Run {run.id} has {count(doubts, 'row')} whose record may or may not exist"
        return Refusal(run, f"{has}, so its values are still needed.", f"To find out: {run.command('reconcile')}")
    if undoing := sum(counts.get(state, 0) for state in TAKING_BACK):
        has = f"The undo of run {run.id} has {count(undoing, 'row')} left"
        return Refusal(run, f"{has}, so its values are still needed.", f"To finish it: {run.command('undo')}")
    if retry := next((one for one in journal.runs.unfinished() if one.parent == run.id), None):
        why = f"Run {retry.id}, which retries run {run.id}, is unfinished, so its values are still needed."
        return Refusal(run, why, f"To continue it: {retry.command('resume')}")
    return None


def _fingerprints(run: Run) -> Fingerprints:
    kind = RECORD_TYPES.get(run.kind)
    return FingerprintComparer(kind).fingerprints if kind is not None else lambda _: {}


class _Leftovers:
    """The files that forgotten runs may have left behind on this machine."""

    def __init__(self, journal: Journal, home: Path, every: Sequence[Run], gone: set[int]) -> None:
        """``gone`` are the numbers of those runs."""
        self._journal, self._home, self._gone = journal, home, gone
        others = [run for run in every if run.id not in gone]
        self._hashes = {run.sha256 for run in others}
        self._folders = {run.folder for run in others}
        self._copies_of_others = {run.copy.name for run in others}

    def is_shared(self, run: Run) -> bool:
        """Whether a run that stays has the same file."""
        return run.sha256 in self._hashes

    def is_folder_of(self, run: Run) -> bool:
        """Whether what is in the folder of a run is its own report, and nobody else's."""
        if self._journal.runs.is_of_another(run):
            return False
        if (run.folder / SUMMARY).is_symlink():
            # To be refused, and not to be read.
            return True
        try:
            summary = json.loads((run.folder / SUMMARY).read_bytes())
            return bool(summary["run"] == run.id and summary["sha256"] == run.sha256)
        except FileNotFoundError:
            # Begun to be deleted, or never written.
            return run.folder not in self._folders
        except (OSError, ValueError, TypeError, LookupError):
            return False

    def of(
        self, runs: Sequence[Run], uploads: Mapping[int, Sequence[Path]], before: float | None
    ) -> tuple[list[Path], list[Path]]:
        """The files that are there of these runs, and the folders that are empty without them; innermost first."""
        files, folders = list(self._copies(runs)), list[Path]()
        for run in runs:
            if run.folder.is_symlink() or self.is_folder_of(run):
                self._add(run.folder, _reports(run.folder), files, folders)
            for upload in uploads.get(run.id, ()):
                self._add(upload, sorted(upload.rglob("*"), reverse=True), files, folders)
        files += self._logs(before)
        return list(dict.fromkeys(files)), list(dict.fromkeys(folders))

    @staticmethod
    def _add(folder: Path, entries: Sequence[Path], files: list[Path], folders: list[Path]) -> None:
        for path in entries:
            (folders if path.is_dir() and not path.is_symlink() else files).append(path)
        folders += [folder] if entries or folder.is_symlink() else []

    def _copies(self, runs: Sequence[Run]) -> Iterator[Path]:
        for run in runs:
            # By its name in this home: the journal may be one that was moved, or that several machines share.
            copy = self._home / "files" / run.copy.name
            if _is_there(copy) and copy.name not in self._copies_of_others:
                yield copy

    def _logs(self, before: float | None) -> Iterator[Path]:
        folder = self._home / "workers"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            match = _OF_RUN.fullmatch(path.name)
            is_old = before is not None and path.match(_ERROR_LOG) and path.lstat().st_mtime < before
            if (match and int(match[1]) in self._gone) or is_old:
                yield path


def _reports(folder: Path) -> list[Path]:
    """What the importer has written into the folder of a run, also what it was writing when it was cut off."""
    # The summary last: it tells whose the others are.
    aside = [entry for each in folder.glob(f"{ASIDE}*") for entry in (*sorted(each.rglob("*"), reverse=True), each)]
    return [*aside, *report_files(folder)]


def _is_there(path: Path) -> bool:
    """Whether there is something of this name, were it a link that leads nowhere."""
    return path.is_symlink() or path.exists()


def _refuse_links(paths: Iterable[Path]) -> None:
    if link := next((path for path in paths if path.is_symlink()), None):
        raise UsageError(
            f"{link} is a link, so it was not followed and nothing behind it was deleted.",
            "The importer makes no links. Delete it, or put the file itself in its place, then try again.",
        )


def forget_by_retention(
    settings: Settings, clock: Clock, say: Callable[[str], None], uploads: Uploads, spare: int | None = None
) -> None:
    """Forget what is older than the settings say, but for the run ``spare``, and tell what was done or why it was not.

    Whatever is the matter, the command that this is part of goes on.
    """
    if settings.retention is None:
        return
    days = days_words(settings.retention)
    try:
        plan = plan_forgetting(settings, None, clock() - settings.retention, uploads, spare)
        if not plan.is_empty:
            forget(settings, plan, clock)
    except ImporterError as error:
        say(f"Runs that ended more than {days} ago could not be forgotten (IMPORTER_RETENTION). {error.message}")
    except OSError as error:
        say(f"Runs that ended more than {days} ago could not be forgotten (IMPORTER_RETENTION): {error.strerror}.")
    else:
        if plan.runs:
            say(f"Forgot {count(len(plan.runs), 'run')} that ended more than {days} ago (IMPORTER_RETENTION).")


def days_words(seconds: float) -> str:
    """A time span in days: 90 days, 1.5 days."""
    days = seconds / 86_400
    return "1 day" if days == 1 else f"{days:,.6g} days"
