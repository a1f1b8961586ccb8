"""Rejected and unsent rows once more, as a run of their own."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import GIVE_UP, Desk, Service, mapping, wait_until
from journal.test_runs import NEW

from importer.config.settings import Settings
from importer.journal.announcement_files import AnnouncementFiles
from importer.journal.journal import open_journal
from importer.runs.request import Choices
from importer.runs.result_rows import find_rows
from importer.runs.retry import _choices


def test_refused_rows_are_rejected_with_the_services_words(desk: Desk, service: Service) -> None:
    """A refusal names the field by our name for it, and retry sends only the refused rows."""
    service.fail("400-relation", "false-200", "401-row")
    done = desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 7)]), "--yes", "--json", "--out", "r")
    assert done.json["counts"]["rejected"] == 3
    messages = [row["import_message"] for row in desk.report("r") if row["import_status"] == "rejected"]
    assert any("Coworker" in message for message in messages)
    again = desk.type("retry", "--yes", "--json")
    assert (again.code, again.json["rows"], again.json["counts"]["created"]) == (0, 3, 3)
    assert len(service.records) == 5


def test_rows_that_came_in_with_the_failed_file_are_not_asked_for_again(desk: Desk, service: Service) -> None:
    """Also with another name, which is no part of their key; a row that is still wrong is."""
    service.fail("400-relation", "400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes", "--out", "r")
    failed = desk.folder / "r" / "failed.csv"
    failed.write_text(failed.read_text("utf-8-sig").replace("Room 2", "Room 2b"), "utf-8")
    assert "correct 2 rows" in desk.type("status", "1").out
    service.fail("ok", "400-relation")
    desk.type("run", failed, "--yes")
    told = desk.type("status", "1").out
    assert "Later in run 2: 1 created." in told
    assert "Next: correct 1 row in failed.xlsx" in told
    desk.type("retry", "2", "--yes")
    told = desk.type("status", "1").out
    assert "Later in run 2: 1 created; in run 3: 1 created." in told
    assert "correct" not in told


def test_the_files_of_a_run_hold_the_rows_that_are_left_to_correct(desk: Desk, service: Service) -> None:
    """What a later run has brought in is no longer among them, and is again once that is undone."""
    service.fail("400-relation", "400-relation")
    rows = [*(mapping(n) for n in range(2, 6)), mapping(6, CoworkerId="12.5")]
    desk.type("run", desk.write("rows.csv", rows), "--yes", "--out", "r")
    folder = desk.folder / "r"
    assert len((folder / "failed.csv").read_text("utf-8-sig").splitlines()) == 1 + 3
    desk.type("retry", "1", "--yes")
    failed = (folder / "failed.csv").read_text("utf-8-sig")
    assert (len(failed.splitlines()), "12.5" in failed) == (1 + 1, True)
    messages = [row["import_message"] for row in desk.report("r")]
    assert [message.startswith("Later in run 2: created. Before that: ") for message in messages] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert "Later in run 2: 2 created." in (folder / "report.html").read_text("utf-8")
    assert json.loads((folder / "summary.json").read_text("utf-8"))["sent_again"] == [
        {"run": 2, "status": "created", "rows": 2}
    ]
    shown, _ = find_rows(1, None, "", 9, 0, Settings.model_validate({"home": desk.home}))
    assert ["Later in run 2" in row.outcome.message for row in shown] == [True, True, False, False, False]
    desk.type("undo", "2", "--yes")
    assert len((folder / "failed.csv").read_text("utf-8-sig").splitlines()) == 1 + 3


def test_no_file_to_correct_is_left_once_all_rows_came_in(desk: Desk, service: Service) -> None:
    """Imported again, it would only ask for what exists."""
    service.fail("400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 4)]), "--yes", "--out", "r")
    desk.type("retry", "1", "--yes")
    assert not list((desk.folder / "r").glob("failed.*"))


def corrected(desk: Desk, folder: str) -> Path:
    """The file of failed rows of a report, corrected, with the time that it had before."""
    path = desk.folder / folder / "failed.csv"
    before = path.stat()
    path.write_text(path.read_text("utf-8-sig").replace("Room 2", "Room 2b"), "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return path


def test_a_file_that_is_being_corrected_stays_as_it_is(desk: Desk, service: Service) -> None:
    """Whoever corrects it has typed what is nowhere else; the other files of the report say what came of the rows."""
    service.fail("400-relation", "400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes", "--out", "r")
    failed, page = corrected(desk, "r"), desk.folder / "r" / "report.html"
    page.write_text(page.read_text("utf-8") + "<!-- Room 2b: phoned -->", "utf-8")
    told = desk.type("retry", "1", "--yes").err
    assert "The report of run 1 was updated. Left as you have changed it: failed.csv, report.html." in told
    assert all("Room 2b" in path.read_text("utf-8") for path in (failed, page))
    assert all("Later in run 2" in row["import_message"] for row in desk.report("r")[:2])
    assert not (desk.folder / "r" / "failed.xlsx").exists()
    # Once more: what was left is no more ours than it was before.
    desk.type("undo", "2", "--yes")
    assert "Room 2b" in failed.read_text("utf-8")
    assert (desk.folder / "r" / "failed.xlsx").exists()


def test_the_report_is_updated_though_the_failed_file_was_corrected_in_place(desk: Desk, service: Service) -> None:
    """As most people do it: the other files must not ask for rows that exist by now."""
    service.fail("400-relation", "400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes", "--out", "r")
    desk.type("run", corrected(desk, "r"), "--yes")
    summary = json.loads((desk.folder / "r" / "summary.json").read_text("utf-8"))
    assert [(one["run"], one["rows"]) for one in summary["sent_again"]] == [(2, 2)]
    assert {path.name for path in (desk.folder / "r").glob("failed*")} == {"failed.csv"}


def test_a_file_that_was_moved_away_is_not_written_again(desk: Desk, service: Service) -> None:
    """And keeps no other from being updated; whoever asks for the report gets all of it."""
    service.fail("400-relation", "400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes", "--out", "r")
    folder = desk.folder / "r"
    (folder / "report.xlsx").rename(desk.folder / "mine.xlsx")
    desk.type("retry", "1", "--yes")
    assert all("Later in run 2" in row["import_message"] for row in desk.report("r")[:2])
    assert not (folder / "report.xlsx").exists()
    assert "report.xlsx" not in json.loads((folder / "summary.json").read_text("utf-8"))["files"]
    desk.type("report", "1")
    assert (folder / "report.xlsx").exists()


def test_a_report_that_is_asked_for_makes_room_for_itself(desk: Desk, service: Service) -> None:
    """What was typed is kept under another name, each time; a file that nobody has changed is replaced."""
    service.fail("400-relation", "400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes", "--out", "r")
    for name in ("failed-changed.csv", "failed-changed-2.csv"):
        corrected(desk, "r")
        assert f"You had changed failed.csv; it is now {name}." in desk.type("report", "1").err
        assert "Room 2b" in (desk.folder / "r" / name).read_text("utf-8")
        assert "Room 2b" not in (desk.folder / "r" / "failed.csv").read_text("utf-8-sig")
    assert "changed" not in desk.type("report", "1").err
    assert len(list((desk.folder / "r").glob("*-changed*"))) == 2


def test_corrections_outlive_the_rest_of_their_run(desk: Desk, service: Service) -> None:
    """The rows to correct of a run that was stopped can be corrected at once; its resume writes the report anew."""
    service.fail("400-relation")
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    desk.type("run", file, "--yes", "--max-rows", "3", "--out", "r")
    corrected(desk, "r")
    done = desk.type("resume")
    assert "You had changed failed.csv; it is now failed-changed.csv." in done.err
    assert "Room 2b" in (desk.folder / "r" / "failed-changed.csv").read_text("utf-8")
    # With its rows gone from the report as well, nothing is lost.
    desk.type("retry", "1", "--yes")
    assert "Room 2b" in (desk.folder / "r" / "failed-changed.csv").read_text("utf-8")


def test_a_folder_that_has_the_report_of_another_run_by_now_is_left_alone(desk: Desk, service: Service) -> None:
    """The same --out day by day: the report of an earlier run does not come back, whatever is imported later."""
    for name, first in (("monday.csv", 2), ("tuesday.csv", 10)):
        service.fail("ok", "400-relation")
        desk.type("run", desk.write(name, [mapping(n) for n in range(first, first + 3)]), "--yes", "--out", "r")
    report = {path.name: path.read_bytes() for path in (desk.folder / "r").iterdir()}
    desk.type("retry", "1", "--yes", "--out", "again")
    desk.type("run", desk.write("other.csv", [mapping(n) for n in range(20, 22)]), "--yes")
    assert {path.name: path.read_bytes() for path in (desk.folder / "r").iterdir()} == report


def test_two_journals_that_number_alike_share_a_folder(desk: Desk, service: Service) -> None:
    """Run 1 of one is not run 1 of the other."""
    service.fail("400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 4)]), "--yes", "--out", "r")
    other = replace(desk, variables=desk.variables | {"IMPORTER_HOME": str(desk.folder / "other-home")})
    other.type("run", desk.write("others.csv", [mapping(n) for n in range(10, 14)]), "--yes", "--out", "r")
    desk.type("retry", "1", "--yes", "--out", "again")
    assert len(desk.report("r")) == 4


@pytest.mark.parametrize("name", ["report.csv", "failed.csv", "failed.xlsx", "report.html", "summary.json"])
def test_a_refresh_that_was_broken_off_is_made_up_for(desk: Desk, service: Service, name: str) -> None:
    """A file that is open elsewhere, here a folder in its place, keeps the next run from nothing."""
    service.fail("400-relation", "400-relation")
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 6)]), "--yes", "--out", "r")
    file = desk.folder / "r" / name
    text = file.read_bytes()
    file.unlink()
    file.mkdir()
    (file / "x").touch()
    service.fail("ok", "400-relation")
    assert desk.type("retry", "1", "--yes").code == 1
    (file / "x").unlink()
    file.rmdir()
    file.write_bytes(text)
    desk.type("retry", "2", "--yes")
    assert all("Later in run" in row["import_message"] for row in desk.report("r")[:2])
    assert not list((desk.folder / "r").glob("failed*"))


def test_a_summary_that_nobody_can_read_ends_no_run(desk: Desk, service: Service) -> None:
    """It may be anybody's file by now."""
    for text in ("[" * 200_000, "7", '"x"', "{", "\x00"):
        service.fail("400-relation")
        desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 4)]), "--yes", "--out", "r")
        (desk.folder / "r" / "summary.json").write_text(text, "utf-8")
        assert desk.type("retry", "--yes").code in (0, 2)
        (desk.folder / "r" / "summary.json").unlink()
        desk.type("undo", "--yes")


