"""The record types that a sandbox serves: facts read from the schemas, made into what the rules need.

Rule 1: the schemas are read as data; how a value is judged is decided in the rules, apart from the importer.
Rule 2: this file does not know records or requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas import RECORD_TYPES, RecordType

#: Path -> entity name of what the space holds from the start, whatever the record types are; ``people.py`` makes it.
FIXED = {"spaces/coworkers": "Coworker", "spaces/resources": "Resource", "sys/businesses": "Business"}
#: The dates that every record has.
STAMPS = ("CreatedOn", "UpdatedOn")


@dataclass(frozen=True, slots=True)
class Parent:
    """What a field refers to: the name that refusals use for it, and the entity, "" for one that a sandbox lacks."""

    relation: str
    entity: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One record type.

    Attributes:
        entity: the name of the type.
        paths: the addresses below /api/; all of them share the type's records.
        types: what each field holds, in the order in which fields are judged and given out: dates come last.
        choices: the values of the fields that have a closed list.
        parents: the fields that refer to other records.
        required: the fields that a record must have, by contract.
        title: the text by which people know a record; "" if the type has no text.
        ends: the field that says when what a record stands for is over; "" if there is none.
        location: the field whose record says in which location this one is; "" if there is none.
    """

    entity: str
    paths: tuple[str, ...]
    types: Mapping[str, str]
    choices: Mapping[str, tuple[object, ...]]
    parents: Mapping[str, Parent]
    required: Mapping[str, frozenset[str]]
    title: str
    ends: str
    location: str

    @property
    def dates(self) -> tuple[str, ...]:
        """The fields that hold dates."""
        return tuple(name for name, holds in self.types.items() if holds == "date")


def kinds() -> dict[str, Kind]:
    """Every record type by its name."""
    return {name: _kind(record_type) for name, record_type in RECORD_TYPES.items()}


def _kind(record_type: RecordType) -> Kind:
    types = {name: str(record_type.type_of(name)) for name in record_type.fields}
    types = dict(sorted(types.items(), key=lambda item: item[1] == "date"))
    entities = FIXED | {path: other.name for other in RECORD_TYPES.values() for path in other.paths}
    newest = record_type.paths[-1]
    return Kind(
        entity=record_type.name,
        paths=record_type.paths,
        types=types,
        choices={name: tuple(listed.values()) for name in types if (listed := record_type.choices(name))},
        parents={
            name: Parent(reference.relation, entities.get(reference.path, ""))
            for name, reference in record_type.references.items()
        },
        required={
            "old": frozenset(record_type.required(record_type.paths[0])),
            "new": frozenset(record_type.required(newest)) - frozenset(record_type.optional_at.get(newest, ())),
        },
        title=record_type.name_field,
        ends=next((name for name in types if record_type.metadata(name).get("not_past")), ""),
        location=record_type.location,
    )
