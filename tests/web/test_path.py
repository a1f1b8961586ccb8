"""The way from a file to its results and back, over plain forms: what works without any script."""

import csv
import io
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from openpyxl import Workbook, load_workbook

from importer.config.settings import Settings
from importer.model import Status
from importer.runs.status import run_status
from importer.sandbox.server import Running
from web.kit import Client, Site, dawdle, heal, plain, serving


def table(*rows: list[object], labels: list[str] = LABELS) -> bytes:
    """A CSV file."""
    out = io.StringIO()
    csv.writer(out).writerows([labels, *rows])
    return out.getvalue().encode()


GOOD = [mapping(n) for n in range(2, 10)]


def started(client: Client, content: bytes, name: str = "rows.csv") -> str:
    """The address of a run that was begun from a file."""
    place = client.draft(name, content)
    client.follow(f"{place}/plan")
    return client.post(f"{place}/start").place


@pytest.fixture
def slow_site(slow: Settings) -> Iterator[Site]:
    """The pages over a service that takes ten records a second."""
    with serving(slow) as site:
        yield site


def test_a_file_becomes_records_and_a_report(client: Client, service: Running) -> None:
    """Upload, check, plan, import, results: the numbers add up, every row has its Id, and all is found again."""
    assert "Nothing is sent until you press Import" in client.get("/").text
    content = table(*GOOD, mapping(10, Name=""))
    place = client.draft("rooms.csv", content)
    assert "Import only the 8 good rows" in client.follow(place).text
    plan = plain(client.follow(f"{place}/plan").text)
    assert "Create 8 records in Harbour House?" in plan
    assert "Import 8 rows for practice" in plan
    run = client.post(f"{place}/start").place
    text = client.until(run, lambda text: "report.csv" in text)
    assert "8 of 9 rows created, 1 needs a change" in plain(text)
    assert "<svg" in text
    report = client.get(f"{run}/files/report.csv")
    assert "attachment" in report.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(report.body.decode("utf-8-sig"))))
    assert [line["import_status"] for line in lines] == ["created"] * 8 + ["invalid"]
    rows = client.get(f"{run}/rows").text
    assert all(line["import_id"] in rows for line in lines)
    assert all(f"{line['Name']};" in plain(rows) for line in lines if line["import_status"] == "created")
    assert plain(client.get(f"{run}/rows?status=invalid").text).count("Name is empty") == 1
    assert "Room 7" in client.get(f"{run}/rows?q=Room+7").text
    assert "Room 6" not in client.get(f"{run}/rows?q={lines[5]['import_id']}").text
    assert "No row matches that" in client.get(f"{run}/rows?q=nowhere").text
    assert "rooms.csv" in client.get("/runs?q=rooms").text
    again = client.draft("renamed.csv", content)
    assert "This file was imported before: run 1" in plain(client.follow(f"{again}/check").text)
    assert "There is nothing left to create" in plain(client.follow(f"{again}/plan").text)


def test_a_wrong_cell_is_corrected_in_place(client: Client) -> None:
    """The summary says what the cell says; a saved cell is checked at once, and what is saved is what is imported."""
    place = client.draft("rooms.csv", table(mapping(2), mapping(3, CoworkerId="12.5"), mapping(4, Name="")))
    text = client.follow(f"{place}/check").text
    assert "<title>Error: 2 rows need a change" in text
    assert text.count("CoworkerId must be a whole number: &#34;12.5&#34;.") == 2
    still = client.post(f"{place}/rows/3", {"B": "13.5"}, HX_Request="true")
    assert (still.status, "must be a whole number: &#34;13.5&#34;" in still.text) == (422, True)
    fixed = client.post(f"{place}/rows/3", {"B": "4711"}, HX_Request="true")
    assert fixed.status == 200
    assert "Corrected: this row can be imported" in fixed.text
    assert "1 row of 3 needs a change" in plain(client.follow(f"{place}/check").text)
    assert client.post(f"{place}/rows/4", {"C": "Room 4"}).place.endswith("#row-4")
    assert "All 3 rows can be imported" in plain(client.follow(f"{place}/check").text)


def test_what_was_chosen_and_corrected_is_what_is_imported(client: Client, service: Running) -> None:
    """Columns, cells and row numbers of the page hold in the run and its report; blank lines count."""
    labels = [*LABELS[:2], "Bezeichnung", *LABELS[3:]]
    content = table(mapping(2), [""] * 6, mapping(4, Name=""), labels=labels).replace(b",,,,,\r\n", b"\r\n")
    place = client.draft("rooms.csv", content)
    fields = {f"field-{name}": letters for name, letters in zip(LABELS, "ABCDEF", strict=True)}
    client.follow(client.post(f"{place}/columns", fields).place)
    assert 'id="row-4"' in client.follow(f"{place}/check").text
    client.post(f"{place}/rows/4", {"C": "Cellar"})
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "All 2 rows created" in text and "report.csv" in text)
    report = client.get(f"{run}/files/report.csv").body.decode("utf-8-sig")
    assert [line["import_row"] for line in csv.DictReader(io.StringIO(report))] == ["2", "4"]
    assert [json.loads(body)["Name"] for body in service.state.bodies] == ["Room 2", "Cellar"]


