"""A DataFrame as a file: the text of each cell is what a person reads in the frame."""

import csv
import datetime as dt
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Desk, mapping

import importer
from importer.api.data_frame import frame_file
from importer.errors import UsageError
from importer.spreadsheet import ReadOptions


def cells(frame: pd.DataFrame) -> list[list[str]]:
    """The file that a frame becomes, read again."""
    with frame_file(frame, ReadOptions()) as (path, _), path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["007", " a ", 'say "x"', "two\nlines", "=1+1"], ["007", " a ", 'say "x"', "two\nlines", "=1+1"]),
        ([1414915, 2], ["1414915", "2"]),
        # As pandas stores whole numbers of which one is missing.
        ([1414915.0, None], ["1414915", ""]),
        ([1.5, 0.1], ["1.5", "0.1"]),
        (pd.array([7, None], dtype="Int64"), ["7", ""]),
        ([np.int32(7), np.float64(8)], ["7", "8"]),
        ([None, pd.NA, np.nan, pd.NaT], ["", "", "", ""]),
        ([pd.Timestamp("2027-04-30 10:30"), pd.NaT], ["2027-04-30T10:30:00", ""]),
        ([pd.Timestamp("2027-04-30 10:30", tz="UTC")], ["2027-04-30T10:30:00+00:00"]),
        ([dt.date(2027, 4, 30)], ["2027-04-30"]),
        ([True, False], ["True", "False"]),
        ([decimal.Decimal(10)], ["10"]),
        ([uuid.UUID(int=1)], ["00000000-0000-0000-0000-000000000001"]),
        (pd.Categorical(["a", "b"]), ["a", "b"]),
    ],
    ids=str,
)
def test_each_value_has_one_text(values: Any, texts: list[str]) -> None:
    """The one that a person would type for it."""
    assert [row[0] for row in cells(pd.DataFrame({"column": values}))] == ["column", *texts]


@pytest.mark.parametrize(
    "value", [["a"], {"a": 1}, b"a", float("inf"), 2.0**60, object()], ids=lambda value: type(value).__name__
)
def test_a_value_without_one_text_is_refused_with_its_row(value: object) -> None:
    """Before anything else is done; the second row of the frame is row 3."""
    with pytest.raises(UsageError, match='Row 3: the column "Name" holds a '):
        cells(pd.DataFrame({"Name": pd.Series(["a", value], dtype="object")}))


def test_the_index_is_a_column_if_it_has_a_name() -> None:
    """After set_index it holds data; otherwise it numbers rows, also after some were left out."""
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["1", "2"]})
    assert cells(frame[frame["a"] == "y"]) == [["a", "b"], ["y", "2"]]
    assert cells(frame.set_index("b"))[0] == ["b", "a"]


def test_headers_are_texts() -> None:
    """One row of them; any kind of name is its text."""
    assert cells(pd.DataFrame([["x"]], columns=[5])) == [["5"], ["x"]]
    several = pd.DataFrame([["x"]], columns=pd.MultiIndex.from_tuples([("a", "b")]))
    with pytest.raises(UsageError, match="several rows of headers"):
        cells(several)


def test_half_a_character_is_refused() -> None:
    """It could not be sent as it is."""
    with pytest.raises(UsageError, match="not valid Unicode"):
        cells(pd.DataFrame({"Name": pd.Series(["\ud800"], dtype="object")}))


def test_options_of_files_are_refused() -> None:
    """They would have no effect."""
    with (
        pytest.raises(UsageError, match="are for files"),
        frame_file(pd.DataFrame({"a": ["x"]}), ReadOptions("Sheet1")),
    ):
        pass


def test_rows_and_issues_are_numbered_as_in_a_file(here: Desk) -> None:
    """A wrong cell of a frame is named as in the file with the same cells."""
    file = here.write("rows.csv", [mapping(1), mapping(2, ResourceId="x y")])
    in_file = [(issue.row, issue.cell, issue.message) for issue in importer.check(file).issues]
    frame = pd.read_csv(file, dtype="str")
    assert [(issue.row, issue.cell, issue.message) for issue in importer.check(frame).issues] == in_file


def test_nothing_is_left_behind() -> None:
    """The private file is gone with the call."""
    with frame_file(pd.DataFrame({"a": ["x"]}), ReadOptions()) as (path, _):
        assert path.exists()
    assert not path.parent.exists()
