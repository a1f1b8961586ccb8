"""Faults: what is stored and which bytes come back, for each name."""

from __future__ import annotations

import gzip
import json
import time
from http.client import HTTPException

import pytest
from conftest import GIVE_UP, wait_until

from importer.sandbox import SandboxOptions
from importer.sandbox.faults import BIG, FAULTS, MEANINGS, handler
from importer.sandbox.server import Running
from importer.sandbox.state import State as SandboxState
from sandbox.sandbox_client import (
    PATH,
    RECORD,
    call,
    create,
    raw_create,
    send_create,
    unlimited,
)

#: Each fault that answers, how many records a create leaves behind, and the status.
ANSWERS = [
    ("ok", 1, 200),
    ("500-before", 0, 500),
    ("500-after", 1, 500),
    ("500-ooops", 0, 500),
    ("500-ooops-after", 1, 500),
    ("400-ooops", 0, 400),
    ("400-ooops-after", 1, 400),
    ("502-html", 0, 502),
    ("502-html-after", 1, 502),
    ("200-html", 0, 200),
    ("200-html-after", 1, 200),
    ("200-empty", 1, 200),
    ("status:503", 0, 503),
    ("status-after:504", 1, 504),
    ("throttle-409", 0, 409),
    ("throttle-409-bare", 0, 409),
    ("throttle-429:2", 0, 429),
    ("409-envelope", 0, 409),
    ("400", 0, 400),
    ("400-relation", 0, 400),
    ("401-row", 0, 401),
    ("401-token", 0, 401),
    ("403", 0, 403),
    ("404", 0, 404),
    ("redirect:127.0.0.1:8", 0, 302),
    ("false-200", 0, 200),
    ("errors-200", 0, 200),
    ("array-200", 0, 200),
    ("no-id", 1, 200),
    ("id-null", 1, 200),
    ("id-string", 1, 200),
    ("id-repeated", 1, 200),
    ("mangle", 1, 200),
    ("slow:0.01", 1, 200),
]


@pytest.mark.parametrize(("fault", "stored", "status"), ANSWERS)
def test_fault_stores_or_not_and_answers(fault: str, stored: int, status: int) -> None:
    """A fault that answers has its status, stores as its name says, and is used up."""
    with unlimited(faults=(fault,)) as sandbox:
        assert create(sandbox).status == status
        assert len(sandbox.state.records) == stored
        assert [each.status for each in sandbox.state.calls] == [status]
        assert sandbox.state.pending_faults() == []


@pytest.mark.parametrize(("fault", "stored"), [("lost-before", 0), ("lost-after", 1), ("cut:0", 1)])
def test_lost_answer_is_an_orderly_close(fault: str, stored: int) -> None:
    """The connection ends without a single byte."""
    with unlimited(faults=(fault,)) as sandbox:
        assert raw_create(sandbox) == b""
        assert len(sandbox.state.records) == stored
        assert sandbox.state.calls[0].status == 0


@pytest.mark.parametrize("count", [1, 12, 40, 90, 200])
def test_cut_answer_ends_after_so_many_bytes(count: int) -> None:
    """Exactly the first bytes of the true answer arrive, then the connection ends."""
    with unlimited(faults=(f"cut:{count}",)) as sandbox:
        received = raw_create(sandbox)
        assert len(sandbox.state.records) == 1
    assert len(received) == count
    assert b"HTTP/1.1 200 OK\r\nContent-Type: application/json".startswith(received[:40])


def test_half_body_promises_more_than_it_sends() -> None:
    """Half of the body arrives under a Content-Length for the whole."""
    with unlimited(faults=("half-body",)) as sandbox:
        head, _, body = raw_create(sandbox).partition(b"\r\n\r\n")
        assert len(sandbox.state.records) == 1
    promised = int(head.rpartition(b": ")[2])
    assert 0 < len(body) < promised
    assert body.startswith(b'{"Status":200,')


def test_late_record_appears_after_the_connection_has_ended() -> None:
    """The connection ends at once; the record is stored seconds later."""
    with unlimited(faults=("late:0.2",)) as sandbox:
        before = time.monotonic()
        assert raw_create(sandbox) == b""
        wait_until(lambda: sandbox.state.records)
        assert time.monotonic() - before >= 0.2
    with unlimited(faults=(f"late:{GIVE_UP:.0f}",)) as sandbox:
        assert raw_create(sandbox) == b""
        assert sandbox.state.records == []


@pytest.mark.parametrize(("fault", "stored"), [("hang", 1), ("hang-before", 0)])
def test_hanging_call_gets_no_answer(fault: str, stored: int) -> None:
    """Nothing comes back, and others are still served."""
    with unlimited(faults=(fault,)) as sandbox, send_create(sandbox) as client:
        # The next one must not be quicker, and take the fault.
        wait_until(lambda: not sandbox.state.pending_faults())
        assert create(sandbox).status == 200
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
        assert len(sandbox.state.records) == stored + 1


