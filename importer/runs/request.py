"""The request of a command or page: one frozen object that a front end makes and that passes through every stage."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from importer.config.settings import Settings
from importer.errors import UsageError
from importer.model import ONCE_MORE, Clock, RowElsewhere
from importer.runs.observer import NullObserver, Observer
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES, RecordType

_NOT_DECIDING = {"without_list", "max_rows", "max_duration", "profile"}
"""Limits hold for one command. A profile leads to an account, by which runs are told apart already."""


@dataclass(frozen=True)
class Choices:
    """The user's choices for one run; saved in the journal, so that ``resume`` continues in the same way.

    ``profile`` is None if none was named, and "" if there is to be none. With ``sandbox`` the service is a practice
    one that lives no longer than the command, with ``one_for_all`` the profile was named once for several files.
    ``key`` are the fields by which rows find their records, sorted; none for the key of their type.
    """

    strict: bool = False
    allow_duplicates: bool = False
    even_if_existing: bool = False
    without_list: bool = False
    update: bool = False
    clear_empty: bool = False
    key: tuple[str, ...] = ()
    max_rows: int | None = None
    max_duration: float | None = None
    picks: Mapping[str, int] = field(default_factory=dict)
    profile: str | None = None
    sandbox: bool = False
    one_for_all: bool = False
    out: Path | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The choices as the journal stores them: the folder has its own column there, ``one_for_all`` is not kept."""
        return {name: value for name, value in asdict(self).items() if name not in {"out", "one_for_all"}}

    @property
    def salt(self) -> str:
        """What makes rows differ from equal rows of other runs; empty unless the run creates further records."""
        return ONCE_MORE if self.even_if_existing else ""

    @property
    def deciding(self) -> dict[str, Any]:
        """The choices that decide which rows are sent, and as what: all but how far, where to and for whom."""
        # By leaving out: a choice that is added tells two runs apart until somebody has thought about it.
        return {name: value for name, value in self.options.items() if name not in _NOT_DECIDING}


def refuse_contradictions(choices: Choices, *, by_setting: bool = False) -> None:
    """Raise UsageError if two choices cannot hold together; ``by_setting`` tells that a setting asks for updates."""
    twice = "--even-if-existing" if choices.even_if_existing else "--allow-duplicates"
    makes_further = choices.even_if_existing or choices.allow_duplicates
    if choices.update and makes_further:
        advice = "Records are updated because a setting says so; add --no-update." if by_setting else None
        raise UsageError(
            f"{twice} makes further records, and --update changes those that exist.", advice or f"Leave out {twice}."
        )
    if choices.key and makes_further:
        raise UsageError(f"{twice} makes further records, so there is nothing for --key to find.", "Leave one out.")
    if choices.clear_empty and not choices.update:
        raise UsageError("--clear-empty needs --update: without it, no record is changed.", "Add --update.")


@dataclass(frozen=True)
class ImportRequest:
    """One file to be imported, and everything that decides where and how.

    ``name`` is what sentences and reports call the file, if it is not called so where it lies.
    ``kind`` is None if the headers decide. ``clock`` gives the time in epoch seconds. ``elsewhere`` are its rows that a
    row of another file of the batch repeats, and ``sha256`` is the content that was compared; None if there is none.
    """

    file: Path
    settings: Settings
    observer: Observer
    clock: Clock
    kind: RecordType | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    choices: Choices = field(default_factory=Choices)
    elsewhere: Mapping[int, RowElsewhere] = field(default_factory=dict)
    sha256: str | None = None
    name: str = ""

    @property
    def shown_name(self) -> str:
        """What sentences and reports call the file."""
        return self.name or self.file.name


def portable(request: ImportRequest) -> tuple[ImportRequest, str | None]:
    """The request as another process can have it, for work that shows nothing; and the name of its record type."""
    # A moment instead of a clock: neither that nor a record type can be copied.
    moment = partial(float, request.clock())
    kind = None if request.kind is None else request.kind.name
    return replace(request, kind=None, observer=NullObserver(), clock=moment), kind


def unpacked(request: ImportRequest, kind: str | None) -> ImportRequest:
    """The request that ``portable`` gave, in that other process."""
    return request if kind is None else replace(request, kind=RECORD_TYPES[kind])


@dataclass(frozen=True)
class RunRequest:
    """An earlier run to be worked on; ``number`` is None for the latest one that fits."""

    number: int | None
    settings: Settings
    observer: Observer
    clock: Clock
    choices: Choices = field(default_factory=Choices)
