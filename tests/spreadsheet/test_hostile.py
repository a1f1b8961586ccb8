"""Hostile files: each ends in one sentence, this process lives, and nothing is unpacked, fetched or run."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import GIVE_UP

from importer.errors import FileError
from importer.issues import notice_text
from importer.spreadsheet import workbook
from importer.spreadsheet.workbook_child import limits
from spreadsheet.making import MAIN, opened, pack, rows_of, sheet_xml, text_row, xlsx_parts

HEAD = text_row(1, "ResourceId")
ROW = text_row(2, "1")
LAUGHS = "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">'
LAUGHS += "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def one_cell(where: str) -> str:
    """A sheet with a header and one far cell."""
    return sheet_xml(HEAD, f'<row r="{where.lstrip("ABCDFVX")}"><c r="{where}"><v>1</v></c></row>')


def named(doctype: str) -> dict[str, str | bytes]:
    """A workbook whose sheet is named by an entity."""
    parts = xlsx_parts(sheet_xml(HEAD, ROW))
    return parts | {"xl/workbook.xml": doctype + str(parts["xl/workbook.xml"]).replace("Data", "&j;")}


def shared(doctype: str) -> dict[str, str | bytes]:
    """A workbook with an entity among its shared texts."""
    row = '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    return xlsx_parts(sheet_xml(HEAD, row), f"{doctype}<sst {MAIN}><si><t>&j;</t></si></sst>")


def with_part(name: str) -> dict[str, str | bytes]:
    """A good workbook with one part more."""
    return xlsx_parts(sheet_xml(HEAD, ROW)) | {name: "x"}


HOSTILE: dict[str, tuple[Callable[[], dict[str, str | bytes]], str]] = {
    "sparse cells": (lambda: xlsx_parts(one_cell("XFD1048576")), "needs more memory than is available"),
    "fewer sparse cells": (lambda: xlsx_parts(one_cell("CV1048576")), "needs more memory than is available"),
    "16,384 columns": (lambda: xlsx_parts(one_cell("XFD2")), "has 16,384 columns; at most 500"),
    "zip bomb": (
        lambda: xlsx_parts(sheet_xml(HEAD, text_row(2, "a" * 50_000_000))),
        "is compressed more than 200-fold",
    ),
    "many parts": (lambda: {f"part {n}": "" for n in range(2_001)}, "contains 2,001 parts"),
    "a cell of 1 MB": (lambda: xlsx_parts(sheet_xml(HEAD, text_row(2, "a" * 1_000_000))), "32,767 characters in A2"),
    "laughs in a sheet": (lambda: xlsx_parts(LAUGHS + sheet_xml(HEAD, text_row(2, "&j;"))), "cannot be read"),
    "laughs in the book": (lambda: named(LAUGHS), "cannot be read"),
    "laughs in the texts": (lambda: shared(LAUGHS), "cannot be read"),
    "outside entity in a sheet": (lambda: xlsx_parts(OUTSIDE + sheet_xml(HEAD, text_row(2, "&j;"))), "cannot be read"),
    "outside entity in the book": (lambda: named(OUTSIDE), "cannot be read"),
    "outside entity in the texts": (lambda: shared(OUTSIDE), "cannot be read"),
    "macros under another name": (lambda: with_part("xl/vbaProject.bin"), "is named .xlsx but contains macros"),
    "no workbook": (lambda: {"readme.txt": "x"}, "is an archive (ZIP)"),
    "another kind": (lambda: {"content.xml": "<x/>"}, "is named .xlsx but is a .ods workbook"),
    "no relations": (
        lambda: {name: part for name, part in xlsx_parts(sheet_xml(HEAD)).items() if not name.endswith("xml.rels")},
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """One sentence with the file's name, advice, exit code 3, within moments, and no word of another file."""
    parts, sentence = HOSTILE[name]
    path = pack(tmp_path / "file.xlsx", parts())
    before = os.times()
    with pytest.raises(FileError) as error:
        opened(path)
    # Seconds of the processor, so that it is nobody else's: a fifth of what a workbook may take.
    assert sum(os.times()[:4]) - sum(before[:4]) < 60
    assert sentence in error.value.message
    assert error.value.message.startswith("file.xlsx ")
    assert error.value.advice
    assert error.value.exit_code == 3
    assert "root:" not in error.value.message + error.value.advice


