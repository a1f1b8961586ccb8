"""Check, plan, run, diff and export from Python, with the practice service on a socket."""

import asyncio
import gzip
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from conftest import UNLIMITED, Desk, Service, mapping, practised, wait_until

import importer
from importer.errors import BusyError, ColumnsError, FileError, SettingsError, SignInError, UsageError
from importer.sandbox import SandboxOptions


@pytest.fixture
def office(service: Service, here: Desk) -> Desk:
    """A program that is signed in."""
    return here


def rows(desk: Desk, number: int, first: int = 1) -> Path:
    """A file of good rows."""
    return desk.write(f"rows-{first}.csv", [mapping(one) for one in range(first, first + number)])


def test_a_file_is_checked_without_a_sign_in(here: Desk) -> None:
    """What is wrong comes as data: each issue with its cell, what it says and what to do."""
    file = here.write("rows.csv", [mapping(1), mapping(2, ResourceId="12a")])
    report = importer.check(file)
    assert (report.rows, report.valid, report.invalid, report.exit_code) == (2, 1, 1, 1)
    assert (report.type, report.file, report.account) == ("CoworkerMsOfficeCalendar", file, None)
    [issue] = [issue for issue in report.issues if issue.severity is importer.Severity.ERROR]
    assert (issue.cell, issue.code, issue.value) == ("A3", "name-not-looked-up", "12a")
    frame = report.issues.to_frame()
    assert len(frame) == len(report.issues)
    assert frame.loc[frame["severity"] == "error", ["row", "cell"]].to_numpy().tolist() == [[3, "A3"]]


def test_a_check_that_is_signed_in_compares(office: Desk) -> None:
    """The rows are said to be what they are to the service; offline, nobody asks it."""
    file = rows(office, 3)
    importer.run(file)
    report = importer.check(file)
    assert report.comparison == {"create": 0, "unchanged": 3, "changed": 0, "ambiguous": 0, "blocked": 0}
    assert report.account is not None
    assert importer.check(file, offline=True).comparison is None


def test_wrong_cells_are_written_in_red(here: Desk) -> None:
    """The workbook that a person corrects is made by the same function as the command's."""
    file = here.write("rows.csv", [mapping(1, ResourceId="12a")])
    report = importer.check(file, errors_to="fix.xlsx")
    assert report.errors_file == Path("fix.xlsx")
    assert (here.folder / "fix.xlsx").exists()
    importer.check(pd.read_csv(file, dtype="str"), errors_to="frame.xlsx")
    assert (here.folder / "frame.xlsx").exists()


