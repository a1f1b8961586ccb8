"""The CSV of a report, byte by byte where programs depend on it."""

import csv
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from importer.model import Outcome, Status
from importer.reporting.delimited import DelimitedReport, added_cells
from importer.reporting.lines import Line
from importer.spreadsheet import REPORT_COLUMNS, open_sheet
from importer.spreadsheet.formulas import escape_formula, unescape_formula


def written(folder: Path, labels: tuple[str, ...], *lines: Line) -> bytes:
    """The file of a report with these rows."""
    with DelimitedReport(folder / "report.csv", labels) as report:
        for line in lines:
            report.add(line)
    return (folder / "report.csv").read_bytes()


def test_the_file_is_what_every_program_reads(tmp_path: Path) -> None:
    """A mark for Excel, CRLF, every cell quoted, and the added columns behind the user's own."""
    line = Line(Outcome(2, Status.CREATED, 7, 'said "yes"'), ("1", "Zoë"))
    assert written(tmp_path, ("Id", "Name"), line) == (
        b'\xef\xbb\xbf"Id","Name","import_row","import_status","import_id","import_message"\r\n'
        b'"1","Zo\xc3\xab","2","created","7","said ""yes"""\r\n'
    )


def test_a_row_without_a_record_has_no_id() -> None:
    """An empty cell, and not a word for nothing."""
    assert added_cells(Line(Outcome(9, Status.NOT_SENT), ())) == ("9", "not sent", "", "")
    assert added_cells(Line(Outcome(9, Status.UNKNOWN, None, "look"), ())) == ("9", "unknown", "", "look")


def test_cells_beyond_the_last_header_stay_beyond_it(tmp_path: Path) -> None:
    """Behind the added columns, so that a row shifted by a separator is found wrong again."""
    line = Line(Outcome(2, Status.INVALID), ("a",), extra=("b", "", "c"))
    rows = list(csv.reader(written(tmp_path, ("Name",), line).decode("utf-8-sig").splitlines()))
    assert rows[1] == ["a", "2", "invalid", "", "", "b", "", "c"]


def test_half_a_character_stops_no_report(tmp_path: Path) -> None:
    """A reply of the service can hold one; it is written as what it is."""
    line = Line(Outcome(2, Status.REJECTED, None, "no \ud83d"), ("a",))
    assert b'"no \\ud83d"' in written(tmp_path, ("Name",), line)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(CELL, CELL), max_size=5))
def test_what_is_written_is_read_back(memory: Path, rows: list[tuple[str, str]]) -> None:
    """Made harmless and quoted, every cell is found again by any reader of CSV."""
    lines = [Line(Outcome(number, Status.CREATED, number), row) for number, row in enumerate(rows, start=2)]
    written(memory, ("A", "B"), *lines)
    with (memory / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *read = csv.reader(file, strict=True)
    assert header == ["A", "B", *REPORT_COLUMNS]
    assert [tuple(map(unescape_formula, cells[:2])) for cells in read] == rows
    assert [[cells[0], cells[1]] for cells in read] == [[escape_formula(a), escape_formula(b)] for a, b in rows]


def test_the_added_columns_are_skipped_by_the_reader(tmp_path: Path) -> None:
    """So that a report goes back in as it is."""
    written(tmp_path, ("A",), Line(Outcome(2, Status.CREATED, 7, "x"), ("a",)))
    sheet = open_sheet(tmp_path / "report.csv")
    assert [sheet.labels[position] for position in sheet.columns] == ["A"]
    assert sheet.is_report
