"""Files written aside: whole or not at all, and only their owner's."""

import os
import stat
from pathlib import Path

import pytest

from importer.errors import ReportError
from importer.reporting.atomic import new_file, put_in_place, remove, written_aside

ADVICE = "Choose another folder with --out."


def mode(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_is_seen_before_it_is_whole(tmp_path: Path) -> None:
    """While it is written, a reader finds the earlier file; afterwards the new one, and nothing is left over."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.csv").write_text("earlier")
    with written_aside(folder, ADVICE) as aside:
        file = new_file(aside, "report.csv")
        file.write_text("half of")
        assert (folder / "report.csv").read_text() == "earlier"
        file.write_text("new")
        put_in_place(file, folder, ADVICE)
        assert (folder / "report.csv").read_text() == "new"
    assert [path.name for path in folder.iterdir()] == ["report.csv"]


def test_a_writing_that_breaks_off_leaves_the_earlier_file(tmp_path: Path) -> None:
    """Whatever it was that broke it off; an error of the disk is told with the folder and what to do."""
    (tmp_path / "report.csv").write_text("earlier")
    with pytest.raises(ReportError, match=f"cannot be written to {tmp_path}: No space left") as told:
        _break_off(tmp_path, OSError(28, "No space left on device"))
    assert told.value.advice == ADVICE
    with pytest.raises(KeyboardInterrupt):
        _break_off(tmp_path, KeyboardInterrupt())
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"report.csv": "earlier"}


def _break_off(folder: Path, error: BaseException) -> None:
    with written_aside(folder, ADVICE) as aside:
        new_file(aside, "report.csv").write_text("half of")
        raise error


def test_only_the_owner_can_read_what_is_made(tmp_path: Path) -> None:
    """A folder that is made here and each file; a folder that was there keeps its mode, which is its owner's affair."""
    os.chmod(tmp_path, 0o755)  # noqa: PTH101
    for folder, expected in ((tmp_path, 0o755), (tmp_path / "a" / "b", 0o700)):
        with written_aside(folder, ADVICE) as aside:
            file = new_file(aside, "x")
            assert (mode(aside), mode(file)) == (0o700, 0o600)
            put_in_place(file, folder, ADVICE)
        assert (mode(folder), mode(folder / "x")) == (expected, 0o600)


def test_two_files_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    """The second would be written over the first, and both put in place as one."""
    new_file(tmp_path, "x")
    with pytest.raises(FileExistsError):
        new_file(tmp_path, "x")


def test_a_file_in_the_way_of_the_folder_is_said(tmp_path: Path) -> None:
    """With its path."""
    (tmp_path / "taken").write_text("")
    with (
        pytest.raises(ReportError, match="taken/out"),
        written_aside(tmp_path / "taken" / "out", ADVICE),
    ):
        pass


def test_a_file_that_cannot_be_replaced_or_removed_is_named(tmp_path: Path) -> None:
    """A folder of its name stands in the way here, as a file that Excel has open does on Windows."""
    (tmp_path / "report.csv").mkdir()
    (tmp_path / "report.csv" / "in it").touch()
    with written_aside(tmp_path, ADVICE) as aside:
        file = new_file(aside, "report.csv")
        with pytest.raises(ReportError, match=r"report\.csv cannot be replaced: .*Is it open in another program\?"):
            put_in_place(file, tmp_path, ADVICE)
    with pytest.raises(ReportError, match=r"report\.csv cannot be replaced"):
        remove(tmp_path / "report.csv", ADVICE)


def test_a_file_that_is_not_there_is_removed_without_a_word(tmp_path: Path) -> None:
    """There was no failed row before, and there is none now."""
    remove(tmp_path / "failed.csv", ADVICE)
    (tmp_path / "failed.csv").touch()
    remove(tmp_path / "failed.csv", ADVICE)
    assert list(tmp_path.iterdir()) == []
