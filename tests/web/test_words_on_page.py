"""No page speaks of an option of the command line or of a field by its API name: people have titles and buttons."""

import ast
import json
import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from conftest import EXPIRES, LABELS, mapping
from runs.kit import PATH

import importer
from importer.checking import DateReader
from importer.delivery.comparison import Reason
from importer.delivery.conflicts import Conflict, HoldReason
from importer.errors import ImporterError, UsageError
from importer.issues import CATALOGUE, NOTICES, Issue, Notice
from importer.reporting.page_words import notice_on_page, words_on_page
from importer.sandbox.server import Running
from importer.web.error_words import is_plain
from importer.web.plan_words import conflict_changes, conflict_words
from importer.web.upload_documents import Problem
from schemas import RECORD_TYPES
from web.kit import Client, form_fields, plain, table
from web.test_updates import WEEKS

TITLES = ["Raum", "Mitglied", "Bezeichnung", "Ablauf", "Abo", "Kalender"]
FIELDS = sorted({name for kind in RECORD_TYPES.values() for name in kind.fields if re.search("[a-z][A-Z]", name)})
FLAG = re.compile(r"(?<!\S)--[a-z]|\bimporter [a-z]+ |IMPORTER_|NEXUDUS_")


def words_for_programs(text: str) -> list[str]:
    """What of a text only an engineer would understand."""
    return [*FLAG.findall(text), *(name for name in FIELDS if re.search(rf"\b{name}\b", text))]


def upload(client: Client, *rows: list[object]) -> str:
    """An upload under titles of the user's own, whose columns were chosen."""
    place = client.upload("woche.csv", table(*rows, labels=TITLES)).place
    client.follow(place)
    client.post(f"{place}/columns", {f"field-{name}": at for name, at in zip(LABELS, "ABCDEF", strict=True)})
    client.follow(f"{place}/plan")
    return place


def text_of(client: Client, place: str) -> str:
    """What a person reads on a page."""
    return plain(unescape(re.sub(r"<(script|style)\b.*?</\1>", " ", client.follow(place).text, flags=re.DOTALL)))


def run_of(client: Client, place: str) -> str:
    """The run of an upload, once it is reported."""
    page = client.follow(f"{place}/plan").text
    run = client.post(f"{place}/start", form_fields(page, "")).place
    client.until(run, lambda text: "What to do next" in text and "report.csv" in text)
    return run


def test_no_page_of_a_run_that_went_wrong_in_every_way_speaks_to_an_engineer(client: Client, service: Running) -> None:
    """Held, ambiguous, invalid and refused rows; on the check, the plan, the run and the list of its rows."""
    run_of(client, upload(client, *(mapping(row, SubscriptionExpireDate=WEEKS[0]) for row in (2, 3, 4))))
    twin = dict(zip(LABELS, mapping(3, SubscriptionExpireDate=WEEKS[1]), strict=True))
    service.state.add(PATH.removeprefix("/api/"), json.dumps(twin).encode())
    service.state.fail_next("status:422")
    place = upload(
        client,
        mapping(2, SubscriptionExpireDate=WEEKS[1]),
        mapping(3, SubscriptionExpireDate=WEEKS[2]),
        mapping(4, CalendarId="other"),
        mapping(5),
        mapping(6, CoworkerId="x", SubscriptionExpireDate="01/02/2031"),
    )
    run = run_of(client, place)
    pages = {at: text_of(client, at) for at in (f"{place}/check", run, f"{run}/rows", f"{run}/rows?status=not+sent")}
    again = client.post(f"{run}/again").place
    pages[again] = text_of(client, again)
    assert {at: words_for_programs(text) for at, text in pages.items()} == {at: [] for at in pages}
    rows = pages[f"{run}/rows?status=not+sent"]
    assert "is for this same mapping and has other values. Ablauf 1 Jan 2031 10:00 UTC → 1 Feb 2031 10:00 UTC" in rows
    assert "Not sent: records" in rows
    assert "has another Kalender" in rows


@pytest.mark.parametrize("code", CATALOGUE)
def test_no_issue_on_the_page_names_an_option(code: str) -> None:
    """Nor the field, where its column has a title."""
    issue = Issue(code, 7, "D7", "Ablauf", "SubscriptionExpireDate", "x", "9")
    assert words_for_programs(words_on_page(issue)) == []


@pytest.mark.parametrize("code", [code for code in NOTICES if code != "option-ignored"])
def test_no_notice_on_the_page_names_an_option(code: str) -> None:
    """But for options that were typed, which a page has no place for."""
    names = re.findall(r"{(\w+)", NOTICES[code].message)
    notice = Notice(code, {name: 3 if name in ("count", "first", "last", "header") else "x" for name in names})
    assert words_for_programs(notice_on_page([notice])) == []


