"""Runs forgotten: their values are gone from every file, and what is left still keeps records from being doubled."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import GIVE_UP, LATER, Desk, Service, mapping
from postgres import Server

from importer.config.settings import JournalPlace
from importer.journal.forgetting import Forgetting
from importer.journal.journal import open_journal
from importer.journal.journal_pool import JournalPool
from importer.web.drafts import Draft, Drafts

CANARY = "Canary Cattermole"
DAY = 86_400.0


def bytes_in(folder: Path, text: str) -> list[str]:
    """The files below a folder in which a text can be read."""
    needles = {text.encode("utf-8"), text.encode("utf-16-le"), text.casefold().encode()}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path.name for path in files if any(needle in path.read_bytes() for needle in needles)]


def later(desk: Desk, days: float = 100) -> None:
    """The same desk, so many days later."""
    before = desk.clock
    desk.clock = lambda: before() + days * DAY


def imported(desk: Desk, rows: int = 3, name: str = "rows.csv", **more: object) -> Path:
    """A file with a name that nothing else has, imported as the next run."""
    file = desk.write(name, [mapping(n, Name=f"{CANARY} {n}", **more) for n in range(2, 2 + rows)])
    done = desk.type("run", file, "--yes")
    assert done.code == 0, done.err
    return file


def test_nothing_of_a_forgotten_run_can_be_read_anywhere(desk: Desk, service: Service) -> None:
    """Neither in the journal's file, its log, the copy of the file nor the report; also not as free space."""
    file = imported(desk, rows=200)
    file.unlink()
    assert bytes_in(desk.folder, CANARY)
    done = desk.type("forget", "1", "--yes")
    assert done.code == 0, done.err
    assert bytes_in(desk.folder, CANARY) == []
    assert bytes_in(desk.folder, "AAMk150=") == []
    assert not (desk.folder / "reports" / "1-rows").exists()
    assert len(service.records) == 200


def test_what_goes_and_what_stays_is_said_beforehand(desk: Desk, service: Service) -> None:
    """Without --yes nothing happens where nobody can be asked; each file is named."""
    imported(desk)
    asked = desk.type("forget", "1")
    assert (asked.code, "there is no terminal to ask you on" in asked.err) == (2, True)
    assert "Forget run 1, 3 rows." in asked.err
    assert "What stays: the names of the files" in asked.err
    for name in ("report.csv", "report.xlsx", "report.html", "summary.json"):
        assert str(desk.folder / "reports" / "1-rows" / name) in asked.err
    assert bytes_in(desk.home, CANARY)
    done = desk.type("forget", "1", "--yes", "--json")
    assert (done.json["forgotten"], done.json["rows"], done.json["stays"]) == ([1], 3, [])
    assert not any(Path(path).exists() for path in done.json["files"])


def test_nothing_is_doubled_after_it(desk: Desk, service: Service) -> None:
    """The same file is recognised; every row of it exists already, also those that the list does not show."""
    file = imported(desk)
    desk.type("forget", "1", "--yes")
    again = desk.type("run", file, "--yes", "--json")
    assert (again.code, again.json["counts"]["existing"]) == (0, 3)
    assert len(service.records) == 3


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, "existing"), ({"Name": "Somebody Else"}, "not sent"), ({"CalendarId": ""}, "not sent")],
    ids=["the same row", "with another name", "without its calendar"],
)
@pytest.mark.parametrize("words", [[], ["--without-list"]], ids=["with the list", "without it"])
def test_a_record_that_the_list_leaves_out_is_recognised_by_its_fingerprint(
    desk: Desk, service: Service, changes: dict[str, object], status: str, words: list[str]
) -> None:
    """So it is read by its Id, and compared as any other: none is created beside it."""
    service.state.change(list_lag=LATER)
    imported(desk)
    desk.type("forget", "1", "--yes")
    row = mapping(2, **{"Name": f"{CANARY} 2", **changes})
    again = desk.type("run", desk.write("again.csv", [row]), "--yes", "--json", *words)
    assert again.json["counts"][status] == 1
    assert len(service.records) == 3


def test_a_changed_row_is_told_from_its_record_all_the_same(desk: Desk, service: Service) -> None:
    """It is compared with what Nexudus has, as always; with --update its record is updated."""
    imported(desk)
    desk.type("forget", "1", "--yes")
    file = desk.write("new.csv", [mapping(2, Name="Somebody Else")])
    assert desk.type("run", file, "--yes", "--json").json["counts"]["not sent"] == 1
    assert desk.type("run", file, "--yes", "--update", "--json").json["counts"]["updated"] == 1
    assert len(service.records) == 3


