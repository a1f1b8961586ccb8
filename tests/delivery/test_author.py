"""Whose the updates of a run are: its own records tell, and only those that nobody else can have written last."""

import asyncio
from typing import Any

import pytest

from delivery.in_process import COLLEAGUE, US, InProcess
from delivery.kit import KIND, PATH, body
from delivery.simulation import simulated
from importer.delivery.author import MOST_WITNESSES, author_of, is_unproved
from importer.delivery.listing import instant, to_remote
from importer.delivery.record_reader import RecordReader
from importer.delivery.updates import before_of
from importer.journal.rows import Intent
from importer.journal.states import State

BEFORE = "2026-11-26T09:00:00Z"


def updated(service: InProcess, by: str = US, **changes: Any) -> Intent:
    """A row whose update is answered, and its record, which ``by`` wrote last; but for these changes of the row."""
    number = service.state.add(PATH, body(2).encode(), by=by)
    there = to_remote(service.records[number])
    before = to_remote({**service.records[number], "UpdatedOn": BEFORE, "UpdatedBy": "setup@example.com"})
    assert there is not None
    assert before is not None
    usual: dict[str, Any] = {"remote_id": number, "before": before_of(before), "updated_on": there.updated}
    return Intent(1, number, b"x" * 16, **{"body": body(2), "state": State.UPDATED, **usual, **changes})


def author(service: InProcess, *intents: Intent) -> str:
    """Who it is by these rows."""

    async def main() -> str:
        now = asyncio.get_running_loop().time
        reader = RecordReader(service.nexudus, PATH, KIND, (), None, now=now, say=lambda _: None)
        return await author_of(intents, reader, KIND)

    return simulated(main())


@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({}, US),
        # The record as it was before, by whoever wrote it: the call got no answer.
        ({"updated_on": instant(BEFORE)}, ""),
        # Somebody has saved it since.
        ({"updated_on": 4.0}, ""),
        ({"body": body(2, Name="Other")}, ""),
        # Nothing shows when the call took effect, or that it was one of an update.
        ({"updated_on": None}, ""),
        ({"state": State.RESTORED}, ""),
        ({"state": State.CREATED, "before": None}, ""),
        ({"remote_id": 9}, ""),
    ],
)
def test_only_a_record_that_an_answered_update_wrote_last_tells_who_we_are(changes: dict[str, Any], by: str) -> None:
    """By the time of its last change, and by its values."""
    service = InProcess()
    assert author(service, updated(service, **changes)) == by


def test_records_that_contradict_each_other_tell_nothing() -> None:
    """One of the two names is not ours, and nobody can say which."""
    service = InProcess()
    assert author(service, updated(service), updated(service, by=COLLEAGUE)) == ""
    assert author(service) == ""


def test_a_few_records_are_enough() -> None:
    """Each costs a call; those that tell nothing by themselves cost none."""
    service = InProcess()
    unproved = [updated(service, updated_on=instant(BEFORE)) for _ in range(5)]
    assert all(map(is_unproved, unproved))
    assert author(service, *unproved, *[updated(service) for _ in range(9)]) == US
    assert service.asked == ["read"] * MOST_WITNESSES
