"""How runs stand, read from the journal alone; so that looking is quick and needs neither the file nor the service."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from importer.config.settings import Settings
from importer.errors import SettingsError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.lock import holder
from importer.journal.runs import Run
from importer.journal.states import STATUS, State
from importer.model import Status


def standing(number: int | None, settings: Settings) -> dict[str, Any]:
    """How a run stands, by default the latest one; then also which others are unfinished, newest first."""
    with open_journal(settings.journal_url) as journal:
        chosen = choose(journal, number)
        others = [other for other in journal.runs.unfinished() if other.id != chosen.id] if number is None else []
        waiting = [other.id for other in others if not _is_sent(journal, other, settings)]
        return _told(journal, chosen, settings) | {"unfinished": waiting}


def standings(limit: int, settings: Settings) -> list[dict[str, Any]]:
    """How the latest runs stand, newest first."""
    with open_journal(settings.journal_url) as journal:
        return [_told(journal, found, settings) for found in journal.runs.latest(limit)]


def ask_to_stop(number: int | None, settings: Settings, *, for_good: bool = False) -> list[tuple[Run, bool]]:
    """Ask the process that sends a run to stop after the rows under way; by default of every run that is being sent.

    The runs, and of each whether there is such a process; if none is being sent, the latest unfinished one. With
    ``for_good`` a run counts as finished then; its unsent rows can be retried.
    """
    with open_journal(settings.journal_url) as journal:
        unfinished = [journal.runs.get(number)] if number is not None else journal.runs.unfinished()
        chosen = unfinished if number is not None else [run for run in unfinished if _is_sent(journal, run, settings)]
        return [
            (
                journal.runs.update(run, stop=True, options={**run.options, "for_good": for_good}),
                _is_sent(journal, run, settings),
            )
            for run in chosen or [choose_unfinished(journal, None)]
        ]


def _is_sent(journal: Journal, run: Run, settings: Settings) -> bool:
    """Whether a process is sending this run now."""
    locks = (journal.path.parent if journal.path else settings.home) / "locks"
    found = holder(locks, journal.runs.account(run) or "")
    return found is not None and found.run == run.id


def end_here(number: int, settings: Settings, now: float) -> Run:
    """Let a run that nobody works on count as finished; its unsent rows can be retried."""
    with open_journal(settings.journal_url) as journal:
        return journal.runs.update(journal.runs.get(number), finished=now)


def choose(journal: Journal, number: int | None) -> Run:
    """The run with this number, by default the latest one."""
    if number is not None:
        return journal.runs.get(number)
    found = journal.runs.latest(1)
    if not found:
        raise UsageError("There is no run yet.", "Start one with: importer run FILE")
    return found[0]


def choose_unfinished(journal: Journal, number: int | None) -> Run:
    """The run with this number, by default the latest unfinished one."""
    if number is not None:
        return journal.runs.get(number)
    found = journal.runs.unfinished()
    if not found:
        raise UsageError("There is no unfinished run.", "See the runs with: importer history")
    return found[0]


def options_of(number: int | None, settings: Settings, *, unfinished: bool) -> Mapping[str, Any]:
    """What a run was begun with, by default the latest one; nothing if there is no run."""
    with open_journal(settings.journal_url) as journal:
        if number is not None:
            return journal.runs.get(number).options
        found = journal.runs.unfinished() if unfinished else journal.runs.latest(1)
        return found[0].options if found else {}


def refuse_other_service(begun: Run, settings: Settings) -> None:
    """Raise SettingsError if a run sends to another service than the settings name."""

    def host(url: str) -> str:
        return url.partition("://")[2].partition(":")[0]

    if host(begun.url) != host(settings.url):
        raise SettingsError(
            f"Run {begun.id} sends to {begun.url}, but NEXUDUS_URL is {settings.url}.",
            f"Set NEXUDUS_URL={begun.url} and type the same again.",
        )


def refuse_other_account(journal: Journal, begun: Run, account: str) -> None:
    """Raise SettingsError if a run sends for another account than the one signed in."""
    key = journal.runs.account(begun)
    if key is not None and key != account:
        raise SettingsError(
            f"Run {begun.id} sends for {key}, but you are signed in as {account}.",
            "Sign in as that user, or import the file anew.",
        )


def _told(journal: Journal, found: Run, settings: Settings) -> dict[str, Any]:
    counts = dict.fromkeys(Status, 0)
    states = journal.rows.counts(found)
    for state, number in states.items():
        counts[STATUS[state]] += number
    counts[Status.INVALID] = journal.rows.invalid(found)
    if found.finished is not None:
        stands, following = "finished", found.command("reconcile" if states.get(State.IN_DOUBT) else "report")
    elif _is_sent(journal, found, settings):
        stands, following = "being sent", f"importer stop {found.id}"
    else:
        stands, following = "unfinished", found.command("resume")
    return {
        "run": found.id,
        "file": found.file,
        "state": stands,
        "account": journal.runs.account(found),
        "profile": found.options.get("profile") or None,
        "url": found.url,
        "rows": found.rows,
        "counts": {status.value: number for status, number in counts.items()},
        "undone": states.get(State.REMOVED, 0),
        "started": _instant(found.started),
        "finished": _instant(found.finished),
        "exit_code": found.exit_code,
        "folder": str(found.folder),
        "next": following,
    }


def _instant(epoch: float | None) -> str | None:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if epoch is not None else None
