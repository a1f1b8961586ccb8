"""Scheduled imports from the command line: added once, seen, paused, removed, and done by workers of any machine."""

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import Desk, Service, mapping, wait_until
from postgres import Server

from importer.config.settings import JournalPlace
from importer.journal.journal import open_journal
from importer.runs import whole_files

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
MONDAY = ("--every", "monday", "--at", "07:00", "--zone", "Europe/London")
APPEARS = "--when-a-file-appears"


@pytest.fixture
def friday(desk: Desk) -> Desk:
    """A desk on a Friday noon, who can sign in, though nobody answers."""
    desk.clock = lambda: FRIDAY
    desk.variables |= {
        "NEXUDUS_URL": "http://127.0.0.1:9",
        "NEXUDUS_USERNAME": "ops@example.com",
        "NEXUDUS_PASSWORD": "practice",
    }
    desk.write("mappings.csv", [mapping(2), mapping(3)])
    (desk.folder / "in").mkdir()
    return desk


def test_a_schedule_says_when_it_comes_next(friday: Desk) -> None:
    """When it is added, in the list, and as a document; without a worker nothing would happen, and that is said."""
    added = friday.type("schedule", "add", "mappings.csv", *MONDAY)
    assert (added.code, added.err) == (0, "")
    path = friday.folder / "mappings.csv"
    assert added.out.splitlines() == [
        f"Schedule 1: {path}, every Monday at 07:00 (Europe/London), for 127.0.0.1/ops@example.com",
        "  Next: Monday 30 November 07:00 UTC.",
    ]
    listed = friday.type("schedule", "list")
    assert listed.out.startswith(added.out)
    assert "No worker is running, so nothing will be imported. To start one: importer worker" in listed.out
    [document] = friday.type("schedule", "list", "--json").json["schedules"]
    assert document["next"] == "2026-11-30T07:00:00Z"
    assert (document["state"], document["last"], document["path"]) == ("active", None, str(path))


def test_files_that_are_there_already_are_left(friday: Desk) -> None:
    """Whoever adds the folder is told, and how to import one of them all the same."""
    friday.write("in/old.csv", [mapping(2)])
    added = friday.type("schedule", "add", "in", APPEARS, "--pattern", "*.csv")
    assert "when a file appears (*.csv)" in added.out
    assert "The 1 file that is there already will not be imported." in added.out


def test_a_file_that_is_not_there_yet_is_said(friday: Desk) -> None:
    """It may come every Monday morning."""
    added = friday.type("schedule", "add", "later.xlsx", *MONDAY)
    assert (added.code, added.err) == (
        0,
        "later.xlsx is not there yet. It has to be there at that time, or within an hour.\n",
    )


def test_it_is_paused_resumed_and_removed(friday: Desk) -> None:
    """Each says what comes next; a number that was removed is never given again."""
    friday.type("schedule", "add", "mappings.csv", *MONDAY)
    assert friday.type("schedule", "pause", "1").out == "Schedule 1 is paused. To go on: importer schedule resume 1\n"
    assert "Paused since 12:00 UTC." in friday.type("schedule", "list").out
    [paused] = friday.type("schedule", "list", "--json").json["schedules"]
    assert (paused["state"], paused["next"]) == ("paused", None)
    assert "Next: Monday 30 November" in friday.type("schedule", "resume", "1").out
    assert friday.type("schedule", "remove", "1", "--json").json == {
        "schema": 1,
        "ok": True,
        "schedule": 1,
        "state": "removed",
    }
    assert "Nothing is scheduled." in friday.type("schedule", "list").out
    assert friday.type("schedule", "add", "in", APPEARS, "--json").json["schedule"] == 2


def test_the_status_names_the_next_one(friday: Desk) -> None:
    """Only for whoever asks about no run in particular."""
    assert friday.type("run", "mappings.csv", "--queue").code == 0
    friday.type("schedule", "add", "mappings.csv", *MONDAY)
    friday.type("schedule", "add", "in", APPEARS)
    says = "Schedule 1 (mappings.csv) is due Monday 30 November 07:00 UTC."
    assert says in friday.type("status").out
    assert says not in friday.type("status", "1").out
    friday.clock = lambda: FRIDAY + 4 * 86_400
    assert "Schedule 1 (mappings.csv) is due since Monday 30 November 07:00 UTC." in friday.type("status").out
    assert "it waits for a worker that can sign in for it, and for its file" in friday.type("schedule", "list").out