def test_every_command_about_a_forgotten_run_says_so(desk: Desk, service: Service) -> None:
    """One sentence about what is no longer there; status and history have the numbers."""
    imported(desk)
    desk.type("forget", "1", "--yes")
    for words in (
        ["report", "1"],
        ["verify", "1"],
        ["undo", "1", "--yes"],
        ["retry", "1", "--yes"],
        ["reconcile", "1"],
    ):
        done = desk.type(*words)
        assert done.code == 2, words
        assert "Run 1 was forgotten on" in done.err
        assert len(done.err.splitlines()) == 2
    shown = desk.type("status")
    assert (shown.code, "3 created" in shown.out, "were removed on" in shown.out) == (0, True, True)
    document = desk.type("status", "--json").json
    assert (document["counts"]["created"], document["next"], bool(document["forgotten"])) == (3, None, True)
    assert desk.type("history").code == 0
    assert desk.type("journal").code == 0


def test_a_run_whose_values_are_needed_stays(desk: Desk, service: Service) -> None:
    """One that is unfinished, and one with a row whose record may exist; the others of that age go."""
    imported(desk)
    desk.type("run", desk.write("open.csv", [mapping(n) for n in (12, 13)]), "--yes", "--max-rows", "1")
    service.fail("lost-before")
    desk.type("run", desk.write("doubt.csv", [mapping(22)]), "--yes")
    open_run, doubt = desk.type("forget", "2", "--yes"), desk.type("forget", "3", "--yes")
    assert (open_run.code, doubt.code) == (2, 2)
    assert "Run 2 is unfinished, so its values are still needed." in open_run.err
    assert "still needed" in doubt.err
    later(desk)
    done = desk.type("forget", "--older-than", "90d", "--yes", "--json")
    assert done.json["forgotten"] == [1]
    assert desk.type("report", "3").code == 0


def test_what_did_not_end_so_long_ago_stays(desk: Desk, service: Service) -> None:
    """And a time without its unit is refused: 90 seconds would be nearly every run."""
    imported(desk)
    done = desk.type("forget", "--older-than", "90d", "--yes")
    assert (done.code, "No run that ended before then" in done.err) == (0, True)
    refused = desk.type("forget", "--older-than", "90", "--yes")
    assert (refused.code, "write it with its unit" in refused.err) == (2, True)
    assert desk.type("forget").code == desk.type("forget", "1", "--older-than", "90d").code == 2
    assert "There is no run 7" in desk.type("forget", "7", "--yes").err


def test_a_copy_that_another_run_has_stays(desk: Desk, service: Service) -> None:
    """Two runs of one file share it; with the last of them it goes."""
    file = imported(desk)
    desk.type("run", file, "--yes")
    first = desk.type("forget", "1", "--yes")
    assert "stays, because another run has the same file" in first.err
    assert desk.type("report", "2").code == 0
    file.unlink()
    assert desk.type("forget", "2", "--yes").code == 0
    assert bytes_in(desk.folder, CANARY) == []


def test_a_report_of_another_run_in_the_same_folder_stays(desk: Desk, service: Service) -> None:
    """With --out, a later run may have written over the report; other files in the folder are nobody's to delete."""
    file = imported(desk)
    for name in ("a.csv", "b.csv"):
        other = desk.write(name, [mapping(30 + ord(name[0]))])
        desk.type("run", other, "--yes", "--out", "out")
    (desk.folder / "out" / "mine.txt").write_text("mine")
    assert "is not in" in desk.type("forget", "2", "--yes").err
    assert (desk.folder / "out" / "report.csv").exists()
    assert desk.type("forget", "3", "--yes").code == 0
    assert [path.name for path in (desk.folder / "out").iterdir()] == ["mine.txt"]
    assert file.exists()


@pytest.mark.skipif(os.name != "posix", reason="other systems need a right for links")
@pytest.mark.parametrize("place", ["copy", "report", "folder"])
def test_a_link_is_refused(desk: Desk, service: Service, place: str) -> None:
    """Whatever is planted where a file of the run was: nothing behind it is deleted, and nothing else either."""
    imported(desk)
    victim = desk.home / "client-id" if place == "copy" else desk.folder / "victim"
    if place == "folder":
        (desk.folder / "reports" / "1-rows").rename(victim)
        link = desk.folder / "reports" / "1-rows"
    else:
        victim.write_text("mine")
        [link] = (desk.home / "files").iterdir() if place == "copy" else [desk.folder / "reports/1-rows/summary.json"]
        link.unlink()
    link.symlink_to(victim)
    done = desk.type("forget", "1", "--yes")
    assert (done.code, f"{link} is a link" in done.err) == (2, True)
    assert victim.exists()
    assert desk.type("status", "--json").json["forgotten"] is None


