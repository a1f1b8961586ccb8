"""Names of coworkers and resources looked up before anything is sent, with as few calls as will do.

A list is read in pages, or each name is asked for, whichever is cheaper; a whole list is kept in the journal for a
while. A record that is found by name is confirmed, because lists still show deleted ones.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from importer.checking import Directory, Entry, is_name, nobody_listed, plain_name, whole_number
from importer.config.store import Document, UnreadableError
from importer.nexudus import Reply
from importer.runs.session import Session
from importer.runs.source import Source
from schemas import RecordType, Reference

MOST_CONFIRMED = 200
"""More names than this are not confirmed one by one: the service refuses a deleted record by itself."""

MOST_OFFERED = 1_000
"""A longer list is no help to somebody who looks for a name in it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The records that a list of the service held."""

    entries: Sequence[Entry]


LISTED = Document("A list of the service", Listed, steps={0: lambda document: {"entries": document}})
"""What the journal keeps of a list; one that cannot be read is asked for again."""

_PAGE = 1000
_GONE = (401, 404)


async def look_up(
    session: Session, source: Source, wanted: Mapping[str, Iterable[str]], picks: Mapping[str, int]
) -> dict[str, Directory]:
    """What the references of a file may name; ``wanted`` holds the cells by field, ``picks`` new choices by name."""
    found: dict[str, Directory] = {}
    for field, cells in wanted.items():
        reference = source.kind.references[field]
        texts = {cell.strip() for cell in cells} - {""}
        if not texts:
            continue
        chosen = _picks(session, reference, picks)
        entries, complete = await _entries(session, reference, texts)
        if entries is None:
            continue
        directory = Directory(reference.relation.lower(), entries, chosen, complete=complete)
        confirmed = await _confirm(session, reference, directory, entries, texts)
        none_listed = complete and nobody_listed(texts, directory)
        found[field] = Directory(
            reference.relation.lower(), confirmed, chosen, complete=complete, none_listed=none_listed
        )
    return found


async def choices(session: Session, kind: RecordType) -> dict[str, list[str]]:
    """What a reference may name, by field, where the service lists so few that one can choose between them."""
    found: dict[str, list[str]] = {}
    for field, reference in kind.references.items():
        entries, complete = await _entries(session, reference, set())
        if entries is not None and complete:
            told = Directory(reference.relation.lower(), entries, {}, complete=True).choices()
            found |= {field: told} if len(told) <= MOST_OFFERED else {}
    return found


def _picks(session: Session, reference: Reference, picks: Mapping[str, int]) -> dict[str, int]:
    """The choices between namesakes that hold for this account; new ones are remembered."""
    journal, account = session.journal, session.account.key
    for name, number in picks.items():
        journal.directories.choose(account, reference.path, plain_name(name), number)
    return journal.directories.chosen_ids(account, reference.path)


async def _entries(session: Session, reference: Reference, texts: set[str]) -> tuple[list[Entry] | None, bool]:
    """The listed records, and whether they are all there are; None if the service does not list them."""
    kept = session.journal.directories.get(
        session.account.key, reference.path, session.clock() - session.settings.lookup_age
    )
    if kept is not None:
        with suppress(UnreadableError):
            return list(LISTED.decode(kept).entries), True
    first = await session.service.page(reference.path, page=1, size=_PAGE, filters={"orderBy": "Id"})
    records = _records(first)
    if records is None:
        session.observer.say(f"No {reference.relation.lower()} was looked up: the service does not list them.")
        return None, False
    entries = {entry.id: entry for item in records if (entry := _entry(item, reference))}
    if _pages_left(first, len(records)) > len(texts):
        return [*entries.values(), *await _one_by_one(session, reference, texts)], False
    page = 1
    while records and _has_next(first, page, len(entries)):
        page += 1
        reply = await session.service.page(reference.path, page=page, size=_PAGE, filters={"orderBy": "Id"})
        records = _records(reply) or []
        fresh = {entry.id: entry for item in records if (entry := _entry(item, reference))}
        if not fresh.keys() - entries.keys():
            break
        entries |= fresh
    _keep(session, reference, entries.values())
    return list(entries.values()), True


async def _one_by_one(session: Session, reference: Reference, texts: set[str]) -> list[Entry]:
    found: list[Entry] = []
    for text in sorted(texts):
        for name, value in _questions(reference, text):
            reply = await session.service.page(reference.path, page=1, size=100, filters={name: value})
            entries = [entry for item in _records(reply) or [] if (entry := _entry(item, reference))]
            # Compared again here: the service ignores filters that it does not know.
            found += [e for e in entries if str(e.id) == value or plain_name(value) in map(plain_name, e.names)]
    return list({entry.id: entry for entry in found}.values())


def _questions(reference: Reference, text: str) -> list[tuple[str, str]]:
    if (number := whole_number(text)) is not None:
        return [("Id", str(number))]
    if not is_name(text):
        return []
    keys = [key for key in reference.keys if (key == "Email") == ("@" in text)] or list(reference.keys)
    name = text.rpartition("/")[2].strip()
    return [(f"{reference.relation}_{key}", value) for key in keys for value in dict.fromkeys((name, name.lower()))]


async def _confirm(
    session: Session, reference: Reference, directory: Directory, entries: list[Entry], texts: set[str]
) -> list[Entry]:
    """The entries, those that are named in the file and are deleted marked as such."""
    named = {entry.id for text in texts if is_name(text) for entry in directory.named(text)}
    if len(named) > MOST_CONFIRMED:
        return entries
    gone = set()
    for number in sorted(named):
        reply = await session.service.get(reference.path, number)
        if reply.status in _GONE and "not found" in reply.text.casefold():
            gone.add(number)
    return [replace(entry, deleted=entry.id in gone) for entry in entries]


def _entry(item: object, reference: Reference) -> Entry | None:
    if not isinstance(item, dict) or not isinstance(item.get("Id"), int):
        return None
    names = tuple(str(item[key]) for key in reference.keys if item.get(key))
    return Entry(item["Id"], names, str(item.get(reference.place) or ""))


def _records(reply: Reply) -> list[object] | None:
    listed = reply.json.get("Records") if reply.status == 200 and isinstance(reply.json, dict) else None  # noqa: PLR2004
    return listed if isinstance(listed, list) else None


def _pages_left(first: Reply, on_a_page: int) -> int:
    total = first.json.get("TotalItems") if isinstance(first.json, dict) else None
    if not isinstance(total, int) or not on_a_page:
        return 0
    return math.ceil(total / on_a_page) - 1


def _has_next(first: Reply, page: int, seen: int) -> bool:
    total = first.json.get("TotalItems") if isinstance(first.json, dict) else None
    return seen < total if isinstance(total, int) else page == 1


def _keep(session: Session, reference: Reference, entries: Iterable[Entry]) -> None:
    text = LISTED.encode(Listed(tuple(entries)))
    session.journal.directories.save(session.account.key, reference.path, text, session.clock())
