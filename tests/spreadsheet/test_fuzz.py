"""Damaged files, briefly; ``fuzz.py --minutes 10`` does the same for longer."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spreadsheet.fuzz import attempt, damaged, goods


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of every kind, made once: they are only read."""
    return goods(tmp_path_factory.mktemp("good"))


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), kind=st.integers(0, 9))
def test_a_damaged_file_is_read_in_full_or_refused(tmp_path: Path, good: list[Path], seed: int, kind: int) -> None:
    """Whatever happens to a file: a FileError, or every row that is left in it."""
    path = tmp_path / f"case{good[kind].suffix}"
    path.write_bytes(damaged(good[kind].read_bytes(), random.Random(seed)))
    assert attempt(path) in {"read", "refused"}


@pytest.mark.parametrize("kind", range(10))
def test_the_good_files_are_read(good: list[Path], kind: int) -> None:
    """Undamaged, each of them is read; else the property above would hold for nothing."""
    assert attempt(good[kind]) == "read"
