"""Every document of ``--json`` is as its schema says and no more, for every command and every way to fail."""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from config import keyring_stand_in
from config.keyring_stand_in import Backend
from conftest import GIVE_UP, LABELS, Desk, Done, Service, mapping
from document_schemas import FOLDER, all_schemas, file_text, strict
from hatchling.builders.wheel import WheelBuilder
from jsonschema import Draft202012Validator
from openpyxl import Workbook
from readme import ROOT

from importer import cli
from importer.cli import run_cli, setup_commands, view_commands
from importer.cli.answer import answer
from importer.cli.documents import DOCUMENTS
from importer.errors import ERROR_MEANINGS, EXIT_MEANINGS, ErrorCode, Exit
from importer.sandbox import SandboxOptions

SAMPLE = ROOT / "samples" / "calendars.csv"


def leaves(group: click.Group = cli.importer, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that one types."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{before}{name}", command


@cache
def validator(name: str) -> Draft202012Validator:
    """What holds a document to a schema, and allows nothing that the schema does not name."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(strict(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)


def document_of(command: str, done: Done) -> dict[str, Any]:
    """The one document of a command that has ended, which must be as its schema says."""
    assert done.out.endswith("\n"), done
    assert done.out.count("\n") == 1, done.out
    document: dict[str, Any] = json.loads(done.out, parse_constant=pytest.fail)
    problems = [f"{error.json_path}: {error.message}" for error in _deepest(command, document)]
    assert not problems, (command, problems, document)
    assert list(document)[:2] == ["schema", "ok"]
    assert document["ok"] == (done.code in (0, 1)), document
    if not document["ok"]:
        error = document["error"]
        assert error["exit_code"] == done.code
        assert ERROR_MEANINGS[ErrorCode(error["code"])][0] == done.code
        assert error["message"]
    return document


def _deepest(command: str, document: object) -> list[Any]:
    """What is wrong with a document, as one of the kind that it is most like."""
    found = list(validator(command.replace(" ", "-")).iter_errors(document))
    by_kind: dict[int, list[Any]] = {}
    for error in found[0].context if found else ():
        by_kind.setdefault(error.schema_path[0], []).append(error)
    return min(by_kind.values(), key=len, default=[])


def kind_of(command: str, document: object) -> set[str]:
    """Which of the documents of a command this one is."""
    whole: Any = validator(command.replace(" ", "-")).schema
    return {
        part["$ref"].rpartition("/")[2]
        for part in whole["anyOf"]
        if Draft202012Validator({**part, "$defs": whole["$defs"]}).is_valid(document)
    }


def at_a_terminal(desk: Desk, answer: str, *words: str | Path) -> Done:
    """A command whose questions somebody answers; its output goes to a program."""

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - desk.environment.keys():
            patch.delenv(name)
        for name, value in desk.environment.items():
            patch.setenv(name, value)
        patch.chdir(desk.folder)
        patch.setattr(sys, "stdin", Keyboard(answer))
        with redirect_stdout(out), redirect_stderr(err):
            code = run_cli([str(word) for word in words])
    return Done(code, out.getvalue(), err.getvalue())


def test_every_command_answers_in_json_and_has_a_schema() -> None:
    """A new command must have --json, a line in DOCUMENTS and a schema."""
    commands = dict(leaves())
    assert set(commands) == set(DOCUMENTS)
    for name, command in commands.items():
        assert any("--json" in param.opts for param in command.params), name


def test_the_schemas_are_those_of_the_types() -> None:
    """To write them anew: python tests/readme.py."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(all_schemas())
    for name, schema in all_schemas().items():
        assert (FOLDER / f"{name}.json").read_text("utf-8") == file_text(schema), name
        Draft202012Validator.check_schema(schema)


def test_the_schemas_are_in_the_wheel() -> None:
    """Whoever installs the package has them too."""
    shipped = {Path(file.relative_path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {path.relative_to(ROOT) for path in FOLDER.glob("*.json")} <= shipped


def test_a_schema_is_shown(desk: Desk) -> None:
    """As it is, or in a document; and without a name, which there are."""
    assert json.loads(desk.type("help", "run", "--schema").out) == all_schemas()["run"]
    assert json.loads(desk.type("help", "config", "trust", "--schema").out) == all_schemas()["config-trust"]
    assert document_of("help", desk.type("help", "run", "--schema", "--json"))["json_schema"] == all_schemas()["run"]
    assert desk.type("help", "--schema").out.split() == sorted(all_schemas())
    assert document_of("help", desk.type("help", "--schema", "--json"))["schemas"] == sorted(all_schemas())
    assert 'Did you mean "check"?' in desk.type("help", "chek", "--schema").err


JOURNEY: list[tuple[str, list[str], int]] = [
    ("check", ["rows.csv"], 1),
    ("check", ["rows.csv", "--offline"], 1),
    ("check", ["rows.csv", "gone.csv", "new.csv"], 3),
    ("plan", ["rows.csv"], 1),
    ("plan", ["new.csv", "gone.csv"], 3),
    ("run", ["rows.csv", "--yes", "--out", "report"], 1),
    ("check", ["changed.csv"], 0),
    ("plan", ["changed.csv"], 1),
    ("plan", ["changed.csv", "--update"], 0),
    ("diff", ["changed.csv"], 1),
    ("run", ["changed.csv", "--yes"], 1),
    ("run", ["changed.csv", "--yes", "--update"], 0),
    ("run", ["new.csv", "other.csv", "gone.csv", "--yes"], 3),
    ("run", ["queued.csv", "--queue"], 0),
    ("status", [], 0),
    ("stop", [], 0),
    ("stop", ["1"], 0),
    ("resume", [], 0),
    ("retry", ["2", "--yes"], 0),
    ("history", [], 0),
    ("verify", ["1"], 1),
    ("verify", ["3"], 0),
    ("report", ["1"], 0),
    ("reconcile", ["1"], 1),
    ("undo", ["3", "--yes"], 0),
    ("schedule list", [], 0),
    ("schedule add", ["new.csv", "--every", "monday", "--at", "07:00"], 0),
    ("schedule add", [".", "--when-a-file-appears"], 0),
    ("schedule pause", ["1"], 0),
    ("schedule list", [], 0),
    ("schedule resume", ["1"], 0),
    ("schedule remove", ["1"], 0),
    ("export", ["--out", "export.csv"], 0),
    ("columns", ["rows.csv"], 0),
    ("columns", ["nothing.csv"], 3),
    ("template", ["-o", "mine.xlsx"], 0),
    ("config", [], 0),
    ("config trust", ["."], 0),
    ("config trust", ["elsewhere", "--yes"], 0),
    ("config trust", ["elsewhere", "--remove"], 0),
    ("doctor", [], 0),
    ("doctor", ["--probe", "--yes"], 0),
    ("doctor", [], 0),
    ("journal", ["--backup", "backup.sqlite3"], 0),
    ("journal", ["--rebuild"], 2),
    ("journal", ["--export-person", "ops@example.com"], 0),
    ("whoami", [], 0),
    ("people list", [], 0),
    ("people add", ["ines@example.com", "--role", "viewer"], 0),
    ("people list", [], 0),
    ("people remove", ["ines@example.com"], 0),
    ("worker", ["--until-idle"], 0),
    ("exit-codes", [], 0),
    ("help", [], 0),
    ("help", ["importing"], 0),
    ("help", ["run"], 0),
    ("help", ["run", "--man"], 0),
    ("help", ["--man", "--out", "man"], 0),
    ("completion", ["bash"], 0),
    ("sample", ["--list"], 0),
    ("sample", ["--out", "samples"], 0),
    ("init", [], 0),
    ("forget", ["1", "--yes"], 0),
    ("forget", ["--older-than", "90d", "--yes"], 0),
]


def test_what_commands_print_is_as_their_schemas_say(desk: Desk, service: Service) -> None:
    """One after another, as in the life of an installation; with the files that they write."""
    rows = [mapping(2), mapping(3), mapping(4, ResourceId="x"), mapping(5)]
    desk.write("rows.csv", rows)
    desk.write("changed.csv", [mapping(2, Name="Another"), mapping(3)])
    for number, name in enumerate(("new.csv", "other.csv", "queued.csv")):
        desk.write(name, [mapping(20 + number)])
    desk.write("nothing.csv", [["1"]], ["Nothing"])
    (desk.folder / "elsewhere").mkdir()
    (desk.folder / "elsewhere" / "importer.toml").write_text('url = "https://spaces.example.com"\n')
    service.fail("ok", "400")
    seen = set[tuple[str, str]]()
    for command, words, code in JOURNEY:
        done = desk.type(*command.split(), *words, "--json")
        document = document_of(command, done)
        assert done.code == code, (command, words, document, done.err)
        seen |= {(command, kind) for kind in kind_of(command, document)}
    for summary in desk.folder.rglob("summary.json"):
        assert not list(validator("summary").iter_errors(json.loads(summary.read_text("utf-8")))), summary
    rest = {("settle", "Summary"), ("sandbox", "Listening"), ("serve", "Listening"), ("login", "SignedIn")}
    rest |= {("logout", "LoggedOut"), ("help", "SchemaNames"), ("help", "Schema")}
    rest |= {(command, "Declined") for command in ("run", "retry", "undo", "doctor")}
    every = {(command, kind.__name__) for command, kinds in DOCUMENTS.items() for kind in kinds}
    assert every - seen == rest


def test_whoever_declines_is_told_so(desk: Desk, service: Service) -> None:
    """The questions are on stderr, and the document says that nothing was done."""
    desk.write("rows.csv", [mapping(2)])
    assert document_of("run", at_a_terminal(desk, "n\n", "run", "rows.csv", "--json"))["declined"]
    assert document_of("run", at_a_terminal(desk, "y\n", "run", "rows.csv", "--json"))["counts"]["created"] == 1
    assert document_of("undo", at_a_terminal(desk, "no\n", "undo", "--json"))["declined"]
    assert len(service.records) == 1
    assert document_of("forget", at_a_terminal(desk, "no\n", "forget", "1", "--json"))["forgotten"] == []
    service.fail("400")
    desk.write("more.csv", [mapping(3)])
    assert desk.type("run", "more.csv", "--yes", "--json").code == 1
    assert document_of("retry", at_a_terminal(desk, "n\n", "retry", "--json"))["declined"]
    (desk.folder / "importer.toml").write_text('home = "elsewhere"\n')
    assert document_of("config trust", at_a_terminal(desk, "n\n", "config", "trust", "--json"))["trusted"] is False


def test_a_sign_in_is_told_and_its_questions_are_not_on_stdout(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a password anywhere."""
    keyring_stand_in.install(monkeypatch, Backend())
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream=None: "practice")
    done = at_a_terminal(desk, "ops@example.com\n", "login", "--json")
    assert document_of("login", done)["user"] == "ops@example.com"
    assert "practice" not in done.out + done.err
    assert document_of("logout", desk.type("logout", "--json"))["url"] == service.url


@pytest.mark.parametrize("command", ["sandbox", "serve"])
def test_a_service_answers_as_soon_as_it_is_ready(desk: Desk, command: str) -> None:
    """A script need not wait for its end, and nothing follows on stdout."""
    process = desk.start(command, "--port", "0", "--json")
    assert process.stdout is not None
    line = process.stdout.readline()
    document = document_of(command, Done(0, line, ""))
    assert document["process"] == process.pid
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=GIVE_UP)
    assert out == ""


MISTYPED = [
    ["check", "--json", "--bogus"],
    ["check", "--bogus", "rows.csv", "--json"],
    ["--json", "check"],
    ["--json", "chek", "rows.csv"],
    ["chek", "--json"],
    ["run", "--json"],
    ["check", "rows.csv", "--js"],
    ["check", "rows.csv", "--json=yes"],
    ["check", "--sheet", "--json", "rows.csv"],
    ["--json"],
    ["--json", "people"],
    ["people", "--json"],
    ["people", "add", "--json"],
    ["run", "rows.csv", "--max-rows", "many", "--json"],
    ["help", "nonsense", "--json"],
    ["export", "--out", "-", "--json"],
]


@pytest.mark.parametrize("words", MISTYPED, ids=" ".join)
def test_a_mistyped_command_answers_too(desk: Desk, words: list[str]) -> None:
    """Wherever --json stands, and whatever else is wrong; the sentence for people is on stderr as ever."""
    done = desk.type(*words)
    error = document_of("check", done)["error"]
    assert (done.code, error["code"]) == (2, "usage")
    assert error["advice"]
    assert done.err


@pytest.mark.parametrize("words", [["check", "--help"], ["--version"], ["people", "-h"]], ids=" ".join)
def test_help_and_version_are_one_document_as_well(desk: Desk, words: list[str]) -> None:
    """Or a script that passes such a word on would read text."""
    document = desk.type("--json", *words).json
    assert (document["ok"], set(document)) == (True, {"schema", "ok", "text"})
    assert document["text"] == desk.type(*words).out.strip()


@pytest.mark.parametrize("words", [["check", "--", "--json"], ["check", "x.csv"], ["check", "--js.csv"]], ids=" ".join)
def test_who_does_not_ask_for_json_gets_none(desk: Desk, words: list[str]) -> None:
    """A file may have any name."""
    assert desk.type(*words).out == ""


def _a_bug(*_: object) -> None:
    raise RuntimeError("cell 12 says so")


def _no_memory(*_: object) -> None:
    raise MemoryError


def _full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device", "/tmp/x")


def _too_many_files(*_: object) -> None:
    raise OSError(24, "Too many open files")


def _ctrl_c(*_: object) -> None:
    raise KeyboardInterrupt


MISHAPS: list[tuple[Callable[..., None], int, str]] = [
    (_a_bug, 9, "unexpected"),
    (_no_memory, 2, "memory"),
    (_full_disk, 2, "disk"),
    (_too_many_files, 2, "machine"),
    (_ctrl_c, 130, "interrupted"),
]


@pytest.mark.parametrize(("mishap", "code", "word"), MISHAPS)
def test_whatever_happens_there_is_one_document(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, mishap: Callable[..., None], code: int, word: str
) -> None:
    """Before there is a result, and when it is there already: the error takes its place."""
    with monkeypatch.context() as patch:
        patch.setattr(view_commands, "load_settings", mishap)
        done = desk.type("status", "--json")
    assert (done.code, document_of("status", done)["error"]["code"]) == (code, word)

    def put_and_fail(document: dict[str, Any]) -> None:
        answer().put(document)
        mishap()

    monkeypatch.setattr(setup_commands, "put_json", put_and_fail)
    done = desk.type("exit-codes", "--json")
    document = document_of("exit-codes", done)
    assert (done.code, document["error"]["code"]) == (code, word)
    assert "cell 12" not in done.out + done.err


FAILURES: list[tuple[str, list[str], dict[str, str], str]] = [
    ("status", [], {}, "usage"),
    ("run", ["rows.csv", "--yes"], {"NEXUDUS_PASSWORD": "wrong"}, "sign-in"),
    ("run", ["rows.csv"], {}, "usage"),
    ("plan", ["rows.csv"], {"IMPORTER_RATE": "fast"}, "settings"),
    ("check", ["gone.csv"], {}, "file"),
    ("check", ["nothing.csv"], {}, "columns"),
    ("check", ["polish.csv"], {}, "encoding"),
    ("check", ["sheets.xlsx"], {}, "sheets"),
    ("template", ["-o", "rows.csv"], {}, "usage"),
    ("export", ["--out", "rows.csv/export.csv"], {}, "report"),
    ("whoami", [], {"NEXUDUS_PASSWORD": ""}, "sign-in"),
    ("journal", [], {"IMPORTER_JOURNAL": "nonsense"}, "journal"),
    ("journal", [], {"IMPORTER_HOME": "/dev/null/home"}, "settings"),
    ("undo", ["7", "--yes"], {}, "no-run"),
]
FAILURES_WITH_A_RESULT: list[tuple[str, list[str], dict[str, str], str]] = [
    ("run", ["rows.csv", "--yes"], {"NEXUDUS_URL": "http://127.0.0.1:9"}, "service"),
    ("run", ["rows.csv", "--yes", "--max-rows", "1"], {}, "limit"),
    ("run", ["rows.csv", "gone.csv", "--yes"], {}, "file"),
    ("columns", ["nothing.csv"], {}, "columns"),
    ("doctor", [], {"NEXUDUS_PASSWORD": "wrong"}, "findings"),
]


@pytest.mark.parametrize(("command", "words", "variables", "code"), [*FAILURES, *FAILURES_WITH_A_RESULT])
def test_a_failure_has_its_own_word(
    desk: Desk, service: Service, command: str, words: list[str], variables: dict[str, str], code: str
) -> None:
    """The kind, the exit code, what happened and what to do; with the result, if there is one."""
    desk.write("rows.csv", [mapping(2), mapping(3)])
    desk.write("nothing.csv", [["1"]], ["Nothing"])
    (desk.folder / "polish.csv").write_bytes(f"{';'.join(LABELS)}\n1;2;Łódź;;;\n3;4;Książę;;;\n".encode("cp1250"))
    book = Workbook()
    for sheet in (book.create_sheet("March"), book.create_sheet("April")):
        sheet.append(LABELS)
        sheet.append(mapping(2))
    book.save(desk.folder / "sheets.xlsx")
    desk.variables |= variables
    done = desk.type(*command.split(), *words, "--json")
    document = document_of(command, done)
    assert document["error"]["code"] == code, (document, done.err)
    has_result = (command, words, variables, code) in FAILURES_WITH_A_RESULT
    assert (set(document) > {"schema", "ok", "error"}) == has_result


def test_a_run_with_doubts_says_so_and_what_to_do(desk: Desk, service: Service) -> None:
    """Its summary is there as well; a person's word settles the row."""
    desk.write("rows.csv", [mapping(2)])
    service.fail("lost-before")
    document = document_of("run", desk.type("run", "rows.csv", "--yes", "--json"))
    assert (document["error"]["code"], document["counts"]["unknown"]) == ("in-doubt", 1)
    assert "importer reconcile 1" in document["error"]["advice"]
    colleague = Desk(desk.folder, desk.variables | {"IMPORTER_HOME": str(desk.folder / "another")})
    assert colleague.type("run", "rows.csv", "--yes").code == 0
    settled = desk.type("settle", "1", "2", "--is", str(service.records[0]["Id"]), "--json")
    assert document_of("settle", settled)["counts"]["created"] == 1


def test_a_throttle_that_is_final_is_a_limit(desk: Desk, serve: Callable[..., Service]) -> None:
    """A quota that is used up: the run can be resumed later, and says when."""
    serve(SandboxOptions(writes_per_minute=None, writes_per_day=1, calls_per_100ms=None, calls_per_minute=None))
    desk.variables["IMPORTER_DAILY_QUOTA"] = "1"
    desk.write("rows.csv", [mapping(2), mapping(3)])
    document = document_of("run", desk.type("run", "rows.csv", "--yes", "--max-duration", "1h", "--json"))
    assert document["error"]["code"] == "limit"
    assert document["resume_after"] is not None


def test_the_lists_of_codes_are_whole(desk: Desk) -> None:
    """Each code of an error has a meaning and an exit code that has one, too."""
    document = document_of("exit-codes", desk.type("exit-codes", "--json"))
    assert {one["code"] for one in document["exit_codes"]} == set(map(int, EXIT_MEANINGS))
    assert {one["code"] for one in document["errors"]} == set(ErrorCode)
    assert {one["exit_code"] for one in document["errors"]} == set(map(int, Exit)) - {0, 1}


def appended(desk: Desk, commands: Sequence[Sequence[str]]) -> list[Any]:
    """What is in a file to which several commands have appended their documents."""
    text = "".join(desk.type(*words, "--json").out for words in commands)
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_of_documents_is_json_lines(desk: Desk) -> None:
    """Runs, checks and failures one after another, each on its line."""
    commands = [["check", str(SAMPLE), "--offline"], ["check", "gone.csv"], ["run", "--bogus"], ["history"]]
    assert [document["ok"] for document in appended(desk, commands)] == [True, False, False, True]
