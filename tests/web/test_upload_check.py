"""The check of an upload: one loop and one grouping of issues for page, terminal and report."""

import asyncio
import csv
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from conftest import LABELS, Desk, Service, mapping
from openpyxl import Workbook

from importer.checking import CauseGroup, Checked
from importer.checking.causes import Cause
from importer.config.settings import Settings
from importer.issues import CATALOGUE, NOTICES, Issue, Notice
from importer.reporting.page_words import notice_on_page, words_on_page
from importer.runs.source import examine, open_source
from importer.spreadsheet import ReadOptions, open_sheet
from importer.spreadsheet.encodings import BLOCK_BYTES
from importer.spreadsheet.workbook_child.limits import FIRST_PIECE_ROWS
from importer.web import upload_check
from importer.web.drafts import Draft, Drafts
from importer.web.upload_check import (
    check_upload,
    offers_encoding,
)
from importer.web.upload_documents import Header, UploadCheck

TITLES = [*LABELS, "Notes"]
LONG_NOTE = "n" * 900_000


def write_csv(path: Path, rows: list[list[object]]) -> None:
    """A text file; a long note in each row makes several blocks of it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([TITLES, *([*row, LONG_NOTE] for row in rows)])


def write_xlsx(path: Path, rows: list[list[object]]) -> None:
    """A workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(TITLES)
    for row in rows:
        sheet.append(row)
    book.save(path)


