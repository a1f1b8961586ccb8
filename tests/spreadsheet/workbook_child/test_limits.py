"""What the process that reads a workbook, and a file, may take."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from importer.spreadsheet.workbook_child import limits
from importer.spreadsheet.workbook_child.limits import (
    MEMORY_BYTES,
    MOST_ENTRIES,
    MOST_RATIO,
    MOST_UNPACKED,
    RATIO_FROM,
    SECONDS,
    Refusal,
    refuse_bomb,
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
    refuse_bomb(ALLOWED[name])


@pytest.mark.parametrize("name", REFUSED)
def test_an_archive_that_says_it_is_a_bomb_is_refused(name: str) -> None:
    """Before anything of it is unpacked, with what to do."""
    entries, sentence = REFUSED[name]
    with pytest.raises(Refusal, match=re.escape(sentence)) as refusal:
        refuse_bomb(entries)
    assert ".csv" in refusal.value.args[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_process_is_limited_before_it_reads() -> None:
    """In memory, time and output, and it leaves no core file with the user's data."""
    code = (
        "import runpy, resource as r; runpy.run_path({path!r})['limit_this_process']();"
        "print([r.getrlimit(each)[0] for each in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_CORE)])"
    )
    command = [sys.executable, "-c", code.format(path=str(Path(limits.__file__)))]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == str([MEMORY_BYTES, SECONDS, MEMORY_BYTES, 0])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_limit_that_is_lower_already_stays() -> None:
    """Only root could raise it again."""
    code = (
        "import runpy, resource as r; r.setrlimit(r.RLIMIT_CPU, (50, 60));"
        "runpy.run_path({path!r})['limit_this_process'](); print(r.getrlimit(r.RLIMIT_CPU))"
    )
    command = [sys.executable, "-c", code.format(path=str(Path(limits.__file__)))]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "(60, 60)"
