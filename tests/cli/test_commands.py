"""The contract of the command: what comes out where, with which exit code, for good input and bad."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time as real_time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from conftest import GIVE_UP, LABELS, UNLIMITED, Desk, Service, mapping, practised, wait_until
from openpyxl import Workbook, load_workbook
from readme import ROOT

from importer.cli import importer
from importer.config.settings import as_environment, load
from importer.journal.journal import open_journal
from importer.sandbox import SandboxOptions

if sys.platform != "win32":
    import pty

KOLKATA = ZoneInfo("Asia/Kolkata")
PROTECTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone.csv": (lambda path: None, "There is no file"),
    "folder.csv": (lambda path: path.mkdir(), "is a folder"),
    "empty.csv": (lambda path: path.write_bytes(b""), "is empty"),
    "blank.csv": (lambda path: path.write_bytes(b"\n\n  \n"), "is empty"),
    "picture.png": (lambda path: path.write_bytes(b"\x89PNG"), "is not a spreadsheet"),
    "text.xlsx": (lambda path: path.write_text("a,b"), "is not a valid .xlsx workbook"),
    "torn.xlsx": (lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 50), "cannot be read"),
    "quote.csv": (lambda path: path.write_text(f'{",".join(LABELS)}\n1,"2\n3,4\n'), "is not closed"),
    "other.csv": (
        lambda path: path.write_text("Name,Room,CowokerId\na,1,2\n"),
        'If "CowokerId" is the CoworkerId, rename it',
    ),
    "double.csv": (
        lambda path: path.write_text("Room ID,ResourceId\n1,2\n"),
        "More than one column is read as ResourceId",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("command", ["check", "run"])
def test_an_unreadable_file_is_one_sentence_and_exit_3(desk: Desk, name: str, command: str) -> None:
    """A file that cannot be read gets one sentence and what to do; nothing is created."""
    make, sentence = UNREADABLE[name]
    make(desk.folder / name)
    before = sorted(desk.folder.iterdir())
    done = desk.type(command, name)
    assert (done.code, done.out) == (3, "")
    assert sentence in done.err
    assert len(done.err.strip().splitlines()) <= 3
    assert sorted(desk.folder.iterdir()) == before


def test_a_file_with_only_a_header_has_no_rows(desk: Desk, service: Service) -> None:
    """A header without rows is said to hold nothing, and no run is begun."""
    done = desk.type("run", desk.write("header.csv", []), "--yes")
    assert done.code == 3
    assert "no rows" in done.err


def test_check_json_is_one_document(desk: Desk) -> None:
    """Check --json has the counts and, for each issue, where, what and what to do; it needs no sign-in."""
    file = desk.write("rows.csv", [mapping(2), mapping(3, ResourceId="12,5")])
    done = desk.type("check", file, "--json", "--offline")
    assert done.code == 1
    document = done.json
    assert {k: document[k] for k in ("schema", "rows", "valid", "invalid")} == {
        "schema": 1,
        "rows": 2,
        "valid": 1,
        "invalid": 1,
    }
    issue = next(issue for issue in document["issues"] if issue["severity"] == "error")
    assert issue == {
        "row": 3,
        "cell": "A3",
        "label": "ResourceId",
        "field": "ResourceId",
        "code": "not-a-whole-number",
        "severity": "error",
        "value": "12,5",
        "message": 'ResourceId must be a whole number: "12,5".',
        "fix": issue["fix"],
    }


@pytest.mark.parametrize(
    ("name", "words", "ignored"),
    [
        ("rows.csv", ["--sheet", "March"], ["--sheet"]),
        ("rows.csv", ["--delimiter", ",", "--encoding", "utf-8"], []),
        ("calendars.ods", ["--delimiter", ";", "--encoding", "cp1252"], ["--encoding and --delimiter"]),
        ("calendars.ods", [], []),
    ],
)
def test_an_option_that_does_not_apply_is_named(desk: Desk, name: str, words: list[str], ignored: list[str]) -> None:
    """Passed over without a word, it would look as if it had worked."""
    desk.write("rows.csv", [mapping(2)])
    shutil.copy(ROOT / "samples" / "calendars.ods", desk.folder)
    notices = desk.type("check", name, *words, "--offline", "--json").json["notices"]
    assert [each["values"]["names"] for each in notices if each["code"] == "option-ignored"] == ignored


def _polish(desk: Desk, name: str, *rows: list[object]) -> None:
    """A file in the code page of Polish Windows, with what a database says below it."""
    lines = [";".join(map(str, row)) for row in [list[object](LABELS), *rows]]
    (desk.folder / name).write_bytes("\r\n".join([*lines, f"({len(rows)} rows affected)", ""]).encode("cp1250"))


def test_a_file_in_a_code_page_is_asked_about_once(desk: Desk) -> None:
    """Check, plan, run, report and the next file: all in the encoding that was named, and no letter is another."""
    _polish(desk, "pl.csv", practised(2, Name="Sala Łódź"), practised(3, Name="Książę", ResourceId="x"))
    for words in (["check", "pl.csv", "--offline"], ["run", "pl.csv", "--sandbox", "--yes"]):
        refused = desk.type(*words)
        assert refused.code == 3
        assert "--encoding cp1250" in refused.err
        assert "Sala Łódź" in refused.err
    checked = desk.type("check", "pl.csv", "--offline", "--encoding", "cp1250", "--json").json
    assert [notice["code"] for notice in checked["notices"]] == ["row-left-out"]
    assert (checked["rows"], checked["valid"]) == (2, 1)
    done = desk.type("run", "pl.csv", "--sandbox", "--yes", "--json", "--out", "first")
    assert (done.code, done.json["rows"], done.json["counts"]["created"]) == (1, 2, 1)
    assert [notice["code"] for notice in done.json["notices"]] == ["encoding-remembered", "row-left-out"]
    assert [row["Name"] for row in desk.report("first")] == ["Sala Łódź", "Książę"]
    (desk.folder / "first" / "report.csv").unlink()
    again = desk.type("report", "1", "--out", "again", "--json")
    assert again.json["notices"] == done.json["notices"]
    assert [row["Name"] for row in desk.report("again")] == ["Sala Łódź", "Książę"]
    assert desk.type("check", "first/failed.csv", "--offline", "--json").json["notices"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_person_at_a_terminal_chooses_the_encoding_by_a_line_of_the_file(desk: Desk) -> None:
    """The likeliest is the first; the answer is remembered."""
    assert sys.platform != "win32"
    _polish(desk, "pl.csv", mapping(2, Name="Sala Łódź"), mapping(3, Name="Książę"))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "importer", "check", "pl.csv", "--offline"]
    with subprocess.Popen(
        command, cwd=desk.folder, env=desk.environment, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True
    ) as process:
        os.write(ours, b"1\n")
        out, _ = process.communicate(timeout=GIVE_UP)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, out
    assert re.search(r"1  (Sala Łódź · Książę|Książę · Sala Łódź)   \(cp1250\)", shown)
    assert desk.type("check", "pl.csv", "--offline").code == 0


def test_check_json_tells_the_issues_in_order(desk: Desk) -> None:
    """Whole columns first, then row by row from the left: equal cells, quotes, extra cells and equal rows alike."""
    rows = [mapping(2, Name=""), mapping(3, ResourceId='1"2', Name=""), mapping(4), mapping(4), [*mapping(6), "", "!"]]
    file = desk.write("rows.csv", rows, [*LABELS, "Remark"])
    issues = desk.type("check", file, "--json", "--offline").json["issues"]
    assert [(issue["row"], issue["cell"], issue["message"]) for issue in issues] == [
        (None, "G1", 'Column "Remark" is not used.'),
        (2, "C2", "Name is empty."),
        (3, "A3", 'ResourceId must be a whole number: "1"2".'),
        (3, "C3", "Name is empty."),
        (5, None, "Row 5 repeats row 4."),
        (6, "H6", 'Row 6 has more cells than the header: "!".'),
    ]


def test_a_missing_sign_in_is_exit_4_before_any_row(desk: Desk, service: Service) -> None:
    """Without anything to sign in with, run says what to set and sends nothing."""
    del desk.variables["NEXUDUS_PASSWORD"]
    done = desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes")
    assert done.code == 4
    assert "NEXUDUS_TOKEN" in done.err
    assert service.creates == 0


def test_wrong_sign_in_is_exit_4_and_shows_no_secret(desk: Desk, service: Service) -> None:
    """A refused password ends before any row, and appears nowhere."""
    desk.variables["NEXUDUS_PASSWORD"] = "canary-4711"
    done = desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes")
    assert done.code == 4
    assert service.creates == 0
    assert "canary-4711" not in done.out + done.err
    kept = [path for path in desk.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"canary-4711" in path.read_bytes()]


def test_a_service_that_is_down_is_exit_5_with_the_resume_command(desk: Desk, serve: Callable[..., Service]) -> None:
    """Nobody there: the run is kept, and the command that is printed goes on with it."""
    service = serve()
    here = desk.variables["NEXUDUS_URL"]
    desk.variables["NEXUDUS_URL"] = f"http://127.0.0.1:{closed_port()}"
    done = desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes", "--out", "report")
    assert done.code == 5
    assert "importer resume 1" in done.out
    assert {row["import_status"] for row in desk.report("report")} == {"not sent"}
    desk.variables["NEXUDUS_URL"] = here
    assert desk.type("resume", "1").code == 0
    assert len(service.records) == 2


@pytest.mark.parametrize("words", [["run", "rows.csv", "--yes"], ["status"]])
def test_a_run_that_is_not_planned_says_no_number_of_rows_to_send(
    desk: Desk, service: Service, words: list[str]
) -> None:
    """Its rows are not in the journal yet: "0 rows left to send" would say that nothing is missing."""
    desk.variables |= {"NEXUDUS_URL": f"http://127.0.0.1:{closed_port()}", "IMPORTER_PATIENCE": "0.1"}
    desk.write("rows.csv", [mapping(1), mapping(2)])
    assert desk.type("run", "rows.csv", "--yes").code == 5
    done = desk.type(*words)
    assert "Next: continue it: importer resume 1" in done.out
    report = (desk.folder / "reports" / "1-rows" / "report.html").read_text("utf-8")
    assert "Continue the run." in report
    assert "0 rows" not in done.out + report


def test_a_service_that_goes_away_is_exit_5(desk: Desk, service: Service) -> None:
    """Calls that are never answered stop the run after five, in doubt, with the resume command."""
    service.fail("ok", *["lost-before"] * 10)
    done = desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 42)]), "--yes", "--json")
    assert done.code == 5
    assert done.json["counts"]["unknown"] <= 9
    assert done.json["counts"]["not sent"] >= 30
    assert done.json["resume"] == "importer resume 1"


def test_a_second_sender_is_exit_7_and_says_who_holds_the_account(desk: Desk, service: Service) -> None:
    """Two runs for one account at a time: the second says who holds it and sends nothing."""
    service.fail(*["hang"] * 58)
    first = desk.start("run", desk.write("a.csv", [mapping(n) for n in range(2, 60)]), "--yes")
    wait_until(lambda: service.records)
    done = desk.type("run", desk.write("b.csv", [mapping(n) for n in range(60, 64)]), "--yes")
    first.kill()
    first.communicate()
    assert done.code == 7
    assert f"process {first.pid}" in done.err
    assert all(int(record["Name"].split()[1]) < 60 for record in service.records)


def test_without_a_terminal_yes_is_needed_and_said(desk: Desk, service: Service) -> None:
    """A run that would have to ask, and cannot, sends nothing and names --yes."""
    done = desk.type("run", desk.write("rows.csv", [mapping(2)]))
    assert done.code == 2
    assert "--yes" in done.err
    assert service.creates == 0
    assert desk.type("history", "--json").json["runs"] == []


def test_strict_sends_nothing_when_a_row_is_invalid(desk: Desk, service: Service) -> None:
    """With --strict one invalid row keeps all the others back."""
    file = desk.write("rows.csv", [mapping(2), mapping(3, Name="")])
    done = desk.type("run", file, "--yes", "--strict", "--json")
    assert (done.code, done.json["counts"]["not sent"], done.json["counts"]["invalid"]) == (1, 1, 1)
    assert service.creates == 0


def test_strict_sends_nothing_when_the_file_is_doubtful(desk: Desk, service: Service) -> None:
    """A row that a filter hides is sent unless --strict, whatever --yes says; both name it."""
    book = Workbook()
    sheet = book.create_sheet("Calendars", 0)
    for row in (LABELS, mapping(2), mapping(3)):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.save(desk.folder / "hidden.xlsx")
    done = desk.type("run", desk.folder / "hidden.xlsx", "--yes", "--strict")
    assert (done.code, service.creates) == (3, 0)
    assert "Nothing was sent (--strict): Hidden and filtered rows are imported too (1)." in done.err
    done = desk.type("run", desk.folder / "hidden.xlsx", "--yes")
    assert (done.code, service.creates) == (0, 2)
    assert "Hidden and filtered rows are imported too (1)." in done.err


def test_every_report_says_how_the_file_was_read(desk: Desk, service: Service) -> None:
    """What the terminal said once is in the page, the workbook and the document of the run."""
    sentence = "Row 1 looks like a title and was skipped. The header is in row 2."
    text = ["Calendars", ",".join(LABELS), ",".join(map(str, mapping(3)))]
    (desk.folder / "title.csv").write_text("\n".join(text), encoding="utf-8")
    assert sentence in desk.type("run", desk.folder / "title.csv", "--yes", "--out", "report").err
    folder = desk.folder / "report"
    assert sentence in (folder / "report.html").read_text("utf-8")
    assert [notice["message"] for notice in json.loads((folder / "summary.json").read_text("utf-8"))["notices"]] == [
        sentence
    ]
    summary = load_workbook(folder / "report.xlsx")["Summary"]
    assert ("How the file was read", sentence) in [tuple(row[:2]) for row in summary.iter_rows(values_only=True)]


def test_a_limit_is_exit_6_and_safe_to_resume(desk: Desk, service: Service) -> None:
    """--max-rows and --max-duration stop cleanly."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 12)])
    assert desk.type("run", file, "--yes", "--max-rows", "3").code == 6
    assert len(service.records) == 3
    desk.variables["IMPORTER_RATE"] = "60/min"
    assert desk.type("resume", "--max-rows", "100", "--max-duration", "2s").code == 6
    desk.variables["IMPORTER_RATE"] = "none"
    assert desk.type("resume", "--max-rows", "100", "--max-duration", "1h").code == 0
    assert len(service.records) == 10


