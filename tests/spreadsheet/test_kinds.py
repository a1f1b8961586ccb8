"""Files that are no table: each is called what it is, and told what to do, whatever its name says."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from importer.errors import FileError
from spreadsheet.making import opened, rows_of


def zipped(*names: str, first: str = "") -> bytes:
    """An archive with these parts; ``first`` is the text of one called mimetype."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


SPREADSHEET_2003 = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'
)
LOCK = b"\x04user" + b" " * 50 + b"\x04\0u\0s\0e\0r\0" + b" \0" * 50
TEXT = "application/vnd.oasis.opendocument.text"

KINDS = {
    "web page": (b"<html><body><table><tr><th>ResourceId</th></tr></table></body></html>", "is a web page"),
    "sign-in page": (b"\r\n<!DOCTYPE html>\n<html lang='en'>", "is a web page"),
    "table only": (b"<table border=1>\n<tr><td>1", "is a web page"),
    "web page after a comment": (b"<!-- saved -->\n<HTML>", "is a web page"),
    "web page in UTF-16": ("<html><table>".encode("utf-16"), "is a web page"),
    "web page with a mark": ("\ufeff<html>".encode(), "is a web page"),
    "saved web page": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related;", "is a saved web page"),
    "spreadsheet of 2003": (SPREADSHEET_2003.encode(), "is an XML spreadsheet (2003)"),
    "flat OpenDocument": (
        b'<?xml version="1.0"?><office:document xmlns:office="urn:x">',
        "is a flat OpenDocument file",
    ),
    "XML": (b'<?xml version="1.0"?>\n<rows><row/></rows>', "is an XML file"),
    "JSON of objects": (b'[{"ResourceId": 1001, "CoworkerId": 5001}]', "is a JSON file"),
    "JSON object": (b'{\n  "rows": []\n}', "is a JSON file"),
    "JSON of lists": (b'[["ResourceId", "CoworkerId"], [1, 2]]', "is a JSON file"),
    "JSON lines": (b'{"ResourceId": 1}\n{"ResourceId": 2}\n', "is a JSON file"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document"),
    "RTF": (b"{\\rtf1\\ansi ResourceId", "is a text document (RTF)"),
    "gzip": (gzip.compress(b"ResourceId"), "is a compressed file (gzip)"),
    "database": (b"SQLite format 3\0" + bytes(100), "is a database"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
    "macOS": (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "macOS keeps beside a file"),
    "Numbers": (zipped("Index/Document.iwa", "Index/Tables/Tile.iwa"), "is an Apple Numbers document"),
    "Word": (zipped("[Content_Types].xml", "word/document.xml"), "is a Word document"),
    "slides": (zipped("[Content_Types].xml", "ppt/presentation.xml"), "is a PowerPoint presentation"),
    "text of LibreOffice": (zipped("content.xml", first=TEXT), "is a document of an office program"),
    "archive": (zipped("mappings.csv"), "is an archive (ZIP)"),
    "rows of HTML": (b"<TR><TH>ResourceId</TH>\n<TH>Name</TH>\n</TR>\n<TR><TD>1", "holds a table as HTML"),
    "contacts": (b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Abbott;Ada;;;\r\n", "is a file of contacts (vCard)"),
    "events": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n", "is a calendar (iCalendar)"),
    "DIF": (b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,4\r\n', "is a table in the format DIF"),
    "SYLK": (b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"Name"\r\n', "is a table in the format SYLK"),
    "LaTeX": (b"\\begin{tabular}{ll}\nResourceId & Name \\\\\n", "is a LaTeX document"),
    "inserts": (b"INSERT INTO mappings VALUES(1,'Room, A');\n", "is a file of SQL statements"),
    "dump of sqlite3": (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE m(a);\n", "SQL statements"),
    "dump of PostgreSQL": (
        b"--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\nCOPY m (a, b) FROM stdin;\n1\t2\n",
        "is a file of SQL statements",
    ),
    "dump of MySQL": (
        b"-- MySQL dump\n\n/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `m`;\nCREATE TABLE `m` (\n",
        "SQL statements",
    ),
    "expanded by psql": (b"-[ RECORD 1 ]-----\nname | Room\nid   | 1\n", "as psql writes it with \\x on"),
    "vertical of MySQL": (b"*************************** 1. row ***************************\nname: Room\n", "with \\G"),
    "box of sqlite3": ("┌────┬──────┐\n│ Id │ Name │\n├────┼──────┤\n│ 1  │ Room │\n".encode(), "is drawn with lines"),
    "settings": (b'[[mapping]]\nname = "Room"\n', "is a file of settings"),
    "YAML": (b"---\nmappings:\n  - name: Room\n    resource_id: 11\n", "is a YAML file"),
    "directory": (b"dn: cn=Ada,ou=people\ncn: Ada\n", "is an export of a directory (LDIF)"),
    "lock": (LOCK, "is the lock file that Excel keeps"),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("suffix", [".csv", ".xls", ".xlsx"])
def test_a_file_is_called_what_it_is(tmp_path: Path, name: str, suffix: str) -> None:
    """With what to do about it, and never with a --map of its first line."""
    content, sentence = KINDS[name]
    path = tmp_path / f"mappings{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileError) as error:
        opened(path)
    assert sentence in error.value.message
    assert error.value.advice
    assert "--map" not in error.value.advice


def test_a_lock_file_is_known_by_its_name_too(tmp_path: Path) -> None:
    """That of another program may hold something else."""
    path = tmp_path / "~$mappings.xlsx"
    path.write_bytes(b"x" * 100)
    with pytest.raises(FileError, match="lock file"):
        opened(path)


@pytest.mark.parametrize(
    "text",
    ["[Id];[Name]\n1;A\n", "{Id};Name\n1;A\n", "<Id>;Name\n1;A\n", "< Id;Name\n1;A\n", "[1];x\n", "%;Name\n1;A\n"],
)
def test_a_table_may_begin_with_any_sign(tmp_path: Path, text: str) -> None:
    """Only what cannot be a header is taken for something else."""
    path = tmp_path / "mappings.csv"
    path.write_text(text, encoding="utf-8")
    if text.startswith("<Id>"):
        with pytest.raises(FileError, match="is an XML file"):
            opened(path)
    else:
        rows_of(opened(path))


def test_a_text_file_that_is_called_a_workbook_is_told_its_name(tmp_path: Path) -> None:
    """Programs write their tables as .xls so that Excel opens them."""
    path = tmp_path / "mappings.xls"
    path.write_bytes(b"Id\tName\r\n1\tA\r\n")
    with pytest.raises(FileError, match="it is a text file") as error:
        opened(path)
    assert "mappings.csv" in error.value.advice


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('"Id,Name"\n"1,A"\n"2,""a, b"""\n', "each whole line stands in quotes"),
        ('"Id;Name"\r\n"1;A"\r\n', "each whole line stands in quotes"),
        ("Id  Name    Note\n1   Room A  x\n", "lined up with blanks"),
        ("Id,Name,Note\n1;A;x\n2;B;y\n", "row 1 is separated by commas, but the rows below it by semicolons"),
        ("Id;Name;Note\n1\tA\tx\n2\tB\ty\n", "row 1 is separated by semicolons, but the rows below it by tabs"),
    ],
)
def test_lines_that_no_separator_cuts_are_explained(tmp_path: Path, text: str, sentence: str) -> None:
    """With what to do in the program that people have."""
    path = tmp_path / "mappings.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(FileError) as error:
        opened(path, judge=lambda cells: sum(cell in {"Id", "Name", "Note"} for cell in cells))
    assert sentence in error.value.message
    assert error.value.advice


@pytest.mark.parametrize("text", ["Name\nRoom A\nRoom B\n", '"Name"\n"Room A"\n', '"A, B"\n"C"\n', "Name\n"])
def test_a_table_of_one_column_is_a_table(tmp_path: Path, text: str) -> None:
    """Quotes and blanks in it mean nothing else."""
    path = tmp_path / "mappings.csv"
    path.write_text(text, encoding="utf-8")
    rows_of(opened(path))


PAIRS = {
    "line of sqlite3": ("ResourceId = 1\n      Name = Room, front\n\nResourceId = 2\n      Name = Desk\n", '"="'),
    "list of PowerShell": ("\nResourceId : 1\nName       : Room\n\nResourceId : 2\nName       : Desk\n", '":"'),
}


@pytest.mark.parametrize("name", PAIRS)
def test_one_line_for_each_cell_is_no_table(tmp_path: Path, name: str) -> None:
    """Without a word of separators, which would not help."""
    text, mark = PAIRS[name]
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(FileError, match=f"one line for each cell, with {mark} between"):
        opened(path)


NO_OTHER_KIND = {
    "a column called ID": "ID;Phone;Name\nC;Y1;Room\n",
    "a column called Table": "Table,Name\n0,1\n",
    "insertions": "Insert,Name\nINSERT,Room\n",
    "colons in every line": "Note: a,Name\nNote: b,Room\n",
    "equal signs in every line": "a = b,Name\na = b,Room\n",
    "a title in brackets": "[mappings],\nId,Name\n1,Room\n",
    "a title with a dash": "- Mappings: all -,\nId,Name\n1,Room\n",
    "Markdown": "| Id | Name |\n|----|------|\n| 1 | Room |\n",
}


@pytest.mark.parametrize("name", NO_OTHER_KIND)
def test_a_table_that_begins_alike_is_still_read(tmp_path: Path, name: str) -> None:
    """A kind is told by more than a word."""
    path = tmp_path / "rows.csv"
    path.write_text(NO_OTHER_KIND[name], "utf-8")
    assert rows_of(opened(path))
