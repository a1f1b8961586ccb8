"""Changed rows update their records, week after week: nothing doubled, nothing half, nothing of a colleague lost."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import EXPIRES, LABELS, UNLIMITED, Desk, Service, mapping

from runs.kit import PATH

FILE = "rows.csv"
WEEKS = [f"2031-0{month}-01T10:00:00Z" for month in range(1, 7)]


def write(desk: Desk, expires: str, number: int = 4, **changes: object) -> Path:
    """The weekly file: the same mappings, with this date."""
    return desk.write(FILE, [mapping(n, SubscriptionExpireDate=expires, **changes) for n in range(2, 2 + number)])


def run(desk: Desk, *flags: str) -> dict[str, int]:
    """The counts of an import of the weekly file, with its exit code."""
    done = desk.type("run", FILE, "--yes", "--json", *flags)
    return {"code": done.code, **{name: number for name, number in done.json["counts"].items() if number}}


def records(service: Service) -> list[dict[str, Any]]:
    """Every record as the service holds it now, oldest first."""
    report: Any = service.state.report()
    return [entry["record"] for entry in report]


def dates(service: Service) -> list[str]:
    """The dates of all records, oldest record first."""
    return [record["SubscriptionExpireDate"] for record in records(service)]


def calls(service: Service, method: str) -> int:
    """How many calls of this method have come for records."""
    return sum(call.method == method and PATH in call.path for call in service.state.calls)


@pytest.fixture
def imported(desk: Desk, service: Service) -> Service:
    """The first week is imported: four records."""
    write(desk, WEEKS[0])
    assert run(desk, "--out", "first") == {"code": 0, "created": 4}
    return service


def test_a_sheet_that_comes_back_every_week_updates_its_records(desk: Desk, imported: Service) -> None:
    """Five weeks, one record a mapping; each week costs one read and one write a row."""
    for week in WEEKS[1:]:
        write(desk, week)
        before = len(imported.state.calls)
        assert run(desk, "--update") == {"code": 0, "updated": 4}
        assert dates(imported) == [week] * 4
        made = [
            call.method for call in imported.state.calls[before:] if f"{PATH}/" in call.path or call.method == "PUT"
        ]
        assert (made.count("GET"), made.count("PUT")) == (4, 4)
    assert calls(imported, "POST") == 4
    assert run(desk, "--update") == {"code": 0, "existing": 4}


def test_the_report_says_what_has_changed(desk: Desk, imported: Service) -> None:
    """The Id of the record, and the value before and after."""
    write(desk, WEEKS[1])
    run(desk, "--update", "--out", "second")
    [first, *_] = desk.report("second")
    assert (first["import_status"], first["import_id"]) == ("updated", desk.report("first")[0]["import_id"])
    assert first["import_message"].startswith(f"Updated: SubscriptionExpireDate {WEEKS[0]} → {WEEKS[1]}. ")


def test_without_the_flag_a_changed_row_is_held(desk: Desk, imported: Service) -> None:
    """Nothing is written; the row is told with both values, is in the failed file, and the command to type is named."""
    write(desk, WEEKS[1])
    done = desk.type("run", FILE, "--yes", "--out", "held")
    assert (done.code, calls(imported, "PUT"), dates(imported)) == (1, 0, [WEEKS[0]] * 4)
    assert f"{WEEKS[0]} there and {WEEKS[1]} in this row" in desk.report("held")[0]["import_message"]
    command = f"importer run {desk.folder / 'held' / 'failed.xlsx'} --update"
    assert command in done.err + done.out
    assert desk.type(*command.split()[1:], "--yes").code == 0
    assert dates(imported) == [WEEKS[1]] * 4


def test_the_plan_says_what_would_be_updated_and_what_it_costs(desk: Desk, imported: Service) -> None:
    """Counts, values, calls; and a date that would go back is a warning."""
    write(desk, WEEKS[1])
    done = desk.type("plan", FILE, "--update")
    assert done.code == 0
    assert "no records to create, 4 to update" in done.out
    assert "8 calls, 4 of them writes" in done.out
    assert f"SubscriptionExpireDate {WEEKS[0]} → {WEEKS[1]}" in done.out
    assert "set a date back" not in done.out
    assert f"importer run {FILE} --update" in done.out
    run(desk, "--update")
    write(desk, WEEKS[0])
    assert "Warning: 4 rows would set a date back." in desk.type("plan", FILE, "--update").out
    plan = desk.type("plan", FILE, "--update", "--json").json["plan"]
    assert (plan["create"], plan["update"], plan["backwards"]) == (0, 4, 4)


def test_the_sheet_of_an_earlier_week_is_held_and_not_existing(desk: Desk, imported: Service) -> None:
    """Week 1, week 2, week 1 again: the journal created those values once, but the service holds others."""
    write(desk, WEEKS[1])
    run(desk, "--update")
    write(desk, WEEKS[0])
    assert run(desk) == {"code": 1, "not sent": 4}
    assert run(desk, "--update") == {"code": 0, "updated": 4}
    assert dates(imported) == [WEEKS[0]] * 4


def test_what_the_file_does_not_give_is_not_touched(desk: Desk, imported: Service) -> None:
    """Fields without a column, empty cells, and what only the interface can see: a PUT clears what it leaves out."""
    [first, *_] = records(imported)
    imported.state.edit(first["Id"], {"SystemId": "ours", "SubscriptionId": "entered by hand"})
    desk.write(FILE, [mapping(2, SubscriptionExpireDate=WEEKS[1], SubscriptionId="")])
    assert run(desk, "--update") == {"code": 0, "updated": 1}
    now = records(imported)[0]
    assert (now["SubscriptionExpireDate"], now["SubscriptionId"]) == (WEEKS[1], "entered by hand")
    assert (now["SystemId"], now["Name"]) == ("ours", "Room 2")


def test_new_and_changed_rows_go_together(desk: Desk, imported: Service) -> None:
    """Two new mappings are created, four updated, and the counts add up."""
    write(desk, WEEKS[1], 6)
    assert run(desk, "--update") == {"code": 0, "created": 2, "updated": 4}
    assert (len(records(imported)), set(dates(imported))) == (6, {WEEKS[1]})


@pytest.mark.parametrize("fault", ["lost-after", "lost-before", "status-after:500", "half-body", "id-null", "slow:0"])
def test_an_update_without_an_answer_is_settled_by_reading(desk: Desk, imported: Service, fault: str) -> None:
    """Whether it took effect or not: afterwards each record has its values, once, and each row says so."""
    desk.shorten_the_window()
    write(desk, WEEKS[1])
    imported.state.fail_next(fault, on="update")
    assert run(desk, "--update") == {"code": 0, "updated": 4}
    assert dates(imported) == [WEEKS[1]] * 4
    assert len(records(imported)) == 4


def test_an_edit_after_a_lost_update_is_not_overwritten(desk: Desk, imported: Service) -> None:
    """Nobody can tell any more whether the update arrived, so the row is unknown, and nothing is sent again."""
    desk.variables |= {"IMPORTER_SETTLE": "300", "IMPORTER_TIMEOUT": "30"}
    write(desk, WEEKS[1])
    imported.state.fail_next("lost-before", on="update")
    assert run(desk, "--update") == {"code": 8, "updated": 3, "unknown": 1}
    [lost] = [record for record in records(imported) if record["SubscriptionExpireDate"] == WEEKS[0]]
    imported.state.edit(lost["Id"], {"SubscriptionExpireDate": WEEKS[4]})
    imported.let_the_window_pass(desk)
    assert desk.type("reconcile").code == 8
    write(desk, WEEKS[1])
    assert sorted(dates(imported)) == [WEEKS[1], WEEKS[1], WEEKS[1], WEEKS[4]]
    # The next import compares with what there is, and asks again.
    assert run(desk) == {"code": 1, "existing": 3, "not sent": 1}


@pytest.mark.parametrize("fields", [{"SubscriptionExpireDate": WEEKS[5]}, {"Name": "Entered by a colleague"}])
def test_an_edit_between_comparing_and_updating_is_not_overwritten(
    desk: Desk, imported: Service, fields: dict[str, Any]
) -> None:
    """Also in a field that the row would not change: the record is not the one that the user agreed to change."""
    write(desk, WEEKS[1])
    [first, *_] = records(imported)
    service = imported.state.service
    get, done = service.read, list[int]()

    def edited(entity: str, record_id: int) -> Any:
        if record_id == first["Id"] and not done:
            done.append(record_id)
            imported.state.edit(record_id, fields)
        return get(entity, record_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "read", edited)
        assert run(desk, "--update") == {"code": 1, "updated": 3, "not sent": 1}
    now = records(imported)[0]
    assert {name: now[name] for name in fields} == fields


def test_a_change_that_was_not_in_the_plan_is_held(desk: Desk, service: Service) -> None:
    """A row that was to be created when the user was asked is not turned into an update by a colleague's record."""
    write(desk, WEEKS[1], 2)
    assert run(desk, "--update", "--max-rows", "1") == {"code": 6, "created": 1, "not sent": 1}
    body = dict(zip(LABELS, mapping(3, SubscriptionExpireDate=WEEKS[0]), strict=True))
    service.state.add(PATH.removeprefix("/api/"), json.dumps(body).encode())
    done = desk.type("resume", "--json", "--out", "on")
    assert (done.code, done.json["counts"]["created"], done.json["counts"]["not sent"]) == (1, 1, 1)
    assert "after the plan was made" in desk.report("on")[1]["import_message"]
    assert dates(service) == [WEEKS[1], WEEKS[0]]