@pytest.mark.parametrize(
    ("words", "complaint", "advice"),
    [
        (["mappings.csv"], "Nothing says when to import.", "Add --every DAY --at TIME for a file"),
        (["in", APPEARS, *MONDAY], "do not go together", "Add --every DAY --at TIME for a file"),
        (["mappings.csv", "--every", "mondy", "--at", "07:00"], '"mondy" is no day', 'Did you mean "monday"?'),
        (["mappings.csv", "--every", "monday"], "--every needs a time of day.", "such as --at 07:00"),
        (["mappings.csv", "--every", "monday", "--at", "25:00"], '--at "25:00" is no time', "Write it like 07:00"),
        (["mappings.csv", *MONDAY[:4], "--zone", "Europe/Lodon"], "no time zone", 'Did you mean "Europe/London"?'),
        (["mappings.csv", *MONDAY, "--pattern", "*"], "--pattern goes with --when-a-file-appears", "Leave it out"),
        (["in", APPEARS, "--at", "07:00"], "--at goes with --every.", "Leave it out"),
        (["in", APPEARS, "--zone", "UTC"], "--zone goes with --every.", "Leave it out"),
        (["in", APPEARS, "--pattern", "sub/*.csv"], "has a folder in it", "such as *.xlsx"),
        (["in", *MONDAY], "is a folder, and --every takes one file.", "use --when-a-file-appears instead"),
        (["mappings.csv", APPEARS], "is a file, and --when-a-file-appears takes a folder.", "Name the folder"),
        (["nowhere", APPEARS], "There is no folder", "Make it first"),
        (["letter.pdf", *MONDAY], "letter.pdf cannot be scheduled.", "must end in one of .csv"),
        (["two\nlines.csv", *MONDAY], "has characters in its name that cannot be stored.", "Rename it."),
        (["-", *MONDAY], "- is no file or folder of this machine.", "Name one"),
        (["https://files.example/a.csv", *MONDAY], "https://files.example/a.csv is no file or folder", "Name one"),
        (["*.csv", *MONDAY], "*.csv is a pattern, and one file or folder is meant.", "Name the folder."),
        (["", APPEARS], "A file has an empty name.", "such as a variable"),
        ([" ", *MONDAY], "A file has an empty name.", "such as a variable"),
        (["mappings.csv", *MONDAY, "--update", "--allow-duplicates"], "--allow-duplicates makes further", "Leave out"),
        (["mappings.csv", *MONDAY, "--type", "Nothing"], "There is no record type", "The types are"),
        (["mappings.csv", *MONDAY, "--tz", "Nowhere"], 'There is no time zone "Nowhere".', "Europe/London"),
        (["broken.csv", *MONDAY], "The file has no column for", ""),
        (["there.csv", *MONDAY], "Schedule 1 does that already.", "importer schedule remove 1"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_at_once(
    friday: Desk, words: list[str], complaint: str, advice: str
) -> None:
    """In a sentence, with what to do; nothing is stored."""
    friday.write("broken.csv", [[1, 2]], ["Foo", "Bar"])
    friday.write("there.csv", [mapping(2)])
    friday.type("schedule", "add", "there.csv", *MONDAY)
    refused = friday.type("schedule", "add", *words)
    assert refused.code in (2, 3), refused.err
    assert complaint in refused.err
    assert advice in refused.err
    assert "Unexpected" not in refused.err
    assert len(friday.type("schedule", "list", "--json").json["schedules"]) == 1


@pytest.mark.parametrize("verb", ["pause", "resume", "remove"])
def test_a_schedule_that_is_not_there_is_refused(friday: Desk, verb: str) -> None:
    """Also one that was removed."""
    friday.type("schedule", "add", "mappings.csv", *MONDAY)
    friday.type("schedule", "remove", "1")
    for number in ("1", "7"):
        refused = friday.type("schedule", verb, number)
        assert (refused.code, refused.err) == (
            2,
            f"Error: There is no schedule {number}.\nTo list them: importer schedule list\n",
        )


def test_no_secret_is_stored(friday: Desk) -> None:
    """Nor anything of a cell: who takes it signs in by itself."""
    friday.variables["NEXUDUS_PASSWORD"] = "canary-secret"
    friday.type("schedule", "add", "mappings.csv", *MONDAY)
    stored = b"".join(path.read_bytes() for path in friday.home.glob("journal.sqlite3*"))
    assert b"mappings.csv" in stored
    assert b"canary" not in stored
    assert b"AAMk2=" not in stored


@pytest.mark.usefixtures("impatient")
def test_what_is_kept_of_a_person_is_found_and_forgotten(friday: Desk) -> None:
    """File names are, and the reason why one could not be imported may quote its first row."""
    (friday.folder / "in" / "Ada Abbott.csv").write_text("Ada Abbott,ada@example.com\n1,2\n", "utf-8")
    friday.type("schedule", "add", "in", APPEARS)
    with open_journal(JournalPlace(f"sqlite:///{friday.home / 'journal.sqlite3'}", friday.home)) as journal:
        journal.schedules.remove(1, FRIDAY)
    (friday.folder / "in" / "Ada Abbott.csv").unlink()
    friday.type("schedule", "add", "in", APPEARS)
    (friday.folder / "in" / "May.csv").write_text("Ada Abbott,ada@example.com\n1,2\n", "utf-8")
    done = friday.type("worker", "--until-idle")
    assert "Schedule 2 imported nothing." in done.out, done.err
    person = friday.type("journal", "--export-person", "ada@example.com", "--json").json
    assert [entry["schedule"] for entry in person["schedules"]] == [2]
    assert "Schedule 2: reason " in friday.type("journal", "--export-person", "ada@example.com").out
    friday.clock = lambda: time.time() + 100 * 86_400
    forgotten = friday.type("forget", "--older-than", "90d", "--yes")
    assert "Of 1 scheduled import that failed before then" in forgotten.err
    assert friday.type("journal", "--export-person", "ada@example.com", "--json").json["schedules"] == []
    assert "The reason has been forgotten." in friday.type("schedule", "list").out
    assert not any(b"ada@example.com" in path.read_bytes() for path in friday.home.glob("journal.sqlite3*"))


# -- workers ----------------------------------------------------------------------------------------------------------


def names(service: Service) -> Counter[str]:
    """How often each name was created."""
    return Counter(record["Name"] for record in service.records)


def make_due(desk: Desk, journal_url: str = "") -> None:
    """Let every schedule be a week old, so that what comes each day has passed; nobody waits for a Monday."""
    url = journal_url or f"sqlite:///{desk.home / 'journal.sqlite3'}"
    with open_journal(JournalPlace(url, desk.home)) as journal:
        for schedule in journal.schedules.all():
            journal.schedules.resume(schedule.id, time.time() - 7 * 86_400)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For workers of this process, a file is whole as soon as it is looked at again."""
    monkeypatch.setattr(whole_files, "QUIET_SECONDS", 0.0)


@pytest.mark.usefixtures("impatient")
def test_a_worker_imports_what_is_due_once(service: Service, desk: Desk) -> None:
    """Of the days that passed, one; the list says so, and names the run and its file."""
    desk.write("mappings.csv", [mapping(2), mapping(3)])
    desk.type("schedule", "add", "mappings.csv", "--every", "day", "--at", "00:00", "--zone", "UTC")
    make_due(desk)
    for _ in range(2):
        done = desk.type("worker", "--until-idle")
        assert done.code == 0, done.err
    assert names(service) == Counter(["Room 2", "Room 3"])
    assert len(desk.type("history", "--json").json["runs"]) == 1
    [document] = desk.type("schedule", "list", "--json").json["schedules"]
    assert (document["last"]["state"], document["last"]["run"]) == ("queued", 1)
    assert document["last"]["missed"] in (6, 7)
    assert "Run 1 of mappings.csv, due " in desk.type("schedule", "list").out
    assert "without a worker. To see it: importer status 1" in desk.type("schedule", "list").out


@pytest.mark.usefixtures("impatient")
def test_invalid_rows_are_reported_and_the_others_sent(service: Service, desk: Desk) -> None:
    """As by importer run --yes: nobody is there to ask."""
    (desk.folder / "in").mkdir()
    desk.type("schedule", "add", "in", APPEARS)
    desk.write("in/a.csv", [mapping(2), mapping(3, SubscriptionExpireDate="soon")])
    assert desk.type("worker", "--until-idle").code == 0
    assert names(service) == Counter(["Room 2"])
    assert "finished (exit code 1)" in desk.type("schedule", "list").out


def test_two_workers_import_each_file_once(service: Service, desk: Desk) -> None:
    """Though both look into the same folder all the time."""
    (desk.folder / "in").mkdir()
    desk.type("schedule", "add", "in", APPEARS)
    for number in range(3):
        desk.write(f"in/{number}.csv", [mapping(10 * number + 2), mapping(10 * number + 3)])
    both = [desk.start("worker", "--until-idle") for _ in range(2)]
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert len(desk.type("history", "--json").json["runs"]) == 3
    assert set(names(service).values()) == {1}
    assert len(service.records) == 6


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_what_a_killed_worker_was_to_import_another_one_imports(
    tmp_path: Path, postgres: Server, service: Service, desk: Desk
) -> None:
    """On another machine, which sees the same folder; the first is killed while it sends."""
    url = postgres.new_database()
    one, two = (Desk(tmp_path / name, dict(desk.variables) | {"IMPORTER_JOURNAL": url}) for name in ("one", "two"))
    for each in (one, two):
        each.folder.mkdir()
        each.shorten_the_window(3)
    one.variables["IMPORTER_RATE"] = "10/s"
    shared = tmp_path / "shared"
    shared.mkdir()
    assert one.type("schedule", "add", shared, APPEARS).code == 0
    process = one.start("worker")
    made = one.write("rows.csv", [mapping(n) for n in range(2, 42)])
    made.rename(shared / "rows.csv")
    wait_until(lambda: len(service.records) >= 5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    shutil.rmtree(one.folder)
    assert len(service.records) < 40
    done = two.type_in_a_shell("worker", "--until-idle")
    assert done.code == 0, done.err
    assert names(service) == Counter(f"Room {number}" for number in range(2, 42))
    assert len(two.type("history", "--json").json["runs"]) == 1


@pytest.mark.usefixtures("impatient")
def test_a_machine_without_the_file_leaves_it_to_the_one_that_has_it(
    tmp_path: Path, postgres: Server, serve: Callable[..., Service], desk: Desk
) -> None:
    """Also if it looks first."""
    service, url = serve(), postgres.new_database()
    one, two = (Desk(tmp_path / name, dict(desk.variables) | {"IMPORTER_JOURNAL": url}) for name in ("one", "two"))
    for each in (one, two):
        each.folder.mkdir()
    file = one.write("rows.csv", [mapping(2)])
    assert one.type("schedule", "add", file, "--every", "day", "--at", "00:00", "--zone", "UTC").code == 0
    make_due(one, url)
    away = file.rename(tmp_path / "away.csv")
    done = two.type("worker", "--until-idle")
    assert "Schedule 1 waits for its file. rows.csv is not there." in done.out, done.err
    assert service.records == []
    away.rename(file)
    assert one.type("worker", "--until-idle").code == 0
    assert names(service) == Counter(["Room 2"])


@pytest.mark.usefixtures("impatient")
def test_a_profile_imports_for_its_own_account(service: Service, desk: Desk) -> None:
    """A worker without that profile leaves it alone."""
    desk.write("mappings.csv", [mapping(2)])
    (desk.folder / "importer.toml").write_text('[profile.one]\nusername = "ops@example.com"\n')
    one = Desk(desk.folder, desk.variables | {"NEXUDUS_PASSWORD_ONE": desk.variables["NEXUDUS_PASSWORD"]})
    every = ("--every", "day", "--at", "00:00", "--zone", "UTC")
    assert "--profile one" in one.type("schedule", "add", "mappings.csv", *every, "--profile", "one").out
    make_due(desk)
    (desk.folder / "importer.toml").rename(desk.folder / "away.toml")
    done = desk.type("worker", "--until-idle")
    assert "Schedule 1 waits for a worker that can sign in for it." in done.out, done.err
    assert service.records == []
    (desk.folder / "away.toml").rename(desk.folder / "importer.toml")
    assert one.type("worker", "--until-idle").code == 0
    assert names(service) == Counter(["Room 2"])
    [run] = desk.type("history", "--json").json["runs"]
    assert run["profile"] == "one"
