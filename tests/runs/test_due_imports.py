"""Scheduled imports: each date and each file leads to one run, whatever happens to the workers that look."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from postgres import Server

from importer.config.settings import Settings
from importer.errors import JournalError
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import NewRun, Run
from importer.journal.schedules import OWNER_SECONDS, Occurrence, OccurrenceState, Schedule
from importer.runs import due_imports, page_run
from importer.runs.account_queue import is_left_to_workers
from importer.runs.copies import sha256_of, stage_copy
from importer.runs.due_imports import WAIT_SECONDS, DueImports, present_files
from importer.runs.log import LogLine, no_log
from importer.runs.page_run import known_account, queue_scheduled_run
from importer.runs.recurrence import Weekly
from importer.runs.request import Choices, ImportRequest
from importer.runs.schedule_terms import ScheduleTerms
from importer.runs.whole_files import QUIET_SECONDS
from runs.test_source import write

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
MONDAY = datetime(2026, 11, 30, 7, tzinfo=UTC).timestamp()
WEEK = 7 * 86_400.0
WEEKLY = Weekly((0,), "07:00", "Europe/London")


@pytest.fixture(params=["in a file", "on a server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation that is signed in, with its journal in a file or on a server."""
    values = {"home": tmp_path / "home", "url": "http://127.0.0.1:9", "username": "ops@example.com", "password": "x"}
    if request.param == "on a server":
        server: Server = request.getfixturevalue("postgres")
        values["journal"] = server.new_database()
    (tmp_path / "home").mkdir()
    return Settings.model_validate(values)


