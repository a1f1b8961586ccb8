"""Probes the service: asks, makes one record, finds out how the service behaves, deletes it, and saves the answers."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from importer.config import probe_file
from importer.config.addresses import service_name
from importer.config.probe_file import ProbeResult
from importer.config.settings import Settings
from importer.delivery.probe_answers import observations
from importer.delivery.prober import CALLS, WRITES, Prober, Subject, subject
from importer.errors import Exit, StoppedError, UsageError
from importer.journal.journal import open_journal
from importer.model import Account, Clock
from importer.nexudus import read_page
from importer.nexudus.reply import proper_id
from importer.runs.observer import Observer
from importer.runs.session import Session, signed_in
from importer.text import moment, printable
from schemas import RecordType, Reference

_NAMED = ("Resource", "Coworker")
"""The relations of which a record can be named on the command line."""
_MOST_CANDIDATES = 3
"""Records that are read before a user is asked to name one."""

_PAGE = 100


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """What a probe will do: the record it makes, as sentences can name it, and what that costs."""

    kind: RecordType
    path: str
    name: str
    references: Mapping[str, str]
    calls: int
    writes: int


class ProbeObserver(Observer, Protocol):
    """What a probe needs of a front end."""

    def confirm_probe(self, plan: ProbePlan, account: Account) -> bool:
        """Whether to go on, after it has been shown what the probe does."""

    def probing(self) -> AbstractContextManager[asyncio.Event]:
        """While the record exists: an event that is set when the user asks to stop."""


@dataclass(frozen=True)
class ProbeRequest:
    """What a front end asks for; ``ids`` are the records to name, by the relation: Resource, Coworker."""

    settings: Settings
    observer: ProbeObserver
    clock: Clock
    kind: RecordType
    ids: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Probed:
    """What a probe has shown, and how it ended; ``message`` is for the user if it did not end well."""

    result: ProbeResult
    exit_code: Exit
    message: str = ""


async def probe_service(request: ProbeRequest) -> Probed | None:
    """Probe the service that the settings name; None if the user declined.

    Raises:
        UsageError: There is nothing to make a record with, or an earlier probe's record is not certainly gone.
        StoppedError: The allowance of the day is not enough.
        BusyError: Another process sends for the account.
        SignInError, ServiceError, SettingsError: As for every sign-in.
    """
    settings, kind = request.settings, request.kind
    preferred = kind.path(settings.endpoint_path)
    paths = (preferred, *(path for path in kind.paths if path != preferred))
    with open_journal(settings.journal_place) as journal:
        async with signed_in(settings, preferred, journal, request.observer, request.clock) as session:
            references = {name: await _reference(session, request, ref) for name, ref in kind.references.items()}
            _refuse_without_quota(session)
            made = _subject(kind, paths, {name: number for name, (number, _) in references.items()}, request.clock())
            shown = {kind.references[name].relation: label for name, (_, label) in references.items()}
            plan = ProbePlan(kind, preferred, made.name, shown, CALLS, WRITES)
            if not request.observer.confirm_probe(plan, session.account):
                return None
            # The lock of the sender: its allowance is used, and a run would take the record for one of others.
            with session.exclusive_sender(command="doctor --probe"):
                await _settle_leftover(session, made)
                return await _probe(session, request.observer, made)


def _subject(kind: RecordType, paths: tuple[str, ...], references: Mapping[str, int], now: float) -> Subject:
    try:
        return subject(kind, paths, references, now, secrets.token_hex(16))
    except ValueError as error:
        raise UsageError(
            f"{kind.name} cannot be probed: its records have no name by which you could recognise the test record.",
            "Probe another record type with --type.",
        ) from error


def _refuse_without_quota(session: Session) -> None:
    left = session.quota_left(session.clock())
    if left is not None and left < WRITES:
        raise StoppedError(
            f"A probe may need {WRITES} writes, and {left} are left today. Nothing was created.",
            "Probe again tomorrow.",
            Exit.LIMIT,
        )


async def _probe(session: Session, observer: ProbeObserver, made: Subject) -> Probed:
    shelf, host = session.journal.shelf, service_name(session.settings.url)
    before = probe_file.read(shelf, host, made.kind.name)

    def announce(name: str) -> None:
        probe_file.write(shelf, replace(before, leftover=name, leftover_since=session.clock()))

    with observer.probing() as stop:
        session.service.stop_on(stop)
        prober = _prober(session, made, announce, stop)
        try:
            evidence = await prober.probe()
        finally:
            # Also after a second Ctrl-C, which may end even the delete: then the name is all that is left to say.
            if prober.leftover:
                observer.say(_leftover(prober.leftover))
            else:
                probe_file.write(shelf, before)
    result = ProbeResult(
        host,
        made.kind.name,
        evidence.path,
        session.account.user,
        session.clock(),
        observations(evidence),
        prober.leftover,
        session.clock() if prober.leftover else 0.0,
    )
    # A probe that was cut short does not take the place of a whole one.
    shortened = replace(before, leftover=result.leftover, leftover_since=result.leftover_since)
    probe_file.write(shelf, shortened if evidence.ended and before.probed else result)
    return Probed(result, *_end(result, evidence.ended, stopped=stop.is_set()))


def _end(result: ProbeResult, ended: str, *, stopped: bool) -> tuple[Exit, str]:
    """The exit code of a probe, and why it did not come to its end."""
    message = f"The probe ended early, {ended}." if ended else ""
    if result.leftover:
        return Exit.IN_DOUBT, message
    if stopped:
        return Exit.INTERRUPTED, message
    return (Exit.SERVICE if ended else Exit.DONE), message


def _leftover(name: str) -> str:
    return (
        f'The test record "{name}" may still exist. Look for it in Nexudus and delete it, or probe again later: '
        "the next probe looks for it first."
    )


async def _settle_leftover(session: Session, made: Subject) -> None:
    """Delete what an earlier probe left behind.

    Raises:
        UsageError: It may still exist.
    """
    shelf, host = session.journal.shelf, service_name(session.settings.url)
    before = probe_file.read(shelf, host, made.kind.name)
    if not before.leftover:
        return
    old, event = replace(made, name=before.leftover, marks=()), asyncio.Event()
    prober = _prober(session, old, lambda _: None, event)
    await prober.delete_leftover()
    # A list that does not show it proves that it does not exist only when its visibility window is over.
    now, end = session.clock(), before.leftover_since + session.settings.settle
    if prober.leftover and not (prober.is_unlisted and now >= end):
        raise UsageError(
            f'An earlier probe may have left the record "{before.leftover}" behind.',
            f"It is not listed yet. Probe again after {moment(end, now)}."
            if prober.is_unlisted
            else "It could not be deleted. Delete it in Nexudus, then probe again.",
        )
    probe_file.write(shelf, replace(before, leftover="", leftover_since=0.0))


def _prober(session: Session, made: Subject, announce: Callable[[str], None], stop: asyncio.Event) -> Prober:
    def pause(seconds: float) -> None:
        session.journal.calls.pause(session.account.key, session.clock() + seconds)

    return Prober(session.service, made, session.take_write, pause, stop, announce)


async def _reference(session: Session, request: ProbeRequest, reference: Reference) -> tuple[int, str]:
    """The record that the test record names in one field: its Id, and what people call it.

    Raises:
        UsageError: None suits.
    """
    if (number := request.ids.get(reference.relation)) is not None:
        record = await _record(session, reference, number)
        return number, _label(reference, record or {}, number)
    for number in await _candidates(session, reference):
        # A list may still show records that were deleted, and a create that names one is refused.
        if (record := await _record(session, reference, number)) is not None:
            return number, _label(reference, record, number)
    noun = reference.relation.lower()
    advice = f"Name one: importer doctor --probe --{noun} ID" if reference.relation in _NAMED else ""
    raise UsageError(
        f"There is no {noun} that the test record could name, or this user may not see any.",
        advice or f"Create a {noun} in Nexudus, or sign in as a user who may see one.",
    )


async def _candidates(session: Session, reference: Reference) -> list[int]:
    """The Ids of a few records that suit: the user's own first, then what is listed first and not out of use."""
    filters: list[dict[str, str | int]] = [{}]
    if "Email" in reference.keys and "@" in session.account.user:
        filters.insert(0, {f"{reference.relation}_Email": session.account.user})
    numbers: list[int] = []
    for one in filters:
        page = read_page(
            await session.service.page(reference.path, page=1, size=_PAGE, filters={"orderBy": "Id", **one})
        )
        # Compared again: a filter that the service does not know is ignored.
        numbers += [
            number
            for number, record in page.records.items()
            if _is_in_use(record)
            and (not one or str(record.get("Email")).casefold() == session.account.user.casefold())
        ]
    return numbers[:_MOST_CANDIDATES]


def _is_in_use(record: Mapping[str, object]) -> bool:
    return record.get("Archived") is not True and record.get("Active") is not False


async def _record(session: Session, reference: Reference, number: int) -> Mapping[str, object] | None:
    reply = await session.service.get(reference.path, number)
    document = reply.json if reply.status_in(200) and isinstance(reply.json, dict) else {}
    return document if proper_id(document.get("Id")) == number else None


def _label(reference: Reference, record: Mapping[str, object], number: int) -> str:
    names = [printable(str(record[key])) for key in reversed(reference.keys) if record.get(key)]
    return f"{names[0]} (Id {number})" if names else f"Id {number}"