Writer = Callable[[Path, list[list[object]]], None]
FILES: dict[str, tuple[Writer, int]] = {
    ".csv": (write_csv, BLOCK_BYTES // len(LONG_NOTE) + 4),
    ".xlsx": (write_xlsx, FIRST_PIECE_ROWS + 20),
}
"""How a kind of file is written, and so many rows that it is read in more than one chunk."""


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    """The uploads of an installation."""
    return Drafts(tmp_path / "uploads", time.time)


def uploaded(drafts: Drafts, path: Path) -> Draft:
    """A file as it comes in through the page."""
    content = path.read_bytes()

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return asyncio.run(drafts.take_in(path.name, chunks(), ""))


class Rows:
    """The issues of each row as the check hands them to the page."""

    def __init__(self) -> None:
        self.issues: list[tuple[int, str]] = []

    def restart(self) -> None:
        """Begin once more."""
        self.issues.clear()

    def add(self, _: pd.DataFrame, checked: Checked) -> None:
        """Note what is wrong with the rows of a chunk."""
        self.issues += [(issue.row, issue.code) for issue in checked.issues if issue.row is not None]


def colliding(path: Path, *, equal: bool, others: Mapping[str, object] = MappingProxyType({})) -> tuple[int, int]:
    """A file whose first and last row have one key, or are equal; their numbers. ``others`` are cells of the others."""
    write, number = FILES[path.suffix]
    rows = [mapping(2), *(mapping(row, **others) for row in range(3, number + 2))]
    rows[-1] = list(rows[0]) if equal else [*rows[0][:2], "Another name", *rows[0][3:]]
    write(path, rows)
    return 2, number + 1


@pytest.mark.parametrize("suffix", FILES)
def test_files_are_read_in_more_than_one_chunk(tmp_path: Path, suffix: str) -> None:
    """Or the tests below would hold for what they are not about."""
    path = tmp_path / f"rooms{suffix}"
    last = colliding(path, equal=False)[1]
    chunks = [chunk.index.tolist() for chunk in open_sheet(path, ReadOptions()).read()]
    assert len(chunks) > 1
    assert (2 in chunks[0], last in chunks[-1]) == (True, True)


@pytest.mark.parametrize("suffix", FILES)
def test_both_rows_of_one_key_are_marked_on_the_page(
    tmp_path: Path, drafts: Drafts, settings: Settings, suffix: str
) -> None:
    """Also where they stand in different chunks; the counts add up, and no row is named twice."""
    path = tmp_path / f"rooms{suffix}"
    first, last = colliding(path, equal=False)
    draft = uploaded(drafts, path)
    check_upload(drafts, draft, settings, time.time)
    check = upload_check.latest_check(draft)
    assert check
    assert check.rows
    assert (check.rows.invalid, check.rows.valid, check.rows.count) == (2, last - 3, last - 1)
    rows, total = upload_check.rows(draft, draft.version, "error", 1)
    assert ([row.row for row in rows], total) == ([first, last], 2)
    assert [[issue.code for issue in row.issues] for row in rows] == [["duplicate-key"]] * 2
    [cause] = [cause for cause in check.rows.causes if cause.code == "duplicate-key"]
    assert (cause.count, cause.places) == (2, (f"row {first}", f"row {last}"))


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("suffix", FILES)
def test_page_and_terminal_name_the_same_rows(
    tmp_path: Path, settings: Settings, desk: Desk, suffix: str, equal: bool
) -> None:
    """What the page is given row by row is what the terminal lists as issues."""
    path = desk.folder / f"rooms{suffix}"
    colliding(path, equal=equal)
    source = open_source(path, settings, None, ReadOptions())
    on_page = Rows()
    examine(source, time.time(), allow_duplicates=False, sink=on_page)
    document = json.loads(desk.type("check", path, "--offline", "--json").out)
    in_terminal = [(issue["row"], issue["code"]) for issue in document["issues"] if issue["row"]]
    assert sorted(on_page.issues) == sorted(in_terminal)
    assert {row for row, code in in_terminal if code.startswith("duplicate")} >= {FILES[suffix][1] + 1}


@pytest.mark.parametrize("suffix", FILES)
def test_both_rows_of_one_key_are_marked_in_the_report(desk: Desk, serve: Callable[..., Service], suffix: str) -> None:
    """Neither is sent; each names the other."""
    serve()
    path = desk.folder / f"rooms{suffix}"
    first, last = colliding(path, equal=False, others={"ResourceId": "none"})
    desk.type("run", path, "--yes", "--out", "out")
    rows = {int(row["import_row"]): row for row in desk.report("out")}
    for row, other in ((first, last), (last, first)):
        assert rows[row]["import_status"] == "invalid"
        assert re.search(rf"\brow {other}\b", rows[row]["import_message"])


@pytest.mark.parametrize("code", CATALOGUE)
def test_no_advice_on_the_page_names_a_flag(code: str) -> None:
    """The page has a button for it; and a sentence is about the user's column, not the service's field."""
    issue = Issue(code, 4, "B4", "Room no.", "ResourceId", "12.5", "12")
    words = words_on_page(issue)
    assert "--" not in words
    assert "ResourceId" not in words
    assert words.startswith(issue.message)


@pytest.mark.parametrize("code", [code for code, kind in CATALOGUE.items() if "{column}" in kind.message])
def test_an_issue_without_a_header_is_about_the_field(code: str) -> None:
    """There is no other name for it."""
    assert "ResourceId" in words_on_page(Issue(code, 4, "B4", None, "ResourceId", "12.5", "12"))


OF_WHOLE_COLUMNS = [code for code, kind in CATALOGUE.items() if "{label}" in kind.message]
"""Each stands once for its column, and gives one value as an example."""


@pytest.mark.parametrize("code", [code for code in CATALOGUE if code not in OF_WHOLE_COLUMNS])
def test_the_headline_of_many_cells_is_true_of_each(code: str) -> None:
    """It names neither the value nor the row of the first; a detail only where all cells of a column have the same."""
    issues = [Issue(code, row, f"B{row}", "Room no.", "ResourceId", f"text {row}", "7") for row in (4, 5)]
    cause = Cause(code, "B", "Room no.", "ResourceId", np.array([4, 5]), [i.value for i in issues], ["7", "7"])
    headline = upload_check._headline(CauseGroup(code, (), [cause]), issues[0])
    assert "text 4" not in headline
    assert not re.search(r"\b[Rr]ow 4\b", headline)
    assert "{" not in headline


@pytest.mark.parametrize("code", NOTICES)
def test_no_notice_on_the_page_names_a_flag(code: str) -> None:
    """Where the terminal names one, the page offers a choice."""
    values: dict[str, str | int] = {
        "example": "Caf\u00e9",
        "encoding": "cp1250",
        "text": "(3 rows affected)",
        "first": 1,
        "last": 2,
        "header": 3,
        "names": "a",
        "count": 4,
        "suffix": ".ods",
        "why": "it is signed",
        "number": 2,
    }
    notice = Notice(code, values | {"order": "year first, ", "zone": "UTC"})
    text = notice_on_page([notice])
    assert "--" not in text
    assert text.startswith(notice.message)


GUESSED = Header("", False, None, 1, (Notice("encoding-guessed", {"example": "a"}),), (), (), (), (), ())


@pytest.mark.parametrize(
    ("suffix", "encoding", "check", "offered"),
    [
        (".csv", None, UploadCheck(1), False),
        (".csv", "cp1252", UploadCheck(1), True),
        (".csv", None, UploadCheck(1, header=GUESSED), True),
        (".tsv", None, UploadCheck(1, wrong_encoding=True), True),
        (".xlsx", "cp1252", UploadCheck(1, wrong_encoding=True), False),
    ],
)
def test_an_encoding_is_offered_where_it_is_doubtful(
    suffix: str, encoding: str | None, check: UploadCheck, offered: bool
) -> None:
    """Or where one was chosen before, to be chosen otherwise; a workbook has none."""
    draft = Draft("A" * 22, Path(), "rooms", suffix, "", 1, 0.0, read=ReadOptions(encoding=encoding))
    assert offers_encoding(draft, check) == offered
