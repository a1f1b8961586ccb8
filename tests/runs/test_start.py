"""A run begun: its folder is its own, and its name is one that any disk can hold."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal.test_runs import NEW

from importer.journal.journal import Journal, open_journal
from importer.runs.start import add_with_folder, folder_of


@pytest.fixture
def journal(memory: Path) -> Iterator[Journal]:
    """One without runs."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        yield journal


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("rows.csv", "{run}-rows"),
        ("My rows (May).xlsx", "{run}-My-rows-May"),
        ("Zoë's.csv", "{run}-Zoë-s"),
        ("../../etc/passwd", "{run}-passwd"),
        ("...csv", "{run}-file"),
        ("-.csv", "{run}-file"),
        ("a{run}b.csv", "{run}-a-run-b"),
        ("x" * 300 + ".csv", "{run}-" + "x" * 60),
    ],
)
def test_a_folder_is_called_after_the_file(file: str, name: str) -> None:
    """Behind the number of the run, below the folder of reports."""
    assert Path(folder_of(file, None)) == Path("reports", name).absolute()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=90))
def test_no_file_name_leads_out_of_the_folder_of_reports(file: str) -> None:
    """Nor into a shell: letters, digits, dots and dashes are all there is."""
    folder = Path(folder_of(file, None))
    assert folder.parent == Path("reports").absolute()
    assert folder.name.count("{run}") == 1
    assert all(c.isalnum() or c in "._-" for c in folder.name.removeprefix("{run}"))


def test_a_folder_that_was_chosen_is_that_folder(tmp_path: Path, journal: Journal) -> None:
    """Also if it is there already: a script finds its report where it asked for it."""
    assert folder_of("rows.csv", tmp_path) == str(tmp_path)
    run = add_with_folder(journal, replace(NEW, folder=str(tmp_path)), tmp_path)
    assert run.folder == tmp_path


def test_a_run_writes_into_no_folder_of_another_journal(tmp_path: Path, journal: Journal) -> None:
    """Where a folder of its name is, it takes the next that is not."""
    folder = str(tmp_path / "{run}-rows")
    for taken in ("2-rows", "2-rows-2"):
        (tmp_path / taken).mkdir()
    runs = [add_with_folder(journal, replace(NEW, folder=folder), None) for _ in range(2)]
    assert [run.folder.name for run in runs] == ["1-rows", "2-rows-3"]
    assert [journal.runs.get(run.id).folder for run in runs] == [run.folder for run in runs]
