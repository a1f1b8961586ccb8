"""What the names in an upload mean, stored with it: a name is looked up once, however often the file is checked.

``names.json`` holds for each field what it may name and which names were looked up. It is good for as long as the
importer believes a list; a check under way uses it longer, rather than call an existing name unknown. What a person
chose for a name is in the journal, for every file of the account, and is read from there each time.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from importer.checking import (
    Directory,
    Entry,
    choices_about,
    chosen_for,
    is_name,
    nobody_listed,
    other_name,
    plain_name,
    whole_number,
)
from importer.config.settings import Settings
from importer.config.store import Document, unchanged
from importer.issues import Candidate
from importer.journal.journal import open_journal
from importer.journal.kept_lists import LISTED
from importer.model import Clock
from importer.runs.lookup import look_up
from importer.runs.observer import NullObserver, Observer
from importer.runs.session import Session, signed_in
from importer.runs.source import Source
from importer.web.drafts import Draft, NameChoice
from schemas import Reference

Texts = Mapping[str, Iterable[str]]
"""What the references of an upload are called in it, by field."""

ChosenIds = Mapping[str, Mapping[str, int]]
"""What people chose for names: Ids by field and key."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """What a field may name, as far as it was looked up; without a ``noun`` the service could not say.

    ``path`` is where the service lists such records.
    ``complete`` says whether ``entries`` are all that there are, ``none_listed`` that no number of the file is among
    them. ``looked_up`` are the plain names that were looked up.
    """

    noun: str = ""
    path: str = ""
    complete: bool = False
    none_listed: bool = False
    entries: tuple[Entry, ...] = ()
    looked_up: tuple[str, ...] = ()

    def directory(self, chosen_ids: Mapping[str, int]) -> Directory:
        """The same for the check of a file, with what was chosen between records, or for names that none has."""
        return Directory(self.noun, self.entries, chosen_ids, complete=self.complete, none_listed=self.none_listed)


@dataclass(frozen=True, slots=True)
class UploadNames:
    """All that was looked up for an upload: with whose sign-in, for which account, when (epoch seconds), by field."""

    signed_in_as: str = ""
    account: str = ""
    at: float = 0.0
    fields: Mapping[str, FieldNames] = field(default_factory=dict)


MOST_MATCHES = 20
"""Records offered for what somebody types; whoever sees so many types another letter."""


def _with_members_renamed(document: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: {
            **members,
            "none_listed": members["strangers"],
            "chosen_ids": members["picks"],
            "looked_up": members["asked"],
        }
        for name, members in document["fields"].items()
    }
    return {"signed_in_as": document["for"], "at": document["at"], "fields": fields}


def _to_be_looked_up_again(document: dict[str, Any]) -> dict[str, Any]:
    # Without the account and the paths, nobody could say which choices hold.
    return {**document, "at": 0.0, "fields": {}}


_NAMES = Document(
    "The names in an upload",
    UploadNames,
    format=3,
    steps={0: unchanged, 1: _with_members_renamed, 2: _to_be_looked_up_again},
)


def signed_in_as(settings: Settings) -> str:
    """The sign-in that an answer of the service is for."""
    return f"{settings.username or 'token'} at {settings.url}"


def directories(draft: Draft, settings: Settings) -> dict[str, Directory]:
    """What the references of an upload may name, as far as that was looked up before."""
    names, chosen_ids = _names(draft, settings), remembered(draft, settings)
    return {
        name: of_field.directory(chosen_ids.get(name, {})) for name, of_field in names.fields.items() if of_field.noun
    }


def remembered(draft: Draft, settings: Settings) -> dict[str, dict[str, int]]:
    """What people chose for names in the columns of an upload, for its account: Ids by field and key."""
    names = _names(draft, settings)
    paths = {name: of_field.path for name, of_field in names.fields.items() if of_field.path}
    if not names.account or not paths:
        return {}
    with open_journal(settings.journal_place) as journal:
        return {name: journal.directories.chosen_ids(names.account, path) for name, path in paths.items()}


def choices_about_names(chosen_ids: ChosenIds, texts: Texts) -> dict[str, dict[str, int]]:
    """Those of the choices that are about names in an upload: others may come and go without any meaning for it."""
    about = {name: choices_about(cells, chosen_ids.get(name, {})) for name, cells in texts.items()}
    return {name: choices for name, choices in about.items() if choices}


def choose(draft: Draft, settings: Settings, chosen: Sequence[tuple[str, str, Candidate]]) -> tuple[NameChoice, ...]:
    """Remember the record that is meant by a text in a field, for each of these; and what that replaces.

    Fields that the service does not list records for are left out.
    """
    names, made = _names(draft, settings), list[NameChoice]()
    with open_journal(settings.journal_place) as journal:
        for name, text, record in chosen:
            of_field = names.fields.get(name)
            if not names.account or of_field is None or not of_field.path:
                continue
            before = chosen_for(text, journal.directories.chosen_ids(names.account, of_field.path))
            for key in before:
                journal.directories.forget(names.account, of_field.path, key)
            key = _key_of_choice(text, record)
            journal.directories.choose(names.account, of_field.path, key, record.id)
            made.append(NameChoice(names.account, of_field.path, plain_name(text), key, record.id, before))
    return tuple(made)


def _key_of_choice(text: str, record: Candidate) -> str:
    # A record of this name, or "Location / Name", is one of several; any other one is called something else.
    spelled = [*record.names, *(f"{record.place} / {name}" for name in record.names)]
    return plain_name(text) if plain_name(text) in map(plain_name, spelled) else other_name(text, record.names[0])


def forget(draft: Draft, settings: Settings, name: str, text: str) -> None:
    """Ask again which record a text in a field means."""
    names = _names(draft, settings)
    of_field = names.fields.get(name)
    if of_field is None or not names.account:
        return
    with open_journal(settings.journal_place) as journal:
        for key in chosen_for(text, journal.directories.chosen_ids(names.account, of_field.path)):
            journal.directories.forget(names.account, of_field.path, key)


def take_back(settings: Settings, made: Sequence[NameChoice]) -> None:
    """Put back what held before these choices, unless somebody has chosen anew since."""
    if not made:
        return
    with open_journal(settings.journal_place) as journal:
        for choice in made:
            now = chosen_for(choice.name, journal.directories.chosen_ids(choice.account, choice.path))
            if now != {choice.key: choice.id}:
                continue
            journal.directories.forget(choice.account, choice.path, choice.key)
            for key, number in choice.before.items():
                journal.directories.choose(choice.account, choice.path, key, number)


def records_for(
    draft: Draft, source: Source, name: str, text: str, settings: Settings, clock: Clock
) -> tuple[Candidate, ...]:
    """The records that a person may mean by what was typed for a field: an Id, a name, or a part of a name.

    Raises:
        ImporterError: The service could not be asked.
    """
    of_field = _names(draft, settings).fields.get(name)
    if of_field is None or not of_field.path:
        return ()
    if not of_field.complete:
        look_up_new(draft, source, {name: [text]}, settings, NullObserver(), clock)
        of_field = _names(draft, settings).fields.get(name, of_field)
    directory = of_field.directory({})
    if (number := whole_number(text.strip())) is not None:
        entry = directory.entry(number)
        # Without a name nobody could see which one it is, nor whether it is still the same later.
        return () if entry is None or entry.deleted or not entry.names else (entry,)
    return directory.candidates(text) or directory.matching(text, MOST_MATCHES) or directory.near(text)


def suggestions(draft: Draft, name: str, text: str, settings: Settings) -> tuple[Candidate, ...]:
    """Some of the records whose names hold what is being typed, without a call."""
    of_field = _names(draft, settings).fields.get(name)
    return () if of_field is None else of_field.directory({}).matching(text, MOST_MATCHES)


def names_by_id(draft: Draft, settings: Settings) -> dict[str, dict[int, str]]:
    """What the records are called that the references of an upload may name, by field and Id, as people say it."""
    fields = _names(draft, settings).fields
    return {name: called_by_id(of_field.entries) for name, of_field in fields.items()}


def called_by_id(entries: Iterable[Entry]) -> dict[int, str]:
    """What people say for each of these records; of several that are called alike, where each is as well."""
    names = {entry.id: (_called(entry), entry.place) for entry in entries}
    alike = Counter(name for name, _ in names.values())
    return {
        number: f"{name}, {place}" if name and place and alike[name] > 1 else name
        for number, (name, place) in names.items()
    }


def _called(entry: Entry) -> str:
    # Coworkers are listed by their e-mail as well, and a name is what people say.
    return next((name for name in entry.names if "@" not in name), next(iter(entry.names), ""))


def not_looked_up(draft: Draft, texts: Texts, settings: Settings, now: float) -> dict[str, set[str]]:
    """What stands in the references of an upload and was not looked up yet, or too long ago."""
    names = _names(draft, settings)
    old = names.signed_in_as != signed_in_as(settings) or now - names.at > settings.lookup_age
    looked_up = {name: set() if old else set(of_field.looked_up) for name, of_field in names.fields.items()}
    new = {
        name: {text for text in cells if text.strip() and plain_name(text) not in looked_up.get(name, ())}
        for name, cells in texts.items()
    }
    return {name: cells for name, cells in new.items() if cells}


def any_name(texts: Texts) -> bool:
    """Whether there are names among them, which only the service can tell the Ids of."""
    return any(is_name(text.strip()) for cells in texts.values() for text in cells)


def still_open(draft: Draft, texts: Texts, settings: Settings, now: float) -> bool:
    """Whether a name is among them of which nobody can say yet whether there is such a record."""
    fields = _names(draft, settings).fields
    new = not_looked_up(draft, texts, settings, now)
    return any_name({name: cells for name, cells in new.items() if name not in fields or not fields[name].complete})


def look_up_new(
    draft: Draft, source: Source, texts: Texts, settings: Settings, observer: Observer, clock: Clock
) -> None:
    """Ask the service for what was not looked up yet, and keep the answer.

    Raises:
        ImporterError: The service could not be asked.
    """
    asyncio.run(_look_up_new(draft, source, texts, settings, observer, clock))


async def _look_up_new(
    draft: Draft, source: Source, texts: Texts, settings: Settings, observer: Observer, clock: Clock
) -> None:
    now = clock()
    new, before = not_looked_up(draft, texts, settings, now), _names(draft, settings)
    fields = before.fields if now - before.at <= settings.lookup_age else {}
    with open_journal(settings.journal_place) as journal:
        async with signed_in(settings, source.endpoint, journal, observer, clock) as session:
            directories = await look_up(session, source, new, {})
            fresh = {
                name: _field(session, source.kind.references[name], cells, directories.get(name), fields.get(name))
                for name, cells in new.items()
            }
    for name in fresh.keys() & texts.keys():
        if fresh[name].complete:
            none_listed = nobody_listed(texts[name], fresh[name].directory({}))
            fresh[name] = replace(fresh[name], none_listed=none_listed)
    at = before.at if fields else clock()
    answer = UploadNames(signed_in_as(settings), session.account.key, at, {**fields, **fresh})
    _NAMES.write(draft.folder / "names.json", answer)


def _field(
    session: Session, reference: Reference, texts: Iterable[str], directory: Directory | None, before: FieldNames | None
) -> FieldNames:
    """What is kept of a field: all that the service lists, or what it answered for each name."""
    before = before or FieldNames()
    looked_up = tuple(sorted({plain_name(text) for text in texts} | set(before.looked_up)))
    if directory is None:
        return replace(before, looked_up=looked_up)
    entries = {entry.id: entry for entry in before.entries}
    entries |= {entry.id: entry for text in texts for entry in _meant(directory, text)}
    path, key = reference.path, session.account.key
    listed = session.journal.directories.get(key, path, 0.0) if directory.complete else None
    if listed is not None:
        gone = {number: entry for number, entry in entries.items() if entry.deleted}
        # Those that do not exist and are not listed either are in the file by their Ids.
        entries = gone | {entry.id: replace(entry, deleted=entry.id in gone) for entry in LISTED.decode(listed).entries}
    return FieldNames(
        noun=directory.noun,
        path=path,
        complete=listed is not None,
        entries=tuple(entries.values()),
        looked_up=looked_up,
    )


def _meant(directory: Directory, text: str) -> list[Entry]:
    number = whole_number(text.strip())
    entry = None if number is None else directory.entry(number)
    return directory.named(text) if entry is None else [entry]


def _names(draft: Draft, settings: Settings) -> UploadNames:
    """What was looked up with this sign-in; with anybody's, if nobody is signed in now."""
    names = _NAMES.read_if_usable(draft.folder / "names.json") or UploadNames()
    usable = names.signed_in_as == signed_in_as(settings) or not settings.can_sign_in
    return names if usable else UploadNames()