def test_plan_counts_calls_quota_and_time_and_sends_nothing(desk: Desk, serve: Callable[..., Service]) -> None:
    """Plan says what an import costs."""
    service = serve(SandboxOptions())
    del desk.variables["IMPORTER_RATE"]
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 102)])
    plan = desk.type("plan", file, "--json").json["plan"]
    assert (plan["create"], plan["existing"], plan["quota_left"]) == (100, 0, 5000)
    assert 98 <= plan["seconds"] <= 102
    assert service.creates == 0


def test_the_sandbox_inside_remembers_what_was_created(desk: Desk) -> None:
    """Run --sandbox needs nothing else, and a second time everything exists."""
    file = desk.write("rows.csv", [practised(n) for n in range(2, 12)])
    assert desk.type("run", file, "--sandbox", "--yes", "--json").json["counts"]["created"] == 10
    assert desk.type("run", file, "--sandbox", "--yes", "--json").json["counts"]["existing"] == 10


def test_a_report_can_be_built_again(desk: Desk, service: Service) -> None:
    """Report writes the same files from the journal after the folder is gone."""
    desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3, Name="")]), "--yes", "--out", "first")
    assert desk.type("report", "--out", "second").code == 0
    assert desk.report("second") == desk.report("first")


def test_a_copy_that_is_gone_can_be_put_back(desk: Desk, service: Service) -> None:
    """The advice names the path; with the user's file there, the report is written again."""
    file = desk.write("rows.csv", [mapping(2)])
    assert desk.type("run", file, "--yes").code == 0
    [copy] = (desk.home / "files").iterdir()
    copy.unlink()
    gone = desk.type("report", "1")
    assert f"copy it to {copy}, then try again" in gone.err
    copy.write_bytes(file.read_bytes())
    assert (gone.code, desk.type("report", "1").code) == (2, 0)


