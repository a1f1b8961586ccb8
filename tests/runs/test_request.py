"""What somebody asks for, and how it is found again in the journal."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal.test_runs import NEW

from importer.journal.journal import open_journal
from importer.runs.request import Choices

CHOICES = st.builds(
    Choices,
    strict=st.booleans(),
    allow_duplicates=st.booleans(),
    even_if_existing=st.booleans(),
    max_rows=st.none() | st.integers(1, 9),
    max_duration=st.none() | st.sampled_from([1.5, 3600.0]),
    picks=st.dictionaries(st.text(max_size=4), st.integers(1, 9), max_size=2),
    profile=st.none() | st.sampled_from(["", "north"]),
    sandbox=st.booleans(),
)


def test_choices_come_back_from_the_journal_as_they_were(memory: Path) -> None:
    """Whatever was chosen: ``resume`` goes on in the same way."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:

        @given(CHOICES)
        def comes_back(choices: Choices) -> None:
            run = journal.runs.add(dataclasses.replace(NEW, options=choices.options))
            assert run.options_as(Choices) == choices

        comes_back()


@pytest.mark.parametrize("name", ["out", "one_for_all"])
def test_what_holds_for_one_command_is_not_saved(name: str) -> None:
    """The folder is a column of its own, and that a profile was named once for several files is soon forgotten."""
    assert name not in Choices(out=Path("x"), one_for_all=True).options
    assert set(Choices().options) == {field.name for field in dataclasses.fields(Choices)} - {"out", "one_for_all"}
