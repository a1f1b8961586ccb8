"""Files that somebody may still be writing: taken when nobody has changed them for a while."""

import os
from pathlib import Path

import pytest

from importer.runs.whole_files import QUIET_SECONDS, WholeFiles, files_in

NOW = 1_000.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was just begun."""
    path = tmp_path / "a.csv"
    path.write_text("half", "utf-8")
    return path


def test_a_file_is_whole_once_nothing_has_changed_for_a_while(file: Path) -> None:
    """By what one process has seen, and not by the date of the file, which a copy may bring along."""
    os.utime(file, (1.0, 1.0))
    files = WholeFiles()
    assert not files.is_whole(file, NOW)
    assert files.is_about_to_be(file)
    assert not files.is_whole(file, NOW + QUIET_SECONDS - 1)
    assert files.is_whole(file, NOW + QUIET_SECONDS)


@pytest.mark.parametrize("change", ["longer", "same length", "replaced", "dated back"])
def test_each_change_begins_the_while_anew(file: Path, change: str) -> None:
    """Whatever it leaves as it was."""
    files = WholeFiles()
    files.is_whole(file, NOW)
    if change == "longer":
        file.write_text("half and more", "utf-8")
    elif change == "same length":
        file.write_text("HALF", "utf-8")
        os.utime(file, (2.0, 2.0))
    elif change == "replaced":
        other = file.with_name("b.csv")
        other.write_text("half", "utf-8")
        other.replace(file)
    else:
        os.utime(file, (1.0, 1.0))
    assert not files.is_whole(file, NOW + QUIET_SECONDS)
    assert not files.is_about_to_be(file)
    assert files.is_whole(file, NOW + 2 * QUIET_SECONDS)


def test_an_empty_file_is_not_whole(file: Path) -> None:
    """Somebody has opened it, and has not written yet."""
    file.write_bytes(b"")
    files = WholeFiles()
    files.is_whole(file, NOW)
    assert not files.is_whole(file, NOW + 10 * QUIET_SECONDS)
    assert not files.is_about_to_be(file)


def test_a_clock_that_is_put_back_begins_the_while_anew(file: Path) -> None:
    """Otherwise the file would wait for as long as the clock was put back by."""
    files = WholeFiles()
    files.is_whole(file, NOW)
    assert not files.is_whole(file, NOW - 86_400)
    assert files.is_whole(file, NOW - 86_400 + QUIET_SECONDS)


def test_a_file_that_is_gone_is_an_error_and_forgotten_with_its_folder(file: Path) -> None:
    """The next file of that name is another one."""
    files = WholeFiles()
    files.is_whole(file, NOW)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        files.is_whole(file, NOW)
    files.forget_others(file.parent, set())
    assert not files.is_about_to_be(file)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, ["B.XLSX", "a.csv", "g.csv.gz", "h.jsonl"]),
        ("*", ["B.XLSX", "a.csv", "c.pdf", "g.csv.gz", "h.jsonl", "i.txt"]),
        ("*.xlsx", ["B.XLSX"]),
        ("[ab].*", ["B.XLSX", "a.csv"]),
        ("d*", []),
    ],
)
def test_names_decide_which_files_are_meant(tmp_path: Path, pattern: str | None, names: list[str]) -> None:
    """Capitals or not; never those that a program keeps for itself or has not finished."""
    of_programs = (".a.csv", "~$B.XLSX", "d.csv.part", "e.csv.crdownload", "f.tmp")
    for name in ("a.csv", "B.XLSX", "c.pdf", "g.csv.gz", "h.jsonl", "i.txt", *of_programs):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    assert sorted(path.name for path in files_in(tmp_path, pattern)) == names