def test_one_button_corrects_all_cells_of_a_cause(client: Client) -> None:
    """Separators and dates that can be read in two ways are corrected for the whole column, and taken back."""
    dates = [mapping(n, ResourceId=f"{n},123", SubscriptionExpireDate=f"0{n}/0{n + 1}/2027") for n in range(2, 6)]
    place = client.draft("rooms.csv", table(*dates))
    text = plain(client.follow(f"{place}/check").text)
    assert "Remove thousands separators (4 cells)" in text
    assert "Read all as day/month/year (4 cells)" in text
    client.post(f"{place}/repair", {"column": "A", "repair": "thousands"})
    client.post(f"{place}/repair", {"column": "D", "repair": "dmy"})
    assert "All 4 rows can be imported" in plain(client.follow(f"{place}/check").text)
    client.post(f"{place}/as-it-came")
    assert "4 rows of 4 need a change" in plain(client.follow(f"{place}/check").text)


def test_columns_are_chosen_and_remembered(client: Client) -> None:
    """Unknown labels are asked for, and the next file with the same header needs no asking."""
    labels = ["Raum", "Person", "Bezeichnung", "Ende", "Abo", "Notiz"]
    content = table(*GOOD, labels=labels)
    place = client.draft("rooms.csv", content)
    text = client.follow(place).text
    assert "The file has no column for ResourceId. Choose the column below" in text
    names = zip(LABELS[:5], "ABCDE", strict=False)
    chosen = {f"field-{name}": letters for name, letters in names} | {"remember": "on"}
    after = client.post(f"{place}/columns", chosen).place
    assert "All 8 rows can be imported" in plain(client.follow(after).text)
    again = client.draft("next.csv", table(*[mapping(n) for n in range(20, 24)], labels=labels))
    assert "All 4 rows can be imported" in plain(client.follow(again).text)


