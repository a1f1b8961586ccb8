"""A gate and a checker together say what a checker says alone: of every file, however it is cut into blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from conftest import LABELS, mapping
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.checking import Directory, Entry, gate
from importer.checking import checker as checker_module
from importer.checking.checker import key_hashes, value_hashes
from importer.config.settings import Settings
from importer.errors import FileError
from importer.runs.source import CheckResult, Source, checked_chunks, checker_of, examine, open_source
from importer.spreadsheet import CellBytes, GatedRead, Mask, ReadOptions, encodings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
TESTS = Path(__file__).parents[1]
FILES = sorted(
    path for folder in (TESTS.parent / "samples", TESTS / "spreadsheet" / "files") for path in folder.glob("*.csv")
)
GUID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"

IDS: tuple[str, ...] = (
    "1",
    "1001",
    "1002",
    "999999999999999",
    "9" * 16,
    "9" * 18,
    "9" * 19,
    "0",
    "007",
    "-1",
    "1.0",
    "1.000",
    "1e5",
)
IDS += ("", " 12", "12 ", "١٢", "n/a", "none", "#N/A", "Room A", "12x", "'12", "+12", "12\x07", "1 2", "1,2")
NAMES: tuple[str, ...] = (
    "Room 1",
    "Room 2",
    "Room #3",
    "it's",
    "Lobby",
    "North 1",
    "Ede",
    "x" * 255,
    "x" * 256,
    "2",
    "Uhr 12",
    "A.B",
)
NAMES += ("", "none", "None", "NULL", "undefined", "n/a", "NaN", "nan", "NAN", "N/A", "(none)", "-", "Null ", "Err:502")
NAMES += ("Loading...", "Loading", "Err:5022", "#REF!", "1-Jan", "Jan-27", "jan.-27", "1. Mai", "2E+10", "1.5E-05")
NAMES += ("Café", "Cafe\u0301", " a", "a ", "a\tb", "a\u200bb", "\ufeffa", "'x'", "\u2019x", "a&amp;b", "what?", "??")
NAMES += ("a\x7fb", "=1+1", "-1", "@x", "a\x07b", "Ã©", "\ufffd", "import", "Name", "[To correct: error] x", "Total")
DATES: tuple[str, ...] = (
    "2026-11-28T10:30:00Z",
    "2026-11-29T00:00:00Z",
    "2026-11-30T12:00:00Z",
    "2026-11-30T12:00:01Z",
)
DATES += ("2026-11-23T12:00:00Z", "2026-11-23T11:59:59Z", "2026-02-30T00:00:00Z", "2026-11-31T00:00:00Z")
DATES += ("2026-11-28T24:00:00Z", "2026-11-28T10:60:00Z", "2026-11-28T10:00:60Z", "2026-00-28T10:00:00Z")
DATES += ("2026-11-00T10:00:00Z", "2026-13-01T10:00:00Z", "2028-02-29T00:00:00Z", "9999-12-31T00:00:00Z")
DATES += ("0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "n/a", "")
DATES += ("2026-11-28", "2026-11-28 10:30:00", "28/11/2026", "11/28/2026", "05/04/2027", "46354", "1795861800", "soon")
DATES += ("2026-11-28T10:30:00+01:00", "2026-11-28t10:30:00z", "2026-11-28T10:30:00Z ", "2026-11-28T10:30:00X")
GUIDS: tuple[str, ...] = (
    GUID,
    GUID.upper(),
    GUID[:-1],
    f"{{{GUID}}}",
    f" {GUID}",
    "",
    "none",
    GUID.replace("-", "_"),
    "x" * 36,
)
CALENDARS: tuple[str, ...] = (
    "AAMkAGI2TGuLAAA=",
    "AAMk1=",
    "aamk1=",
    "",
    "none",
    "nothing",
    "-abc",
    "_abc",
    "AA?k",
    GUID,
    GUID.upper(),
)
CALENDARS += (
    "x" * 999,
    "x" * 1001,
    "AAMk 1",
    "AAMk\t1",
    "#N/A",
    "'AAMk1='",
    "NULL",
    "room-1@group.calendar.google.com",
)
COLUMNS = (IDS, IDS, NAMES, DATES, GUIDS, CALENDARS)


def plain_row(number: int) -> list[str]:
    """A row without any issue."""
    return list(map(str, mapping(number, SubscriptionExpireDate=DATES[number % 3])))


def rows_of(columns: Sequence[Sequence[str]]) -> st.SearchStrategy[list[str]]:
    """Rows that are mostly plain: few different ones, so that some come twice, or with one or two other cells."""
    others = st.lists(
        st.integers(0, len(columns) - 1).flatmap(lambda i: st.tuples(st.just(i), st.sampled_from(columns[i]))),
        max_size=2,
    )
    return st.builds(_with_cells, st.integers(1, 40).map(plain_row), others)


def _with_cells(row: list[str], others: list[tuple[int, str]]) -> list[str]:
    for position, cell in others:
        row[position] = cell
    return row


TAILS = st.sampled_from(((),) * 12 + ((""), ("", ""), ("note",), (" ",), ("", "far")))
ODD_LINES = st.sampled_from(
    (
        *("", ",,,,,", " , ,,,,", "Total,2", '1,2,"Room, 1",2026-11-28T10:30:00Z,,A', "1,2", ",".join(LABELS), "\x1a"),
        *('1,2,Ro"om,,,', "Resource,Member,Calendar,Expiry,Subscription,Cal ID"),
        "Member,Resource,Calendar,Expiry,Subscription,Cal ID",
    )
)
LINES = st.one_of(*[st.builds(lambda row, tail: ",".join([*row, *tail]), rows_of(COLUMNS), TAILS)] * 9, ODD_LINES)
HEADERS = st.sampled_from(
    (
        ",".join(LABELS),
        f"{','.join(LABELS)},Note",
        f"{','.join(LABELS)},,Note",
        f"{','.join(LABELS)},",
        ",".join(LABELS[:5]),
    )
)


def open_file(path: Path, home: Path, **options: object) -> Source | None:
    """The file with its columns matched; None if it is refused."""
    try:
        return open_source(path, Settings.model_validate({"home": home}), None, ReadOptions(**options))  # type: ignore[arg-type]
    except FileError:
        return None


def said(source: Source, **choices: bool) -> CheckResult | str:
    """What a check says of a file."""
    try:
        return examine(source, NOW, allow_duplicates=choices.get("allow_duplicates", False))
    except FileError as error:
        return str(error)


def without_gate(source: Source) -> Source:
    """The same file, its rows read in a way that no gate can look at."""
    return replace(source, sheet=replace(source.sheet, read=lambda: iter(source.sheet.read())))


def assert_same(source: Source, **choices: bool) -> None:
    """Whether the check says the same with a gate and without, and the same rows would be sent."""
    alone, together = said(without_gate(source), **choices), said(source, **choices)
    if isinstance(alone, str) or isinstance(together, str):
        assert alone == together
        return
    assert list(together.causes) == list(alone.causes)
    for name in ("rows", "valid", "invalid", "names", "collisions", "whole_columns", "record_ids", "names_beside"):
        assert getattr(together, name) == getattr(alone, name), name
    chunks = checked_chunks(
        source, NOW, together.collisions, allow_duplicates=False, whole_columns=together.whole_columns
    )
    if not choices:
        assert sum(len(chunk.valid) for chunk in chunks) == together.valid


@pytest.mark.parametrize("block", [1_000, 4 << 20])
@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_file_of_the_world_is_told_the_same(
    path: Path, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The samples, and the files that people have met, whole and in small blocks."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", block)
    monkeypatch.setattr(gate, "FEWEST_TAKEN", 0.0)
    for encoding in (None, "cp1252"):
        if (source := open_file(path, tmp_path, encoding=encoding)) is not None:
            assert_same(source)


@pytest.mark.parametrize("position", range(len(COLUMNS)))
def test_each_odd_cell_among_plain_rows_is_told_the_same(
    position: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every one of them, one a row, in a file of which a gate takes the rest."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 1_000)
    rows = [plain_row(number) for number in range(2, 140)]
    for index, cell in enumerate(COLUMNS[position], start=3):
        rows[2 * index][position] = cell
    path = tmp_path / "odd.csv"
    path.write_text("\n".join(map(",".join, [LABELS, *rows])), encoding="utf-8")
    source = open_file(path, tmp_path)
    assert source is not None
    assert_same(source)
    assert_same(source, allow_duplicates=True)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=HEADERS,
    lines=st.lists(LINES, min_size=1, max_size=16),
    block=st.sampled_from((300, 4 << 20)),
    end=st.sampled_from(("\n", "\r\n", "\r")),
    separator=st.sampled_from((",", ";", "\t")),
    encoding=st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16")),
    fewest=st.sampled_from((0.0, 0.25, 0.9)),
    allow_duplicates=st.booleans(),
)
def test_any_file_is_told_the_same(
    header: str,
    lines: list[str],
    block: int,
    end: str,
    separator: str,
    encoding: str,
    fewest: float,
    allow_duplicates: bool,
    tmp_path: Path,
) -> None:
    """Generated ones: plain rows, equal ones, rows of one key, odd cells, rows of another shape, other headers."""
    path = tmp_path / "any.csv"
    path.write_bytes(end.join([header, *lines]).replace(",", separator).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "BLOCK_BYTES", block)
        patch.setattr(gate, "FEWEST_TAKEN", fewest)
        if (source := open_file(path, tmp_path)) is not None:
            assert_same(source, **({"allow_duplicates": True} if allow_duplicates else {}))


def test_another_type_with_empty_cells_is_told_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a reference and a text may be empty; and where columns are not there at all."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 500)
    labels = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
    labels += ["WatchResourceId", "EventSyncToken"]
    rows = [[*plain_row(number), f"watch{number % 7}", f"token{number % 5}"] for number in range(1, 60)]
    for number, row in enumerate(rows):
        row[1], row[7] = row[1] if number % 3 else "", row[7] if number % 4 else ""
    path = tmp_path / "google.csv"
    for width in (8, 7):
        lines = [",".join(row[:width]) for row in [labels, *rows, *rows[7:9]]]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        source = open_file(path, tmp_path)
        assert source is not None
        assert source.kind.name == "CoworkerGoogleCalendar"
        assert_same(source)


def test_more_ids_than_are_collected_are_told_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are collected whatever their number."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 500)
    for module in (gate, checker_module):
        monkeypatch.setattr(module, "MOST_NAMES", 10)
    rows = [_with_cells(plain_row(number), [(0, "Room A")] * (number % 6 == 5)) for number in range(1, 60)]
    path = tmp_path / "many.csv"
    path.write_text("".join(f"{','.join(row)}\n" for row in [LABELS, *rows]), encoding="utf-8")
    source = open_file(path, tmp_path)
    assert source is not None
    assert_same(source)
    result = said(source)
    assert isinstance(result, CheckResult)
    assert 10 <= len(result.names["CoworkerId"]) < 30
    assert "Room A" in result.names["ResourceId"]


LISTED = [Entry(1000 + number, (f"Room {number}",)) for number in range(1, 30)]
DELETED = [Entry(1030, ("Room 30",), deleted=True)]


@pytest.mark.parametrize(
    "directories",
    [
        {"ResourceId": Directory("resource", [*LISTED, *DELETED])},
        {"ResourceId": Directory("resource", [*LISTED, *DELETED], complete=False)},
        {"ResourceId": Directory("resource", LISTED, none_listed=True)},
        {"CoworkerId": Directory("coworker", [], none_listed=True)},
    ],
)
def test_ids_that_are_not_listed_are_left_to_the_checker(
    directories: Mapping[str, Directory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of deleted records as well; a list may hold only some of the records."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 1_000)
    path = tmp_path / "listed.csv"
    path.write_text("\n".join(map(",".join, [LABELS, *map(plain_row, range(1, 80)), []])), encoding="utf-8")
    source = open_file(path, tmp_path)
    assert source is not None
    assert_same(replace(source, directories=directories))


def test_plain_rows_do_not_come_to_the_checker(tmp_path: Path) -> None:
    """All but the first, which may go on with the header; and their hashes are those of the checker."""
    path = tmp_path / "plain.csv"
    path.write_text("\n".join(map(",".join, [LABELS, *map(plain_row, range(1, 80)), []])), encoding="utf-8")
    source = open_file(path, tmp_path)
    assert source is not None
    assert isinstance(source.sheet.read, GatedRead)
    checker = checker_of(source, NOW, allow_duplicates=False)
    gate_of_checker = checker.gate()
    assert gate_of_checker is not None
    chunks = list(source.sheet.read(gate_of_checker))
    assert [chunk.index.tolist() for chunk in chunks] == [[2]]
    taken = gate_of_checker.taken().hashed
    [checked] = [checker_of(source, NOW, allow_duplicates=False).check(chunk) for chunk in source.sheet.read()]
    valid = checked.valid.loc[taken.rows]
    assert np.array_equal(taken.values, value_hashes(valid, source.kind))
    assert np.array_equal(taken.keys, key_hashes(valid, source.kind, source.kind.key))


def test_a_gate_that_takes_little_is_asked_less_and_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a file in which every row is wrong is checked as fast as without one."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 300)
    path = tmp_path / "wrong.csv"
    rows = [_with_cells(plain_row(number), [(0, "12x")]) for number in range(1, 400)]
    path.write_text("\n".join(map(",".join, [LABELS, *rows])), encoding="utf-8")
    source = open_file(path, tmp_path)
    assert source is not None
    assert isinstance(source.sheet.read, GatedRead)
    asked: list[int] = []
    gate_of_checker = checker_of(source, NOW, allow_duplicates=False).gate()
    assert gate_of_checker is not None
    ordinary = gate_of_checker._ordinary

    def counted(block: CellBytes) -> Mask:
        asked.append(block.first)
        return ordinary(block)

    monkeypatch.setattr(gate_of_checker, "_ordinary", counted)
    blocks = len(list(source.sheet.read(gate_of_checker)))
    assert blocks > 100
    assert len(asked) < 12


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({"cells": {"C3": "Other room"}}, ""),
        ({"left_out": (3,)}, ""),
        ({"answers": {"3": 7}}, ""),
        ({}, f"{','.join(LABELS)}\n"),
        ({}, "1,2,=1+1,2026-11-28T10:30:00Z,,A\n"),
    ],
)
def test_where_rows_are_not_what_the_file_says_there_is_no_gate(
    options: Mapping[str, object], more: str, tmp_path: Path
) -> None:
    """Corrected cells, rows left out, answers of a person, extra rows, formulas: the checker sees all rows."""
    path = tmp_path / "changed.csv"
    lines = "".join(f"{','.join(row)}\n" for row in [LABELS, *map(plain_row, range(1, 20))])
    path.write_text(lines + more, encoding="utf-8")
    source = open_file(path, tmp_path, **options)
    assert source is not None
    has_gate = checker_of(source, NOW, allow_duplicates=False).gate() is not None
    assert not (has_gate and isinstance(source.sheet.read, GatedRead))
    assert_same(source)