@pytest.fixture
def journal(settings: Settings) -> Iterator[Journal]:
    """Its journal."""
    with open_journal(settings.journal_place) as journal:
        yield journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of each Monday."""
    return write(tmp_path / "mappings.csv", [mapping(2), mapping(3)], LABELS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which files appear."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def terms(settings: Settings, weekly: Weekly | None, **values: object) -> ScheduleTerms:
    """What a person asks for."""
    return replace(ScheduleTerms(weekly, url=settings.url, account=known_account(settings)), **values)  # type: ignore[arg-type]


def each_monday(journal: Journal, settings: Settings, path: Path) -> Schedule:
    """A file that is imported every Monday at 07:00, from this Friday on."""
    return journal.schedules.add(str(path), terms(settings, WEEKLY).document, FRIDAY, {})


def each_file(journal: Journal, settings: Settings, path: Path, pattern: str | None = None) -> Schedule:
    """A folder whose new files are imported."""
    document = terms(settings, None, pattern=pattern).document
    return journal.schedules.add(str(path), document, FRIDAY, present_files(path, pattern))


def worker(settings: Settings | None, told: list[LogLine] | None = None) -> DueImports:
    """What one worker sees; without settings it cannot sign in for anybody."""
    return DueImports(lambda _: settings, no_log if told is None else told.append)


def look(one: DueImports, journal: Journal, now: float) -> bool:
    """Two looks: a file counts as whole once it has not changed between them."""
    one.look(journal, now)
    return one.look(journal, now + QUIET_SECONDS)


def runs(journal: Journal) -> list[str]:
    """The files of all runs, oldest first, each of them left to the workers."""
    every = journal.runs.latest()[::-1]
    assert all(map(is_left_to_workers, every))
    return [run.file for run in every]


def ends(journal: Journal, schedule: Schedule) -> list[tuple[str, str]]:
    """What a schedule has led to, oldest first: the state and the reason of each."""
    return [(one.state.value, one.reason) for one in journal.schedules.occurrences(schedule.id)][::-1]


def finish(journal: Journal) -> None:
    """Let every run have ended."""
    for run in journal.runs.unfinished():
        journal.runs.update(run, finished=1.0)


# -- every Monday -----------------------------------------------------------------------------------------------------


def test_a_file_is_queued_once_each_monday(journal: Journal, settings: Settings, file: Path) -> None:
    """Not before 07:00, not again however often one looks, and again the week after, also if nothing has changed."""
    schedule, one = each_monday(journal, settings, file), worker(settings)
    assert not look(one, journal, MONDAY - QUIET_SECONDS - 1)
    assert runs(journal) == []
    for later in (0, 1, 60, 86_400, 6 * 86_400):
        look(one, journal, MONDAY + later)
        assert runs(journal) == ["mappings.csv"]
    [occurrence] = journal.schedules.occurrences(schedule.id)
    assert (occurrence.name, occurrence.due, occurrence.missed) == ("2026-11-30", MONDAY, 0)
    assert occurrence.run == journal.runs.latest(1)[0].id
    assert journal.runs.latest(1)[0].options["schedule"] == schedule.id
    finish(journal)
    look(one, journal, MONDAY + WEEK)
    assert len(journal.runs.latest()) == 2


def test_the_run_has_the_options_of_its_schedule(journal: Journal, settings: Settings, file: Path) -> None:
    """And the account that it will be sent for is known, so that it has its place in that queue."""
    choices = Choices(update=True, allow_duplicates=False, profile="north")
    wanted = terms(settings, WEEKLY, choices=choices, kind="CoworkerMsOfficeCalendar")
    journal.schedules.add(str(file), wanted.document, FRIDAY, {})
    asked = list[str | None]()

    def settings_of(profile: str | None) -> Settings:
        asked.append(profile)
        return settings

    look(DueImports(settings_of, no_log), journal, MONDAY)
    [run] = journal.runs.latest()
    assert run.options_as(Choices) == choices
    assert set(asked) == {"north"}
    assert run.started == MONDAY + QUIET_SECONDS


def test_mondays_without_a_worker_are_made_up_for_once(journal: Journal, settings: Settings, file: Path) -> None:
    """Five of them are one run, which says that it makes up for four."""
    schedule, told = each_monday(journal, settings, file), list[LogLine]()
    look(worker(settings, told), journal, MONDAY + 4 * WEEK + 3 * 86_400)
    look(worker(settings, told), journal, MONDAY + 4 * WEEK + 4 * 86_400)
    assert runs(journal) == ["mappings.csv"]
    [occurrence] = journal.schedules.occurrences(schedule.id)
    assert (occurrence.name, occurrence.missed) == ("2026-12-28", 4)
    assert told[-1].sentence == (
        "Schedule 1: run 1 is queued (mappings.csv). It makes up for 4 earlier dates without a worker."
    )


def test_what_passes_while_it_is_paused_is_not_made_up_for(journal: Journal, settings: Settings, file: Path) -> None:
    """A person has said so."""
    schedule, one = each_monday(journal, settings, file), worker(settings)
    journal.schedules.pause(schedule.id, FRIDAY)
    look(one, journal, MONDAY)
    journal.schedules.resume(schedule.id, MONDAY + 3_600)
    look(one, journal, MONDAY + 7_200)
    assert runs(journal) == []
    look(one, journal, MONDAY + WEEK)
    assert runs(journal) == ["mappings.csv"]


def test_a_clock_that_is_put_back_or_forward_makes_no_second_run(
    journal: Journal, settings: Settings, file: Path
) -> None:
    """And one that was a year ahead for a while does not put the schedule to rest for a year."""
    each_monday(journal, settings, file)
    one = worker(settings)
    look(one, journal, MONDAY)
    for moved in (-3_600, -WEEK, 0, 60):
        look(one, journal, MONDAY + moved)
    assert len(runs(journal)) == 1
    look(one, journal, MONDAY + 52 * WEEK)
    # The same file, whose run has not ended: it is one run still.
    assert len(runs(journal)) == 1
    finish(journal)
    look(one, journal, MONDAY + WEEK)
    assert len(journal.runs.latest()) == 2


@pytest.mark.parametrize(("at", "day"), [("01:30", "2027-03-28"), ("01:30", "2027-10-31")])
def test_a_time_that_the_clocks_skip_or_show_twice_is_one_run(
    journal: Journal, settings: Settings, file: Path, at: str, day: str
) -> None:
    """Looked at every half hour of that day."""
    begin = datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() - 7_200
    weekly = Weekly(tuple(range(7)), at, "Europe/London")
    schedule = journal.schedules.add(str(file), terms(settings, weekly).document, begin, {})
    one = worker(settings)
    for step in range(26 * 2):
        one.look(journal, begin + 1_800 * step)
    assert [each.name for each in journal.schedules.occurrences(schedule.id)] == [day]


def test_a_file_that_comes_late_is_waited_for(journal: Journal, settings: Settings, file: Path) -> None:
    """For an hour; nothing is said of it meanwhile but that it is waited for, once."""
    content = file.read_bytes()
    file.unlink()
    told = list[LogLine]()
    schedule, one = each_monday(journal, settings, file), worker(settings, told)
    for later in range(0, int(WAIT_SECONDS), 900):
        one.look(journal, MONDAY + later)
    assert ends(journal, schedule) == []
    assert [line.sentence for line in told] == ["Schedule 1 waits for its file. mappings.csv is not there."]
    file.write_bytes(content)
    look(one, journal, MONDAY + WAIT_SECONDS - 100)
    assert runs(journal) == ["mappings.csv"]


def test_a_file_that_never_comes_is_a_result(journal: Journal, settings: Settings, file: Path) -> None:
    """Said once, and not tried again before the next Monday."""
    file.unlink()
    told = list[LogLine]()
    schedule, one = each_monday(journal, settings, file), worker(settings, told)
    for later in range(0, int(3 * WAIT_SECONDS), 900):
        one.look(journal, MONDAY + later)
    assert ends(journal, schedule) == [("failed", "mappings.csv is not there.")]
    assert [line.event for line in told] == ["schedule waits", "schedule failed"]
    write(file, [mapping(2)], LABELS)
    look(one, journal, MONDAY + 86_400)
    assert runs(journal) == []
    look(one, journal, MONDAY + WEEK)
    assert runs(journal) == ["mappings.csv"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nothing,of,this\n1,2,3\n", "column"),
        (b"\x00\x01\x02\x03" * 64, "The file"),
    ],
    ids=["no header", "no text"],
)
def test_a_file_that_cannot_be_imported_is_a_result(
    journal: Journal, settings: Settings, file: Path, content: bytes, reason: str
) -> None:
    """With its reason, and it is not read again and again."""
    file.write_bytes(content)
    schedule, one = each_monday(journal, settings, file), worker(settings)
    for later in range(0, 600, 60):
        look(one, journal, MONDAY + later)
    [(state, why)] = ends(journal, schedule)
    assert state == "failed"
    assert reason in why
    assert runs(journal) == []
    assert list((settings.home / "files").glob("*")) == []


def test_a_file_that_is_still_being_written_is_not_taken(journal: Journal, settings: Settings, file: Path) -> None:
    """Not as long as it grows; then all of it."""
    schedule, one = each_monday(journal, settings, file), worker(settings)
    for number in range(4, 30):
        one.look(journal, MONDAY + number * (QUIET_SECONDS - 1))
        with file.open("a", encoding="utf-8") as more:
            more.write(";".join(map(str, mapping(number))) + "\n")
    assert runs(journal) == []
    assert look(one, journal, MONDAY + 1_000) is False
    assert ends(journal, schedule) == [("queued", "")]
    [run] = journal.runs.latest()
    assert len(run.copy.read_text("utf-8").splitlines()) == 29


def test_a_file_that_is_written_for_hours_is_a_result(journal: Journal, settings: Settings, file: Path) -> None:
    """Somebody has to know that nothing was imported."""
    schedule, one = each_monday(journal, settings, file), worker(settings)
    for number in range(int(WAIT_SECONDS) // 120 + 2):
        file.write_bytes(b"x" * (number + 1))
        one.look(journal, MONDAY + 120 * number)
    assert ends(journal, schedule) == [("failed", "mappings.csv is empty, or somebody was still writing it.")]


def test_a_file_that_changes_while_it_is_copied_is_taken_later(
    journal: Journal, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is what is sent, or nothing is."""
    schedule, one = each_monday(journal, settings, file), worker(settings)

    def copy_half(path: Path, folder: Path) -> Path:
        copy = stage_copy(path, folder)
        copy.write_bytes(copy.read_bytes()[:100])
        return copy

    with monkeypatch.context() as patch:
        patch.setattr(page_run, "stage_copy", copy_half)
        assert look(one, journal, MONDAY)
    assert (runs(journal), ends(journal, schedule)) == ([], [])
    look(one, journal, MONDAY + 60)
    assert runs(journal) == ["mappings.csv"]


