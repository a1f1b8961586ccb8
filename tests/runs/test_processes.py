"""Work in processes of its own: results in order, errors as they are, and a death takes one value with it."""

import os
import signal
import time

import pytest

from importer.errors import FileError
from importer.runs.processes import KilledError, ProcessPool


def double_or_die(value: int) -> int:
    """Even values take longer than odd ones; 0 kills its process, a negative one has no memory."""
    if value == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if value < 0:
        raise MemoryError
    time.sleep(0.05 * (value % 2 == 0))
    return 2 * value


def refuse(value: str) -> None:
    """An error for the user."""
    raise FileError(f"{value} cannot be read.", "Save it again.")


def ignore(_done: int, _of: int) -> None:
    """Nobody watches."""


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_results_come_in_order_and_a_death_takes_one_value_with_it() -> None:
    """The pool goes on with another process, also with the next work."""
    heard = list[tuple[int, int]]()
    with ProcessPool(2) as pool:
        first = list(pool.map(double_or_die, [2, 1, 0, 4, -1, 3], lambda *at: heard.append(at)))
        second = list(pool.map(double_or_die, [5], ignore))
    assert [each if isinstance(each, int) else type(each) for each in first] == [4, 2, KilledError, 8, KilledError, 6]
    assert second == [10]
    assert heard[-1] == (6, 6)
    assert heard == sorted(heard)


def test_an_error_is_raised_in_the_place_of_its_result() -> None:
    """With its advice, and with the traceback of the process where it was."""
    with ProcessPool(1) as pool, pytest.raises(FileError) as error:
        list(pool.map(refuse, ["may.csv"], ignore))
    assert (error.value.message, error.value.advice) == ("may.csv cannot be read.", "Save it again.")
    assert "in refuse" in error.value.__notes__[0]
