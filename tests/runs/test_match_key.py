"""--key: rows find their records by other fields than the key of their type. Only the matching changes, no claim."""

from pathlib import Path
from typing import Any

import pytest
from conftest import Desk, Service, mapping

KEY = ("--key", "ResourceId,CoworkerId")
NEW = {"CalendarId": "AAMkNew="}


def stored(service: Service) -> list[tuple[object, object]]:
    """The calendar and the name of each record as the service holds it now, oldest first."""
    report: Any = service.state.report()
    return [(entry["record"]["CalendarId"], entry["record"]["Name"]) for entry in report]


@pytest.fixture
def imported(desk: Desk, service: Service) -> Service:
    """Three records exist."""
    first = desk.write("first.csv", [mapping(n) for n in (2, 3, 4)])
    assert desk.type("run", first, "--yes", "--out", "first").code == 0
    return service


def corrected(desk: Desk) -> Path:
    """The same rows, one of them with another calendar and another name."""
    return desk.write("rows.csv", [mapping(2, Name="Studio", **NEW), mapping(3), mapping(4)])


def counts(desk: Desk, *words: str | Path) -> dict[str, int]:
    """The counts of an import, with its exit code."""
    done = desk.type("run", *words, "--yes", "--json")
    return {"code": done.code, **{name: number for name, number in done.json["counts"].items() if number}}


def test_a_row_whose_calendar_has_changed_updates_its_record(desk: Desk, imported: Service) -> None:
    """Without the key it is ambiguous; with it, the record gets the new calendar, and no other one is made."""
    file = corrected(desk)
    assert counts(desk, file, "--update", "--out", "without") == {"code": 1, "existing": 2, "not sent": 1}
    done = desk.type("plan", file, "--update", *KEY)
    assert "CalendarId AAMk2= → AAMkNew=" in done.out
    assert f"Next: importer run {file} --update --key ResourceId,CoworkerId" in done.out
    assert counts(desk, file, "--update", *KEY) == {"code": 0, "existing": 2, "updated": 1}
    assert stored(imported) == [("AAMkNew=", "Studio"), ("AAMk3=", "Room 3"), ("AAMk4=", "Room 4")]
    # The next week needs no key any more: the row has the key of its record. And the old sheet is not taken for new.
    assert counts(desk, file) == {"code": 0, "existing": 3}
    assert counts(desk, desk.folder / "first.csv", "--out", "again")["not sent"] == 1
    assert imported.creates == 3


def test_an_undo_puts_the_calendar_back(desk: Desk, imported: Service) -> None:
    """As it puts back whatever an update replaced."""
    assert counts(desk, corrected(desk), "--update", *KEY)["updated"] == 1
    assert desk.type("undo", "--yes").code == 0
    assert stored(imported)[0] == ("AAMk2=", "Room 2")
    assert counts(desk, desk.folder / "first.csv", "--out", "again") == {"code": 0, "existing": 3}


def test_without_update_the_row_is_held_and_says_by_what_it_was_found(desk: Desk, imported: Service) -> None:
    """The sentence names the fields of the key, and the command to type next has it."""
    done = desk.type("run", corrected(desk), *KEY, "--yes", "--out", "held")
    assert done.code == 1
    [message] = [row["import_message"] for row in desk.report("held") if row["import_status"] == "not sent"]
    assert "has the same CoworkerId and ResourceId, but other values: " in message
    assert "--key CoworkerId,ResourceId --update" in done.out


def test_the_key_is_kept_with_the_run(desk: Desk, imported: Service) -> None:
    """Stopped and resumed, or retried, its rows find the same records; typed with another key it is another import."""
    rows = [mapping(n, CalendarId=f"New{n}=", SubscriptionId="") for n in (2, 3, 4)]
    file = desk.write("rows.csv", rows)
    assert desk.type("run", file, "--update", *KEY, "--yes", "--max-rows", "1").code == 6
    assert desk.type("run", file, "--update", "--yes").code == 2
    assert desk.type("resume").code == 0
    assert [calendar for calendar, _ in stored(imported)] == ["New2=", "New3=", "New4="]
    file = desk.write("later.csv", [mapping(2, CalendarId="Later=", SubscriptionId="")])
    assert desk.type("run", file, "--key", "CoworkerId, ResourceId", "--yes", "--out", "held").code == 1
    assert desk.type("retry", "--update", "--yes").code == 0
    assert stored(imported)[0] == ("Later=", "Room 2")
    assert imported.creates == 3