# -- each file of a folder --------------------------------------------------------------------------------------------


def test_each_new_file_of_a_folder_is_queued_once(journal: Journal, settings: Settings, folder: Path) -> None:
    """Not those that were there before, and none again when a worker starts anew."""
    write(folder / "before.csv", [mapping(1)], LABELS)
    schedule, one = each_file(journal, settings, folder), worker(settings)
    assert not look(one, journal, FRIDAY)
    write(folder / "a.csv", [mapping(2)], LABELS)
    write(folder / "b.csv", [mapping(3)], LABELS)
    assert one.look(journal, FRIDAY + 60)
    assert not one.look(journal, FRIDAY + 60 + QUIET_SECONDS)
    assert runs(journal) == ["a.csv", "b.csv"]
    look(one, journal, FRIDAY + 120)
    look(worker(settings), journal, FRIDAY + 180)
    assert runs(journal) == ["a.csv", "b.csv"]
    looked = journal.schedules.get(schedule.id).looked
    assert looked is not None
    assert looked >= FRIDAY


def test_a_file_that_comes_back_changed_is_new_and_one_unchanged_is_not(
    journal: Journal, settings: Settings, folder: Path
) -> None:
    """By name and content, however new its date is."""
    each_file(journal, settings, folder)
    one = worker(settings)
    first = write(folder / "a.csv", [mapping(2)], LABELS)
    look(one, journal, FRIDAY)
    content = first.read_bytes()
    first.unlink()
    look(one, journal, FRIDAY + 60)
    first.write_bytes(content)
    os.utime(first, (1.0, 1.0))
    look(one, journal, FRIDAY + 120)
    assert runs(journal) == ["a.csv"]
    write(first, [mapping(2), mapping(3)], LABELS)
    look(one, journal, FRIDAY + 180)
    assert runs(journal) == ["a.csv", "a.csv"]


