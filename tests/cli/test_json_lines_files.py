"""A file of JSON Lines through the commands: checked, imported, reported, corrected, exported and back in."""

import json
from pathlib import Path
from typing import Any

from conftest import LABELS, Desk, Service, mapping


def write(desk: Desk, name: str, *rows: dict[str, Any] | str) -> Path:
    """A file with these objects or lines."""
    path = desk.folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A good row as an object."""
    return dict(zip(LABELS, mapping(number), strict=True)) | changes


def test_it_is_imported_like_any_other_file(desk: Desk, service: Service) -> None:
    """With numbers as numbers, a blank line, and headers of the user's own."""
    renamed = {"Room": 1003, "Coworker": 2003, "Calendar": "Room 3"} | {name: row(3)[name] for name in LABELS[3:]}
    file = write(desk, "rooms.jsonl", renamed, "", renamed | {"Room": 1004, "Calendar": "Room 4"})
    assert desk.type("check", file).code == 0
    done = desk.type("run", file, "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 2), done.err
    assert [(record["ResourceId"], record["Name"]) for record in service.records] == [
        (1003, "Room 3"),
        (1004, "Room 4"),
    ]
    report = desk.report("reports/1-rooms")
    assert [(line["import_row"], line["Room"]) for line in report] == [("1", "1003"), ("3", "1004")]


def test_a_wrong_value_is_named_by_its_line_and_comes_back_to_be_corrected(desk: Desk, service: Service) -> None:
    """The failed rows are a table, with the number of the line."""
    file = write(desk, "rooms.ndjson", row(2), row(3, ResourceId=1e3), row(4, ResourceId="1.0e3x"), row(5, Name=None))
    checked = desk.type("check", file, "--json")
    assert checked.code == 1
    assert {(issue["row"], issue["label"]) for issue in checked.json["issues"] if issue["severity"] == "error"} == {
        (3, "ResourceId"),
        (4, "Name"),
    }
    assert desk.type("check", file, "--errors-to", "fix.xlsx").code == 1
    assert desk.type("check", "fix.xlsx", "--json").json["rows"] == 4
    assert desk.type("run", file, "--yes").code == 1
    failed = desk.folder / "reports" / "1-rooms" / "failed.csv"
    assert '"3"' in failed.read_text("utf-8-sig")
    failed.write_text(failed.read_text("utf-8-sig").replace("1.0e3x", "1004"))
    assert desk.type("run", failed, "--yes").code == 1
    assert [record["Name"] for record in service.records] == ["Room 2", "Room 3", "Room 4"]


def test_a_run_of_it_goes_on(desk: Desk, service: Service) -> None:
    """From its private copy."""
    file = write(desk, "rooms.jsonl", *map(row, range(2, 6)))
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    file.unlink()
    assert desk.type("resume").code == 0
    assert len(service.records) == 4


def test_a_mapping_that_was_saved_is_used_again(desk: Desk) -> None:
    """The keys are as good as a header."""
    renamed = {"Where": 1003} | {name: row(3)[name] for name in LABELS[1:]}
    first, second = write(desk, "a.jsonl", renamed), write(desk, "b.jsonl", renamed | {"Where": 1004})
    assert desk.type("columns", first, "--map", "Where=ResourceId", "--save").code == 0
    assert desk.type("check", second, "--offline").code == 0


def test_what_is_exported_goes_back_in_as_it_is(desk: Desk, service: Service) -> None:
    """Nothing differs, and a changed value is an update of its record."""
    assert desk.type("run", write(desk, "a.jsonl", row(2), row(3, Name="=1+1"), row(4, Name="ü\n5")), "--yes").code == 0
    assert desk.type("export", "--out", "all.jsonl").code == 0
    assert desk.type("diff", "all.jsonl").code == 0
    assert desk.type("plan", "all.jsonl", "--json").json["plan"]["existing"] == 3
    text = (desk.folder / "all.jsonl").read_text("utf-8")
    (desk.folder / "all.jsonl").write_text(text.replace('"Room 2"', '"Lobby"'), "utf-8")
    done = desk.type("run", "all.jsonl", "--update", "--yes", "--json")
    assert (done.json["counts"]["updated"], done.json["counts"]["existing"]) == (1, 2), done.err
    assert desk.type("diff", "all.jsonl").code == 0


def test_a_line_that_cannot_be_read_is_told_with_its_number(desk: Desk, service: Service) -> None:
    """Nothing is sent, whatever the other lines hold."""
    done = desk.type("run", write(desk, "rooms.jsonl", row(2), '{"Name": '), "--yes")
    assert (done.code, done.out, service.records) == (3, "", [])
    assert "rooms.jsonl: line 2 is not valid JSON" in done.err


def test_a_file_with_one_key_is_told_what_is_missing(desk: Desk) -> None:
    """There is no header row to speak of."""
    done = desk.type("check", write(desk, "rooms.jsonl", {"Name": "x"}))
    assert done.code == 3
    assert "has no column for" in done.err
    assert "header row" not in done.err


def test_a_person_is_found_in_the_private_copy(desk: Desk, service: Service) -> None:
    """As in those of other files."""
    assert desk.type("run", write(desk, "rooms.jsonl", row(2, Name="Ada Abbott")), "--yes").code == 0
    found = desk.type("journal", "--export-person", "Ada Abbott", "--json").json
    assert any(Path(file["path"]).suffix == ".jsonl" and file["rows"] == [1] for file in found["files"])


def test_the_standard_input_may_be_json_lines(desk: Desk) -> None:
    """It is seen by its content."""
    done = desk.type("check", "-", "--offline", "--json", stdin=json.dumps(row(2)).encode())
    assert (done.code, done.json["valid"]) == (0, 1), done.err
