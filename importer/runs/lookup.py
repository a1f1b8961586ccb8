"""Looks up the names of coworkers and resources before anything is sent, with few calls.

A list is read in pages, or each name is asked for, whichever is cheaper; a whole list is kept in the journal for a
while. What a file refers to, by name or by Id, is then read by its Id: lists still show deleted records, and may leave
out others that exist.
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from importer.checking import (
    Directory,
    Entry,
    bare_name,
    chosen_others,
    is_name,
    nobody_listed,
    plain_name,
    whole_number,
)
from importer.config.store import Document, UnreadableError
from importer.delivery.by_id import OK, says_not_found
from importer.delivery.listing import batches, read_by_ids
from importer.journal.kept_lists import LISTED, Listed
from importer.nexudus import Page, PageReader, read_page
from importer.nexudus.reply import LARGEST_ID, proper_id
from importer.runs.session import Session
from importer.runs.source import Source
from importer.text import count
from schemas import RecordType, Reference

MOST_CONFIRMED = 200
"""More records than this are not read one by one: the service refuses a deleted record by itself."""

MOST_IN_BATCHES = 2_000
"""Nor more than this by fifty in a call, which is forty calls; those that the list does not show go first."""

_CALLS_WITHOUT_A_WORD = 5

_MOST_DELETED = 20
MOST_OFFERED = 1_000
"""A longer list is no help for finding a name in it."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The records that were read by their Ids and exist: when that was, in epoch seconds, by Id."""

    times: Mapping[str, float]


_CONFIRMED = Document("What is known to exist", Confirmed)


async def look_up(
    session: Session,
    source: Source,
    cells: Mapping[str, Iterable[str]],
    picks: Mapping[str, int],
    names_beside: Mapping[str, AbstractSet[str]] = MappingProxyType({}),
    *,
    confirm: bool = True,
) -> dict[str, Directory]:
    """The directory of each reference field; ``cells`` are its cells by field, ``picks`` new choices by name.

    ``names_beside`` are names that stand beside Ids, by field; they need not be confirmed, for the Ids are what counts.
    Without ``confirm``, none is: for a first look at a file, which is looked up once more before it is sent.
    """
    directories: dict[str, Directory] = {}
    for field, column in cells.items():
        reference = source.kind.references[field]
        texts = {cell.strip() for cell in column} - {""}
        if not texts:
            continue
        choices = {**chosen_ids(session, reference, picks), **source.read.chosen_ids.get(field, {})}
        # A record that was chosen for a name is found by its Id only, for it is called something else.
        agreed = None if source.agreed_names is None else source.agreed_names.get(field, {})
        others = {str(number) for number in chosen_others(texts, choices) | {*(agreed or {}).values()}}
        cells_to_ask = texts | others | names_beside.get(field, frozenset())
        entries, complete = await listed_entries(session, reference, cells_to_ask)
        if entries is None:
            continue
        noun = reference.relation.lower()
        directory = Directory(noun, entries, choices, complete=complete, agreed=agreed)
        if confirm:
            gone = await _gone_of(session, reference, _referred_to(directory, texts), directory)
            entries = _with_deleted(entries, gone)
            _note_gone(session, reference, gone)
        none_listed = complete and nobody_listed(texts, directory)
        directories[field] = Directory(
            noun, entries, choices, complete=complete, none_listed=none_listed, agreed=agreed
        )
    return directories


async def names_to_offer(session: Session, kind: RecordType) -> dict[str, list[str]]:
    """The names to choose from for each reference field, as far as the list is short enough to choose from."""
    by_field: dict[str, list[str]] = {}
    for field, reference in kind.references.items():
        entries, complete = await listed_entries(session, reference)
        if entries is not None and complete:
            entries = await _without_deleted(session, reference, entries)
            names = Directory(reference.relation.lower(), entries, {}, complete=True).choices()
            by_field |= {field: names} if len(names) <= MOST_OFFERED else {}
    return by_field


async def _without_deleted(session: Session, reference: Reference, entries: list[Entry]) -> list[Entry]:
    """The entries without those that the list still shows, but the service itself says it does not have."""
    # Fifty in a call: one by one, a thousand names would take eight minutes. What is left out there is read by itself.
    if len(entries) > MOST_OFFERED:
        return entries
    missing = await _left_out(session, reference, {entry.id for entry in entries})
    # Where so many are left out, it is the question that the service does not know.
    gone = await _gone(session, reference, missing) if len(missing) <= _MOST_DELETED else set()
    _note_gone(session, reference, gone)
    return [entry for entry in entries if entry.id not in gone]


