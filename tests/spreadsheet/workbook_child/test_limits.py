"""What the process that reads a workbook, and a file, may take."""

import re
import subprocess
import sys
import zipfile
from copy import copy
from pathlib import Path

import pytest

from importer.spreadsheet.workbook import cause_of_end
from importer.spreadsheet.workbook_child import limits
from importer.spreadsheet.workbook_child.limits import (
    MEMORY_OF_ANY,
    MEMORY_PER_BYTE,
    MOST_ENTRIES,
    MOST_MEMORY,
    MOST_RATIO,
    MOST_UNPACKED,
    RATIO_FROM,
    SECONDS_OF_ANY,
    SECONDS_PER_MEGABYTE,
    TOO_SLOW,
    Refusal,
    open_archive,
    refuse_bomb,
    seconds_for,
)


def entry(size: int, packed: int) -> zipfile.ZipInfo:
    """A part that says of itself how large it is."""
    info = zipfile.ZipInfo("a.xml")
    info.file_size, info.compress_size = size, packed
    return info


HALF = MOST_UNPACKED // 2
ALLOWED = {
    "none": [],
    "as many parts as may be": [entry(1, 1)] * MOST_ENTRIES,
    "as large as may be": [entry(HALF, HALF)] * 2,
    "small and dense": [entry(RATIO_FROM, 1)],
    "large and as dense as may be": [entry(MOST_RATIO * (RATIO_FROM + 1), RATIO_FROM + 1)],
}
REFUSED = {
    "one part more": ([entry(1, 1)] * (MOST_ENTRIES + 1), "contains 2,001 parts; at most 2,000"),
    "larger": ([entry(HALF, HALF), entry(HALF, HALF), entry(1 << 20, 1 << 20)], "unpacks to 501 MB; at most 500 MB"),
    "denser": ([entry(10, 10), entry(MOST_RATIO * (1 << 16) + 1, 1 << 16)], "compressed more than 200-fold"),
    "dense from a megabyte on": ([entry(RATIO_FROM + 1, 1)], "compressed more than 200-fold"),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_an_archive_within_its_limits_is_read(name: str) -> None:
    """Real spreadsheets are far within."""
    refuse_bomb(ALLOWED[name], 2 * MOST_UNPACKED)


@pytest.mark.parametrize("name", REFUSED)
def test_an_archive_that_says_it_is_a_bomb_is_refused(name: str) -> None:
    """Before anything of it is unpacked, with what to do."""
    entries, sentence = REFUSED[name]
    with pytest.raises(Refusal, match=re.escape(sentence)) as refusal:
        refuse_bomb(entries, 2 * MOST_UNPACKED)
    assert ".csv" in refusal.value.args[1]


def test_the_same_bytes_under_many_names_are_refused(tmp_path: Path) -> None:
    """Each of them shrinks as a sheet does; together they would unpack to any size."""
    path = tmp_path / "file.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", b"<c>1</c>" * 100)
        for number in range(50):
            name = copy(archive.getinfo("a.xml"))
            name.filename = f"{number}.xml"
            archive.filelist.append(name)
    with pytest.raises(Refusal, match="cannot be read"):
        open_archive(path)


def test_two_parts_with_one_name_are_refused(tmp_path: Path) -> None:
    """Programs differ in which of them they read."""
    path = tmp_path / "file.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", b"<a/>")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("content.xml", b"<b/>")
    with pytest.raises(Refusal, match="two parts with one name"):
        open_archive(path)


@pytest.mark.parametrize(
    ("size", "seconds"),
    [
        (0, SECONDS_OF_ANY),
        ((1 << 20) // SECONDS_PER_MEGABYTE, SECONDS_OF_ANY),
        (1 << 20, SECONDS_OF_ANY + SECONDS_PER_MEGABYTE),
        (10 << 20, SECONDS_OF_ANY + 10 * SECONDS_PER_MEGABYTE),
    ],
)
def test_a_larger_file_may_take_longer(size: int, seconds: int) -> None:
    """As much as the slowest kind needs, several times over."""
    assert seconds_for(size) == seconds


def limited(size: int, then: str, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """What a process says that limits itself for a file of this size, and does something before and then."""
    code = (
        f"import runpy, resource as r; limit = runpy.run_path({str(Path(limits.__file__))!r})['limit_this_process']\n"
        f"{before}\nlimit({size})\n{then}"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.parametrize(
    ("size", "memory"),
    [(0, MEMORY_OF_ANY), (1 << 20, MEMORY_OF_ANY + MEMORY_PER_BYTE * (1 << 20)), (1 << 30, MOST_MEMORY)],
)
def test_a_process_is_limited_before_it_reads(size: int, memory: int) -> None:
    """In memory, time and output, and it leaves no core file with the user's data."""
    shown = "print([r.getrlimit(each)[0] for each in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_CORE)])"
    assert limited(size, shown).stdout.strip() == str([memory, seconds_for(size), memory, 0])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_limit_that_is_lower_already_stays() -> None:
    """Only root could raise it again."""
    done = limited(1 << 30, "print(r.getrlimit(r.RLIMIT_CPU))", "r.setrlimit(r.RLIMIT_CPU, (50, 60))")
    assert done.stdout.strip() == "(60, 60)"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_process_that_uses_up_its_seconds_ends_and_is_said_to_be_slow() -> None:
    """Whatever it is busy with."""
    done = limited(0, "while True: pass", "limit.__globals__['SECONDS_OF_ANY'] = 1")
    assert cause_of_end(done.returncode) == TOO_SLOW


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_process_that_asks_for_more_memory_gets_none() -> None:
    """Python notices it; other code is ended by it."""
    assert "MemoryError" in limited(0, f"bytearray({MEMORY_OF_ANY})").stderr