def test_more_files_than_a_look_takes_are_all_taken(journal: Journal, settings: Settings, folder: Path) -> None:
    """One look after the other, so that the runs at work are looked after in between."""
    each_file(journal, settings, folder)
    one = worker(settings)
    for number in range(12):
        write(folder / f"{number:02}.csv", [mapping(number)], LABELS)
    one.look(journal, FRIDAY)
    looks = [one.look(journal, FRIDAY + QUIET_SECONDS + number) for number in range(4)]
    assert looks == [True, True, False, False]
    assert runs(journal) == [f"{number:02}.csv" for number in range(12)]


@pytest.mark.parametrize(
    ("name", "pattern", "is_taken"),
    [
        ("a.csv", None, True),
        ("A.CSV", None, True),
        ("a.pdf", None, False),
        (".a.csv.x7Fg2", None, False),
        (".a.csv", None, False),
        ("~$a.csv", None, False),
        ("a.csv.part", "*", False),
        ("a.csv.filepart", "*", False),
        ("a.csv", "*.xlsx", False),
        ("A.csv", "a*.csv", True),
    ],
)
def test_only_files_that_are_meant_are_taken(
    journal: Journal, settings: Settings, folder: Path, name: str, pattern: str | None, is_taken: bool
) -> None:
    """Spreadsheets by their names, those of the pattern, and never what a program has not finished."""
    each_file(journal, settings, folder, pattern)
    write(folder / name, [mapping(2)], LABELS)
    look(worker(settings), journal, FRIDAY)
    assert runs(journal) == ([name] if is_taken else [])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name is always text")
