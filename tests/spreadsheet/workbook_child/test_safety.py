"""What archives carry beside their sheets."""

import zipfile
from pathlib import Path

import pytest

from importer.spreadsheet.workbook_child.limits import Refusal
from importer.spreadsheet.workbook_child.safety import about_parts
from spreadsheet.making import pack

CHART = "application/vnd.oasis.opendocument.chart"


def codes(path: Path, **parts: str) -> list[str]:
    """What is told of an archive with these parts, "__" for a slash and "_dot_" for a point."""
    names = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(pack(path, names)) as archive:
        return [code for code, _ in about_parts(path, archive)]


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("a.xlsx", "xl__workbook_dot_xml", []),
        ("a.xlsm", "xl__vbaProject_dot_bin", ["macros-not-run"]),
        ("a.xlsb", "xl__VBAPROJECT_dot_BIN", ["macros-not-run"]),
        ("a.ods", "Basic__script-lc_dot_xml", ["macros-not-run"]),
        ("a.xlsx", "xl__embeddings__oleObject1_dot_bin", ["embedded-files"]),
        ("a.xlsx", "xl\\embeddings\\oleObject1_dot_bin", ["embedded-files"]),
        ("a.xlsx", "xl__externalLinks__externalLink1_dot_xml", ["linked-workbooks"]),
        ("a.ods", "Object 1__content_dot_xml", ["embedded-files"]),
        ("a.ods", "ObjectReplacements__Object 1", []),
    ],
)
def test_what_is_beside_the_sheets_is_told(tmp_path: Path, name: str, part: str, expected: list[str]) -> None:
    """Whatever slashes and capitals its name is written with."""
    assert codes(tmp_path / name, **{part: "x"}) == expected


@pytest.mark.parametrize("kind", ["application/vnd.oasis.opendocument.text", CHART])
def test_a_chart_of_an_ods_is_nothing_that_was_put_in(tmp_path: Path, kind: str) -> None:
    """It is stored like another document."""
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = f'<m:file-entry m:full-path="Object 1/" m:media-type="{kind}"/>'
    parts = {"META-INF__manifest_dot_xml": f'<m:manifest xmlns:m="{space}">{entry}</m:manifest>'}
    found = codes(tmp_path / "a.ods", **{"Object 1": "x"}, **parts)
    assert found == ([] if kind == CHART else ["embedded-files"])


def test_macros_in_a_file_that_cannot_have_any_are_refused(tmp_path: Path) -> None:
    """Its name says that it has none."""
    with pytest.raises(Refusal, match="contains macros"):
        codes(tmp_path / "a.xlsx", xl__vbaProject_dot_bin="x")
