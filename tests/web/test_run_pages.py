"""A run on the pages: watched, paused, stopped, resumed, verified and undone."""

import asyncio
import html
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from conftest import mapping

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.journal.next_steps import StepKind
from importer.journal.schedules import Occurrence, OccurrenceState
from importer.model import Account, Plan, Status
from importer.runs.forget import forget, plan_forgetting
from importer.runs.observer import NullObserver
from importer.runs.request import Choices, ImportRequest
from importer.runs.run import run as run_file
from importer.runs.source import CheckResult
from importer.runs.status import run_status
from importer.sandbox.server import Running
from importer.web.drafts import Drafts
from web.kit import GOOD, Client, Site, dawdle, heal, plain, rows, serving, started, table


@pytest.fixture
def slow_site(slow: Settings) -> Iterator[Site]:
    """The pages over a service that takes ten records a second."""
    with serving(slow) as site:
        yield site


def test_the_history_shows_what_is_scheduled(client: Client, settings: Settings) -> None:
    """When, what comes next and what came of the last; as text, and without where the file is."""
    assert "Scheduled" not in plain(client.get("/runs").text)
    terms = {"weekly": {"days": [0], "at": "07:00", "zone": "Europe/London"}}
    with open_journal(settings.journal_place) as journal:
        now = time.time()
        schedule = journal.schedules.add("/srv/in/May <b>.csv", terms, now, {})
        name, due = "2026-11-30", now - 60
        begun = journal.schedules.begin(
            Occurrence(schedule.id, name, OccurrenceState.BEGUN, due, now, "one", 0, "May <b>.csv")
        )
        assert begun is not None
        journal.schedules.end(begun, OccurrenceState.FAILED, now, reason="May <b>.csv is not there.")
    page = client.get("/runs").text
    assert "/srv/in" not in page
    assert "<b>" not in page
    shown = html.unescape(plain(page))
    assert "every Monday at 07:00 (Europe/London)" in shown
    assert "Next: " in shown
    assert "Nothing was imported of May <b>.csv, due " in shown
    assert "May <b>.csv is not there." in shown
    assert "Scheduled" not in plain(client.get("/runs?q=May").text)


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


def test_a_run_is_paused_resumed_and_stopped_for_good(slow_site: Site, slow: Settings, service: Running) -> None:
    """Pause and Resume go on with the same run; Stop for good ends it, and its unsent rows become a new run."""
    client = slow_site.visitor()
    dawdle(service, 40)
    run = started(client, table(*[mapping(n) for n in range(2, 42)]))
    client.until(run, lambda text: 'id="pause"' in text and run_status(1, slow, time.time()).done > 0)
    client.post(f"{run}/stop")
    client.until(run, lambda text: "<h1>Paused" in text)
    before = run_status(1, slow_site.settings, time.time())
    assert 0 < before.done < 40
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


@pytest.mark.parametrize(
    ("fault", "title", "link"),
    [
        ("403", "A permission is missing in Nexudus", "/runs/1/rows?status=not+sent"),
        ("redirect", "Nexudus redirects the import", "/runs/1/rows?status=not+sent"),
    ],
)
def test_a_run_that_would_stop_again_says_what_to_do_first(
    client: Client, service: Running, settings: Settings, fault: str, title: str, link: str
) -> None:
    """Beside the button that resumes it; once it has been resumed, nothing of it is left."""
    service.state.fail_next("ok", fault)
    run = started(client, table(*[mapping(n) for n in range(2, 22)]))
    text = client.until(run, lambda text: "<h1>Paused" in text)
    assert title in text
    assert f'href="{link}"' in text
    with open_journal(settings.journal_place) as journal:
        stopped = journal.runs.get(1)
        journal.runs.update(stopped, options={**stopped.options, "remedy": StepKind.SIGN_IN})
    assert 'href="/sign-in?next=/runs/1"' in client.get(run).text
    client.post(f"{run}/resume")
    text = client.until(run, lambda text: "What to do next" in text)
    assert title not in text
    assert "/sign-in?next=" not in text


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
    client.until(run, lambda text: "What to do next" in text or "no answer yet" in text)


