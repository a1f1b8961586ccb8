"""Creates that were refused: whatever the answer, the report says what became of them, and undo takes it back."""

import json
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from conftest import LABELS, Desk, Service, mapping
from delivery.kit import STATUSES

from importer.config.settings import Settings
from importer.errors import Exit
from importer.runs.status import run_status
from importer.web.auth import Role
from importer.web.step_cards import cards
from runs.kit import PATH, names, once, rows

THROTTLE = 429
"""Its word has to be believed: the row is sent again."""


def statuses(desk: Desk, folder: str = "report") -> list[str]:
    """How the rows of a report ended."""
    return [row["import_status"] for row in desk.report(folder)]


@pytest.mark.parametrize("status", [status for status in STATUSES if status != THROTTLE])
def test_a_create_that_was_carried_out_is_never_denied(desk: Desk, service: Service, status: int) -> None:
    """The row is created, with the Id of its record; the next command goes on, and undo leaves nothing behind."""
    service.fail("ok", f"status-after:{status}")
    desk.type("run", rows(desk), "--yes", "--out", "report")
    assert statuses(desk)[1] == "created"
    ids = {record["Name"]: str(record["Id"]) for record in service.records}
    assert desk.report("report")[1]["import_id"] == ids["Room 3"]
    if statuses(desk) != ["created"] * 5:
        # Sending stopped there.
        assert desk.type("resume").code == Exit.DONE
    assert statuses(desk) == ["created"] * 5
    assert once(service, 5)
    assert desk.type("undo", "--yes").code == Exit.DONE
    assert service.records == []


@pytest.mark.parametrize("status", STATUSES)
def test_a_create_that_was_not_carried_out_is_never_claimed(desk: Desk, service: Service, status: int) -> None:
    """Rejected, still to be sent, or without an answer; what is called created is there, once."""
    service.fail("ok", f"status:{status}")
    desk.type("run", rows(desk, 3), "--yes", "--out", "report")
    ended = statuses(desk)
    assert ended[1] in {"rejected", "not sent", "unknown", "created"}
    created = [row["Name"] for row in desk.report("report") if row["import_status"] == "created"]
    assert names(service) == sorted(created)


@pytest.mark.parametrize("by", ["colleague@example.com", "ops@example.com"])
@pytest.mark.parametrize("fault", ["status:403", "status:400"])
def test_a_record_that_is_made_elsewhere_after_the_refusal_is_not_the_rows(
    desk: Desk, service: Service, fault: str, by: str
) -> None:
    """By a colleague, or by ourselves on another machine: only what shows at once can be the effect of the call."""
    service.fail("ok", fault)
    desk.type("run", rows(desk, 3), "--yes", "--out", "report")
    body = json.dumps(dict(zip(LABELS, mapping(3), strict=True))).encode()
    service.state.add("spaces/coworkermsoffecalendars", body, by=by)
    desk.type("resume", "1") if fault == "status:403" else desk.type("retry", "1", "--yes", "--out", "again")
    assert once(service, 3)
    desk.type("undo", "1", "--yes")
    assert "Room 3" in names(service)


def test_an_equal_record_that_was_there_before_is_not_the_rows(desk: Desk, service: Service) -> None:
    """With a further record on purpose, the one that is listed is the old one."""
    desk.type("run", desk.write("first.csv", [mapping(2)]), "--yes", "--out", "first")
    service.fail("status:400")
    desk.type("run", rows(desk, 1), "--yes", "--even-if-existing", "--out", "report")
    assert statuses(desk) == ["rejected"]
    assert len(service.records) == 1


@pytest.mark.parametrize(("fault", "lists"), [("ok", 2), ("status:400", 3), ("status:403", 3)])
def test_the_list_is_read_once_more_only_if_a_row_was_refused(
    desk: Desk, service: Service, fault: str, lists: int
) -> None:
    """However many rows were. The other two are those of the plan and of the comparison before the first call."""
    service.fail("ok", fault, fault)
    desk.type("run", rows(desk), "--yes", "--out", "report")
    assert sum("page=" in call.query and PATH in call.path for call in service.state.calls) == lists


