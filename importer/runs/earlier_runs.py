"""Runs that the journal already holds: which one is meant, and what rules out working on it or beside it.

Nothing here reads the file or calls the service.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from importer.config.addresses import account_key, same_service
from importer.config.settings import Settings
from importer.errors import SettingsError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import Run
from importer.journal.states import CLAIMING, UNANSWERED
from importer.model import is_nameless

if TYPE_CHECKING:
    # `status` must answer at once, and pandas takes half a second to load.
    from importer.runs.request import Choices
    from importer.spreadsheet import ReadOptions

_READING = ("map", "dates", "zone", "encoding", "separator", "header_row")


class Which(Enum):
    """Among which runs a command without a number chooses."""

    ALL = auto()
    UNFINISHED = auto()
    IN_DOUBT = auto()


def chosen_run(
    journal: Journal, number: int | None, fits: Callable[[Run], bool] = lambda _: True, which: Which = Which.ALL
) -> Run | None:
    """The run with this number, by default the latest that fits, or else the latest; None if there is none.

    Where no run is in doubt, a choice among those is one among all.
    """
    if number is not None:
        return journal.runs.get(number)
    match which:
        case Which.UNFINISHED:
            runs = journal.runs.unfinished()
        case Which.IN_DOUBT if in_doubt := _in_doubt(journal):
            runs = in_doubt
        case _:
            # Most often it is the newest. Only then are all of them read.
            newest = journal.runs.latest(1)
            runs = newest if all(map(fits, newest)) else journal.runs.latest()
    return next(filter(fits, runs), next(iter(runs), None))


def latest_run(journal: Journal, number: int | None, fits: Callable[[Run], bool] = lambda _: True) -> Run:
    """The run with this number, by default the latest that fits, or else the latest."""
    run = chosen_run(journal, number, fits)
    if run is None:
        raise UsageError("There is no run yet.", "Start one with: importer run FILE")
    return run


def latest_unfinished(journal: Journal, number: int | None, fits: Callable[[Run], bool] = lambda _: True) -> Run:
    """The run with this number, by default the latest unfinished one that fits, or else the latest unfinished one."""
    run = chosen_run(journal, number, fits, Which.UNFINISHED)
    if run is None:
        raise UsageError("There is no unfinished run.", "To list the runs: importer history")
    return run


def is_in_use(run: Run, settings: Settings) -> bool:
    """Whether a run is of the service and the user that the settings name, as far as that is known without a call."""
    if not same_service(run.url, settings.url):
        return False
    # Whose a token is, only the service can say. It goes before the user name.
    if run.account is None or is_nameless(run.account) or settings.token or not settings.username:
        return True
    key = account_key(settings.url, settings.username)
    return run.account == key or run.account.startswith(f"{key}/")


def runs_in_doubt(settings: Settings) -> list[Run]:
    """The runs with rows that are still to be settled, newest first."""
    with open_journal(settings.journal_place) as journal:
        return _in_doubt(journal)


def _in_doubt(journal: Journal) -> list[Run]:
    return [run for run in journal.runs.latest() if journal.rows.counts(run).keys() & UNANSWERED]


@dataclass(frozen=True)
class ImportTerms:
    """What decides which records an import of a file creates: two runs that differ in any of it are two imports.

    By content and not by name: a file that was renamed is the same import, and a corrected one under the same name is
    another.
    """

    sha256: str
    kind: str
    endpoint: str
    url: str
    read: "ReadOptions"
    choices: "Choices"

    def fit(self, run: Run) -> bool:
        """Whether a run is an import on these terms, whichever account it is for; a retry never is."""
        return (
            run.parent is None
            and (run.sha256, run.kind) == (self.sha256, self.kind)
            and same_service(run.url, self.url)
            # An older importer wrote the path without the module before it.
            and run.endpoint.rpartition("/")[2] == self.endpoint.rpartition("/")[2]
            and run.options_as(type(self.read), "read") == self.read
            and run.options_as(type(self.choices)).deciding == self.choices.deciding
        )


def run_to_continue(journal: Journal, terms: ImportTerms, account: str | None) -> Run | None:
    """The unfinished run on these terms for this account; None for ``account`` while nobody could sign in.

    A run that never reached the service has no account yet; it belongs to whoever uses the same address and profile.
    """
    for run in journal.runs.unfinished(sha256=terms.sha256, kind=terms.kind):
        owner = run.account
        if owner is None or account is None:
            mine = same_service(run.url, terms.url) and is_of_profile(run, terms.choices.profile)
        else:
            mine = owner == account or is_nameless(owner)
        if mine and terms.fit(run):
            return run
    return None


def is_of_profile(run: Run, profile: str | None) -> bool:
    """Whether a run began with this profile; None and "" both mean no profile."""
    return (run.options.get("profile") or "") == (profile or "")


def refuse_other_service(run: Run, settings: Settings) -> None:
    """Raise SettingsError if a run sends to another service than the settings name."""
    if not same_service(run.url, settings.url):
        raise SettingsError(
            f"Run {run.id} sends to {run.url}, but NEXUDUS_URL is {settings.url}.",
            f"Set NEXUDUS_URL={run.url} and repeat the command.",
        )


def refuse_other_account(run: Run, account: str) -> None:
    """Raise SettingsError if a run sends for another account than the one signed in."""
    # A token that the service puts no name to is replaced every week, and the run must go on with the next one. For any
    # other account the user may have meant another run.
    if run.account is not None and run.account != account and not is_nameless(run.account):
        # A practice service that does not say which one it is has the beginning of the key only.
        if is_nameless(account) or run.account.startswith(f"{account}/"):
            raise SettingsError(
                f"Run {run.id} sends for {run.account}, and the service does not say who is signed in now.",
                "Try again, or sign in as that user with a user name and a password.",
            )
        raise SettingsError(
            f"Run {run.id} sends for {run.account}, but you are signed in as {account}.",
            "Sign in as that user, or import the file again as a new run.",
        )


def refuse_other_terms(journal: Journal, terms: ImportTerms, account: str, *, zoneless: bool) -> None:
    """Raise UsageError if an earlier run imported the same file on other terms, if that does harm.

    An unfinished run refuses all other terms. A finished one refuses only another zone; whatever else differs, its rows
    are compared with their records like any row.

    ``zoneless`` tells whether the file holds times without a zone.
    """
    # In another zone, each row has another time than the record that the earlier run made of it: all rows would be held
    # or, with --update, every record would be moved by some hours. A run that created nothing may be read in any way.
    read, choices = terms.read, terms.choices
    if choices.even_if_existing:
        return
    for run in journal.runs.of_content(terms.sha256):
        before = run.options_as(type(read), "read")
        same = run.parent is None and before.sheet == read.sheet and run.account == account
        if not same or not journal.rows.counts(run).keys() & CLAIMING:
            continue
        differs = any(getattr(before, name) != getattr(read, name) for name in _READING)
        differs = differs or run.options_as(type(choices)).deciding != choices.deciding
        if run.finished is None and differs:
            raise UsageError(
                f"Run {run.id} of this file is unfinished and was started with other options.",
                f"To continue it: {run.command('resume')}\n"
                f"To delete what it created and start again: {run.command('undo')}",
                on_page=f"Open run {run.id} in the history, then resume it or undo it. If you may not, ask the person "
                "who started it, or an administrator.",
            )
        if zoneless and before.zone != read.zone:
            raise UsageError(
                f"Run {run.id} created records from this file with its times read in {before.zone}. "
                f"Read in {read.zone}, every row would have another time than its record.",
                f"Use --tz {before.zone} again. If it was wrong, undo that run first: {run.command('undo')}\n"
                "To create another record for each row on purpose: --even-if-existing (not with --update or --key).",
                on_page=f"Choose the time zone {before.zone} again. If it was wrong, undo run {run.id} first.",
            )


def forgotten_profile(journal: Journal, sha256: str, file: str, profile: str | None, *, one_for_all: bool) -> str:
    """A warning if the file was imported with another profile before; empty if it was not.

    ``one_for_all`` tells that the profile was named once for several files.

    Raises:
        UsageError: No profile was named, or one for several files: most likely it was forgotten.
    """
    runs = {run.options["profile"]: run for run in journal.runs.of_content(sha256) if run.options.get("profile")}
    if not runs or profile in runs:
        return ""
    earlier, run = next(iter(runs.items()))
    if profile is None:
        raise UsageError(
            f"Run {run.id} of this file used --profile {earlier}. Without it, the rows may go to another account.",
            f"Add --profile {earlier}, or --profile none if the file is meant for both.",
        )
    if one_for_all:
        raise UsageError(f"Run {run.id} of {file} used --profile {earlier}.", "Name one profile for each file.")
    return f"Warning: run {run.id} of this file used --profile {earlier}."
