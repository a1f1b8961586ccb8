"""Whatever stands in a cell, a report is data: nothing in it runs, and nothing of it is lost."""

import csv
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.journal.journal import Journal, open_journal
from importer.journal.runs import NewRun, Run
from importer.reporting import write_report
from importer.spreadsheet import open_sheet
from importer.spreadsheet.formulas import TRIGGERS

# Not in it: NUL, by which the reader knows that a file is no text, and halves of characters, which no file can hold.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
AWKWARD = st.sampled_from(
    [
        "=cmd|'/c calc'!A1",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",  # noqa: RUF001
        "'=1",
        "''@x",
        ";=1",
        '"=1',
        "<r><t>x</t></r>",
        "_x0041_",
        "https://example.com",
        "mailto:a@example.com",
        "00123",
        "1e5",
        "NA",
        "TRUE",
        "a\x0bb",
        " spaces ",
        "😀" * 9,
    ]
)
CELLS = st.one_of(AWKWARD, st.text(CHARACTERS, max_size=40))
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(lambda row: any(c.strip() for c in row)), max_size=8)
FEW = settings(max_examples=60)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    """One journal for all examples: making one durably is what takes time."""
    with open_journal(f"sqlite:///{tmp_path_factory.mktemp('journal') / 'journal.sqlite3'}") as opened:
        yield opened


@contextmanager
def report_of(journal: Journal, rows: list[list[str]]) -> Iterator[Path]:
    """The folder of a report about these rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["Name", "Floor", "Remark"], *rows])
        write_report(journal, _begin(journal, folder), now=1.0)
        yield folder / "out"


def _begin(journal: Journal, folder: Path) -> Run:
    return journal.runs.add(
        NewRun(
            kind="CoworkerMsOfficeCalendar",
            url="https://spaces.nexudus.com",
            endpoint="x",
            file="in.csv",
            sha256="",
            copy=str(folder / "in.csv"),
            options={"read": {"separator": ","}},
            started=0.0,
            folder=str(folder / "out"),
        )
    )


def cells_of(path: Path) -> list[list[str]]:
    """The user's own cells of a report, as the importer reads them."""
    sheet = open_sheet(path)
    return [cells for chunk in sheet.read() for cells in chunk[[0, 1, 2]].to_numpy().tolist()]


@FEW
@given(rows=ROWS)
def test_a_report_is_data_and_gives_back_what_the_user_wrote(journal: Journal, rows: list[list[str]]) -> None:
    """Nothing in a CSV or workbook is a formula, a link or a number, and read again every cell is what it was."""
    with report_of(journal, rows) as folder:
        with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
            assert not [cell for cells in csv.reader(file, strict=True) for cell in cells if cell.startswith(TRIGGERS)]
        assert cells_of(folder / "report.csv") == rows
        with zipfile.ZipFile(folder / "report.xlsx") as parts:
            xml = b"".join(parts.read(name) for name in parts.namelist())
        assert not [mark for mark in (b"<f>", b"<f ", b"<hyperlink", b"externalLink", b"<v>") if mark in xml]
        assert cells_of(folder / "report.xlsx") == [[as_xml_can(cell) for cell in row] for row in rows]


def as_xml_can(text: str) -> str:
    """The text with the two characters replaced that XML cannot hold in any way."""
    return text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
