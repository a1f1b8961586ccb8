"""Writes files aside and puts each in place only when it is complete; only the user can read them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xlsxwriter.exceptions import XlsxWriterException

from importer.errors import ReportError

ASIDE = ".writing-"
"""What the names of folders begin with in which files are written; one of a killed process stays."""


@contextmanager
def written_aside(folder: Path, advice: str, what: str = "The report") -> Iterator[Path]:
    """A private folder inside the folder, removed afterwards; on the same disk, so that renaming out of it is atomic.

    ``what`` is what the sentence of an error calls the files.

    Raises:
        ReportError: The folder cannot be made or written, or the disk is full.
    """
    # A reader finds the earlier file or the new one, never half of one: report.csv may be open in a script while it is
    # rebuilt, and a full disk leaves the earlier report as it was.
    aside = None
    try:
        # Private only if it is made here; the mode of a folder that the user chose is the user's affair.
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o700)
        aside = Path(tempfile.mkdtemp(dir=folder, prefix=ASIDE))
        yield aside
    except (OSError, XlsxWriterException) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReportError(f"{what} cannot be written to {folder}: {reason}.", advice) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def new_file(aside: Path, name: str) -> Path:
    """An empty file that only its owner can read."""
    path = aside / name
    path.touch(mode=0o600, exist_ok=False)
    return path


def put_in_place(file: Path, folder: Path, advice: str) -> Path:
    """Move a complete file to its place, over an earlier one.

    Raises:
        ReportError: The earlier one is open in another program.
    """
    with _not_locked(folder / file.name, advice):
        return file.replace(folder / file.name)


def rename(file: Path, path: Path, advice: str) -> Path:
    """Give a file another name, which nothing has; returns its new path.

    Raises:
        ReportError: It is open in another program.
    """
    with _not_locked(file, advice):
        return file.rename(path)


def remove(file: Path, advice: str) -> None:
    """Delete a file of an earlier writing, if there is one.

    Raises:
        ReportError: It is open in another program.
    """
    with _not_locked(file, advice):
        file.unlink(missing_ok=True)


@contextmanager
def _not_locked(file: Path, advice: str) -> Iterator[None]:
    # On Windows a file that Excel has open cannot be replaced.
    try:
        yield
    except OSError as error:
        raise ReportError(
            f"{file} cannot be replaced: {error.strerror}. Is it open in another program?", advice
        ) from error