def test_while_the_journal_is_being_written_a_page_waits(client: Client, settings: Settings) -> None:
    """A busy journal is no missing run: the page says so and goes on by itself, and what polls keeps what it shows."""
    place = client.draft("rooms.csv", table(*GOOD))
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "report.csv" in text)
    with closing(sqlite3.connect(settings.home / "journal.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for page in (run, f"{run}/rows", "/runs"):
            answer = client.get(page)
            assert (answer.status, "One moment" in answer.text) == (503, True), page
        assert client.get(f"{run}/progress", HX_Request="true").status == 204
    assert "All 8 rows created" in plain(client.get(run).text)


def test_several_sheets_are_asked_about(client: Client, tmp_path: Path) -> None:
    """A workbook with two filled sheets leads to a choice; the chosen one is read."""
    book = Workbook()
    for name, numbers in (("London", [2, 3]), ("Lisbon", [4, 5, 6])):
        sheet = book.create_sheet(name)
        sheet.append(LABELS)
        for number in numbers:
            sheet.append(mapping(number))
    del book["Sheet"]
    book.save(tmp_path / "two.xlsx")
    place = client.draft("two.xlsx", (tmp_path / "two.xlsx").read_bytes())
    assert "Which sheet of two.xlsx?" in plain(client.follow(place).text)
    after = client.post(f"{place}/sheet", {"sheet": "Lisbon"}).place
    assert "All 3 rows can be imported" in plain(client.follow(after).text)


def test_a_file_that_cannot_be_read_says_why(client: Client) -> None:
    """A damaged, empty or unlike file gets its own sentence under its own name."""
    for name, content, sentence in (
        ("torn.xlsx", b"PK\x03\x04" + b"x" * 50, "torn.xlsx cannot be read as a workbook"),
        ("blank.csv", b"\n\n \n", "blank.csv is empty"),
        ("header.csv", f"{','.join(LABELS)}\n".encode(), "header.csv has a header, but no rows below it"),
    ):
        answer = client.follow(client.upload(name, content).place)
        assert answer.status == 422
        assert sentence in plain(answer.text)
        assert "upload-" not in plain(answer.text)


def test_the_file_with_red_cells_goes_back_in(client: Client, tmp_path: Path) -> None:
    """The download holds every row, wrong cells marked; corrected and uploaded, everything is imported."""
    place = client.draft("rooms.csv", table(mapping(2), mapping(3, Name="")))
    got = client.get(f"{place}/marked.xlsx")
    path = tmp_path / "back.xlsx"
    path.write_bytes(got.body)
    book = load_workbook(path)
    book.worksheets[0]["C3"] = "Room 3"
    book.save(path)
    again = client.draft("back.xlsx", path.read_bytes())
    assert "All 2 rows can be imported" in plain(client.follow(again).text)


def test_a_run_is_paused_resumed_and_stopped_for_good(slow_site: Site, slow: Settings, service: Running) -> None:
    """Pause and Resume go on with the same run; Stop for good ends it, and its unsent rows become a new run."""
    client = slow_site.visitor()
    dawdle(service, 40)
    run = started(client, table(*[mapping(n) for n in range(2, 42)]))
    client.until(run, lambda text: 'id="pause"' in text and run_status(1, slow, time.time()).settled > 0)
    client.post(f"{run}/stop")
    client.until(run, lambda text: "<h1>Paused" in text)
    before = run_status(1, slow_site.settings, time.time())
    assert 0 < before.settled < 40
    client.post(f"{run}/resume")
    client.until(run, lambda text: 'id="pause"' in text)
    client.post(f"{run}/stop", {"how": "for good"})
    text = client.until(run, lambda text: "What to do next" in text)
    assert "not sent" in plain(text)
    heal(service)
    again = client.post(f"{run}/retry").place
    assert again == "/runs/2"
    client.until(again, lambda text: "rows created" in text and "What to do next" in text)
    assert sum(run_status(run, slow_site.settings, time.time()).counts[Status.CREATED] for run in (1, 2)) == 40


def test_a_run_whose_process_is_gone_says_so(slow_site: Site, service: Running) -> None:
    """Killed from outside, the run says that nobody works on it, and Resume finishes it without a double."""
    client = slow_site.visitor()
    dawdle(service, 40)
    run = started(client, table(*[mapping(n) for n in range(2, 42)]))
    client.until(run, lambda text: 'id="pause"' in text and "0 of" not in plain(text)[:400])
    known = json.loads((slow_site.settings.home / "workers" / "resume-1.json").read_text())
    os.kill(known["pid"], signal.SIGKILL)
    text = client.until(run, lambda text: "This run stopped unexpectedly" in text)
    assert 'id="resume"' in text
    heal(service)
    client.post(f"{run}/resume")
    client.until(run, lambda text: "What to do next" in text or "may exist" in text)


def test_pages_are_the_same_after_a_restart_and_in_another_browser(settings: Settings) -> None:
    """Nothing is lost with the server: uploads, corrections and runs are there for the next one."""
    with serving(settings) as site:
        client = site.visitor()
        place = client.draft("rooms.csv", table(mapping(2), mapping(3, Name="")))
        client.post(f"{place}/rows/3", {"C": "Room 3"})
    with serving(settings) as site:
        assert "All 2 rows can be imported" in plain(site.visitor().follow(f"{place}/check").text)


def test_without_a_sign_in_the_plan_asks_for_one(settings: Settings, service: Running) -> None:
    """Nobody signed in: checking works, the plan leads to the sign-in and back; a wrong one says why."""
    with serving(settings.model_copy(update={"username": None, "password": None})) as site:
        client = site.visitor()
        place = client.draft("rooms.csv", table(*GOOD))
        assert "All 8 rows can be imported" in client.follow(place).text
        asked = client.get(f"{place}/plan").place
        assert asked == f"/sign-in?next={place}/plan"
        wrong = client.post("/sign-in", {"username": "ops@example.com", "password": "no"})
        assert "The user name or password is incorrect" in plain(wrong.text)
        right = {"username": "ops@example.com", "password": "practice", "next": f"{place}/plan"}
        assert client.post("/sign-in", right).place == f"{place}/plan"
        assert "Create 8 records" in plain(client.follow(f"{place}/plan").text)


def test_a_run_that_was_undone_says_so_and_offers_no_retry(client: Client) -> None:
    """Deleted records count apart everywhere, are told from rows never sent, and nobody is shown a server's path."""
    run = started(client, table(*GOOD, mapping(10, Name="")))
    client.until(run, lambda text: "report.csv" in text)
    client.post(f"{run}/verify")
    text = client.until(
        run, lambda text: f'href="{run}/files/verification.csv" download>verification.csv</a></p>' in text
    )
    assert "reports/" not in text
    client.post(f"{run}/undo", {"number": "8"})
    text = client.until(run, lambda text: f'href="{run}/files/undo.csv" download>undo.csv</a></p>' in text)
    assert "<h1>Undone: 8 records deleted, 1 row needs a change</h1>" in text
    assert "Deleted 8" in plain(text)
    assert "reports/" not in text
    assert "Not sent" not in plain(text)
    assert "/retry" not in text
    assert "Undone: 8 records deleted" in client.get("/runs").text
    assert "Undone: 8 records deleted" in client.get("/").text
    rows = plain(client.get(f"{run}/rows").text)
    assert (rows.count("2 deleted"), "not sent (0)" in rows, "deleted (8)" in rows) == (1, True, True)
    assert "8 rows Row" in plain(client.get(f"{run}/rows?status=deleted").text)
    assert "No row matches that" in client.get(f"{run}/rows?status=not+sent").text
    again = client.draft("again.csv", table(*GOOD, mapping(10, Name="")))
    assert "/retry" not in client.follow(f"{again}/check").text


def test_the_zone_of_times_without_one_is_asked_openly(client: Client, service: Running) -> None:
    """The page says which zone is meant and takes another; one that there is not is refused at its field."""
    times = [mapping(n, SubscriptionExpireDate=f"2027-03-0{n} 14:00") for n in range(2, 5)]
    place = client.draft("times.csv", table(*times))
    text = client.follow(f"{place}/check").text
    assert text.index('id="zone-form"') < text.index("Plan the import of 3 rows")
    assert 'name="zone" list="zones" autocomplete="off" value="UTC"' in text
    wrong = client.post(f"{place}/check", {"zone": "Mars/North"})
    assert wrong.status == 422
    assert "There is no time zone “Mars/North”" in wrong.text
    assert 'value="Mars/North" aria-describedby="about-zone zone-error" aria-invalid="true"' in wrong.text
    client.follow(client.post(f"{place}/check", {"zone": "Europe/Berlin"}).place)
    assert 'value="Europe/Berlin"' in client.follow(f"{place}/check").text
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "All 3 rows created" in text)
    assert json.loads(service.state.bodies[0])["SubscriptionExpireDate"].startswith("2027-03-02T13:00")


def test_the_encoding_is_chosen_on_the_page(client: Client) -> None:
    """A file that was read by a guess can be read otherwise, and no page names an option of the command line."""
    content = table(mapping(2, Name="Caf\u00e9")).decode().encode("mac_roman")
    place = client.draft("mac.csv", content)
    text = client.follow(f"{place}/check").text
    assert "If that looks wrong, choose its encoding below" in text
    assert "--encoding" not in text
    after = client.post(f"{place}/check", {"encoding": "utf-16"}).place
    text = client.follow(after).text
    assert "cannot be read" in text
    assert "--encoding" not in text
    after = client.post(f"{place}/check", {"encoding": "mac_roman"}).place
    assert "All 1 row can be imported" in plain(client.follow(after).text)
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(f"{run}/rows", lambda text: "Caf\u00e9" in text)


def test_the_header_is_said_to_be_where_it_is(client: Client) -> None:
    """The foot of a page names the row of the header if it is known, and no row else."""
    assert "header" not in client.get("/").text.partition("<footer>")[2]
    place = client.draft("late.csv", b"Calendars of the house\r\n\r\n" + table(*GOOD))
    assert "the header of this file is row 3" in client.follow(f"{place}/check").text


def test_a_guessed_column_is_to_be_confirmed(client: Client) -> None:
    """A guess is asked about, is not said to be missing or left alone, and the next steps are no links yet."""
    labels = [*LABELS[:2], "Nmae", *LABELS[3:], "Notiz"]
    place = client.draft("guess.csv", table(*[[*row, "x"] for row in GOOD], labels=labels))
    text = client.follow(place).text
    assert "Is C: Nmae the Name? Confirm it below, or choose another column." in plain(text)
    assert "The file has no column for Name" not in text
    assert "Not used: G: Notiz ." in plain(text)
    for step in ("check", "plan"):
        assert f'href="{place}/{step}"' not in text


@pytest.mark.parametrize("moment", ["2026-10-25T00:59:50Z", "2028-02-29T23:59:50Z", "2031-01-01T00:00:00Z"])
def test_the_sample_of_the_page_makes_no_warning_on_any_day(settings: Settings, moment: str) -> None:
    """Its dates lie in the week that begins when it is downloaded."""
    with serving(settings, clock=datetime.fromisoformat(moment).timestamp) as site:
        client = site.visitor()
        place = client.draft("sample.csv", client.get("/sample.csv").body)
        text = plain(client.follow(f"{place}/check").text)
    assert "All 8 rows can be imported" in text
    assert "is in the past" not in text
    assert "days ahead" not in text
