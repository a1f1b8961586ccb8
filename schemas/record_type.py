"""The declaration of one kind of record. Must not know files, the network or the journal."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import Any

import pandera.pandas as pa
from pandera.dtypes import Decimal

LONGEST_DECIMAL = 15
"""Digits of a decimal that survive every reader of JSON: many read a number into 64 bits, which keep no more."""

PANDERA_CHECKS = frozenset(
    {"greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to", "str_length"}
)
"""The checks of pandera's own that the importer has a sentence for; any other check is named like an issue code."""

_ISSUE_CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")
USUAL_MODULE = "spaces"
YES, NO = "yes", "no"


class FieldType(StrEnum):
    """The type of a field's values."""

    TEXT = "text"
    WHOLE_NUMBER = "whole number"
    DECIMAL = "decimal"
    DATE = "date"
    YES_NO = "yes or no"
    CHOICE = "choice"


def full_path(path: str) -> str:
    """An endpoint as ``module/name``; a bare name, as settings and older journals have it, is one of ``spaces``."""
    return path if "/" in path else f"{USUAL_MODULE}/{path}"


_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
GUID = "00000000-0000-0000-0000-000000000000"
GUID_LENGTH = len(GUID)
HEX_DIGITS = str.maketrans(dict.fromkeys("123456789abcdefABCDEF", "0"))
SHAPES = {"not-a-guid": GUID}
"""The checks that allow texts of one shape only, each by that: a GUID, each of its hexadecimal digits as 0."""


