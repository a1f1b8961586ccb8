"""What a person has changed in the files of a report is told by their content, and never lost."""

from pathlib import Path

import pytest

from importer.reporting.written import WRITTEN, WrittenFiles, changed_files


def put(folder: Path, name: str, text: str) -> Path:
    """A file of that content."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def noted(folder: Path, *names: str) -> None:
    """Files that were written, each with its name as its content."""
    (aside := folder / "aside").mkdir(exist_ok=True)
    for name in names:
        put(folder, name, put(aside, name, name).read_text("utf-8"))
    WrittenFiles(folder).note(aside, names, "")


def test_only_another_content_is_a_change(tmp_path: Path) -> None:
    """A program that saves a file as it was, or an unknown file, is none; a file that is gone is missing."""
    noted(tmp_path, "a.csv", "b.csv", "c.csv")
    put(tmp_path, "a.csv", "a.csv")
    put(tmp_path, "b.csv", "other")
    put(tmp_path, "d.csv", "somebody's own")
    (tmp_path / "c.csv").unlink()
    written = WrittenFiles(tmp_path)
    assert [name for name in ("a.csv", "b.csv", "c.csv", "d.csv") if written.is_changed(name)] == ["b.csv"]
    assert [name for name in ("a.csv", "b.csv", "c.csv", "d.csv") if written.is_missing(name)] == ["c.csv"]


@pytest.mark.parametrize("in_place", [False, True])
def test_killed_between_two_files_nothing_looks_changed(tmp_path: Path, in_place: bool) -> None:
    """Neither the file before nor the new one, whichever stands there."""
    noted(tmp_path, "a.csv")
    new = put(tmp_path / "aside", "a.csv", "new")
    WrittenFiles(tmp_path).note(tmp_path / "aside", ["a.csv"], "")
    if in_place:
        new.replace(tmp_path / "a.csv")
    assert not WrittenFiles(tmp_path).is_changed("a.csv")


def test_a_file_that_was_removed_is_not_missed(tmp_path: Path) -> None:
    """It was ours to remove, and is written again when there is something to write."""
    noted(tmp_path, "a.csv", "b.csv")
    (tmp_path / "b.csv").unlink()
    WrittenFiles(tmp_path).note(tmp_path / "aside", ["a.csv"], "", without=["b.csv"])
    assert not WrittenFiles(tmp_path).is_missing("b.csv")


def test_each_changed_file_gets_a_name_of_its_own(tmp_path: Path) -> None:
    """Also beside files of somebody who counts as we do; they all are found again."""
    for number in ("", "-2", "-3"):
        put(tmp_path, "a.csv", f"change{number}")
        assert WrittenFiles(tmp_path).keep("a.csv", "").name == f"a-changed{number}.csv"
    put(tmp_path, "a-changed.xlsx", "of another file")
    names = [path.name for path in changed_files(tmp_path, ["a.csv"])]
    assert names == ["a-changed-2.csv", "a-changed-3.csv", "a-changed.csv"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1, "of_files": {"a.csv": 7}}'])
def test_a_damaged_list_is_no_list(tmp_path: Path, text: str) -> None:
    """Then nothing is known of the files."""
    put(tmp_path, WRITTEN, text)
    put(tmp_path, "a.csv", "x")
    written = WrittenFiles(tmp_path)
    assert not written.are_known
    assert not written.is_changed("a.csv")
