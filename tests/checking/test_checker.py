"""Every wrong cell of every row, once, at its address."""

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pandera.pandas as pa
import pytest
from conftest import LABELS
from conftest import mapping as mapping_of_today
from hypothesis import given
from hypothesis import strategies as st

from importer.checking import Checked, Checker, match_columns
from importer.checking.checker import PANDERA_CODES
from importer.checking.columns import plain
from importer.checking.references import Directory, Entry
from importer.errors import ColumnsError
from importer.issues import CATALOGUE, Issue, Severity
from importer.spreadsheet import open_sheet
from schemas import RECORD_TYPES, RecordType
from schemas.record_type import PANDERA_CHECKS

KIND = next(iter(RECORD_TYPES.values()))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
mapping = partial(mapping_of_today, SubscriptionExpireDate="2026-11-28T10:30:00Z")


def check(
    folder: Path,
    rows: list[list[object]],
    labels: list[str] = LABELS,
    *,
    allow_duplicates: bool = False,
    directories: Mapping[str, Directory] = MappingProxyType({}),
) -> list[Checked]:
    """The chunks of a file with these rows, checked."""
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([labels, *rows])
    sheet = open_sheet(path)
    required = KIND.required(KIND.paths[0])
    checker = Checker(
        KIND,
        match_columns(sheet, KIND, required),
        sheet,
        required=required,
        now=NOW,
        allow_duplicates=allow_duplicates,
        directories=directories,
    )
    return [checker.check(chunk) for chunk in sheet.read()]


def issues(chunks: list[Checked]) -> list[Issue]:
    """All issues of all chunks."""
    return [issue for chunk in chunks for issue in chunk.issues]


CELLS = [
    ("ResourceId", "12.5", "not-a-whole-number", "A2"),
    *(("ResourceId", cell, "not-a-whole-number", "A2") for cell in ("123.000", "1.000", " 12.000 ", "-7.000")),
    *(("CoworkerId", cell, "not-a-whole-number", "B2") for cell in ("123.000", "1.000")),
    ("ResourceId", "0", "number-out-of-range", "A2"),
    ("ResourceId", "-1", "number-out-of-range", "A2"),
    ("ResourceId", str(10**15), "number-out-of-range", "A2"),
    ("ResourceId", "9" * 30, "not-a-whole-number", "A2"),
    ("CoworkerId", "", "cell-empty", "B2"),
    ("CoworkerId", "   ", "cell-empty", "B2"),
    ("Name", "x" * 256, "text-too-long", "C2"),
    ("Name", "a\x07b", "unprintable-character", "C2"),
    ("SubscriptionExpireDate", "soon", "not-a-date", "D2"),
    ("SubscriptionExpireDate", "2020-01-01T00:00:00Z", "date-past", "D2"),
    ("SubscriptionExpireDate", "2027-01-01T00:00:00Z", "date-far-ahead", "D2"),
    ("SubscriptionId", "7f10", "not-a-guid", "E2"),
    ("Name", " Room ", "spaces-trimmed", "C2"),
    ("Name", "Room\u200b 1", "unseen-character", "C2"),
    ("SubscriptionExpireDate", "-2026-12-05", "not-a-date", "D2"),
    ("Name", "\u202e1 mooR", "unseen-character", "C2"),
    ("ResourceId", "#N/A", "cell-error", "A2"),
    ("Name", "#REF!", "cell-error", "C2"),
    ("SubscriptionExpireDate", "#VALUE!", "cell-error", "D2"),
    ("CalendarId", "#DIV/0!", "cell-error", "F2"),
]


@pytest.mark.parametrize("name", ["#1 Room", "#N/A room", "NA", "N/A", "اتاق می‌نشینیم", "Family 👨‍👩‍👧", "Ünïcode"])
def test_a_name_that_only_looks_odd_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    """A hash at the start, "NA" and joiners belong to names."""
    [chunk] = check(tmp_path, [mapping(2, Name=name)])
    assert not chunk.issues
    assert json.loads(next(iter(chunk.records())).body)["Name"] == name


@pytest.mark.parametrize(("field", "value", "code", "cell"), CELLS)
def test_a_wrong_cell_is_told_once_at_its_address(tmp_path: Path, field: str, value: str, code: str, cell: str) -> None:
    """One issue, with row, cell, label, field and value; only an error keeps the row back."""
    [chunk] = check(tmp_path, [mapping(2, **{field: value})])
    [issue] = chunk.issues
    assert (issue.code, issue.row, issue.cell, issue.label, issue.field, issue.value) == (
        code,
        2,
        cell,
        field,
        field,
        value,
    )
    assert len(chunk.valid) == (issue.severity is Severity.WARNING)