def test_slow_answer_is_stored_at_once() -> None:
    """A client that gives up on a slow answer has left a record behind."""
    with unlimited(faults=(f"slow:{GIVE_UP:.0f}",)) as sandbox, send_create(sandbox) as client:
        wait_until(lambda: sandbox.state.records)
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)


def test_faults_are_used_one_a_create_in_order() -> None:
    """Faults that are posted while running hit the next creates, and no other calls."""
    with unlimited() as sandbox:
        posted = call(sandbox, "POST", "/_sandbox/faults", ["400", "ok", "500-after"], headers={})
        assert posted.json == {"pending": ["400", "ok", "500-after"]}
        assert call(sandbox, "GET", PATH).status == 200
        assert [create(sandbox).status for _ in range(4)] == [400, 200, 500, 200]


@pytest.mark.parametrize("names", [["nonsense"], ["cut"], ["cut:x"], ["late:x"], ["status:1.5"], "ok", [1]])
def test_unknown_fault_is_refused(names: object) -> None:
    """A fault that does not exist is told at once, not when it would strike."""
    with unlimited() as sandbox:
        answer = call(sandbox, "POST", "/_sandbox/faults", names, headers={})
        assert call(sandbox, "POST", "/_sandbox/faults?on=nonsense", ["ok"], headers={}).status == 400
    assert answer.status == 400
    assert answer.json["error"]


def test_throttle_faults_look_like_throttling() -> None:
    """A throttle fault is told from the real thing by nothing."""
    with unlimited(faults=("throttle-409", "throttle-409:7", "throttle-409-bare", "throttle-429:1.5")) as sandbox:
        first, longer, bare, text = (create(sandbox) for _ in range(4))
    assert first.phrase == longer.phrase == "You must wait before accessing this url again."
    assert (first.headers["retry-after"], longer.headers["retry-after"]) == ("1", "7")
    assert (bare.phrase, bare.body, "retry-after" in bare.headers) == ("Conflict", b"", False)
    assert (text.phrase, b"Wait 1.5 seconds" in text.body) == ("Too Many Requests", True)


def test_refusals_carry_their_documented_text() -> None:
    """Each refusal of a row says what the real service says."""
    with unlimited(faults=("400", "400-relation", "401-row", "404", "500-ooops")) as sandbox:
        texts = [create(sandbox).json for _ in range(5)]
    assert texts[0]["Errors"][0]["PropertyName"] == "Name"
    assert texts[1]["Message"] == "Coworker: is a required field"
    assert texts[2] == {"Message": "Access Denied."}
    assert texts[3] == "Not found"
    assert texts[4]["Message"].startswith("Ooops! There was a problem while running this action")


def test_token_that_ends_stays_ended() -> None:
    """After the fault the token is refused with an empty 401, sign-in by other means works."""
    with unlimited(faults=("401-token",)) as sandbox:
        answers = [create(sandbox), create(sandbox), call(sandbox, "GET", "/en/user/me")]
    assert [(answer.status, answer.body) for answer in answers] == [(401, b"")] * 3


def test_redirect_points_elsewhere() -> None:
    """A redirect names the same address on another host."""
    with unlimited(faults=("redirect:127.0.0.1:8", "redirect:http://127.0.0.1:9/login")) as sandbox:
        targets = [create(sandbox).headers["location"] for _ in range(2)]
    assert targets == [f"http://127.0.0.1:8{PATH}", "http://127.0.0.1:9/login"]


def test_successes_that_refuse() -> None:
    """A 200 can carry a refusal in three ways."""
    with unlimited(faults=("false-200", "errors-200", "array-200")) as sandbox:
        refused, errors, array = (create(sandbox).json for _ in range(3))
    assert refused["WasSuccessful"] is False
    assert (errors["WasSuccessful"], len(errors["Errors"])) == (True, 1)
    assert "error" in array[0]


@pytest.mark.parametrize(("fault", "stored", "status"), ANSWERS)
def test_a_fault_of_an_update_changes_the_record_or_not_and_answers(fault: str, stored: int, status: int) -> None:
    """A fault that is set for updates works as for creates: it takes effect or not, and creates are left alone."""
    with unlimited() as sandbox:
        record_id = create(sandbox, CalendarId="before").json["Value"]["Id"]
        sandbox.state.fail_next(fault, on="update")
        assert create(sandbox).status == 200
        assert call(sandbox, "PUT", PATH, {**RECORD, "Id": record_id, "CalendarId": "after"}).status == status
        record = sandbox.state.records[0]
        assert record["CalendarId"] == ("after" if stored else "before")
        assert (record["Name"] == RECORD["Name"]) is (fault != "mangle")
        assert sandbox.state.pending_faults("update") == []


@pytest.mark.parametrize(
    ("fault", "stored"), [("lost-before", 0), ("lost-after", 1), ("reset", 1), ("late:0.05", 1), ("half-body", 1)]
)
def test_a_lost_answer_of_an_update_leaves_the_record_changed_or_not(fault: str, stored: int) -> None:
    """The answer is cut off, and nothing but the record tells whether the update took effect, perhaps later."""
    with unlimited() as sandbox:
        record_id = create(sandbox, CalendarId="before").json["Value"]["Id"]
        sandbox.state.fail_next(fault, on="update")
        with pytest.raises((ConnectionError, HTTPException)):
            call(sandbox, "PUT", PATH, {**RECORD, "Id": record_id, "CalendarId": "after"})
        expected = "after" if stored else "before"
        wait_until(lambda: sandbox.state.records[0]["CalendarId"] == expected)


