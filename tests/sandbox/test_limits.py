"""Limits: what is counted for whom, and how a call too many is refused."""

from __future__ import annotations

import pytest

from importer.sandbox import SandboxOptions, running
from importer.sandbox.limits import Limits, limits_in_words
from sandbox.sandbox_client import (
    NO_LIMITS,
    PATH,
    TOKEN,
    call,
    create,
    create_request,
    send_create,
    unlimited,
    whole_answer,
)


def options(**changes: object) -> SandboxOptions:
    """Options without limits but those given."""
    return SandboxOptions(**{**NO_LIMITS, "token": TOKEN, **changes})  # type: ignore[arg-type]  # names of limits only


def test_window_slides() -> None:
    """Two writes a minute: the third must wait until the first is a minute old."""
    limits, two = Limits(), options(writes_per_minute=2)
    assert [limits.wait(two, "a", "POST", at) for at in (0.0, 10.0, 15.0)] == [0.0, 0.0, 45.0]
    assert limits.wait(two, "a", "POST", 60.0) == 0.0
    assert limits.wait(two, "a", "POST", 61.0) == 9.0


def test_refused_calls_do_not_count() -> None:
    """A client that keeps calling is still let in when the window allows it."""
    limits, one = Limits(), options(writes_per_minute=1)
    limits.wait(one, "a", "POST", 0.0)
    for second in range(1, 60):
        assert limits.wait(one, "a", "POST", float(second)) > 0
    assert limits.wait(one, "a", "POST", 60.0) == 0.0


def test_tokens_and_reads_are_counted_apart() -> None:
    """Another token has its own allowance, and reads do not use up the writes."""
    limits, one = Limits(), options(writes_per_minute=1)
    assert limits.wait(one, "a", "POST", 0.0) == 0.0
    assert limits.wait(one, "b", "POST", 0.0) == 0.0
    assert limits.wait(one, "a", "GET", 0.0) == 0.0
    assert limits.wait(one, "a", "DELETE", 1.0) == 59.0


@pytest.mark.parametrize(
    ("limit", "span"),
    [
        ("writes_per_second", 1.0),
        ("writes_per_minute", 60.0),
        ("writes_per_hour", 3600.0),
        ("writes_per_day", 86400.0),
        ("calls_per_100ms", 0.1),
        ("calls_per_minute", 60.0),
        ("calls_per_hour", 3600.0),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 60.0])
def test_each_limit_has_its_window(limit: str, span: float, scale: float) -> None:
    """Each limit holds for its own time, divided by the time scale."""
    limits, one = Limits(), options(**{limit: 1}, time_scale=scale)
    assert limits.wait(one, "a", "PUT", 0.0) == 0.0
    assert limits.wait(one, "a", "PUT", 0.0) == pytest.approx(span / scale)


def test_longest_wait_counts() -> None:
    """When two limits are reached, the later one decides."""
    limits, both = Limits(), options(writes_per_minute=1, writes_per_day=1)
    limits.wait(both, "a", "POST", 0.0)
    assert limits.wait(both, "a", "POST", 30.0) == 86370.0


def test_limit_of_zero_lets_nothing_through() -> None:
    """An allowance of nothing refuses the very first call."""
    assert Limits().wait(options(writes_per_day=0), "a", "POST", 5.0) == 86400.0


def test_throttled_answer_is_the_documented_one() -> None:
    """A throttled call gets the sentence as reason phrase, whole seconds to wait, and no body."""
    with running(options(writes_per_minute=1)) as sandbox, send_create(sandbox) as client:
        whole_answer(client)
        client.sendall(create_request())
        answer = whole_answer(client)
        assert (sandbox.state.throttled, len(sandbox.state.records)) == (1, 1)
    lines = answer.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 409 You must wait before accessing this url again."
    assert {b"Cache-Control: no-cache", b"Pragma: no-cache", b"Expires: -1", b"Content-Length: 0"} < set(lines)
    assert b"Retry-After: 60" in lines
    assert answer.endswith(b"\r\n\r\n")


def test_connection_lives_on_after_a_throttle() -> None:
    """The next call on the same connection is answered, with its usual reason phrase."""
    with unlimited(calls_per_minute=1) as sandbox, send_create(sandbox) as client:
        first = whole_answer(client)
        client.sendall(create_request())
        refused = whole_answer(client)
        sandbox.state.change(calls_per_minute=None)
        client.sendall(create_request())
        last = whole_answer(client)
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert refused.startswith(b"HTTP/1.1 409 You must wait")
    assert last.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("changes", "status", "phrase", "retry_after", "body"),
    [
        ({}, 409, "You must wait before accessing this url again.", "60", b""),
        ({"retry_after": "soon"}, 409, "You must wait before accessing this url again.", "soon", b""),
        ({"throttle": "409-bare"}, 409, "Conflict", None, b""),
        ({"throttle": "429"}, 429, "Too Many Requests", None, b"Wait 6"),
        ({"throttle": "429", "retry_after": "3"}, 429, "Too Many Requests", "3", b"Wait 6"),
    ],
)
def test_shape_of_the_refusal(
    changes: dict[str, object], status: int, phrase: str, retry_after: str | None, body: bytes
) -> None:
    """Each way of refusing has its status, phrase, header and text."""
    with running(options(writes_per_minute=1, **changes)) as sandbox:
        create(sandbox)
        answer = create(sandbox)
    assert (answer.status, answer.phrase, answer.headers.get("retry-after")) == (status, phrase, retry_after)
    assert body in answer.body
    assert bool(answer.body) is bool(body)


def test_published_limits_hold_by_default() -> None:
    """A sandbox that is left alone allows one call in 100 ms."""
    with running(SandboxOptions(token=TOKEN)) as sandbox:
        statuses = [call(sandbox, "GET", PATH).status for _ in range(3)]
        assert [each.status for each in sandbox.state.calls] == statuses
    assert statuses == [200, 409, 409]


def test_clients_that_wait_as_told_get_in() -> None:
    """A call that comes after the time in Retry-After is accepted."""
    with unlimited(writes_per_minute=1, time_scale=300.0) as sandbox:
        assert [create(sandbox).status for _ in range(2)] == [200, 409]
        first = sandbox.state.calls[0].at
        while create(sandbox).status == 409:
            pass
        last = sandbox.state.calls[-1].at
    assert 0.2 <= last - first < 0.4


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["It has no limits."]),
        ({"writes_per_minute": 60}, ["At most 60 creates, updates and deletes in a minute."]),
        ({"calls_per_100ms": 1}, ["At most 1 calls of any kind in 100 milliseconds."]),
        ({"calls_per_hour": 5000}, ["At most 5,000 calls of any kind in an hour."]),
        (
            {"writes_per_day": 5000, "time_scale": 60.0},
            ["At most 5,000 creates, updates and deletes in a day, which takes 24 minutes."],
        ),
        (
            {"writes_per_minute": 2, "time_scale": 60.0},
            ["At most 2 creates, updates and deletes in a minute, which takes 1 second."],
        ),
    ],
)
def test_what_a_sandbox_says_it_allows_are_its_windows(changes: dict[str, object], lines: list[str]) -> None:
    """One sentence for each limit, with the time that it takes here."""
    assert limits_in_words(options(**changes)) == lines