@pytest.mark.parametrize("after", ["begin", "forget_rows", "forget_copies", "purge"])
def test_what_was_cut_off_is_finished_by_the_next_call(
    desk: Desk, service: Service, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """Killed before or after any of its steps: the run is as before, or the same command removes what is left."""
    file = imported(desk)
    file.unlink()
    whole = getattr(Forgetting, after)

    def cut_off(*words: object) -> None:
        if after != "purge":
            whole(*words)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Forgetting, after, cut_off)
        assert desk.type("forget", "1", "--yes").code == 130
    assert desk.type("status").code == 0
    assert desk.type("forget", "1", "--yes").code == 0
    assert bytes_in(desk.folder, CANARY) == []
    assert "has been forgotten already" in desk.type("forget", "1", "--yes").err


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such signal")
def test_a_killed_process_leaves_nothing_that_the_next_does_not_finish(desk: Desk, service: Service) -> None:
    """As above, as a real process that is killed at once, whatever it was doing."""
    file = imported(desk, rows=500)
    file.unlink()
    process = desk.start("forget", "1", "--yes")
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert desk.type("forget", "1", "--yes").code == 0
    assert bytes_in(desk.folder, CANARY) == []


def test_old_runs_are_forgotten_by_themselves(desk: Desk, service: Service) -> None:
    """Off by default; with the setting, whatever sends something says in one line what it forgot."""
    imported(desk)
    other = desk.write("other.csv", [mapping(12)])
    later(desk)
    assert "Forgot" not in desk.type("run", other, "--yes").err
    desk.variables["IMPORTER_RETENTION"] = "90d"
    done = desk.type("run", desk.write("third.csv", [mapping(13)]), "--yes")
    assert done.code == 0
    assert "Forgot 1 run that ended more than 90 days ago (IMPORTER_RETENTION)." in done.err
    assert desk.type("status", "1", "--json").json["forgotten"]
    assert "Forgot" not in desk.type("run", desk.write("fourth.csv", [mapping(14)]), "--yes").err


def test_the_run_of_a_command_is_not_forgotten_by_it(desk: Desk, service: Service) -> None:
    """Somebody who retries an old run wants its rows; and a link somewhere does not stop an import."""
    service.fail("status:422")
    desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes")
    later(desk)
    desk.variables["IMPORTER_RETENTION"] = "90d"
    done = desk.type("retry", "1", "--yes", "--json")
    assert "Forgot" not in done.err
    assert done.json["rows"] == 1


@pytest.mark.parametrize(("text", "words"), [("90d", "90d"), ("36h", "1.5d"), ("none", "none"), ("", "none")])
def test_the_retention_is_shown_in_days(desk: Desk, text: str, words: str) -> None:
    """Off is the default, and may be said."""
    desk.variables["IMPORTER_RETENTION"] = text
    settings = {each["setting"]: each["value"] for each in desk.type("config", "--json").json["settings"]}
    assert settings["retention"] == words


@pytest.mark.parametrize("text", ["90", "5h", "soon", "-1d"])
def test_a_short_retention_is_refused(desk: Desk, text: str) -> None:
    """Ninety seconds are most likely ninety days."""
    desk.variables["IMPORTER_RETENTION"] = text
    done = desk.type("config")
    assert (done.code, "write a time of a day or more, like 90d" in done.err or "write a number" in done.err) == (
        2,
        True,
    )


def test_on_a_server_nothing_is_left_in_the_tables(desk: Desk, service: Service, postgres: Server) -> None:
    """The copy that machines share goes as well."""
    desk.variables["IMPORTER_JOURNAL"] = url = postgres.new_database()
    file = imported(desk)
    name = url.partition("?")[0].rpartition("/")[2]
    tables = ("intent", "issue", "run", "copy", "directory", "meta")

    def is_in_tables() -> bool:
        queries = (f"SELECT t::text FROM {table} t" for table in tables)
        texts = [row[0] for query in queries for row in postgres.ask(query, name)]
        needles = (CANARY, CANARY.encode().hex())
        return any(needle in text for text in texts for needle in needles)

    assert is_in_tables()
    done = desk.type("forget", "1", "--yes")
    assert done.code == 0, done.err
    assert not is_in_tables()
    again = desk.type("run", file, "--yes", "--json")
    assert (again.json["counts"]["existing"], len(service.records)) == (3, 3)
    with open_journal(JournalPlace(url, desk.home)) as journal:
        assert not journal.forgetting.is_to_purge
    assert json.loads(desk.type("status", "1", "--json").out)["forgotten"]