def test_update_does_not_go_with_further_records(desk: Desk, service: Service) -> None:
    """Both would be asked of one row."""
    write(desk, EXPIRES)
    for flag in ("--even-if-existing", "--allow-duplicates"):
        done = desk.type("run", FILE, "--yes", "--update", flag)
        assert (done.code, flag in done.err) == (2, True)
    desk.variables["IMPORTER_UPDATE"] = "yes"
    assert desk.type("run", FILE, "--yes", "--even-if-existing").code == 2
    assert desk.type("run", FILE, "--yes", "--even-if-existing", "--no-update").code == 0


def test_a_setting_updates_as_the_flag_does(desk: Desk, imported: Service) -> None:
    """For whoever imports every week."""
    desk.variables["IMPORTER_UPDATE"] = "yes"
    write(desk, WEEKS[1])
    assert run(desk, "--no-update") == {"code": 1, "not sent": 4}
    assert run(desk) == {"code": 0, "updated": 4}


def test_a_record_that_was_deleted_meanwhile_is_not_made_again(desk: Desk, imported: Service) -> None:
    """The user agreed to change it, not to have another one."""
    write(desk, WEEKS[1])
    run(desk, "--update", "--max-rows", "2")
    left = [record for record in records(imported) if record["SubscriptionExpireDate"] == WEEKS[0]]
    imported.state.remove(left[0]["Id"])
    done = desk.type("resume", "--json")
    assert (done.code, done.json["counts"]["updated"], done.json["counts"]["not sent"]) == (1, 3, 1)
    assert len(records(imported)) == 3


