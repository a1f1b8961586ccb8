"""A probe finds out what it can, and leaves nothing behind that it does not name."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from conftest import UNLIMITED, Desk, Service, wait_until

from importer.config import probe_file
from importer.config.probe_file import Answer, Point, ProbeResult
from importer.config.settings import Settings
from importer.config.shelf import FileShelf
from importer.delivery.prober import MOST_TRIES, NAME, WRITES, Prober, subject
from importer.guide import find_topic
from importer.journal import lock
from importer.model import Account
from importer.nexudus import Access, Nexudus, Secret
from importer.runs.observer import NullObserver
from importer.runs.probe import ProbePlan, ProbeRequest, probe_service
from importer.sandbox import SandboxOptions
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
PATH = KIND.paths[0]
TOKEN = "0123456789abcdef" * 2
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN

USUAL = dict.fromkeys(Point, YES) | {
    Point.DISPUTED_FIELDS: NO,
    Point.SYSTEM_ID_STAYS: NO,
    Point.THROTTLE_409: UNKNOWN,
    Point.RETRY_AFTER: UNKNOWN,
}
"""What the sandbox does if nothing is switched."""

AFTER_UPDATE = dict.fromkeys(
    (
        Point.DISPUTED_FIELDS,
        Point.SYSTEM_ID_UPDATED,
        Point.SYSTEM_ID_STAYS,
        Point.UPDATED_ON,
        Point.ANSWER_STAMPS,
        Point.OMITTED,
        Point.OFFSETS,
    ),
    UNKNOWN,
)

SWITCHES: list[tuple[dict[str, object], dict[Point, Answer]]] = [
    ({}, {}),
    ({"spellings": ("coworkermsofficecalendars",)}, {Point.FIRST_PATH: NO}),
    ({"spellings": ("coworkermsoffecalendars",)}, {Point.SECOND_PATH: NO}),
    ({"contract": "new"}, {Point.OPTIONAL_FIELDS: NO, Point.DISPUTED_FIELDS: YES}),
    ({"system_id": "dropped"}, {Point.SYSTEM_ID_CREATED: NO, Point.SYSTEM_ID_FILTER: UNKNOWN}),
    ({"system_id": "shortened"}, {Point.SYSTEM_ID_CREATED: NO, Point.SYSTEM_ID_FILTER: UNKNOWN}),
    ({"system_id_filter": "ignored"}, {Point.SYSTEM_ID_FILTER: NO}),
    ({"system_id_update": "dropped"}, {Point.SYSTEM_ID_UPDATED: NO}),
    ({"system_id_omitted": "kept"}, {Point.SYSTEM_ID_STAYS: YES}),
    ({"omitted": "kept"}, {Point.OMITTED: NO}),
    ({"name_filter": "ignored"}, {Point.NAME_FILTER: NO}),
    ({"ignore_filters": True}, {Point.NAME_FILTER: NO, Point.SYSTEM_ID_FILTER: NO}),
    (
        {"list_lag": 3600.0},
        {Point.LISTED_AT_ONCE: NO, Point.NAME_FILTER: UNKNOWN, Point.SYSTEM_ID_FILTER: UNKNOWN},
    ),
    ({"list_items": "partial"}, {Point.WHOLE_ITEMS: NO}),
    ({"largest_page": 250}, {Point.LARGE_PAGES: NO}),
    ({"largest_page": 2}, {Point.LARGE_PAGES: NO}),
    ({"total_items": "off"}, {Point.TOTAL_ITEMS: NO}),
    ({"total_items": "off", "largest_page": 2}, {Point.TOTAL_ITEMS: NO, Point.LARGE_PAGES: NO}),
    ({"order": "descending"}, {Point.ASCENDING: NO}),
    ({"directions": "0/1"}, {Point.DIR_1: NO}),
    ({"stamps": "hidden"}, {Point.STAMPS: NO, Point.UPDATED_ON: UNKNOWN}),
    ({"updates": "405"}, {Point.UPDATES: NO, **AFTER_UPDATE}),
    ({"updated_on": "stays"}, {Point.UPDATED_ON: NO}),
    ({"answer_stamps": "hidden"}, {Point.ANSWER_STAMPS: NO}),
    ({"dates": "bare"}, {Point.DATES_WITH_Z: NO}),
    ({"offsets": "dropped"}, {Point.OFFSETS: NO}),
    ({"offsets": "refused"}, {Point.OFFSETS: NO}),
    ({"date_header": "hidden"}, {Point.DATE_HEADER: NO}),
    ({"deletes": "405"}, {Point.DELETES: NO, Point.GONE_404: UNKNOWN}),
    ({"deletes": "refused"}, {Point.DELETES: NO, Point.GONE_404: UNKNOWN}),
    ({"after_delete": "401"}, {Point.GONE_404: NO}),
]
THROTTLES = [
    ("throttle-409:1", {Point.THROTTLE_409: YES, Point.RETRY_AFTER: YES}),
    ("throttle-409-bare", {Point.THROTTLE_409: YES, Point.RETRY_AFTER: NO}),
    ("throttle-429:0.1", {Point.THROTTLE_409: NO, Point.RETRY_AFTER: NO}),
]


def colleagues(service: Service, number: int = 3) -> list[dict[str, object]]:
    """Records that somebody else made, so that a list has something to order, filter and count."""
    for index in range(number):
        body = {
            "ResourceId": 10 + index,
            "CoworkerId": 20,
            "Name": "Room",
            "SubscriptionExpireDate": "2031-01-01T00:00Z",
        }
        body |= {"SubscriptionId": "theirs", "CalendarId": f"AAMk{index}="}
        service.state.add(PATH, json.dumps(body).encode())
    return [dict(record) for record in service.state.records]


def answers(document: Mapping[str, Any]) -> dict[Point, Answer]:
    """The answers of a probe as its document has them."""
    return {Point(one["point"]): Answer(one["answer"]) for one in document["answers"]}


def shown(desk: Desk) -> ProbeResult:
    """What the file of the latest probe says."""
    return probe_file.read(FileShelf(desk.home), "127.0.0.1", KIND.name)


@pytest.mark.parametrize(("switches", "differences"), SWITCHES, ids=lambda case: ", ".join(map(str, case)) or "usual")
def test_each_switch_changes_its_own_lines(
    desk: Desk, serve: Callable[..., Service], switches: dict[str, Any], differences: dict[Point, Answer]
) -> None:
    """Whatever the service does differently, the probe says that and nothing else; and nothing of it stays behind."""
    # These two would keep a colleague's records from being made or shown.
    late = {name: value for name, value in switches.items() if name in ("spellings", "list_lag")}
    service = serve(replace(UNLIMITED, **{name: value for name, value in switches.items() if name not in late}))
    others = colleagues(service)
    service.state.change(**late)
    done = desk.type("doctor", "--probe", "--yes", "--json")
    [probe] = done.json["probes"]
    assert answers(probe) == USUAL | differences
    assert all(one["detail"].startswith("because ") for one in probe["answers"] if one["answer"] == UNKNOWN)
    left = [record for record in service.state.records if record not in others]
    assert len(left) == (switches.get("deletes") is not None)
    assert all(record["Name"] == probe["leftover"] for record in left)
    assert bool(left) is bool(probe["leftover"])
    assert done.code == (8 if left else 5 if "updates" in switches else 0)
    stored = shown(desk)
    assert {point: stored.answer(point) for point in Point} == answers(probe)


@pytest.mark.parametrize(("fault", "differences"), THROTTLES)
def test_a_throttle_is_noted_where_one_comes(
    desk: Desk, service: Service, fault: str, differences: dict[Point, Answer]
) -> None:
    """None is provoked; one that a read meets is waited for, and its shape is noted."""
    colleagues(service)
    service.state.fail_next(fault, on="read")
    done = desk.type("doctor", "--probe", "--yes", "--json")
    assert answers(done.json["probes"][0]) == USUAL | differences


def test_every_point_is_changed_by_a_switch() -> None:
    """No line of the table of points is one that always says the same."""
    cases = [differences for _, differences in (*SWITCHES, *THROTTLES)]
    assert {point for differences in cases for point in differences} == set(Point)


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_every_record_type_can_be_probed(desk: Desk, service: Service, kind: str) -> None:
    """Each has a file of its own, and `doctor` shows them all."""
    done = desk.type("doctor", "--probe", "--yes", "--json", "--type", kind)
    assert (done.code, service.state.records) == (0, [])
    [probe] = done.json["probes"]
    assert probe["kind"] == kind
    assert desk.type("doctor", "--json").json["probes"] == [probe]


def test_every_member_of_the_document_is_in_the_guide(desk: Desk, service: Service) -> None:
    """What a script may find in a probe stands on the page about documents."""
    topic = find_topic("json-and-exit-codes")
    assert topic is not None
    [probe] = desk.type("doctor", "--probe", "--yes", "--json").json["probes"]
    assert {name for name in (*probe, *probe["answers"][0]) if f"`{name}`" not in topic.markdown} == set()


def test_an_account_without_records_leaves_the_order_open(desk: Desk, service: Service) -> None:
    """Two records are needed to see an order; the filters are then tried for a name that nobody has."""
    done = desk.type("doctor", "--probe", "--yes", "--json")
    assert answers(done.json["probes"][0]) == USUAL | {Point.ASCENDING: UNKNOWN, Point.DIR_1: UNKNOWN}
    service.state.change(ignore_filters=True)
    done = desk.type("doctor", "--probe", "--yes", "--json")
    again = answers(done.json["probes"][0])
    assert (again[Point.NAME_FILTER], again[Point.SYSTEM_ID_FILTER]) == (NO, NO)


FAULTS = [
    "lost-before",
    "lost-after",
    "reset",
    "half-body",
    "500-before",
    "500-after",
    "500-ooops-after",
    "502-html-after",
    "200-html-after",
    "200-empty",
    "throttle-429:0.1",
    "401-row",
    "401-token",
    "403",
    "404",
    "false-200",
    "no-id",
    "id-null",
    "id-string",
    "id-repeated",
    "mangle",
]


@pytest.mark.parametrize("times", [1, MOST_TRIES + 1])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("on", ["create", "update", "delete"])
def test_whatever_is_answered_the_record_is_deleted_or_named(
    desk: Desk, service: Service, on: str, fault: str, times: int
) -> None:
    """A record that may exist is named, one that is not named does not exist, and no other record is touched."""
    others = colleagues(service)
    service.state.fail_next(*[fault] * times, on=on)
    done = desk.type("doctor", "--probe", "--yes", "--json")
    assert service.state.records[: len(others)] == others
    left = service.state.records[len(others) :]
    name = done.json["probes"][0]["leftover"]
    assert len(left) <= 1
    assert not left or (name and name in done.err)
    assert (done.code == 8) is bool(name)
    assert shown(desk).leftover == (name or "")


@pytest.mark.parametrize("fault", ["lost-after", "reset", "500-after", "no-id", "id-repeated", "mangle"])
def test_a_lost_answer_of_the_create_is_made_up_for_by_the_list(desk: Desk, service: Service, fault: str) -> None:
    """The record is looked for by its name and its mark, and the probe goes on with it."""
    others = colleagues(service)
    service.state.fail_next(fault)
    done = desk.type("doctor", "--probe", "--yes", "--json")
    assert (done.code, service.state.records) == (0, others)
    assert answers(done.json["probes"][0])[Point.UPDATES] is YES


@pytest.mark.parametrize("fault", ["throttle-409:999", "lost-before", "403"])
def test_what_only_failed_is_not_taken_for_a_no(desk: Desk, service: Service, fault: str) -> None:
    """A service that was busy, away or careful has not said that its records cannot be updated."""
    service.state.fail_next(*[fault] * (MOST_TRIES + 1), on="update")
    done = desk.type("doctor", "--probe", "--yes", "--json")
    [probe] = done.json["probes"]
    assert answers(probe)[Point.UPDATES] is UNKNOWN
    assert done.code == (8 if probe["leftover"] else 5)


def test_a_service_with_its_limits_is_probed_without_a_throttle(desk: Desk, serve: Callable[..., Service]) -> None:
    """Once it is known whose calls they are, they keep the distance that the settings ask for."""
    service = serve(SandboxOptions())
    del desk.variables["IMPORTER_RATE"]
    assert desk.type("doctor", "--probe", "--yes").code == 0
    assert [call for call in service.state.calls if call.status == 409 and "calendars" in call.path] == []
    assert service.state.records == []


# -- stopping ---------------------------------------------------------------------------------------------------------


class Turns:
    """Lets every write go at once, and does something at one of them, which may then have to wait for ever."""

    def __init__(self, number: int, act: Callable[[], object], *, waits: bool = False) -> None:
        self._left, self._act, self._waits = number, act, waits

    async def take(self) -> float:
        """The turn of one write."""
        self._left -= 1
        if self._left == 0:
            self._act()
            if self._waits:
                await asyncio.Event().wait()
        return 0.0


async def probed(service: Service, turns: Turns, stop: asyncio.Event) -> Prober:
    """A probe of the sandbox, without a front end."""
    access = Access(url=service.url, username="ops@example.com", password=Secret("practice"), client_id="x", timeout=30)
    made = subject(KIND, KIND.paths, {"ResourceId": 1, "CoworkerId": 2}, 1_900_000_000.0, TOKEN)
    async with AsyncExitStack() as stack:
        nexudus = await stack.enter_async_context(Nexudus(access, PATH))
        prober = Prober(nexudus, made, turns.take, lambda _: None, stop, lambda _: None)
        await prober.probe()
    return prober


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("number", range(1, 5))
def test_a_stop_deletes_the_record_first(service: Service, number: int, waits: bool) -> None:
    """Whichever write comes next when the user asks to stop, and even if its turn has not come."""
    others = colleagues(service)

    async def run() -> Prober:
        stop = asyncio.Event()
        return await probed(service, Turns(number, stop.set, waits=waits), stop)

    prober = asyncio.run(run())
    assert (service.state.records, prober.leftover) == (others, "")


@pytest.mark.parametrize("number", range(1, 5))
def test_a_second_ctrl_c_does_not_keep_the_record_either(service: Service, number: int) -> None:
    """The task is cancelled at one of its writes, and deletes the record before it ends."""
    others = colleagues(service)

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        await probed(service, Turns(number, task.cancel), asyncio.Event())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert service.state.records == others


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal")
def test_ctrl_c_deletes_the_record(desk: Desk, service: Service) -> None:
    """The command ends with 130, and says that it was stopped."""
    service.state.change(latency=0.2)
    process = desk.start("doctor", "--probe", "--yes")
    wait_until(lambda: service.state.records)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, service.state.records) == (130, []), err
    assert "because you stopped the probe" in err


def test_what_a_killed_probe_leaves_behind_the_next_one_deletes(desk: Desk, service: Service) -> None:
    """Its name is written down before the create leaves, and `doctor` warns of it until then."""
    service.state.change(latency=0.2)
    process = desk.start("doctor", "--probe", "--yes")
    wait_until(lambda: service.state.records)
    process.kill()
    process.communicate()
    service.state.change(latency=0.0)
    name = service.state.records[0]["Name"]
    warned = desk.type("doctor", "--json")
    [finding] = [one for one in warned.json["findings"] if one["what"] == "Probe"]
    assert (warned.code, finding["good"]) == (2, False)
    assert name in finding["seen"]
    assert desk.type("doctor", "--probe", "--yes").code == 0
    assert (service.state.records, shown(desk).leftover) == ([], "")
    assert desk.type("doctor").code == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_probe_may_be_killed_at_any_write(desk: Desk, service: Service, method: str) -> None:
    """Whether that write still takes effect or not, the next probe leaves nothing of both behind."""
    others = colleagues(service)
    service.state.change(latency=0.2)
    process = desk.start("doctor", "--probe", "--yes")
    wait_until(
        lambda: any(call.method == method and call.path.startswith(f"/api/{PATH}") for call in service.state.calls)
    )
    process.kill()
    process.communicate()
    wait_until(lambda: all(call.status for call in service.state.calls))
    service.state.change(latency=0.0)
    assert shown(desk).leftover.startswith(NAME)
    service.let_the_window_pass(desk)
    assert desk.type("doctor", "--probe", "--yes").code == 0
    assert (service.state.records, shown(desk).leftover) == (others, "")


def test_a_leftover_that_is_not_listed_yet_is_waited_for(desk: Desk, service: Service) -> None:
    """Within the visibility window it may still appear; after it, a list without it shows that there is none."""
    service.state.fail_next("lost-before")
    assert desk.type("doctor", "--probe", "--yes").code == 8
    again = desk.type("doctor", "--probe", "--yes")
    assert (again.code, "Probe again after" in again.err) == (2, True)
    service.let_the_window_pass(desk)
    assert desk.type("doctor", "--probe", "--yes").code == 0


@pytest.mark.parametrize(("fault", "tries"), [("400", 1), ("403", 1), ("status:405", 1), ("500-before", 3)])
def test_a_delete_that_is_refused_is_not_tried_again(desk: Desk, service: Service, fault: str, tries: int) -> None:
    """The user may not delete, and a second call would not change that; what only failed is tried three times."""
    service.state.fail_next(*[fault] * 9, on="delete")
    assert desk.type("doctor", "--probe", "--yes").code == 8
    assert sum(call.method == "DELETE" for call in service.state.calls) == tries


def test_a_leftover_that_cannot_be_deleted_is_left_to_a_person(desk: Desk, service: Service) -> None:
    """No further record is created until somebody has deleted it; a list that is not whole does not show that."""
    service.state.change(deletes="405")
    assert desk.type("doctor", "--probe", "--yes").code == 8
    service.let_the_window_pass(desk)
    [left] = service.state.records
    before = creates(service)
    assert (desk.type("doctor", "--probe", "--yes").code, creates(service)) == (2, before)
    service.state.change(deletes="accepted")
    service.state.remove(int(str(left["Id"])))
    service.state.fail_next(*["list-no-end"] * 9, on="list")
    again = desk.type("doctor", "--probe", "--yes", "--resource", "1", "--coworker", "2")
    assert (again.code, creates(service)) == (2, before)
    service.state.heal("list")
    assert (desk.type("doctor", "--probe", "--yes").code, service.state.records) == (0, [])


def test_a_record_of_another_name_is_never_taken_for_a_leftover(desk: Desk, service: Service) -> None:
    """Not even if its name begins in the same way or its SystemId is empty."""
    others = colleagues(service)
    service.state.edit(int(str(others[0]["Id"])), {"Name": f"{NAME} by hand", "SystemId": ""})
    others = service.state.records
    left = ProbeResult("127.0.0.1", KIND.name, leftover=f"{NAME} 1", leftover_since=1.0)
    probe_file.write(FileShelf(desk.home), left)
    assert desk.type("doctor", "--probe", "--yes").code == 0
    assert service.state.records == others


# -- before anything is created ---------------------------------------------------------------------------------------


def creates(service: Service) -> int:
    """How many records the service was asked to create."""
    return sum(call.method == "POST" and call.path.endswith("calendars") for call in service.state.calls)


@pytest.mark.parametrize("words", [["--json"], []])
def test_nothing_is_created_without_a_word_of_the_user(desk: Desk, service: Service, words: list[str]) -> None:
    """Without a terminal there is nobody to ask, and a document of --json asks nobody."""
    done = desk.type("doctor", "--probe", *words)
    assert (done.code, creates(service), service.state.records) == (2, 0, [])
    assert "--yes" in done.out + done.err


@pytest.mark.parametrize("option", [["--yes"], ["--resource", "5"], ["--coworker", "5"], ["--type", KIND.name]])
def test_the_options_of_a_probe_need_one(desk: Desk, service: Service, option: list[str]) -> None:
    """A mistyped command must not look as if it had probed."""
    done = desk.type("doctor", *option)
    assert (done.code, service.state.calls) == (2, [])
    assert f"{option[0]} goes with --probe" in done.err


def test_who_declines_creates_nothing(desk: Desk, service: Service) -> None:
    """The question comes after what the probe would do, and before the first call that changes anything."""

    class Declines(NullObserver):
        plan: ProbePlan | None = None

        def confirm_probe(self, plan: ProbePlan, _: Account) -> bool:
            self.plan = plan
            return False

        def probing(self) -> AbstractContextManager[asyncio.Event]:
            raise AssertionError("there is nothing to stop")

    observer = Declines()
    settings = Settings.model_validate(
        {"url": service.url, "username": "ops@example.com", "password": "practice", "home": desk.home, "rate": "none"}
    )
    assert asyncio.run(probe_service(ProbeRequest(settings, observer, desk.clock, KIND))) is None
    assert observer.plan is not None
    assert observer.plan.name.startswith(NAME)
    assert set(observer.plan.references) == {"Resource", "Coworker"}
    assert (creates(service), service.state.records) == (0, [])


def test_the_records_to_name_can_be_chosen(desk: Desk, service: Service) -> None:
    """By their Ids; without, the user's own coworker is preferred to others."""
    room, person = max(service.state.space.resources), max(service.state.space.coworkers)
    service.state.fail_next("false-200", "false-200", on="create")
    done = desk.type("doctor", "--probe", "--yes", "--resource", str(room), "--coworker", str(person))
    assert f"(Id {room})" in done.err
    assert f"(Id {person})" in done.err
    user = next(each for each in service.state.space.coworkers.values() if each["Email"] == "ada.abbott@example.com")
    service.state.change(username=user["Email"])
    desk.variables["NEXUDUS_USERNAME"] = str(user["Email"])
    assert f"Ada Abbott (Id {user['Id']})" in desk.type("doctor", "--probe", "--yes").err