def test_each_machine_that_shares_the_journal_removes_its_own_files(
    desk: Desk, service: Service, postgres: Server, tmp_path: Path
) -> None:
    """Whoever forgets the run says that its report is elsewhere; there it goes the next time."""
    desk.variables["IMPORTER_JOURNAL"] = postgres.new_database()
    imported(desk).unlink()
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other", dict(desk.variables))
    assert other.type("report", "1", "--out", "r").code == 0
    done = other.type("forget", "1", "--yes")
    assert (done.code, "The report of run 1 is not in" in done.err) == (0, True)
    assert bytes_in(other.home, CANARY) == []
    assert bytes_in(desk.folder / "reports", CANARY)
    assert desk.type("forget", "--older-than", "90d", "--yes").code == 0
    assert bytes_in(desk.home, CANARY) == []
    assert not (desk.folder / "reports" / "1-rows").exists()


def test_everything_about_a_person_is_shown(desk: Desk, service: Service) -> None:
    """Rows that name them by e-mail, name or Id, what was chosen, who started what, and the files; and where it was."""
    rows = [mapping(2, Name="Ines Moreau"), mapping(3, Name="ines@example.com"), mapping(4)]
    broken = mapping(5, Name="Ines@Example.com", ResourceId="nowhere at all")
    desk.type("run", desk.write("rows.csv", [*rows, broken]), "--yes")
    desk.type("people", "add", "ines@example.com")
    (desk.home / "workers").mkdir()
    (desk.home / "workers" / "error-1.log").write_text("one line\nfailed for ines@example.com\n")
    done = desk.type("journal", "--export-person", " INES@example.com", "--json")
    assert done.code == 0, done.err
    person = done.json
    assert [(row["run"], row["row"], row["status"]) for row in person["rows"]] == [(1, 3, "created"), (1, 5, "invalid")]
    assert person["rows"][0]["values"]["Name"] == "ines@example.com"
    assert person["rows"][1]["cells"]["ResourceId"] == "nowhere at all"
    places = {Path(file["path"]).name: file for file in person["files"]}
    assert places["error-1.log"]["lines"] == ["failed for ines@example.com"]
    assert {"people.json", "report.csv", "failed.xlsx", "summary.json"} <= places.keys()
    [copy] = [file for file in person["files"] if file["what"] == "copy of an imported file"]
    assert copy["rows"] == [3, 5]
    assert person["looked_at"]["rows"] == 3
    shown = desk.type("journal", "--export-person", "ines@example.com").out
    assert "Run 1, row 3: created, record" in shown
    assert "Looked through:" in shown


def test_what_machines_share_about_a_person_is_shown_and_forgotten(
    desk: Desk, service: Service, postgres: Server, tmp_path: Path
) -> None:
    """The list of people, and uploads that this machine has never had in its folder; one of a run goes with it."""
    place = JournalPlace(postgres.new_database(), tmp_path / "other")
    desk.variables["IMPORTER_JOURNAL"] = place.url
    file = desk.write("rows.csv", [mapping(2, Name="ines@example.com"), mapping(3)])
    desk.type("people", "add", "ines@example.com")
    desk.type("run", file, "--yes")
    with closing(JournalPool(place)) as pool:
        drafts = Drafts(place.home / "uploads", time.time, None, pool)
        kept, gone = (
            asyncio.run(drafts.take_in(f"{name}.csv", whole(file.read_bytes()), "")) for name in ("kept", "gone")
        )
        drafts.correct(kept.id, cells={"C3": "Ines@example.com"})
        with drafts.locked(gone.id) as draft:
            assert draft is not None
            drafts.keep(draft, run=1)
        assert not (desk.home / "uploads").exists()
        person = desk.type("journal", "--export-person", "ines@example.com", "--json").json
        found = {file["path"]: file for file in person["files"] if file["what"] == "in the journal's database"}
        assert found.keys() == {
            "people.json",
            f"upload {kept.id}",
            f"file of upload {kept.id}",
            f"file of upload {gone.id}",
        }
        assert found[f"file of upload {gone.id}"]["rows"] == [2]
        assert (person["looked_at"]["uploads"], person["looked_at"]["documents"]) == (2, 2)
        assert desk.type("forget", "1", "--yes").code == 0
        assert drafts.find(gone.id) is None
        assert drafts.find(kept.id) is not None
        assert not gone.folder.exists()


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """A file as it is uploaded."""
    yield content