def test_an_unfinished_run_is_resumed_and_not_retried(desk: Desk, service: Service) -> None:
    """Its rows would be sent by another run, and it would stay unfinished."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 7)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    refused = desk.type("retry", "--yes")
    assert (refused.code, "importer resume 1" in refused.err) == (2, True), refused
    assert len(service.records) == 2
    assert desk.type("resume").code == 0
    assert len(service.records) == 5


OF_NOW: dict[str, Any] = {"max_rows": 3, "max_duration": 60.0, "out": Path("r"), "profile": "south"}
BEGAN_WITH: dict[str, Any] = {
    "strict": True,
    "allow_duplicates": True,
    "even_if_existing": True,
    "without_list": True,
    "update": True,
    "clear_empty": True,
    "key": ("Name",),
    "max_rows": 1,
    "max_duration": 1.0,
    "picks": {"Boardroom": 7},
    "profile": "north",
    "sandbox": True,
}


def test_a_retry_chooses_as_the_run_did(memory: Path) -> None:
    """Whatever choice there is, but for limits, folder and sign-in: those are of the command."""
    assert {one.name for one in fields(Choices)} == BEGAN_WITH.keys() | {"out", "one_for_all"}
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        parent = journal.runs.add(replace(NEW, options=BEGAN_WITH))
    assert _choices(parent, Choices(**OF_NOW)) == Choices(**(BEGAN_WITH | OF_NOW))


@pytest.mark.parametrize("how", ["retry", "run", "both"])
def test_rows_meant_as_one_more_record_are_retried_as_such(desk: Desk, service: Service, how: str) -> None:
    """Neither found existing, which would leave them unsent for ever, nor created a third time."""
    file = desk.write("rows.csv", [mapping(2), mapping(3)])
    assert desk.type("run", file, "--yes").code == 0
    service.fail("400-relation")
    more = ("run", file, "--yes", "--even-if-existing")
    assert desk.type(*more, "--json").json["counts"]["rejected"] == 1
    assert len(service.records) == 3
    if how != "retry":
        assert desk.type(*more).code == 0
    if how != "run":
        assert desk.type("retry", "2", "--yes", "--json").json["counts"]["created"] == (how == "retry")
    assert sorted(record["Name"] for record in service.records) == ["Room 2", "Room 2", "Room 3", "Room 3"]
    assert desk.type("retry", "2", "--yes", "--json").json["counts"]["existing"] == 1
    assert desk.type(*more).code == 0
    assert len(service.records) == 4


def test_rows_that_repeat_each_other_are_retried_as_meant(desk: Desk, service: Service) -> None:
    """Three equal rows are three records, also if two of them are refused at first."""
    service.fail("400-relation", "400-relation")
    done = desk.type("run", desk.write("rows.csv", [mapping(2)] * 3), "--yes", "--allow-duplicates", "--json")
    assert done.json["counts"]["rejected"] == 2
    assert desk.type("retry", "--yes", "--json").json["counts"]["created"] == 2
    assert len(service.records) == 3


_HOLD = """
import sys
from pathlib import Path
from importer.journal.lock import exclusive_sender
with exclusive_sender(Path(sys.argv[1]), sys.argv[2], 1):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_retry_waits_for_another_run_if_it_is_told_to(desk: Desk, service: Service) -> None:
    """Without ``--wait`` it ends with exit code 7 and begins nothing; with it, the rows are sent in their turn."""
    service.fail("400-relation")
    assert desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes").code == 1
    locks = desk.home / "locks"
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        account = journal.runs.get(1).account or ""
    words = [sys.executable, "-c", _HOLD, str(locks), account]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert desk.type("retry", "--yes").code == 7
        waiting = desk.start("retry", "--yes", "--wait", "--json")
        wait_until(lambda: any(one.command == "retry" for one in AnnouncementFiles(locks).all()))
        assert len(service.records) == 1
        process.communicate()
        out, err = waiting.communicate(timeout=GIVE_UP)
    assert waiting.returncode == 0, err
    assert json.loads(out)["counts"]["created"] == 1
    assert len(service.records) == 2