# -- taken back, and compared afterwards ------------------------------------------------------------------------------


def test_undoing_the_last_week_puts_back_the_week_before(desk: Desk, imported: Service) -> None:
    """And undoing every week, the latest first, deletes what the first one created."""
    for number, week in enumerate(WEEKS[1:4], 2):
        write(desk, week)
        assert run(desk, "--update", "--out", str(number)) == {"code": 0, "updated": 4}
    for number in (4, 3, 2):
        assert desk.type("undo", str(number), "--yes").code == 0
        assert dates(imported) == [WEEKS[number - 2]] * 4
        assert [row["import_status"] for row in desk.report(str(number))] == ["not sent"] * 4
        assert "put back by undo" in desk.report(str(number))[0]["import_message"]
    assert desk.type("undo", "1", "--yes").code == 0
    assert records(imported) == []


def test_an_earlier_run_is_not_undone_before_a_later_one(desk: Desk, imported: Service) -> None:
    """What it wrote is no longer there, so there is nothing of it to put back."""
    for week in WEEKS[1:3]:
        write(desk, week)
        run(desk, "--update")
    for number in ("2", "1"):
        assert desk.type("undo", number, "--yes").code == 1
    assert dates(imported) == [WEEKS[2]] * 4


@pytest.mark.parametrize("fields", [{"SubscriptionExpireDate": WEEKS[5]}, {"SystemId": "set by another program"}])
def test_undo_leaves_what_somebody_has_changed_since(desk: Desk, imported: Service, fields: dict[str, Any]) -> None:
    """Also a change of something that the row does not give: the record was looked after since."""
    write(desk, WEEKS[1])
    run(desk, "--update")
    imported.state.edit(records(imported)[1]["Id"], fields)
    done = desk.type("undo", "--yes", "--json")
    assert (done.code, done.json["counts"]) == (1, {"put back": 3, "kept": 1})
    expected = [WEEKS[0], fields.get("SubscriptionExpireDate", WEEKS[1]), WEEKS[0], WEEKS[0]]
    assert dates(imported) == expected


