"""The content of an OpenDocument in its usual form."""

import zipfile
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.spreadsheet.workbook_child.ods_content import plain_content
from spreadsheet.making import ods_cell, opened, pack, problems_of, shown_rows_of, write_ods

CELLS = (
    ods_cell("string", "", "Name"),
    ods_cell("percentage", "0.5", "50%"),
    ods_cell("string", "", "Caf\u00e9 &amp; <text:span>bar</text:span>"),
    '<table:covered-table-cell office:value-type="string"><text:p>x</text:p></table:covered-table-cell>',
)
SHOWN = {2: ["50%"], 3: ["Caf\u00e9 & bar"], 4: ["x"]}


def with_content(path: Path, change: dict[str, str], encoding: str = "utf-8") -> Path:
    """The sheet of these cells with its content in another form."""
    with zipfile.ZipFile(write_ods(path, *CELLS)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    content = f'<?xml version="1.0" encoding="{encoding}"?>' + bytes(parts["content.xml"]).decode()  # type: ignore[arg-type]
    for old, new in change.items():
        content = content.replace(old, new)
    return pack(path, parts | {"content.xml": content.encode(encoding)})


FORMS: dict[str, dict[str, str]] = {
    "usual": {},
    "another prefix": {"table:": "t:", ":xmlns:t:": ":xmlns:table:", "xmlns:table=": "xmlns:t="},
    "all of them": {
        f"{a}{name}{b}": f"{a}x{name[0:2]}{b}"
        for name in ("table", "text", "office")
        for a, b in (("<", ":"), ("</", ":"), (" ", ":"), ("xmlns:", "="))
    },
    "by number": {"0.5": "0.&#53;", "percentage": "p&#101;rcentage"},
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_document_is_read_in_whatever_form_it_is(tmp_path: Path, name: str, encoding: str) -> None:
    """Its values, what they show, and its problems."""
    sheet = opened(with_content(tmp_path / "a.ods", FORMS[name], encoding))
    assert (shown_rows_of(sheet), problems_of(sheet)) == (SHOWN, {(4, 0): "cell-merged"})


def test_an_encoding_that_is_none_is_refused(tmp_path: Path) -> None:
    """It cannot be read as what it says it is."""
    with zipfile.ZipFile(with_content(tmp_path / "a.ods", {})) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    broken = bytes(parts["content.xml"]).replace(b'encoding="utf-8"', b'encoding="none-such"')  # type: ignore[arg-type]
    with pytest.raises(FileError, match="cannot be read as a workbook"):
        opened(pack(tmp_path / "b.ods", parts | {"content.xml": broken}))


def test_the_usual_form_is_left_as_it_is(tmp_path: Path) -> None:
    """Nothing is copied without need."""
    with zipfile.ZipFile(write_ods(tmp_path / "a.ods", *CELLS)) as archive:
        content = archive.read("content.xml")
    assert plain_content(content) is content
