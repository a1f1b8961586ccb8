"""Files that are elsewhere, through the commands: read once, called by their names, never with a secret."""

import gzip
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Desk, Service, mapping
from nexudus.fileserver import Page, serving

from importer.runs import remote
from importer.runs.remote import csv_export_of

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789-abc"


@pytest.fixture
def rows(desk: Desk) -> bytes:
    """A file with two rows."""
    return desk.write("rows.csv", [mapping(2), mapping(3)]).read_bytes()


def test_a_file_at_an_address_is_imported_like_one_on_this_machine(desk: Desk, service: Service, rows: bytes) -> None:
    """It is read once, called by its name, resumed from its copy, and the same file as one on the disk."""
    with serving({"/May/rooms.csv": (200, {}, rows)}) as (url, heads):
        address = f"{url}/May/rooms.csv"
        assert f"Next: importer plan {address}" in desk.type("check", address).out
        del heads[:]
        done = desk.type("run", address, "--yes", "--json", "--max-rows", "1")
        assert (done.code, done.json["file"], len(heads)) == (6, "rooms.csv", 1), done.err
    assert desk.type("resume", "--json").json["counts"]["created"] == 2
    assert [path.name for path in (desk.folder / "reports").iterdir()] == ["1-rooms"]
    assert desk.type("run", "rows.csv", "--yes", "--json").json["counts"]["existing"] == 2
    assert not list((desk.home / "incoming").iterdir())


@pytest.mark.parametrize("path", ["/export", "/rooms.php?id=7", "/rooms.csv.gz", "/"])
def test_the_kind_of_a_file_is_seen_from_its_content(desk: Desk, rows: bytes, path: str) -> None:
    """Where its name does not say it; packed, it is unpacked."""
    content = gzip.compress(rows) if path.endswith(".gz") else rows
    with serving({path: (200, {}, content)}) as (url, _):
        done = desk.type("check", f"{url}{path}", "--offline", "--json")
    assert (done.code, done.json["valid"]) == (0, 2), done.err


def test_addresses_and_files_are_checked_together(desk: Desk, rows: bytes) -> None:
    """One that cannot be had stops no other, and rows of both are compared."""
    with serving({"/a.csv": (200, {}, rows), "/b.html": (200, {}, b"<!doctype html><html>")}) as (url, _):
        words = [f"{url}/a.csv", f"{url}/gone.csv", f"{url}/b.html", "rows.csv", f"{url}/a.csv"]
        done = desk.type("check", *words, "--offline", "--json")
    assert [(file["file"], file["exit_code"]) for file in done.json["files"]] == [
        *((words[0], 0), (words[1], 3), (words[2], 3), ("rows.csv", 1)),
    ]
    assert "is a web page" in done.json["files"][2]["error"]
    assert "named twice" in done.err


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("address", "code", "sentence"),
    [
        ("http://files.example/a.csv", 3, "without https"),
        ("https://ines:secret@files.example/a.csv", 2, "has a password in it"),
        ("sftp://ines:secret@files.example/a.csv", 2, "has a password in it"),
        ("ftp://files.example/a.csv", 2, "No file can be read from ftp://"),
        ("file:///etc/passwd", 2, "No file can be read from file://"),
        ("memory://a.csv", 2, "No file can be read from memory://"),
        ("https://[::1/a.csv", 2, "is no address"),
        ("s3://bucket/a.csv", 3, "is not installed"),
    ],
)
def test_what_cannot_be_read_is_refused_without_its_secret(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str, address: str, code: int, sentence: str
) -> None:
    """Before anybody is asked."""
    monkeypatch.setattr(remote, "find_spec", lambda name: None)
    done = desk.type(command, address, "--yes") if command == "run" else desk.type(command, address)
    assert (done.code, done.out) == (code, ""), done.err
    assert sentence in done.err
    assert "secret" not in done.err


@pytest.mark.parametrize(("missing", "words"), [("fsspec", '"nexudus-importer[remote]"'), ("s3fs", "pip install s3fs")])
def test_a_package_that_is_missing_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, missing: str, words: str
) -> None:
    """With the words to install it."""
    monkeypatch.setattr(remote, "find_spec", lambda name: None if name == missing else object())
    assert words in desk.type("check", "s3://bucket/a.csv").err


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A place like a bucket, in memory."""
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setattr(remote, "PACKAGES", {"memory": "fsspec"})
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()


def test_a_file_in_a_bucket_is_imported(desk: Desk, service: Service, rows: bytes, bucket: Any) -> None:
    """Read once into a file of this machine."""
    bucket.pipe("/bucket/rooms.csv", rows)
    done = desk.type("run", "memory://bucket/rooms.csv", "--yes", "--json")
    assert (done.code, done.json["file"]) == (0, "rooms.csv"), done.err
    assert len(service.records) == 2


def test_a_bucket_has_its_limits_and_its_sentences(
    desk: Desk, rows: bytes, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder, nothing that is not there, nothing too large or too slow."""
    bucket.pipe("/bucket/rooms.csv", rows)
    assert "is a folder" in desk.type("check", "memory://bucket").err
    assert (gone := desk.type("check", "memory://bucket/gone.csv")).code == 3
    assert "cannot be read (FileNotFoundError" in gone.err
    monkeypatch.setattr(remote, "SECONDS", -1.0)
    assert "did not arrive within" in desk.type("check", "memory://bucket/rooms.csv").err
    monkeypatch.setattr(remote, "LARGEST", 10)
    assert "has more than" in desk.type("check", "memory://bucket/rooms.csv").err


