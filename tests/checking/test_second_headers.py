"""Headers among the rows: each is one sentence, and nothing below one of other columns is sent in the wrong fields."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from importer.checking import Checker, match_columns
from importer.spreadsheet import open_sheet
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = "ResourceId,CoworkerId,Name,SubscriptionExpireDate,CalendarId"


def row(number: int) -> str:
    """A row that can be imported, under any order of its two Ids."""
    return f"{number},{number + 90},Room {number},2026-11-28T10:30:00Z,AAMk{number}="


def found(folder: Path, *lines: str, head: str = HEAD, rows_a_chunk: int = 1_000) -> list[tuple[int | None, str, str]]:
    """Row, code and detail of each error of a file with these lines."""
    path = folder / "rows.csv"
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    sheet = open_sheet(path)
    required = KIND.required(KIND.paths[0])
    checker = Checker(KIND, match_columns(sheet, KIND, required), sheet, required=required, now=NOW)
    chunks = [
        chunk.iloc[start : start + rows_a_chunk]
        for chunk in sheet.read()
        for start in range(0, len(chunk), rows_a_chunk)
    ]
    issues = [issue for chunk in chunks for issue in checker.check(chunk).issues]
    return [(issue.row, issue.code, issue.detail) for issue in issues]


@pytest.mark.parametrize(
    "again",
    [
        "Resource Id,Coworker Id,Name,Subscription Expire Date,Calendar Id",
        "resource_id,COWORKER-ID,name,Expires On,Outlook Calendar ID",
        "Room ID,Member ID,Calendar Name,Expires On,Outlook Calendar ID",
        "RESOURCE  ID,coworker id , Name,SubscriptionExpireDate,CalendarId",
    ],
)
def test_a_header_in_other_words_is_one_error(tmp_path: Path, again: str) -> None:
    """Not one in each of its cells; the rows below it are as good as those above."""
    assert found(tmp_path, row(1), again, row(2)) == [(3, "header-again", "")]


@pytest.mark.parametrize(
    "other",
    [
        "Coworker Id,Resource Id,Name,Subscription Expire Date,Calendar Id",
        "Name,Resource Id,Coworker Id,Subscription Expire Date,Calendar Id",
        "Resource Id,Coworker Id,Name,Subscription Expire Date,Something Else",
        "Resource Id,Coworker Id,Name,Subscription Expire Date,",
    ],
)
@pytest.mark.parametrize("rows_a_chunk", [1, 2, 1_000])
def test_no_row_below_a_header_of_other_columns_is_sent(tmp_path: Path, other: str, rows_a_chunk: int) -> None:
    """Two exchanged columns of Ids would be sent without a word, however the file is cut into chunks."""
    assert found(tmp_path, row(1), other, row(2), row(3), rows_a_chunk=rows_a_chunk) == [
        (3, "second-header", ""),
        (4, "below-second-header", "3"),
        (5, "below-second-header", "3"),
    ]


def test_the_columns_of_the_first_header_may_come_back(tmp_path: Path) -> None:
    """Of three files joined, the first and the last had the same columns."""
    other, again = HEAD.replace("ResourceId,CoworkerId", "Coworker Id,Resource Id"), HEAD.replace("Id", " Id")
    lines = found(tmp_path, row(1), other, row(2), again, row(3))
    assert lines == [(3, "second-header", ""), (4, "below-second-header", "3"), (5, "header-again", "")]


@pytest.mark.parametrize(
    "wrong", ["Room,Ada,Name,soon,AAMk1", "Resource,7,Name,2026-11-28,AAMk1=", "x,y,Name,z,Calendar", ",,,,"]
)
def test_a_row_with_a_word_or_two_of_a_header_is_a_row(tmp_path: Path, wrong: str) -> None:
    """Its cells are judged one by one, and so are the rows below it."""
    lines = found(tmp_path, row(1), wrong, row(2))
    assert {number for number, _, _ in lines} <= {3}
    assert not [code for _, code, _ in lines if "header" in code]


@pytest.mark.parametrize("mark", ["-", "\N{EN DASH}", "...", "*", "/"])
def test_a_first_row_of_marks_only_is_no_second_line_of_the_header(tmp_path: Path, mark: str) -> None:
    """Together with the labels above them, marks would spell names of fields; the rows below are as good as ever."""
    lines = found(tmp_path, ",".join([mark] * 5), row(1))
    assert {number for number, _, _ in lines} == {2}
    assert not [code for _, code, _ in lines if "header" in code]


def test_headers_that_were_chosen_for_fields_are_names_too(tmp_path: Path) -> None:
    """A file may call its columns as it likes."""
    head = HEAD.replace("Name", "Calendar name")
    assert found(tmp_path, row(1), head.replace("Id", " Id").upper(), row(2), head=head) == [(3, "header-again", "")]


def test_a_header_in_two_lines_is_no_guess(tmp_path: Path) -> None:
    """By its first line alone, a column is read as another field: here the calendar's Id as its name."""
    lines = ("Id,Id,Id,Name,On", "1,91,AAMk1=,Room 1,2026-11-28T10:30:00Z")
    assert found(tmp_path, *lines, head="Resource,Coworker,Calendar,,Expires")[1:] == [
        (2, "second-header", ""),
        (3, "below-second-header", "2"),
    ]