def _note_gone(session: Session, reference: Reference, gone: AbstractSet[int]) -> None:
    """Remember with the list which of its records are not there, so that nobody is offered one of them meanwhile."""
    account, journal = session.account.key, session.journal
    text = journal.directories.get(account, reference.path, _not_before(session)) if gone else None
    with suppress(UnreadableError):
        if text is not None:
            # As one that is out of use: whether it was deleted is asked anew for each file that names it.
            entries = (replace(e, inactive=e.inactive or e.id in gone) for e in LISTED.decode(text).entries)
            journal.directories.amend(account, reference.path, text, LISTED.encode(Listed(tuple(entries))))


def chosen_ids(
    session: Session, reference: Reference, picks: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """The choices between records of one name that hold for this account; new ones are remembered."""
    # By account: an Id that was chosen in one may belong to another person in the next.
    journal, account = session.journal, session.account.key
    for name, number in picks.items():
        journal.directories.choose(account, reference.path, plain_name(name), number)
    return journal.directories.chosen_ids(account, reference.path)


async def listed_entries(
    session: Session, reference: Reference, texts: AbstractSet[str] = frozenset()
) -> tuple[list[Entry] | None, bool]:
    """The listed records, and whether they are all there are; None if the service does not list them."""
    cached = session.journal.directories.get(session.account.key, reference.path, _not_before(session))
    if cached is not None:
        with suppress(UnreadableError):
            return list(LISTED.decode(cached).entries), True
    # The first page is needed in any case, and tells how many more there are.
    reader = PageReader(session.service, reference.path)
    first = await anext(reader, None)
    entries = [*_on_page(first, reference)] if first is not None else []
    questions = _questions(reference, texts, {entry.id for entry in entries})
    # Call against call: a name takes one for each field and spelling, and an Id that is on the first page takes none.
    by_question = first is not None and first.pages_left > len(questions)
    if by_question:
        # Fewer calls, and as good as a whole list for these cells; for others it says nothing, and is not cached.
        answers, failure = await _one_by_one(session, reference, questions)
        entries += answers
    else:
        entries += [entry async for page in reader for entry in _on_page(page, reference)]
        failure = reader.failure
    if failure:
        # A part of a list is worse than none: names on the pages that are missing would be reported as unknown.
        why = "does not list them" if first is None else f"did not list all of them ({failure})"
        session.observer.say(f"{reference.relation} names and Ids were not checked: the service {why}.")
        return None, False
    if not by_question:
        _save(session, reference, entries)
    return entries, not by_question


async def _one_by_one(
    session: Session, reference: Reference, questions: Iterable[tuple[str, str]]
) -> tuple[list[Entry], str]:
    """The records that answer the questions, one call each; and why an answer is missing, as half a sentence."""
    matches: dict[int, Entry] = {}
    for name, value in questions:
        page = read_page(await session.service.page(reference.path, page=1, size=100, filters={name: value}))
        if page.failure:
            return [], page.failure
        for entry in _on_page(page, reference):
            # Compared again here: the service ignores filters that it does not know.
            if str(entry.id) == value or plain_name(value) in map(plain_name, entry.names):
                matches[entry.id] = entry
    return list(matches.values()), ""


def _questions(reference: Reference, texts: Iterable[str], listed_ids: set[int]) -> list[tuple[str, str]]:
    """What to ask for these cells, each once; Ids whose record is there already are not asked for."""
    questions = {question for text in texts for question in _questions_of(reference, text)}
    return sorted(questions - {("Id", str(number)) for number in listed_ids})


def _questions_of(reference: Reference, text: str) -> list[tuple[str, str]]:
    if (number := whole_number(text)) is not None:
        return [("Id", str(number))]
    if not is_name(text):
        return []
    keys = [key for key in reference.keys if (key == "Email") == ("@" in text)] or list(reference.keys)
    # As it is written and in lower case: a public client found the filter exact, and whether it minds capitals is
    # unknown. The vendor's import template tells staff to write e-mails in lower case (read 2026-11-23).
    name = unicodedata.normalize("NFC", bare_name(text).rpartition("/")[2].strip())
    return [(f"{reference.relation}_{key}", value) for key in keys for value in dict.fromkeys((name, name.lower()))]


class _Referred(NamedTuple):
    """The records that cells refer to, by Id, and those that are meant or offered for a name."""

    numbers: set[int]
    named: set[int]


def _referred_to(directory: Directory, texts: Iterable[str]) -> _Referred:
    numbers, named = set[int](), set[int]()
    for text in texts:
        if (number := whole_number(text)) is not None and 0 < number <= LARGEST_ID:
            numbers.add(number)
        elif is_name(text):
            named |= {entry.id for entry in directory.named(text) or directory.near(text)}
    return _Referred(numbers - named, named)


async def _gone_of(session: Session, reference: Reference, referred: _Referred, directory: Directory) -> set[int]:
    """Those of the records of which the service says that it has none, in as few calls as possible."""
    # 1. What was read a moment ago is not read again.
    # 2. One that a name leads to is read by itself: it is in a list, and lists still show deleted records, so another
    #    list of fifty would as well.
    # 3. Ids of the file are read fifty in a call. That one is left out proves nothing: it is then read by itself, and
    #    only "not found" is an answer. Where there are too many, those that are not listed are doubtful most.
    confirmed = _confirmed(session, reference)
    named = {number for number in referred.named if str(number) not in confirmed}
    unread = {number for number in referred.numbers if str(number) not in confirmed}
    if len(named) > MOST_CONFIRMED:
        named, unread = set(), unread | named
    new = sorted(unread, key=lambda number: (directory.lists(number), number))[:MOST_IN_BATCHES]
    missing = await _left_out(session, reference, new) if len(new) > 1 else set(new)
    alone = [*sorted(named), *[number for number in new if number in missing][: MOST_CONFIRMED - len(named)]]
    answers = {number: await _existence(session, reference, number) for number in alone}
    there = {*new} - missing | {number for number, exists in answers.items() if exists}
    if there:
        _confirm(session, reference, confirmed, there)
    calls = len(alone) + (batches(len(new)) if len(new) > 1 else 0)
    if calls > _CALLS_WITHOUT_A_WORD:
        nouns = count(len(new) + len(named), reference.relation.lower())
        session.observer.say(f"Looked up whether {nouns} exist, with {calls:,} calls.")
    return {number for number, exists in answers.items() if exists is False}


def _with_deleted(entries: Iterable[Entry], gone: AbstractSet[int]) -> list[Entry]:
    """The entries with those marked that are gone; one that is not listed is added, for its Id may be in the file."""
    marked = [replace(entry, deleted=entry.id in gone) for entry in entries]
    return [*marked, *(Entry(number, (), deleted=True) for number in sorted(gone - {entry.id for entry in marked}))]


async def _left_out(session: Session, reference: Reference, numbers: Collection[int]) -> set[int]:
    """Those of the Ids that are not among the answers if the service is asked for all of them."""
    there = {remote.id for remote in await read_by_ids(session.service, reference.path, sorted(numbers))}
    return set(numbers) - there


async def _gone(session: Session, reference: Reference, numbers: Iterable[int]) -> set[int]:
    """Those of the Ids of which the service says that it has no such record."""
    return {number for number in sorted(numbers) if await _existence(session, reference, number) is False}


async def _existence(session: Session, reference: Reference, number: int) -> bool | None:
    """Whether the service has a record of this Id; None if its answer does not say so."""
    reply = await session.service.get(reference.path, number)
    if says_not_found(reply):
        return False
    document = reply.json if reply.status_in(OK) and isinstance(reply.json, dict) else {}
    return True if proper_id(document.get("Id")) == number else None


def _on_page(page: Page, reference: Reference) -> Iterator[Entry]:
    for number, record in page.records.items():
        names = tuple(str(record[key]) for key in reference.keys if record.get(key))
        inactive = record.get("Active") is False or record.get("Archived") is True
        yield Entry(number, names, str(record.get(reference.place) or ""), inactive=inactive)


def _not_before(session: Session) -> float:
    """The time since which what the service said may still be used."""
    return session.clock() - session.settings.lookup_age


def _confirmed(session: Session, reference: Reference) -> dict[str, float]:
    not_before = _not_before(session)
    text = session.journal.directories.get(session.account.key, _path_of_confirmed(reference), not_before)
    with suppress(UnreadableError):
        times = _CONFIRMED.decode(text).times if text is not None else {}
        return {number: time for number, time in times.items() if time >= not_before}
    return {}


def _confirm(session: Session, reference: Reference, before: Mapping[str, float], there: Iterable[int]) -> None:
    now = session.clock()
    text = _CONFIRMED.encode(Confirmed({**before, **{str(number): now for number in there}}))
    session.journal.directories.save(session.account.key, _path_of_confirmed(reference), text, now)


def _path_of_confirmed(reference: Reference) -> str:
    # No list of the service has this path, so the two are never mistaken for each other.
    return f"{reference.path}/confirmed"


def _save(session: Session, reference: Reference, entries: Iterable[Entry]) -> None:
    text = LISTED.encode(Listed(tuple(entries)))
    session.journal.directories.save(session.account.key, reference.path, text, session.clock())
