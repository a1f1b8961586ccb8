"""What one kind of record is to the importer. Must not know files, the network or the journal."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandera.pandas as pa

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GUID_LENGTH = 36


def key_text(text: str) -> str:
    """A text of a key as it is compared: without outer spaces, NFC, a GUID without regard to capitals."""
    text = text.strip()
    if not text.isascii():
        return unicodedata.normalize("NFC", text)
    return text.lower() if len(text) == _GUID_LENGTH and _GUID.fullmatch(text) else text


@dataclass(frozen=True)
class Reference:
    """A field that names another record: where those records are listed and what they may be called.

    ``relation`` is the name that the service uses in refusals ("Coworker: is a required field" is about CoworkerId).
    ``keys`` are the properties of the other record by which a person may name it instead of its Id, ``place`` the one
    that tells namesakes apart ("Location / Name").
    """

    path: str
    relation: str
    keys: tuple[str, ...]
    place: str = ""


@dataclass(frozen=True)
class RecordType:
    """A kind of record: its pandera model plus where it lives in the API.

    Every column of ``model`` is a field; nullable columns are optional. Field metadata: ``meaning`` and ``example``
    for people, ``not_past`` (bool) and ``days_ahead`` (int) for dates. ``paths`` are the spellings of the endpoint,
    the default first; ``required_at`` names fields that a spelling requires beyond the model. ``identity`` are the
    fields in which equal rows agree, ``key`` those that say which real thing a record is; the others may change.
    """

    name: str
    title: str
    plural: str
    model: type[pa.DataFrameModel]
    paths: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]
    identity: tuple[str, ...]
    key: tuple[str, ...]
    references: Mapping[str, Reference] = field(default_factory=dict)
    required_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order of the model."""
        return tuple(self.model.to_schema().columns)

    def metadata(self, name: str) -> dict[str, Any]:
        """What the model says to people about a field."""
        return dict(self.model.to_schema().columns[name].metadata or {})

    def path(self, wanted: str | None) -> str:
        """The endpoint to use: the wanted spelling if it is one of this type's, else the default."""
        return wanted if wanted in self.paths else self.paths[0]

    def required(self, path: str) -> tuple[str, ...]:
        """The fields without which the endpoint at this path refuses a record."""
        columns = self.model.to_schema().columns
        extra = self.required_at.get(path, ())
        return tuple(name for name, column in columns.items() if not column.nullable or name in extra)
