"""The commands that only show something: each says in words why its exit code is not 0."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from conftest import LABELS, Desk, Service, mapping


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_columns_say_what_a_check_would_say(desk: Desk, words: list[str]) -> None:
    """Which fields have no column and what to do, below the table, or on stderr beside the one document."""
    file = desk.write("rows.csv", [[1, 2, 3]], ["Foo", "Bar", "CowokerId"])
    done, checked = desk.type("columns", file, *words), desk.type("check", file)
    assert (done.code, checked.code) == (3, 3)
    assert done.err.rstrip().endswith(checked.err.removeprefix("Error: ").rstrip())
    assert "The file has no column for ResourceId" in done.err
    assert "CowokerId" in done.out
    assert not words or done.json["columns"][0]["field"] == "ResourceId"


def test_columns_that_are_all_there_need_no_sentence(desk: Desk) -> None:
    """The optional ones may be missing."""
    done = desk.type("columns", desk.write("rows.csv", [mapping(2)[:4]], LABELS[:4]))
    assert (done.code, done.err) == (0, "")


def test_when_to_come_back_is_said_wherever_a_stopped_run_is_shown(desk: Desk, service: Service) -> None:
    """At its end, in the status and in the report; before that, resuming would only wait for the quota."""
    desk.variables["IMPORTER_DAILY_QUOTA"] = "2"
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    done = desk.type("run", file, "--yes", "--max-duration", "1h", "--out", "r")
    assert done.code == 6
    summary = json.loads((desk.folder / "r" / "summary.json").read_text("utf-8"))
    status = desk.type("status", "--json").json
    after = datetime.fromisoformat(summary["resume_after"])
    assert timedelta(hours=23) < after - datetime.now(UTC) < timedelta(hours=25)
    assert abs(datetime.fromisoformat(status["resume_after"]) - after) < timedelta(minutes=1)
    for text in (done.out, desk.type("status").out):
        assert re.search(r"Next: continue it \(2 rows left to send\) after .*\d\d:\d\d", text)
    assert f"after {after:%Y-%m-%d %H:%M} UTC" in (desk.folder / "r" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("why", ["limit", "finished"])
def test_without_a_wait_there_is_no_time_to_come_back(desk: Desk, service: Service, why: str) -> None:
    """A run that was stopped at a limit of its own can go on at once; one that is done need not."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    done = desk.type("run", file, "--yes", "--json", *(["--max-rows", "2"] if why == "limit" else []))
    assert (done.json["resume_after"], desk.type("status", "--json").json["resume_after"]) == (None, None)
    assert " after " not in desk.type("status").out
