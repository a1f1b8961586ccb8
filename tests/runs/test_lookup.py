"""Names instead of Ids, looked up at the sandbox before anything is sent."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import openpyxl
import pytest
from conftest import Desk, Service, mapping

from importer.checking import Directory
from importer.journal.journal import open_journal
from importer.nexudus import Page, Reply
from importer.runs.lookup import MOST_CONFIRMED, MOST_IN_BATCHES, _on_page, look_up
from importer.runs.session import Session
from importer.runs.source import Source
from importer.sandbox.people import space
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES

PEOPLE = {str(person["Email"]): person["Id"] for person in space(1).coworkers.values()}
ROOMS = [(str(room["BusinessName"]), str(room["Name"]), room["Id"]) for room in space(1).resources.values()]
ADA = "ada.abbott@example.com"
CHLOE = "Chloé Chen"
BOARDROOM = next(number for _, name, number in ROOMS if name == "Boardroom")


def codes(desk: Desk, *rows: dict[str, Any], words: tuple[str, ...] = ()) -> list[str]:
    """The issue codes of a file with these rows, warnings about dates left out."""
    file = desk.write("rows.csv", [mapping(n, **row) for n, row in enumerate(rows, start=2)])
    return [issue["code"] for issue in desk.type("check", file, "--json", *words).json["issues"]]


def test_names_become_ids(desk: Desk, service: Service) -> None:
    """An e-mail in any case, a full name and a room with its location are sent as Ids."""
    place, room, number = ROOMS[3]
    rows = [
        mapping(2, CoworkerId=ADA.upper(), ResourceId=f"{place} / {room}"),
        mapping(3, CoworkerId="Ada Abbott", ResourceId=number),
    ]
    assert desk.type("run", desk.write("rows.csv", rows), "--yes").code == 0
    sent = [(record["CoworkerId"], record["ResourceId"]) for record in service.records]
    assert sent == [(PEOPLE[ADA], number)] * 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"CoworkerId": "nobody@example.com"}, "name-not-found"),
        ({"CoworkerId": "jordan.reyes@example.com"}, "name-ambiguous"),
        ({"CoworkerId": "gone@example.com"}, "name-deleted"),
        ({"ResourceId": "Boardroom"}, "name-ambiguous"),
        ({"ResourceId": "Ballroom"}, "name-not-found"),
        ({"CoworkerId": CHLOE.replace("é", "e")}, "name-near"),
    ],
)
def test_what_a_name_may_mean_is_said_before_sending(
    desk: Desk, service: Service, row: dict[str, Any], code: str
) -> None:
    """Nobody, several or somebody who was deleted: an error each, and no create is made for it."""
    known = {"CoworkerId": PEOPLE[ADA], "ResourceId": ROOMS[0][2]}
    assert codes(desk, known | row) == [code]
    assert desk.type("run", desk.folder / "rows.csv", "--yes").code == 1
    assert service.creates == 0


def test_a_pick_from_before_paths_had_modules_still_holds(desk: Desk, service: Service) -> None:
    """Journals hold picks under the bare name of the list, and go on to."""
    row = {"CoworkerId": PEOPLE[ADA], "ResourceId": "boardroom"}
    assert codes(desk, row, words=("--pick", f"Boardroom={BOARDROOM}")) == []
    with contextlib.closing(sqlite3.connect(desk.home / "journal.sqlite3")) as journal:
        paths = {path for (path,) in journal.execute("SELECT path FROM pick")}
    assert "resources" in paths
    assert not any("/" in path for path in paths)


def test_a_pick_is_remembered_for_the_account(desk: Desk, service: Service) -> None:
    """Which of several namesakes is meant needs to be said once."""
    row = {"CoworkerId": PEOPLE[ADA], "ResourceId": "boardroom"}
    assert codes(desk, row, words=("--pick", f"Boardroom={BOARDROOM}")) == []
    assert codes(desk, row) == []


def test_ids_that_are_not_listed_are_doubtful(desk: Desk, service: Service) -> None:
    """A number that the service does not list is a warning; when none is, that is told once."""
    good = {"CoworkerId": PEOPLE[ADA], "ResourceId": ROOMS[0][2]}
    assert codes(desk, good, good | {"CoworkerId": 4711, "Name": "b"}) == ["id-not-listed"]
    none_listed = [{"CoworkerId": PEOPLE[ADA], "ResourceId": n} for n in range(1, 5)]
    assert codes(desk, *none_listed) == ["ids-not-listed"]


def test_look_ups_cost_few_calls_and_are_kept(desk: Desk, service: Service) -> None:
    """A page of rooms and one of people, two calls for the 58 Ids of rooms, and none at all for the next check."""
    desk.write("rows.csv", [mapping(n, CoworkerId=ADA) for n in range(2, 60)])

    def look_ups() -> int:
        calls = service._ask("calls")["calls"]
        return sum("/coworkers" in call["path"] or "/resources" in call["path"] for call in calls)

    desk.type("check", desk.folder / "rows.csv")
    # One coworker is read by itself.
    assert look_ups() == 2 + 2 + 1
    desk.type("check", desk.folder / "rows.csv")
    assert look_ups() == 2 + 2 + 1


def test_offline_asks_nobody(desk: Desk, service: Service) -> None:
    """Check --offline makes no call at all; names are then an issue of their own."""
    assert codes(desk, {"CoworkerId": ADA}, words=("--offline",)) == ["name-not-looked-up"]
    assert service._ask("calls")["calls"] == []


def test_a_service_that_does_not_list_people_is_lived_with(desk: Desk, serve: Callable[..., Service]) -> None:
    """Where coworkers cannot be listed, Ids are sent as they are and it is said."""
    service = serve()
    service._ask("faults?on=read", ["ok", "404", "404"])
    done = desk.type("check", desk.write("rows.csv", [mapping(2)]))
    assert done.code == 0
    assert "Coworker names and Ids were not checked" in done.err


def test_a_template_offers_the_names_that_the_service_lists(desk: Desk, service: Service) -> None:
    """Signed in, one can choose the resource; a service that is away is told, and there is a template all the same."""
    done = desk.type("template", "-o", "t.xlsx")
    assert "names for ResourceId" in done.out
    assert openpyxl.load_workbook(desk.folder / "t.xlsx").worksheets[0].data_validations.dataValidation
    desk.variables["NEXUDUS_URL"] = "http://127.0.0.1:9"
    done = desk.type("template", "-o", "u.xlsx")
    assert (done.code, "no drop-down lists with names" in done.err) == (0, True)
    assert (desk.folder / "u.xlsx").exists()


def test_a_template_offers_nobody_who_has_left(desk: Desk, service: Service) -> None:
    """Neither a coworker whom the list still shows, but the service has deleted, nor one who is not in use."""
    assert desk.type("template", "-o", "t.xlsx").code == 0
    book = openpyxl.load_workbook(desk.folder / "t.xlsx")
    texts = {str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row}
    assert any(ADA in text for text in texts)
    assert not any("gone@example.com" in text for text in texts)


@pytest.mark.parametrize("named", ["gone@example.com", "by its Id"])
def test_nobody_who_was_found_deleted_is_offered_for_a_correction(desk: Desk, service: Service, named: str) -> None:
    """Neither in the workbook of that file, nor of the next one that has nothing to do with it; others are."""
    good = {"ResourceId": ROOMS[0][2]}
    texts = []
    for number, coworker in enumerate([named if "@" in named else GONE, "nobody@example.com"]):
        file = desk.write(
            f"{number}.csv", [mapping(2, **good, CoworkerId=ADA), mapping(3, **good, CoworkerId=coworker)]
        )
        desk.type("check", file, "--errors-to", f"{number}.xlsx")
        book = openpyxl.load_workbook(desk.folder / f"{number}.xlsx")
        hidden = [sheet for sheet in book.worksheets if sheet.sheet_state == "hidden"]
        texts.append({str(cell) for sheet in hidden for row in sheet.iter_rows(values_only=True) for cell in row})
    for offered in texts:
        assert any(ADA in text for text in offered)
        assert not any("gone@example.com" in text for text in offered)


@pytest.mark.parametrize("flags", [{"Active": False}, {"Archived": True}])
def test_a_record_that_is_not_in_use_is_not_offered(flags: dict[str, bool]) -> None:
    """It can still be named by whoever means it."""
    people: dict[int, dict[str, object]] = {
        number: {"FullName": name} for number, name in ((7, "Ada Abbott"), (8, "Ben Chen"))
    }
    page = Page(Reply(status=200), (), {7: people[7], 8: people[8] | flags}, None, None)
    entries = list(_on_page(page, RECORD_TYPES["CoworkerMsOfficeCalendar"].references["CoworkerId"]))
    directory = Directory("coworker", entries)
    assert directory.choices() == ["7"]
    assert [entry.id for entry in directory.named("Ben Chen")] == [8]


class Lists:
    """A service whose list of coworkers breaks off after its first page."""

    def __init__(self) -> None:
        self.pages: list[int] = []

    async def page(self, _path: str, *, page: int, size: int, filters: object = None) -> Reply:
        """The first page, and no other."""
        self.pages.append(page)
        if page > 1:
            return Reply(status=500, whole=True)
        records = [{"Id": 7, "Email": ADA, "FullName": "Ada Abbott"}]
        return Reply(status=200, json={"Records": records, "TotalItems": 2, "HasNextPage": True}, whole=True)


class Listing:
    """A service that lists these coworkers on one page, and knows all but the ``hidden`` ones by their Ids."""

    def __init__(self, numbers: Iterable[int], otherwise: Reply, hidden: Iterable[int] = ()) -> None:
        """``otherwise`` is what it answers for any other Id."""
        self.numbers, self.otherwise, self.hidden = list(numbers), otherwise, set(hidden)
        self.batches = self.alone = 0

    async def page(self, _path: str, *, page: int, size: int, filters: Mapping[str, str] | None = None) -> Reply:
        """The list, or the records of the Ids that are asked for."""
        if filters and "id" in filters:
            self.batches += 1
            listed = [number for number in json.loads(filters["id"]) if number in self.existing]
            return Reply(status=200, json=[{"Id": number} for number in listed], whole=True)
        records = [{"Id": number, "Email": f"{number}@example.com"} for number in self.numbers]
        return Reply(
            status=200, json={"Records": records, "TotalItems": len(records), "HasNextPage": False}, whole=True
        )

    async def get(self, _path: str, number: int) -> Reply:
        """One record."""
        self.alone += 1
        return Reply(status=200, json={"Id": number}, whole=True) if number in self.existing else self.otherwise

    @property
    def existing(self) -> set[int]:
        """The Ids that it knows."""
        return set(self.numbers) - self.hidden


def looked_up(
    folder: Path, lists: object, cells: dict[str, list[str]], at: float = 1_000_000.0
) -> tuple[dict[str, Directory], list[str], str | None]:
    """What a look-up gives, what it says, and what of coworkers is kept for later."""
    sentences, kind = list[str](), next(iter(RECORD_TYPES.values()))
    with open_journal(f"sqlite:///{folder / 'journal.sqlite3'}") as journal:
        session = SimpleNamespace(
            service=lists,
            journal=journal,
            account=SimpleNamespace(key="account"),
            settings=SimpleNamespace(lookup_age=900.0),
            clock=lambda: at,
            observer=SimpleNamespace(say=sentences.append),
        )
        source = SimpleNamespace(kind=kind, read=ReadOptions(), agreed_names=None)
        directories = asyncio.run(look_up(cast(Session, session), cast(Source, source), cells, {}))
        kept = journal.directories.get("account", kind.references["CoworkerId"].path, 0.0)
    return directories, sentences, kept


def test_a_list_that_breaks_off_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    """Whoever stands on the page that did not come is not called unknown, and nothing of it is kept for later."""
    lists = Lists()
    directories, sentences, kept = looked_up(tmp_path, lists, {"CoworkerId": [ADA, "zoe@example.com"]})
    assert (directories, kept) == ({}, None)
    assert lists.pages == [1, 2]
    assert sentences == [
        "Coworker names and Ids were not checked: the service did not list all of them (it answered HTTP 500)."
    ]


GONE = next(person["Id"] for person in space(1).coworkers.values() if person["Email"] == "gone@example.com")
NOBODY = 4711


@pytest.mark.parametrize("number", [GONE, NOBODY])
@pytest.mark.parametrize("beside", [[], [{"CoworkerId": "Ada Abbott", "Name": "b"}]])
def test_a_coworker_that_does_not_exist_is_noticed_before_sending(
    desk: Desk, service: Service, number: int, beside: list[dict[str, Any]]
) -> None:
    """By its Id too, whether the list still shows it or never did: its row is never sent, and the others are."""
    service.state.change(strict_parents=True)
    good = {"CoworkerId": PEOPLE[ADA], "ResourceId": ROOMS[0][2]}
    rows = [good, *(good | row for row in beside), good | {"CoworkerId": number, "Name": "c"}]
    assert codes(desk, *rows) == ["id-not-found"]
    planned = desk.type("plan", desk.folder / "rows.csv", "--json").json
    [issue] = planned["issues"]
    assert (issue["row"], issue["message"]) == (len(rows) + 1, f"Nexudus has no coworker with the Id {number}.")
    assert planned["plan"]["create"] == len(rows) - 1
    done = desk.type("run", desk.folder / "rows.csv", "--yes", "--out", "report")
    assert (done.code, service.creates) == (1, len(rows) - 1)
    assert desk.report("report")[-1]["import_status"] == "invalid"


def test_a_resource_that_does_not_exist_is_noticed_at_each_of_its_rows(desk: Desk, service: Service) -> None:
    """As an error of the cell, however the number is written."""
    service.state.change(strict_parents=True)
    rows = [{"CoworkerId": PEOPLE[ADA], "ResourceId": room} for room in (ROOMS[0][2], NOBODY, f"{NOBODY}.0")]
    assert codes(desk, *rows) == ["id-not-found"] * 2


def test_a_record_that_only_a_read_by_id_shows_exists(desk: Desk, service: Service) -> None:
    """A list may be limited for the account; that it leaves out an Id is a warning, and the row is sent."""
    good = {"CoworkerId": PEOPLE[ADA], "ResourceId": ROOMS[0][2]}
    assert codes(desk, good, good | {"CoworkerId": NOBODY, "Name": "b"}) == ["id-not-listed"]
    assert desk.type("run", desk.folder / "rows.csv", "--yes").code == 0
    assert service.creates == 2


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (401, {"Message": "Access Denied."}),
        (404, None),
        (404, {"Message": "Not found"}),
        (500, "Not found"),
        (200, {"Id": 8}),
        (200, []),
    ],
)
def test_only_the_word_of_the_service_says_that_a_record_does_not_exist(
    tmp_path: Path, status: int, document: object
) -> None:
    """A refusal, an error, a page of something in between and another record say nothing: the Id is sent as it is."""
    lists = Listing([7], Reply(status=status, json=document, text="Not found", whole=True))
    directories, _, _ = looked_up(tmp_path, lists, {"CoworkerId": ["7", "9"]})
    assert directories["CoworkerId"].deleted_ids == set()
    lists = Listing([7], Reply(status=404, json="Not found", text='"Not found"', whole=True))
    directories, _, _ = looked_up(tmp_path, lists, {"CoworkerId": ["7", "9"]})
    assert directories["CoworkerId"].deleted_ids == {9}


@pytest.mark.parametrize(
    ("numbers", "batches", "alone"),
    [
        # One Id is one call, and fifty are one as well.
        ([7], 0, 1),
        ([*range(1, 51)], 1, 0),
        ([*range(1, 121)], 3, 0),
        # Each that is left out is read by itself.
        ([*range(1, 50), 901], 1, 1),
        # Beyond these limits, the calls would be more than the refusals that they save.
        ([*range(1, 50), *range(901, 1_301)], 9, MOST_CONFIRMED),
        ([*range(1, MOST_IN_BATCHES + 500)], MOST_IN_BATCHES // 50, MOST_CONFIRMED),
    ],
)
def test_the_ids_of_a_file_are_read_in_few_calls(tmp_path: Path, numbers: list[int], batches: int, alone: int) -> None:
    """Fifty in a call, and by themselves only those that are left out; what was read is not read again."""
    lists = Listing(range(1, 5_000), Reply(status=404, json="Not found", whole=True), hidden=range(901, 1_301))
    cells = {"CoworkerId": [str(number) for number in numbers]}
    _, sentences, _ = looked_up(tmp_path, lists, cells)
    assert (lists.batches, lists.alone) == (batches, alone)
    words = f"Looked up whether {min(len(numbers), MOST_IN_BATCHES):,} coworkers exist, with {batches + alone} calls."
    assert sentences == ([words] if batches + alone > 5 else [])
    lists.batches = lists.alone = 0
    looked_up(tmp_path, lists, {"CoworkerId": ["1", "2", "7"]})
    assert (lists.batches, lists.alone) == ((1, 0) if len(numbers) == 1 else (0, 0))


def test_what_is_known_to_exist_is_read_again_when_it_is_old(tmp_path: Path) -> None:
    """As a list is: a coworker that was deleted since is then noticed."""
    lists = Listing([7, 8], Reply(status=404, json="Not found", whole=True))
    cells = {"CoworkerId": ["7", "8"]}
    directories, _, _ = looked_up(tmp_path, lists, cells)
    assert directories["CoworkerId"].deleted_ids == set()
    lists.hidden = {8}
    directories, _, _ = looked_up(tmp_path, lists, cells, at=1_000_900.0)
    assert directories["CoworkerId"].deleted_ids == set()
    directories, _, _ = looked_up(tmp_path, lists, cells, at=1_000_901.0)
    assert directories["CoworkerId"].deleted_ids == {8}


def test_offline_no_id_is_doubted(desk: Desk, service: Service) -> None:
    """Nobody was asked, so nothing is said."""
    service.state.change(strict_parents=True)
    assert codes(desk, {"CoworkerId": GONE, "ResourceId": NOBODY}, words=("--offline",)) == []
    assert service._ask("calls")["calls"] == []
