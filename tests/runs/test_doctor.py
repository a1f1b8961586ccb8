"""Everything that must be right before an import, each with its remedy."""

from pathlib import Path

import pytest
from conftest import Desk, Service
from postgres import Server

from importer.runs.doctor import Finding, workbooks
from importer.spreadsheet.reader_confinement import Confinement


def findings(desk: Desk) -> dict[str, dict[str, object]]:
    """What the doctor says, by what it is about."""
    return {one["what"]: one for one in desk.type("doctor", "--json").json["findings"]}


def test_where_all_is_right_the_account_is_named(desk: Desk, service: Service) -> None:
    """Nothing has to be put right, and the number of runs is that of the journal."""
    found = findings(desk)
    assert [name for name, one in found.items() if not one["good"]] == []
    assert "ops@example.com" in str(found["Service"]["seen"])
    assert str(found["Journal"]["seen"]).endswith("with 0 runs")
    assert all(one["fix"] == "" for one in found.values())


def test_wrong_settings_are_the_first_to_put_right(desk: Desk) -> None:
    """Nothing that depends on them is looked at before."""
    desk.variables["IMPORTER_RATE"] = "fast"
    assert list(findings(desk)) == ["Python", "Settings"]
    assert findings(desk)["Settings"]["fix"]


def test_each_thing_that_is_wrong_is_said_beside_what_is_right(desk: Desk, service: Service, tmp_path: Path) -> None:
    """A journal that cannot be used and a refused sign-in do not hide each other."""
    desk.home.mkdir()
    (desk.home / "journal.sqlite3").write_text("not a database, " * 100)
    desk.variables["NEXUDUS_PASSWORD"] = "wrong"
    found = findings(desk)
    assert {name for name, one in found.items() if not one["good"]} == {"Journal", "Service"}
    assert all(found[name]["fix"] for name in ("Journal", "Service"))
    assert desk.type("doctor").code != 0


def test_what_machines_share_is_named_with_the_files_that_nobody_uses_any_more(
    desk: Desk, service: Service, postgres: Server
) -> None:
    """What a machine had before it shared a database is taken over when it is first needed, and stays where it was."""
    assert "Shared" not in findings(desk)
    assert desk.type("people", "add", "maria@example.com").code == 0
    desk.variables["IMPORTER_JOURNAL"] = postgres.new_database()
    waiting = f"no document in the database; people.json in {desk.home} will be taken over when first needed"
    assert findings(desk)["Shared"]["seen"] == waiting
    assert "maria@example.com" in desk.type("people", "list").out
    unused = f"people.json in the database; the files of that name in {desk.home} are not used any more"
    assert findings(desk)["Shared"]["seen"] == unused
    assert (desk.home / "people.json").exists()


@pytest.mark.parametrize("home", ["not-there-yet", "."])
def test_the_disk_is_that_of_the_home(desk: Desk, home: str) -> None:
    """Also where the folder has not been made yet."""
    desk.variables["IMPORTER_HOME"] = str(desk.folder / home)
    assert str(desk.folder / home) in str(findings(desk)["Disk"]["seen"])


@pytest.mark.parametrize(
    ("files", "calls", "sentence"),
    [
        (True, True, "the reader cannot reach other files, the network or other programs"),
        (False, True, "this system cannot keep the reader from other files"),
        (True, False, "this system cannot keep the reader from the network and other programs"),
        (False, False, "this system cannot keep the reader from other files and from the network and other programs"),
    ],
)
def test_what_the_reader_of_workbooks_could_reach_is_one_line(files: bool, calls: bool, sentence: str) -> None:
    """No reason not to read them: the process and its limits are there on every system."""
    assert workbooks(Confinement(files=files, calls=calls)) == Finding("Workbooks", True, sentence)
