"""A check with a sign-in compares rows with what the service holds, and concludes nothing from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import UNLIMITED, Desk, Service, mapping

from runs.kit import PATH

LATER = "2031-03-01T10:00:00Z"


def imported(desk: Desk) -> list[int]:
    """The Ids of two records that exist already."""
    assert desk.type("run", desk.write("first.csv", [mapping(2), mapping(3)]), "--yes", "--out", "first").code == 0
    return [int(row["import_id"]) for row in desk.report("first")]


def four_kinds(desk: Desk) -> Path:
    """A row that is unchanged, one that is changed, one that is ambiguous, and one that is new."""
    changed = mapping(3, Name="Studio")
    return desk.write("rows.csv", [mapping(2), changed, mapping(2, CalendarId="", SubscriptionId=""), mapping(9)])


def lists_read(service: Service) -> int:
    """How often the list of records was read."""
    return sum(call.method == "GET" and call.path == PATH for call in service.state.calls)


def test_a_check_says_what_the_rows_are_to_the_service(desk: Desk, service: Service) -> None:
    """Counts, and the first rows field by field, in the words of a plan; the list is read once, and nothing written."""
    first, second = imported(desk)
    before, writes = lists_read(service), service.creates
    done = desk.type("check", four_kinds(desk))
    assert done.code == 0, done.out
    assert "1 to create, 1 unchanged, 1 changed, 1 ambiguous." in done.out
    assert "1 row has other values in Nexudus:" in done.out
    assert f"row 3: record {second}: Name Room 3 → Studio" in done.out
    assert "1 row needs a decision, because records may exist already:" in done.out
    assert f"row 4: Record {first} may be the same calendar mapping" in done.out
    assert "Nothing was sent." in done.out
    assert (lists_read(service), service.creates) == (before + 1, writes)


def test_the_document_of_a_check_holds_the_same(desk: Desk, service: Service) -> None:
    """Each value by itself, so that no program has to read a sentence; counts that add up to the valid rows."""
    first, second = imported(desk)
    done = desk.type("check", four_kinds(desk), "--json")
    compared = done.json["comparison"]
    assert compared["counts"] == {
        "create": 1,
        "unchanged": 1,
        "changed": 1,
        "ambiguous": 1,
        "blocked": 0,
        "backwards": 0,
    }
    assert compared["first"]["unchanged"] == [[2, first]]
    changes = [{"field": "Name", "there": "Room 3", "new": "Studio", "goes_back": False}]
    assert compared["first"]["changed"] == [{"row": 3, "record": second, "fields": changes}]
    [doubt] = compared["first"]["ambiguous"]
    assert (doubt["row"], doubt["records"], doubt["field"]) == (4, [first], "CalendarId")
    assert compared["account"]["user"] == UNLIMITED.username
    assert sum(compared["counts"].values()) == done.json["valid"]


@pytest.mark.parametrize("words", [["--offline"], []])
def test_without_the_service_a_check_is_about_the_file_alone(desk: Desk, service: Service, words: list[str]) -> None:
    """With --offline, or without a sign-in, nothing is called and nothing is compared."""
    imported(desk)
    file, before = four_kinds(desk), len(service.state.calls)
    if not words:
        del desk.variables["NEXUDUS_USERNAME"], desk.variables["NEXUDUS_PASSWORD"]
    done = desk.type("check", file, "--json", *words)
    assert (done.code, done.json["comparison"], done.json["valid"]) == (0, None, 4)
    assert "Compared with" not in desk.type("check", file, *words).out
    assert len(service.state.calls) == before


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (mapping(2), 0),
        (mapping(2, Name="Studio"), 0),
        (mapping(2, CalendarId=""), 0),
        (mapping(9), 0),
        (mapping(9, Name=""), 1),
    ],
)
def test_the_exit_code_is_about_the_file_whatever_the_service_holds(
    desk: Desk, service: Service, row: list[object], code: int
) -> None:
    """A script that checks before it renews gets the same answer with and without a sign-in."""
    imported(desk)
    file = desk.write("rows.csv", [row])
    assert [desk.type("check", file, *words).code for words in ([], ["--offline"])] == [code, code]


def test_a_service_that_does_not_list_its_records_spoils_no_check(desk: Desk, serve: Callable[..., Service]) -> None:
    """What is wrong with the file is shown all the same, and it is said that nothing was compared."""
    service = serve()
    service._ask("faults?on=read", ["ok", *["404"] * 60])
    done = desk.type("check", desk.write("rows.csv", [mapping(2), mapping(3, Name="")]), "--json")
    assert (done.code, done.json["comparison"], done.json["invalid"]) == (1, None, 1), done.err
    assert "Rows were not compared: Nexudus does not list its records" in done.err
    assert service.creates == 0


def test_a_file_without_a_valid_row_is_compared_with_nothing(desk: Desk, service: Service) -> None:
    """No call is made for it."""
    done = desk.type("check", desk.write("rows.csv", [mapping(2, Name="")]), "--json")
    assert done.json["comparison"] is None
    assert lists_read(service) == 0


def test_a_date_that_would_go_back_is_a_warning(desk: Desk, service: Service) -> None:
    """As in a plan."""
    latest = desk.write("first.csv", [mapping(2, SubscriptionExpireDate=LATER)])
    assert desk.type("run", latest, "--yes").code == 0
    done = desk.type("check", desk.write("rows.csv", [mapping(2)]))
    assert "Warning: 1 row would set a date back." in done.out, done.out


def test_what_to_type_next_updates_where_there_is_nothing_to_create(desk: Desk, service: Service) -> None:
    """A plan without --update would have nothing to do."""
    imported(desk)
    renewed: list[Any] = [mapping(2, SubscriptionExpireDate=LATER)]
    done = desk.type("check", desk.write("rows.csv", renewed))
    assert done.out.rstrip().endswith("rows.csv --update")
    done = desk.type("check", desk.write("rows.csv", [*renewed, mapping(9)]))
    assert done.out.rstrip().endswith("rows.csv")


def test_of_many_rows_the_first_are_shown_and_the_rest_counted(desk: Desk, service: Service) -> None:
    """Where all of them are is said."""
    rows = [mapping(n) for n in range(2, 15)]
    assert desk.type("run", desk.write("first.csv", rows), "--yes").code == 0
    done = desk.type("check", desk.write("rows.csv", [mapping(n, Name="Studio") for n in range(2, 15)]))
    assert "and 3 more. To see all of them: importer diff FILE --json" in done.out
