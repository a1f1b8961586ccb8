"""Makes the values of rows and records comparable: numbers by value, dates by their moment, text as people see it.

Outer spaces, how an accent is stored, and the capitals of a GUID make no difference. When two values are the same, and
which records may be a row's at all, is decided here and nowhere else. Pure.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from importer.delivery.listing import Remote, instant
from schemas import FieldType, RecordType, written

_MOST_DIGITS = 40

Key = tuple[tuple[str, object], ...]


class Comparer:
    """Makes rows and records of one type comparable."""

    def __init__(self, kind: RecordType) -> None:
        """Remember how the values of each field are compared."""
        self._kind = kind
        self.fields = kind.fields
        self._readers = {name: _reader(kind, name) for name in kind.fields}
        self._key_text = {name: kind.key_text(name) for name in kind.fields}
        self._spellings = {name: kind.spellings(name) for name in kind.fields if kind.choices(name)}

    def sent(self, body: str) -> dict[str, object]:
        """The fields of a row that were sent, each as a value that can be compared."""
        return {name: self.value(name, value) for name, value in json.loads(body).items()}

    def key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The values of these fields, for looking records up."""
        return tuple((name, self.value(name, values.get(name))) for name in fields)

    def match_key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The values of these fields, for finding the record of a row by them."""
        key = self.key(fields, values)
        return tuple((name, self._key_text[name](value) if isinstance(value, str) else value) for name, value in key)

    def may_be_one(self, body: Mapping[str, object], other: Mapping[str, object]) -> bool:
        """Whether two rows or records may be the same mapping.

        They may if their keys agree where both are filled, for empty may mean "not entered" as well as "none"; or if
        they look alike for another reason that their record type declares.
        """
        mine, theirs = (dict(self.match_key(self._kind.key, values)) for values in (body, other))
        if all(value is None or theirs[name] is None or value == theirs[name] for name, value in mine.items()):
            return True
        return any(alike is not None and alike == self.likeness(names, other) for names, alike in self.likenesses(body))

    def likenesses(self, values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], Key | None]]:
        """For each declared set of fields by which records look alike: the values in it, None if one is empty."""
        for names in self._kind.lookalikes:
            yield names, self.likeness(names, values)

    def likeness(self, names: tuple[str, ...], values: Mapping[str, object]) -> Key | None:
        """The values of these fields as they are compared, None if one of them is empty."""
        key = self.match_key(names, values)
        return None if any(value is None for _, value in key) else key

    def differences(self, body: str, remote: Remote) -> dict[str, tuple[object, object]]:
        """The fields in which a record differs from what was sent: what was sent, and what is there."""
        there = remote.values
        return {
            name: (value, there.get(name))
            for name, value in json.loads(body).items()
            if self.value(name, value) != self.value(name, there.get(name))
        }

    def value(self, name: str, value: object) -> object:
        """A field's value for comparison: dates as instants, choices by what they stand for, text by ``value_text``."""
        # The service shows an empty field as null, "" or not at all, and a row leaves it out.
        if value is None or value == "":
            return None
        # Hashable, and equal to no value of a row.
        if isinstance(value, dict | list):
            return "unreadable", json.dumps(value, sort_keys=True)
        if (spellings := self._spellings.get(name)) is not None:
            return spellings.get(written(str(value)), value)
        return self._readers.get(name, _as_it_is)(value)


def by_key(comparer: Comparer, fields: tuple[str, ...], records: Iterable[Remote]) -> dict[Key, list[Remote]]:
    """The records by the values of these fields, in the order in which they come: oldest first, as listed."""
    by_key: dict[Key, list[Remote]] = {}
    for remote in records:
        by_key.setdefault(comparer.key(fields, remote.values), []).append(remote)
    return by_key


def _as_it_is(value: object) -> object:
    return value


def _whole_number(value: object) -> object:
    # To Python True is 1; and of a text of thousands of digits it refuses to make a number.
    if isinstance(value, bool):
        return repr(value)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS else value


def _decimal(value: object) -> object:
    """The number that was written. A float's shortest form is the digits it was read from, up to 15 of them."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        # To Python True is 1.
        return repr(value)
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return value


def _yes_or_no(value: object) -> object:
    return _TRUTHS.get(str(value).strip().casefold(), value)


_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_READERS: Mapping[FieldType, Callable[[object], object]] = {
    FieldType.WHOLE_NUMBER: _whole_number,
    FieldType.DECIMAL: _decimal,
    FieldType.DATE: instant,
    FieldType.YES_NO: _yes_or_no,
}
"""How values are read that the service may write in another way than they were sent; texts are read by their field."""


def _reader(kind: RecordType, name: str) -> Callable[[object], object]:
    if kind.type_of(name) is not FieldType.TEXT:
        return _READERS.get(kind.type_of(name), _as_it_is)
    text = kind.value_text(name)
    return lambda value: text(value) or None if isinstance(value, str) else value
