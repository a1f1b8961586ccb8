"""The table of transitions: what it must never allow, whatever else is put into it."""

import pytest

from importer.journal.states import CLAIMING, DOUBTFUL, FINAL, STATUS, TRANSITIONS, Event, State, after
from importer.model import Status

EVERY = [(state, event) for state in State for event in Event]
PROOF_OF_NO_EFFECT = {Event.NOT_APPLIED, Event.ABSENT}


def reachable(start: State) -> set[State]:
    """Every state that a row can come to from this one."""
    reached, waiting = {start}, [start]
    while waiting:
        for state in TRANSITIONS[waiting.pop()].values():
            if state not in reached:
                reached.add(state)
                waiting.append(state)
    return reached


def test_only_proof_leads_from_in_doubt_to_planned() -> None:
    """Anything else that leads back would send a row whose record may exist."""
    back = {event for event, state in TRANSITIONS[State.IN_DOUBT].items() if state is State.PLANNED}
    assert back == PROOF_OF_NO_EFFECT
    assert after(State.IN_DOUBT, Event.LOST) is State.IN_DOUBT


def test_nothing_is_planned_again_once_its_record_exists() -> None:
    """A created row is never sent again: after it is removed, another run may create another record."""
    done = (
        State.CREATED,
        State.REMOVING,
        State.REMOVED,
        State.EXISTING,
        State.UPDATED,
        State.RESTORING,
        State.RESTORED,
    )
    for state in done:
        assert State.PLANNED not in reachable(state) - {state}, state


def test_an_update_without_an_answer_is_sent_again_only_with_proof() -> None:
    """What a colleague has entered since would be overwritten; so not either once somebody has changed the record."""
    back = {event for event, state in TRANSITIONS[State.UPDATING].items() if state is State.PLANNED}
    assert back == PROOF_OF_NO_EFFECT
    assert after(State.UPDATING, Event.LOST) is State.UPDATING
    assert State.OVERTAKEN in FINAL


def test_a_record_that_was_not_put_back_is_still_updated() -> None:
    """Whatever the service answered to it, the row says what the service holds."""
    assert after(State.RESTORING, Event.KEPT) is State.UPDATED
    assert after(State.RESTORING, Event.RESTORED) is State.RESTORED
    assert set(TRANSITIONS[State.RESTORING]) == {Event.KEPT, Event.RESTORED, Event.WILL_RESTORE}


def test_nothing_is_updated_or_put_back_without_its_intent() -> None:
    """Only a row of which the journal says that the call is on its way can have come to it."""
    for state, before in ((State.UPDATED, {State.UPDATING, State.RESTORING}), (State.RESTORED, {State.RESTORING})):
        assert {one for one, events in TRANSITIONS.items() if state in events.values()} == before
    restoring = {one for one, events in TRANSITIONS.items() if State.RESTORING in events.values()}
    assert restoring == {State.UPDATED, State.RESTORING}


def test_a_record_that_was_not_deleted_is_still_created() -> None:
    """Whatever the service answered to a delete, the row says what the service holds."""
    assert after(State.REMOVING, Event.KEPT) is State.CREATED
    assert after(State.REMOVING, Event.GONE) is State.REMOVED
    assert set(TRANSITIONS[State.REMOVING]) == {Event.KEPT, Event.GONE, Event.WILL_REMOVE}


def test_nothing_is_deleted_without_its_intent() -> None:
    """Only a row of which the journal says that its delete is on its way can be removed."""
    assert {state for state, events in TRANSITIONS.items() if State.REMOVED in events.values()} == {State.REMOVING}
    removing = {state for state, events in TRANSITIONS.items() if State.REMOVING in events.values()}
    assert removing == {State.CREATED, State.REMOVING}


def test_every_row_can_come_to_an_end() -> None:
    """From everywhere a row can get to where nothing is left to do about it: no state is a dead end."""
    ends = FINAL | {State.CREATED, State.UPDATED, State.REJECTED, State.REVIEW}
    assert {state for state in State if not reachable(state) & ends} == set()
    assert {state for state in State if state not in reachable(State.PLANNED)} == set()


def test_a_record_that_may_exist_is_claimed_until_it_is_known_not_to() -> None:
    """A claim begins with the intent, and only proof, a refusal or a removal ends it."""
    ending = {
        (state, event)
        for state in CLAIMING
        for event, following in TRANSITIONS[state].items()
        if following not in CLAIMING
    }
    assert ending == {
        (State.IN_DOUBT, Event.REFUSED),
        (State.IN_DOUBT, Event.NOT_APPLIED),
        (State.IN_DOUBT, Event.ABSENT),
        (State.REVIEW, Event.ABSENT),
        # The record that exists is not the row's own, so the row claims nothing.
        (State.REVIEW, Event.KNOWN),
        (State.REMOVING, Event.GONE),
        (State.UPDATING, Event.REFUSED),
        (State.UPDATING, Event.NOT_APPLIED),
        (State.UPDATING, Event.ABSENT),
        (State.UPDATING, Event.OVERTAKEN),
        (State.RESTORING, Event.RESTORED),
    }
    assert State.PLANNED not in CLAIMING


@pytest.mark.parametrize(("state", "event"), EVERY)
def test_the_table_is_the_only_way(state: State, event: Event) -> None:
    """What it does not list is an error that names both, so that whoever lost track of a row is stopped."""
    if event in TRANSITIONS[state]:
        assert after(state, event) is TRANSITIONS[state][event]
    else:
        with pytest.raises(ValueError, match=f"{state}.*{event}"):
            after(state, event)


def test_the_report_calls_created_only_what_exists() -> None:
    """Of the states that read as created, each has a record; of those that read as not sent, none has."""
    assert {state for state in State if STATUS[state] is Status.CREATED} == {State.CREATED, State.REMOVING}
    assert {state for state in State if STATUS[state] is Status.UNKNOWN} == DOUBTFUL
    assert {state for state in State if STATUS[state] is Status.UPDATED} == {State.UPDATED, State.RESTORING}
    assert not {state for state in State if STATUS[state] is Status.NOT_SENT} & CLAIMING