def test_a_user_who_may_not_read_is_asked_to_name_records(desk: Desk, serve: Callable[..., Service]) -> None:
    """And with names as well nothing is created: its record could not be looked for."""
    service = serve(replace(UNLIMITED, role="create-403"))
    done = desk.type("doctor", "--probe", "--yes")
    assert (done.code, creates(service)) == (2, 0)
    assert "importer doctor --probe --resource ID" in done.err
    done = desk.type("doctor", "--probe", "--yes", "--resource", "1", "--coworker", "2")
    assert (done.code, creates(service)) == (5, 0)
    assert "cannot be listed" in done.err


def test_a_held_account_and_a_used_up_day_are_left_alone(desk: Desk, service: Service) -> None:
    """The probe takes its place among everything that writes for the account."""
    account = desk.type("whoami", "--json").json["key"]
    with lock.exclusive_sender(lock.folder_of(desk.home / "journal.sqlite3", desk.home), account):
        assert desk.type("doctor", "--probe", "--yes").code == 7
    desk.variables["IMPORTER_DAILY_QUOTA"] = str(WRITES - 1)
    assert desk.type("doctor", "--probe", "--yes").code == 6
    assert creates(service) == 0
    # Each write is counted: after one probe, the rest of the day is too short for a second.
    desk.variables["IMPORTER_DAILY_QUOTA"] = str(WRITES)
    assert desk.type("doctor", "--probe", "--yes").code == 0
    assert desk.type("doctor", "--probe", "--yes").code == 6


def test_a_probe_that_was_cut_short_does_not_replace_a_whole_one(desk: Desk, service: Service) -> None:
    """What was found out before stays, with its date."""
    assert desk.type("doctor", "--probe", "--yes").code == 0
    before = shown(desk)
    service.state.fail_next("false-200", "false-200", on="create")
    done = desk.type("doctor", "--probe", "--yes")
    assert done.code == 5
    assert "because the service did not create the record" in done.err
    assert shown(desk) == before