@pytest.mark.parametrize("reason", [*HoldReason, *Reason])
def test_every_reason_to_hold_a_row_has_words_for_the_page(reason: HoldReason | Reason) -> None:
    """And what differs is shown under the user's own titles."""
    conflict = Conflict(reason, (7, 8), "CalendarId", (("CalendarId", "", "x"),))
    words = conflict_words(conflict, 2, {"CalendarId": "Kalender"})
    assert words.startswith("Not sent: ")
    assert "7" in words
    assert words_for_programs(words) == []
    assert [(change.field, change.there, change.new) for change in conflict_changes(conflict)] == [
        ("CalendarId", "", "x")
    ]


def test_a_row_that_an_earlier_importer_held_is_explained_without_its_sentence() -> None:
    """That names options and fields, and nobody parses it back."""
    assert words_for_programs(conflict_words(None, 2, {})) == []


def test_an_error_has_advice_for_the_page_where_the_command_line_has_another() -> None:
    """And otherwise the same."""
    assert Problem.of(UsageError("No.", "Add --this.", on_page="Press that.")).advice == "Press that."
    assert Problem.of(UsageError("No.", "Wait.")).advice == "Wait."


def test_an_error_that_a_page_can_show_names_no_option() -> None:
    """Every service error whose advice names an option has other advice for the page."""
    for path in sorted(Path(importer.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ServiceError", "SignInError"):
                named = {keyword.arg for keyword in node.keywords}
                texts = [text.value for text in ast.walk(node) if isinstance(text, ast.Constant)]
                flags = [text for text in texts if isinstance(text, str) and re.search(r" --[a-z]", text)]
                assert not flags or "on_page" in named, (path, node.lineno, flags)


def _errors(kind: type[ImporterError] = ImporterError) -> list[type[ImporterError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _errors(child))]


@pytest.mark.parametrize("kind", _errors())
def test_no_error_on_the_page_speaks_of_commands_options_or_the_importers_files(kind: type[ImporterError]) -> None:
    """Whatever its own words are; those that are about the user's things stay."""
    error = kind.__new__(kind, "")
    words = "Set IMPORTER_HOME, or add --force: importer resume 7"
    problem = Problem.of(error.reworded("The journal is in use by process 21509.", words, words))
    assert problem.message
    assert problem.advice
    assert is_plain(f"{problem.message} {problem.advice}")
    plain_words = error.reworded("Row 7 is empty.", "Choose another row.", "Choose another row.")
    assert Problem.of(plain_words) == Problem("Row 7 is empty.", "Choose another row.")


@pytest.mark.parametrize(
    "text", ["Add --dates dmy.", "importer login", "NEXUDUS_TOKEN", "the journal", "quota", "SHA-256"]
)
def test_words_for_a_terminal_are_recognised(text: str) -> None:
    """And plain sentences about the importer are none."""
    assert not is_plain(text)
    assert is_plain("The importer runs on this computer. It checks well-known rows -- all of them.")


def test_the_page_gives_examples_as_staff_would_type_them(client: Client) -> None:
    """A name and a date that people write, which are taken if they are typed so; an Id where an Id is wrong."""
    place = client.draft("rows.csv", table(mapping(2, ResourceId="", SubscriptionExpireDate="tbc"), mapping(3)))
    text = plain(client.follow(f"{place}/check").text)
    assert "Enter a value, for example Boardroom." in text
    assert "write it like 30 April 2027 10:30." in text
    assert "10:30:00Z" not in text.replace(EXPIRES, "")
    read = DateReader(None, "UTC").read("Date", pd.Series(["30 April 2027 10:30"]))
    assert read.values[0] == pd.Timestamp("2027-04-30T10:30:00Z")


def test_plan_and_results_say_in_which_zone_times_were_read(client: Client) -> None:
    """Also where nobody has answered the question; not if all times say theirs."""
    open_times = client.draft("a.csv", table(mapping(2, SubscriptionExpireDate="2030-12-02 10:00")))
    client.post(f"{open_times}/choices", {"zone": "Asia/Tokyo", "only": "zone"})
    assert "Times without a time zone are read in Asia/Tokyo" in plain(client.follow(f"{open_times}/plan").text)
    run = run_of(client, open_times)
    assert "Times without a time zone Read in Asia/Tokyo" in plain(client.follow(run).text)
    certain = client.draft("b.csv", table(mapping(3)))
    assert "Times without a time zone" not in plain(client.follow(f"{certain}/plan").text)