@pytest.mark.parametrize(
    ("value", "example"),
    [("1,414,916", "1414916"), ("1'414'916", "1414916"), ("1,414'916", "1414915"), ("1414916,5", "1414915")],
)
def test_digits_are_suggested_only_for_a_number_in_thousands(tmp_path: Path, value: str, example: str) -> None:
    """A comma that does not part thousands may be a decimal one: the digits without it would be another number."""
    [chunk] = check(tmp_path, [mapping(2, ResourceId=value)])
    assert chunk.issues[0].fix == f"Use digits only, for example {example}."


def test_no_wrong_cell_hides_another(tmp_path: Path) -> None:
    """Unreadable, out of range and empty cells of one column and one row are all told, each once."""
    rows = [
        mapping(2, ResourceId="abc,"),
        mapping(3, ResourceId="-1"),
        mapping(4, ResourceId="", CoworkerId="1.5", Name=""),
    ]
    found = {(issue.cell, issue.code) for issue in issues(check(tmp_path, rows))}
    assert found == {
        ("A2", "name-not-looked-up"),
        ("A3", "number-out-of-range"),
        ("A4", "cell-empty"),
        ("B4", "not-a-whole-number"),
        ("C4", "cell-empty"),
    }


def test_blank_lines_count_and_are_no_rows(tmp_path: Path) -> None:
    """Rows are numbered as the spreadsheet program does, with the blank ones."""
    chunks = check(tmp_path, [mapping(2), [], ["", " "], mapping(5, Name="")])
    assert sum(chunk.rows for chunk in chunks) == 2
    assert [issue.cell for issue in issues(chunks)] == ["C5"]


def test_a_row_that_repeats_another_names_it(tmp_path: Path) -> None:
    """The first of equal rows is sent, the others are issues; with the option each is sent as another record."""
    rows = [mapping(2), mapping(3), mapping(2), mapping(2)]
    [chunk] = check(tmp_path, rows)
    assert [(issue.code, issue.row, issue.detail) for issue in chunk.issues] == [
        ("duplicate-row", 4, "2"),
        ("duplicate-row", 5, "2"),
    ]
    [both] = check(tmp_path, rows, allow_duplicates=True)
    assert len({record.identity for record in both.records()}) == 4


def test_equal_values_are_one_record_however_they_are_written(tmp_path: Path) -> None:
    """Spaces, 12.0 and another zone make no other record; another letter case does."""
    same = [
        mapping(2, ResourceId="12", SubscriptionExpireDate="2026-11-28T10:30:00Z"),
        mapping(2, ResourceId=" 12.0 ", SubscriptionExpireDate="2026-11-28 11:30:00+01:00"),
    ]
    assert [issue.code for issue in issues(check(tmp_path, same))] == ["duplicate-row"]
    accents = [mapping(2, Name="Caf\u00e9"), mapping(2, Name="Cafe\u0301")]
    assert [issue.code for issue in issues(check(tmp_path, accents))] == ["duplicate-row"]
    assert not issues(check(tmp_path, [mapping(2, CalendarId="AAa="), mapping(2, CalendarId="AAA=")]))


def test_the_body_is_what_the_service_expects(tmp_path: Path) -> None:
    """Typed JSON: whole numbers, UTC with a Z, no field that is empty."""
    [chunk] = check(tmp_path, [mapping(2, SubscriptionId="", CalendarId="")])
    [record] = chunk.records()
    assert record.body == (
        '{"ResourceId":1002,"CoworkerId":2002,"Name":"Room 2","SubscriptionExpireDate":"2026-11-28T10:30:00Z"}'
    )


@pytest.mark.parametrize("labels", [["Room ID", "Member Id", "calendar name", "EXPIRY", "sub_id", "Cal-Id"]])
def test_labels_are_found_by_alias(tmp_path: Path, labels: list[str]) -> None:
    """Other names of a column are understood."""
    [chunk] = check(tmp_path, [mapping(2)], labels)
    assert len(chunk.valid) == 1


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["Room", "Name", "Expiry"], "no column for CoworkerId"),
        (["Room", "Room ID", "Member", "Name", "Expiry"], "More than one column is read as ResourceId"),
    ],
)
def test_columns_that_do_not_fit_are_an_error(tmp_path: Path, labels: list[str], sentence: str) -> None:
    """A missing column is named with what is there; two columns for one field are both named."""
    with pytest.raises(ColumnsError, match=sentence):
        check(tmp_path, [["1"] * len(labels)], labels)