def test_check_and_diff_find_records_by_the_key_as_well(desk: Desk, imported: Service) -> None:
    """They say what a run with it would."""
    file = corrected(desk)
    assert desk.type("check", file, "--json").json["comparison"]["counts"]["ambiguous"] == 1
    assert desk.type("check", file, *KEY, "--json").json["comparison"]["counts"]["changed"] == 1
    differing = desk.type("diff", file, *KEY, "--json").json
    assert [change["field"] for change in differing["changed"][0]["fields"]] == ["Name", "CalendarId"]
    assert differing["only_there"] == []
    [doubt] = desk.type("diff", file, "--json").json["ambiguous"]
    assert doubt["why"].startswith("may be the same calendar mapping")
    assert doubt["advice"].startswith("Correct the row or the record.")


def test_rows_of_one_match_are_errors_that_name_each_other(desk: Desk, imported: Service) -> None:
    """In one file and in two; without the key they are two mappings."""
    twins = [mapping(9), mapping(9, CalendarId="B=", SubscriptionId="", Name="B")]
    file = desk.write("rows.csv", [*twins, mapping(8)])
    issues = desk.type("check", file, "--offline", *KEY, "--json").json["issues"]
    assert [(i["row"], i["message"]) for i in issues if i["code"] == "duplicate-key"] == [
        (2, "Row 2 is for the same record as row 3, but has other values."),
        (3, "Row 3 is for the same record as row 2, but has other values."),
    ]
    assert desk.type("check", file, "--offline").code == 0
    files = [desk.write(f"{name}.csv", [twin, mapping(n)]) for name, twin, n in zip("ab", twins, (5, 6), strict=True)]
    done = desk.type("run", *files, *KEY, "--yes", "--json")
    assert [one["run"]["counts"]["invalid"] for one in done.json["imports"]] == [1, 1]
    assert imported.creates == 5


def test_several_records_of_the_match_are_never_guessed_among(desk: Desk, imported: Service) -> None:
    """Another calendar of the same coworker exists: the row is ambiguous, and nothing is written."""
    second = mapping(2, CalendarId="Second=", SubscriptionId="", Name="Second")
    assert desk.type("run", desk.write("second.csv", [second]), "--yes").code == 0
    before = stored(imported)
    assert counts(desk, corrected(desk), "--update", *KEY) == {"code": 1, "existing": 2, "not sent": 1}
    assert stored(imported) == before


def test_a_row_of_an_unanswered_call_stays_blocked(desk: Desk, service: Service) -> None:
    """The create may have taken effect with another calendar: nothing is sent for this coworker until that is known."""
    service.fail("lost-before")
    file = desk.write("first.csv", [mapping(2)])
    assert desk.type("run", file, "--yes").code == 8
    row = mapping(2, CalendarId="New=", SubscriptionId="", Name="New")
    planned = desk.type("plan", desk.write("rows.csv", [row]), "--update", *KEY, "--json").json["plan"]
    assert (planned["blocked"], planned["create"], planned["update"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("words", "sentences"),
    [
        (["--key", "Resource"], ['--key: a calendar mapping has no field "Resource".', 'Did you mean "ResourceId"?']),
        (["--key", "Zebra"], ['has no field "Zebra".', "The fields are ResourceId, CoworkerId, "]),
        (["--key", "ResourceId,"], ["Write it like ResourceId,CoworkerId."]),
        (["--key", "ResourceId", "--allow-duplicates"], ["there is nothing for --key to find"]),
        (["--key", "ResourceId", "--even-if-existing"], ["there is nothing for --key to find"]),
        (["--key", "CalendarId"], ["has no column for CalendarId"]),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(
    desk: Desk, service: Service, words: list[str], sentences: list[str]
) -> None:
    """With the name that was meant, before anything is called."""
    labels = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId"]
    file = desk.write("rows.csv", [mapping(2)[:5]], labels)
    for command in ("plan", "run"):
        done = desk.type(command, file, *words)
        assert done.code == 2
        assert all(sentence in done.out + done.err for sentence in sentences), done.err
    assert service.creates == 0
