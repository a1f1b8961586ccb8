"""The sheet of every week under real conditions: processes that are killed, limits, lists that lag or lack members."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import LABELS, Desk, Service, mapping, wait_until

from importer.sandbox import SandboxOptions
from runs.kit import PATH

FILE = "rows.csv"
WEEKS = [f"2031-0{month}-01T10:00:00Z" for month in range(1, 7)]


def write(desk: Desk, expires: str, number: int = 4, **changes: object) -> Path:
    """The weekly file: the same mappings, with this date."""
    return desk.write(FILE, [mapping(n, SubscriptionExpireDate=expires, **changes) for n in range(2, 2 + number)])


def run(desk: Desk, *flags: str) -> dict[str, int]:
    """The counts of an import of the weekly file, with its exit code."""
    done = desk.type("run", FILE, "--yes", "--json", *flags)
    return {"code": done.code, **{name: number for name, number in done.json["counts"].items() if number}}


def values(service: Service, name: str = "SubscriptionExpireDate") -> list[Any]:
    """A field of every record as the service holds it now, oldest record first."""
    return [record[name] for record in service.state.records]


def calls(service: Service, method: str) -> int:
    """How many calls of this method have come for records."""
    return sum(call.method == method and PATH in call.path for call in service.state.calls)


def killed_at_the_second_put(desk: Desk, service: Service, fault: str, *words: str) -> None:
    """A process of its own is killed while its second update waits for an answer."""
    desk.variables["IMPORTER_CONCURRENCY"] = "1"
    before = calls(service, "PUT")
    service.state.fail_next("ok", fault, on="update")
    process = desk.start(*words)
    wait_until(lambda: calls(service, "PUT") == before + 2)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("command", [("resume",), ("run", FILE, "--update", "--yes")], ids=lambda words: words[0])
@pytest.mark.parametrize(("fault", "writes"), [("hang", 4), ("hang-before", 5)])
def test_an_update_may_be_killed_at_a_write(
    desk: Desk, service: Service, fault: str, writes: int, command: tuple[str, ...]
) -> None:
    """Whether that write took effect or not, every record is right in the end, and no write is made twice."""
    write(desk, WEEKS[0])
    run(desk)
    write(desk, WEEKS[1])
    killed_at_the_second_put(desk, service, fault, "run", FILE, "--update", "--yes")
    desk.type(*command)
    service.let_the_window_pass(desk)
    desk.type("reconcile", "2")
    desk.type("resume", "2")
    assert values(service) == [WEEKS[1]] * 4
    assert calls(service, "PUT") == writes
    assert desk.type("status", "--json").code == 0
    assert run(desk) == {"code": 0, "existing": 4}
    assert desk.type("undo", "2", "--yes").code == 0
    assert values(service) == [WEEKS[0]] * 4


@pytest.mark.parametrize(("fault", "writes"), [("hang", 4), ("hang-before", 5)])
def test_an_undo_of_updates_may_be_killed_at_a_write(desk: Desk, service: Service, fault: str, writes: int) -> None:
    """An undo finishes it once the lost write can no longer arrive; then the run before can be undone."""
    write(desk, WEEKS[0])
    run(desk)
    write(desk, WEEKS[1])
    run(desk, "--update")
    before = calls(service, "PUT")
    killed_at_the_second_put(desk, service, fault, "undo", "2", "--yes")
    if fault == "hang-before":
        # The window begins with the first answer of the service after the call left.
        assert desk.type("undo", "2", "--yes").code == 5
    service.let_the_window_pass(desk)
    assert desk.type("undo", "2", "--yes").code == 0
    assert (values(service), calls(service, "PUT") - before) == ([WEEKS[0]] * 4, writes)
    assert desk.type("undo", "1", "--yes").code == 0
    assert service.records == []


@pytest.mark.parametrize("with_calendar", [True, False], ids=["with CalendarId", "without CalendarId"])
def test_two_hundred_mappings_are_renewed_five_weeks_in_a_row(
    desk: Desk, service: Service, with_calendar: bool
) -> None:
    """200 records, no create after the first week, a read and a write a row; undoing week 5 gives week 4."""
    changes = {} if with_calendar else {"CalendarId": ""}
    write(desk, WEEKS[0], 200, **changes)
    assert run(desk) == {"code": 0, "created": 200}
    for week in WEEKS[1:5]:
        write(desk, week, 200, **changes)
        assert run(desk, "--update") == {"code": 0, "updated": 200}
    assert values(service) == [WEEKS[4]] * 200
    assert (calls(service, "POST"), calls(service, "PUT")) == (200, 800)
    assert desk.type("undo", "--yes").code == 0
    assert values(service) == [WEEKS[3]] * 200


@pytest.mark.parametrize(
    "options",
    [
        {"list_items": "partial"},
        {"list_lag": 60.0},
        {"system_id_update": "dropped"},
        {"system_id_omitted": "kept"},
        {"omitted": "kept"},
        {"dates": "bare"},
        {"stamps": "hidden"},
        {"answer_stamps": "hidden"},
        {"updated_on": "stays"},
        {"total_items": "off"},
    ],
    ids=str,
)
def test_weeks_are_renewed_and_undone_however_the_service_behaves(
    desk: Desk, serve: Callable[..., Service], options: dict[str, Any]
) -> None:
    """No second record, nothing that only the interface can see is lost, and each week can be taken back."""
    service = serve(unlimited(options))
    write(desk, WEEKS[0])
    assert run(desk) == {"code": 0, "created": 4}
    for week in WEEKS[1:3]:
        write(desk, week)
        assert run(desk, "--update") == {"code": 0, "updated": 4}
        assert [value.removesuffix("Z") for value in values(service)] == [week.removesuffix("Z")] * 4
    assert desk.type("undo", "--yes").code == 0
    assert [value.removesuffix("Z") for value in values(service)] == [WEEKS[1].removesuffix("Z")] * 4
    assert calls(service, "POST") == 4


def unlimited(options: dict[str, Any]) -> SandboxOptions:
    """A sandbox without limits that behaves so."""
    limits = ("writes_per_minute", "writes_per_day", "calls_per_100ms", "calls_per_minute", "calls_per_hour")
    return SandboxOptions(**{**dict.fromkeys(limits), **options})


def test_filling_in_a_part_of_the_key_later_makes_no_second_record(desk: Desk, service: Service) -> None:
    """A record without it may be the row's: held, with or without --update, until somebody enters it in both."""
    write(desk, WEEKS[0], CalendarId="")
    assert run(desk) == {"code": 0, "created": 4}
    write(desk, WEEKS[0])
    for flags in ((), ("--update",)):
        assert run(desk, *flags) == {"code": 1, "not sent": 4}
    assert (len(service.records), calls(service, "PUT")) == (4, 0)


