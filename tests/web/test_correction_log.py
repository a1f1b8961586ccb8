"""Corrections in the log of an upload: all that was saved is there, and a save costs what it changes."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.spreadsheet import ReadOptions
from importer.web.correction_log import CorrectionLogs, Corrections, LogMark
from importer.web.drafts import Draft, Drafts

OF_FORMAT_1 = Path(__file__).with_name("draft_of_format_1.json")
"""The document of an upload with its corrections in it, as the importer wrote it before there was a log."""

KEY = "_fu_hmhuB6itCizr_Dg2lQ"
THEN = 1_795_000_000.0
MEMBERS = ("cells", "answers", "left_out")


def drafts_in(folder: Path) -> Drafts:
    """The uploads in a folder."""
    return Drafts(folder, lambda: THEN)


def new_draft(folder: Path) -> Draft:
    """A file, taken in."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ResourceId\n1\n"

    return asyncio.run(drafts_in(folder).take_in("rooms.csv", pieces(), ""))


def save(folder: Path, draft: Draft, corrections: Corrections) -> Draft:
    """These corrections and no others, as a page saves them."""
    drafts = drafts_in(folder)
    with drafts.locked(draft.id) as now:
        assert now is not None
        return drafts.set_read(now, corrections.put_into(now.read))


def after_a_restart(draft: Draft) -> Corrections:
    """What is read by a process that has read nothing before."""
    document = json.loads((draft.folder / "draft.json").read_text("utf-8"))
    assert not any(document["read"][name] for name in MEMBERS)
    if document["log"] is None:
        return Corrections()
    return CorrectionLogs(1).read(draft.folder, LogMark(**document["log"]))


def log_of(draft: Draft) -> Path:
    """The file of its log."""
    assert draft.log is not None
    return draft.folder / draft.log.name


addresses = st.sampled_from(["A2", "B2", "C3", "AB7"])
any_corrections = st.builds(
    Corrections,
    st.dictionaries(addresses, st.text(), max_size=4),
    st.dictionaries(st.sampled_from(["2", "3"]), st.integers(), max_size=2),
    st.lists(st.integers(2, 6), unique=True, max_size=4).map(sorted).map(tuple),
)


