"""How a file and the service differ, in lines for people: the first of each kind, and how many more there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from importer.text import count, printable, value_words

if TYPE_CHECKING:
    from importer.runs.difference import AmbiguousRow, ChangedRow, CreatedRow, Difference, OnlyThere
    from schemas import RecordType

MOST_SHOWN = 10
_LONGEST, _LONGEST_VALUE, _LONGEST_PART = 300, 60, 20

Item = TypeVar("Item")


def difference_lines(differing: Difference, again: str) -> Iterator[str]:
    """The difference; ``again`` is the file as typed, with the options to read it."""
    kind, space, name = differing.source.kind, differing.account.space, printable(differing.source.file.name)
    if differing.is_empty:
        yield f"No difference: {space} holds the record of every row ({differing.unchanged:,}), and no others."
        return
    yield from _part(differing.create, "+", _is_are("row", "has no record", "have no record"), _created(kind))
    yield from _part(differing.changed, "~", _is_are("row", "has other values", "have other values"), _changed)
    yield from _part(
        differing.ambiguous, "!", _is_are("row", "may be of a record", "may be of a record each"), _ambiguous
    )
    missing = _is_are("record", f"is not in {name}", f"are not in {name}")
    yield from _part(differing.only_there, "-", missing, _only_there(kind))
    if differing.unchanged:
        yield f"  = {count(differing.unchanged, 'row')} without a difference"
    if differing.invalid:
        rows = _is_are("row", "has an error and was not compared", "have errors and were not compared")
        yield f"  {rows(differing.invalid)}. To see why: importer check {again}"
    if differing.only_there:
        yield "An import never deletes records."


def _part(
    items: Sequence[Item], sign: str, heading: Callable[[int], str], lines: Callable[[Item], Iterator[str]]
) -> Iterator[str]:
    if not items:
        return
    yield f"  {sign} {heading(len(items))}:"
    for item in items[:MOST_SHOWN]:
        yield from (f"      {line}" for line in lines(item))
    if len(items) > MOST_SHOWN:
        yield f"      and {len(items) - MOST_SHOWN:,} more. To see all of them, add --json"


def _is_are(noun: str, one: str, several: str) -> Callable[[int], str]:
    return lambda number: f"{count(number, noun)} {one if number == 1 else several}"


def _created(kind: RecordType) -> Callable[[CreatedRow], Iterator[str]]:
    def lines(created: CreatedRow) -> Iterator[str]:
        yield f"row {created.row}: {_described(kind, created.values)}"

    return lines


def _only_there(kind: RecordType) -> Callable[[OnlyThere], Iterator[str]]:
    def lines(remote: OnlyThere) -> Iterator[str]:
        yield f"record {remote.record}: {_described(kind, remote.values)}"

    return lines


def _changed(changed: ChangedRow) -> Iterator[str]:
    yield f"row {changed.row}, record {changed.record}:"
    for each in changed.fields:
        there, row = (printable(value_words(value), _LONGEST_VALUE) for value in (each.there, each.row))
        yield f"    {each.field}  {there} → {row}"


def _ambiguous(ambiguous: AmbiguousRow) -> Iterator[str]:
    records = ", ".join(map(str, ambiguous.records[:MOST_SHOWN]))
    plural = "s" if len(ambiguous.records) > 1 else ""
    yield f"row {ambiguous.row}: {printable(f'record{plural} {records} {ambiguous.why}. {ambiguous.advice}', _LONGEST)}"


def _described(kind: RecordType, values: Mapping[str, str]) -> str:
    """What a person knows a record by: its name if it has one, and the fields of its key."""
    key = [f"{name} {printable(values[name], _LONGEST_PART)}" for name in kind.key if values[name]]
    name = printable(values.get(kind.name_field, ""), _LONGEST_VALUE)
    return f"{name} ({', '.join(key)})" if name else ", ".join(key)