def test_status_and_history_tell_how_runs_stand(desk: Desk, service: Service) -> None:
    """Status tells of the latest run, history of all, with counts by status."""
    file = desk.write("rows.csv", [mapping(2), mapping(3, Name="")])
    desk.type("run", file, "--yes")
    standing = desk.type("status", "--json").json
    assert (standing["run"], standing["state"]) == (1, "finished")
    assert standing["counts"] | {"created": 1, "invalid": 1} == standing["counts"]
    assert len(desk.type("history", "--json").json["runs"]) == 1


def test_history_says_at_a_glance_what_became_of_the_records(desk: Desk, service: Service) -> None:
    """Created, updated, unchanged, one below the other; the latest run first."""
    for dates in (["2031-01-01"], ["2031-02-01", "2031-02-01"], ["2031-02-01", "2031-03-01", ""]):
        rows = [mapping(n, SubscriptionExpireDate=date and f"{date}T10:00:00Z") for n, date in enumerate(dates, 2)]
        desk.type("run", desk.write("rows.csv", rows), "--yes", "--update")
    lines = desk.type("history").out.splitlines()
    assert [line.partition("rows.csv")[0] for line in lines] == ["Run 3: ~1 =1  ", "Run 2: +1 ~1  ", "Run 1: +1     "]


