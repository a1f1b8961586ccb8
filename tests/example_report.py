"""The report in ``reports/example``: made here as a run writes it, compared in test_samples.

Run as a script it writes the files anew: python tests/example_report.py
"""

import csv
import io
import re
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from importer.api.clock import steady_clock
from importer.cli import run_cli
from importer.errors import Exit

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "reports" / "example"
SAMPLE = ROOT / "samples" / "calendars-broken.xlsx"
PICTURES = {"page.png"}
"""Of the page, and made by ``pictures.py``."""

_NOW = datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp()
"""In the week in which the dates of the samples lie."""
_PLACE = "/srv/imports"
"""Where the run of the example was, for the commands in its report."""
_OF_ONE_RUN = re.compile(
    r"2026-11-24[T ]09:\d\d(:\d\d)?|(?<=Duration</th><td>)[^<]+|(?<=<t>)\d+ seconds?(?=</t>)"
    r'|(?<="duration_seconds": )[\d.]+|(?<=ops@example\.com/)\d+|(?<=127\.0\.0\.1:)\d+'
)
"""Its times, how long it took, and the number and the port of the practice service."""


def made() -> dict[str, bytes]:
    """The files that a run of the sample writes now, by name."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        place = Path(folder).resolve()
        variables = {"IMPORTER_HOME": str(place), "NEXUDUS_TOKEN": "", "NEXUDUS_USERNAME": "", "NEXUDUS_PASSWORD": ""}
        for name, value in variables.items():
            patch.setenv(name, value)
        report = place / "reports" / "1-calendars-broken"
        words = ["run", str(SAMPLE), "--sandbox", "--yes", "--tz", "UTC", "--out", str(report)]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            assert run_cli(words, steady_clock(lambda: _NOW)) == Exit.ROWS_FAILED
        # What a run writes down for itself, to notice changes to its files, is hidden and no part of the report.
        shown = [path for path in report.iterdir() if not path.name.startswith(".")]
        return {path.name: _elsewhere(path, str(place)) for path in shown}


def _elsewhere(path: Path, place: str) -> bytes:
    """A file as if the run had been at another place than this machine's."""
    if path.suffix != ".xlsx":
        return path.read_bytes().replace(place.encode(), _PLACE.encode())
    copy = io.BytesIO()
    with ZipFile(path) as book, ZipFile(copy, "w") as other:
        for part in book.infolist():
            other.writestr(part, book.read(part).replace(place.encode(), _PLACE.encode()))
    return copy.getvalue()


def lasting(files: dict[str, bytes]) -> dict[str, str]:
    """What two runs of one file have in common, by file, or part of a workbook: all but their times and Ids."""
    rows = csv.DictReader(io.StringIO(files["report.csv"].decode("utf-8-sig")))
    ids = [row["import_id"] for row in rows if row["import_id"]]
    of_one_run = re.compile(rf"\b({'|'.join(ids)})\b|{_OF_ONE_RUN.pattern}")
    return {name: of_one_run.sub("…", text) for name, text in _parts(files).items()}


def _parts(files: dict[str, bytes]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for name, content in files.items():
        if name.endswith(".xlsx"):
            with ZipFile(io.BytesIO(content)) as book:
                parts |= {f"{name}/{part}": book.read(part).decode() for part in book.namelist()}
        else:
            parts[name] = content.decode()
    return parts


def stands() -> dict[str, bytes]:
    """The files as they are in the repository."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.name not in PICTURES}


def main() -> None:
    """Write the files anew, unless they differ in nothing but times and Ids; what a run no longer writes is removed."""
    now, before = made(), stands()
    if lasting(now) == lasting(before):
        return
    for name in before.keys() - now.keys():
        (FOLDER / name).unlink()
    for name, content in now.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