def test_a_colleague_who_deletes_and_makes_again_meets_no_second_record(desk: Desk, service: Service) -> None:
    """The record that is there now is another one than the user agreed to change."""
    write(desk, WEEKS[0])
    run(desk)
    write(desk, WEEKS[1])
    assert run(desk, "--update", "--max-rows", "2")["code"] == 6
    left = next(record for record in service.records if service.state.records[-1]["Id"] == record["Id"])
    service.state.remove(left["Id"])
    again = {name: left[name] for name in LABELS}
    service.state.add(PATH.removeprefix("/api/"), json.dumps(again).encode())
    done = desk.type("resume", "--json")
    assert (done.code, done.json["counts"]["updated"], done.json["counts"]["not sent"]) == (1, 3, 1)
    assert sorted(values(service)) == [WEEKS[0], WEEKS[1], WEEKS[1], WEEKS[1]]
    # Asked anew, the user may agree to change that one.
    assert run(desk, "--update") == {"code": 0, "existing": 3, "updated": 1}
    assert values(service) == [WEEKS[1]] * 4


def test_forty_updates_end_under_the_published_limits(desk: Desk, serve: Callable[..., Service]) -> None:
    """One call in 100 ms, 60 writes and 120 calls a minute: reads and writes share them, and hardly any is refused."""
    service = serve(SandboxOptions())
    del desk.variables["IMPORTER_RATE"]
    for number in range(2, 42):
        there = dict(zip(LABELS, mapping(number, SubscriptionExpireDate=WEEKS[0]), strict=True))
        service.state.add(PATH.removeprefix("/api/"), json.dumps(there).encode())
    write(desk, WEEKS[1], 40)
    assert run(desk, "--update") == {"code": 0, "updated": 40}
    assert values(service) == [WEEKS[1]] * 40
    assert service.state.throttled <= 4
