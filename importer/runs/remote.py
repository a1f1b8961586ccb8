"""Files that are elsewhere: at an https address, in a Google Sheet, in a bucket or on an SFTP server.

Each is read once, within limits, into a private file of this machine; nothing below knows that it was elsewhere.
Sign-ins come from where the tools of a place look for them themselves, never from an address. Only commands read
addresses: no page does.
"""

import asyncio
import importlib
import re
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from importer.config.settings import Settings
from importer.errors import FileError, ImporterError, UsageError
from importer.harmless import without_passwords
from importer.nexudus.download import Download, DownloadLimits, download, name_in
from importer.text import printable

LARGEST = 4 << 30
SECONDS = 1_800.0
_PIECE = 1 << 20

PACKAGES: Mapping[str, str] = {"s3": "s3fs", "gs": "gcsfs", "sftp": "paramiko"}
"""The addresses that fsspec reads, each with the package that it needs for them."""

GOOGLE = "https://docs.google.com"
_SHEET = re.compile(r"https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/(?P<shared>[\w-]{10,})(?:[/?#].*)?")
_PUBLISHED = re.compile(r"https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/e/(?P<published>[\w-]{10,})/.*")
_PART = re.compile(r"[?#&]gid=(\d+)")
_GOOGLE_NAME = "google-sheet.csv"
_LONGEST_REASON = 200


def fetch(address: str, folder: Path, settings: Settings) -> tuple[Path, str]:
    """The file at an address, in this folder, and what it is called.

    Raises:
        FileError: It cannot be had, or not within the limits.
        UsageError: No file is read from such an address.
    """
    try:
        parts = urlsplit(address)
        has_password = parts.password is not None
    except ValueError as error:
        raise UsageError(f"{without_passwords(address)} is no address.", "Check it.") from error
    if has_password:
        raise UsageError(
            f"{without_passwords(address)} has a password in it, which would stay in the history of your shell.",
            "Leave it out. Sign in as other tools for that place do, by a key or by their variables.",
        )
    scheme = parts.scheme.lower()
    if (export := csv_export_of(address)) is not None:
        return _from_google(export, folder / _GOOGLE_NAME, settings), _GOOGLE_NAME
    name = name_in(address) or "file"
    if scheme in {"http", "https"}:
        _downloaded(address, folder / name, settings)
    elif scheme in PACKAGES:
        _through_fsspec(address, PACKAGES[scheme], folder / name)
    else:
        raise UsageError(
            f"No file can be read from {scheme}://.", f"Use https, {', '.join(PACKAGES)}, or download the file first."
        )
    return folder / name, name


def csv_export_of(address: str) -> str | None:
    """The address at which a Google Sheet gives one of its sheets as CSV; None if this is no link of a Google Sheet."""
    part = _PART.search(address)
    gid = f"&gid={part[1]}" if part else ""
    if published := _PUBLISHED.fullmatch(address):
        return f"{GOOGLE}/spreadsheets/d/e/{published['published']}/pub?output=csv{gid}"
    if shared := _SHEET.fullmatch(address):
        return f"{GOOGLE}/spreadsheets/d/{shared['shared']}/export?format=csv{gid}"
    return None


def _from_google(export: str, target: Path, settings: Settings) -> Path:
    not_shared = FileError(
        "This Google Sheet is not shared with anyone who has the link.",
        "In Google Sheets, choose Share > General access > Anyone with the link. Or choose File > Download > .csv, "
        "then import that file.",
    )
    try:
        came = _downloaded(export, target, settings)
    except FileError as error:
        if "without a sign-in" in error.message:
            raise not_shared from error
        raise
    # Whoever may not see it is led to the page where one signs in, which is sent as if all were well.
    if "html" in came.content_type:
        raise not_shared
    return target


def _downloaded(address: str, target: Path, settings: Settings) -> Download:
    limits = DownloadLimits(LARGEST, SECONDS, settings.proxy, str(settings.ca_file) if settings.ca_file else None)
    with target.open("wb") as out:
        return asyncio.run(download(address, out, limits))


def _through_fsspec(address: str, package: str, target: Path) -> None:
    shown = without_passwords(address)
    for name, what in (("fsspec", '"nexudus-importer[remote]"'), (package, package)):
        if find_spec(name) is None:
            raise FileError(
                f"{shown} cannot be read: the package {name} is not installed.",
                f"Install it with: pip install {what}",
            )
    try:
        system, path = importlib.import_module("fsspec.core").url_to_fs(address)
        _refuse_what_is_no_file(system.info(path), shown)
        with system.open(path, "rb") as source, target.open("wb") as out:
            _copy(source, out, shown)
    except ImporterError:
        raise
    except Exception as error:
        reason = printable(f"{type(error).__name__}: {error}", _LONGEST_REASON)
        raise FileError(
            f"{shown} cannot be read ({reason}).",
            "Check the address, and that the usual tools for it can read it from this machine.",
        ) from error


def _refuse_what_is_no_file(info: Mapping[str, Any], shown: str) -> None:
    if info.get("type") != "file":
        raise FileError(f"{shown} is a folder.", "Name a file in it.")
    if (info.get("size") or 0) > LARGEST:
        raise FileError(f"{shown} has more than {LARGEST >> 20:,} MB.", "Make sure that it is the right file.")


def _copy(source: IO[bytes], out: IO[bytes], shown: str) -> None:
    size, until = 0, time.monotonic() + SECONDS
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > LARGEST:
            raise FileError(f"{shown} has more than {LARGEST >> 20:,} MB.", "Make sure that it is the right file.")
        if time.monotonic() > until:
            message = f"{shown} did not arrive within {SECONDS / 60:,.0f} minutes."
            raise FileError(message, "Download it first, then import the file.")
        out.write(piece)
