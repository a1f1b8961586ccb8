"""All that one sandbox remembers: records, tokens, calls, limits and the faults still to come.

What tests and the control addresses look at and change. Knows nothing of requests or sockets.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict, deque
from dataclasses import dataclass
from http import HTTPStatus

from importer.sandbox.faults import RANDOM, handler, kinds_of, share
from importer.sandbox.limits import Limits
from importer.sandbox.options import SandboxOptions, changed
from importer.sandbox.people import Space
from importer.sandbox.records import Records, Stored
from importer.sandbox.replies import Fields
from importer.sandbox.service import Service
from importer.sandbox.sign_in import SignIn

#: The kinds of call that faults can be set for.
KINDS = ("create", "read", "list", "update", "delete", "token")
_FIXED = ("store", "seed", "faults")


@dataclass(slots=True)
class Call:
    """One call as the service saw it.

    Attributes:
        at: time of arrival in seconds, `time.monotonic`.
        status: what was answered; 0 if the connection was closed, or nothing was said yet.
        cause: why it was refused, in the words of the answer.
    """

    at: float
    method: str
    path: str
    query: str
    status: int = 0
    cause: str = ""


class State:
    """One sandbox, to be looked at and changed while it runs.

    Attributes:
        service: the rules, over the records.
        signin: the tokens.
        limits: the calls counted for each token.
        calls: every call so far, in order of arrival, refused ones too.
        throttled: how many of them the limits refused.
    """

    def __init__(self, options: SandboxOptions) -> None:
        """A sandbox at its start.

        Raises:
            ValueError: `options.faults` or `options.fault_shares` names no fault.
            OSError: the store cannot be used.
        """
        self._faults: defaultdict[str, deque[str]] = defaultdict(deque)
        for fault in options.faults:
            self.fail_next(fault, on=kinds_of(fault)[0])
        for text in options.fault_shares:
            share(text)
        self.service = Service(options, Records(options.seed, options.store))
        self.signin = SignIn()
        self.limits = Limits()
        self.calls: list[Call] = []
        self.throttled = 0
        self._chance = random.Random(options.seed)  # noqa: S311  # nothing here is a secret

    @property
    def options(self) -> SandboxOptions:
        """The switches as they are now."""
        return self.service.options

    @property
    def user_id(self) -> int:
        """The account's Id."""
        return self.service.records.user_id

    @property
    def space(self) -> Space:
        """The coworkers, resources and locations."""
        return self.service.space

    @property
    def records(self) -> list[Fields]:
        """Every created record that still exists, in the order of creation."""
        return [stored.fields for _, stored in self.service.records.all()]

    @property
    def bodies(self) -> list[str]:
        """The request body of each of `records`, as it came."""
        return [stored.body for _, stored in self.service.records.all()]

    def report(self) -> list[Fields]:
        """`records` with their entity and request body, for the control address."""
        return [
            {"entity": stored.entity, "record": stored.fields, "body": stored.body}
            for _, stored in self.service.records.all()
        ]

    def change(self, **changes: object) -> None:
        """Changes options from now on.

        Raises:
            ValueError: no such option or value, or one that is fixed at the start.
        """
        self.change_from(changes)

    def change_from(self, changes: object) -> None:
        """`change`, from a JSON object."""
        options = changed(self.options, changes)
        for text in options.fault_shares:
            share(text)
        for name in _FIXED:
            if getattr(options, name) != getattr(self.options, name):
                raise ValueError(f"sandbox option {name} is fixed at the start")
        self.service.options = options

    def fail_next(self, *faults: str, on: str = "create") -> None:
        """Sets faults for the coming calls of a kind, one each, after those already set.

        Raises:
            ValueError: no such fault or kind.
        """
        if on not in KINDS:
            raise ValueError(f"no kind of call {on!r}; there are {', '.join(KINDS)}")
        for fault in faults:
            handler(fault)
        self._faults[on].extend(faults)

    def next_fault(self, kind: str) -> str:
        """The fault of the call that is here now; "ok" for none. One that is set for reads is for lists as well."""
        on = "read" if kind == "list" and not self._faults[kind] else kind
        if self._faults[on]:
            return self._faults[on].popleft()
        for text in self.options.fault_shares:
            fault, percent = share(text)
            if kind in kinds_of(fault) and self._chance.random() * 100 < percent:
                return fault
        percent = self.options.fail_percent
        if kind == "create" and percent and self._chance.random() * 100 < percent:
            return self._chance.choice(RANDOM)
        return "ok"

    def heal(self, on: str = "create") -> None:
        """Forgets the faults that are still to come."""
        self._faults[on].clear()

    def pending_faults(self, on: str = "create") -> list[str]:
        """The faults that are still to come."""
        return list(self._faults[on])

    def add(self, path: str, body: bytes, by: str = "colleague@example.com") -> int:
        """Creates a record beside the API, as a colleague would; gives its Id.

        Raises:
            ValueError: there is no such path, or the service refuses the record.
        """
        entity = self.service.entity(path if "/" in path else f"spaces/{path}")
        if entity not in self.service.kinds:
            raise ValueError(f"nothing can be created at {path!r}")
        reply = self.service.create(entity, body, by)
        if reply.status != HTTPStatus.OK:
            raise ValueError(reply.body.decode())
        return int(json.loads(reply.body)["Value"]["Id"])

    def edit(self, record_id: int, fields: Fields, by: str = "colleague@example.com") -> None:
        """Changes fields of a record beside the API, as a colleague would.

        Raises:
            ValueError: there is no such record.
        """
        self.service.edit(record_id, self._stored(record_id), fields, by)

    def remove(self, record_id: int) -> None:
        """Deletes a record beside the API, as a colleague would.

        Raises:
            ValueError: there is no such record.
        """
        self.service.records.remove(self._stored(record_id).entity, record_id)

    def shift(self, by: str = "colleague@example.com") -> None:
        """Deletes the oldest record that somebody else than the account saved last, and makes it again."""
        records = self.service.records
        theirs = [pair for pair in records.all() if pair[1].fields["UpdatedBy"] != self.options.username]
        for record_id, stored in theirs[:1]:
            records.remove(stored.entity, record_id)
            self.service.create(stored.entity, stored.body.encode(), by)

    def _stored(self, record_id: int) -> Stored:
        for number, stored in self.service.records.all():
            if number == record_id:
                return stored
        raise ValueError(f"there is no record {record_id}")

    def reset(self) -> None:
        """Forgets records, calls, limits and faults; account, tokens and options stay."""
        self.service.records.clear()
        self.limits = Limits()
        self.calls.clear()
        self._faults.clear()
        self.throttled = 0

    def close(self) -> None:
        """Lets go of the store."""
        self.service.records.close()
