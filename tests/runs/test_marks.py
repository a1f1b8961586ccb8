"""Creates carry a mark once a probe has shown that the service keeps it; it finds a record that somebody has edited."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import LABELS, UNLIMITED, Desk, Service, mapping

from importer.delivery.marks import installation_of, mark
from importer.journal.journal import open_journal
from importer.sandbox import SandboxOptions
from schemas import RECORD_TYPES

PATH = next(iter(RECORD_TYPES.values())).paths[0]
THEIRS = mark("f" * 8, "f" * 22)
"""The mark of another installation."""

LISTS: list[dict[str, Any]] = [
    {},
    {"list_items": "partial"},
    {"system_id_filter": "ignored"},
    {"ignore_filters": True},
    {"largest_page": 2},
    {"dates": "bare"},
]
"""How lists may be; all of them show, by themselves or by a read by Id, which mark a record carries."""


@pytest.fixture
def probed(desk: Desk, serve: Callable[..., Service]) -> Callable[..., Service]:
    """Starts a sandbox with these options and probes it."""

    def start(**options: Any) -> Service:
        service = serve(replace(UNLIMITED, **options))
        assert desk.type("doctor", "--probe", "--yes").code == 0
        assert service.records == []
        return service

    return start


def rows(desk: Desk, number: int = 3) -> Any:
    """A file with so many good rows."""
    return desk.write("rows.csv", [mapping(row) for row in range(2, 2 + number)])


def marks_sent(service: Service) -> list[str | None]:
    """What the records' creates carried."""
    return [record.get("SystemId") for record in service.records]


def stored(service: Service) -> list[dict[str, Any]]:
    """The records as they are now."""
    return [dict(record) for record in service.state.records]


def lose_the_answer(desk: Desk, service: Service, fault: str = "lost-after", number: int = 1) -> None:
    """A run whose only call gets no answer, and which cannot look for its record."""
    service.state.change(role="create-403")
    service.fail(fault)
    done = desk.type("run", rows(desk, number), "--yes", "--without-list", "--out", "report")
    assert done.code == 8, done.err
    service.state.change(role="all")


def test_no_create_carries_a_mark_before_a_probe(desk: Desk, service: Service) -> None:
    """What the service does with the field is not known until then."""
    assert desk.type("run", rows(desk), "--yes").code == 0
    assert marks_sent(service) == [None] * 3


@pytest.mark.parametrize("system_id", ["dropped", "shortened"])
def test_no_create_carries_a_mark_that_the_service_does_not_keep(
    desk: Desk, probed: Callable[..., Service], system_id: str
) -> None:
    """Nothing is gained by one that comes back as another text."""
    service = probed(system_id=system_id)
    assert desk.type("run", rows(desk), "--yes").code == 0
    assert marks_sent(service) == [None] * 3


def test_each_create_carries_a_mark_of_its_own_that_the_journal_has(desk: Desk, probed: Callable[..., Service]) -> None:
    """Random, and of this installation."""
    service = probed()
    assert desk.type("run", rows(desk), "--yes").code == 0
    marks = [str(text) for text in marks_sent(service)]
    assert len(set(marks)) == 3
    assert len({installation_of(text) for text in marks}) == 1
    assert installation_of(marks[0])
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        assert journal.marks.places(marks) == {text: (1, row) for row, text in enumerate(marks, 2)}


def test_another_attempt_and_another_installation_have_other_marks(desk: Desk, probed: Callable[..., Service]) -> None:
    """Both of two homes have a run 1 with a row 2."""
    service = probed()
    service.fail("throttle-429:0.1")
    assert desk.type("run", rows(desk, 1), "--yes").code == 0
    desk.variables["IMPORTER_HOME"] = str(desk.folder / "another")
    assert desk.type("doctor", "--probe", "--yes").code == 0
    assert desk.type("run", desk.write("more.csv", [mapping(9)]), "--yes").code == 0
    first, second = (str(text) for text in marks_sent(service))
    assert installation_of(first) != installation_of(second)
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        assert journal.marks.places([first, second]) == {first: (1, 2)}