@pytest.mark.parametrize("fault", ["lost-after", "lost-before", "status-after:500", "status:500", "half-body"])
def test_an_undo_without_an_answer_is_finished_by_the_next(desk: Desk, imported: Service, fault: str) -> None:
    """It reads each record again, and puts back only what is not back yet."""
    write(desk, WEEKS[1])
    run(desk, "--update", "--out", "second")
    imported.state.fail_next(fault, on="update")
    desk.type("undo", "--yes")
    if desk.type("undo", "2", "--yes").code == 5:
        # The call may still be on its way, and is made again only after its window.
        imported.let_the_window_pass(desk)
        assert desk.type("undo", "2", "--yes").code == 0
    assert dates(imported) == [WEEKS[0]] * 4
    assert {row["import_status"] for row in desk.report("second")} == {"not sent"}


def test_empty_fields_are_put_back_as_empty(desk: Desk, service: Service) -> None:
    """A value that the update entered where there was none is taken out again."""
    desk.write(FILE, [mapping(2, SubscriptionId="")])
    run(desk)
    desk.write(FILE, [mapping(2, SubscriptionId="entered later")])
    assert run(desk, "--update") == {"code": 0, "updated": 1}
    assert records(service)[0]["SubscriptionId"] == "entered later"
    assert desk.type("undo", "--yes").code == 0
    assert not records(service)[0]["SubscriptionId"]


def test_verify_knows_updates(desk: Desk, imported: Service) -> None:
    """As it was updated; or changed since, by whoever did it."""
    write(desk, WEEKS[1])
    run(desk, "--update")
    assert desk.type("verify").code == 0
    imported.state.edit(records(imported)[2]["Id"], {"SubscriptionExpireDate": WEEKS[3]})
    done = desk.type("verify", "--json")
    assert (done.code, done.json["counts"]) == (1, {"once": 3, "changed since": 1})


@pytest.mark.parametrize("fault", ["ok", "lost-before", "lost-after"])
def test_a_part_of_the_key_is_changed_by_the_id_of_the_record(desk: Desk, imported: Service, fault: str) -> None:
    """Also if the answer is lost: the corrected calendar is what tells whether the update arrived."""
    desk.shorten_the_window()
    [first, *_] = records(imported)
    labels = [*LABELS, "Id"]
    desk.write(FILE, [[*mapping(2, SubscriptionExpireDate=WEEKS[0], CalendarId="AAMkcorrected="), first["Id"]]], labels)
    imported.state.fail_next(fault, on="update")
    assert run(desk, "--update", "--out", "by-id") == {"code": 0, "updated": 1}
    assert (records(imported)[0]["CalendarId"], len(records(imported))) == ("AAMkcorrected=", 4)
    assert "CalendarId AAMk2= → AAMkcorrected=" in desk.report("by-id")[0]["import_message"]
    assert desk.type("undo", "--yes").code == 0
    assert records(imported)[0]["CalendarId"] == "AAMk2="


def test_an_empty_cell_clears_its_field_only_if_it_is_told_to(desk: Desk, imported: Service) -> None:
    """Never a required field or a part of the key; and a field without a column stays as it is."""
    desk.write(FILE, [mapping(n, SubscriptionExpireDate=WEEKS[0], SubscriptionId="") for n in range(2, 6)])
    assert run(desk, "--update") == {"code": 0, "existing": 4}
    plan = desk.type("plan", FILE, "--update", "--clear-empty")
    assert "SubscriptionId 7f105c7d-2dc5-4530-97cd-000000000002 → empty" in plan.out
    assert run(desk, "--update", "--clear-empty") == {"code": 0, "updated": 4}
    now = records(imported)
    assert [record["SubscriptionId"] for record in now] == [None] * 4
    assert [record["Name"] for record in now] == [f"Room {n}" for n in range(2, 6)]
    assert run(desk, "--update", "--clear-empty") == {"code": 0, "existing": 4}
    assert desk.type("undo", "3", "--yes").code == 0
    assert all(record["SubscriptionId"] for record in records(imported))


def test_clearing_needs_updating(desk: Desk, imported: Service) -> None:
    """Without it no record is changed, so there is nothing to clear."""
    write(desk, WEEKS[0])
    assert desk.type("run", FILE, "--yes", "--clear-empty").code == 2


