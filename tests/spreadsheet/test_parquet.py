"""Parquet: every value exactly as it is stored, read where a hostile file can do no harm."""

import datetime as dt
import decimal
import uuid
from pathlib import Path
from typing import Any

import pytest
from conftest import LABELS, Desk, Service, mapping

from importer.errors import FileError
from importer.spreadsheet import ReadOptions, open_sheet, parquet

MOMENT = dt.datetime(2027, 4, 30, 10, 30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "rooms.parquet"


@pytest.fixture
def pa() -> Any:
    """The package that writes such files; without it, there is nothing to show."""
    return pytest.importorskip("pyarrow")


def write(path: Path, **columns: Any) -> Path:
    """A file with these columns."""
    arrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(arrow.table(columns), path)
    return path


def cells(path: Path) -> list[list[str]]:
    """The rows of a file."""
    return [list(row) for chunk in open_sheet(path).read() for row in chunk.itertuples(index=False, name=None)]


def test_without_the_package_it_says_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most people do not need it, and it is large."""
    path.write_bytes(b"PAR1")
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(FileError) as caught:
        open_sheet(path)
    assert 'pip install "nexudus-importer[parquet]"' in caught.value.advice


def test_a_file_of_another_name_is_told_apart(tmp_path: Path) -> None:
    """In both directions."""
    (tmp_path / "a.csv").write_bytes(b"PAR1" + bytes(99))
    (tmp_path / "b.parquet").write_bytes(b"ResourceId,Name\n")
    with pytest.raises(FileError, match=r"is a Parquet file") as caught:
        open_sheet(tmp_path / "a.csv")
    assert "Rename it to .parquet" in caught.value.advice
    with pytest.raises(FileError, match="is not a Parquet file"):
        open_sheet(tmp_path / "b.parquet")


CASES: dict[str, tuple[Any, list[str]]] = {
    "int64": ([2**63 - 1, None, -1], ["9223372036854775807", "", "-1"]),
    "uint64": ([2**64 - 1, 0, 1], ["18446744073709551615", "0", "1"]),
    "float64": ([1414915.0, None, 0.1], ["1414915", "", "0.1"]),
    "float32": ([0.1, 2, None], ["0.1", "2", ""]),
    "decimal": ([decimal.Decimal("1.50"), decimal.Decimal("100.00"), None], ["1.50", "100.00", ""]),
    "bool_": ([True, False, None], ["true", "false", ""]),
    "string": (["ü\n", "", " x "], ["ü\n", "", " x "]),
    "large_string": (["00042", "=1+1", None], ["00042", "=1+1", ""]),
    "date32": ([MOMENT.date(), None, dt.date(1, 1, 1)], ["2027-04-30", "", "0001-01-01"]),
    "timestamp": (
        [MOMENT, None, MOMENT.replace(microsecond=250)],
        ["2027-04-30 10:30:00", "", "2027-04-30 10:30:00.000250"],
    ),
    "zoned": ([MOMENT, None, dt.datetime(1960, 1, 1)], ["2027-04-30T10:30:00Z", "", "1960-01-01T00:00:00Z"]),
    "dictionary": (["a", "b", "a"], ["a", "b", "a"]),
    "uuid": ([uuid.UUID(int=7).bytes, None, None], ["00000000-0000-0000-0000-000000000007", "", ""]),
    "null": ([None, None, None], ["", "", ""]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_what_is_stored(path: Path, pa: Any, name: str) -> None:
    """To the last digit; a time with a zone is shown in UTC, one without as it is."""
    kinds = {
        "decimal": pa.decimal128(20, 2),
        "timestamp": pa.timestamp("us"),
        "zoned": pa.timestamp("ns", "Europe/Berlin"),
        "dictionary": pa.dictionary(pa.int32(), pa.string()),
        "uuid": pa.uuid(),
    }
    values, texts = CASES[name]
    kind = kinds.get(name) or getattr(pa, name)()
    column = pa.array(values, kind.storage_type).cast(kind) if name == "uuid" else pa.array(values, kind)
    assert [row[1] for row in cells(write(path, row=[1, 2, 3], value=column))] == texts


def test_a_number_whose_digits_are_not_certain_is_an_error_at_its_cell(path: Path, pa: Any) -> None:
    """As in a workbook: a float has 15 digits."""
    write(
        path,
        row=[1, 2, 3],
        Id=pa.array([1e15, 12345678901234567890.0, float("inf")]),
        small=pa.array([1, 2**24, 3], pa.float32()),
    )
    sheet = open_sheet(path)
    assert sheet.problems.to_numpy().tolist() == [["number-rounded", 2, 1], ["number-rounded", 2, 2]]


def test_a_row_has_the_number_of_its_place(path: Path, pa: Any) -> None:
    """From 1, however many there are in a piece; a row of nothing counts, and is no row."""
    numbers: list[int | None] = list(range(1, 120_001))
    numbers[1] = None
    sheet = open_sheet(write(path, a=numbers))
    rows = [int(row) for chunk in sheet.read() for row in chunk.index]
    assert (rows[:2], rows[-1], len(rows)) == ([1, 3], 120_000, 119_999)
    assert (sheet.labels, sheet.has_names, sheet.name) == (("a",), True, None)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ([[1], [2]], 'holds lists or objects in the column "bad"'),
        ([{"x": 1}, {"x": 2}], 'holds lists or objects in the column "bad"'),
        ([b"x", b"y"], 'holds binary in the column "bad"'),
        ([dt.timedelta(1), dt.timedelta(2)], "of which nobody can say how it looks"),
    ],
)
def test_what_no_cell_can_hold_is_refused(path: Path, pa: Any, column: list[Any], sentence: str) -> None:
    """With the name of the column."""
    with pytest.raises(FileError) as caught:
        open_sheet(write(path, good=[1, 2], bad=pa.array(column)))
    assert sentence in caught.value.message
    assert caught.value.advice


def test_damaged_and_hostile_files_end_in_a_sentence(path: Path, pa: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is done to the bytes; and what unpacks to gigabytes meets the limit of its process."""
    whole = write(path, a=[1, 2, 3], b=["x", "y", "z"]).read_bytes()
    for content in (whole[:-9], whole[:60] + b"\xff" * 30 + whole[90:], whole[:-40] + bytes(40), b"PAR1" * 9):
        path.write_bytes(content)
        with pytest.raises(FileError):
            cells(path)
    indexes = pa.array([0] * 20_000, pa.int32())
    write(path, a=pa.DictionaryArray.from_arrays(indexes, pa.array(["x" * 1_000_000])))
    assert path.stat().st_size < 3 << 20
    with pytest.raises(FileError, match=r"needs more memory|takes far longer"):
        open_sheet(path)


def test_options_of_other_files_are_ignored_with_a_notice(path: Path, pa: Any) -> None:
    """They mean nothing here."""
    [notice] = open_sheet(write(path, a=[1]), ReadOptions("May", "cp1252")).notices
    assert "--sheet and --encoding" in notice.message


def test_it_is_imported_like_any_other_file(desk: Desk, service: Service, pa: Any) -> None:
    """With a report, a failed row to correct, and its private copy."""
    rows = [dict(zip(LABELS, mapping(number), strict=True)) for number in (2, 3, 4)]
    rows[1]["CoworkerId"] = None
    columns = {label: [row[label] for row in rows] for label in LABELS}
    moments = [dt.datetime.fromisoformat(str(row["SubscriptionExpireDate"])) for row in rows]
    columns["SubscriptionExpireDate"] = pa.array(moments, pa.timestamp("us", "Europe/Berlin"))
    file = write(desk.folder / "rooms.parquet", **columns)
    done = desk.type("run", file, "--yes", "--json", "--max-rows", "1")
    assert done.code == 6, done.err
    file.unlink()
    assert desk.type("resume").code == 1
    assert [(record["ResourceId"], record["SubscriptionExpireDate"]) for record in service.records] == [
        (1002, rows[0]["SubscriptionExpireDate"]),
        (1004, rows[2]["SubscriptionExpireDate"]),
    ]
    assert [line["import_row"] for line in desk.report("reports/1-rooms")] == ["1", "2", "3"]