def test_stop_asks_another_process(desk: Desk, service: Service) -> None:
    """Status names it while it is being sent; stop ends it after the rows under way, safe to resume."""
    service.fail("ok", *["slow:2"] * 87)
    first = desk.start("run", desk.write("a.csv", [mapping(n) for n in range(2, 90)]), "--yes")
    wait_until(lambda: service.records)
    told = desk.type("status", "--json").json
    assert (told["state"], told["next"]) == ("being sent", "importer stop 1")
    assert desk.type("stop").code == 0
    first.communicate(timeout=GIVE_UP)
    assert first.returncode == 130
    assert desk.type("status", "--json").json["next"] == "importer resume 1"


def test_a_file_in_the_current_folder_sends_no_password_elsewhere(desk: Desk, service: Service) -> None:
    """No command goes on with a url from there; even a check would send the token."""
    (desk.folder / "importer.toml").write_text('[profile.x]\nurl = "http://127.0.0.1:9"\n')
    file = desk.write("rows.csv", [mapping(2)])
    for command in (["check", file], ["plan", file], ["run", file, "--yes"], ["whoami"], ["doctor"], ["history"]):
        done = desk.type(*command)
        assert (done.code, "importer.toml sets url in [profile.x]" in done.out + done.err) == (2, True)
    assert not service.creates


def test_settings_tell_where_they_come_from(desk: Desk) -> None:
    """Config names the source of each value and shows no secret."""
    desk.variables |= {"IMPORTER_RATE": "30/min", "NEXUDUS_TOKEN": "canary-4711"}
    (desk.folder / "importer.toml").write_text("concurrency = 2\nrate = '10/min'\n")
    done = desk.type("config", "--json")
    rows = {row["setting"]: row for row in done.json["settings"]}
    assert (rows["rate"]["value"], rows["rate"]["source"]) == ("30/min", "environment")
    assert (rows["concurrency"]["value"], rows["concurrency"]["source"]) == ("2", "importer.toml")
    assert rows["token"]["value"] == "set"
    assert "canary" not in done.out


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IMPORTER_RATE", "fast"),
        ("IMPORTER_CONCURRENCY", "0"),
        ("IMPORTER_DAILY_RESET", "midnight"),
        ("IMPORTER_DAILY_RESET", "Europe"),
        ("NEXUDUS_URL", "http://nexudus.example"),
    ],
)
def test_a_setting_that_cannot_be_used_is_exit_2(desk: Desk, variable: str, value: str) -> None:
    """A wrong setting is named with its value's fault before anything happens."""
    desk.variables |= {"NEXUDUS_TOKEN": "t", variable: value}
    done = desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes")
    assert done.code == 2
    assert "Error:" in done.err