def test_an_empty_part_of_the_key_is_not_cleared(desk: Desk, imported: Service) -> None:
    """A row without a calendar may be another mapping: it is held, whatever is to be cleared."""
    desk.write(FILE, [mapping(2, SubscriptionExpireDate=WEEKS[0], CalendarId="")])
    assert run(desk, "--update", "--clear-empty") == {"code": 1, "not sent": 1}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_ambiguous_row_is_answered_in_the_failed_file(desk: Desk, imported: Service, ending: str) -> None:
    """Its last column is for the Id of the record; without an answer the row is held once more, and asks again."""
    first, second, *_ = records(imported)
    imported.state.edit(second["Id"], {"ResourceId": 1002, "CoworkerId": 2002, "CalendarId": "AAMk2="})
    write(desk, WEEKS[1], 1)
    assert run(desk, "--update", "--out", "one") == {"code": 1, "not sent": 1}
    assert "enter the Id of its record in failed.xlsx" in desk.report("one")[0]["import_message"]
    failed = desk.folder / "one" / f"failed.{ending}"
    assert desk.type("run", failed, "--update", "--yes", "--out", "two").code == 1
    again = desk.folder / "two" / f"failed.{ending}"
    answer(again, first["Id"])
    assert desk.type("run", again, "--update", "--yes", "--out", "three").code == 0
    now = records(imported)
    assert [record["SubscriptionExpireDate"] for record in now[:2]] == [WEEKS[1], WEEKS[0]]
    assert desk.report("three")[0]["import_id"] == str(first["Id"])


def test_a_wrong_answer_stays_for_a_person_to_see(desk: Desk, imported: Service) -> None:
    """An Id that Nexudus does not have, or of another mapping, is an error that names it; the cell keeps the text."""
    _, second, third, _ = records(imported)
    imported.state.edit(second["Id"], {"ResourceId": 1002, "CoworkerId": 2002, "CalendarId": "AAMk2="})
    write(desk, WEEKS[1], 1)
    run(desk, "--update", "--out", "one")
    for number in (7, third["Id"]):
        answer(desk.folder / "one" / "failed.csv", number)
        assert desk.type("run", desk.folder / "one" / "failed.csv", "--update", "--yes", "--out", "two").code == 1
        [row] = desk.report("two")
        assert (row["import_status"], str(number) in row["import_message"]) == ("invalid", True)
        with (desk.folder / "two" / "failed.csv").open(encoding="utf-8-sig") as file:
            assert [line["Id"] for line in csv.DictReader(file)] == [str(number)]
    assert dates(imported)[0] == WEEKS[0]


def test_a_column_id_of_the_users_own_is_no_answer(desk: Desk, imported: Service) -> None:
    """Numbers of a sheet of their own, which also come back in the failed file."""
    rows = [[*mapping(n, SubscriptionExpireDate=WEEKS[1]), n - 1, "x"] for n in range(2, 6)]
    desk.write(FILE, rows, [*LABELS, "Id", "Remark"])
    assert run(desk, "--out", "one") == {"code": 1, "not sent": 4}
    failed = desk.folder / "one" / "failed.csv"
    assert desk.type("run", failed, "--update", "--yes", "--json").json["counts"]["updated"] == 4


def answer(file: Path, number: int) -> None:
    """Enter the Id of its record in the only row of a failed file."""
    if file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file)
        sheet = book.worksheets[0]
        assert sheet.cell(1, sheet.max_column).value == "Id"
        sheet.cell(2, sheet.max_column).value = str(number)
        book.save(file)
        return
    with file.open(encoding="utf-8-sig", newline="") as opened:
        header, row = list(csv.reader(opened))
    assert header[-1] == "Id"
    with file.open("w", encoding="utf-8-sig", newline="") as opened:
        csv.writer(opened).writerows([header, [*row[:-1], str(number)]])


def test_a_retry_clears_what_the_run_was_to_clear(desk: Desk, imported: Service) -> None:
    """A colleague changed the record during the run; sent again, the row still says that its field is empty."""
    desk.write(FILE, [mapping(2, SubscriptionExpireDate=WEEKS[0], SubscriptionId="")])
    imported.state.fail_next("400-relation", on="update")
    assert run(desk, "--update", "--clear-empty") == {"code": 1, "rejected": 1}
    done = desk.type("retry", "--yes", "--json")
    assert (done.code, done.json["counts"]["updated"]) == (0, 1)
    assert records(imported)[0]["SubscriptionId"] is None