def test_declared_sizes_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an archive says it will unpack to is refused before anything is unpacked."""
    monkeypatch.setattr(limits, "MOST_UNPACKED", 1_000)
    path = pack(tmp_path / "file.xlsx", xlsx_parts(sheet_xml(HEAD, ROW)))
    with zipfile.ZipFile(path) as archive, pytest.raises(limits.Refusal, match="unpacks to"):
        limits.refuse_bomb(archive.infolist(), path.stat().st_size)


def test_a_size_that_lies_helps_nobody(tmp_path: Path) -> None:
    """A part that unpacks to more than its directory says does not get past the limits of the process."""
    path = pack(tmp_path / "file.xlsx", xlsx_parts(sheet_xml(HEAD, text_row(2, "a" * 30_000_000))))
    size = zipfile.ZipFile(path).getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), (1_000).to_bytes(4, "little")))
    with pytest.raises(FileError):
        opened(path)


def test_a_tall_sheet_is_no_bomb(tmp_path: Path) -> None:
    """One cell in the last row of a sheet is one row, under its number."""
    path = pack(tmp_path / "file.xlsx", xlsx_parts(one_cell("A1048576")))
    assert rows_of(opened(path)) == {1_048_576: ["1"]}


def test_macros_are_said_and_not_run(tmp_path: Path) -> None:
    """A workbook that says by its name that it holds macros is read; what it holds is said."""
    sheet = opened(pack(tmp_path / "file.xlsm", with_part("xl/vbaProject.bin")))
    assert (rows_of(sheet), notice_text(sheet.notices)) == ({2: ["1"]}, "Macros in the workbook are not run.")


def test_names_inside_an_archive_lead_nowhere(tmp_path: Path) -> None:
    """Parts named ../../x are never written anywhere."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    path = pack(inner / "file.xlsx", with_part("../../x") | {"C:\\x": "x", "/x": "x"})
    assert rows_of(opened(path)) == {2: ["1"]}
    assert sorted(tmp_path.rglob("*")) == sorted([*before, path])


def test_a_hostile_name_cannot_steer_a_terminal(tmp_path: Path) -> None:
    """Names of sheets are quoted without control characters, and cut."""
    parts = xlsx_parts(sheet_xml(HEAD, ROW))
    name = "\u202e" + "x" * 5_000
    parts["xl/workbook.xml"] = str(parts["xl/workbook.xml"]).replace("Data", name)
    with pytest.raises(FileError) as error:
        opened(pack(tmp_path / "file.xlsx", parts), sheet="Data")
    assert "\u202e" not in error.value.advice
    assert len(error.value.advice) < 1_000


def test_a_large_workbook_is_refused_unopened(tmp_path: Path) -> None:
    """A hundred megabytes are the limit; a sparse file shows that none of it is read."""
    path = tmp_path / "file.xlsx"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(workbook.LARGEST_WORKBOOK + 1)
    with pytest.raises(FileError, match="is 100 MB"):
        opened(path)


