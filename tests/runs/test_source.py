"""A spreadsheet on its way in: matched, copied, examined; and refused when it changes on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import LABELS, Desk, Service, mapping

from importer.checking import Checked
from importer.config.saved_columns import remember, remember_dates
from importer.config.settings import Settings
from importer.config.shelf import FileShelf
from importer.errors import ColumnsError, EncodingError, Exit, FileError, UsageError
from importer.runs.source import (
    Source,
    checked_chunks,
    columns,
    examine,
    look_at_columns,
    missing,
    open_source,
    own_labels,
    reopen,
    snapshot,
)
from importer.spreadsheet import STAMPS, ReadOptions, encodings
from schemas import RECORD_TYPES

NOW = 1_700_000_000.0
KIND = RECORD_TYPES["CoworkerMsOfficeCalendar"]
READ = ReadOptions()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of its own."""
    return Settings.model_validate({"home": tmp_path / "home"})


def write(path: Path, rows: Sequence[Sequence[object]], labels: Sequence[object] = LABELS) -> Path:
    """A CSV with these rows."""
    path.write_text("\n".join(";".join(map(str, row)) for row in [labels, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_file_is_recognised_and_examined(tmp_path: Path, settings: Settings) -> None:
    """Its type by its labels, its rows counted as valid and invalid."""
    rows = [mapping(2), mapping(3, ResourceId="x"), mapping(4)]
    source = open_source(write(tmp_path / "a.csv", rows), settings, None, READ)
    result = examine(source, NOW, allow_duplicates=False)
    assert source.kind is KIND
    assert (result.rows, result.valid, result.invalid) == (3, 2, 1)
    assert "not-a-whole-number" in {issue.code for issue in result.issues if issue.row == 3} or result.names


def test_two_rows_of_one_key_far_apart_are_both_told(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that had passed before its twin came is looked at once more; the chunks to be sent hold neither."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 2_000)
    rows = [mapping(number) for number in range(2, 32)]
    rows[-1] = [*mapping(2)[:2], "Another name", *mapping(2)[3:]]
    source = open_source(write(tmp_path / "a.csv", rows), settings, None, READ)
    assert len(list(source.sheet.read())) > 1
    result = examine(source, NOW, allow_duplicates=False)
    told = {issue.row: issue.detail for issue in result.issues if issue.code == "duplicate-key"}
    assert told == {2: "31", 31: "2"}
    assert (result.valid, result.invalid) == (28, 2)
    for collisions in (result.collisions, None):
        chunks = checked_chunks(source, NOW, collisions, allow_duplicates=False)
        assert [record.row for chunk in chunks for record in chunk.records()] == list(range(3, 31))
    assert examine(source, NOW, allow_duplicates=True).valid == 30


def test_a_column_in_which_all_dates_are_past_is_told_once(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the result, in what a front end is shown of the rows, and in what a run writes down; no row is left out."""
    monkeypatch.setattr(encodings, "BLOCK_BYTES", 2_000)
    file = write(tmp_path / "a.csv", [mapping(n, SubscriptionExpireDate="2023-01-01") for n in range(2, 32)])
    source, shown = open_source(file, settings, None, READ), Shown()
    assert len(list(source.sheet.read())) > 1
    result = examine(source, NOW, allow_duplicates=False, sink=shown)
    written = checked_chunks(source, NOW, {}, allow_duplicates=False, whole_columns=result.whole_columns)
    again = checked_chunks(source, NOW, None, allow_duplicates=False)
    for issues in (
        result.issues,
        examine(source, NOW, allow_duplicates=False).issues,
        [issue for checked in shown.chunks for issue in checked.issues],
        [issue for checked in written for issue in checked.issues],
        [issue for checked in again for issue in checked.issues],
    ):
        assert [(issue.code, issue.row, issue.value) for issue in issues] == [("dates-past", None, "2023-01-01")]
    assert (result.rows, result.valid, sum(checked.rows for checked in shown.chunks)) == (30, 30, 30)


class Shown:
    """What a front end is given of the chunks."""

    def __init__(self) -> None:
        self.chunks: list[Checked] = []

    def restart(self) -> None:
        """Forget them."""
        self.chunks.clear()

    def add(self, _chunk: pd.DataFrame, checked: Checked) -> None:
        """Take one down."""
        self.chunks.append(checked)


def test_a_file_without_rows_is_refused(tmp_path: Path, settings: Settings) -> None:
    """A header alone is nothing to import."""
    source = open_source(write(tmp_path / "a.csv", []), settings, None, READ)
    with pytest.raises(FileError, match=r"a\.csv"):
        examine(source, NOW, allow_duplicates=False)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS, "has a header, but no rows below it, so there is nothing to import."),
        ([*LABELS, "Id", *STAMPS], "is an export without any record, so there is nothing to import."),
    ],
)
def test_what_has_no_rows_is_told_by_what_it_is(
    tmp_path: Path, settings: Settings, labels: Sequence[object], words: str
) -> None:
    """Rows are missing in a sheet; an export may rightly have none, and is not to be filled in by hand."""
    source = open_source(write(tmp_path / "a.csv", [], labels), settings, None, ReadOptions())
    with pytest.raises(FileError) as raised:
        examine(source, 0.0, allow_duplicates=False)
    assert raised.value.message == f"a.csv {words}"
    assert raised.value.exit_code is Exit.FILE


def test_missing_columns_are_named_and_not_fatal_to_who_only_looks(tmp_path: Path, settings: Settings) -> None:
    """A page shows what there is; an import needs the rest."""
    file = write(tmp_path / "a.csv", [[1]], ["ResourceId"])
    looked_at = look_at_columns(file, settings, KIND, READ)
    assert missing(looked_at) == [name for name in KIND.required(KIND.paths[0]) if name != "ResourceId"]
    with pytest.raises(ColumnsError):
        open_source(file, settings, KIND, READ)


def test_remembered_columns_are_used_unless_others_are_chosen(tmp_path: Path, settings: Settings) -> None:
    """And it is known that they were remembered."""
    labels = ["Wo", *LABELS[1:]]
    file = write(tmp_path / "a.csv", [mapping(2)], labels)
    remember(labels, {"Wo": "ResourceId"}, FileShelf(settings.home))
    source = open_source(file, settings, None, READ)
    assert source.remembered
    assert (source.read.map, missing(source)) == ({"Wo": "ResourceId"}, [])
    chosen = look_at_columns(file, settings, KIND, replace(READ, map={"Wo": "Name"}))
    assert (chosen.remembered, chosen.read.map) == (False, {"Wo": "Name"})


def test_failed_rows_that_come_back_are_read_as_the_file_was(tmp_path: Path, settings: Settings) -> None:
    """Else their times would be others; a file of the user's own is read as it is asked for."""
    remember_dates(LABELS, "dmy", "Europe/London", FileShelf(settings.home))
    added = ["import_row", "import_status", "import_id", "import_message"]
    failed = write(tmp_path / "failed.csv", [[*mapping(2), 2, "rejected", "", "no"]], [*LABELS, *added])
    back = look_at_columns(failed, settings, None, READ)
    assert (back.read.dates, back.read.zone) == ("dmy", "Europe/London")
    assert [notice.code for notice in back.sheet.notices] == ["dates-as-before"]
    assert own_labels(back.sheet) == LABELS
    asked = look_at_columns(failed, settings, None, replace(READ, zone="Asia/Tokyo"))
    assert (asked.read.zone, asked.sheet.notices) == ("Asia/Tokyo", ())
    mine = look_at_columns(write(tmp_path / "a.csv", [mapping(2)]), settings, None, READ)
    assert (mine.read.dates, mine.read.zone) == (None, "UTC")


def test_a_copy_is_what_was_checked(tmp_path: Path, settings: Settings) -> None:
    """Whatever happens to the original afterwards; and a change before it was copied is noticed."""
    file = write(tmp_path / "a.csv", [mapping(2)])
    source = open_source(file, settings, None, READ)
    copied = snapshot(source, settings.home / "files")
    file.write_text("something else")
    assert examine(copied, NOW, allow_duplicates=False).rows == 1
    with pytest.raises(FileError, match="was changed"):
        snapshot(source, settings.home / "files")
    assert list((settings.home / "files").iterdir()) == [copied.copy]


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_copy_that_is_not_what_it_was_is_refused(tmp_path: Path, settings: Settings, damage: str) -> None:
    """Under the name that the user calls the file."""
    copied = snapshot(open_source(write(tmp_path / "a.csv", [mapping(2)]), settings, None, READ), settings.home)
    again = reopen(copied.copy, copied.sha256, KIND, copied.endpoint, READ, "mine.csv")
    assert (again.file.name, examine(again, NOW, allow_duplicates=False).rows) == ("mine.csv", 1)
    copied.copy.unlink()
    if damage == "changed":
        write(copied.copy, [mapping(3)])
    with pytest.raises(UsageError, match=r"mine\.csv"):
        reopen(copied.copy, copied.sha256, KIND, copied.endpoint, READ, "mine.csv")


def test_each_field_and_each_column_is_told_once(tmp_path: Path, settings: Settings) -> None:
    """With its letters, how it was matched, and the first three texts in it."""
    labels = ["ResourceId", "Room name", "CalenderId", "Colour"]
    rows: list[list[object]] = [[1, "", "c1", ""], [2, "b", "c2", "x"], [3, "c", "c3", "y"], [4, "d", "c4", "z"]]
    source = look_at_columns(write(tmp_path / "a.csv", rows, labels), settings, KIND, READ)
    told = {match.field or match.label: match for match in columns(source)}
    assert [match.field for match in columns(source)][: len(KIND.fields)] == list(KIND.fields)
    assert (told["ResourceId"].how, told["ResourceId"].samples) == ("exact", ("1", "2", "3"))
    assert (told["CalendarId"].how, told["CalendarId"].column) == ("guess", "C")
    assert (told["SubscriptionId"].how, told["SubscriptionId"].column) == ("-", None)
    assert (told["Colour"].how, told["Colour"].column, told["Colour"].samples) == ("unused", "D", ("x", "y", "z"))


@pytest.mark.parametrize(
    ("typed", "variables", "zone", "instant"),
    [
        ((), {}, "UTC", "10:30:00Z"),
        ((), {"TZ": "Europe/Berlin"}, "Europe/Berlin", "09:30:00Z"),
        ((), {"TZ": "Europe/Berlin", "IMPORTER_TIME_ZONE": "Asia/Kolkata"}, "Asia/Kolkata", "05:00:00Z"),
        (("--tz", "UTC"), {"TZ": "Europe/Berlin"}, "UTC", "10:30:00Z"),
    ],
)
def test_times_without_a_zone_are_read_in_that_of_the_machine(
    desk: Desk, service: Service, typed: Sequence[str], variables: Mapping[str, str], zone: str, instant: str
) -> None:
    """Unless a setting or the command says otherwise; which one it was is said once, and it stays so for the run."""
    desk.variables |= variables
    day = "2027-01-30"
    file = desk.write("rows.csv", [mapping(n, SubscriptionExpireDate=f"{day} 10:30") for n in (2, 3)])
    done = desk.type_in_a_shell("run", file, "--yes", *typed)
    assert done.err.count(f"They are read as {zone} time.") == 1
    assert {record["SubscriptionExpireDate"] for record in service.records} == {f"{day}T{instant}"}


def polish(path: Path, encoding: str, name: str = "Sala Łódź") -> Path:
    """A file of one row in a code page."""
    text = "\n".join(";".join(map(str, row)) for row in [list[object](LABELS), mapping(2, Name=name)])
    path.write_bytes(f"{text}\n".encode(encoding))
    return path


def names_in(source: Source) -> list[str]:
    """The names of the rows that would be sent."""
    return [cells[2] for chunk in source.sheet.read() for cells in chunk.to_numpy().tolist()]


def test_an_encoding_is_chosen_once_for_all_files_with_one_header(tmp_path: Path, settings: Settings) -> None:
    """The first is refused with what to choose from; the next is read so, with a notice that every copy has too."""
    first, second = polish(tmp_path / "a.csv", "cp1250"), polish(tmp_path / "b.csv", "cp1250", "Książę")
    with pytest.raises(EncodingError) as refused:
        open_source(first, settings, None, READ)
    assert refused.value.samples["cp1250"] == "Sala Łódź"
    chosen = open_source(first, settings, None, ReadOptions(encoding="cp1250"))
    assert (names_in(chosen), [notice.code for notice in chosen.sheet.notices]) == (["Sala Łódź"], [])
    source = open_source(second, settings, None, READ)
    assert names_in(source) == ["Książę"]
    assert [notice.values["example"] for notice in source.sheet.notices] == ["Książę"]
    copy = snapshot(source, tmp_path / "copies")
    again = reopen(copy.copy, source.sha256, KIND, source.endpoint, source.read, "b.csv")
    assert (names_in(again), again.sheet.notices) == (["Książę"], source.sheet.notices)


def test_a_file_of_another_program_is_not_read_in_the_remembered_encoding(tmp_path: Path, settings: Settings) -> None:
    """The header is the same, but the letters would make no words."""
    open_source(polish(tmp_path / "a.csv", "cp1250"), settings, None, ReadOptions(encoding="cp1250"))
    with pytest.raises(EncodingError):
        open_source(polish(tmp_path / "b.csv", "cp1251", "Переговорная"), settings, None, READ)


@pytest.mark.parametrize(
    ("chosen", "page", "name"),
    [("cp1250", "cp1252", "Salle Crème"), ("cp1252", "cp1250", "Gdańsk"), ("cp1254", "cp1252", "Peñón")],
)
def test_a_remembered_encoding_is_no_guess_about_the_next_file(
    chosen: str, page: str, name: str, tmp_path: Path, settings: Settings
) -> None:
    """Every file that begins as the template does has one header: where another page makes words too, it is asked."""
    open_source(polish(tmp_path / "a.csv", chosen, "Tür Çö"), settings, None, ReadOptions(encoding=chosen))
    with pytest.raises(EncodingError, match=f"You chose {chosen} for an earlier file") as refused:
        open_source(polish(tmp_path / "b.csv", page, name), settings, None, READ)
    assert next(iter(refused.value.samples)) == chosen
    assert name in refused.value.samples.values()


def test_an_encoding_is_remembered_only_where_it_matters(tmp_path: Path, settings: Settings) -> None:
    """A file that shows it is UTF-8 says nothing about others."""
    open_source(write(tmp_path / "a.csv", [mapping(2)]), settings, None, ReadOptions(encoding="cp1252"))
    with pytest.raises(EncodingError) as refused:
        open_source(polish(tmp_path / "b.csv", "cp1252", "Büro Süd"), settings, None, READ)
    assert "You chose" not in f"{refused.value.message} {refused.value.advice}"


def test_a_header_that_its_labels_show_is_named_for_every_later_reading(tmp_path: Path, settings: Settings) -> None:
    """Below a line of group names as full as it; the copy is read with no knowledge of fields."""
    path = tmp_path / "a.csv"
    write(path, [list(LABELS), mapping(3)], labels=["Room", "Member", *["Calendar"] * (len(LABELS) - 2)])
    source = open_source(path, settings, None, READ)
    assert (source.sheet.header_row, source.read.header_row) == (2, 2)
    copy = snapshot(source, tmp_path / "copies")
    assert copy.sheet.header_row == 2
    assert copy.sheet.notices == source.sheet.notices


def test_the_row_of_the_header_is_that_which_is_named(tmp_path: Path, settings: Settings) -> None:
    """With columns that only a --map can match."""
    path = tmp_path / "a.csv"
    labels = [f"Spalte {number}" for number in range(len(LABELS))]
    write(path, [labels, mapping(3)], labels=["Liste"] * len(LABELS))
    chosen = dict(zip(labels, LABELS, strict=True))
    source = open_source(path, settings, None, ReadOptions(header_row=2, map=chosen))
    assert (source.sheet.header_row, examine(source, NOW, allow_duplicates=False).rows) == (2, 1)
    by_labels = open_source(path, settings, None, ReadOptions(map=chosen))
    assert by_labels.read == source.read
    with pytest.raises(ColumnsError, match="has no column") as refused:
        open_source(path, settings, None, ReadOptions(header_row=1))
    assert "--header-row N" in refused.value.advice
