"""What the caller hears, and what its own mistakes do."""

import asyncio

import pytest

from importer.api.callbacks import Callbacks
from importer.model import Account, Plan, Progress
from importer.runs.source import CheckResult

ACCOUNT = Account("key", "ines", "North")


def plan_of(create: int) -> Plan:
    """A plan with so many records to create."""
    return Plan(create, create, 0, 0, 0, None, 0.0, 0.0)


def test_sentences_are_kept_and_passed_on() -> None:
    """Whoever does not listen finds them in the result."""
    heard: list[str] = []
    callbacks = Callbacks(say=heard.append)
    callbacks.say("One.")
    callbacks.say("Two.")
    assert heard == list(callbacks.messages) == ["One.", "Two."]


def test_nobody_is_asked_about_nothing() -> None:
    """As at a terminal."""
    callbacks = Callbacks(confirm=lambda _: False, confirm_undo=lambda _: False)
    assert callbacks.confirm(CheckResult(), plan_of(0), ACCOUNT)
    assert not callbacks.confirm(CheckResult(), plan_of(1), ACCOUNT)
    assert Callbacks().confirm(CheckResult(), plan_of(1), ACCOUNT)


async def agree_later(_: object) -> bool:
    """An answer that nobody waits for."""
    return False


def test_an_answer_that_has_to_be_awaited_is_no_yes() -> None:
    """It would be one before it is given."""
    callbacks = Callbacks(confirm=agree_later, confirm_undo=agree_later)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="plain function"):
        callbacks.confirm(CheckResult(), plan_of(1), ACCOUNT)


def test_a_stop_is_asked_for_once_and_only_while_rows_are_sent() -> None:
    """Before that, and when asked again, whoever waits breaks the work off."""
    callbacks = Callbacks()
    assert not callbacks.ask_to_stop()
    with callbacks.sending() as stop:
        assert callbacks.ask_to_stop()
        assert stop.is_set()
    assert not callbacks.ask_to_stop()


def broken(_: object) -> None:
    """A function of the caller with a mistake."""
    raise LookupError


def test_a_mistake_of_the_caller_is_raised_at_once_before_rows_are_sent() -> None:
    """Nothing has to be finished yet."""
    with pytest.raises(LookupError):
        Callbacks(say=broken).say("One.")


def test_a_mistake_of_the_caller_stops_what_is_being_sent() -> None:
    """It is kept for later, and the function is not called again."""
    calls: list[int] = []

    def count_and_break(_: object) -> None:
        calls.append(1)
        raise LookupError

    callbacks = Callbacks(progress=count_and_break)
    with callbacks.sending() as stop:
        callbacks.progress(Progress(1, 0), 2, None)
        callbacks.progress(Progress(2, 0), 2, None)
        assert stop.is_set()
    assert isinstance(callbacks.failure, LookupError)
    assert calls == [1]


def test_an_event_of_any_loop_will_do() -> None:
    """It is made where the work is done."""
    assert isinstance(asyncio.run(_event()), asyncio.Event)


async def _event() -> asyncio.Event:
    with Callbacks().sending() as stop:
        return stop