def test_a_process_of_the_pages_works_with_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What its environment says is read as what was passed on, whichever word a setting has for nothing."""
    said = {"rate": "none", "daily_quota": "200", "daily_reset": "Europe/London", "concurrency": "auto"}
    for flags in ({}, said):
        settings = load(flags, files=()).settings
        for name, value in as_environment(settings).items():
            monkeypatch.setenv(name, value)
        assert load({}, files=()).settings == settings


def test_a_used_up_day_that_ends_at_midnight(desk: Desk, service: Service) -> None:
    """With a calendar day of two records, the third waits until midnight there, which a time limit does not allow."""
    desk.variables |= {"IMPORTER_DAILY_QUOTA": "2", "IMPORTER_DAILY_RESET": "Asia/Kolkata"}
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 5)])
    midnight = datetime.combine(datetime.now(KOLKATA).date() + timedelta(days=1), time(), KOLKATA)
    plan = desk.type("plan", file, "--json").json["plan"]
    assert plan["finish"] == pytest.approx(midnight.timestamp(), abs=2)
    done = desk.type("run", file, "--yes", "--max-duration", "1s")
    assert (done.code, len(service.records)) == (6, 2)
    assert "because the daily quota is used up." in done.err


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], {"pandas", "httpx", "sqlalchemy"}),
        (["check", "rows.csv", "--offline"], {"httpx", "sqlalchemy"}),
        (["status"], {"pandas", "httpx"}),
    ],
)
def test_nothing_is_loaded_that_a_command_does_not_need(desk: Desk, words: list[str], unwanted: set[str]) -> None:
    """Help comes at once, and a check that asks nobody waits neither for the network nor for the database."""
    desk.write("rows.csv", [mapping(2)])
    program = f"import sys\nfrom importer.cli import run_cli\nrun_cli({words})\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=desk.folder,
        env=desk.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not unwanted & set(done.stderr.splitlines()[-1].split())


def test_a_service_whose_day_is_used_up_can_still_be_asked(desk: Desk, serve: Callable[..., Service]) -> None:
    """It refuses creates until tomorrow: plan and verify work, resume ends at its time limit and says until when."""
    service = serve(replace(UNLIMITED, writes_per_day=2))
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 7)])
    assert desk.type("run", file, "--yes", "--max-duration", "20s").code == 6
    assert (len(service.records), desk.type("verify").code) == (2, 0)
    planned = desk.type("plan", file, "--json").json["plan"]
    assert (planned["create"], planned["seconds"]) == (3, pytest.approx(86400, abs=60))
    done = desk.type("resume", "--max-duration", "20s")
    assert (done.code, "no call is possible before " in done.err) == (6, True)
    assert len(service.records) == 2


@pytest.mark.parametrize("words", [["--max-duration", "1s"], []])
def test_a_wait_before_the_sending_can_be_ended(desk: Desk, service: Service, words: list[str]) -> None:
    """Everybody was asked to wait for half an hour: that is said, and a time limit or a wish to stop ends it."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    desk.variables |= {"IMPORTER_RATE": "60/min"}
    assert desk.type("run", file, "--yes", "--max-rows", "1").code == 6
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        journal.calls.pause(str(journal.runs.get(1).account), real_time.time() + 1800)
    with desk.start("resume", *words) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "Waiting until" in said
        assert "because Nexudus asked for a pause" in said
        if not words:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=GIVE_UP) == (6 if words else 130)


def test_what_was_undone_is_not_called_unsent(desk: Desk, service: Service) -> None:
    """History, report and undo tell records that are gone again from rows that were never sent."""
    file = desk.write("rows.csv", [mapping(2), mapping(3), mapping(4, Name="")])
    desk.type("run", file, "--yes", "--out", "r")
    desk.type("run", file, "--yes")
    refused = desk.type("undo", "2", "--yes")
    assert "Run 1 of the same file has records. To undo it: importer undo 1" in refused.err
    assert desk.type("undo", "1", "--yes").code == 0
    assert "(1 invalid, 2 deleted by undo)" in desk.type("status", "1").out
    assert "2 deleted by undo" in (desk.folder / "r" / "report.html").read_text("utf-8")
    assert desk.type("verify", "1").out == "Run 1 has no records to verify.\n"


def test_suggested_commands_of_a_practice_run_practise(desk: Desk) -> None:
    """Typed as printed, the next command goes to the practice service again, never to the real one."""
    file = desk.write("rows.csv", [practised(2), practised(3, Name="")])
    assert f"importer plan {file} --sandbox" in desk.type("check", file, "--sandbox").out
    assert f"importer run {file} --sandbox" in desk.type("plan", file, "--sandbox").out
    done = desk.type("run", file, "--sandbox", "--yes", "--out", "r")
    assert "failed.xlsx --sandbox" in done.out
    assert "importer undo 1 --sandbox" in (desk.folder / "r" / "report.html").read_text("utf-8")
    assert desk.type("verify", "1").code == 0
    assert desk.type("verify", "1", "--sandbox").code == 0