@pytest.mark.parametrize("lists", LISTS, ids=str)
@pytest.mark.parametrize("edit", [{"Name": "By a colleague"}, {"ResourceId": 7_777, "CalendarId": "another"}], ids=str)
def test_a_record_that_was_edited_before_it_was_looked_for_is_the_rows_by_its_mark(
    desk: Desk, probed: Callable[..., Service], lists: dict[str, Any], edit: dict[str, Any]
) -> None:
    """Whatever it says by now, the row created it: it is recorded as created, and nothing is created a second time."""
    service = probed(**lists)
    lose_the_answer(desk, service)
    [record] = stored(service)
    service.state.edit(record["Id"], edit)
    done = desk.type("reconcile")
    assert (done.code, len(service.records)) == (0, 1), done.err
    [row] = desk.report("report")
    assert (row["import_status"], row["import_id"]) == ("created", str(record["Id"]))
    service.let_the_window_pass(desk)
    assert desk.type("resume", "1").code in (0, 2)
    assert len(service.records) == 1
    # It is somebody else's by now, and an undo leaves it alone.
    assert desk.type("undo", "1", "--yes").code == 1
    assert len(service.records) == 1


@pytest.mark.parametrize(
    ("edit", "code", "status"),
    [({}, 0, "created"), ({"Name": "By a colleague"}, 8, "unknown")],
    ids=["saved", "edited"],
)
def test_a_mark_that_a_save_has_cleared_proves_nothing(
    desk: Desk, probed: Callable[..., Service], edit: dict[str, Any], code: int, status: str
) -> None:
    """Then values decide, as they do without marks: found, or for a person; never absent, and never sent again."""
    service = probed()
    lose_the_answer(desk, service)
    [record] = stored(service)
    # Each save is a second later: soon after the create, it would look like a record that a colleague made.
    for _ in range(4):
        service.state.edit(record["Id"], {"SystemId": None, **edit})
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == code
    [row] = desk.report("report")
    assert row["import_status"] == status
    desk.type("run", rows(desk, 1), "--yes")
    assert len(service.records) == 1


def test_a_row_whose_call_took_no_effect_is_sent_again_with_another_mark(
    desk: Desk, probed: Callable[..., Service]
) -> None:
    """One mark an attempt: an effect of the first, should it come after all, is told from the second's."""
    service = probed()
    service.state.add(PATH, json.dumps(dict(zip(LABELS, mapping(50), strict=True))).encode(), by="mia@example.com")
    service.fail("lost-before")
    assert desk.type("run", rows(desk, 1), "--yes").code == 8
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 0
    assert desk.type("resume", "1").code == 0
    _, sent = marks_sent(service)
    with open_journal(f"sqlite:///{desk.home / 'journal.sqlite3'}") as journal:
        assert journal.marks.places([str(sent)]) == {sent: (1, 2)}
        assert journal.marks.are_on([(1, 2)])


@pytest.mark.parametrize("lists", LISTS, ids=str)
def test_an_equal_record_of_another_installation_is_not_taken_for_the_rows(
    desk: Desk, probed: Callable[..., Service], lists: dict[str, Any]
) -> None:
    """By the same user, and after the call: without its mark nobody could tell it from the row's own."""
    service = probed(**lists)
    lose_the_answer(desk, service, "lost-before")
    body = dict(zip(LABELS, mapping(2), strict=True)) | {"SystemId": THEIRS}
    service.state.add(PATH, json.dumps(body).encode(), by="ops@example.com")
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 8
    [row] = desk.report("report")
    assert (row["import_status"], row["import_id"]) == ("unknown", "")
    assert "was not created for this row" in row["import_message"]
    # Once the row's own can no longer come, the one that there is will do.
    service.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 0
    [row] = desk.report("report")
    assert row["import_status"] == "existing"
    assert desk.type("undo", "1", "--yes").code == 2
    assert desk.type("run", rows(desk, 1), "--yes").code == 0
    assert len(service.records) == 1


def test_a_record_of_a_row_that_has_come_to_an_end_without_it_is_named(
    desk: Desk, probed: Callable[..., Service]
) -> None:
    """A copy that some program made, mark and all: whose it is, its mark says, and what becomes of it, a person."""
    service = probed()
    assert desk.type("run", rows(desk, 1), "--yes").code == 0
    [record] = stored(service)
    body = dict(zip(LABELS, mapping(3), strict=True)) | {"SystemId": record["SystemId"]}
    copy = service.state.add(PATH, json.dumps(body).encode())
    done = desk.type("run", desk.write("more.csv", [mapping(9)]), "--yes")
    assert done.code == 8
    assert f"was created for row 2 of run 1, whose record is {record['Id']}" in done.out + done.err, copy