@given(st.lists(any_corrections, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_each_save_is_read_as_it_was(series: list[Corrections]) -> None:
    """Cells, answers and rows left out, set, changed and taken back: at once, by another page, and after a restart."""
    with tempfile.TemporaryDirectory() as folder:
        draft = new_draft(Path(folder))
        for corrections in series:
            draft = save(Path(folder), draft, corrections)
            assert Corrections.of(draft.read) == corrections
            assert drafts_in(Path(folder)).find(draft.id) == draft
            assert after_a_restart(draft) == corrections


def test_a_save_costs_what_it_changes(tmp_path: Path) -> None:
    """One more cell besides a hundred thousand is a line of a hundred bytes."""
    many = Corrections({f"B{row}": f"text {row}" for row in range(2, 100_002)}, {}, tuple(range(2, 50_000)))
    draft = save(tmp_path, new_draft(tmp_path), many)
    before = log_of(draft).stat().st_size
    began = time.process_time()
    draft = save(tmp_path, draft, replace(many, cells={**many.cells, "C7": "one more"}))
    assert time.process_time() - began < 0.5
    assert log_of(draft).stat().st_size - before < 100
    assert (draft.folder / "draft.json").stat().st_size < 1_000
    assert after_a_restart(draft).cells["C7"] == "one more"


def test_a_save_that_broke_off_at_any_byte_counts_for_nothing(tmp_path: Path) -> None:
    """What was saved before is still there, and the next save goes over what it left."""
    draft = save(tmp_path, new_draft(tmp_path), Corrections({"A2": "one"}))
    log, document = log_of(draft), draft.folder / "draft.json"
    before, named = log.read_bytes(), document.read_bytes()
    save(tmp_path, draft, Corrections({"A2": "one", "B2": "two"}, {}, (5,)))
    added = log.read_bytes()[len(before) :]
    for cut in range(len(added) + 1):
        log.write_bytes(before + added[:cut])
        document.write_bytes(named)
        assert after_a_restart(draft) == Corrections({"A2": "one"})
        assert after_a_restart(save(tmp_path, draft, Corrections({"A2": "one", "C2": "x"}))).cells == {
            "A2": "one",
            "C2": "x",
        }


SAVES_WITHOUT_END = """
import itertools, sys
from pathlib import Path
from importer.web.drafts import Drafts
drafts = Drafts(Path(sys.argv[1]), lambda: 0.0)
for number in itertools.count():
    drafts.correct(sys.argv[2], cells={f"A{number}": f"text {number}"})
    print(number, flush=True)
"""


def test_what_was_saved_is_there_after_the_process_was_killed(tmp_path: Path) -> None:
    """All of it, and at most the one save that nobody was told of besides."""
    draft = new_draft(tmp_path)
    for lines in (1, 2, 7):
        words = [sys.executable, "-c", SAVES_WITHOUT_END, str(tmp_path), draft.id]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(lines)]
            process.kill()
            told += process.stdout.readlines()
        saved = int(told[-1]) + 1
        cells = after_a_restart(draft).cells
        assert {f"A{number}": f"text {number}" for number in range(saved)}.items() <= cells.items()


def test_a_log_of_much_that_is_not_true_any_more_is_begun_anew(tmp_path: Path) -> None:
    """Whoever has read of the one before reads the new one instead, and no file is left over."""
    draft, long = new_draft(tmp_path), "x" * 400_000
    drafts, names = drafts_in(tmp_path), set()
    for number in range(8):
        earlier = draft
        draft = save(tmp_path, draft, Corrections({"A2": f"{long}{number}"}))
        names.add(log_of(draft).name)
        found = drafts.find(draft.id)
        assert found is not None
        assert found.read.cells == {"A2": f"{long}{number}"}
        assert earlier.read.cells != found.read.cells
    assert len(names) > 1
    assert [path.name for path in draft.folder.glob("corrections-*")] == [log_of(draft).name]
    assert log_of(draft).stat().st_size < 4 * 1_000_000


@pytest.mark.parametrize("damaged", [b"", b"{}", b'{"format": 99}\n', b'{"format": 1, "cells": [1]}\n', b"\xff\xff\n"])
def test_an_upload_whose_log_is_damaged_is_not_there(tmp_path: Path, damaged: bytes) -> None:
    """It is never shown with a part of its corrections."""
    draft = save(tmp_path, new_draft(tmp_path), Corrections({"A2": "one"}))
    log_of(draft).write_bytes(damaged)
    mark = LogMark(log_of(draft).name, max(len(damaged), 1), 1)
    document = json.loads((draft.folder / "draft.json").read_text("utf-8"))
    (draft.folder / "draft.json").write_text(json.dumps({**document, "log": {**document["log"], "size": mark.size}}))
    assert drafts_in(tmp_path).find(draft.id) is None
    log_of(draft).unlink()
    assert drafts_in(tmp_path).find(draft.id) is None


def test_an_upload_of_an_earlier_importer_keeps_its_corrections(tmp_path: Path) -> None:
    """They are read from its document, and go into a log with the next change."""
    folder = tmp_path / KEY
    folder.mkdir()
    (folder / "draft.json").write_bytes(OF_FORMAT_1.read_bytes())
    draft = drafts_in(tmp_path).find(KEY)
    assert draft is not None
    before = Corrections({"C3": "Boardroom", "B4": "4711", "B5": "“ü”"}, {"7": 12}, (6, 9))
    assert (Corrections.of(draft.read), draft.log, draft.version) == (before, None, 5)
    assert draft.read == ReadOptions(zone="Europe/London", **{name: getattr(before, name) for name in MEMBERS})
    changed = save(tmp_path, draft, replace(before, cells={**before.cells, "A2": "1"}))
    assert (changed.version, changed.read.zone) == (6, "Europe/London")
    assert after_a_restart(changed) == Corrections.of(changed.read)
