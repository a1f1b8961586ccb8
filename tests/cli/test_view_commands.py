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


def test_a_folder_is_trusted_as_it_is_now(desk: Desk) -> None:
    """The refusal names the file and the command; what is trusted is shown, listed, and can be taken back."""
    desk.variables["IMPORTER_HOME"] = str(desk.folder / "elsewhere")
    (desk.folder / "importer.toml").write_text('proxy = "http://ines:canary@127.0.0.1:9"\n[profile.x]\nca_file = "a"\n')
    refused = desk.type("config")
    assert (refused.code, "importer.toml sets proxy" in refused.err) == (2, True)
    assert "importer config trust" in refused.err
    asked = desk.type("config", "trust")
    assert (asked.code, "add --yes" in asked.err) == (2, True)
    trusted = desk.type("config", "trust", "--yes")
    assert trusted.code == 0
    assert "proxy = http://ines:***@127.0.0.1:9" in trusted.out
    assert "ca_file = a in [profile.x]" in trusted.out
    assert desk.type("config", "--json").json["trusted_folders"] == [str(desk.folder.resolve())]
    assert f"Trusted folder: {desk.folder.resolve()}" in desk.type("config").out
    removed = desk.type("config", "trust", "--remove", desk.folder)
    assert "is no longer trusted" in removed.out
    assert desk.type("config").code == 2
    assert "was not trusted" in desk.type("config", "trust", "--remove").out
    assert "canary" not in "".join(each.out + each.err for each in (refused, asked, trusted, removed))


def test_where_nothing_needs_trust_none_is_given(desk: Desk) -> None:
    """A file that says nothing about where secrets go, and a folder without one."""
    for text in (None, "concurrency = 2\n"):
        if text is not None:
            (desk.folder / "importer.toml").write_text(text)
        done = desk.type("config", "trust", "--yes")
        assert (done.code, "nothing to trust" in done.out) == (0, True)
    assert desk.type("config", "--json").json["trusted_folders"] == []