def test_two_journals_never_write_into_one_folder(desk: Desk, service: Service) -> None:
    """Two people with a journal each work in one folder; neither's report is lost, and a chosen folder is used."""
    file = desk.write("rows.csv", [mapping(2)])
    folders = []
    for name in ("ada", "ben"):
        desk.variables["IMPORTER_HOME"] = str(desk.folder / name)
        folders.append(desk.type("run", file, "--yes", "--json").json["run"])
        assert desk.type("run", file, "--yes", "--out", "chosen").code == 0
    assert folders == [1, 1]
    assert sorted(path.name for path in (desk.folder / "reports").iterdir()) == ["1-rows", "1-rows-2"]


def test_rows_in_doubt_are_named_with_when_they_can_be_settled(desk: Desk, service: Service) -> None:
    """Status says to reconcile, and reconciling too early says from when on it helps."""
    service.fail("lost-before")
    done = desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes")
    assert done.code == 8
    assert desk.type("status", "--json").json["next"] == "importer reconcile 1"
    for told in (done.err, desk.type("reconcile").err):
        assert "1 unanswered row can be checked again after " in told


def test_the_command_as_a_process(desk: Desk, service: Service) -> None:
    """As a process: data on stdout, everything else on stderr, the exit code as promised, no traceback."""
    file = desk.write("rows.csv", [mapping(2), mapping(3, Name="")])
    done = desk.type_in_a_shell("run", file, "--yes")
    assert done.code == 1
    assert done.out.startswith("Run 1: 1 created, 1 invalid.")
    assert "Plan: 1 record to create" in done.err
    assert "Traceback" not in done.err


def test_whoami_doctor_and_exit_codes(desk: Desk, service: Service) -> None:
    """The small commands answer."""
    assert "ops@example.com" in desk.type("whoami").out
    doctor = desk.type("doctor", "--json")
    assert doctor.code == 0, doctor.out
    assert all(finding["good"] for finding in doctor.json["findings"])
    assert "safe to resume" in desk.type("exit-codes").out


def test_login_without_a_keyring_says_so(desk: Desk, service: Service) -> None:
    """Where there is no keyring, login says what to do instead and keeps nothing in a file."""
    words = ["login", "--username", "ops@example.com"]
    done = CliRunner().invoke(importer, words, input="practice\n", env=desk.environment, obj=desk.clock)
    assert done.exception is None or "NEXUDUS_USERNAME" in str(getattr(done.exception, "advice", ""))


def test_a_password_is_no_flag(desk: Desk) -> None:
    """Every list of processes would show it."""
    done = desk.type("login", "--username", "ops@example.com", "--password", "practice")
    assert done.code == 2
    assert "No such option" in done.err


def test_a_typing_mistake_gets_a_suggestion(desk: Desk) -> None:
    """A mistyped command names the near one, with exit code 2."""
    done = desk.type("chek", "x.csv")
    assert done.code == 2
    assert "check" in done.err


def test_check_gives_the_file_back_with_wrong_cells_red(desk: Desk, service: Service) -> None:
    """--errors-to writes the user's rows with comments, the issues and drop-downs; it goes back in as it is."""
    file = desk.write("rows.csv", [mapping(2), mapping(3, ResourceId="12,5"), mapping(4, CoworkerId="nobody@x.org")])
    before = desk.type("check", file, "--json", "--errors-to", "fix.xlsx").json
    workbook = load_workbook(desk.folder / "fix.xlsx")
    sheet = workbook.worksheets[0]
    assert 'ResourceId must be a whole number: "12,5".' in sheet["A3"].comment.text
    assert sheet["A3"].fill.fgColor.rgb == "FFFBDDDB"
    assert "Issues" in workbook.sheetnames
    assert {str(rule.sqref) for rule in sheet.data_validations.dataValidation} == {"A2:A1048576", "B2:B1048576"}
    after = desk.type("check", "fix.xlsx", "--json").json
    assert (after["rows"], after["invalid"]) == (before["rows"], before["invalid"]) == (3, 2)
    assert desk.type("check", "fix.xlsx", "--errors-to", "fix.xlsx").code == 2
    for name in ("fix", "fix.csv"):
        assert desk.type("check", file, "--errors-to", name).code == 2
        assert not (desk.folder / name).exists()


