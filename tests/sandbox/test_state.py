"""What a practice service remembers, as tests and the control addresses see it."""

import json

import pytest

from importer.sandbox.options import SandboxOptions
from importer.sandbox.state import State
from sandbox.sandbox_client import RECORD, call, unlimited

PATH = "coworkermsoffecalendars"


def test_faults_come_one_call_each_and_in_their_order() -> None:
    """The next fault is the oldest that was set; after the last there is none."""
    state = State(SandboxOptions(faults=("502-html",)))
    state.fail_next("throttle-409", on="create")
    assert [state.next_fault("create") for _ in range(3)] == ["502-html", "throttle-409", "ok"]
    assert state.next_fault("read") == "ok"


def test_a_fault_that_does_not_exist_is_refused_when_it_is_set() -> None:
    """A test with a mistyped fault would try nothing."""
    with pytest.raises(ValueError, match="nonsense"):
        State(SandboxOptions(faults=("nonsense",)))
    with pytest.raises(ValueError, match="no kind of call 'creation'"):
        State(SandboxOptions()).fail_next("502-html", on="creation")


def test_the_same_seed_fails_the_same_creates() -> None:
    """A random failure can be looked at again."""
    options = SandboxOptions(fail_percent=40, seed=3)
    runs = [[state.next_fault("create") for _ in range(50)] for state in (State(options), State(options))]
    assert runs[0] == runs[1]
    assert 5 < sum(fault != "ok" for fault in runs[0]) < 45


@pytest.mark.parametrize("change", [{"seed": 2}, {"store": None, "seed": 9}, {"faults": ("502-html",)}])
def test_what_is_fixed_at_the_start_stays(change: dict[str, object]) -> None:
    """A changed seed would promise other Ids than those already given."""
    with pytest.raises(ValueError, match="fixed at the start"):
        State(SandboxOptions()).change(**change)


def test_faults_can_be_taken_back() -> None:
    """Of one kind of call; the others stay."""
    with unlimited(faults=("502-html",)) as sandbox:
        sandbox.state.fail_next("list-empty", on="list")
        assert call(sandbox, "DELETE", "/_sandbox/faults?on=list", headers={}).status == 200
        assert (sandbox.state.pending_faults("list"), sandbox.state.pending_faults()) == ([], ["502-html"])


def test_a_reset_forgets_records_and_faults_but_not_the_options() -> None:
    """The next test begins with the same service and nothing in it."""
    state = State(SandboxOptions())
    state.change(latency=1.5)
    [person, *_] = state.space.coworkers
    [room, *_] = state.space.resources
    body = (
        f'{{"ResourceId":{room},"CoworkerId":{person},"Name":"Room","SubscriptionExpireDate":"2027-01-15T10:30:00Z"}}'
    )
    number = state.add(PATH, body.encode())
    assert [record["Id"] for record in state.records] == [number]
    state.fail_next("502-html")
    state.reset()
    assert (state.records, state.pending_faults(), state.options.latency) == ([], [], 1.5)


def test_a_colleague_can_create_records_too() -> None:
    """The state adds records that somebody else made, by the rules for everybody."""
    state = State(SandboxOptions())
    [person, *_], [room, *_] = state.space.coworkers, state.space.resources
    record = {
        "ResourceId": room,
        "CoworkerId": person,
        "Name": "Room",
        "SubscriptionExpireDate": "2027-01-15T10:30:00Z",
    }
    state.add(PATH, json.dumps(record).encode())
    with pytest.raises(ValueError, match="is a required field"):
        state.add(PATH, b"{}")
    with pytest.raises(ValueError, match="nothing can be created"):
        state.add("coworkers", json.dumps(record).encode())
    assert [each["UpdatedBy"] for each in state.records] == ["colleague@example.com"]


def test_a_colleague_works_beside_the_api() -> None:
    """Adds, changes and deletes a record, in the colleague's name, from another process as well."""
    with unlimited() as sandbox:
        path = "/_sandbox/records"
        number = call(sandbox, "POST", f"{path}?path=coworkermsoffecalendars", RECORD, headers={}).json["Id"]
        assert call(sandbox, "POST", f"{path}/{number}", {"Name": "Theirs"}, headers={}).status == 200
        [record] = sandbox.state.records
        assert (record["Name"], record["UpdatedBy"], record["Id"]) == ("Theirs", "colleague@example.com", number)
        assert call(sandbox, "DELETE", f"{path}/{number}", headers={}).status == 200
        assert sandbox.state.records == []
        refused = [
            call(sandbox, "DELETE", f"{path}/{number}", headers={}),
            call(sandbox, "POST", f"{path}/{number}", {}, headers={}),
            call(sandbox, "POST", f"{path}/{number}", [], headers={}),
            call(sandbox, "POST", f"{path}?path=nonsense", RECORD, headers={}),
        ]
        assert [each.status for each in refused] == [400] * 4
