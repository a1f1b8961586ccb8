"""What the pages are made of: vendored files, the drawing, repairs of texts, private files, workers."""

import hashlib
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import importer.web
from importer.config.store import Document, locked_document
from importer.spreadsheet.corrections import place_of, printable_only, trimmed, without_thousands

_HANDLERS = "click|load|error|change|submit|input|focus|key\\w+|mouse\\w+"
_UNSAFE = re.compile(rf"\|\s*safe|autoescape|\s(?:on(?:{_HANDLERS})|style)=|<script(?![^>]* src=)")
HERE = Path(__file__).parent
STATIC = Path(importer.web.__file__).parent / "static"


@pytest.mark.parametrize("folder", [STATIC / "vendor", HERE / "vendor"])
def test_vendored_files_are_those_that_were_looked_at(folder: Path) -> None:
    """Each file of others has its recorded hash and its licence, and nothing else lies there."""
    told = dict(line.split(None, 1) for line in (folder / "VENDORED.txt").read_text().splitlines()[2:] if line.strip())
    name = told["file"]
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"]
    licence = told["licence"].rpartition(" ")[2]
    assert {path.name for path in folder.iterdir()} == {"VENDORED.txt", name, licence}


def test_no_page_names_another_host() -> None:
    """Templates, style and script know no address outside; only the drawing's namespace looks like one."""
    pages = [*(STATIC.parent / "templates").iterdir(), *STATIC.glob("*.*")]
    for path in pages:
        found = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"']*", path.read_text("utf-8"))
        assert [url for url in found if url != "http://www.w3.org/2000/svg"] == [], path


def test_templates_never_switch_escaping_off() -> None:
    """No template says safe, no handler stands in a page, no style stands beside its element."""
    for path in (STATIC.parent / "templates").iterdir():
        assert not _UNSAFE.search(path.read_text()), path


@pytest.mark.parametrize(
    ("text", "repaired"),
    [("12,345", "12345"), ("1.234.567", "1234567"), ("12 345", "12345"), ("12'345", "12345"), ("12,34", "12,34"),
     ("1,234.567", "1,234.567"), ("1234,567", "1234,567"), ("", ""), ("abc", "abc")],
)  # fmt: skip
def test_only_sure_thousands_are_repaired(text: str, repaired: str) -> None:
    """Separators go where they can be nothing else; every other text stays."""
    assert without_thousands(text) == repaired


def test_repairs_of_texts() -> None:
    """Spaces around and what cannot be printed go; what is between stays."""
    assert trimmed("  a b ") == "a b"
    assert printable_only("Board\x07room\u200b ") == "Boardroom"
    assert place_of("AB12") == (12, 27)
    assert place_of("D") == (0, 3)


def test_private_files_are_whole_and_private(tmp_path: Path) -> None:
    """Many writers at once leave one whole document, for its owner only, and no other file."""
    path = tmp_path / "a" / "b.json"
    document: Document[dict[str, Any]] = Document("The document", dict)

    def write(number: int) -> None:
        with locked_document(tmp_path / "a" / "lock"):
            document.write(path, {"n": number, "known": [*(document.read(path) or {}).get("known", []), number]})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert sorted((document.read(path) or {})["known"]) == list(range(40))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {found.name for found in path.parent.iterdir()} == {"b.json", "lock"}
