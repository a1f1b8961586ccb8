"""Which earlier run is meant when a file is imported again, and which one rules it out."""

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRES, Desk, Service, mapping

from importer.journal.journal import Journal, open_journal
from importer.journal.runs import NewRun, Run
from importer.model import NAMELESS
from importer.runs.earlier_runs import ImportTerms, run_to_continue
from importer.runs.request import Choices
from importer.spreadsheet import ReadOptions

NOWHERE = "http://127.0.0.1:9"
TERMS = ImportTerms("a" * 64, "Kind", "content/kinds", "https://spaces.example", ReadOptions(), Choices())

OTHER_READING: dict[str, Any] = {
    "sheet": "March",
    "encoding": "cp1252",
    "separator": ";",
    "map": {"Room": "ResourceId"},
    "cells": {"B2": "1001"},
    "repairs": {"B": "trim"},
    "dates": "mdy",
    "zone": "Europe/London",
    "header_row": 3,
    "answers": {"2": 4711},
    "left_out": (5,),
}
READING_BESIDE = {"remembered", "rules", "chosen_ids"}
"""How the encoding came to be chosen, by which rules rows are left out, and which records names meant when a page began
the run: the same import either way."""

OTHER_CHOICES: dict[str, Any] = {
    "strict": True,
    "allow_duplicates": True,
    "even_if_existing": True,
    "picks": {"Boardroom": 4711},
    "sandbox": True,
    "update": True,
    "clear_empty": True,
    "key": ("Name",),
}
BESIDE: dict[str, Any] = {
    "without_list": True,
    "max_rows": 10,
    "max_duration": 60.0,
    "one_for_all": True,
    "out": Path("elsewhere"),
}
OTHER_TERMS: dict[str, Any] = {
    "sha256": "b" * 64,
    "kind": "Other",
    "endpoint": "content/others",
}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with no run in it."""
    with open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}") as journal:
        yield journal


def add(journal: Journal, terms: ImportTerms, parent: int | None = None) -> Run:
    """A run on these terms that never reached the service."""
    options = {"read": asdict(terms.read), **terms.choices.options}
    return journal.runs.add(
        NewRun(terms.kind, terms.url, terms.endpoint, "f.csv", terms.sha256, "copy", options, 1.0, parent=parent)
    )


def test_every_choice_is_thought_about() -> None:
    """One that is added tells runs apart, or is named here as one that does not."""
    assert {one.name for one in fields(ReadOptions)} == OTHER_READING.keys() | READING_BESIDE
    assert {one.name for one in fields(Choices)} == OTHER_CHOICES.keys() | BESIDE.keys() | {"profile"}


@pytest.mark.parametrize(
    "other",
    [
        *(replace(TERMS, read=replace(TERMS.read, **{name: value})) for name, value in OTHER_READING.items()),
        *(replace(TERMS, choices=replace(TERMS.choices, **{name: value})) for name, value in OTHER_CHOICES.items()),
        *(replace(TERMS, **{name: value}) for name, value in OTHER_TERMS.items()),
        replace(TERMS, url="https://south.example"),
        replace(TERMS, choices=replace(TERMS.choices, profile="north")),
    ],
)
def test_whatever_changes_what_is_sent_makes_another_run(journal: Journal, other: ImportTerms) -> None:
    """Whether the service can be reached or not; and each is continued by what began it."""
    first = add(journal, TERMS)
    assert run_to_continue(journal, other, None) is None
    assert run_to_continue(journal, other, "account") is None
    second = add(journal, other)
    for account in (None, "account"):
        assert run_to_continue(journal, TERMS, account) == first
        assert run_to_continue(journal, other, account) == second


@pytest.mark.parametrize(
    "same",
    [
        TERMS,
        *(replace(TERMS, choices=replace(TERMS.choices, **{name: value})) for name, value in BESIDE.items()),
        replace(TERMS, choices=replace(TERMS.choices, profile="")),
        replace(TERMS, url="https://SPACES.example:443/"),
    ],
)
def test_a_limit_or_another_spelling_makes_no_other_run(journal: Journal, same: ImportTerms) -> None:
    """A scheduler that tries every minute would otherwise leave sixty runs of one file."""
    run = add(journal, TERMS)
    assert run_to_continue(journal, same, None) == run_to_continue(journal, same, "account") == run


def test_a_retry_is_continued_by_no_import_of_its_file(journal: Journal) -> None:
    """It has a part of the rows only."""
    parent = add(journal, TERMS)
    journal.runs.update(parent, finished=2.0)
    add(journal, TERMS, parent=parent.id)
    assert run_to_continue(journal, TERMS, None) is None


def test_a_run_of_another_account_is_not_continued(journal: Journal) -> None:
    """Whoever cannot sign in goes by address and profile, as the account is not known."""
    run = add(journal, TERMS)
    run = journal.runs.update(run, account="mine")
    assert run_to_continue(journal, TERMS, "another") is None
    assert run_to_continue(journal, TERMS, "mine") == run_to_continue(journal, TERMS, None) == run


def test_a_run_of_a_token_without_a_name_is_continued_by_any(journal: Journal) -> None:
    """The token is replaced every week, and the run must go on with the next one."""
    run = journal.runs.update(add(journal, TERMS), account=f"spaces.example/{NAMELESS}0123456789ab")
    assert run_to_continue(journal, TERMS, "mine") == run


def test_while_the_service_is_away_other_times_are_another_run(desk: Desk, service: Service) -> None:
    """What is sent later is what was typed; the run that would make the same rows again with other times is refused."""
    times = {"SubscriptionExpireDate": EXPIRES.replace("T", " ").rstrip("Z")}
    file = desk.write("rows.csv", [mapping(n, **times) for n in range(2, 5)])
    desk.variables["NEXUDUS_URL"] = NOWHERE
    for zone, number in (("UTC", 1), ("UTC", 1), ("Asia/Tokyo", 2), ("UTC", 1), ("Asia/Tokyo", 2)):
        done = desk.type("run", file, "--yes", "--json", "--tz", zone)
        assert (done.code, done.json["run"]) == (5, number)
    desk.variables["NEXUDUS_URL"] = service.url
    assert desk.type("resume", "2").code == 0
    sent = {record["SubscriptionExpireDate"] for record in service.records}
    refused = desk.type("resume", "1")
    assert (refused.code, "times read in Asia/Tokyo" in refused.err) == (2, True)
    assert {record["SubscriptionExpireDate"] for record in service.records} == sent
    assert all("01:30" in time for time in sent)
    assert len(service.records) == 3


@pytest.mark.parametrize("flag", ["--allow-duplicates", "--strict"])
def test_an_unfinished_run_is_not_continued_with_other_choices(desk: Desk, service: Service, flag: str) -> None:
    """To go on without the flag that was typed, or beside the rows that are still to be sent, would surprise."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 12)])
    assert desk.type("run", file, "--yes", "--max-rows", "4").code == 6
    refused = desk.type("run", file, "--yes", flag)
    assert (refused.code, "importer resume 1" in refused.err) == (2, True)
    assert len(service.records) == 4
    assert desk.type("run", file, "--yes").code == 0
    assert len(service.records) == 10
