"""Where machines share a journal but no folder, the file of a run is where the run is continued."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from delivery.kit import KIND, PATH
from postgres import Server

from importer.config.settings import JournalPlace
from importer.journal import copies
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import NewRun, Run


@pytest.fixture
def two(postgres: Server, tmp_path: Path) -> Iterator[tuple[Journal, Journal]]:
    """The journal as two machines have it."""
    url = postgres.new_database()
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(open_journal(JournalPlace(url, tmp_path / name))) for name in ("one", "two")
        )
        yield first, second


def begin(journal: Journal, folder: Path, content: bytes) -> Run:
    """A run of a file with this content, whose copy has been kept."""
    copy = folder / "abc.csv"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)
    digest = sha256(content).hexdigest()
    journal.copies.keep(copy, digest)
    reports = f"{folder.parent}/reports/{{run}}-rows"
    return journal.runs.add(NewRun(KIND.name, "http://x", PATH, "rows.csv", digest, str(copy), {}, 1.0, reports))


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_a_machine_takes_the_file_of_a_run_from_the_database(
    two: tuple[Journal, Journal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """To the place where it keeps its own, readable for nobody else, byte for byte."""
    monkeypatch.setattr(copies, "_PIECE", 4)
    first, second = two
    content = b"a\0\xff\n" * pieces + b"z" * (pieces > 1)
    run = begin(first, tmp_path / "one" / "files", content)
    theirs = second.runs.get(run.id)
    assert theirs.copy == tmp_path / "two" / "files" / "abc.csv"
    assert second.runs.uses_copy(theirs.copy)
    second.copies.bring_back(theirs)
    if pieces:
        assert theirs.copy.read_bytes() == content
        assert theirs.copy.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in theirs.copy.parent.glob("*")) == ["abc.csv"] * (pieces > 0)


def test_a_file_that_is_not_the_one_that_was_checked_is_not_brought_back(
    two: tuple[Journal, Journal], tmp_path: Path
) -> None:
    """It would be reported as if it had been read."""
    first, second = two
    run = begin(first, tmp_path / "one" / "files", b"right")
    with first._db.write() as db:
        db.exec_driver_sql("UPDATE copy SET content = ?", (b"wrong",))
    second.copies.bring_back(second.runs.get(run.id))
    assert list((tmp_path / "two" / "files").glob("*")) == []


def test_reports_are_written_where_the_person_is(
    two: tuple[Journal, Journal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of another machine is not there, or somebody else's; one that was chosen here stays."""
    first, second = two
    run = begin(first, tmp_path / "one" / "files", b"rows")
    monkeypatch.chdir(tmp_path)
    assert first.runs.get(run.id).folder == tmp_path / "one" / "reports" / f"{run.id}-rows"
    assert second.runs.get(run.id).folder == tmp_path / "reports" / f"{run.id}-rows"
    second.runs.update(run, folder=str(tmp_path / "mine"))
    assert second.runs.get(run.id).folder == tmp_path / "mine"
    assert first.runs.get(run.id).folder == tmp_path / "reports" / "mine"


def test_a_journal_in_a_file_keeps_no_second_copy(tmp_path: Path) -> None:
    """Its runs refer to the one that there is."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        run = begin(journal, tmp_path / "files", b"rows")
        run.copy.unlink()
        journal.copies.bring_back(replace(run))
        assert not run.copy.exists()
