"""Files, folders, patterns, the standard input and packed files, as the commands take them."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import EXPIRES, LABELS, Desk, Service, mapping


def content(desk: Desk, *numbers: int) -> bytes:
    """A CSV file with these rows."""
    return desk.write("content.csv", [mapping(number) for number in numbers]).read_bytes()


def workbook(*numbers: int) -> bytes:
    """The same as a workbook."""
    book, stream = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    rows: list[list[Any]] = [LABELS, *(mapping(number) for number in numbers)]
    for row in rows:
        book.active.append(row)
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def month(desk: Desk) -> Desk:
    """A folder May with two good files, one with an error, and one that is no spreadsheet at all."""
    (desk.folder / "May").mkdir()
    desk.write("May/10.csv", [mapping(10), mapping(11)])
    desk.write("May/2.csv", [mapping(2)])
    desk.write("May/30.csv", [mapping(30, ResourceId="x"), mapping(31)])
    (desk.folder / "May" / "40.xlsx").write_bytes(b"%PDF-1.7")
    return desk


def files_of(document: Any) -> list[tuple[str, int, int | None]]:
    """Each file of a document by the end of its name, its exit code and its valid rows."""
    return [(Path(file["file"]).name, file["exit_code"], file.get("valid")) for file in document["files"]]


MAY = [("2.csv", 0, 1), ("10.csv", 0, 2), ("30.csv", 1, 1), ("40.xlsx", 3, None)]


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize("words", [["May"], ["May/*"], ["May/**"], ["May/2.csv", "May"]])
def test_each_file_is_told_by_itself_and_none_stops_the_others(
    month: Desk, service: Service, command: str, words: list[str]
) -> None:
    """In the order of people; the exit code is the gravest of them, and one document holds all."""
    done = month.type(command, *words, "--json")
    assert (done.code, files_of(done.json)) == (3, MAY), done.err
    assert (done.json["schema"], done.json["exit_code"]) == (1, 3)
    assert "is a PDF document" in done.json["files"][3]["error"]
    assert not service.records
    shown = month.type(command, *words)
    assert shown.code == 3
    assert [line for line in shown.out.splitlines() if line.endswith((".csv:", ".xlsx:"))] == [
        f"{Path('May', name)}:" for name, *_ in MAY
    ]
    assert "4 files: 2 with nothing to change, 1 with rows to change, 1 not read." in shown.out


def test_a_document_of_several_files_holds_the_document_of_each(month: Desk) -> None:
    """Exactly that which the command prints for the file alone, with its exit code."""
    several = month.type("check", "May/2.csv", "May/30.csv", "--json").json["files"]
    for file in several:
        alone = month.type("check", file["file"], "--json")
        assert file | {"schema": 1} == alone.json | {"exit_code": alone.code}


def test_what_to_do_next_names_the_files_as_they_were_typed(month: Desk, service: Service) -> None:
    """With the options that decide how they are read."""
    done = month.type("check", "May/*.csv", "--dates", "dmy")
    assert done.out.endswith("Nothing was sent. Next: importer plan 'May/*.csv' --dates dmy\n")
    done = month.type("plan", "May", "--dates", "dmy")
    assert done.out.endswith("Next: importer run May --dates dmy --yes\n")


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize("offline", [True, False])
def test_rows_of_two_files_for_one_record_are_errors(desk: Desk, service: Service, command: str, offline: bool) -> None:
    """By their values, as in a run: of equal rows the first one goes, others of one key all need a change."""
    if offline and command == "plan":
        return
    desk.write("a.csv", [mapping(2), mapping(3)])
    desk.write("b.csv", [mapping(2), mapping(3, SubscriptionId="7f105c7d-2dc5-4530-97cd-999999999999"), mapping(4)])
    done = desk.type(command, "a.csv", "b.csv", "--json", *(["--offline"] if offline else []))
    assert files_of(done.json) == [("a.csv", 1, 1), ("b.csv", 1, 1)], done.err
    messages = [issue["message"] for file in done.json["files"] for issue in file["issues"]]
    assert sum("b.csv" in message for message in messages) == 1
    assert sum("a.csv" in message for message in messages) == 2
    assert desk.type(command, "a.csv", "--json").code == 0


def test_a_folder_is_imported_as_its_files_are(month: Desk, service: Service) -> None:
    """One after another, each with its report; what cannot be read is told, and typed again nothing is doubled."""
    done = month.type("run", "May", "--yes", "--json")
    assert done.code == 3, done.err
    jobs = done.json["imports"]
    assert [(Path(job["file"]).name, job["exit_code"]) for job in jobs] == [(name, code) for name, code, _ in MAY]
    assert sorted(record["Name"] for record in service.records) == ["Room 10", "Room 11", "Room 2", "Room 31"]
    month.type("run", "May", "--yes")
    assert service.creates == 4


@pytest.mark.parametrize("command", [["check"], ["plan"], ["run", "--yes"], ["columns"], ["diff"]])
@pytest.mark.parametrize("word", ["Empty", "June*.csv"])
def test_what_stands_for_no_file_is_a_clear_error(desk: Desk, service: Service, command: list[str], word: str) -> None:
    """With what to do, and the exit code of a file that cannot be read."""
    (desk.folder / "Empty").mkdir()
    done = desk.type(*command, word)
    assert done.code == 3, done.err
    assert f"{word} is a folder" in done.out + done.err or f"{word} matches no" in done.out + done.err


@pytest.mark.parametrize("command", ["columns", "diff"])
def test_a_command_for_one_file_says_how_many_there_are(month: Desk, service: Service, command: str) -> None:
    """And names one; a folder with a single file is that file."""
    done = month.type(command, "May")
    assert done.code == 2
    assert "May stands for 4 files, but this command takes one, such as May" in done.err
    assert month.type(command, "May/2*").code in {0, 1}


def test_a_file_that_is_named_twice_is_read_once(month: Desk) -> None:
    """With a notice."""
    done = month.type("check", "May/2.csv", "./May/2.csv", "--json")
    assert [file["valid"] for file in done.json["files"]] == [1]
    assert "named twice, and taken once" in done.err


@pytest.mark.parametrize(
    "words", [["check", "May", "--errors-to", "fix.xlsx"], ["run", "May", "--queue"], ["run", "May"]]
)
def test_what_is_for_one_file_is_refused_for_several(month: Desk, words: list[str]) -> None:
    """Before anything is read."""
    assert month.type(*words).code == 2


def test_several_files_need_more_than_one_two_factor_code(month: Desk, service: Service) -> None:
    """It works once; alone, or without the service, each can be checked."""
    month.variables["NEXUDUS_TOTP"] = "123456"
    assert "A two-factor code works once" in month.type("check", "May").err
    assert month.type("check", "May", "--offline").code == 3


@pytest.mark.parametrize("command", ["check", "plan"])
def test_a_sign_in_that_was_refused_is_not_tried_for_each_file(month: Desk, service: Service, command: str) -> None:
    """The user would be locked out."""
    month.variables["NEXUDUS_PASSWORD"] = "wrong"
    done = month.type(command, "May", "--json")
    assert done.code == 4
    assert [code for _, code, _ in files_of(done.json)] == [4, 4, 4, 4]
    # Once for the names in all of them, and once for the first file.
    assert len([call for call in service.state.calls if "token" in call.path]) == 2


KINDS: dict[str, Callable[..., bytes]] = {"csv": content, "xlsx": lambda _desk, *numbers: workbook(*numbers)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", [["check"], ["plan"], ["columns"], ["diff"], ["run", "--yes"]])
def test_the_standard_input_is_a_file(desk: Desk, service: Service, kind: str, command: list[str]) -> None:
    """Whatever kind it is, it is recognised by its content."""
    done = desk.type(*command, "-", stdin=KINDS[kind](desk, 2, 3))
    assert done.code == (1 if command == ["diff"] else 0), done.err
    assert len(service.records) == (2 if command[0] == "run" else 0)
    if command[0] in {"check", "plan", "diff"}:
        assert "standard input" in done.err


def test_a_run_of_the_standard_input_can_be_worked_on_like_any_other(desk: Desk, service: Service) -> None:
    """Its report is named after it, the same bytes are the same file, and a corrected row goes back in."""
    rows = desk.write("rows.csv", [mapping(2), mapping(3, ResourceId="x")])
    done = desk.type("run", "-", "--yes", "--json", stdin=rows.read_bytes())
    assert (done.code, done.json["file"]) == (1, "standard input"), done.err
    folder = desk.folder / "reports" / "1-standard-input"
    assert [row["import_status"] for row in desk.report(folder)] == ["created", "invalid"]
    assert done.json["sha256"] == desk.type("run", rows, "--yes", "--json").json["sha256"]
    (folder / "failed.csv").write_bytes((folder / "failed.csv").read_bytes().replace(b'"x"', b'"1003"'))
    assert desk.type("run", folder / "failed.csv", "--yes").code == 0
    assert [record["Name"] for record in service.records] == ["Room 2", "Room 3"]
    assert desk.type("report", "1").code == 0


def test_nothing_is_sent_from_the_standard_input_without_being_told(desk: Desk, service: Service) -> None:
    """Nobody can answer there."""
    done = desk.type("run", "-", stdin=content(desk, 2))
    assert (done.code, service.records) == (2, [])
    assert "Add --yes" in done.err


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "rooms.csv.gz": gzip.compress,
    "rooms.csv": gzip.compress,
    "rooms.csv.zip": lambda text: zipped("inside.txt", text),
    "rooms.zip": lambda text: zipped("May/inside.csv", text),
}


def zipped(name: str, text: bytes) -> bytes:
    """An archive with one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, text)
    return stream.getvalue()