def test_each_missing_column_is_told_what_to_do(tmp_path: Path) -> None:
    """One that is there under a near label is pointed to, for the other it is said how to name it."""
    with pytest.raises(ColumnsError) as error:
        check(tmp_path, [["1"] * 4], ["Room", "Member No.", "Zzz", "Expiry"])
    assert 'If "Member No." is the CoworkerId, rename it' in error.value.advice
    assert "Add Name, or name the column that holds it" in error.value.advice
    with pytest.raises(ColumnsError) as error:
        check(tmp_path, [["1"] * 3], ["Room", "Zzz", "Yyy"])
    assert "and SubscriptionExpireDate, or name the columns that hold them" in error.value.advice


@given(st.sampled_from(LABELS), st.text("_- .", max_size=3), st.booleans())
def test_a_label_is_known_in_any_case_and_punctuation(label: str, mark: str, upper: bool) -> None:
    """Case, spaces and punctuation do not matter."""
    varied = mark.join(label)
    assert plain(varied.upper() if upper else varied) == plain(label)


IDENTITIES = [
    (
        "CoworkerMsOfficeCalendar",
        {"CoworkerId": "8", "CalendarId": "AAMk="},
        "ffbaa9bee7f338f35b74a82bdaf5999f",
    ),
    (
        "CoworkerGoogleCalendar",
        {"SubscriptionId": "sub", "CalendarId": "c_1", "WatchResourceId": "watch", "EventSyncToken": "CPD="},
        "3c80daac036743f1ae4f98faff1dc256",
    ),
]


@pytest.mark.parametrize(("name", "cells", "identity"), IDENTITIES)
def test_a_row_is_known_by_what_journals_hold_already(
    tmp_path: Path, name: str, cells: dict[str, str], identity: str
) -> None:
    """The identity of a row never changes: with another one, every row of every journal would be created again."""
    kind = RECORD_TYPES[name]
    row = {"ResourceId": "7", "Name": "Room", "SubscriptionExpireDate": "2027-04-30T10:30:00Z", **cells}
    path = tmp_path / "row.csv"
    path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    sheet = open_sheet(path)
    checker = Checker(kind, match_columns(sheet, kind, ()), sheet, required=(), now=NOW)
    [record] = [record for chunk in sheet.read() for record in checker.check(chunk).records()]
    assert record.identity.hex() == identity


class Renamed(pa.DataFrameModel):
    """A check that is named like an issue code, but like none of the catalogue."""

    Name: pd.StringDtype

    @pa.check("Name", name="not-a-colour")
    @classmethod
    def _is_a_colour(cls, names: "pd.Series[str]") -> "pd.Series[bool]":
        return names.notna()


def test_a_check_without_an_issue_is_named_before_a_row_is_read(tmp_path: Path) -> None:
    """Every check of pandera's that a type may have has a code of the catalogue; any other is refused at once."""
    assert {PANDERA_CODES[name] for name in PANDERA_CHECKS} <= CATALOGUE.keys()
    kind = RecordType("Paint", "paint", "paints", Renamed, ("crm/paints",), {}, ("Name",))
    path = tmp_path / "rows.csv"
    path.write_text("Name\nred\n", encoding="utf-8")
    sheet = open_sheet(path)
    with pytest.raises(ValueError, match="Paint: not-a-colour, a check of Name, is not an issue code"):
        Checker(kind, match_columns(sheet, kind, ()), sheet, required=("Name",), now=NOW)