def test_reading_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent waits only so long for the process that reads."""
    monkeypatch.setattr(workbook, "longest_wait", lambda path: 0)
    with pytest.raises(FileError, match="takes far longer to read than a workbook of its size should"):
        opened(pack(tmp_path / "file.xlsx", xlsx_parts(sheet_xml(HEAD, ROW))))


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 500, b"\xd0\xcf\x11\xe0" + b"\0" * 5_000])
@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".XLSX"])
def test_half_a_file_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    """A file that only begins like a workbook is damaged, whatever it is called."""
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileError, match="cannot be read as a workbook"):
        opened(path)


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", b"<html>"), ("a.xls", b"<html>"), ("a.ods", b"ResourceId")])
def test_a_web_page_is_no_workbook(tmp_path: Path, name: str, content: bytes) -> None:
    """Programs that call their web pages .xls are told apart by the first bytes."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"is not a valid|is a web page"):
        opened(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Something that is no file is refused and not read without end."""
    os.mkfifo(tmp_path / "file.csv")
    with pytest.raises(FileError, match="is not a file"):
        opened(tmp_path / "file.csv")


def test_the_command_says_one_sentence(tmp_path: Path) -> None:
    """On the command line a bomb is two lines on stderr and exit code 3."""
    path = pack(tmp_path / "file.xlsx", xlsx_parts(one_cell("XFD1048576")))
    command = [sys.executable, "-m", "importer", "check", str(path)]
    environment = {**os.environ, "IMPORTER_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=GIVE_UP, env=environment, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        "Error: file.xlsx needs more memory than is available.",
        "Copy the filled cells into a new workbook, or save it as .csv (UTF-8).",
    ]


SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def ods_parts(*objects: tuple[str, str], inside: str = "") -> dict[str, str | bytes]:
    """A small OpenDocument sheet with these objects, by name and kind, and this XML inside its table."""
    row = '<table:table-row><table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>{}'
    rows = "".join(row.format(text, "</table:table-row>") for text in ("ResourceId", "1"))
    table = f'<table:table table:name="Data">{inside}{rows}</table:table>'
    content = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    kind = "application/vnd.oasis.opendocument"
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(f'<m:file-entry m:full-path="{n}" m:media-type="{kind}.{k}"/>' for n, k in objects)
    parts: dict[str, str | bytes] = {
        "mimetype": f"{kind}.spreadsheet",
        "content.xml": f"<office:document-content {SPACES}>{content}</office:document-content>",
        "META-INF/manifest.xml": f'<m:manifest xmlns:m="{space}">{entries}</m:manifest>',
    }
    return parts | {f"{name}content.xml" if name.endswith("/") else name: "<x/>" for name, _ in objects}


BESIDE: dict[str, tuple[str, Callable[[], dict[str, str | bytes]], str]] = {
    "links": (".xlsx", lambda: with_part("xl/externalLinks/externalLink1.xml"), "linked-workbooks"),
    "embedded files": (".xlsx", lambda: with_part("xl/embeddings/oleObject1.bin"), "embedded-files"),
    "embedded text": (".ods", lambda: ods_parts(("Object 1/", "text")), "embedded-files"),
    "embedded sheet": (
        ".ods",
        lambda: ods_parts(("Object 1/", "chart"), ("Object 2/", "spreadsheet")),
        "embedded-files",
    ),
    "a linked sheet": (
        ".ods",
        lambda: ods_parts(inside='<table:table-source xlink:href="file:///b.ods"/>'),
        "linked-workbooks",
    ),
    "a linked cell": (
        ".ods",
        lambda: ods_parts(inside="<table:dde-links><table:dde-link/></table:dde-links>"),
        "linked-workbooks",
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_is_neither_opened_nor_followed_is_no_reason_to_refuse(name: str, tmp_path: Path) -> None:
    """Other files inside or outside a workbook are left alone, and that is said."""
    suffix, parts, code = BESIDE[name]
    sheet = opened(pack(tmp_path / f"a{suffix}", parts()))
    assert (rows_of(sheet), [notice.code for notice in sheet.notices]) == ({2: ["1"]}, [code])


def test_an_ods_with_a_chart_is_read(tmp_path: Path) -> None:
    """A chart is stored like an embedded document, but holds nothing that somebody else made."""
    assert rows_of(opened(pack(tmp_path / "a.ods", ods_parts(("Object 1/", "chart"))))) == {2: ["1"]}