@pytest.mark.parametrize("fields", [{"Name": "Entered by a colleague"}, {"SubscriptionExpireDate": WEEKS[5]}])
def test_what_a_colleague_changes_while_a_run_is_stopped_is_left_alone(
    desk: Desk, imported: Service, fields: dict[str, Any]
) -> None:
    """The user agreed to a change of the record as the plan showed it, and to no other."""
    write(desk, WEEKS[1])
    assert run(desk, "--update", "--max-rows", "2") == {"code": 6, "updated": 2, "not sent": 2}
    left = next(record for record in records(imported) if record["SubscriptionExpireDate"] == WEEKS[0])
    imported.state.edit(left["Id"], fields)
    done = desk.type("resume", "--json", "--out", "on")
    assert (done.code, done.json["counts"]["updated"], done.json["counts"]["not sent"]) == (1, 3, 1)
    now = next(record for record in records(imported) if record["Id"] == left["Id"])
    assert {name: now[name] for name in fields} == fields
    [held] = [row for row in desk.report("on") if row["import_status"] == "not sent"]
    assert "changed after the plan was made" in held["import_message"]


def test_a_throttled_update_is_still_the_one_that_was_agreed_to(desk: Desk, imported: Service) -> None:
    """Refused before any effect, and stopped; the run goes on with it, though it was tried before."""
    desk.variables["IMPORTER_CONCURRENCY"] = "1"
    write(desk, WEEKS[1], 1)
    imported.state.fail_next("throttle-409:30", on="update")
    assert run(desk, "--update", "--max-duration", "2") == {"code": 6, "not sent": 1}
    imported.let_the_window_pass(desk)
    assert desk.type("resume", "--json").json["counts"]["updated"] == 1


def test_throttles_are_no_attempts_of_an_update(desk: Desk, imported: Service) -> None:
    """Refused four times because it came too soon, then lost: it is sent once more, as any lost call is."""
    desk.shorten_the_window()
    write(desk, WEEKS[1], 1)
    imported.state.fail_next(*["throttle-429:0.1"] * 4, "lost-before", on="update")
    assert run(desk, "--update") == {"code": 0, "updated": 1}
    assert (dates(imported)[0], calls(imported, "PUT")) == (WEEKS[1], 6)


@pytest.mark.parametrize("fault", ["lost-after", "status-after:500"])
def test_an_undo_that_was_cut_off_does_not_stand_in_the_way_of_the_next_one(
    desk: Desk, imported: Service, fault: str
) -> None:
    """Whose answer was lost: the record is back, by this importer's own change, and the run before can be undone."""
    for week in WEEKS[1:3]:
        write(desk, week)
        run(desk, "--update")
    imported.state.fail_next(fault, on="update")
    desk.type("undo", "3", "--yes")
    desk.type("undo", "3", "--yes")
    assert dates(imported) == [WEEKS[1]] * 4
    assert desk.type("undo", "2", "--yes").code == 0
    assert dates(imported) == [WEEKS[0]] * 4


def test_a_run_is_not_undone_under_a_later_one_that_came_to_the_same_values(desk: Desk, imported: Service) -> None:
    """Week 2, week 1, week 2 again: what is there is the last run's, and the message says which to undo first."""
    for number in (1, 0, 1):
        write(desk, WEEKS[number])
        assert run(desk, "--update")["updated"] == 4
    done = desk.type("undo", "2", "--yes")
    assert (done.code, "a later run has updated it since; undo that run first" in done.out) == (1, True)
    for undone in ("4", "3", "2"):
        assert desk.type("undo", undone, "--yes").code == 0
    assert dates(imported) == [WEEKS[0]] * 4


def test_no_update_makes_a_second_record_of_a_mapping(desk: Desk, imported: Service) -> None:
    """A row that names its record by Id, and gives it the key of another one."""
    first, second, *_ = records(imported)
    row = mapping(2, ResourceId=1002, CoworkerId=2002, SubscriptionExpireDate=WEEKS[0], CalendarId="AAMk3=")
    imported.state.edit(second["Id"], {"ResourceId": 1002, "CoworkerId": 2002})
    desk.write(FILE, [[*row, first["Id"]]], [*LABELS, "Id"])
    assert run(desk, "--update", "--out", "one") == {"code": 1, "not sent": 1}
    message = desk.report("one")[0]["import_message"]
    assert f"Record {second['Id']} would have the same key as this row" in message