def test_rows_that_name_a_person_by_an_id_are_shown(desk: Desk, service: Service) -> None:
    """The Id that the list of coworkers has for an e-mail, or one that is typed; digits elsewhere mean nothing."""
    ada, words = "ada.abbott@example.com", ["--yes", "--pick", f"{CANARY}=2002"]
    desk.type("run", desk.write("ada.csv", [mapping(6, CoworkerId=ada)]), *words)
    number = service.records[0]["CoworkerId"]
    desk.type("run", desk.write("again.csv", [mapping(7, CoworkerId=number), mapping(8, Name="Ada Abbott")]), "--yes")
    person = desk.type("journal", "--export-person", ada, "--json").json
    assert "Ada Abbott" in person["ids"]["spaces/coworkers"][str(number)]
    assert [(row["run"], row["row"]) for row in person["rows"]] == [(1, 2), (2, 2), (2, 3)]
    assert person["rows"][0]["cells"]["CoworkerId"] == ada
    desk.type("run", desk.write("rows.csv", [mapping(2), mapping(3, Name="2002")]), "--yes")
    rows = desk.type("journal", "--export-person", "2002", "--json").json["rows"]
    assert [(row["row"], row["values"]["CoworkerId"]) for row in rows] == [(2, 2002)]
    choices = desk.type("journal", "--export-person", CANARY, "--json").json["choices"]
    assert {(choice["name"], choice["record"]) for choice in choices} == {(CANARY.casefold(), 2002)}


def test_nothing_is_left_to_show_of_a_forgotten_run(desk: Desk, service: Service) -> None:
    """And it says what it looked through."""
    imported(desk).unlink()
    assert desk.type("journal", "--export-person", CANARY, "--json").json["rows"]
    desk.type("forget", "1", "--yes")
    done = desk.type("journal", "--export-person", CANARY)
    assert (done.code, f"Nothing is stored about {CANARY}." in done.out) == (0, True)
    assert "3 rows" in done.out
    assert desk.type("journal", "--export-person", CANARY, "--rebuild").code == 2


def uploaded(desk: Desk, run: int) -> Path:
    """The file of an upload of the page that a run came from."""
    drafts = Drafts(desk.home / "uploads", desk.clock)

    async def take_in() -> Draft:
        async def chunks() -> AsyncIterator[bytes]:
            yield f"Name\n{CANARY}\n".encode()

        return await drafts.take_in("rows.csv", chunks(), "ines@example.com")

    draft = asyncio.run(take_in())
    with drafts.locked(draft.id):
        return drafts.keep(draft, run=run).path


def test_the_upload_of_a_run_goes_with_it(desk: Desk, service: Service) -> None:
    """That of another run stays, and one that no run came of goes after its seven days."""
    imported(desk)
    mine, other = uploaded(desk, 1), uploaded(desk, 2)
    assert str(mine) in desk.type("forget", "1").err
    assert desk.type("forget", "1", "--yes").code == 0
    assert (mine.parent.exists(), other.exists()) == (False, True)


@pytest.mark.skipif(os.name != "posix", reason="other systems need a right for links")
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_in_an_upload_is_refused(desk: Desk, service: Service, is_folder: bool) -> None:
    """One that leads out of the home stops every command; one that leads to another place in it stops this one."""
    imported(desk)
    upload, other = uploaded(desk, 1), uploaded(desk, 2)
    link, target = (upload.parent, desk.home / "elsewhere") if is_folder else (upload, other)
    if is_folder:
        upload.parent.rename(target)
    else:
        upload.unlink()
    link.symlink_to(target)
    done = desk.type("forget", "1", "--yes")
    assert (done.code, f"{link} is a link" in done.err) == (2, True)
    assert other.exists()
    assert desk.type("status", "1", "--json").json["forgotten"] is None
    assert desk.type("report", "1").code == 0


def test_the_page_forgets_at_its_start(desk: Desk, service: Service) -> None:
    """And says so before it says where it is."""
    now = desk.clock
    desk.clock = lambda: now() - 100 * DAY
    imported(desk)
    desk.variables["IMPORTER_RETENTION"] = "90d"
    process = desk.start("serve", "--port", "0")
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("Open http")
    finally:
        process.terminate()
        _, err = process.communicate(timeout=GIVE_UP)
    assert "Forgot 1 run that ended more than 90 days ago" in err
    assert bytes_in(desk.home, CANARY) == []
