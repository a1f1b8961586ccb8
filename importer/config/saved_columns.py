"""Remembers how files with a certain header are read: the chosen columns and encoding, and how dates are meant.

How dates are meant is remembered twice: as the last imported file was read, and as a person has chosen.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from importer.config.store import Document, NewerFormatError, from_json

_Shape = TypeVar("_Shape")
_DATES, _CHOSEN_DATES, _ENCODING = ":dates", ":chosen-dates", ":encoding"
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


def recall(headers: Sequence[str], home: Path) -> dict[str, str]:
    """The fields that were chosen for these headers before, in whichever order they stand; empty if none were."""
    saved = _entry(_Columns, {"fields": _read(home).get(_key(headers), {})})
    return dict(saved.fields)


def remember(headers: Sequence[str], chosen: Mapping[str, str], home: Path) -> None:
    """Save what was chosen for these headers; nothing chosen forgets it."""
    _save({_key(headers): dict(chosen)}, home)


def recall_dates(headers: Sequence[str], home: Path) -> tuple[str | None, str | None]:
    """The order of day and month, and the zone, in which the last imported file with these headers was read, if any."""
    saved = _entry(DateChoice, _read(home).get(_key(headers) + _DATES, {}))
    return saved.dates, saved.zone


def remember_dates(headers: Sequence[str], order: str | None, zone: str | None, home: Path) -> None:
    """Save how the dates of an imported file were read, for the failed rows that come back without saying it."""
    if (order, zone) != recall_dates(headers, home):
        _save({_key(headers) + _DATES: {"dates": order, "zone": zone}}, home)


def recall_date_choice(headers: Sequence[str], home: Path) -> DateChoice:
    """What was chosen for the dates of a file with these headers."""
    return _entry(DateChoice, _read(home).get(_key(headers) + _CHOSEN_DATES, {}))


def remember_date_choice(headers: Sequence[str], choice: DateChoice, home: Path) -> None:
    """Save what was chosen for the dates of these headers; nothing chosen forgets it."""
    if choice != recall_date_choice(headers, home):
        _save({_key(headers) + _CHOSEN_DATES: asdict(choice) if choice != DateChoice() else None}, home)


def recall_encoding(headers: Sequence[str], home: Path) -> str:
    """The encoding that was chosen for a file with these headers; empty if none was."""
    return _entry(_Encoding, _read(home).get(_key(headers) + _ENCODING, {})).encoding


def remember_encoding(headers: Sequence[str], encoding: str, home: Path) -> None:
    """Save the encoding that was chosen for these headers: people get their files from the same program again."""
    if encoding != recall_encoding(headers, home):
        _save({_key(headers) + _ENCODING: {"encoding": encoding}}, home)


def _save(entries: Mapping[str, object], home: Path) -> None:
    try:
        saved = _SAVED.decode((home / "columns.json").read_text("utf-8"))
    except NewerFormatError:
        # Left to the newer importer that wrote it: forgetting how a file was read is better than spoiling its document.
        return
    except (OSError, ValueError):
        saved = {}
    saved |= entries
    _SAVED.write(home / "columns.json", {key: value for key, value in saved.items() if value})


def _entry(shape: type[_Shape], value: object) -> _Shape:
    try:
        return cast("_Shape", from_json(shape, value))
    except ValueError:
        return shape()


def _read(home: Path) -> dict[str, object]:
    return _SAVED.read_if_usable(home / "columns.json") or {}


def _key(headers: Sequence[str]) -> str:
    # Sorted, because people move columns; hashed, because headers are the user's data and may be long.
    return hashlib.sha256(json.dumps(sorted(header for header in headers if header)).encode()).hexdigest()[:24]