def test_the_file_of_failed_rows_is_imported_as_the_first_one_was(desk: Desk, imported: Service) -> None:
    """The command that is named still updates, and clears what it was to clear."""
    write(desk, WEEKS[1])
    imported.state.fail_next("400-relation", on="update")
    done = desk.type("run", FILE, "--yes", "--update", "--clear-empty", "--out", "one")
    assert "failed.xlsx --update --clear-empty" in done.out + done.err


# -- what a colleague does beside us ----------------------------------------------------------------------------------


def test_an_edit_after_the_question_is_not_overwritten(desk: Desk, imported: Service) -> None:
    """What the user agreed to is a change of the record as it was then, however much later its row is sent."""
    write(desk, WEEKS[1])
    assert run(desk, "--update", "--max-rows", "1")["code"] == 6
    left = [record for record in records(imported) if record["SubscriptionExpireDate"] == WEEKS[0]]
    imported.state.edit(left[0]["Id"], {"SubscriptionExpireDate": WEEKS[4]})
    imported.state.edit(left[1]["Id"], {"Name": "Entered by a colleague"})
    done = desk.type("resume", "--json", "--out", "on")
    assert (done.code, done.json["counts"]["updated"], done.json["counts"]["not sent"]) == (1, 2, 2)
    assert sorted(dates(imported)) == [WEEKS[0], WEEKS[1], WEEKS[1], WEEKS[4]]
    assert "after the plan was made" in desk.report("on")[1]["import_message"]


def test_values_that_a_colleague_entered_are_not_undone(desk: Desk, imported: Service) -> None:
    """The update never arrived, and somebody entered the same: the row is done, and an undo leaves the record alone."""
    desk.variables |= {"IMPORTER_SETTLE": "300", "IMPORTER_TIMEOUT": "30"}
    write(desk, WEEKS[1])
    imported.state.fail_next("lost-before", on="update")
    assert run(desk, "--update") == {"code": 8, "updated": 3, "unknown": 1}
    [lost] = [record for record in records(imported) if record["SubscriptionExpireDate"] == WEEKS[0]]
    imported.state.edit(lost["Id"], {"SubscriptionExpireDate": WEEKS[1]})
    assert desk.type("reconcile").code == 0
    done = desk.type("undo", "--yes", "--json")
    assert (done.code, done.json["counts"]) == (1, {"put back": 3, "kept": 1})
    assert sorted(dates(imported)) == [WEEKS[0], WEEKS[0], WEEKS[0], WEEKS[1]]


def test_without_updated_on_an_update_without_an_answer_is_not_made_again(desk: Desk, imported: Service) -> None:
    """Nothing shows that it never arrived: somebody may have put back by hand what it had changed."""
    imported.state.change(stamps="hidden")
    desk.shorten_the_window()
    write(desk, WEEKS[1])
    imported.state.fail_next("lost-before", on="update")
    assert run(desk, "--update") == {"code": 8, "updated": 3, "unknown": 1}
    assert sorted(dates(imported)) == [WEEKS[0], *[WEEKS[1]] * 3]
    assert calls(imported, "PUT") == 4


def test_what_an_undo_put_back_without_an_answer_is_undone_further(desk: Desk, imported: Service) -> None:
    """The next undo finds the record as it was before, by our own hand; so the run that created it can be undone."""
    write(desk, WEEKS[1])
    run(desk, "--update")
    imported.state.fail_next("lost-after", on="update")
    imported.state.fail_next("ok", "200-html", on="read")
    assert desk.type("undo", "2", "--yes").code == 5
    assert desk.type("undo", "2", "--yes").code == 0
    assert dates(imported) == [WEEKS[0]] * 4
    assert desk.type("undo", "1", "--yes").code == 0
    assert records(imported) == []


def test_a_run_is_not_undone_by_what_a_later_one_wrote(desk: Desk, imported: Service) -> None:
    """Week 1, week 2, week 1 again: neither week 1 nor week 2 can be undone before the last run is."""
    for week in (WEEKS[1], WEEKS[0]):
        write(desk, week)
        run(desk, "--update")
    for number in ("1", "2"):
        assert desk.type("undo", number, "--yes").code == 1
    assert dates(imported) == [WEEKS[0]] * 4
    for number, week in (("3", WEEKS[1]), ("2", WEEKS[0])):
        assert desk.type("undo", number, "--yes").code == 0
        assert dates(imported) == [week] * 4
    assert desk.type("undo", "1", "--yes").code == 0
    assert records(imported) == []


