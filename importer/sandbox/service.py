"""The service's rules: what a call on records answers, and what it changes.

Rule 1: every rule about records lives here, so that tests of the importer can trust one place.
Rule 2: this file does not know sockets, tokens, limits or faults, nor anything of the importer but what its schemas
say of each record type.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from importer.sandbox import people
from importer.sandbox.kinds import FIXED, STAMPS, Kind, Parent, kinds
from importer.sandbox.lists import HONEST, Lie, Query, batch_ids, instant, page_of, shown
from importer.sandbox.options import SandboxOptions
from importer.sandbox.records import Records, Stored
from importer.sandbox.replies import (
    Fields,
    Problem,
    Reply,
    access_denied,
    as_json,
    deleted,
    invalid,
    message,
    not_found,
    saved,
)

_MANGLED = "Mangled by the sandbox"
_SHORTENED = 20
_OFFSET = re.compile(r"[+-]\d\d:?\d\d$")


class Service:
    """The records of one space, and the rules for them.

    Attributes:
        options: the switches; may be replaced at any time.
        records: what was created.
        space: what was there before.
        kinds: the record types that can be created, by entity name.
        previous_id: the Id that the latest create gave out.
    """

    def __init__(self, options: SandboxOptions, records: Records) -> None:
        """A service over a store."""
        self.options = options
        self.records = records
        self.space = people.space(records.seed)
        self.kinds = kinds()
        self.previous_id: int | None = None

    def now(self) -> str:
        """The service's clock."""
        seconds = time.time() + self.options.clock_skew
        return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None).isoformat() + "Z"

    def _later(self, than: object) -> str:
        """The service's clock, moved on if it has not moved since: each save has a later UpdatedOn than the last."""
        now = self.now()
        if not isinstance(than, str) or now > than:
            return now
        return (datetime.fromisoformat(than.removesuffix("Z")) + timedelta(seconds=1)).isoformat() + "Z"

    def entity(self, path: str) -> str | None:
        """Which kind of record is found at a path below /api/; None if there is no such path."""
        for kind in self.kinds.values():
            if path in kind.paths:
                served = len(kind.paths) == 1 or self.options.spellings is None
                return kind.entity if served or path.partition("/")[2] in (self.options.spellings or ()) else None
        return FIXED.get(path)

    def create(self, entity: str, body: bytes, by: str, *, mangled: bool = False) -> Reply:
        """Creates a record if the body is right.

        Args:
            entity: which kind of record.
            body: the request body.
            by: e-mail of the account that asks.
            mangled: store another title than the one asked for.
        """
        sent = self._checked(entity, body)
        if isinstance(sent, Reply):
            return sent
        title = self.kinds[entity].title
        if self.options.uniqueness and self._exists(entity, sent):
            return invalid([Problem(title, "already exists", sent.get(title))])
        record_id, now = self.records.new_id(), self.now()
        record = {
            **sent,
            "SystemId": self._created_system_id(sent["SystemId"]),
            "Id": record_id,
            "UniqueId": str(uuid.uuid4()),
            "CreatedOn": now,
            **self._tail(entity, sent, now, by),
        }
        if mangled:
            record[title] = _MANGLED
        lag = self.options.list_lag / self.options.time_scale
        listed_from = time.monotonic() + lag if lag else 0.0
        self.records.put(record_id, Stored(entity, record, body.decode("utf-8", "replace"), listed_from))
        self.previous_id = record_id
        return self._saved(entity, "created", record_id, now, by)

    def update(self, entity: str, body: bytes, by: str, *, mangled: bool = False) -> Reply:
        """Replaces a record if the body is right; what the body leaves out is cleared, if the options do not keep it.

        Args:
            entity: which kind of record.
            body: the request body, with the record's Id among the fields.
            by: e-mail of the account that asks.
            mangled: store another title than the one asked for.
        """
        sent = self._checked(entity, body)
        if isinstance(sent, Reply):
            return sent
        document = json.loads(body)
        record_id = document.get("Id")
        stored = self.records.get(entity, record_id) if type(record_id) is int else None
        if stored is None:
            return not_found()
        sent |= {name: stored.fields[name] for name in sent if self._stays(name, document)}
        now = self._later(stored.fields["UpdatedOn"])
        tail = self._tail(entity, sent, now, by)
        if self.options.updated_on == "stays":
            now = tail["UpdatedOn"] = str(stored.fields["UpdatedOn"])
        record = {**stored.fields, **sent, **tail}
        if mangled:
            record[self.kinds[entity].title] = _MANGLED
        self.records.put(record_id, Stored(entity, record, stored.body, stored.listed_from))
        return self._saved(entity, "updated", record_id, now, by)

    def _created_system_id(self, sent: object) -> object:
        if self.options.system_id == "dropped":
            return None
        return str(sent)[:_SHORTENED] if self.options.system_id == "shortened" and sent else sent

    def _stays(self, name: str, document: Fields) -> bool:
        """Whether an update leaves a field as it is, whatever its body says of it."""
        options, omitted = self.options, name not in document
        if name == "SystemId":
            return options.system_id_omitted == "kept" if omitted else options.system_id_update == "dropped"
        return omitted and options.omitted == "kept"

    def _saved(self, entity: str, deed: str, record_id: int, updated_on: str, by: str) -> Reply:
        reply = saved(entity, deed, record_id, updated_on, by)
        if self.options.answer_stamps == "shown":
            return reply
        envelope = json.loads(reply.body)
        return as_json(200, {name: value for name, value in envelope.items() if name not in ("UpdatedOn", "UpdatedBy")})

    def edit(self, record_id: int, stored: Stored, fields: Fields, by: str) -> None:
        """Changes some fields of a record, as a person does on a page of the service."""
        kind = self.kinds[stored.entity]
        record = {**stored.fields, **fields}
        sent = {name: record.get(name) for name in kind.types}
        tail = self._tail(stored.entity, sent, self._later(stored.fields["UpdatedOn"]), by)
        self.records.put(record_id, replace(stored, fields={**record, **tail}))

    def delete(self, entity: str, record_id: int) -> Reply:
        """Deletes a record."""
        if self.options.deletes == "refused" and self.records.get(entity, record_id) is not None:
            return as_json(
                200, {**json.loads(deleted().body), "Message": "In use.", "Status": 500, "WasSuccessful": False}
            )
        return deleted() if self.records.remove(entity, record_id) else not_found()

    def read(self, entity: str, record_id: int) -> Reply:
        """One record, bare."""
        if record_id in self.space.deleted_coworkers and entity == "Coworker":
            return as_json(401, "Not found")
        record = self._stored(entity, record_id)
        if record is None:
            return not_found() if self.options.after_delete == "404" else as_json(401, "Not found")
        return as_json(200, self._shown(entity, record))

    def find(self, entity: str, query: Query, lie: Lie = HONEST) -> Reply:
        """A page of records, as true as `lie` lets it be, or a bare array of those whose Ids the query names."""
        ids = batch_ids(query)
        if ids is None:
            return page_of(entity, self._listed(entity, lie), query, self.options, self._dates(entity), lie)
        records = [self._stored(entity, each) for each in ids if each not in self.space.deleted_coworkers]
        return as_json(200, [self._shown(entity, record) for record in records if record is not None])

    def _shown(self, entity: str, record: Fields) -> Fields:
        return shown(record, self.options, self._dates(entity))

    def _dates(self, entity: str) -> tuple[str, ...]:
        return (*STAMPS, *self.kinds[entity].dates) if entity in self.kinds else STAMPS

    def _fixed(self, entity: str) -> dict[int, Fields] | None:
        kinds = {"Coworker": self.space.coworkers, "Resource": self.space.resources, "Business": self.space.businesses}
        return kinds.get(entity)

    def _stored(self, entity: str, record_id: int) -> Fields | None:
        fixed = self._fixed(entity)
        if fixed is not None:
            # What a record may name exists, although no list shows it.
            unlisted: Fields | None = {"Id": record_id}
            return fixed.get(record_id, None if self.options.strict_parents else unlisted)
        stored = self.records.get(entity, record_id)
        return None if stored is None else stored.fields

    def _listed(self, entity: str, lie: Lie) -> list[Fields]:
        fixed = self._fixed(entity)
        if fixed is not None:
            there = people.LOCATIONS[1]
            rows = list(fixed.values())
            # Who is signed in at one location sees neither the records nor the resources and coworkers of the other.
            places = [row.get("BusinessName") or row.get("InvoicingBusinessName") or there for row in rows]
            return [row for row, place in zip(rows, places, strict=True) if place == there or not lie.second_location]
        now = time.monotonic()
        listed = [stored.fields for stored in self.records.of(entity) if stored.listed_from <= now]
        return [row for row in listed if self._is_in_second_location(entity, row)] if lie.second_location else listed

    def _is_in_second_location(self, entity: str, row: Fields) -> bool:
        """Whether a record's resource is there; one that nobody knows is not."""
        number = row.get(self.kinds[entity].location)
        resource = self.space.resources.get(number) if isinstance(number, int) else None
        return resource is not None and resource["BusinessName"] == people.LOCATIONS[1]

    def _checked(self, entity: str, body: bytes) -> Fields | Reply:
        """The fields that a body asks for, in the service's own types, or why they are refused."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            return message(400, "The request is invalid.")
        kind = self.kinds[entity]
        sent = {name: document.get(name) for name in kind.types}
        problems = _problems(kind, sent, kind.required[self.options.contract])
        if self.options.offsets != "converted":
            offsets = {name: value for name in kind.dates if _OFFSET.search(str(value := sent[name]))}
            if self.options.offsets == "refused":
                problems += [Problem(name, "is not a valid value", value) for name, value in offsets.items()]
            sent |= {name: _OFFSET.sub("", str(value)) for name, value in offsets.items()}
        if problems:
            return invalid(problems)
        if refused := self._parents_refused(kind, sent):
            return refused
        system_id = document.get("SystemId")
        dates = {name: instant(sent[name]) for name in kind.dates}
        return {**sent, **dates, "SystemId": None if system_id is None else str(system_id)}

    def _parents_refused(self, kind: Kind, sent: Fields) -> Reply | None:
        bad = [parent.relation for name, parent in kind.parents.items() if self._is_bad(parent, sent[name])]
        if not bad:
            return None
        return access_denied() if self.options.dead_parents == "401" else invalid([Problem(name) for name in bad])

    def _is_bad(self, parent: Parent, record_id: object) -> bool:
        """Whether a parent is deleted or, where that is asked for, unknown."""
        if not isinstance(record_id, int) or not parent.entity:
            return False
        deleted = parent.entity == "Coworker" and record_id in self.space.deleted_coworkers
        return deleted or (self.options.strict_parents and self._stored(parent.entity, record_id) is None)

    def _exists(self, entity: str, sent: Fields) -> bool:
        return any(
            all(each.fields[name] == value for name, value in sent.items() if name != "SystemId")
            for each in self.records.of(entity)
        )

    def _tail(self, entity: str, sent: Fields, now: str, by: str) -> Fields:
        """The fields that the service fills in at each save."""
        kind = self.kinds[entity]
        return {
            **{
                f"{parent.relation}FullName": self._full_name(sent[name])
                for name, parent in kind.parents.items()
                if parent.entity == "Coworker"
            },
            "UpdatedOn": now,
            "UpdatedBy": by,
            "IsNew": False,
            "ToStringText": sent.get(kind.title),
            "LocalizationDetails": None,
            "CustomFields": None,
        }

    def _full_name(self, coworker_id: object) -> object:
        coworker = self.space.coworkers.get(coworker_id) if isinstance(coworker_id, int) else None
        return coworker["FullName"] if coworker else None


def _problems(kind: Kind, sent: Fields, required: frozenset[str]) -> list[Problem]:
    """Every complaint about the fields; a missing parent is named as the relation, without its Id suffix."""
    problems = []
    for name, value in sent.items():
        shown_name = kind.parents[name].relation if name in kind.parents else name
        if value is None or (isinstance(value, str) and not value.strip()):
            if name in required:
                problems.append(Problem(shown_name, attempted=value))
        elif not _is_valid(kind, name, value):
            problems.append(Problem(shown_name, "is not a valid value", value))
    return problems


def _is_valid(kind: Kind, name: str, value: object) -> bool:
    if isinstance(value, bool):
        return kind.types[name] == "yes or no"
    if name in kind.parents:
        return isinstance(value, int) and value > 0
    match kind.types[name]:
        case "whole number":
            return isinstance(value, int)
        case "decimal":
            return isinstance(value, int | float)
        case "date":
            return instant(value) is not None
        case "choice":
            return value in kind.choices[name]
        case _:
            return isinstance(value, str)
