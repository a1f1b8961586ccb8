"""What an archive carries beside its sheets: macros are not run, other files not opened, links not followed."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from .limits import Refusal

Notice = tuple[str, dict[str, str | int]]
"""A code of the catalogue of notices, and the values of its sentence."""

_MACROS = ("vbaproject.bin", "basic/script-lc.xml")
_MACRO_KINDS = {".xlsm", ".xlsb", ".xls", ".ods"}
_EMBEDDED, _LINKS = "/embeddings/", "/externallinks/"
_ODS_OBJECT = re.compile(r"/(object \d+)(?:/.*)?")
_MANIFEST, _MANIFEST_SPACE = "META-INF/manifest.xml", "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_ODS_CHART = "application/vnd.oasis.opendocument.chart"


def about_parts(path: Path, archive: zipfile.ZipFile) -> list[Notice]:
    """What a person should know of the parts of an archive, by their names.

    Raises:
        Refusal: It contains macros, and its name says that it has none.
    """
    plain = ["/" + name.replace("\\", "/").lower() for name in archive.namelist()]
    notices: list[Notice] = []
    if any(name.endswith(_MACROS) for name in plain):
        if path.suffix.lower() not in _MACRO_KINDS:
            raise Refusal(
                f"is named {path.suffix} but contains macros", "Save it as .xlsx without macros, or rename it to .xlsm."
            )
        notices.append(macros_not_run())
    if any(_EMBEDDED in name for name in plain) or _ods_objects(plain) - _ods_charts(archive):
        notices.append(("embedded-files", {}))
    if any(_LINKS in name for name in plain):
        notices.append(linked_with_others())
    return notices


def macros_not_run() -> Notice:
    """What is said of a workbook with macros."""
    return "macros-not-run", {}


def linked_with_others() -> Notice:
    """What is said of a workbook with cells that refer to other files."""
    return "linked-workbooks", {}


def _ods_objects(names: Sequence[str]) -> set[str]:
    """The files inside an OpenDocument, by the names of their folders."""
    return {match[1] for name in names if (match := _ODS_OBJECT.fullmatch(name))}


def _ods_charts(archive: zipfile.ZipFile) -> set[str]:
    """Those of them that are charts: stored like another file, but nothing that somebody else made."""
    if _MANIFEST not in archive.namelist():
        return set()
    manifest = ET.fromstring(archive.read(_MANIFEST))  # noqa: S314
    return {
        entry.get(f"{_MANIFEST_SPACE}full-path", "").rstrip("/").lower()
        for entry in manifest
        if entry.get(f"{_MANIFEST_SPACE}media-type") == _ODS_CHART
    }
