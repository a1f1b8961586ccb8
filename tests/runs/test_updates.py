"""Changed rows update their records, week after week: nothing doubled, nothing half, nothing of a colleague lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRES, LABELS, Desk, Service, mapping

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
    assert desk.type("undo", "2", "--yes").code in (0, 2)
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
    imported.state.fail_next("ok", *["502-html"] * 4, on="read")
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
