"""The control addresses: what a sandbox has seen, and how it is changed from another process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.sandbox_client import PATH, RECORD, Answer, call, create, unlimited


def test_control_addresses_show_what_happened() -> None:
    """The control addresses need no sign-in and show records, bodies and calls."""
    with unlimited() as sandbox:
        create(sandbox)
        records: Any = call(sandbox, "GET", "/_sandbox/records", headers={}).json
        calls: Any = call(sandbox, "GET", "/_sandbox/calls", headers={}).json
        refused: Answer = call(sandbox, "POST", "/_sandbox/options", {"contrct": "new"}, headers={})
        assert call(sandbox, "POST", "/_sandbox/options", {"contract": "new"}, headers={}).status == 200
        assert sandbox.state.options.contract == "new"
        assert call(sandbox, "POST", "/_sandbox/reset", {}, headers={}).status == 200
        assert (sandbox.state.records, sandbox.state.calls) == ([], [])
    assert (records[0]["entity"], json.loads(records[0]["body"])) == ("CoworkerMsOfficeCalendar", RECORD)
    assert [(each["method"], each["path"], each["status"]) for each in calls["calls"]] == [("POST", PATH, 200)]
    assert refused.status == 400


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("faults", "502-html"),
        ("faults", {"fault": "502-html"}),
        ("faults", ["502-html", 1]),
        ("faults", ["nonsense"]),
        ("faults?on=creation", ["502-html"]),
        ("options", ["latency"]),
        ("options", {"seed": 2}),
        ("options", "{"),
    ],
)
def test_a_wrong_body_is_refused_and_changes_nothing(address: str, body: object) -> None:
    """What is no list of faults, no option, or no JSON is a 400 with the reason; a good fault beside it is not set."""
    with unlimited() as sandbox:
        before = sandbox.state.options
        answer = call(sandbox, "POST", f"/_sandbox/{address}", body, headers={})
        assert (answer.status, list(answer.json)) == (400, ["error"])
        assert (sandbox.state.pending_faults(), sandbox.state.options) == ([], before)


def test_faults_line_up_behind_those_that_are_set() -> None:
    """The answer to setting faults names all that are still to come for that kind of call."""
    with unlimited() as sandbox:
        for pending in (["ok"], ["ok", "502-html", "ok"]):
            answer = call(sandbox, "POST", "/_sandbox/faults?on=read", pending[-2:], headers={})
            assert answer.json == {"pending": pending}
        assert sandbox.state.pending_faults() == []


def test_control_calls_obey_no_limits_and_stand_in_no_log() -> None:
    """Looking at a sandbox changes nothing of what it will answer."""
    with unlimited(calls_per_minute=1, faults=("502-html",)) as sandbox:
        for _ in range(3):
            assert call(sandbox, "GET", "/_sandbox/calls", headers={}).json == {"calls": [], "throttled": 0}
        assert call(sandbox, "GET", PATH).status == 200
        assert sandbox.state.pending_faults() == ["502-html"]
        assert create(sandbox).status == 409
        assert call(sandbox, "GET", "/_sandbox/calls", headers={}).json["throttled"] == 1