def test_a_file_whose_name_is_no_text_is_taken(journal: Journal, settings: Settings, folder: Path) -> None:
    """As after a copy from a system with another encoding; neither database takes such a name as it is."""

    def add(name: bytes, number: int) -> None:
        write(Path(os.fsdecode(os.fsencode(folder) + b"/" + name)), [mapping(number)], LABELS)

    add(b"there\xe9.csv", 2)
    add(b"there\nbefore.csv", 3)
    schedule, one = each_file(journal, settings, folder), worker(settings)
    add(b"new\xff.csv", 4)
    look(one, journal, FRIDAY)
    look(one, journal, FRIDAY + 60)
    assert runs(journal) == ["new\N{REPLACEMENT CHARACTER}.csv"]
    assert len(journal.schedules.occurrences(schedule.id, with_present=True)) == 3


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_and_folders_are_not_taken(journal: Journal, settings: Settings, folder: Path, file: Path) -> None:
    """Whoever may write into the folder could otherwise have any file of this machine imported."""
    each_file(journal, settings, folder)
    (folder / "link.csv").symlink_to(file)
    (folder / "folder.csv").mkdir()
    look(worker(settings), journal, FRIDAY)
    assert runs(journal) == []


def test_a_file_without_a_header_keeps_no_other_waiting(journal: Journal, settings: Settings, folder: Path) -> None:
    """It is told once; corrected under the same name, it is taken."""
    schedule, one = each_file(journal, settings, folder), worker(settings)
    (folder / "a.csv").write_text("1,2,3\n4,5,6\n", "utf-8")
    write(folder / "b.csv", [mapping(3)], LABELS)
    look(one, journal, FRIDAY)
    look(one, journal, FRIDAY + 60)
    assert runs(journal) == ["b.csv"]
    states = {each.file: each.state.value for each in journal.schedules.occurrences(schedule.id)}
    assert states == {"a.csv": "failed", "b.csv": "queued"}
    write(folder / "a.csv", [mapping(2)], LABELS)
    look(one, journal, FRIDAY + 120)
    assert runs(journal) == ["b.csv", "a.csv"]