@pytest.mark.parametrize(
    ("field", "cell", "value", "code"),
    [
        ("ResourceId", '="1001"', 1001, "text-as-formula"),
        ("ResourceId", "'1001", 1001, "quotes-removed"),
        ("CoworkerId", "“1001”", 1001, "quotes-removed"),
        ("Name", '="Room ""A"""', 'Room "A"', "text-as-formula"),
        ("Name", "'Room 1'", "'Room 1'", "quotes-in-text"),
        ("Name", "NULL", "NULL", None),
        ("Name", "CafÃ©", "CafÃ©", "double-encoded"),
        ("SubscriptionExpireDate", '="2027-04-30T10:30:00Z"', "2027-04-30T10:30:00Z", "text-as-formula"),
        (
            "SubscriptionId",
            "'7f105c7d-2dc5-4530-97cd-4e7ae6534c01'",
            "7f105c7d-2dc5-4530-97cd-4e7ae6534c01",
            "quotes-removed",
        ),
        ("CalendarId", "'AAMk=", "AAMk=", "quotes-removed"),
        ("CalendarId", "NULL", None, "read-as-empty"),
        ("CalendarId", "\\N", None, "read-as-empty"),
        ("SubscriptionId", "n/a", None, "read-as-empty"),
    ],
)
def test_what_an_export_wrote_around_a_value_is_not_sent(
    tmp_path: Path, field: str, cell: str, value: object, code: str | None
) -> None:
    """And one warning says so; a text for people is sent as the spreadsheet shows it."""
    [chunk] = check(tmp_path, [mapping(2, **{field: cell})])
    assert {issue.code for issue in chunk.issues} - {"date-far-ahead"} == ({code} if code else set())
    assert json.loads(next(iter(chunk.records())).body).get(field) == value


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("ResourceId", "NULL", "no-value"),
        ("CoworkerId", "n/a", "no-value"),
        ("SubscriptionExpireDate", "None", "no-value"),
        ("ResourceId", '=""', "cell-empty"),
        ("Name", "Caf\ufffd", "letters-lost"),
        ("Name", "Ca\x85f", "unprintable-character"),
    ],
)
def test_a_word_for_no_value_is_none_where_there_must_be_one(tmp_path: Path, field: str, cell: str, code: str) -> None:
    """One error at the cell; so has a text whose letters are lost."""
    [chunk] = check(tmp_path, [mapping(2, **{field: cell})])
    assert [issue.code for issue in chunk.issues if issue.severity is Severity.ERROR] == [code]


def test_a_column_of_exported_text_is_one_warning(tmp_path: Path) -> None:
    """An export that protects every cell is no reason for as many sentences."""
    [chunk] = check(tmp_path, [mapping(n, ResourceId=f'="{n}"') for n in range(2, 50)])
    assert [(issue.code, issue.row, issue.detail) for issue in chunk.issues] == [("text-as-formula", None, "2")]


@pytest.mark.parametrize(("position", "cell"), [(0, "A1"), (3, "D1")])
@pytest.mark.parametrize("values", [["7", "8"], ["", "8"], ["", " "]])
def test_a_column_with_values_and_no_header_is_named(
    position: int, cell: str, values: list[str], tmp_path: Path
) -> None:
    """Once, wherever it stands; without a value there is nothing to say."""
    rows = [mapping(n) for n in (2, 3)]
    table = [[*row[:position], value, *row[position:]] for row, value in zip(rows, values, strict=True)]
    chunks = check(tmp_path, table, [*LABELS[:position], "", *LABELS[position:]])
    found = [(issue.cell, issue.message) for issue in issues(chunks) if issue.code == "column-unlabelled"]
    message = f"Column {cell[0]} has values, but no header, so it is not used."
    assert found == ([(cell, message)] if "8" in values else [])


def test_a_formula_in_a_text_file_is_an_error_at_its_cell(tmp_path: Path) -> None:
    """Its source is not what the spreadsheet program shows."""
    [chunk] = check(tmp_path, [mapping(2, Name="=1+1"), mapping(3, Name='="Room 1"')])
    errors = [(issue.code, issue.cell) for issue in chunk.issues if issue.severity is Severity.ERROR]
    assert errors == [("formula-without-value", "C2")]


@pytest.mark.parametrize(
    ("field", "cell", "code", "value"),
    [
        ("CoworkerId", '"Nobody Known"', "name-not-found", "Nobody Known"),
        ("CoworkerId", '"-4"', "number-out-of-range", '"-4"'),
        ("SubscriptionExpireDate", "'soon'", "not-a-date", "'soon'"),
    ],
)
def test_an_issue_shows_its_cell_as_it_is_and_a_name_without_what_stands_around_it(
    tmp_path: Path, field: str, cell: str, code: str, value: str
) -> None:
    """The name is what a choice of its record is remembered for; all else is looked for in the file."""
    directories = {"CoworkerId": Directory("coworker", [Entry(13, ("Ada Abbott",))])}
    [chunk] = check(tmp_path, [mapping(2, **{field: cell})], directories=directories)
    assert [issue.value for issue in chunk.issues if issue.code == code] == [value]
