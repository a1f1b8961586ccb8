"""Rows of several files that are for one record: the same errors as in one file that holds all of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.checking import Checker, FileRows, match_columns, repeated_elsewhere
from importer.model import Clash, RowElsewhere
from importer.spreadsheet import open_sheet
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
NOW = datetime(2020, 1, 1, tzinfo=UTC)
Rows = Sequence[Sequence[object]]


def rows_of(folder: Path, name: str, rows: Rows, labels: Sequence[str] = LABELS) -> FileRows:
    """The rows of a file that holds these."""
    text = "\n".join(",".join(map(str, row)) for row in (labels, *rows))
    (folder / name).write_text(text + "\n", encoding="utf-8")
    sheet = open_sheet(folder / name)
    columns = match_columns(sheet, KIND, ())
    checker = Checker(KIND, columns, sheet, required=KIND.required(KIND.paths[0]), now=NOW, allow_duplicates=True)
    collected = FileRows(name)
    for chunk in sheet.read():
        collected.add(checker.check(chunk), KIND.key)
    collected.named.update({number: rows[0] for number, rows in checker.record_ids.rows.items()})
    return collected


NAMED = (*LABELS, "Id")
ONE, TWO = mapping(2), mapping(3)
VALUES, KEY, RECORD = Clash


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([ONE], [TWO], [{}, {}], id="other keys"),
        pytest.param([ONE], [ONE], [{}, {2: (VALUES, 2, "a.csv")}], id="equal rows: the first goes"),
        pytest.param(
            [TWO, ONE],
            [mapping(2, Name="New")],
            [{3: (KEY, 2, "b.csv")}, {2: (KEY, 3, "a.csv")}],
            id="one key, other values: neither goes",
        ),
        pytest.param(
            [ONE, mapping(2, Name="Newer")],
            [mapping(2, Name="New")],
            [{2: (KEY, 2, "b.csv"), 3: (KEY, 2, "b.csv")}, {2: (KEY, 2, "a.csv")}],
            id="a key that its own file repeats",
        ),
        pytest.param(
            [ONE],
            [mapping(2, Name="New"), ONE],
            [{2: (KEY, 2, "b.csv")}, {2: (KEY, 2, "a.csv"), 3: (VALUES, 2, "a.csv")}],
            id="an equal row and another one",
        ),
        pytest.param(
            [mapping(2, CalendarId=" AAMk2= ")],
            [mapping(2, Name="New")],
            [{2: (KEY, 2, "b.csv")}, {2: (KEY, 2, "a.csv")}],
            id="a key that is spelt differently",
        ),
        pytest.param(
            [mapping(2, CalendarId="")],
            [mapping(2, CalendarId="", Name="New")],
            [{2: (KEY, 2, "b.csv")}, {2: (KEY, 2, "a.csv")}],
            id="empty equals empty",
        ),
        pytest.param([ONE], [mapping(2, CalendarId="")], [{}, {}], id="empty against filled is another key"),
        pytest.param([ONE], [mapping(2, Name="")], [{}, {}], id="a row with an error is never sent"),
    ],
)
def test_rows_of_two_files_are_what_rows_of_one_are(
    tmp_path: Path, first: Rows, second: Rows, expected: list[dict[int, tuple[Clash, int, str]]]
) -> None:
    """Only equal rows and rows of one key stand in each other's way, whichever file they are in."""
    files = [rows_of(tmp_path, "a.csv", first), rows_of(tmp_path, "b.csv", second)]
    assert repeated_elsewhere(files) == [{row: RowElsewhere(*other) for row, other in one.items()} for one in expected]


def test_rows_that_name_a_record_each_are_not_compared_by_their_keys(tmp_path: Path) -> None:
    """Old doubles of one key come out of an export, and go back in; an Id that two files name is an error of both."""
    first = rows_of(tmp_path, "a.csv", [[*ONE, 71], [*TWO, 72]], NAMED)
    second = rows_of(tmp_path, "b.csv", [[*mapping(2, Name="New"), 73], [*mapping(9), 72]], NAMED)
    third = rows_of(tmp_path, "c.csv", [mapping(2, Name="Third")])
    assert repeated_elsewhere([first, second]) == [
        {3: RowElsewhere(RECORD, 3, "b.csv")},
        {3: RowElsewhere(RECORD, 3, "a.csv")},
    ]
    assert repeated_elsewhere([first, third]) == [
        {2: RowElsewhere(KEY, 2, "c.csv")},
        {2: RowElsewhere(KEY, 2, "a.csv")},
    ]


ROWS = st.lists(
    st.builds(lambda number, name: mapping(number, Name=name), st.integers(2, 4), st.sampled_from("AB")), max_size=5
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, min_size=2, max_size=3))
def test_a_row_is_left_out_exactly_if_one_file_with_all_rows_would_leave_it_out(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[list[object]]]
) -> None:
    """How rows are spread over files makes no difference to which of them are sent."""
    folder = tmp_path_factory.mktemp("files")
    across = repeated_elsewhere([rows_of(folder, f"{place}.csv", rows) for place, rows in enumerate(files)])
    sent = [
        valid_rows(folder, f"{place}.csv", rows, elsewhere)
        for place, (rows, elsewhere) in enumerate(zip(files, across, strict=True))
    ]
    together = valid_rows(folder, "all.csv", [row for rows in files for row in rows], {})
    starts = [sum(len(rows) for rows in files[:place]) for place in range(len(files))]
    assert [start + row for start, rows in zip(starts, sent, strict=True) for row in rows] == together


def valid_rows(folder: Path, name: str, rows: Rows, elsewhere: dict[int, RowElsewhere]) -> list[int]:
    """The rows of a file that would be sent."""
    text = "\n".join(",".join(map(str, row)) for row in (LABELS, *rows))
    (folder / name).write_text(text + "\n", encoding="utf-8")
    sheet = open_sheet(folder / name)
    columns, required = match_columns(sheet, KIND, ()), KIND.required(KIND.paths[0])
    checker = Checker(KIND, columns, sheet, required=required, now=NOW, elsewhere=elsewhere)
    return [row for chunk in sheet.read() for row in checker.check(chunk).valid.index.tolist()]
