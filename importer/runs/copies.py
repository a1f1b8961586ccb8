"""Private copies of the files that runs began with: what was checked is what is sent, and what is reported."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A check without a service must not wait for the database to load.
    from importer.journal.journal import Journal
    from importer.journal.runs import Run


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, as 64 digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def intact(copy: Path, sha256: str) -> bool:
    """Whether a copy is still what it was when it was made."""
    return copy.is_file() and sha256_of(copy) == sha256


def stage_copy(file: Path, folder: Path) -> Path:
    """A copy under a random name: another process that copies the same file must not delete this one with its own."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = folder / f"{secrets.token_hex(8)}{file.suffix.lower()}"
    # Made before it is written: copied first, it would be readable for others until its mode is changed.
    copy.touch(mode=0o600)
    shutil.copyfile(file, copy)
    return copy


def durable_copy(journal: Journal, copy: Path, sha256: str) -> Path:
    """The copy that a new run refers to: an earlier run's if that has the same bytes, else this one, made durable."""
    # Checked by its hash, not by being there: a copy that was edited or cut short would be sent as if it had been read.
    for run in journal.runs.of_content(sha256):
        if intact(run.copy, sha256):
            return run.copy
    _make_durable(copy)
    journal.copies.keep(copy, sha256)
    return copy


def restore_copy(journal: Journal, run: Run, copy: Path) -> Run:
    """An earlier run; with this copy of its file if it has lost its own."""
    chosen = durable_copy(journal, copy, run.sha256)
    return run if chosen == run.copy else journal.runs.update(run, copy=str(chosen))


def remove_unused(journal: Journal, copy: Path) -> None:
    """Delete a copy that no run refers to: it would hold personal data for nothing."""
    if not journal.runs.uses_copy(copy):
        copy.unlink(missing_ok=True)


def _make_durable(copy: Path) -> None:
    """Flush a copy to disk before the journal names it: a power cut must not leave a run without its file."""
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    # The folder as well: fsync of a file does not promise that its name is on disk (fsync(2)). Windows cannot open a
    # folder, and writes it by itself.
    if os.name == "nt":
        return
    descriptor = os.open(copy.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
