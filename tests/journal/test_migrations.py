"""A journal that an earlier importer wrote goes on working: nothing of it is lost, and the new states fit in."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from postgres import Server

from importer.checking import Entry
from importer.config.settings import JournalPlace
from importer.errors import Exit, JournalError
from importer.journal.journal import Journal, open_journal
from importer.journal.kept_lists import LISTED
from importer.journal.migrations import SCHEMA_VERSION
from importer.journal.rows import Change
from importer.journal.states import Event, State
from importer.reporting.sentences import why_not_sent
from importer.runs.request import Choices
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES, key_digest

KIND = RECORD_TYPES["CoworkerMsOfficeCalendar"]

FIRST = Path(__file__).with_name("journal_of_version_1.sql")
"""Written by the importer of version 1: a run of five rows; one was created, one refused, one left in doubt."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The journal as a file."""
    path = tmp_path / "journal.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(FIRST.read_text("utf-8"))
    return path


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """The journal, opened by the importer of today."""
    with open_journal(f"sqlite:///{path}") as opened:
        yield opened


def rows_of(path: Path) -> list[tuple[object, ...]]:
    """Every row on its way, as the file has it."""
    with closing(sqlite3.connect(path)) as db:
        names = "run, row, target, identity, body, state, attempts, rounds, sent_at, settled_at, remote_id, seal"
        return db.execute(f"SELECT {names} FROM intent ORDER BY run, row").fetchall()


def test_every_row_is_as_it_was(path: Path) -> None:
    """Seals, Ids and states come over, and the journal says which version it is now."""
    before = rows_of(path)
    with open_journal(f"sqlite:///{path}") as journal:
        states = [intent.state for intent in journal.rows.all(journal.runs.get(1))]
        assert journal.fault() == ""
    assert states == [State.CREATED, State.REJECTED, State.IN_DOUBT, State.PLANNED, State.PLANNED]
    assert rows_of(path) == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == (str(SCHEMA_VERSION),)


def test_a_journal_on_a_server_gets_what_machines_share(postgres: Server, tmp_path: Path) -> None:
    """One of version 10 has no documents and uploads yet; several machines may open it at once."""
    place = JournalPlace(postgres.new_database(), tmp_path)
    with open_journal(place) as journal, journal._db.write() as db:
        for table in ("document", "upload", "upload_change", "upload_piece"):
            db.exec_driver_sql(f"DROP TABLE {table}")
        db.exec_driver_sql("UPDATE meta SET value = '10' WHERE key = 'schema_version'")
    with ThreadPoolExecutor(3) as pool:
        journals = list(pool.map(open_journal, [place] * 3))
    for journal in journals:
        assert journal.shelf.read("columns.json") is None
        assert journal.uploads is not None
        assert journal.uploads.heads() == {}
        journal.__exit__()


@pytest.mark.parametrize(
    ("exit_code", "why"),
    [
        (Exit.LIMIT, "the run stopped at a limit or quota"),
        (Exit.SERVICE, "the service could not be reached or did not answer as expected"),
        (Exit.SIGN_IN, "the sign-in was refused"),
        (Exit.INTERRUPTED, "the run was stopped"),
        (Exit.ROWS_FAILED, "problems with other rows stopped the run"),
    ],
)
def test_why_its_runs_stopped_is_still_said(path: Path, exit_code: Exit, why: str) -> None:
    """The exit code is the reason that a journal keeps; whatever else ended the sending was for that moment."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE run SET exit_code = ?, stopped = 3.0", (int(exit_code),))
    with open_journal(f"sqlite:///{path}") as journal:
        assert why_not_sent(journal.runs.get(1)) == f"Not sent yet: {why}."


def test_a_row_of_it_can_be_held(journal: Journal) -> None:
    """The constraint of the table knows the state that came later."""
    planned = journal.rows.planned(journal.runs.get(1), 0, 1)
    journal.rows.move([Change(planned[0], Event.DIFFERS, message="There is one.")], 2_000.0)
    assert journal.rows.counts(journal.runs.get(1))[State.HELD] == 1


def test_a_second_claim_is_still_refused(journal: Journal, path: Path) -> None:
    """The indexes that keep a record from existing twice are there again, on the new table."""
    with closing(sqlite3.connect(path)) as db:
        names = "run, row, target, identity, key, body, state, remote_id, seal"
        again = "2, row, target, identity, key, body, state, remote_id, seal"
        for row in (2, 4):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(f"INSERT INTO intent ({names}) SELECT {again} FROM intent WHERE row = {row}")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE intent SET state = 'lost'")


def test_a_step_that_fails_leaves_the_journal_of_the_earlier_importer(path: Path) -> None:
    """All of it or nothing: a disk that fills up in between loses no row."""
    with closing(sqlite3.connect(path)) as db:
        # In the way of the step, after it has begun.
        db.execute("CREATE TABLE earlier_intent (run)")
    before = rows_of(path)
    with pytest.raises(JournalError):
        open_journal(f"sqlite:///{path}")
    assert rows_of(path) == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone() == ("1",)
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE tbl_name = 'intent'")}
    assert {"one_claim", "one_row_an_id"} <= names


# -- what the runs began with -----------------------------------------------------------------------------------------

SECOND = Path(__file__).with_name("journal_of_version_2.sql")
"""Written by the importer before the options of a run had a number: one run that is finished, and lists of names."""

OPTIONS = {"read": {"dates": "dmy", "zone": "Europe/Berlin"}, "allow_duplicates": True, "picks": {"mia": 7}}


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """That journal as a file."""
    path = tmp_path / "later.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SECOND.read_text("utf-8"))
    return path


def begun_with(path: Path, options: str) -> Journal:
    """The journal with these options of its run."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE run SET options = ?", (options,))
        db.commit()
    return open_journal(f"sqlite:///{path}")


