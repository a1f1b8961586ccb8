"""Text files as people have them, from the file to what is sent: the value that a person sees, or a word about it.

The files were made for this project after public reports; nothing in them is anybody's. Workbooks of the same kind are
in tests/spreadsheet/test_workbook_cases.py.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from importer.config.settings import Settings
from importer.errors import FileError
from importer.runs.source import checked_chunks, examine, open_source
from importer.spreadsheet import ReadOptions

FILES = Path(__file__).with_name("spreadsheet") / "files"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Right:
    """What is right about a file: the names that would be sent, and the codes of what is said, each with how often."""

    names: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    issues: dict[str, int] = field(default_factory=dict)
    encoding: str | None = None


READ = {
    "macroman.csv": Right(("Café Zürich – Salle à côté",), encoding="mac_roman"),  # noqa: RUF001
    "cp1250.csv": Right(("Sala Łódź ęą",), encoding="cp1250"),
    "cp1251.csv": Right(("Переговорная 1",), encoding="cp1251"),
    "shiftjis.csv": Right(("会議室A",), encoding="cp932"),
    "iso8859-15-euro.csv": Right(("Salle 5€ œuvre",), encoding="iso8859_15"),
    "mojibake.csv": Right(("CafÃ© ZÃ¼rich",), issues={"double-encoded": 1}),
    "bom-middle.csv": Right(("Room 1", "Room 2"), ("header-repeated",)),
    "html-entities.csv": Right(("Smith &amp; Sons &#39;Den&#39; Caf&eacute;",), issues={"html-entities": 1}),
    "excel-text-formula.csv": Right(("Room 1",), issues={"text-as-formula": 5}),
    "apostrophe.csv": Right(("'Room 1",), issues={"quotes-removed": 1, "quotes-in-text": 1}),
    "single-quotes.csv": Right(("'Room 1'",), issues={"quotes-removed": 2, "quotes-in-text": 1}),
    "ctrl-z.csv": Right(("Room 1",)),
    "two-line-header.csv": Right(("Room 1",), ("title-above",)),
    "title-3of6.csv": Right(("Room 1",), ("title-above",)),
    "name-converted.csv": Right(("2.00E+01", "03-Feb", "Feb-03", "1.00E+05"), issues={"value-converted": 4}),
    "question-marks.csv": Right(("???????? ?????????",), issues={"letters-replaced": 1}),
    "fullwidth-label.csv": Right(("Room 1",)),
    "nfc-nfd-dup.csv": Right(("Café",), issues={"duplicate-row": 1}),
}
REFUSED = {
    "macroman.csv": "can be read in more than one way",
    "cp1250.csv": "can be read in more than one way",
    "cp1251.csv": "can be read in more than one way",
    "shiftjis.csv": "can be read in more than one way",
    "iso8859-15-euro.csv": "can be read in more than one way",
    "utf8-cut-char.csv": "in line 2 a text ends in the middle of a character",
    "caret-sep.csv": '--delimiter "^"',
    "header-comma-rows-semicolon.csv": "row 1 is separated by commas, but the rows below it by semicolons",
    "label-desk-id.csv": "has no column for ResourceId and CoworkerId",
    "html.csv": "is a web page, not a table",
    "all-lines-quoted.csv": "each whole line stands in quotes",
    "tabs-and-spaces.csv": "the columns are lined up with blanks",
}


def settings_in(folder: Path) -> Settings:
    """Those of an installation with nothing remembered."""
    return Settings.model_validate({"home": folder})


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_as_a_person_sees_it(name: str, tmp_path: Path) -> None:
    """Its names as they would be sent; what may not be meant so is said at the file or at the cell."""
    right = READ[name]
    settings = settings_in(tmp_path)
    source = open_source(FILES / name, settings, None, ReadOptions(encoding=right.encoding))
    result = examine(source, NOW, allow_duplicates=False)
    chunks = checked_chunks(source, NOW, result.collisions, allow_duplicates=False)
    sent = [json.loads(record.body)["Name"] for chunk in chunks for record in chunk.records()]
    assert tuple(sent) == right.names
    assert tuple(notice.code for notice in source.sheet.notices) == right.notices
    assert Counter(issue.code for issue in result.issues) == right.issues


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_for_certain_is_refused_with_what_to_do(name: str, tmp_path: Path) -> None:
    """The sentence is about this kind of file, and never advises to map a whole line."""
    with pytest.raises(FileError) as error:
        open_source(FILES / name, settings_in(tmp_path), None, ReadOptions())
    assert REFUSED[name] in f"{error.value.message} {error.value.advice}"
    assert error.value.advice
    assert ",CoworkerId" not in error.value.advice


def test_the_dates_of_real_programs_are_read_and_traps_are_not(tmp_path: Path) -> None:
    """Twenty spellings of one instant are all read; of 27 traps, five are dates that only look odd."""
    settings = settings_in(tmp_path)
    for name, valid, invalid in (("dates-real-formats.csv", 20, 0), ("dates-traps.csv", 5, 22)):
        source = open_source(FILES / name, settings, None, ReadOptions(zone="UTC"))
        result = examine(source, NOW, allow_duplicates=True)
        assert (result.valid, result.invalid) == (valid, invalid)
