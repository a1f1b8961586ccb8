"""A journal that was lost, or put back from a backup, is rebuilt from the marks of its records."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import LABELS, UNLIMITED, Desk, Service, mapping

from importer.delivery.marks import installation_of, mark
from importer.journal.journal import open_journal
from importer.journal.states import State
from schemas import RECORD_TYPES

PATH = next(iter(RECORD_TYPES.values())).paths[0]


@pytest.fixture
def probed(desk: Desk, serve: Callable[..., Service]) -> Callable[..., Service]:
    """Starts a sandbox with these options and probes it."""

    def start(**options: Any) -> Service:
        service = serve(replace(UNLIMITED, **options))
        assert desk.type("doctor", "--probe", "--yes").code == 0
        return service

    return start


def rows(desk: Desk, *numbers: int) -> Path:
    """A file with these good rows."""
    return desk.write(f"rows-{numbers[0]}.csv", [mapping(number) for number in numbers])


def journal_path(desk: Desk) -> Path:
    """Where the journal is."""
    return desk.home / "journal.sqlite3"


def lose_the_journal(desk: Desk) -> None:
    """The disk lost it, and its log."""
    for path in desk.home.glob("journal.sqlite3*"):
        path.unlink()


def dump(desk: Desk) -> list[str]:
    """Every run, row and mark in the journal."""
    with closing(sqlite3.connect(journal_path(desk))) as db:
        tables = ("run", "intent", "mark", "issue")
        return [repr(row) for table in tables for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]


@pytest.mark.parametrize(
    "options", [{}, {"list_items": "partial"}, {"largest_page": 2}, {"dates": "bare"}, {"system_id_filter": "ignored"}]
)
def test_a_lost_journal_is_rebuilt_as_one_run_that_can_be_verified_and_undone(
    desk: Desk, probed: Callable[..., Service], options: dict[str, Any]
) -> None:
    """With the records of every run, and no other record; the same file then creates nothing."""
    service = probed(**options)
    body = dict(zip(LABELS, mapping(50), strict=True))
    service.state.add(PATH, json.dumps(body).encode())
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    assert desk.type("run", rows(desk, 4), "--yes").code == 0
    lose_the_journal(desk)
    done = desk.type("journal", "--rebuild", "--json")
    assert (done.code, done.json["run"], done.json["records"], done.json["in_journal"]) == (0, 1, 3, 0)
    [*lines] = desk.report(done.json["folder"])
    assert [line["import_status"] for line in lines] == ["created"] * 3
    assert {line["import_id"] for line in lines} == {str(r["Id"]) for r in service.records} - {
        str(service.records[0]["Id"])
    }
    assert desk.type("verify", "1").code == 0
    service.let_the_window_pass(desk)
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    assert len(service.records) == 4
    undone = desk.type("undo", "1", "--yes")
    assert undone.code == 0, undone.err
    assert [record["Id"] for record in service.state.records] == [service.records[0]["Id"]]
    assert len(service.records) == 1


def test_rebuilding_twice_changes_nothing(desk: Desk, probed: Callable[..., Service]) -> None:
    """The second time, the journal lacks nothing."""
    probed()
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    lose_the_journal(desk)
    assert desk.type("journal", "--rebuild").code == 0
    before = dump(desk)
    done = desk.type("journal", "--rebuild")
    assert done.code == 0
    assert "The journal lacks none of the 2 records that this installation created." in done.out
    assert dump(desk) == before


def test_a_good_journal_loses_nothing(desk: Desk, probed: Callable[..., Service]) -> None:
    """Rows that were created, refused, in doubt and undone stay as they are."""
    service = probed()
    service.fail("ok", "400")
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 1
    assert desk.type("run", rows(desk, 4), "--yes").code == 0
    assert desk.type("undo", "2", "--yes").code == 0
    service.fail("lost-before")
    assert desk.type("run", rows(desk, 5), "--yes").code == 8
    before = dump(desk)
    done = desk.type("journal", "--rebuild", "--json")
    assert (done.code, done.json["run"], done.json["in_journal"]) == (0, None, 1)
    assert dump(desk) == before


def test_a_journal_that_was_put_back_gets_what_was_sent_since(desk: Desk, probed: Callable[..., Service]) -> None:
    """Its own rows stay; the rest becomes one more run."""
    service = probed()
    assert desk.type("run", rows(desk, 2), "--yes").code == 0
    assert desk.type("journal", "--backup", "backup.sqlite3").code == 0
    assert desk.type("run", rows(desk, 3, 4), "--yes").code == 0
    lose_the_journal(desk)
    (desk.folder / "backup.sqlite3").rename(journal_path(desk))
    done = desk.type("journal", "--rebuild", "--json")
    assert (done.code, done.json["run"], done.json["records"], done.json["in_journal"]) == (0, 2, 2, 1)
    with open_journal(f"sqlite:///{journal_path(desk)}") as journal:
        ids = [intent.remote_id for run in (1, 2) for intent in journal.rows.all(journal.runs.get(run), State.CREATED)]
    assert ids == [record["Id"] for record in service.records]


def test_a_record_that_a_row_without_an_answer_may_have_made_is_left_to_reconcile(
    desk: Desk, probed: Callable[..., Service]
) -> None:
    """The journal was put back to before the answer; two rows must not have one record."""
    service = probed()
    service.state.change(role="create-403")
    service.fail("lost-before")
    assert desk.type("run", rows(desk, 2), "--yes", "--without-list").code == 8
    assert desk.type("journal", "--backup", "backup.sqlite3").code == 0
    service.state.change(role="all")
    service.let_the_window_pass(desk)
    body = dict(zip(LABELS, mapping(50), strict=True))
    service.state.add(PATH, json.dumps(body).encode())
    # The window counts from the first look.
    assert desk.type("reconcile").code == 8
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 0
    assert desk.type("resume", "1").code == 0
    lose_the_journal(desk)
    (desk.folder / "backup.sqlite3").rename(journal_path(desk))
    _, record = service.state.records
    done = desk.type("journal", "--rebuild")
    assert done.code == 0
    assert f"Not included: 1 record ({record['Id']})" in done.out
    assert "importer reconcile" in done.out
    service.let_the_window_pass(desk)
    desk.type("reconcile")
    service.let_the_window_pass(desk)
    desk.type("reconcile")
    assert desk.type("journal", "--rebuild", "--json").json["records"] == 1
    assert len(service.records) == 2


def test_a_rebuilt_journal_sends_nothing_before_a_window_is_over(desk: Desk, probed: Callable[..., Service]) -> None:
    """A call that the lost journal had made may still take effect; then the list shows its record, and none is made."""
    service = probed()
    assert desk.type("run", rows(desk, 2), "--yes").code == 0
    lose_the_journal(desk)
    rebuilt = desk.type("journal", "--rebuild")
    assert "Nothing is sent before" in rebuilt.out
    early = desk.type("run", rows(desk, 3), "--yes", "--max-duration", "1s")
    assert early.code == 6
    assert "the journal was rebuilt" in early.err
    assert len(service.records) == 1
    # The late effect.
    service.state.add(PATH, json.dumps(dict(zip(LABELS, mapping(3), strict=True))).encode(), by="ops@example.com")
    service.let_the_window_pass(desk)
    later = desk.type("run", rows(desk, 3), "--yes", "--json")
    assert (later.code, later.json["counts"]["existing"], len(service.records)) == (0, 1, 2)
    assert "the journal was rebuilt" not in later.err


def test_without_marks_a_sentence_says_what_is_not_possible(desk: Desk, service: Service) -> None:
    """Nothing was ever proved, so that no record carries one; and still nothing is sent at once."""
    assert desk.type("run", rows(desk, 2), "--yes").code == 0
    lose_the_journal(desk)
    done = desk.type("journal", "--rebuild")
    assert done.code == 2
    assert "No record in Nexudus carries a mark of this installation" in done.out
    assert "importer doctor --probe" in done.out
    assert desk.type("run", rows(desk, 3), "--yes", "--max-duration", "1s").code == 6
    assert len(service.records) == 1


def test_records_of_an_earlier_home_folder_are_rebuilt_by_its_name(desk: Desk, probed: Callable[..., Service]) -> None:
    """With the disk, the name of the installation is lost as well. Nobody takes the records of another by himself."""
    service = probed()
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    [installation] = {installation_of(str(record["SystemId"])) for record in service.records}
    desk.variables["IMPORTER_HOME"] = str(desk.folder / "new home")
    done = desk.type("journal", "--rebuild")
    assert done.code == 2
    assert f"importer journal --rebuild --installation {installation}" in done.out
    named = desk.type("journal", "--rebuild", "--installation", installation, "--json")
    assert (named.code, named.json["records"]) == (0, 2)


@pytest.mark.parametrize("lie", ["end-early", "same-page", "ids-as-text"])
def test_of_half_a_list_nothing_is_rebuilt(desk: Desk, probed: Callable[..., Service], lie: str) -> None:
    """What is missing in it would stay missing, and nobody would know."""
    service = probed(largest_page=2)
    assert desk.type("run", rows(desk, 2, 3, 4), "--yes").code == 0
    lose_the_journal(desk)
    service.state.fail_next(*[f"list-{lie}"] * 12, on="list")
    done = desk.type("journal", "--rebuild")
    assert done.code == 5
    assert "Nothing was rebuilt, because Nexudus does not list all of its records" in done.err
    with open_journal(f"sqlite:///{journal_path(desk)}") as journal:
        assert journal.runs.latest() == []


def test_who_may_not_see_the_records_rebuilds_nothing(desk: Desk, probed: Callable[..., Service]) -> None:
    """Nor does such a user send anything."""
    service = probed()
    assert desk.type("run", rows(desk, 2), "--yes").code == 0
    lose_the_journal(desk)
    service.state.change(role="create-403")
    assert desk.type("journal", "--rebuild").code == 5


def test_equal_records_are_rebuilt_each(desk: Desk, probed: Callable[..., Service]) -> None:
    """Two records of one key, made on purpose, are two rows."""
    service = probed()
    twice = desk.write("twice.csv", [mapping(2), mapping(2)])
    assert desk.type("run", twice, "--yes", "--allow-duplicates").code == 0
    lose_the_journal(desk)
    assert desk.type("journal", "--rebuild", "--json").json["records"] == 2
    assert desk.type("undo", "1", "--yes").code == 0
    assert service.records == []


def test_a_text_of_another_program_is_no_mark(desk: Desk, probed: Callable[..., Service]) -> None:
    """Neither is that of a probe, nor one of another installation."""
    service = probed()
    for number, text in enumerate(["theirs", "probe-0-1", mark("f" * 8, "0" * 22)], 2):
        body = dict(zip(LABELS, mapping(number), strict=True)) | {"SystemId": text}
        service.state.add(PATH, json.dumps(body).encode())
    done = desk.type("journal", "--rebuild", "--json")
    assert (done.code, done.json["run"], done.json["other_installations"]) == (2, None, {"f" * 8: 1})


@pytest.mark.parametrize("words", [["--installation", "ffffffff"], ["--type", "CoworkerMsOfficeCalendar"]])
def test_options_of_rebuilding_go_with_it(desk: Desk, words: list[str]) -> None:
    """Alone they would do nothing."""
    done = desk.type("journal", *words)
    assert done.code == 2
    assert "goes with --rebuild" in done.err
    assert desk.type("journal", "--rebuild", "--backup", "backup").code == 2


@pytest.mark.parametrize("options", [{"stamps": "hidden"}, {"updated_on": "stays"}, {}])
def test_what_may_have_been_changed_before_the_rebuild_is_kept_by_an_undo(
    desk: Desk, probed: Callable[..., Service], options: dict[str, Any]
) -> None:
    """What was sent is lost: only the dates tell whether a colleague was there, and without dates nothing does."""
    service = probed(**options)
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    first, second = service.state.records
    # At once, which is within the seconds that a service may take between its two dates.
    service.state.edit(cast("int", first["Id"]), {"Name": "A colleague's"})
    lose_the_journal(desk)
    rebuilt = desk.type("journal", "--rebuild")
    assert ("importer undo 1" in rebuilt.out) == (not options)
    assert ("An undo keeps all of them" in rebuilt.out) == bool(options)
    question = desk.type("undo", "1").err
    undone = desk.type("undo", "1", "--yes")
    assert undone.code == 1
    both = "2 records are kept, because they may have been changed since they were created."
    one = "1 record is kept, because it may have been changed since it was created."
    assert (both if options else one) in question
    assert ("delete no records in" if options else "delete 1 record in") in question
    left = [record["Id"] for record in service.state.records]
    assert left == ([first["Id"], second["Id"]] if options else [first["Id"]])
    assert ("Nexudus does not show whether somebody has changed" in undone.out + undone.err) == bool(options)


def test_an_earlier_rebuild_noted_no_dates_so_that_an_undo_counts_every_record(
    desk: Desk, probed: Callable[..., Service]
) -> None:
    """To ask for fewer records than may be deleted would be worse than to ask for more."""
    probed()
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    lose_the_journal(desk)
    assert desk.type("journal", "--rebuild").code == 0
    with closing(sqlite3.connect(journal_path(desk))) as db, db:
        db.execute("""UPDATE run SET options = json_remove(options, '$.rows_dated')""")
        db.execute("UPDATE intent SET updated_on = NULL")
    question = desk.type("undo", "1").err
    assert "delete 2 records in" in question
    assert "kept" not in question
    assert desk.type("undo", "1", "--yes", "--json").json["counts"] == {"removed": 2}


def test_records_with_one_mark_are_left_out_and_the_rest_is_rebuilt(desk: Desk, probed: Callable[..., Service]) -> None:
    """A colleague's copy must never be undone; once one of the two is gone, nobody is in doubt any more."""
    service = probed()
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    first, second = service.state.records
    body = dict(zip(LABELS, mapping(50), strict=True)) | {"SystemId": first["SystemId"]}
    copy = service.state.add(PATH, json.dumps(body).encode())
    lose_the_journal(desk)
    done = desk.type("journal", "--rebuild")
    assert done.code == 8
    assert f"Not included: records {first['Id']} and {copy}, which carry the same mark" in done.out
    assert "Run 1 now holds 1 record " in done.out
    again = desk.type("journal", "--rebuild", "--json")
    assert (again.code, again.json["twins"], again.json["in_journal"]) == (8, [[first["Id"], copy]], 1)
    assert desk.type("run", rows(desk, 4), "--yes", "--max-duration", "1s").code == 6
    assert desk.type("undo", "1", "--yes").code == 0
    assert [record["Id"] for record in service.state.records] == [first["Id"], copy]
    service.state.remove(copy)
    assert desk.type("journal", "--rebuild", "--json").json["records"] == 1
    assert second["Id"] not in {record["Id"] for record in service.state.records}