@pytest.fixture
def nameless(desk: Desk, serve: Callable[..., Service]) -> Service:
    """The first week is imported with a token, into a service that does not say whose it is."""
    service = serve(replace(UNLIMITED, who="404", token="practice-token"))
    for name in ("NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"):
        del desk.variables[name]
    desk.variables |= {"NEXUDUS_TOKEN": "practice-token", "IMPORTER_SETTLE": "300", "IMPORTER_TIMEOUT": "30"}
    write(desk, WEEKS[0])
    assert run(desk) == {"code": 0, "created": 4}
    # What is updated later was updated in another second than it was created.
    service.state.change(clock_skew=60.0)
    write(desk, WEEKS[1])
    return service


def test_under_a_token_without_a_name_a_lost_update_can_be_undone(desk: Desk, nameless: Service) -> None:
    """The other records of the run tell who we are, so that the one that was read is known to be ours."""
    nameless.state.fail_next("lost-after", on="update")
    assert run(desk, "--update") == {"code": 0, "updated": 4}
    done = desk.type("undo", "--yes", "--json")
    assert (done.code, done.json["counts"]) == (0, {"put back": 4})
    assert dates(nameless) == [WEEKS[0]] * 4


def test_it_can_be_undone_if_the_others_were_updated_only_later(desk: Desk, nameless: Service) -> None:
    """When its record was read, nothing told yet who we are; when the run is undone, something does."""
    nameless.state.fail_next("lost-after", on="update")
    assert run(desk, "--update", "--max-rows", "1")["code"] == 6
    assert desk.type("resume").code == 0
    assert desk.type("undo", "--yes", "--json").json["counts"] == {"put back": 4}
    assert dates(nameless) == [WEEKS[0]] * 4


def test_under_a_token_without_a_name_a_colleagues_values_are_not_undone(desk: Desk, nameless: Service) -> None:
    """The update never arrived, somebody entered the same, and the other records tell that it was not us."""
    nameless.state.fail_next("lost-before", on="update")
    assert run(desk, "--update") == {"code": 8, "updated": 3, "unknown": 1}
    [lost] = [record for record in records(nameless) if record["SubscriptionExpireDate"] == WEEKS[0]]
    nameless.state.edit(lost["Id"], {"SubscriptionExpireDate": WEEKS[1]})
    assert desk.type("reconcile").code == 0
    done = desk.type("undo", "--yes", "--json")
    assert (done.code, done.json["counts"]) == (1, {"put back": 3, "kept": 1})
    assert sorted(dates(nameless)) == [*[WEEKS[0]] * 3, WEEKS[1]]


def test_where_nothing_tells_who_we_are_the_record_stays_and_the_undo_says_why(desk: Desk, nameless: Service) -> None:
    """The only update of the run got no answer; what to do is said."""
    write(desk, WEEKS[1], 1)
    nameless.state.fail_next("lost-after", on="update")
    assert run(desk, "--update") == {"code": 0, "updated": 1}
    done = desk.type("undo", "--yes")
    assert done.code == 1
    assert "it is not certain that this run entered these values, last saved by ops@example.com" in done.out
    assert "change the record back in Nexudus" in done.out
    assert dates(nameless)[0] == WEEKS[1]


def test_an_update_that_another_user_settles_is_still_its_owners_to_undo(desk: Desk, imported: Service) -> None:
    """The record was saved last by the user of its run, and not by whoever happened to read it."""

    def sign_in(user: str) -> None:
        imported.state.change(username=user)
        desk.variables["NEXUDUS_USERNAME"] = user

    desk.variables |= {"IMPORTER_SETTLE": "300", "IMPORTER_TIMEOUT": "30"}
    imported.state.change(clock_skew=60.0)
    write(desk, WEEKS[1], 1)
    imported.state.fail_next("lost-after", on="update")
    imported.state.fail_next(*["ok"] * 4, *["200-html"] * 9, on="read")
    assert run(desk, "--update") == {"code": 8, "unknown": 1}
    while imported.state.pending_faults("read"):
        imported.state.next_fault("read")
    sign_in("another@example.com")
    desk.write("other.csv", [mapping(9, SubscriptionExpireDate=WEEKS[0])])
    assert desk.type("run", "other.csv", "--yes").code == 0
    sign_in("ops@example.com")
    assert desk.type("status", "2", "--json").json["counts"]["updated"] == 1
    assert desk.type("undo", "2", "--yes", "--json").json["counts"] == {"put back": 1}
