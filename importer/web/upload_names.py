"""What the names in an upload mean, kept beside it: a name is looked up once, however often the file is checked.

``names.json`` holds for each field what it may name and which names were asked for. It is believed as long as the
importer believes a list; a check that is on its way believes it longer, rather than call a known name unknown.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any, TypedDict

from importer.checking import Directory, Entry, is_name, nobody_listed, plain_name
from importer.config.settings import Settings
from importer.config.store import Document
from importer.journal.journal import open_journal
from importer.model import Clock
from importer.runs.lookup import LISTED, look_up
from importer.runs.observer import Observer
from importer.runs.session import Session, signed_in
from importer.runs.source import Source
from importer.web.drafts import Draft
from schemas import Reference

Wanted = Mapping[str, Iterable[str]]


class _Field(TypedDict):
    """What is kept of the names in one field."""

    noun: str
    complete: bool
    strangers: bool
    entries: list[dict[str, Any]]
    picks: dict[str, int]
    asked: list[str]


_Names = TypedDict("_Names", {"for": str, "at": float, "fields": dict[str, _Field]})
_NAMES = Document("The names in an upload", _Names)


def can_ask(settings: Settings) -> bool:
    """Whether somebody is signed in who can look names up."""
    return bool(settings.token or settings.password)


def signed_in_as(settings: Settings) -> str:
    """The sign-in that an answer of the service is for."""
    return f"{settings.username or 'token'} at {settings.url}"


def directories(draft: Draft, settings: Settings) -> dict[str, Directory]:
    """What the references of an upload may name, as far as that was looked up before."""
    fields = _kept(draft, settings)["fields"]
    return {name: _directory(kept) for name, kept in fields.items() if kept["noun"]}


def unknown(draft: Draft, wanted: Wanted, settings: Settings, now: float) -> dict[str, set[str]]:
    """What stands in the references of an upload and was not asked for yet, or too long ago."""
    kept = _kept(draft, settings)
    old = kept["for"] != signed_in_as(settings) or now - kept["at"] > settings.lookup_age
    asked = {name: set() if old else set(field["asked"]) for name, field in kept["fields"].items()}
    new = {
        name: {text for text in texts if text.strip() and plain_name(text) not in asked.get(name, ())}
        for name, texts in wanted.items()
    }
    return {name: texts for name, texts in new.items() if texts}


def any_name(wanted: Wanted) -> bool:
    """Whether there are names among them, which only the service can tell the Ids of."""
    return any(is_name(text.strip()) for texts in wanted.values() for text in texts)


def still_open(draft: Draft, wanted: Wanted, settings: Settings, now: float) -> bool:
    """Whether a name is among them of which nobody can say yet whether there is such a record."""
    fields = _kept(draft, settings)["fields"]
    return any_name(
        {
            name: texts
            for name, texts in unknown(draft, wanted, settings, now).items()
            if name not in fields or not fields[name]["complete"]
        }
    )


def look_up_new(
    draft: Draft, source: Source, wanted: Wanted, settings: Settings, observer: Observer, clock: Clock
) -> None:
    """Ask the service for what is not known yet, and keep it.

    Raises:
        ImporterError: The service could not be asked.
    """
    asyncio.run(_look_up_new(draft, source, wanted, settings, observer, clock))


async def _look_up_new(
    draft: Draft, source: Source, wanted: Wanted, settings: Settings, observer: Observer, clock: Clock
) -> None:
    now = clock()
    new = unknown(draft, wanted, settings, now)
    before = _kept(draft, settings)
    fields = before["fields"] if now - before["at"] <= settings.lookup_age else {}
    with open_journal(settings.journal_url) as journal:
        async with signed_in(settings, source.endpoint, journal, observer, clock) as session:
            found = await look_up(session, source, new, {})
            told = {
                name: _field(session, source.kind.references[name], texts, found.get(name), fields.get(name))
                for name, texts in new.items()
            }
    for name, texts in wanted.items():
        if name in told and told[name]["complete"]:
            told[name]["strangers"] = nobody_listed(texts, _directory(told[name]))
    at = before["at"] if fields else clock()
    names: _Names = {"for": signed_in_as(settings), "at": at, "fields": {**fields, **told}}
    _NAMES.write(draft.folder / "names.json", names)


def _field(
    session: Session, reference: Reference, texts: Iterable[str], found: Directory | None, before: _Field | None
) -> _Field:
    """What is kept of a field: all that the service lists, or what it said of each name."""
    asked = {plain_name(text) for text in texts} | set(before["asked"] if before else ())
    named = {entry.id: entry for entry in map(_entry, before["entries"] if before else ())}
    if found is None:
        nothing: _Field = {"noun": "", "complete": False, "strangers": False, "entries": [], "picks": {}, "asked": []}
        return {**(before or nothing), "asked": sorted(asked)}
    fresh = {entry.id: entry for text in texts for entry in found.named(text)}
    listed = session.journal.directories.get(session.account.key, reference.path, 0.0) if found.complete else None
    if listed is not None:
        gone = {number for number, entry in (named | fresh).items() if entry.deleted}
        named = {entry.id: replace(entry, deleted=entry.id in gone) for entry in LISTED.decode(listed).entries}
    else:
        named |= fresh
    return {
        "noun": found.noun,
        "complete": listed is not None,
        "strangers": False,
        "entries": [asdict(entry) for entry in named.values()],
        "picks": session.journal.directories.chosen_ids(session.account.key, reference.path),
        "asked": sorted(asked),
    }


def _kept(draft: Draft, settings: Settings) -> _Names:
    """What was looked up with this sign-in; with anybody's, if nobody is signed in now."""
    kept = _NAMES.read_if_usable(draft.folder / "names.json") or {"for": "", "at": 0.0, "fields": {}}
    mine = kept["for"] == signed_in_as(settings) or not can_ask(settings)
    return kept if mine else {"for": "", "at": 0.0, "fields": {}}


def _directory(kept: _Field) -> Directory:
    entries = map(_entry, kept["entries"])
    complete, none_listed = kept["complete"], kept["strangers"]
    return Directory(kept["noun"], entries, kept["picks"], complete=complete, none_listed=none_listed)


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(item["id"], tuple(item["names"]), item["place"], bool(item.get("deleted")))