@pytest.mark.parametrize(
    ("cleared", "after"), [(None, "its mark"), ("theirs", "theirs")], ids=["cleared", "of another program"]
)
def test_updates_and_undo_write_the_mark_again_and_clear_nobody_elses_text(
    desk: Desk, probed: Callable[..., Service], cleared: str | None, after: str
) -> None:
    """A save of a colleague may clear it, and whoever saves the record next puts it back."""
    # Without stamps nothing shows that a colleague has saved the record, so that the undo puts it back.
    service = probed(stamps="hidden")
    assert desk.type("run", rows(desk, 1), "--yes").code == 0
    [record] = stored(service)
    expected = record["SystemId"] if after == "its mark" else after
    service.state.edit(record["Id"], {"SystemId": cleared})
    other = desk.write("other.csv", [mapping(2, Name="Another")])
    assert desk.type("run", other, "--yes", "--update").code == 0
    [updated] = stored(service)
    assert (updated["Name"], updated["SystemId"]) == ("Another", expected)
    service.state.edit(record["Id"], {"SystemId": cleared})
    assert desk.type("undo", "2", "--yes").code == 0
    [restored] = stored(service)
    assert (restored["Name"], restored["SystemId"]) == ("Room 2", expected)


def test_an_update_that_clears_the_field_is_no_reason_to_create_again(
    desk: Desk, serve: Callable[..., Service]
) -> None:
    """Where a save drops or keeps SystemId otherwise than was proved, weeks of the same file create nothing twice."""
    options: list[SandboxOptions] = [
        replace(UNLIMITED, system_id_update="dropped"),
        replace(UNLIMITED, system_id_omitted="kept"),
    ]
    for number, option in enumerate(options):
        service = serve(option)
        desk.variables["IMPORTER_HOME"] = str(desk.folder / f"home-{number}")
        assert desk.type("doctor", "--probe", "--yes").code == 0
        for name in ("One", "Two", "Two"):
            assert desk.type("run", desk.write("rows.csv", [mapping(2, Name=name)]), "--yes", "--update").code == 0
        assert [record["Name"] for record in stored(service)] == ["Two"]


REFUSALS = ["status-after:403", "status-after:400", "status-after:401", "status-after:409"]


@pytest.mark.parametrize("options", LISTS[:2])
@pytest.mark.parametrize("fault", REFUSALS)
@pytest.mark.parametrize("command", [("reconcile",), ("run", "rows.csv", "--yes")])
def test_a_refused_create_that_was_carried_out_is_found_by_its_mark_at_any_time(
    desk: Desk, probed: Callable[..., Service], options: dict[str, Any], fault: str, command: tuple[str, ...]
) -> None:
    """Although nobody could look right after it; then an undo deletes its record as well."""
    service = probed(**options)
    file = rows(desk)
    service.fail("ok", fault)
    service.state.fail_next("ok", *["status:400"] * 400, on="list")
    desk.type("run", file, "--yes", "--without-list", "--out", "first")
    service.state.heal("list")
    ended = [row["import_status"] for row in desk.report("first")]
    assert len(service.records) >= 2
    desk.type(*command)
    if "not sent" in ended:
        assert desk.type("resume", "1").code == 0
    assert len(service.records) == 3
    desk.type("report", "1")
    assert {row["import_status"] for row in desk.report("first")} == {"created"}
    assert desk.type("undo", "1", "--yes").code == 0
    assert service.records == []


@pytest.mark.parametrize("options", LISTS[:2])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_throttled_create_that_was_carried_out_is_named_at_the_end(
    desk: Desk, probed: Callable[..., Service], options: dict[str, Any], *, carried_out: bool
) -> None:
    """It is sent again, for a throttle is believed; the record that came twice is named, and nothing else is."""
    service = probed(**options)
    service.fail("ok", "status-after:429" if carried_out else "status:429")
    done = desk.type("run", rows(desk), "--yes")
    assert done.code == (8 if carried_out else 0)
    assert len(service.records) == (4 if carried_out else 3)
    assert ("In Nexudus, delete it if you do not need it" in done.out + done.err) == carried_out
