"""Where a workbook keeps its parts, and a plain copy of one that keeps them elsewhere."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.workbook_child.limits import DAMAGED, TWO_OF_ONE_NAME, Refusal
from importer.spreadsheet.workbook_child.package import Package, Relation, as_utf8, letters_of, position_of
from spreadsheet.making import PACKAGE, RELATIONS, sheet_xml, text_row, xlsx_parts

SHEET, LINKS = "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"
PARTS = xlsx_parts(sheet_xml(text_row(1, "Name")), "<sst/>")


def packed(parts: dict[str, str | bytes]) -> Package:
    """A package with these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return Package(zipfile.ZipFile(file))


def moved(to: str, target: str) -> dict[str, str | bytes]:
    """The same parts with the sheet elsewhere, and the link to it as it is written."""
    parts = {to if name == SHEET else name: content for name, content in PARTS.items()}
    return parts | {LINKS: str(PARTS[LINKS]).replace("worksheets/sheet1.xml", target)}


def test_parts_are_found_by_their_links() -> None:
    """The workbook, its sheets and what they share; a part of another kind is none."""
    package = packed(PARTS)
    assert (package.main, package.is_binary, package.is_plain()) == ("xl/workbook.xml", False, True)
    assert package.relations == (
        Relation("rId1", "worksheet", SHEET),
        Relation("rId2", "sharedStrings", "xl/sharedStrings.xml"),
    )
    assert (package.part("rId1"), package.part_of("sharedStrings")) == (SHEET, "xl/sharedStrings.xml")
    assert package.part_of("styles") is None
    with pytest.raises(Refusal, match=DAMAGED[0]):
        package.part("rId9")


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("xl/sheets/a.xml", "sheets/a.xml"),
        ("sheets/a.xml", "../sheets/a.xml"),
        ("sheets/a.xml", "/sheets/a.xml"),
        ("xl/Worksheets/A.xml", "worksheets/a.xml"),
        ("xl\\worksheets\\a.xml", "worksheets/a.xml"),
        ("xl/my sheet.xml", "my%20sheet.xml"),
    ],
)
def test_a_plain_copy_has_each_part_in_its_usual_place(to: str, target: str) -> None:
    """However the part and the link to it are written."""
    package = packed(moved(to, target))
    assert package.part("rId1") == to
    copy = Package(zipfile.ZipFile(package.plain_copy(lambda sheet: sheet.replace(b"Name", b"Label"))))
    assert copy.is_plain()
    assert b"Label" in copy.read(copy.part("rId1"))


@pytest.mark.parametrize(
    "other", ["xl/worksheets/Sheet1.xml", "XL/worksheets/sheet1.xml", "xl\\worksheets\\sheet1.xml"]
)
def test_two_parts_whose_names_differ_in_capitals_or_slashes_are_refused(other: str) -> None:
    """Excel takes them for one, and LibreOffice the one that the link names to the letter."""
    with pytest.raises(Refusal, match=TWO_OF_ONE_NAME[0]):
        packed({**PARTS, other: sheet_xml(text_row(1, "Other"))})
    # Of those that nobody reads, it is no matter.
    assert packed({**PARTS, "docProps/app.xml": "<a/>", "docProps/App.xml": "<b/>"}).is_plain()


def test_a_package_without_a_workbook_is_refused() -> None:
    """Whatever else it holds."""
    with pytest.raises(Refusal, match=DAMAGED[0]):
        packed({"a.xml": "<a/>"})


def test_a_part_outside_is_none() -> None:
    """It is not read, wherever it is."""
    outside = (
        f'<Relationship Id="rId7" Type="{RELATIONS}/styles" Target="https://example.com/a" TargetMode="External"/>'
    )
    package = packed(PARTS | {LINKS: f"<Relationships {PACKAGE}>{outside}</Relationships>"})
    assert package.relations == (Relation("rId7", "styles", None),)


def test_a_part_may_have_links_of_its_own() -> None:
    """Most have none."""
    links = f'<Relationships {PACKAGE}><Relationship Id="rId1" Type="{RELATIONS}/table" Target="../tables/t.xml"/>'
    parts: dict[str, str | bytes] = {
        "xl/worksheets/_rels/sheet1.xml.rels": f"{links}</Relationships>",
        "xl/tables/t.xml": "<table/>",
    }
    assert packed(PARTS | parts).relations_of(SHEET) == (Relation("rId1", "table", "xl/tables/t.xml"),)
    assert packed(PARTS).relations_of(SHEET) == ()
    assert packed(PARTS).links_name(SHEET) == "xl/worksheets/_rels/sheet1.xml.rels"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_xml_in_any_encoding_becomes_utf_8(encoding: str) -> None:
    """By its first bytes, or by what it says."""
    declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>' if encoding == "iso-8859-1" else ""
    assert as_utf8(f"{declaration}<a>Café</a>".encode(encoding)) == "<a>Café</a>".encode()


def test_xml_that_is_not_in_its_encoding_is_refused() -> None:
    """No guess is made of its letters."""
    with pytest.raises(Refusal, match=DAMAGED[0]):
        as_utf8(b'<?xml version="1.0" encoding="koi-none"?><a/>')


@given(st.integers(0, 16_383))
def test_a_column_is_found_by_its_letters(position: int) -> None:
    """Every column that there is."""
    assert position_of(letters_of(position).lower().encode()) == position