def test_the_options_of_an_earlier_importer_are_read(later: Path) -> None:
    """How the file was read and what was chosen; written again, they have a number."""
    with open_journal(f"sqlite:///{later}") as journal:
        run = journal.runs.get(1)
        assert run.options_as(ReadOptions, "read") == ReadOptions(zone="UTC")
        assert run.options_as(ReadOptions, "read").rules == 1, "what it took for a row is one in its report"
        assert run.options_as(Choices) == Choices(profile="", sandbox=True)
        assert run.place == "--sandbox"
        assert journal.runs.update(run, options={**run.options, "by": "ines"}).options["by"] == "ines"
    with closing(sqlite3.connect(later)) as db:
        assert json.loads(db.execute("SELECT options FROM run").fetchone()[0])["format"] == 1


def test_lists_of_an_earlier_importer_are_read(later: Path) -> None:
    """They had no number either."""
    with open_journal(f"sqlite:///{later}") as journal:
        listed = journal.directories.get("127.0.0.1/ops@example.com/734736702", "spaces/resources", 0.0)
    assert listed is not None
    assert LISTED.decode(listed).entries[0] == Entry(207374479, ("Phone Booth",), "Harbour House")
    assert LISTED.decode(LISTED.encode(LISTED.decode(listed))) == LISTED.decode(listed)


def test_options_of_a_later_importer_are_passed_over_and_stay(later: Path) -> None:
    """A report is written all the same, and whoever knows them finds them again."""
    read = OPTIONS["read"]
    assert isinstance(read, dict)
    with begun_with(later, json.dumps({**OPTIONS, "read": {**read, "later": 1}, "later": [2], "format": 1})) as journal:
        run = journal.runs.get(1)
        assert run.options_as(ReadOptions, "read") == ReadOptions(dates="dmy", zone="Europe/Berlin")
        assert run.options_as(Choices) == Choices(allow_duplicates=True, picks={"mia": 7})
        stored = journal.runs.update(run, options={**run.options, "by": "ines"}).options
    assert (stored["later"], stored["read"]["later"]) == ([2], 1)


@pytest.mark.parametrize("options", ["", "{", "[]", "null", '{"format": 2}'])
def test_options_that_are_unreadable_stop_everything_about_their_run(later: Path, options: str) -> None:
    """With the default in their place, times could be read in another zone: other records would be created."""
    with begun_with(later, options) as journal, pytest.raises(JournalError, match="Run 1 in the journal"):
        journal.runs.latest()


@pytest.mark.parametrize("options", ['{"read": []}', '{"read": {"zone": 1}}', '{"read": {"map": {"a": null}}}'])
def test_a_part_that_is_damaged_is_no_default(later: Path, options: str) -> None:
    """The run is listed, but neither sent nor reported."""
    with begun_with(later, options) as journal:
        [run] = journal.runs.latest()
        with pytest.raises(JournalError, match="Run 1 in the journal"):
            run.options_as(ReadOptions, "read")