def test_whatever_goes_wrong_in_another_package_is_a_sentence(
    desk: Desk, rows: bytes, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has errors of its own; a secret in them is hidden."""

    class OfAnotherPackageError(Exception):
        """No error that anybody here knows."""

    def fail(path: str) -> None:
        raise OfAnotherPackageError("no credentials for https://ines:secret@s3.example")

    monkeypatch.setattr(bucket, "info", fail)
    done = desk.type("check", "memory://bucket/rooms.csv")
    assert done.code == 3
    assert "cannot be read (OfAnotherPackageError: no credentials" in done.err
    assert "secret" not in done.err


SHEET = "https://docs.google.com/spreadsheets"


@pytest.mark.parametrize(
    ("link", "export"),
    [
        (f"{SHEET}/d/{ID}/edit#gid=42", f"{SHEET}/d/{ID}/export?format=csv&gid=42"),
        (f"{SHEET}/d/{ID}/edit?gid=42#gid=42", f"{SHEET}/d/{ID}/export?format=csv&gid=42"),
        (f"{SHEET}/d/{ID}/edit?usp=sharing", f"{SHEET}/d/{ID}/export?format=csv"),
        (f"{SHEET}/d/{ID}", f"{SHEET}/d/{ID}/export?format=csv"),
        (f"{SHEET}/u/1/d/{ID}/view", f"{SHEET}/d/{ID}/export?format=csv"),
        (f"{SHEET}/d/e/{ID}/pubhtml?gid=7&single=true", f"{SHEET}/d/e/{ID}/pub?output=csv&gid=7"),
        (f"http://docs.google.com/spreadsheets/d/{ID}", None),
        (f"https://docs.google.com.evil.example/spreadsheets/d/{ID}", None),
        ("https://docs.google.com/document/d/1AbCdEfGhIjKl/edit", None),
        ("https://files.example/a.csv", None),
    ],
)
def test_the_link_of_a_google_sheet_leads_to_its_csv(link: str, export: str | None) -> None:
    """Of the sheet that is open in the link, or of the first."""
    assert csv_export_of(link) == export


def test_a_google_sheet_is_read_by_its_link(
    desk: Desk, service: Service, rows: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the file that Google makes of it."""
    with serving({f"/spreadsheets/d/{ID}/export?format=csv&gid=42": (200, {"Content-Type": "text/csv"}, rows)}) as (
        url,
        _,
    ):
        monkeypatch.setattr(remote, "GOOGLE", url)
        done = desk.type("run", f"{SHEET}/d/{ID}/edit#gid=42", "--yes", "--json")
    assert (done.code, done.json["file"]) == (0, "google-sheet.csv"), done.err
    assert len(service.records) == 2


@pytest.mark.parametrize("kind", ["page", "redirect", "refusal"])
def test_a_google_sheet_that_is_not_shared_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Google sends the page where one signs in, as if all were well."""
    page: Page = (200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><title>Sign in</title>")
    place = f"/spreadsheets/d/{ID}/export?format=csv"
    pages: dict[str, dict[str, Page]] = {
        "page": {place: page},
        "redirect": {place: (307, {"Location": "/ServiceLogin"}, b""), "/ServiceLogin": page},
        "refusal": {place: (401, {}, b"")},
    }
    with serving(pages[kind]) as (url, _):
        monkeypatch.setattr(remote, "GOOGLE", url)
        done = desk.type("check", f"{SHEET}/d/{ID}/edit")
    assert done.code == 3
    assert "This Google Sheet is not shared with anyone who has the link." in done.err
    assert "Anyone with the link" in done.err
    assert "File > Download > .csv" in done.err


def test_the_pages_never_read_an_address() -> None:
    """Whoever may use a page could let the server ask its neighbours otherwise."""
    spec = importlib.util.find_spec("importer.web")
    assert spec is not None
    assert spec.origin is not None
    sources = [path.read_text("utf-8") for path in Path(spec.origin).parent.rglob("*.py")]
    assert not any("runs.remote" in text or "download import" in text for text in sources)