def test_a_window_counts_also_from_a_rebuild_that_failed(desk: Desk, probed: Callable[..., Service]) -> None:
    """The journal is lost all the same, and what it had sent may still come."""
    service = probed()
    assert desk.type("run", rows(desk, 2), "--yes").code == 0
    lose_the_journal(desk)
    service.state.fail_next(*["list-ids-as-text"] * 12, on="list")
    assert desk.type("journal", "--rebuild").code == 5
    service.state.heal("list")
    assert desk.type("run", rows(desk, 3), "--yes", "--max-duration", "1s").code == 6
    assert len(service.records) == 1


def test_a_run_with_nothing_to_send_does_not_wait_after_a_rebuild(desk: Desk, probed: Callable[..., Service]) -> None:
    """There is no call that could double anything."""
    service = probed()
    assert desk.type("run", rows(desk, 2, 3), "--yes").code == 0
    lose_the_journal(desk)
    assert desk.type("journal", "--rebuild").code == 0
    done = desk.type("run", rows(desk, 2, 3), "--yes", "--json")
    assert (done.code, done.json["counts"]["existing"]) == (0, 2)
    assert "Nothing is sent before" not in done.err
    assert len(service.records) == 2


@pytest.mark.parametrize("lie", ["list-empty", "list-other-location"])
def test_a_list_of_another_location_is_named_as_a_reason(desk: Desk, probed: Callable[..., Service], lie: str) -> None:
    """A probe has shown that records keep their marks, so that there is another reason why none is there."""
    service = probed()
    assert desk.type("run", rows(desk, 2), "--yes").code == 0
    lose_the_journal(desk)
    service.state.fail_next(*[lie] * 6, on="list")
    done = desk.type("journal", "--rebuild")
    assert done.code == 2
    assert "your default location" in done.out


def test_a_record_that_comes_late_for_a_refused_row_is_that_rows_alone(
    desk: Desk, probed: Callable[..., Service]
) -> None:
    """The journal knows its mark, so rebuilding gives it no second row; to reconcile gives it to the first."""
    service = probed()
    service.fail("400")
    assert desk.type("run", rows(desk, 2), "--yes").code == 1
    with closing(sqlite3.connect(journal_path(desk))) as db:
        [(its_mark,)] = db.execute("SELECT mark FROM mark")
    body = dict(zip(LABELS, mapping(2), strict=True)) | {"SystemId": its_mark}
    number = service.state.add(PATH, json.dumps(body).encode())
    done = desk.type("journal", "--rebuild", "--json")
    assert (done.code, done.json["run"], done.json["in_journal"]) == (0, None, 1)
    desk.type("reconcile")
    with open_journal(f"sqlite:///{journal_path(desk)}") as journal:
        [run] = journal.runs.latest(9)
        assert [intent.remote_id for intent in journal.rows.all(run)] == [number]
