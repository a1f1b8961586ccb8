"""One sender an account at a time, and whoever is kept out is told who is in."""

import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from conftest import GIVE_UP

from importer.errors import BusyError
from importer.journal.lock import exclusive_sender, holder, is_alive
from importer.journal.senders import Holder


def test_an_account_is_held_until_the_block_ends(tmp_path: Path) -> None:
    """By one sender, who is named to the second one; afterwards by whoever comes."""
    with exclusive_sender(tmp_path, "one", 7):
        with pytest.raises(BusyError) as busy, exclusive_sender(tmp_path, "one", 8):
            pass
        assert f"Run 7 is sending for one (process {os.getpid()}, since " in busy.value.message
        assert holder(tmp_path, "one") is not None
    with exclusive_sender(tmp_path, "one", 8):
        pass


def test_accounts_do_not_keep_each_other_out(tmp_path: Path) -> None:
    """Two people import at once, each under their own sign-in."""
    with exclusive_sender(tmp_path, "one", 1), exclusive_sender(tmp_path, "two", 2):
        runs = [each.run for each in (holder(tmp_path, "one"), holder(tmp_path, "two")) if each]
    assert runs == [1, 2]


def test_a_run_that_begins_only_then_is_told_then(tmp_path: Path) -> None:
    """Before it has a number the account is held all the same, by somebody without a name."""
    with exclusive_sender(tmp_path, "one") as tell:
        assert holder(tmp_path, "one") is None
        with pytest.raises(BusyError, match="Another importer is sending for one"), exclusive_sender(tmp_path, "one"):
            pass
        tell(12)
        held = holder(tmp_path, "one")
        assert held is not None
        assert (held.pid, held.run) == (os.getpid(), 12)


@pytest.mark.parametrize("error", [None, ValueError("broken off")])
def test_nobody_is_named_when_the_block_has_ended(tmp_path: Path, error: Exception | None) -> None:
    """The process may live on for other runs, or for a page: what it no longer sends must not seem to be under way."""
    with suppress(ValueError), exclusive_sender(tmp_path, "one", 7):
        if error is not None:
            raise error
    assert holder(tmp_path, "one") is None


def test_an_earlier_holder_is_not_taken_for_this_one(tmp_path: Path) -> None:
    """What a sender with a longer name left in the file is gone before the next one is named."""
    with exclusive_sender(tmp_path, "one", 123_456_789):
        pass
    with exclusive_sender(tmp_path, "one") as tell:
        assert holder(tmp_path, "one") is None
        tell(3)
        assert isinstance(held := holder(tmp_path, "one"), Holder)
        assert held.run == 3


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    """Its name still stands in the file: the number of its process belongs to nobody."""
    code = (
        "import os, sys; from pathlib import Path; from importer.journal.lock import exclusive_sender\n"
        "with exclusive_sender(Path(sys.argv[1]), 'one', 7): os.kill(os.getpid(), 9)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as killed:
        killed.wait(GIVE_UP)
    [file] = tmp_path.iterdir()
    assert str(killed.pid) in file.read_text()
    assert holder(tmp_path, "one") is None
    assert not is_alive(killed.pid)


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="finds a process that is not waited for by Linux's /proc"
)
def test_a_process_that_nobody_has_waited_for_is_not_alive() -> None:
    """It keeps its number, and does nothing any more."""
    with subprocess.Popen(["/bin/sh", "-c", "exit 0"], stdout=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        # The end of its output comes with its end.
        ended.stdout.read()
        if sys.platform == "linux":
            os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(ended.pid)
    assert is_alive(os.getpid())


@pytest.mark.parametrize("content", ["", "{", "null", '{"pid": "x"}', "\x00" * 40])
def test_a_file_that_says_nothing_keeps_nobody_out(tmp_path: Path, content: str) -> None:
    """The lock is the operating system's; what stands in the file is only for telling people."""
    with exclusive_sender(tmp_path, "one", 1):
        pass
    [file] = tmp_path.iterdir()
    file.write_text(content)
    assert holder(tmp_path, "one") is None
    with ExitStack() as stack:
        stack.enter_context(exclusive_sender(tmp_path, "one"))
        with pytest.raises(BusyError, match="Another importer"):
            stack.enter_context(exclusive_sender(tmp_path, "one"))


def test_what_a_killed_process_left_in_the_file_is_gone(tmp_path: Path) -> None:
    """It could not do so itself; what is longer than the next holder's name would make that unreadable."""
    with exclusive_sender(tmp_path, "one", 7):
        [file] = tmp_path.iterdir()
        left = file.read_text()
    file.write_text(f"{left}{left}")
    with exclusive_sender(tmp_path, "one", 3):
        assert isinstance(held := holder(tmp_path, "one"), Holder)
        assert held.run == 3


def test_the_folder_of_the_locks_is_made(tmp_path: Path) -> None:
    """With those above it: a journal that is no file has its locks in a home which may not be there yet."""
    with exclusive_sender(tmp_path / "home" / "locks", "one", 7):
        assert holder(tmp_path / "home" / "locks", "one") is not None


def test_nobody_else_may_read_who_sends(tmp_path: Path) -> None:
    """An account is a person's name; the file bears a hash of it, and is the owner's alone."""
    with exclusive_sender(tmp_path / "locks", "jo@example.com", 1):
        [file] = (tmp_path / "locks").iterdir()
        assert "jo" not in file.name
        assert (file.stat().st_mode & 0o077, (tmp_path / "locks").stat().st_mode & 0o077) == (0, 0)
