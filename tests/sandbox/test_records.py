"""The store: Ids that only rise, and a file that outlives the sandbox."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.sandbox.records import Records, Stored
from sandbox.sandbox_client import NO_LIMITS, PATH, RECORD, TOKEN, call, create, unlimited
from sandbox.test_server import process

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def stored(entity: str, name: str = "Room") -> Stored:
    """A record of this kind."""
    return Stored(entity, {"Name": name}, "{}")


@given(deletes=st.lists(st.booleans(), min_size=1, max_size=20))
def test_an_id_is_never_given_twice(deletes: list[bool]) -> None:
    """Ids rise across deletes, and the records come in the order of their creation whatever their kind."""
    records, made, left = Records(7), list[int](), list[int]()
    for number, delete in enumerate(deletes):
        made.append(records.new_id())
        records.put(made[-1], stored(f"Kind{number % 2}"))
        if delete:
            assert records.remove(f"Kind{number % 2}", made[-1])
            assert not records.remove(f"Kind{number % 2}", made[-1])
        else:
            left.append(made[-1])
    assert made == sorted(set(made))
    assert [number for number, _ in records.all()] == left
    records.clear()
    assert (records.all(), records.new_id() > made[-1]) == ([], True)


def test_an_id_of_one_kind_is_no_record_of_another() -> None:
    """Records are found and deleted by kind and Id."""
    records = Records(1)
    records.put(5, stored("Room"))
    assert (records.get("Desk", 5), records.remove("Desk", 5)) == (None, False)
    records.put(5, stored("Room", "Attic"))
    assert [one.fields["Name"] for one in records.of("Room")] == ["Attic"]


def test_store_keeps_records_account_and_ids(tmp_path: Path) -> None:
    """A sandbox that starts again on its store is the same account with the same records."""
    store = tmp_path / "sandbox.db"
    with unlimited(store=store) as sandbox:
        ids = [create(sandbox).json["Value"]["Id"] for _ in range(3)]
        call(sandbox, "DELETE", f"{PATH}/{ids[2]}")
        user_id, records, space = sandbox.state.user_id, sandbox.state.records, sandbox.state.space
    with unlimited(store=store, seed=99) as again:
        assert (again.state.user_id, again.state.records, again.state.space) == (user_id, records, space)
        assert json.loads(again.state.bodies[0]) == RECORD
        assert create(again).json["Value"]["Id"] > ids[2]


def test_store_survives_a_killed_sandbox(tmp_path: Path) -> None:
    """Every record that was answered is there after a kill, and the store is free."""
    store = tmp_path / "sandbox.db"
    options = {**NO_LIMITS, "token": TOKEN, "store": str(store)}
    with process("--options-json", json.dumps(options)) as (url, child):
        for _ in range(5):
            assert httpx.post(url + PATH, json=RECORD, headers=HEADERS).status_code == 200
        child.send_signal(signal.SIGKILL)
        child.wait()
    with unlimited(store=store) as again:
        assert len(again.state.records) == 5


def test_store_belongs_to_one_sandbox(tmp_path: Path) -> None:
    """A second sandbox on the same store is refused, and so is a file that is no store."""
    store, text = tmp_path / "sandbox.db", tmp_path / "notes.txt"
    text.write_text("not a database, " * 100)
    with unlimited(store=store), pytest.raises(OSError, match="locked"), unlimited(store=store):
        pass
    with pytest.raises(OSError, match="not a database"), unlimited(store=text):
        pass