def test_check_gives_a_workbook_back_as_it_was(desk: Desk, service: Service) -> None:
    """--errors-to marks the wrong cells in the very workbook, with all names to choose from; a plain one says why."""
    book = Workbook()
    for row in (LABELS, mapping(2), mapping(3, CoworkerId="nobody@x.org")):
        book.worksheets[0].append(row)
    book.create_sheet("Prices").sheet_state = "hidden"
    book.save(desk.folder / "rows.xlsx")
    done = desk.type("check", "rows.xlsx", "--errors-to", "fix.xlsx")
    assert "only your rows" not in done.err
    marked = load_workbook(desk.folder / "fix.xlsx")
    assert marked.sheetnames == ["Sheet", "Prices", "Importer lists"]
    rules = {str(rule.sqref): rule.formula1 for rule in marked.worksheets[0].data_validations.dataValidation}
    assert sorted(rules) == ["A2:A3", "B2:B3"]
    assert all(str(place).startswith("'Importer lists'!") for place in rules.values())
    assert desk.type("check", "fix.xlsx", "--json").json["invalid"] == 1
    with zipfile.ZipFile(desk.folder / "rows.xlsx", "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    done = desk.type("check", "rows.xlsx", "--errors-to", "plain.xlsx")
    assert "not the rest of your workbook, because it is digitally signed." in done.err
    assert desk.type("check", "rows.xlsx", "--errors-to", "fix.xlsm").code == 2


def test_columns_are_chosen_and_remembered(desk: Desk) -> None:
    """A label that is not known is guessed but not used; --map chooses, --save remembers it for the same labels."""
    labels = ["Tila", "CowokerId", "Name", "Expiry"]
    file = desk.write("rows.csv", [mapping(2)[:4]], labels)
    found = {c["field"]: (c["column"], c["how"]) for c in desk.type("columns", file, "--json").json["columns"]}
    assert found["CoworkerId"] == ("B", "guess")
    assert found["ResourceId"] == (None, "-")
    assert desk.type("check", file).code == 3
    chosen = ("--map", "Tila=ResourceId", "--map", "CowokerId=CoworkerId")
    assert desk.type("check", file, *chosen).code == 0
    assert desk.type("columns", file, *chosen, "--save").code == 0
    again = desk.type("check", desk.write("more.csv", [mapping(3)[:4]], labels))
    assert (again.code, "column mapping you saved" in again.err) == (0, True)


def test_the_journal_is_described_and_copied(desk: Desk, service: Service) -> None:
    """Where it is, what it holds, that it is sound; a copy serves as a journal and replaces no other file."""
    desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes")
    told = desk.type("journal", "--backup", "copy.sqlite3", "--json").json
    assert (told["runs"], told["rows"], told["fault"]) == (1, {"created": 2}, None)
    desk.variables["IMPORTER_JOURNAL"] = f"sqlite:///{desk.folder / 'copy.sqlite3'}"
    assert desk.type("run", "rows.csv", "--yes", "--json").json["counts"]["existing"] == 2
    del desk.variables["IMPORTER_JOURNAL"]
    again = desk.type("journal", "--backup", "copy.sqlite3")
    assert (again.code, "already exists" in again.err) == (2, True)
    assert "The journal is intact." in desk.type("journal").out


def test_a_damaged_journal_is_not_copied(desk: Desk, service: Service) -> None:
    """Damage is said with exit 2, and no copy is left that looks like a good one."""
    desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 200)]), "--yes")
    file = desk.home / "journal.sqlite3"
    content = bytearray(file.read_bytes())
    content[-3 * 4096 :] = b"\xff" * 3 * 4096
    file.write_bytes(content)
    done = desk.type("journal", "--backup", "copy.sqlite3")
    assert done.code == 2
    assert not (desk.folder / "copy.sqlite3").exists()


ZONELESS = [mapping(n, SubscriptionExpireDate=f"2031-01-0{n} 10:00") for n in range(2, 6)]


def test_a_file_is_not_imported_twice_in_two_readings(desk: Desk, service: Service) -> None:
    """Times read in another zone would double every row: that is refused, whether the run has ended or not."""
    file = desk.write("rows.csv", ZONELESS)
    berlin = ("--tz", "Europe/Berlin")
    assert desk.type("run", file, "--yes", *berlin, "--max-rows", "2").code == 6
    other = desk.type("run", file, "--yes")
    assert (other.code, "importer resume 1" in other.err) == (2, True)
    assert desk.type("run", file, "--yes", *berlin).code == 0
    other = desk.type("run", file, "--yes")
    assert (other.code, "--tz Europe/Berlin" in other.err) == (2, True)
    assert len(service.records) == 4
    assert desk.type("undo", "--yes").code == 0
    assert desk.type("run", file, "--yes").code == 0
    assert len(service.records) == 4


@pytest.mark.parametrize("again", [[], ["--tz", "Asia/Tokyo"], ["--tz", "Europe/Berlin"], ["--even-if-existing"]])
@pytest.mark.parametrize("limit", [[], ["--max-rows", "2"]])
@pytest.mark.parametrize("profile", [[], ["--profile", "north"]])
def test_a_plan_accepts_what_the_import_accepts(
    desk: Desk, service: Service, again: list[str], limit: list[str], profile: list[str]
) -> None:
    """And refuses what it refuses, with the same sentence, whether the import before has ended or not."""
    for setting in ("USERNAME", "PASSWORD"):
        desk.variables[f"NEXUDUS_{setting}_NORTH"] = desk.variables[f"NEXUDUS_{setting}"]
    file = desk.write("rows.csv", ZONELESS)
    desk.type("run", file, "--yes", "--tz", "Europe/Berlin", *limit, *profile)
    planned, done = desk.type("plan", file, *again), desk.type("run", file, "--yes", *again)
    assert (planned.code == 2) is (done.code == 2)
    assert planned.code != 2 or planned.err == done.err


