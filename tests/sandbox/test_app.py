"""The way of a call through the sandbox: addresses, limits, sign-in, latency, a fault, the rules."""

from __future__ import annotations

import socket
import time

import anyio
import httpx
import pytest
from conftest import GIVE_UP, wait_until

from importer.sandbox import SandboxOptions, app
from sandbox.sandbox_client import (
    NO_LIMITS,
    PATH,
    RECORD,
    TOKEN,
    call,
    create,
    create_request,
    port_of,
    send_create,
    unlimited,
)

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/spaces/nonsense", 404),
        ("GET", f"{PATH}/abc", 404),
        ("GET", f"{PATH}/1/2", 404),
        ("DELETE", PATH, 405),
        ("POST", f"{PATH}/1", 405),
        ("DELETE", "/api/spaces/coworkers/1", 405),
        ("GET", "/nowhere", 404),
    ],
)
def test_other_addresses_and_methods(method: str, path: str, status: int) -> None:
    """What the service does not have is 404, what it does not do is 405."""
    with unlimited() as sandbox:
        assert call(sandbox, method, path, {} if method == "POST" else None).status == status


def test_other_calls_can_fail_too() -> None:
    """Faults can be set for reads, deletes and sign-ins as well."""
    with unlimited() as sandbox:
        record_id = create(sandbox).json["Value"]["Id"]
        call(sandbox, "POST", "/_sandbox/faults?on=read", ["502-html"], headers={})
        sandbox.state.fail_next("500-after", on="delete")
        assert call(sandbox, "GET", PATH).status == 502
        assert call(sandbox, "DELETE", f"{PATH}/{record_id}").status == 500
        assert call(sandbox, "DELETE", f"{PATH}/{record_id}").status == 404


def test_a_refused_call_meets_no_fault() -> None:
    """Limits and sign-in come first: a fault is left for the first call that gets as far as the rules."""
    with unlimited(faults=("500-before",)) as sandbox:
        assert call(sandbox, "POST", PATH, RECORD, headers={"Authorization": "Bearer nonsense"}).status == 401
        sandbox.state.change(writes_per_minute=0)
        assert create(sandbox).status == 409
        assert sandbox.state.pending_faults() == ["500-before"]
        sandbox.state.change(writes_per_minute=None)
        assert create(sandbox).status == 500
        assert [logged.status for logged in sandbox.state.calls] == [401, 409, 500]
        assert (sandbox.state.throttled, sandbox.state.records) == (1, [])


def test_latency_delays_each_call_but_not_the_others() -> None:
    """Each waits that long before it takes effect, and all of them wait at once."""
    with unlimited(latency=0.1) as sandbox:
        before = time.monotonic()
        assert create(sandbox).status == 200
        assert time.monotonic() - before >= 0.1
    with unlimited(latency=GIVE_UP) as sandbox:
        clients = [send_create(sandbox) for _ in range(3)]
        wait_until(lambda: len(sandbox.state.calls) == 3)
        assert sandbox.state.records == []
    for client in clients:
        client.close()


def test_client_that_leaves_in_the_middle_creates_nothing() -> None:
    """A request whose body never arrives whole has no effect."""
    with unlimited() as sandbox:
        with socket.create_connection(("127.0.0.1", port_of(sandbox))) as client:
            client.sendall(create_request()[:-5])
        assert create(sandbox).status == 200
        assert len(sandbox.state.records) == 1


def test_app_can_be_served_without_a_socket() -> None:
    """In process the application answers too, and a lost answer is a reset."""
    application = app(SandboxOptions(**NO_LIMITS, token=TOKEN, faults=("ok", "lost-after")))  # type: ignore[arg-type]  # limits only
    statuses: list[int] = []

    async def talk() -> None:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as client:
            statuses.append((await client.post(PATH, json=RECORD)).status_code)
            with pytest.raises(ConnectionResetError):
                await client.post(PATH, json=RECORD)

    anyio.run(talk)
    assert statuses == [200]
    assert len(application.state.sandbox.records) == 2