def visible_text(text: str) -> str:
    """A text as it is compared: without what nobody sees, which is outer spaces and how an accent is stored."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def guid_text(text: str) -> str:
    """The same of a text that may be a GUID: then its capitals mean nothing (RFC 9562 section 4)."""
    text = visible_text(text)
    return text.lower() if len(text) == GUID_LENGTH and _GUID.fullmatch(text) else text


def key_digest(kind: str, key: Iterable[object], occurrence: str) -> bytes:
    """16 bytes by which the journal tells the mappings of a record type apart: a hash of the values of its key.

    ``key`` are the values as they are sent, None where a part is empty. ``occurrence`` makes keys differ that would
    otherwise be one, for a user who wants several records of it.
    """
    # Each part by its shape, also a calendar's Id, whose capitals mean something otherwise: two mappings that are taken
    # for one go to a person, while one that is taken for two would be created twice. And the claims in journals were
    # made so.
    values = [guid_text(value) or None if isinstance(value, str) else value for value in key]
    text = json.dumps([kind, occurrence, *values], ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Reference:
    """A field that names another record: where those records are listed and what they may be called.

    ``path`` is the endpoint of the list, for example ``spaces/resources``. ``relation`` is the name that the service
    uses in refusals ("Coworker: is a required field" is about CoworkerId). ``keys`` are the properties of the other
    record by which a person may name it instead of its Id, ``place`` the one that tells records of one name apart
    ("Location / Name"), ``example`` such a name.
    """

    path: str
    relation: str
    keys: tuple[str, ...]
    place: str = ""
    example: str = ""

    @property
    def name_header(self) -> str:
        """The header of the column in which an export writes the names of these records, beside their Ids."""
        return f"{self.relation}Name"


@dataclass(frozen=True)
class RecordType:
    """A kind of record: its pandera model plus where it lives in the API.

    Every column of ``model`` is a field; nullable columns are optional. A column's dtype says what its values are:
    StringDtype, Int64Dtype, DatetimeTZDtype, BooleanDtype (yes or no), or pandera's Decimal with a ``precision``
    (digits in all, ``LONGEST_DECIMAL`` at most) and a ``scale`` (of them after the point). Field metadata: ``meaning``
    and ``example`` for people, ``not_past`` (bool) and ``days_ahead`` (int) for dates, ``opaque`` (bool) for texts that
    are Ids of another system, ``guid`` (bool) for those of them that are GUIDs, ``looks_like`` for a pattern that no
    value of another field matches, ``choices`` for a closed list: the service's value (text or whole number, as the
    dtype) by what a person writes.

    ``aliases`` are other headers of a field, ``translations`` those in other languages; ``hints`` are headers that mean
    it only where no other column holds it.

    ``paths`` are the spellings of the endpoint below ``/api/``, the default first. ``required_at`` names fields that a
    spelling requires beyond the model, ``optional_at`` those that the service can do without there although the model
    requires them. ``key`` are the fields that say which real thing a record is; the others may change. Records that
    agree in all fields of one of ``lookalikes`` may be the same thing although their keys differ, for a part of the key
    may have been corrected. ``location`` is the reference whose record says in which location this one is. Two rows are
    equal if they agree in all fields but those in ``not_identity``.

    Raises:
        ValueError: The declaration cannot work.
    """

    name: str
    title: str
    plural: str
    model: type[pa.DataFrameModel]
    paths: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]
    key: tuple[str, ...]
    translations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lookalikes: tuple[tuple[str, ...], ...] = ()
    location: str = ""
    not_identity: tuple[str, ...] = ()
    references: Mapping[str, Reference] = field(default_factory=dict)
    required_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would otherwise show only when a file is read, or never."""
        if wrong := next(self._contradictions(), None):
            raise ValueError(f"{self.name}: {wrong}")

    @cached_property
    def columns(self) -> Mapping[str, pa.Column]:
        """The columns of the model by the name of their field."""
        return dict(self.model.to_schema().columns)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order of the model."""
        return tuple(self.columns)

    @cached_property
    def name_field(self) -> str:
        """The field by which people know a record: "Name", or else its first text; empty if it has none."""
        texts = [name for name in self.columns if self.type_of(name) is FieldType.TEXT]
        return "Name" if "Name" in texts else next(iter(texts), "")

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The fields in which two equal rows agree; the key is what two rows for one record agree in."""
        return tuple(name for name in self.columns if name not in self.not_identity)

    def metadata(self, name: str) -> dict[str, Any]:
        """What the model says to people about a field."""
        return dict(self.columns[name].metadata or {})

    def type_of(self, name: str) -> FieldType:
        """What the values of a field are.

        Raises:
            ValueError: The model has given it a dtype that no file can be read into.
        """
        dtype = self.columns[name].dtype
        # A closed list may have values of any dtype, so it comes first.
        if self.choices(name):
            return FieldType.CHOICE
        if isinstance(dtype, Decimal):
            return FieldType.DECIMAL
        for prefix, field_type in _DTYPES.items():
            if str(dtype).startswith(prefix):
                return field_type
        raise ValueError(f"{self.name}: {name} is {dtype}, which is none of {', '.join(_DTYPES)} and Decimal")

    def choices(self, name: str) -> Mapping[str, str | int]:
        """The values of a field with a closed list, by what a person writes; empty for any other field."""
        return dict(self.metadata(name).get("choices", {}))

    def looks_like(self, name: str) -> re.Pattern[str] | None:
        """What the values of a field look like, if those of no other field do."""
        pattern = self.metadata(name).get("looks_like")
        return re.compile(pattern) if pattern else None

    def is_opaque(self, name: str) -> bool:
        """Whether the values of a text field are Ids of another system, which nobody writes in words."""
        return bool(self.metadata(name).get("opaque"))

    def is_guid(self, name: str) -> bool:
        """Whether the values of a text field are GUIDs, which are equal whatever their capitals."""
        return bool(self.metadata(name).get("guid"))

    def value_text(self, name: str) -> Callable[[str], str]:
        """How a text of this field is compared with another one of it."""
        return guid_text if self.is_guid(name) else visible_text

    def key_text(self, name: str) -> Callable[[str], str]:
        """How a text of this field is compared to find the record of a row; one of the key as in ``key_digest``."""
        return guid_text if name in self.key else self.value_text(name)

    def offers(self, name: str) -> tuple[str, ...]:
        """What a person may write in a field with a closed list; empty for any other field."""
        return (YES, NO) if self.type_of(name) is FieldType.YES_NO else tuple(self.choices(name))

    def spellings(self, name: str) -> dict[str, str | int]:
        """The values of a field with a closed list, by what people and the service write for them (``written``)."""
        choices = self.choices(name)
        return {written(str(value)): value for value in choices.values()} | {
            written(label): value for label, value in choices.items()
        }

    def digits(self, name: str) -> tuple[int, int]:
        """How many digits a decimal may have before its point, and how many after it."""
        dtype = self.columns[name].dtype
        return (dtype.precision - dtype.scale, dtype.scale) if isinstance(dtype, Decimal) else (0, 0)

    def path(self, spelling: str | None) -> str:
        """The endpoint to use: this spelling if it is one of this type's, else the default."""
        path = full_path(spelling) if spelling else ""
        return path if path in self.paths else self.paths[0]

    def required(self, path: str) -> tuple[str, ...]:
        """The fields without which a record is not sent to the endpoint at this path."""
        # Only added to, never taken from: the pages contradict each other, and a row that satisfies both spellings is
        # accepted by either. ``optional_at`` is for the sandbox, which plays the service.
        extra = self.required_at.get(full_path(path), ())
        return tuple(name for name, column in self.columns.items() if not column.nullable or name in extra)

    def _contradictions(self) -> Iterator[str]:
        yield from (f"{path} is not a path like spaces/resources" for path in self.paths if path.count("/") != 1)
        # A key field outside the identity would make rows of two mappings equal, and one of them would be left out.
        alike = {name for names in self.lookalikes for name in names}
        location = {self.location} if self.location else set()
        headers = {*self.aliases, *self.translations, *self.hints}
        named = {*headers, *self.key, *alike, *location, *self.not_identity, *self.references}
        by_path = {**self.required_at, **self.optional_at}
        if not self.key or set(self.key) & set(self.not_identity):
            yield "its key must be fields in which equal rows agree"
        yield from (f"{path} is none of its paths" for path in by_path if path not in self.paths)
        yield from (f"it has no field {name}" for name in named.union(*by_path.values()) if name not in self.columns)
        yield from self._wordless_checks()
        for name in self.columns:
            field_type = self.type_of(name)
            if name in self.references and field_type is not FieldType.WHOLE_NUMBER:
                yield f"{name} names another record, so it must be a whole number"
            if self.is_guid(name) and field_type is not FieldType.TEXT:
                yield f"{name} holds GUIDs, so it must be text"
            if sum(self.digits(name)) > LONGEST_DECIMAL:
                yield f"{name} may have no precision above {LONGEST_DECIMAL}"
            meant = self.spellings(name)
            for label, value in self.choices(name).items():
                if meant[written(label)] != value or meant[written(str(value))] != value:
                    yield f"{name} has two choices that are written alike: {label}"

    def _wordless_checks(self) -> Iterator[str]:
        """Checks whose failure could not be put into words; it would end the first command that meets one."""
        if self.model.to_schema().checks:
            yield "a check of its model must be of one field"
        for field_name, column in self.columns.items():
            names = [check.name or "" for check in column.checks] + ["unique"] * column.unique
            for name in names:
                if name not in PANDERA_CHECKS and not _ISSUE_CODE.fullmatch(name):
                    checks = ", ".join(sorted(PANDERA_CHECKS))
                    yield f"the check {name} of {field_name} must be named like an issue code, or be one of {checks}"


def written(text: str) -> str:
    """A choice, or a yes or no, without what people vary: case and spaces."""
    return " ".join(text.casefold().split())


_DTYPES = {
    "string": FieldType.TEXT,
    "Int64": FieldType.WHOLE_NUMBER,
    "datetime64": FieldType.DATE,
    "boolean": FieldType.YES_NO,
}