@pytest.mark.parametrize("name", PACKINGS)
def test_a_packed_file_is_read_like_the_one_inside(desk: Desk, service: Service, name: str) -> None:
    """It is the same file to the journal, however it is packed; a killed run goes on without it."""
    text = content(desk, 2, 3)
    (desk.folder / name).write_bytes(PACKINGS[name](text))
    checked = desk.type("check", name, "--json")
    assert (checked.json["file"], checked.json["valid"]) == (name, 2), checked.err
    assert f"Next: importer plan {name}" in desk.type("check", name).out
    done = desk.type("run", name, "--yes", "--json")
    assert (done.code, done.json["file"]) == (0, name), done.err
    assert [path.name for path in (desk.folder / "reports").iterdir()] == ["1-rooms"]
    plain = desk.folder / "plain.csv"
    plain.write_bytes(text)
    assert desk.type("run", plain, "--yes", "--json").json["counts"]["existing"] == 2
    assert service.creates == 2
    assert not list((desk.home / "incoming").iterdir())


def test_a_run_of_a_packed_file_is_resumed_from_its_copy(desk: Desk, service: Service) -> None:
    """The packed file may be gone by then, and so is what was unpacked."""
    path = desk.folder / "rooms.csv.gz"
    path.write_bytes(gzip.compress(content(desk, 2, 3, 4)))
    assert desk.type("run", path, "--yes", "--max-rows", "1").code == 6
    path.unlink()
    assert desk.type("resume").code == 0
    assert [record["Name"] for record in service.records] == ["Room 2", "Room 3", "Room 4"]
    assert EXPIRES in json.dumps(service.records)


def test_a_packed_file_that_cannot_be_unpacked_stops_no_other(desk: Desk, service: Service) -> None:
    """It is told under its name."""
    (desk.folder / "a.zip").write_bytes(zipped("../x.csv", b"")[:-30])
    desk.write("b.csv", [mapping(2)])
    done = desk.type("check", "a.zip", "b.csv", "--json")
    assert files_of(done.json) == [("a.zip", 3, None), ("b.csv", 0, 1)]
    done = desk.type("run", "a.zip", "b.csv", "--yes", "--json")
    assert [job["exit_code"] for job in done.json["imports"]] == [3, 0]
    assert len(service.records) == 1
    assert desk.type("check", "a.zip").code == 3


@pytest.mark.skipif(os.name != "posix", reason="a shell of its own")
def test_a_pipe_is_read_to_its_end(desk: Desk) -> None:
    """As a process, with a real pipe."""
    process = desk.start("check", "-", "--offline", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out + err
    assert "The standard input is empty" in err