class _Agreeing(NullObserver):
    """A user who agrees to every plan."""

    def confirm(self, _: CheckResult, __: Plan, ___: Account) -> bool:
        return True


def test_an_undo_counts_the_records_that_are_put_back(client: Client, settings: Settings, tmp_path: Path) -> None:
    """The page says what becomes of created and of updated records, and the number to type is that of both."""
    client.until(started(client, table(mapping(2), mapping(3))), lambda text: "report.csv" in text)
    file = tmp_path / "renewed.csv"
    file.write_bytes(table(mapping(2, Name="Renamed"), mapping(3, Name="Renamed as well"), mapping(4)))
    choices = Choices(update=True)
    assert asyncio.run(run_file(ImportRequest(file, settings, _Agreeing(), time.time, choices=choices))) is not None
    text = plain(client.get("/runs/2/undo").text)
    assert "Delete the 1 record that run 2 created, and put back the 2 that it updated?" in text
    assert "type the number of records: 3" in text
    refused = client.post("/runs/2/undo", {"number": "1"})
    assert "Type 3, the number of records that will be deleted or put back." in plain(refused.text)
    client.post("/runs/2/undo", {"number": "3"})
    client.until("/runs/2", lambda text: 'href="/runs/2/files/undo.csv"' in text)
    status = run_status(2, settings, time.time())
    assert (status.removed, status.restored) == (1, 2)


def test_an_undo_of_a_rebuilt_run_promises_no_number(client: Client, settings: Settings) -> None:
    """What somebody may have changed before the journal was rebuilt is kept, and the page does not count that."""
    client.until(started(client, table(mapping(2), mapping(3))), lambda text: "report.csv" in text)
    with closing(sqlite3.connect(settings.home / "journal.sqlite3")) as db, db:
        db.execute("""UPDATE run SET options = json_set(options, '$.rebuilt', json('true'))""")
    text = plain(client.get("/runs/1/undo").text)
    assert "Delete up to 2 records that run 1 created?" in text
    assert "A record is deleted only if Nexudus shows that nobody has changed it since it was created." in text


def test_refused_rows_are_not_said_to_need_a_change(client: Client, service: Running) -> None:
    """Three words with three meanings, the same in the title, the figures, the lists, the rows and after an undo."""
    service.state.fail_next("ok", "400", "400")
    run = started(client, table(*[mapping(n) for n in range(2, 6)], mapping(6, Name="")))
    text = client.until(run, lambda text: "report.csv" in text)
    summary = "2 of 5 rows created, 1 needs a change, 2 refused by Nexudus"
    assert f"<title>Done: {summary} " in text
    assert f"<h1>{summary}</h1>" in text
    assert "Needs a change Your file has to be corrected" in plain(text)
    assert "Refused by Nexudus The row was sent" in plain(text)
    assert all(summary in client.get(page).text for page in ("/", "/runs"))
    assert plain(client.get(f"{run}/rows").text).count("refused by Nexudus") == 3
    client.post(f"{run}/undo", {"number": "2"})
    text = client.until(run, lambda text: f'href="{run}/files/undo.csv" download>undo.csv</a></p>' in text)
    assert "<h1>Undone: 2 records deleted, 1 row needs a change, 2 rows refused by Nexudus</h1>" in text


