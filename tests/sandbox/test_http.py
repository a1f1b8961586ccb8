"""The bytes that an ASGI server has no words for."""

from __future__ import annotations

import pytest

from sandbox.sandbox_client import create_request, raw_create, send_create, unlimited, whole_answer


def test_a_phrase_is_that_of_one_answer() -> None:
    """The reason phrase of a throttled answer is the service's own; the next answer has the usual one again."""
    with unlimited(faults=("throttle-409",)) as sandbox, send_create(sandbox) as client:
        throttled = whole_answer(client)
        client.sendall(create_request())
        usual = whole_answer(client)
    assert (throttled[:12], usual.partition(b"\r\n")[0]) == (b"HTTP/1.1 409", b"HTTP/1.1 200 OK")
    assert throttled.partition(b"\r\n")[0] != b"HTTP/1.1 409 Conflict"


def test_a_closed_connection_ends_in_order() -> None:
    """Bytes outside of any answer arrive, and then the end of the connection; nothing is reset."""
    with unlimited(faults=("lost-after", "cut:7")) as sandbox:
        assert raw_create(sandbox) == b""
        assert raw_create(sandbox)[:7] == b"HTTP/1."


def test_reset_is_a_tcp_reset() -> None:
    """The record is stored and the connection is reset."""
    with unlimited(faults=("reset",)) as sandbox:
        with pytest.raises(ConnectionResetError):
            raw_create(sandbox)
        assert len(sandbox.state.records) == 1


def test_faulty_connection_can_be_followed_by_a_good_one() -> None:
    """Faults that answer leave the connection usable."""
    with unlimited(faults=("400", "throttle-409")) as sandbox, send_create(sandbox) as client:
        answers = [whole_answer(client)]
        for _ in range(2):
            client.sendall(create_request())
            answers.append(whole_answer(client))
    assert [answer[9:12] for answer in answers] == [b"400", b"409", b"200"]