def test_a_file_that_may_not_be_read_is_told(
    journal: Journal, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while in which a worker of another machine could have read it; then taken once it may be read."""
    schedule, one = each_file(journal, settings, folder), worker(settings)
    write(folder / "a.csv", [mapping(2)], LABELS)
    write(folder / "b.csv", [mapping(3)], LABELS)

    def refuse(path: Path) -> str:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return sha256_of(path)

    # By hand, for root may read every file.
    with monkeypatch.context() as patch:
        patch.setattr(due_imports, "sha256_of", refuse)
        for later in range(0, 600, 60):
            one.look(journal, FRIDAY + later)
    assert ends(journal, schedule) == [("queued", ""), ("failed", "a.csv cannot be read: Permission denied.")]
    look(one, journal, FRIDAY + 700)
    assert runs(journal) == ["b.csv", "a.csv"]


def test_files_that_appear_while_it_is_paused_are_taken_afterwards(
    journal: Journal, settings: Settings, folder: Path
) -> None:
    """They are new all the same."""
    schedule, one = each_file(journal, settings, folder), worker(settings)
    journal.schedules.pause(schedule.id, FRIDAY)
    write(folder / "a.csv", [mapping(2)], LABELS)
    look(one, journal, FRIDAY + 60)
    assert runs(journal) == []
    journal.schedules.resume(schedule.id, FRIDAY + 120)
    look(one, journal, FRIDAY + 180)
    assert runs(journal) == ["a.csv"]


def test_a_folder_that_is_gone_keeps_nothing_waiting(
    journal: Journal, settings: Settings, folder: Path, file: Path
) -> None:
    """It is told once, and looked into again when it is back."""
    told = list[LogLine]()
    each_file(journal, settings, folder)
    each_monday(journal, settings, file)
    one = worker(settings, told)
    folder.rmdir()
    look(one, journal, MONDAY)
    assert runs(journal) == ["mappings.csv"]
    assert [line.event for line in told] == ["schedule waits", "schedule queued"]
    folder.mkdir()
    write(folder / "a.csv", [mapping(9)], LABELS)
    look(one, journal, MONDAY + 60)
    assert runs(journal) == ["mappings.csv", "a.csv"]


# -- several workers, and what happens to them ------------------------------------------------------------------------


def test_a_worker_that_cannot_sign_in_leaves_it_to_others(journal: Journal, settings: Settings, file: Path) -> None:
    """Another user, another service, or no profile of that name; it says so once."""
    each_monday(journal, settings, file)
    for other in (
        None,
        settings.model_copy(update={"username": "jo@example.com"}),
        settings.model_copy(update={"url": "https://nexudus.example"}),
        settings.model_copy(update={"password": None}),
    ):
        told = list[LogLine]()
        one = worker(other, told)
        look(one, journal, MONDAY)
        look(one, journal, MONDAY + 2 * WAIT_SECONDS)
        assert [line.sentence for line in told] == ["Schedule 1 waits for a worker that can sign in for it."]
    look(worker(settings), journal, MONDAY + 3 * WAIT_SECONDS)
    assert runs(journal) == ["mappings.csv"]


@pytest.mark.parametrize(
    "weekly", [{"days": "monday"}, {"days": [0], "at": "07:00", "zone": "Mars/Olympus"}], ids=["damaged", "zone"]
)
def test_a_schedule_that_cannot_be_read_keeps_no_other_waiting(
    journal: Journal, settings: Settings, file: Path, weekly: dict[str, object]
) -> None:
    """It is told once; a machine that knows its time zone may take it."""
    told, one = list[LogLine](), terms(settings, WEEKLY).document
    journal.schedules.add(str(file), {**one, "weekly": weekly}, FRIDAY, {})
    each_monday(journal, settings, file)
    look(worker(settings, told), journal, MONDAY)
    assert runs(journal) == ["mappings.csv"]
    assert [line.event for line in told] == ["schedule left to others", "schedule queued"]


def test_two_workers_read_no_file_at_once(
    journal: Journal, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one has begun with, the other leaves alone, and takes only if nothing was heard of it for long."""
    schedule, one, two = each_monday(journal, settings, file), worker(settings), worker(settings)

    def die(*_: object) -> None:
        raise JournalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(due_imports, "queue_scheduled_run", die)
        with pytest.raises(JournalError):
            look(one, journal, MONDAY)
    look(two, journal, MONDAY + 60)
    assert (runs(journal), ends(journal, schedule)) == ([], [("begun", "")])
    look(two, journal, MONDAY + OWNER_SECONDS + 60)
    assert runs(journal) == ["mappings.csv"]


def test_a_worker_that_was_thought_dead_queues_nothing(
    journal: Journal, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept while it read the file; another one has taken it over, and has queued it."""
    each_monday(journal, settings, file)
    two = worker(settings)

    def sleep(*words: object) -> object:
        monkeypatch.setattr(due_imports, "queue_scheduled_run", queue_scheduled_run)
        look(two, journal, MONDAY + 2 * OWNER_SECONDS)
        return queue_scheduled_run(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(due_imports, "queue_scheduled_run", sleep)
    look(worker(settings), journal, MONDAY)
    assert runs(journal) == ["mappings.csv"]
    assert len(list((settings.home / "files").iterdir())) == 1


@pytest.mark.parametrize("what", ["pause", "remove"])
def test_what_is_paused_or_removed_in_the_last_moment_is_not_queued(
    journal: Journal, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Also while a worker reads the file already."""
    schedule = each_monday(journal, settings, file)

    def change_it(*words: object) -> object:
        (journal.schedules.pause if what == "pause" else journal.schedules.remove)(schedule.id, MONDAY)
        return queue_scheduled_run(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(due_imports, "queue_scheduled_run", change_it)
    look(worker(settings), journal, MONDAY)
    assert journal.runs.latest() == []


VICTIM = """
    import os, signal, sys
    from pathlib import Path
    from importer.config.settings import Settings
    from importer.journal.journal import open_journal
    from importer.runs import due_imports, page_run
    from importer.runs.log import no_log

    home, journal_url, now, where = sys.argv[1:]
    values = {"home": Path(home), "url": "http://127.0.0.1:9", "username": "ops@example.com", "password": "x"}
    settings = Settings.model_validate(values | ({"journal": journal_url} if journal_url else {}))

    def killed(after):
        def call(*words, **named):
            result = after(*words, **named)
            os.kill(os.getpid(), signal.SIGKILL)
            return result
        return call

    with open_journal(settings.journal_place) as journal:
        owner = {
            "begin": journal.schedules, "end": journal.schedules, "add": journal.runs,
            "stage_copy": page_run, "join_queue_of": page_run, "queue_scheduled_run": due_imports,
        }[where]
        setattr(owner, where, killed(getattr(owner, where)))
        one = due_imports.DueImports(lambda _: settings, no_log)
        one.look(journal, float(now))
        one.look(journal, float(now) + 10)
"""
"""A worker that is killed right after one of its steps."""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("kind", ["a date", "a file"])
@pytest.mark.parametrize("where", ["begin", "stage_copy", "add", "join_queue_of", "end", "queue_scheduled_run"])
def test_a_worker_that_is_killed_leaves_one_run(
    journal: Journal, settings: Settings, folder: Path, where: str, kind: str
) -> None:
    """At whichever step: what was not queued is made up for, what was is not queued again."""
    file = write(folder / "mappings.csv", [mapping(2)], LABELS)
    if kind == "a date":
        schedule = each_monday(journal, settings, file)
    else:
        document = terms(settings, None).document
        schedule = journal.schedules.add(str(folder), document, FRIDAY, {})
    words = [str(settings.home), str(settings.journal or ""), f"{MONDAY}", where]
    died = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(VICTIM), *words], check=False, capture_output=True, text=True
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    is_queued = where == "queue_scheduled_run"
    assert len(journal.runs.latest()) == is_queued
    one = worker(settings)
    look(one, journal, MONDAY + 60)
    assert len(journal.runs.latest()) == is_queued
    look(one, journal, MONDAY + OWNER_SECONDS + 60)
    look(worker(settings), journal, MONDAY + OWNER_SECONDS + 120)
    assert runs(journal) == ["mappings.csv"]
    assert ends(journal, schedule) == [("queued", "")]


def test_a_file_that_ends_every_worker_is_given_up(
    journal: Journal, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what ends them."""
    schedule = each_monday(journal, settings, file)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(due_imports, "queue_scheduled_run", die)
        for number in range(3):
            with pytest.raises(KeyboardInterrupt):
                look(worker(settings), journal, MONDAY + number * (OWNER_SECONDS + 60))
    look(worker(settings), journal, MONDAY + 4 * (OWNER_SECONDS + 60))
    [(state, reason)] = ends(journal, schedule)
    assert (state, reason) == ("failed", "The worker ended unexpectedly 3 times while it read mappings.csv.")


def test_a_full_disk_is_no_result(
    journal: Journal, settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker says what it waits for, and the file is taken once there is room."""
    schedule, one = each_monday(journal, settings, file), worker(settings)

    def fill(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(due_imports, "queue_scheduled_run", fill)
        for later in range(0, 100, 10):
            with pytest.raises(OSError, match="No space left"):
                look(one, journal, MONDAY + later)
    assert ends(journal, schedule) == []
    look(one, journal, MONDAY + 200)
    assert runs(journal) == ["mappings.csv"]


def test_no_line_of_a_log_for_programs_has_the_name_of_a_file(
    journal: Journal, settings: Settings, file: Path, folder: Path
) -> None:
    """Logs are kept for long and read by many; the sentences are for whoever looks on."""
    told = list[LogLine]()
    each_monday(journal, settings, file)
    each_file(journal, settings, folder)
    each_monday(journal, settings, file.with_name("gone.csv"))
    (folder / "broken.csv").write_text("1,2\n3,4\n", "utf-8")
    one = worker(settings, told)
    look(one, journal, MONDAY)
    look(one, journal, MONDAY + 2 * WAIT_SECONDS)
    assert {line.event for line in told} == {"schedule queued", "schedule failed", "schedule waits"}
    assert not any(".csv" in str(line.document("")) for line in told)


# -- whatever happens in whatever order -------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from([60.0, OWNER_SECONDS, WEEK / 7, WEEK, 3 * WEEK]),
        st.sampled_from([0, 1]),
        st.sampled_from(["look", "look", "die before", "die after", "pause", "resume"]),
    ),
    max_size=25,
)
"""How much later, which worker, and what it does or what is done to it."""


@settings_of_hypothesis(max_examples=40)
@given(STEPS)
def test_every_monday_counts_once_whatever_happens(steps: Sequence[tuple[float, int, str]]) -> None:
    """Each leads to a run or is made up for by a later one, and no run is without its Monday, or has two."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        home = Path(name)
        values = {"home": home, "url": "http://127.0.0.1:9", "username": "ops@example.com", "password": "x"}
        settings = Settings.model_validate(values)
        file = write(home / "mappings.csv", [mapping(2)], LABELS)
        with open_journal(settings.journal_place) as journal:
            schedule = each_monday(journal, settings, file)
            both, now = [worker(settings), worker(settings)], FRIDAY
            passed = list[str]()
            since, paused = FRIDAY, False
            for later, which, what in steps:
                now += later
                if what in ("pause", "resume"):
                    passed += [] if paused else dates(since, now)
                    since, paused = now, what == "pause"
                    # What passes while it is paused is dropped, and so is what waits when somebody pauses and resumes.
                    (journal.schedules.pause if paused else journal.schedules.resume)(schedule.id, now)
                    continue
                patch.setattr(due_imports, "queue_scheduled_run", queued(what))
                with suppress(JournalError):
                    look(both[which], journal, now)
            if paused:
                journal.schedules.resume(schedule.id, now)
                since = now
            patch.setattr(due_imports, "queue_scheduled_run", queued("look"))
            now += 2 * OWNER_SECONDS
            look(both[0], journal, now)
            passed += dates(since, now)
            ended = [one for one in journal.schedules.occurrences(schedule.id) if one.state.value != "begun"]
            queue = [one.run for one in ended if one.run is not None]
            assert len(queue) == len(set(queue)) == len(journal.runs.latest())
            assert {one.name for one in ended} <= set(passed)
            if not any(what in ("pause", "resume") for _, _, what in steps):
                assert len(ended) + sum(one.missed for one in ended) == len(passed)


def dates(since: float, until: float) -> list[str]:
    """The Mondays that came in between."""
    return [day.isoformat() for day in WEEKLY.due(since, until + QUIET_SECONDS)]


def queued(what: str) -> Callable[[Journal, ImportRequest, Occurrence, float], Run | None]:
    """Queues a run without reading its file, and may die before or after that, as by a database that goes away."""

    def queue(journal: Journal, request: ImportRequest, begun: Occurrence, now: float) -> Run | None:
        if what == "die before":
            raise JournalError("gone")
        with journal.together():
            if not journal.schedules.is_mine(begun):
                return None
            new = NewRun("CoworkerMsOfficeCalendar", request.settings.url, "", request.file.name, "", "", {}, now)
            run = journal.runs.add(new)
            journal.schedules.end(begun, OccurrenceState.QUEUED, now, run=run.id)
        if what == "die after":
            raise JournalError("gone")
        return run

    return queue
