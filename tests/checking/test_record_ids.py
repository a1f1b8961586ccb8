"""Rows that say which record they are: when that counts, and what is no fault of such a row."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from conftest import LABELS
from conftest import mapping as mapping_of_today

from importer.checking import Checked, Checker, Directory, Entry, NamedRecords, match_columns
from importer.model import Record
from importer.spreadsheet import Sheet, open_sheet
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAMPS = ["CreatedOn", "UpdatedOn", "UpdatedBy"]
STAMPED = ["2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z", "ops@example.com"]
mapping = partial(mapping_of_today, SubscriptionExpireDate="2026-11-28T10:30:00Z")


def sheet(folder: Path, labels: Sequence[str], rows: Sequence[Sequence[object]] = ((1, 2),)) -> Sheet:
    """A CSV file with these rows."""
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([labels, *rows])
    return open_sheet(path)


@pytest.mark.parametrize(
    ("labels", "chosen", "used"),
    [
        ([*LABELS, "Id"], {}, True),
        ([*LABELS, "Id", *STAMPS], {}, True),
        (["Id", "UpdatedOn", *reversed(LABELS)], {}, True),
        ([*LABELS, "ResourceName", "CoworkerName", "Id", "import_row", "import_id"], {}, True),
        (["Where", *LABELS[1:], "Id"], {"Where": "ResourceId"}, True),
        ([*LABELS, "Remark", "Id"], {"Remark": "-"}, True),
        ([*LABELS, "Number", "Remark"], {"Number": "Id"}, True),
        # A clerk's own number.
        ([*LABELS, "ID"], {}, False),
        ([*LABELS, "id"], {}, False),
        ([*LABELS, "Id", "Remark"], {}, False),
        (["Room", *LABELS[1:], "Id"], {}, False),
        (["Resource ID", *LABELS[1:], "Id"], {}, False),
        ([*LABELS, "Id", "Id"], {}, False),
        ([*LABELS, "Id"], {"Id": "-"}, False),
        ([*LABELS, "import_id"], {}, False),
    ],
)
def test_an_id_is_believed_only_beside_the_headers_of_an_export(
    tmp_path: Path, labels: list[str], chosen: Mapping[str, str], used: bool
) -> None:
    """Or if the user says so; any other column stays unused, and that is said."""
    columns = match_columns(sheet(tmp_path, labels), KIND, (), chosen)
    assert (columns.record_id is not None) is used
    own = {"Remark"} - chosen.keys()
    ids = {label for label in labels if label.lower() == "id" and label not in chosen}
    assert {issue.label for issue in columns.issues} == (own if used else own | ids) & set(labels)


def test_stamps_are_ignored_without_a_word_also_without_ids(tmp_path: Path) -> None:
    """In a file that is nothing but an export; beside other columns they are said to be unused, as any would be."""
    assert not match_columns(sheet(tmp_path, [*LABELS, *STAMPS]), KIND, ()).issues
    beside = match_columns(sheet(tmp_path, [*LABELS, "Remark", *STAMPS]), KIND, ()).issues
    assert [issue.label for issue in beside] == ["Remark", *STAMPS]


def as_exported(number: int, **changes: str) -> dict[str, str]:
    """The texts of a record that agrees with ``mapping``."""
    return dict(zip(LABELS, map(str, mapping(number)), strict=True)) | changes


RECORDS = {10: as_exported(2), 11: as_exported(3, CoworkerId=""), 12: None, 13: as_exported(3)}


def check(
    folder: Path,
    rows: Sequence[Sequence[object]],
    labels: Sequence[str] = (*LABELS, "Id", *STAMPS),
    *,
    repeated: Mapping[int, tuple[int, int]] | None = None,
    directories: Mapping[str, Directory] | None = None,
    answers: Mapping[int, int] | None = None,
) -> Checked:
    """The one chunk of an export with these rows, against RECORDS."""
    opened = sheet(folder, labels, rows)
    columns = match_columns(opened, KIND, ())
    named = NamedRecords(RECORDS, repeated or {})
    required = KIND.required(KIND.paths[0])
    checker = Checker(
        KIND,
        columns,
        opened,
        required=required,
        now=NOW,
        named=named,
        directories=directories or {},
        answers=answers or {},
    )
    [chunk] = [checker.check(chunk) for chunk in opened.read()]
    return chunk


def row(number: int, record: object, **changes: object) -> list[object]:
    """A row as it was exported, with the Id of its record."""
    return [*mapping(number, **changes), record, *STAMPED]


@pytest.mark.parametrize(
    ("line", "code", "cell", "words"),
    [
        (row(2, "x"), "not-a-whole-number", "G2", 'Id must be a whole number: "x".'),
        (row(2, "#REF!"), "cell-error", "G2", "Id shows the error #REF!."),
        (row(2, 12), "record-not-found", "G2", "Nexudus has no record with the Id 12."),
        (row(2, 99), "record-not-found", "G2", "Nexudus has no record with the Id 99."),
        (row(2, 13), "record-of-another", "G2", "The record with the Id 13 has another ResourceId (1003)."),
        (row(3, 11), "record-of-another", "G2", "The record with the Id 11 has another CoworkerId (empty)."),
        (row(2, 10, CoworkerId=7), "record-of-another", "G2", "has another CoworkerId (2002)."),
        # What is touched is checked as in every other row.
        (row(2, 10, Name=""), "cell-empty", "C2", "Name is empty."),
        (row(2, 10, CoworkerId=""), "cell-empty", "B2", "CoworkerId is empty."),
    ],
)
def test_an_id_that_cannot_be_the_rows_is_an_error_at_its_cell(
    tmp_path: Path, line: list[object], code: str, cell: str, words: str
) -> None:
    """One error, and the row is not sent; it is never created instead."""
    chunk = check(tmp_path, [line])
    [issue] = chunk.issues
    assert (issue.code, issue.cell) == (code, cell)
    assert words in issue.message
    assert not list(chunk.records())


@pytest.mark.parametrize("labels", [LABELS, (*LABELS, "Id", *STAMPS)])
def test_what_a_person_answered_about_a_row_is_its_id(tmp_path: Path, labels: Sequence[str]) -> None:
    """With a column of Ids or without one; and it goes before the cell, whatever that says."""
    rows = [[*mapping(number), record, *STAMPED][: len(labels)] for number, record in ((2, "x"), (3, 99), (4, ""))]
    chunk = check(tmp_path, rows, labels, answers={2: 10, 3: 13})
    assert chunk.issues == []
    assert [record.named_id for record in chunk.records()] == [10, 13, None]


def test_an_answer_that_cannot_be_is_an_error_of_its_row(tmp_path: Path) -> None:
    """No cell of the file holds it, so none is to blame."""
    chunk = check(tmp_path, [mapping(2), mapping(3), mapping(4)], LABELS, answers={2: 12, 3: 10, 4: 10})
    assert [(issue.row, issue.cell, issue.code) for issue in chunk.issues] == [
        (2, None, "record-not-found"),
        (3, None, "record-of-another"),
        (4, None, "record-repeated"),
    ]
    assert chunk.issues[0].message == "Nexudus has no record with the Id 12."
    assert not list(chunk.records())


def test_two_rows_of_one_id_are_errors_that_name_each_other(tmp_path: Path) -> None:
    """Only the user knows which of the two is meant."""
    chunk = check(tmp_path, [row(2, 10), row(3, 13), row(2, 10, Name="Other")], repeated={10: (2, 4)})
    assert [(issue.row, issue.code, issue.message) for issue in chunk.issues] == [
        (2, "record-repeated", "Row 2 has the same Id as row 4: 10."),
        (4, "record-repeated", "Row 4 has the same Id as row 2: 10."),
    ]
    assert [record.named_id for record in chunk.records()] == [13]


def test_a_row_that_equals_its_record_is_right_whatever_would_be_wrong_with_a_new_one(tmp_path: Path) -> None:
    """A date in the past, an empty field that is required, a text that could not be sent, an odd subscription."""
    odd = {"Name": "a\x07b", "SubscriptionId": "no guid", "SubscriptionExpireDate": "2020-01-01T00:00:00Z"}
    RECORDS[20] = as_exported(5, CoworkerId="", **odd)
    try:
        chunk = check(tmp_path, [row(5, 20, CoworkerId="", **odd)])
        assert not chunk.issues
        [record] = chunk.records()
        assert (record.named_id, json.loads(record.body)["ResourceId"]) == (20, 1005)
    finally:
        del RECORDS[20]


def test_a_cell_that_is_not_touched_is_no_fault_of_a_row_that_is(tmp_path: Path) -> None:
    """A renewed mapping whose record has no coworker can be renewed."""
    chunk = check(tmp_path, [row(3, 11, CoworkerId="", SubscriptionExpireDate="2026-11-29T10:30:00Z")])
    assert not chunk.issues
    [record] = chunk.records()
    assert json.loads(record.body)["SubscriptionExpireDate"] == "2026-11-29T10:30:00Z"
    assert "CoworkerId" not in json.loads(record.body)


def test_a_character_that_no_file_can_hold_is_not_sent_in_its_place(tmp_path: Path) -> None:
    """The record keeps its text, and the row says nothing of that field."""
    RECORDS[20] = as_exported(5, Name="a\N{REPLACEMENT CHARACTER}b")
    try:
        [record] = check(tmp_path, [row(5, 20, Name="a\N{REPLACEMENT CHARACTER}b")]).records()
        assert "Name" not in json.loads(record.body)
    finally:
        del RECORDS[20]


def keys(chunk: Checked) -> list[bytes]:
    """The key of each record."""
    return [record.key for record in chunk.records()]


def test_doubles_that_were_exported_are_no_errors(tmp_path: Path) -> None:
    """Each has its own record, and its own claim; equal rows and rows of one key alike."""
    RECORDS.update({20: as_exported(2), 21: as_exported(2, Name="Other")})
    try:
        rows = [row(2, 10), row(2, 20), row(2, 21, Name="Other")]
        chunk = check(tmp_path, rows)
        assert not chunk.issues
        records: list[Record] = list(chunk.records())
        assert [record.named_id for record in records] == [10, 20, 21]
        assert len({record.key for record in records}) == len({record.identity for record in records}) == 3
        # Also if two of them are renewed.
        renewed = [row(2, 10, Name="New"), row(2, 20), row(2, 21, Name="New")]
        assert not check(tmp_path, renewed).issues
    finally:
        del RECORDS[20], RECORDS[21]


@pytest.mark.parametrize("first", [True, False])
def test_a_row_without_an_id_may_not_share_a_key_with_one_that_has_it(tmp_path: Path, first: bool) -> None:
    """One record, one row: the row without Id is the error, the one that is as its record never is."""
    rows = [row(2, ""), row(2, 10)] if first else [row(2, 10), row(2, "")]
    changed = [line if line[6] else [*line[:2], "Other", *line[3:]] for line in rows]
    chunk = check(tmp_path, changed)
    [issue] = chunk.issues
    assert (issue.code, issue.row) == ("duplicate-key", 2 if first else 3)
    assert [record.named_id for record in chunk.records()] == [10]


NAMED = [*LABELS[:1], "ResourceName", LABELS[1], "CoworkerName", *LABELS[2:], "Id"]


@pytest.mark.parametrize(
    ("room", "coworker", "wrong"),
    [
        ("Studio", "", None),
        ("harbour house / studio", "ada@example.com", None),
        ("", "", None),
        ("Boardroom", "", 'ResourceName "Boardroom" does not belong to ResourceId 1002.'),
        ("", "bruno@example.com", 'CoworkerName "bruno@example.com" does not belong to CoworkerId 2002.'),
    ],
)
def test_a_name_that_does_not_belong_to_the_id_beside_it_is_an_error(
    tmp_path: Path, room: str, coworker: str, wrong: str | None
) -> None:
    """Whoever edits one of the two means something, and nobody can tell what."""
    directories = {
        "ResourceId": Directory("resource", [Entry(1002, ("Studio",), "Harbour House"), Entry(7, ("Boardroom",))]),
        "CoworkerId": Directory("coworker", [Entry(2002, ("ada@example.com",)), Entry(8, ("bruno@example.com",))]),
    }
    cells = mapping(2)
    line = [cells[0], room, cells[1], coworker, *cells[2:], 10]
    chunk = check(tmp_path, [line], NAMED, directories=directories)
    assert [issue.message for issue in chunk.issues] == ([wrong] if wrong else [])
    assert len(list(chunk.records())) == (wrong is None)


def test_a_name_beside_an_empty_id_is_an_error(tmp_path: Path) -> None:
    """It would not be sent."""
    cells = mapping(3, CoworkerId="")
    chunk = check(tmp_path, [[cells[0], "", "", "ada@example.com", *cells[2:], 11]], NAMED)
    [issue] = chunk.issues
    assert issue.message == 'CoworkerName "ada@example.com" does not belong to an empty CoworkerId.'


def test_before_anybody_asks_the_service_ids_are_collected(tmp_path: Path) -> None:
    """With their first two rows, and the names that stand beside Ids; an Id alone is no error yet."""
    cells = [mapping(number) for number in (2, 3, 4)]
    rows = [
        [line[0], "Studio", line[1], "", *line[2:], record] for line, record in zip(cells, (10, 10, ""), strict=True)
    ]
    opened = sheet(tmp_path, NAMED, rows)
    checker = Checker(KIND, match_columns(opened, KIND, ()), opened, required=KIND.fields, now=NOW)
    [chunk] = [checker.check(chunk) for chunk in opened.read()]
    assert checker.record_ids.rows == {10: (2, 3)}
    assert checker.record_ids.names == {"ResourceId": {"Studio"}, "CoworkerId": set()}
    assert [issue.code for issue in chunk.issues] == ["record-repeated"]
    assert [record.named_id for record in chunk.records()] == [10, None]
