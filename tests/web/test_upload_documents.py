"""What a check found, in and out of the documents beside an upload."""

import json

import pytest

from importer.config.store import UnreadableError
from importer.errors import EncodingError, FileError, SheetsError
from importer.issues import Candidate, Notice, Severity
from importer.runs.source import ColumnMatch
from importer.web.upload_documents import (
    CANDIDATES,
    CHECK,
    PROGRESS,
    Candidates,
    CauseSummary,
    CellIssue,
    CheckedRow,
    CheckedRows,
    CheckProgress,
    Header,
    Problem,
    UploadCheck,
    row_line,
    starts_row,
    to_row,
)

HEADER = Header(
    kind="CoworkerMsOfficeCalendar",
    remembered=True,
    sheet="Rooms",
    row=3,
    notices=(Notice("hidden-rows", {"count": 2}), Notice("encoding-guessed", {"example": "Café"})),
    columns=(ColumnMatch("Name", "A", "Room", "alias", ("Ünique", "x")), ColumnMatch(None, "B", "Notes", "unused", ())),
    labels=("Room", "Notes"),
    letters=("A", "B"),
    missing=("ResourceId",),
    required=("ResourceId", "Name"),
)
CAUSE = CauseSummary(
    "cell-empty:A", "cell-empty", "Name", "Empty.", "Fill.", Severity.ERROR, "A", 2, ("A2",), {"trim": 1}
)
ROWS = CheckedRows(5, 3, 2, 1, (CAUSE,), {"ResourceId": ("Studio", "12")})
WHOLE = UploadCheck(
    7, None, False, ("One", "Two"), HEADER, ROWS, True, "ops@example.com at http://x", Problem("Down.", "Later.")
)


@pytest.mark.parametrize(
    "check",
    [WHOLE, UploadCheck(1), UploadCheck(2, header=HEADER), UploadCheck(3).with_error(FileError("No.", "Do."))],
)
def test_a_check_comes_back_as_it_was(check: UploadCheck) -> None:
    """However far it came."""
    assert CHECK.decode(CHECK.encode(check)) == check


def test_candidates_and_progress_come_back_as_they_were() -> None:
    """With every record that a name may mean."""
    candidates = Candidates({"ResourceId": {"Studio": (Candidate(1, ("Studio",), "North"), Candidate(2, (), ""))}})
    assert CANDIDATES.decode(CANDIDATES.encode(candidates)) == candidates
    assert [one.id for one in candidates.of("ResourceId", "Studio")] == [1, 2]
    assert candidates.of("ResourceId", "studio") == candidates.of("Name", "Studio") == ()
    progress = CheckProgress(3, 4_000, looking_up=True)
    assert PROGRESS.decode(PROGRESS.encode(progress)) == progress


@pytest.mark.parametrize("number", [None, 1, 2, 3, 99])
def test_a_check_of_another_format_is_no_check(number: int | None) -> None:
    """The page makes it again; half of it would be a wrong one."""
    document = json.loads(CHECK.encode(WHOLE)) | {"format": number}
    with pytest.raises(UnreadableError):
        CHECK.decode(
            json.dumps({name: value for name, value in document.items() if value is not None or name != "format"})
        )


@pytest.mark.parametrize(
    ("missing", "doubled", "fits"),
    [((), None, True), (("Name",), None, False), ((), Problem("Two.", "One."), False)],
)
def test_rows_are_checked_once_the_columns_fit(missing: tuple[str, ...], doubled: Problem | None, fits: bool) -> None:
    """Every required field has one column."""
    header = Header("", False, None, 1, (), (), (), (), missing, (), doubled)
    assert header.fits == fits
    assert not header.encoding_guessed
    assert HEADER.encoding_guessed


def test_an_error_takes_the_place_of_the_rows() -> None:
    """It keeps what it is about: sheets to choose from, or an encoding."""
    broken = WHOLE.with_error(SheetsError("Which?", "Choose.", ["A", "B"]), ("A", "B"))
    assert (broken.error, broken.rows, broken.sheets) == (Problem("Which?", "Choose."), None, ("A", "B"))
    assert not broken.wrong_encoding
    assert WHOLE.with_error(EncodingError("Not UTF-8.", "Try another.")).wrong_encoding


ROW = CheckedRow(
    12,
    {"A": 'a\t"b"\nc', "B": "\ud800 é"},
    (
        CellIssue("A", "cell-empty", "Name", Severity.ERROR, "Empty.", "Fill."),
        CellIssue("", "duplicate-row", "", Severity.WARNING, "Twice.", "Once."),
    ),
)


def test_a_row_is_one_line_whatever_stands_in_it() -> None:
    """Tabs, line ends and halves of characters included; it comes back as it was."""
    line = row_line(ROW, ["error", "cell-empty:A"])
    assert line.endswith(b"\n")
    assert line.count(b"\n") == line.count(b"\t") == 1
    tags, _, document = line.partition(b"\t")
    assert tags == b"error cell-empty:A "
    assert to_row(document) == ROW


@pytest.mark.parametrize(("number", "starts"), [(12, True), (1, False), (2, False), (120, False)])
def test_a_row_is_recognised_by_its_number(number: int, starts: bool) -> None:
    """Without reading its JSON, and row 1 is not taken for row 12."""
    _, _, document = row_line(ROW, []).partition(b"\t")
    assert document.startswith(starts_row(number)) == starts


@pytest.mark.parametrize(
    ("severities", "wrong"),
    [([], False), ([Severity.WARNING], False), ([Severity.WARNING, Severity.ERROR], True)],
)
def test_a_row_with_an_error_is_wrong(severities: list[Severity], wrong: bool) -> None:
    """A warning keeps it from nothing."""
    issues = tuple(CellIssue("A", "x", "", severity, "", "") for severity in severities)
    assert CheckedRow(2, {}, issues).is_wrong == wrong
