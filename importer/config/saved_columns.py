"""Remembers how files with a certain header are read: the chosen columns and encoding, and how dates are meant.

How dates are meant is remembered twice: as the last imported file was read, and as a person has chosen.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TypeVar, cast

from importer.config.shelf import Shelf, change_shelved, read_shelved
from importer.config.store import Document, from_json
from importer.errors import JournalError, StoreError

_Shape = TypeVar("_Shape")
_DATES, _CHOSEN_DATES, _ENCODING = ":dates", ":chosen-dates", ":encoding"
_NAME = "columns.json"
_SAVED: Document[dict[str, object]] = Document("The list of saved columns", dict)


@dataclass(frozen=True, slots=True)
class DateChoice:
    """How dates are read: the order of day and month, and the zone of times that do not say theirs; None if open."""

    dates: str | None = None
    zone: str | None = None


@dataclass(frozen=True)
class _Encoding:
    encoding: str = ""


@dataclass(frozen=True)
class _Columns:
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedColumns:
    """What is remembered for each header, as it was at one moment; ``is_away`` if nobody can say at the moment."""

    entries: Mapping[str, object] = field(default_factory=dict)
    is_away: bool = False

    def columns(self, headers: Sequence[str]) -> dict[str, str]:
        """The fields that were chosen for these headers before, in whichever order they stand; empty if none were."""
        return dict(_entry(_Columns, {"fields": self.entries.get(_key(headers), {})}).fields)

    def dates(self, headers: Sequence[str]) -> tuple[str | None, str | None]:
        """The order of day and month, and the zone, in which the last imported file with these headers was read."""
        read = _entry(DateChoice, self.entries.get(_key(headers) + _DATES, {}))
        return read.dates, read.zone

    def date_choice(self, headers: Sequence[str]) -> DateChoice:
        """What was chosen for the dates of a file with these headers."""
        return _entry(DateChoice, self.entries.get(_key(headers) + _CHOSEN_DATES, {}))

    def encoding(self, headers: Sequence[str]) -> str:
        """The encoding that was chosen for a file with these headers; empty if none was."""
        return _entry(_Encoding, self.entries.get(_key(headers) + _ENCODING, {})).encoding


def saved_columns(shelf: Shelf) -> SavedColumns:
    """What is remembered now. It is only a convenience: what cannot be used is as good as nothing."""
    try:
        entries = read_shelved(_SAVED, shelf, _NAME)
        return SavedColumns() if entries is None else SavedColumns(entries)
    except JournalError:
        return SavedColumns(is_away=True)
    except StoreError:
        return SavedColumns()


def remember(headers: Sequence[str], chosen: Mapping[str, str], shelf: Shelf) -> None:
    """Save what was chosen for these headers; nothing chosen forgets it.

    Raises:
        JournalError: The database cannot be used.
    """
    _save(_key(headers), dict(chosen), shelf)


def remember_dates(headers: Sequence[str], order: str | None, zone: str | None, shelf: Shelf) -> None:
    """Save how the dates of an imported file were read, for the failed rows that come back without saying it."""
    _save(_key(headers) + _DATES, {"dates": order, "zone": zone}, shelf)


def remember_date_choice(headers: Sequence[str], changes: Mapping[str, str | None], shelf: Shelf) -> None:
    """Save what was chosen for the dates of these headers beside what had been; what is None is forgotten."""
    key = _key(headers) + _CHOSEN_DATES

    def change(entries: dict[str, object] | None) -> dict[str, object] | None:
        choice = replace(_entry(DateChoice, (entries or {}).get(key, {})), **changes)
        return _with(entries, key, asdict(choice) if choice != DateChoice() else None)

    _change(shelf, change)


def remember_encoding(headers: Sequence[str], encoding: str, shelf: Shelf) -> None:
    """Save the encoding that was chosen for these headers: people get their files from the same program again."""
    _save(_key(headers) + _ENCODING, {"encoding": encoding}, shelf)


def _save(key: str, value: object, shelf: Shelf) -> None:
    _change(shelf, lambda entries: _with(entries, key, value))


def _change(shelf: Shelf, change: Callable[[dict[str, object] | None], dict[str, object] | None]) -> None:
    with suppress(StoreError):
        change_shelved(_SAVED, shelf, _NAME, change, is_memory=True)


def _with(entries: dict[str, object] | None, key: str, value: object) -> dict[str, object] | None:
    """All entries with this one; None if it is among them already."""
    before = entries or {}
    if before.get(key) == (value or None):
        return None
    return {name: one for name, one in (before | {key: value}).items() if one}


def _entry(shape: type[_Shape], value: object) -> _Shape:
    try:
        return cast("_Shape", from_json(shape, value))
    except ValueError:
        return shape()


def _key(headers: Sequence[str]) -> str:
    # Sorted, because people move columns; hashed, because headers are the user's data and may be long.
    return hashlib.sha256(json.dumps(sorted(header for header in headers if header)).encode()).hexdigest()[:24]