def test_the_id_of_an_update_can_be_wrong_too() -> None:
    """The Id of its answer can be missing, null, the record's own as text, or another record's."""
    with unlimited() as sandbox:
        ids = [create(sandbox).json["Value"]["Id"] for _ in range(2)]
        sandbox.state.fail_next("no-id", "id-null", "id-string", "id-repeated", on="update")
        values = [call(sandbox, "PUT", PATH, {**RECORD, "Id": ids[0]}).json["Value"] for _ in range(4)]
    assert values == [None, {"Id": None}, {"Id": str(ids[0])}, {"Id": ids[1]}]


def test_ids_that_are_none() -> None:
    """The Id of an answer can be missing, null, text or another record's."""
    with unlimited(faults=("ok", "no-id", "id-null", "id-string", "id-repeated")) as sandbox:
        _, no_id, null, text, repeated = (create(sandbox).json for _ in range(5))
        ids = [record["Id"] for record in sandbox.state.records]
    assert no_id["Value"] is None
    assert null["Value"] == {"Id": None}
    assert text["Value"] == {"Id": str(ids[3])}
    assert repeated["Value"] == {"Id": ids[3]}
    assert len(set(ids)) == 5


def test_mangled_record_differs_from_what_was_sent() -> None:
    """The answer is a plain success, the stored name another."""
    with unlimited(faults=("mangle",)) as sandbox:
        assert create(sandbox).json["WasSuccessful"] is True
        assert sandbox.state.records[0]["Name"] != RECORD["Name"]
        assert json.loads(sandbox.state.bodies[0]) == RECORD


def test_huge_answers() -> None:
    """An answer can be ten megabytes, or a small gzip that becomes a hundred."""
    with unlimited(faults=("big-body", "gzip-bomb")) as sandbox:
        big, bomb = create(sandbox), create(sandbox)
        assert len(sandbox.state.records) == 2
    assert len(big.body) > BIG
    assert big.json["WasSuccessful"] is True
    assert (bomb.headers["content-encoding"], len(bomb.body) < 200_000) == ("gzip", True)
    assert len(gzip.decompress(bomb.body)) > BIG


def first_bytes(sandbox: Running) -> bytes:
    """Posts a record and gives the beginning of the status line, empty if the connection was closed."""
    with send_create(sandbox) as client:
        return client.recv(12)


def test_random_faults_are_reproducible() -> None:
    """A share of the creates fails, the same ones for the same seed."""
    outcomes = []
    for _ in range(2):
        with unlimited(fail_percent=50.0, seed=7) as sandbox:
            outcomes.append([first_bytes(sandbox) for _ in range(30)])
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {b"", b"HTTP/1.1 200", b"HTTP/1.1 500"}


def test_every_fault_is_known_by_its_name() -> None:
    """Each name of the table is accepted, with a number where it needs one."""
    for name in FAULTS:
        assert handler(f"{name}:1" if name in ("cut", "status", "status-after") else name)


@pytest.mark.parametrize(
    ("fault", "argument"),
    [
        ("late:120", "2"),
        ("slow:3", "0.05"),
        ("throttle-409:600", "10"),
        ("throttle-409:30", "1"),
        ("throttle-409:soon", "soon"),
        ("throttle-429:90", "1.5"),
        ("status:503", "503"),
        ("cut:60", "60"),
    ],
)
def test_the_seconds_of_a_fault_pass_as_fast_as_all_time(fault: str, argument: str) -> None:
    """And nothing but seconds does."""
    assert handler(fault, 60.0)[1] == argument
    assert handler(fault)[1] == fault.partition(":")[2]


def test_every_fault_has_a_meaning() -> None:
    """People choose them by name, and read in the guide what each does."""
    assert MEANINGS.keys() == FAULTS.keys()


@pytest.mark.parametrize("text", ["500-after", "500-after=", "500-after=0", "500-after=101", "500-after=x", "none=5"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    """A mistyped one would let every call through."""
    with pytest.raises(ValueError, match=r"percentage|no fault"):
        SandboxState(SandboxOptions(fault_shares=(text,)))


def test_a_share_of_the_calls_of_its_kind_meets_a_fault() -> None:
    """Faults of lists meet lists, the others creates, updates and deletes."""
    state = SandboxState(SandboxOptions(fault_shares=("500-after=40", "list-empty=100"), faults=("list-no-end",)))
    met = [state.next_fault("create") for _ in range(200)]
    assert set(met) == {"ok", "500-after"}
    assert 50 < met.count("500-after") < 110
    assert {state.next_fault("update") for _ in range(50)} == {"ok", "500-after"}
    assert [state.next_fault("list") for _ in range(2)] == ["list-no-end", "list-empty"]
    assert {state.next_fault("read"), state.next_fault("token")} == {"ok"}