def test_failed_rows_come_back_in_the_reading_they_left_in(desk: Desk, service: Service) -> None:
    """The file of failed rows is imported without any option, and its times mean what they meant."""
    rows = [*ZONELESS, mapping(6, Name="", SubscriptionExpireDate="03/04/2031 10:00"), ZONELESS[0]]
    desk.type(
        "run", desk.write("rows.csv", rows), "--yes", "--tz", "Europe/Berlin", "--dates", "dmy", "--out", "report"
    )
    failed = desk.folder / "report" / "failed.csv"
    failed.write_text(failed.read_text("utf-8-sig").replace('"2006",""', '"2006","Room 6"'), "utf-8-sig")
    done = desk.type("run", failed, "--yes", "--json")
    assert "Europe/Berlin" in done.err
    assert done.json["counts"]["created"] == 1
    assert "2031-04-03T08:00:00Z" in json.dumps(service.records)
    assert len(service.records) == 5


def test_the_next_step_says_how_the_file_is_read(desk: Desk, service: Service) -> None:
    """Typed as printed, it is the same import: the options that decide what is read stand in it."""
    words = (desk.write("my rows.csv", ZONELESS), "--tz", "Europe/Berlin", "--map", "Floor=-")
    assert "my rows.csv' --map Floor=- --tz Europe/Berlin\n" in desk.type("plan", *words).out
    assert " --tz Europe/Berlin\n" in desk.type("check", *words).out
    wrong = (desk.write("wrong.csv", [*ZONELESS, mapping(5, ResourceId="x")]), *words[1:])
    done = desk.type("check", *wrong, "--errors-to", "fix.xlsx")
    assert done.out.endswith("importer plan fix.xlsx --map Floor=- --tz Europe/Berlin\n")


def test_the_next_step_names_the_same_table_of_a_copied_workbook(desk: Desk) -> None:
    """The copy holds whatever else the workbook does: without these options, another list could be read from it."""
    book = Workbook()
    for row in (LABELS, mapping(2), [], LABELS, mapping(3, ResourceId="x"), mapping(4)):
        book.worksheets[0].append(row)
    book.create_sheet("Notes").append(["a"])
    book.save(desk.folder / "rows.xlsx")
    words = ("--sheet", "Sheet", "--header-row", "4")
    typed = f" fix.xlsx {' '.join(words)}\n"
    done = desk.type("check", "rows.xlsx", "--offline", *words, "--errors-to", "fix.xlsx")
    assert done.out.endswith(f"importer plan{typed}")
    again = desk.type("check", "fix.xlsx", "--offline", "--json", *words).json
    assert (again["rows"], again["invalid"]) == (2, 1)
    with zipfile.ZipFile(desk.folder / "rows.xlsx", "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    # A plain copy holds these rows and nothing else.
    done = desk.type("check", "rows.xlsx", "--offline", *words, "--errors-to", "plain.xlsx")
    assert done.out.endswith("importer plan plain.xlsx\n")
    again = desk.type("check", "plain.xlsx", "--offline", "--json").json
    assert (again["rows"], again["invalid"]) == (2, 1)


def test_nobody_is_told_to_correct_cells_where_none_is_red(desk: Desk) -> None:
    """With nothing wrong, the next step is that of the file itself."""
    done = desk.type("check", desk.write("rows.csv", [mapping(2)]), "--offline", "--errors-to", "fix.xlsx")
    assert "Next: importer plan" in done.out
    assert "rows.csv" in done.out.splitlines()[-1]


def test_an_unknown_zone_is_a_wrong_option(desk: Desk) -> None:
    """It is said as such, with an example."""
    done = desk.type("check", desk.write("rows.csv", ZONELESS), "--tz", "Europe/Londn")
    assert (done.code, 'no time zone "Europe/Londn"' in done.err) == (2, True)


def test_nobody_is_stopped_where_nobody_sends(desk: Desk, service: Service) -> None:
    """A run that stands still is not said to stop; status names it although a later run has ended."""
    desk.type_in_a_shell("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes", "--max-rows", "1")
    assert "there was nothing to stop" in desk.type("stop").out
    desk.type("run", desk.write("other.csv", [mapping(4)]), "--yes")
    assert "Run 1 is unfinished. To continue: importer resume 1" in desk.type("status").out
    assert "Unfinished" not in desk.type("status", "2").out


def test_an_undone_run_has_nothing_to_verify(desk: Desk, service: Service) -> None:
    """Verify says so instead of an empty table; undo's estimate is about what it takes."""
    desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3)]), "--yes")
    undone = desk.type("undo", "--yes")
    assert "less than a minute" in undone.err + undone.out
    assert "no records to verify" in desk.type("verify").out


def test_a_command_goes_by_the_clock_that_it_is_handed(desk: Desk, service: Service) -> None:
    """What has passed, and when a run began, does not depend on the day on which this is tried."""
    file = desk.write("rows.csv", [mapping(2, SubscriptionExpireDate="2031-01-03T10:00:00Z")])
    for day, codes in (("2031-01-01", []), ("2031-01-04", ["date-past"]), ("2030-12-20", ["date-far-ahead"])):
        desk.clock = datetime.fromisoformat(f"{day}T09:00:00+00:00").timestamp
        found = desk.type("check", file, "--offline", "--json").json["issues"]
        assert [issue["code"] for issue in found] == codes
    run = desk.type("run", file, "--yes", "--json")
    assert (run.code, run.json["started"], run.json["finished"]) == (0, "2030-12-20T09:00:00Z", "2030-12-20T09:00:00Z")