@pytest.mark.parametrize("changes", [{"list_items": "partial"}, {"total_items": "off"}, {"who": "404"}])
@pytest.mark.parametrize("fault", ["status-after:400", "status-after:403"])
def test_the_record_is_recognised_however_the_service_lists(
    desk: Desk, service: Service, fault: str, changes: dict[str, Any]
) -> None:
    """Items without all fields, a count that is off, and a user without a name."""
    service.state.change(**changes)
    service.fail("ok", fault)
    desk.type("run", rows(desk, 3), "--yes", "--out", "report")
    assert statuses(desk)[1] == "created"
    desk.type("resume")
    assert once(service, 3)


@dataclass(frozen=True)
class Stop:
    """Answers to creates for which a run stops, its exit code, and words of what is said then.

    ``steps`` are what to do, one word of each for terminal and report alike, ``page`` the beginning of the first card,
    ``unsent`` why the rows that are left were not sent.
    """

    faults: tuple[str, ...]
    code: Exit
    steps: tuple[str, ...]
    page: str
    unsent: str


STOPS = {
    "redirect": Stop(
        ("redirect",),
        Exit.SERVICE,
        ("calls are redirected", "importer resume 1", "got no answer"),
        "Nexudus redirects the import",
        "the service redirected a call",
    ),
    "403": Stop(
        ("403",),
        Exit.SIGN_IN,
        ("ave ops@example.com given a role", "importer resume 1"),
        "A permission is missing",
        "the user lacks a role for these records",
    ),
    "404": Stop(
        ("404", "404"),
        Exit.SERVICE,
        ("spaces/coworkermsoffecalendars may be the wrong path", "importer resume 1"),
        "Nexudus does not know",
        "the service does not know the path, or records that other rows name",
    ),
    "no answers": Stop(
        ("500-before",) * 5,
        Exit.SERVICE,
        ("importer resume 1", "got no answer"),
        "5 rows without an answer",
        "the service could not be reached or did not answer as expected",
    ),
    "one field": Stop(
        ("400",) * 5,
        Exit.ROWS_FAILED,
        ("because of one column", "importer resume 1"),
        "Nexudus refuses row after row",
        "problems with other rows stopped the run",
    ),
    "an Id twice": Stop(
        ("ok", "id-repeated"),
        Exit.SERVICE,
        ("importer resume 1",),
        "Make sure of the result",
        "the service could not be reached or did not answer as expected",
    ),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_what_to_do_after_a_stop_follows_from_the_answer(desk: Desk, service: Service, stop: Stop) -> None:
    """The same on terminal, report and page; and once the run has continued, nothing of it is left."""
    service.fail(*stop.faults)
    done = desk.type("run", rows(desk, 12), "--yes", "--out", "report")
    assert done.code == stop.code
    shown = done.out[done.out.index("Next: ") :].splitlines()
    report = unescape((desk.folder / "report" / "report.html").read_text("utf-8"))
    listed = report[report.index('<ol class="steps">') :].split("<li>")[1:]
    assert [word in line for word, line in zip(stop.steps, shown, strict=True)] == [True] * len(stop.steps)
    assert [word in line for word, line in zip(stop.steps, listed, strict=False)] == [True] * len(stop.steps)
    status = run_status(1, Settings.model_validate({"home": desk.home}), 0.0)
    assert cards(status.steps, Role.ADMIN, ())[0].title.startswith(stop.page)
    unsent = {
        row["import_message"] for row in desk.report("report") if row["import_message"].startswith("Not sent yet")
    }
    assert unsent == {f"Not sent yet: {stop.unsent}."}
    desk.type("resume")
    again = desk.type("status").out
    assert "unfinished" not in again
    assert stop.steps[0] not in again