def test_rows_that_were_sent_again_are_not_asked_for_again(client: Client, service: Running) -> None:
    """The page of the run, the note about the same file, and the lists say in which run, and offer to send nothing."""
    content = table(*[mapping(n) for n in range(2, 6)])
    service.state.fail_next("ok", "400", "400")
    run = started(client, content)
    assert "Send 2 rows" in client.until(run, lambda text: "report.csv" in text)
    again = client.post(f"{run}/retry").place
    client.until(again, lambda text: "All 2 rows created" in text and "report.csv" in text)
    text = client.get(run).text
    told = "Later in run 2: 2 created"
    assert f"{told}. See run 2" in plain(text)
    assert not [words for words in ("/retry", "2 rows to correct", "Send 2 rows") if words in text]
    assert 'href="/runs/1/undo"' in text
    assert all(f"2 of 4 rows created, 2 refused by Nexudus. {told}" in client.get(page).text for page in ("/", "/runs"))
    text = client.follow(f"{client.draft('same.csv', content)}/check").text
    assert f"2 of 4 rows created, 2 refused by Nexudus. {told}." in plain(text)
    assert "/runs/1/retry" not in text
    client.post(f"{again}/undo", {"number": "2"})
    client.until(again, lambda text: "Undone: 2 records deleted" in text and "undo.csv</a>" in text)
    text = client.get(run).text
    assert ("/retry" in text, told in text) == (True, False)


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
    assert (rows.count("2 deleted"), "not sent (0)" in rows, "undone (8)" in rows) == (1, True, True)
    assert "8 rows Row" in plain(client.get(f"{run}/rows?status=undone").text)
    assert "No row matches that" in client.get(f"{run}/rows?status=not+sent").text
    again = client.draft("again.csv", table(*GOOD, mapping(10, Name="")))
    assert "/retry" not in client.follow(f"{again}/check").text


def test_fifty_starts_at_once_are_one_run(site: Site, client: Client) -> None:
    """Fifty presses of the button in the same moment begin one run, in one process, and lead to it."""
    place = client.draft("rows.csv", rows(*range(2, 12)))
    assert "Create 10 records" in client.follow(f"{place}/plan").text
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: Client(site.port, client.cookie).post(f"{place}/start"), range(50)))
    assert {answer.place for answer in answers} == {"/runs/1"}
    assert client.get("/runs/2").status == 404
    client.until("/runs/1", lambda text: "All 10 rows created" in text)
    assert len(list((site.settings.home / "workers").glob("resume-*.log"))) == 1


def test_a_practice_run_of_the_page_goes_on_as_one(settings: Settings) -> None:
    """A command about it would go to the practice service as well; the page itself goes on without being told."""
    with serving(settings, sandbox=True) as site:
        client = site.visitor()
        place = client.draft("rooms.csv", table(mapping(2), mapping(3, Name="")))
        client.follow(f"{place}/plan")
        run = client.post(f"{place}/start").place
        client.until(run, lambda text: "1 of 2 rows created" in plain(text) and "report.html" in text)
        assert run_status(1, settings, time.time()).run.command("undo") == "importer undo 1 --sandbox"
        assert "importer undo" not in client.get(f"{run}/files/report.html").text
        client.post(f"{run}/verify")
        client.until(run, lambda text: f'href="{run}/files/verification.csv"' in text)


def test_a_forgotten_run_shows_its_numbers_and_no_value(client: Client, settings: Settings) -> None:
    """Its upload and the output of its process are gone as well; what cannot be done any more is refused."""
    place = client.draft("canary.csv", table(*[mapping(n, Name="Canary Cattermole") for n in (2, 3)]))
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "report.csv" in text)
    # The file is there before its process has ended, and that one still works on the run.
    client.until(run, lambda text: "The report is being written" not in text)
    drafts = Drafts(settings.home / "uploads", time.time)
    assert list(drafts.by_run()) == [1]
    plan = plan_forgetting(settings, 1, None, drafts.by_run)
    forget(settings, plan, time.time)
    assert not drafts.by_run()
    assert not list((settings.home / "workers").glob("resume-1*"))
    left = [path for path in settings.home.rglob("*") if path.is_file() and b"Canary" in path.read_bytes()]
    assert left == []
    shown, rows_shown = client.get(run).text, client.get(f"{run}/rows").text
    assert "All 2 rows created" in plain(shown)
    assert "were removed on" in plain(shown)
    assert "Rebuild the report" not in shown
    assert "Canary" not in shown + rows_shown
    assert client.get(f"{run}/rows?q=Canary").status == client.get("/runs").status == 200
    for address in ("report", "verify", "reconcile", "retry", "undo"):
        answer = client.post(f"{run}/{address}", number="2")
        assert (answer.status, "was forgotten on" in plain(answer.text)) == (422, True), address
    assert "was forgotten on" in plain(client.get(f"{run}/undo").text)