def test_a_run_reports_as_the_command_does(office: Desk, service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    """Counts, files and each row, and not a character on the terminal."""
    states: list[importer.RunProgress] = []
    report = importer.run(rows(office, 3), progress=states.append)
    assert report.counts["created"] == sum(report.counts.values()) == service.creates == 3
    assert (report.exit_code, report.run, report.message) == (importer.Exit.DONE, 1, "")
    assert report.files["report.csv"].exists()
    assert report.summary["run"] == 1
    assert [(one.row, one.status, one.remote_id) for one in report.rows()] == [
        (row, importer.Status.CREATED, record["Id"]) for row, record in enumerate(service.records, start=2)
    ]
    assert report.to_frame()["status"].tolist() == ["created"] * 3
    assert (states[-1].done, states[-1].total) == (3, 3)
    assert capfd.readouterr() == ("", "")


def test_a_run_is_confirmed_by_a_function(office: Desk, service: Service) -> None:
    """It is given the plan, and nothing is sent unless it agrees; where there is nothing to send, it is not asked."""
    file, plans = rows(office, 2), list[importer.PlanReport]()

    def decline(plan: importer.PlanReport) -> bool:
        plans.append(plan)
        return False

    declined = importer.run(file, confirm=decline)
    assert (declined.run, declined.exit_code, list(declined.rows())) == (None, 0, [])
    assert [plan.plan.create for plan in plans] == [2]
    assert service.creates == 0
    assert importer.run(file, confirm=lambda _: True).counts[importer.Status.CREATED] == 2
    importer.run(file, confirm=decline)
    assert len(plans) == 1


def test_a_plan_says_what_an_import_would_do(office: Desk, service: Service) -> None:
    """Numbers of rows and seconds; nothing is sent."""
    plan = importer.plan(rows(office, 120), rate="60/min")
    assert (plan.plan.create, plan.exit_code, service.creates) == (120, 0, 0)
    assert plan.plan.seconds == pytest.approx(119, abs=3)


def test_changed_rows_are_held_or_updated(office: Desk, service: Service) -> None:
    """The options decide as those of the command do."""
    importer.run(office.write("rows.csv", [mapping(1)]))
    file = office.write("rows.csv", [mapping(1, Name="Other")])
    assert importer.plan(file).plan.changed == 1
    held = importer.run(file)
    assert (held.counts[importer.Status.NOT_SENT], held.exit_code) == (1, 1)
    [changed] = importer.diff(file).changed
    assert [(one.field, one.there, one.row) for one in changed.fields] == [("Name", "Room 1", "Other")]
    assert importer.run(file, update=True).counts[importer.Status.UPDATED] == 1
    assert importer.diff(file).equal


def test_an_export_comes_back_as_it_is(office: Desk) -> None:
    """As values, as a DataFrame, and as a file; each of the latter two is equal to what the service holds."""
    importer.run(rows(office, 3))
    export = importer.export(out="all.csv")
    assert (len(export), export.total, export.file) == (3, 3, Path("all.csv"))
    assert next(export.rows())["ResourceId"] == 1001
    assert importer.diff("all.csv").equal
    assert importer.diff(export.to_frame()).equal
    with pytest.raises(UsageError, match="already exists"):
        importer.export(out="all.csv")
    assert len(importer.export(resource=1002)) == 1
    with pytest.raises(UsageError, match=r"all\.txt is none of"):
        importer.export(out="all.txt")


def test_a_data_frame_is_imported_as_a_file_is(office: Desk, service: Service) -> None:
    """Its first row is row 2; imported again, its run and its records are recognised."""
    frame = pd.DataFrame([mapping(1), mapping(2)], columns=pd.read_csv(rows(office, 1)).columns)
    report = importer.run(frame)
    assert [one.row for one in report.rows()] == [2, 3]
    assert report.folder is not None
    assert report.folder.name == "1-dataframe"
    assert importer.run(frame).counts[importer.Status.EXISTING] == 2
    assert service.creates == 2


def test_a_packed_file_is_opened(office: Desk) -> None:
    """What the command reads, a program can hand in; reports call it as the caller does."""
    file = rows(office, 2)
    packed = file.with_name("rows.csv.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert importer.check(packed).file == packed
    report = importer.run(str(packed))
    assert (report.counts["created"], report.summary["file"]) == (2, "rows.csv.gz")
    assert not list((office.home / "incoming").iterdir())


@pytest.mark.parametrize("name", ["-", "*.csv", "."])
def test_a_file_is_one_file_and_never_the_input_of_the_program(
    here: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands for something else in a command is a name like any other here."""
    rows(here, 1)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(FileError):
        importer.check(name)


def test_an_address_is_fetched_or_refused_with_what_to_do(here: Desk) -> None:
    """As by the command; no password in it is repeated."""
    with pytest.raises(importer.ImporterError) as refused:
        importer.check("ftp://ines:secret@files.example/rows.csv")
    assert refused.value.advice
    assert "secret" not in f"{refused.value.message} {refused.value.advice}"


def test_the_practice_service_needs_no_sign_in(here: Desk) -> None:
    """With sandbox=True, anybody can try it, and the records stay between two calls."""
    file = here.write("rows.csv", [practised(1), practised(2)])
    assert importer.run(file, sandbox=True).counts[importer.Status.CREATED] == 2
    assert importer.plan(file, sandbox=True).plan.existing == 2
    with pytest.raises(UsageError, match="no profiles"):
        importer.plan(file, sandbox=True, profile="north")


def test_the_time_of_the_practice_service_passes_faster(here: Desk) -> None:
    """With the limits of the real one; a real service has no such time."""
    file = here.write("rows.csv", [practised(number) for number in range(1, 4)])
    report = importer.run(file, sandbox=True, speed=600)
    assert report.counts["created"] == 3
    with pytest.raises(UsageError, match="needs --sandbox"):
        importer.run(file, speed=60)
    with pytest.raises(UsageError, match="speed 0"):
        importer.run(file, sandbox=True, speed=0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"tz": "Mars/Base"}, UsageError, 'no time zone "Mars/Base"'),
        ({"type": "desks"}, UsageError, 'no record type "desks"'),
        ({"header_row": 0}, UsageError, "--header-row 0"),
        ({"max_rows": 0}, UsageError, "--max-rows 0"),
        ({"max_duration": "soon"}, UsageError, "--max-duration"),
        ({"key": ["ResourceId", ""]}, UsageError, "--key"),
        ({"key": "Resource"}, UsageError, 'no field "Resource"'),
        ({"update": True, "allow_duplicates": True}, UsageError, "--allow-duplicates makes further records"),
        ({"clear_empty": True}, UsageError, "needs --update"),
        ({"settings": {"urll": "x"}}, SettingsError, 'Did you mean "url"'),
        ({"settings": {"token": "one"}, "rate": "often"}, SettingsError, "rate"),
        ({"profile": "south"}, SettingsError, 'no profile "south"'),
        ({"profile": ""}, UsageError, "profile name is empty"),
        ({"map": {"Room": "ResourceId"}}, FileError, "Room"),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else "",
)
def test_a_wrong_argument_is_an_error_before_any_call(
    office: Desk, service: Service, arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    """With advice and the exit code of the command; nothing is sent."""
    with pytest.raises(error, match=words) as caught:
        importer.run(rows(office, 1), **arguments)  # type: ignore[arg-type]
    assert isinstance(caught.value, importer.ImporterError)
    assert caught.value.exit_code in {2, 3}
    assert service.creates == 0


def test_errors_say_what_they_are(here: Desk) -> None:
    """No file, no columns, no sign-in: each has its class, its exit code and its advice."""
    with pytest.raises(FileError) as missing:
        importer.check("nothing.csv")
    with pytest.raises(ColumnsError):
        importer.check(here.write("rows.csv", [["a", "b"]], labels=["Colour", "Size"]))
    with pytest.raises(SignInError) as stranger:
        importer.run(rows(here, 1))
    assert (missing.value.exit_code, stranger.value.exit_code) == (3, 4)
    assert missing.value.advice or stranger.value.advice


async def _three_at_once(file: Path) -> list[int]:
    plans = await asyncio.gather(*(importer.plan_async(file) for _ in range(3)))
    return [plan.plan.create for plan in plans]


def test_the_async_form_shares_the_loop(office: Desk) -> None:
    """Several are awaited together."""
    assert asyncio.run(_three_at_once(rows(office, 2))) == [2, 2, 2]


def test_the_waiting_form_works_inside_a_running_loop(office: Desk, service: Service) -> None:
    """In a notebook, where a loop is always running, nothing has to be awaited."""
    file, threads = rows(office, 2), list[str]()

    async def notebook() -> importer.RunReport:
        return importer.run(file, progress=lambda _: threads.append(threading.current_thread().name))

    assert asyncio.run(notebook()).counts[importer.Status.CREATED] == 2
    assert threads[0].startswith("importer")
    with pytest.raises(FileError):
        asyncio.run(_in_a_loop("nothing.csv"))


async def _in_a_loop(file: str) -> importer.CheckReport:
    return importer.check(file)


def test_two_accounts_are_imported_by_two_threads(here: Desk, serve: Callable[..., Service]) -> None:
    """Each with its own settings, at once, with one journal."""
    services = [serve(), serve()]
    files = [rows(here, 20), rows(here, 20, first=101)]

    def work(place: int) -> importer.RunReport:
        settings = {
            "url": services[place].url,
            "username": UNLIMITED.username,
            "password": UNLIMITED.password,
            "rate": "none",
        }
        return importer.run(files[place], settings=settings)

    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(work, range(2)))
    assert [report.counts[importer.Status.CREATED] for report in reports] == [20, 20]
    assert {report.run for report in reports} == {1, 2}
    assert [len(each.records) for each in services] == [20, 20]


def test_a_second_thread_cannot_send_for_the_same_account(office: Desk, service: Service) -> None:
    """It is refused as a second process would be, and nothing is doubled."""
    first, second = rows(office, 3), rows(office, 3, first=11)
    refused: list[BusyError] = []

    def send_another(_: importer.RunProgress) -> None:
        if not refused:
            with pytest.raises(BusyError) as error, ThreadPoolExecutor(1) as thread:
                thread.submit(importer.run, second).result()
            refused.append(error.value)

    assert importer.run(first, progress=send_another).counts[importer.Status.CREATED] == 3
    assert [error.exit_code for error in refused] == [7]
    assert service.creates == 3


SLOW = SandboxOptions(
    writes_per_minute=None,
    writes_per_day=None,
    calls_per_100ms=None,
    calls_per_minute=None,
    calls_per_hour=None,
    latency=0.02,
)


@pytest.fixture
def slow_office(serve: Callable[..., Service], desk: Desk, request: pytest.FixtureRequest) -> Service:
    """A program that is signed in to a service whose answers take a while."""
    service = serve(SLOW)
    request.getfixturevalue("here")
    return service


def test_a_cancelled_run_finishes_the_rows_in_progress(slow_office: Service, desk: Desk) -> None:
    """The task is cancelled, no row is in doubt, the report is written, and the same call sends the rest."""
    file = rows(desk, 60)

    async def give_up() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(importer.run_async(file, concurrency=2, progress=lambda _: begun.set()))
        await begun.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(give_up())
    sent = desk.type("status", "--json").json
    assert 0 < sent["counts"]["created"] < 60
    assert (sent["counts"]["unknown"], sent["exit_code"]) == (0, 130)
    assert (desk.folder / "reports" / "1-rows-1" / "report.csv").exists()
    assert importer.run(file).run == 1
    assert slow_office.creates == len(slow_office.records) == 60


@pytest.mark.parametrize("seconds", [0, 0.1, 1.5])
def test_a_time_limit_of_the_caller_is_kept_safely(slow_office: Service, desk: Desk, seconds: float) -> None:
    """As asyncio.timeout does it, for example, whether it is up before rows are sent or while they are."""
    file = rows(desk, 200)

    async def hurry() -> None:
        async with asyncio.timeout(seconds):
            await importer.run_async(file, concurrency=1)

    with pytest.raises(TimeoutError):
        asyncio.run(hurry())
    wait_until(lambda: slow_office.creates == len(slow_office.records))
    assert importer.run(file).counts[importer.Status.UNKNOWN] == 0
    assert slow_office.creates == 200


def test_what_a_callback_raises_stops_the_run_safely(slow_office: Service, desk: Desk) -> None:
    """The rows in progress finish first, so that none is in doubt; then the caller gets its error."""
    file = rows(desk, 60)

    def broken(_: importer.RunProgress) -> None:
        raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        importer.run(file, concurrency=2, progress=broken)
    assert desk.type("status", "--json").json["counts"]["unknown"] == 0
    assert importer.run(file).exit_code == 0
    assert slow_office.creates == 60


def test_a_confirm_that_raises_sends_nothing(office: Desk, service: Service) -> None:
    """Its error is the caller's own."""

    def broken(_: importer.PlanReport) -> bool:
        raise LookupError("of the caller")

    with pytest.raises(LookupError):
        importer.run(rows(office, 1), confirm=broken)
    assert service.creates == 0


def test_a_limit_is_an_exit_code_and_no_error(office: Desk, service: Service) -> None:
    """A run that stopped can be resumed; repeating the call does."""
    file = rows(office, 5)
    report = importer.run(file, max_rows=2)
    assert (report.exit_code, report.counts[importer.Status.CREATED], service.creates) == (importer.Exit.LIMIT, 2, 2)
    assert "2 rows" in report.message
    assert importer.run(file).run == report.run


def test_a_report_goes_where_it_is_to(office: Desk) -> None:
    """A folder that the caller names, wherever it works."""
    report = importer.run(rows(office, 1), out=office.folder / "out")
    assert report.files["report.csv"] == office.folder / "out" / "report.csv"


def test_sentences_reach_the_caller(office: Desk) -> None:
    """What the command would print on stderr is heard at once, and is with the result."""
    heard: list[str] = []
    file, limited = rows(office, 3), {"max_rows": 1}
    importer.run(file, **limited)  # type: ignore[arg-type]
    report = importer.run(file, say=heard.append)
    assert heard == list(report.messages)
    assert any("is unfinished; continuing it" in sentence for sentence in heard)
