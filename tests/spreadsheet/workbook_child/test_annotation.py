"""What is to be written into a copy of a workbook."""

import json

import pytest

from importer.spreadsheet.workbook_child.annotation import AddedColumn, Ascending, RowAnnotation, read_annotation
from importer.spreadsheet.workbook_child.limits import UNUSUAL, Refusal

SHEET = {"sheet": "Data", "header_row": 2, "columns": [["Status", 9.5, None]], "free": 7, "lists": {"3": ["a", "b"]}}
ROWS = [[3, ["ok"], {}, {}], [5, [None], {"1": "Wrong."}, {"2": "new"}]]
THREE, FIVE = RowAnnotation(3, ["ok"], {}, {}), RowAnnotation(5, [None], {1: "Wrong."}, {2: "new"})


def test_lines_are_read_as_what_they_mean() -> None:
    """Positions are numbers again, which JSON does not let them be."""
    annotation = read_annotation(json.dumps(document) for document in (SHEET, *ROWS))
    assert (annotation.sheet, annotation.header_row, annotation.free) == ("Data", 2, 7)
    assert (annotation.columns, annotation.lists) == ([AddedColumn("Status", 9.5, None)], {3: ["a", "b"]})
    assert list(annotation.rows) == [THREE, FIVE]


def test_annotations_are_given_out_as_their_rows_come_by() -> None:
    """Rows without one get none, before and behind."""
    rows = Ascending(iter([THREE, FIVE]))
    assert [rows.take(row) for row in range(2, 8)] == [None, THREE, None, FIVE, None, None]
    rows.end()


def test_a_row_that_is_not_in_the_sheet_is_not_lost() -> None:
    """Whether others follow it or not."""
    with pytest.raises(Refusal, match=UNUSUAL):
        Ascending(iter([THREE, FIVE])).take(4)
    with pytest.raises(Refusal, match=UNUSUAL):
        Ascending(iter([THREE])).end()