def journal_of(version: int, folder: Path) -> Path:
    """A journal as an importer of this version wrote it."""
    path = folder / f"{version}.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(Path(__file__).with_name(f"journal_of_version_{version}.sql").read_text("utf-8"))
    return path


def test_the_accounts_of_one_service_see_each_others_claims(tmp_path: Path) -> None:
    """Version 3 kept them apart, so both could have a record, or a call without an answer, for one mapping."""
    path = journal_of(3, tmp_path)
    before = rows_of(path)
    with open_journal(f"sqlite:///{path}") as journal:
        ana, ines, practice = (journal.runs.get(number) for number in (1, 2, 3))
        keys = {run.id: {intent.row: intent.key for intent in journal.rows.all(run)} for run in (ana, ines)}
        assert (ana.account, ines.account) == (
            "spaces.nexudus.com/ana@example.com",
            "spaces.nexudus.com/ines@example.com",
        )
        assert ana.target == ines.target == journal.runs.target("spaces.nexudus.com", ana.kind)
        assert practice.target == journal.runs.target("127.0.0.1/123", practice.kind) != ana.target
        states = {run.id: [intent.state for intent in journal.rows.all(run)] for run in (ana, ines)}
        # Of two records of one mapping, which both exist, the newer claim counts.
        claims = journal.rows.claims(ana.target or 0, list(keys[1].values()))
        assert claims[keys[1][2]].remote_id == 72
        # Two unanswered rows of it stay in doubt, each; a record that both believe to be theirs is for a person.
        assert states == {
            1: [State.CREATED, State.IN_DOUBT, State.CREATED],
            2: [State.CREATED, State.IN_DOUBT, State.REVIEW],
        }
    assert {row[:2] for row in rows_of(path)} == {row[:2] for row in before}


def test_keys_of_an_earlier_journal_are_those_of_today(tmp_path: Path) -> None:
    """A file that was imported with the earlier version, and is imported again, meets its own claims."""
    with open_journal(f"sqlite:///{journal_of(3, tmp_path)}") as journal:
        [first, *_] = journal.rows.all(journal.runs.get(1))
    values = [first.values[name] for name in KIND.key]
    assert first.key == key_digest(KIND.name, values, "0")


def test_a_journal_from_before_there_were_marks_keeps_every_row(tmp_path: Path) -> None:
    """Version 5: what was sent carried none; what is sent from now on can."""
    path = journal_of(5, tmp_path)
    before = rows_of(path)
    with open_journal(f"sqlite:///{path}") as journal:
        run = journal.runs.get(1)
        assert rows_of(path) == before
        states = [intent.state for intent in journal.rows.all(run)]
        assert not journal.marks.are_on((run.id, intent.row) for intent in journal.rows.all(run))
        assert journal.evidence.rebuilt(run.target or 0) is None
        [planned] = journal.rows.planned(run, 0, 9)
        sending = journal.rows.will_send(run, run.account or "", [planned], (), 9.0, new_mark=lambda: "its mark")
        assert sending.marks == {planned.row: "its mark"}
        assert journal.marks.places(["its mark", "another"]) == {"its mark": (run.id, planned.row)}
    assert states == [
        State.CREATED,
        State.REJECTED,
        State.IN_DOUBT,
        State.REVIEW,
        State.UPDATED,
        State.UPDATING,
        State.PLANNED,
    ]


def test_a_journal_from_before_there_were_updates_keeps_every_row(tmp_path: Path) -> None:
    """Version 4: the rows have no record to update and none as it was, and a planned one can be updated now."""
    path = journal_of(4, tmp_path)
    before = rows_of(path)
    with open_journal(f"sqlite:///{path}") as journal:
        run = journal.runs.get(1)
        intents = list(journal.rows.all(run))
        assert {(i.named_id, i.before, i.updated_on) for i in intents} == {(None, None, None)}
        assert rows_of(path) == before
        [*_, planned] = intents
        assert journal.rows.will_update(run, Change(planned, Event.WILL_UPDATE, 80, before="{}"), 9.0) is None
        [updating] = journal.rows.updating(run.target or 0)
        assert (updating.row, updating.remote_id, updating.before) == (planned.row, 80, "{}")
        assert journal.rows.known_ids(run.target or 0, [61, 71, 80]) == {71, 80}
