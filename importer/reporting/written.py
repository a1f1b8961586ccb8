"""The files of a report as they were written last: what a person has changed in one since is never lost.

Whether somebody has is told by the content. The time of a file is that of a copy, or of a clock that was wrong, and a
program that only looks at a file may set it.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from importer.config.store import Document
from importer.reporting.atomic import new_file, put_in_place, rename

WRITTEN = ".written.json"
"""Beside the files that it is about."""

_CHANGED = "-changed"
"""What the name of a changed file gets that has to make room."""


@dataclass(frozen=True, slots=True)
class _Hashes:
    """The SHA-256 of the files by their names: of the files now in place, and of those before them."""

    of_files: dict[str, list[str]] = field(default_factory=dict)


_DOCUMENT = Document("The list of the files of a report", _Hashes)


class WrittenFiles:
    """The files of earlier writings in a folder."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder, which need not exist."""
        # Without the list, as after a report of an earlier version, nobody knows; then files are written as before.
        self._folder = folder
        self._of_files = dict((_DOCUMENT.read_if_usable(folder / WRITTEN) or _Hashes()).of_files)

    @property
    def are_known(self) -> bool:
        """Whether it is known how the files were written."""
        return bool(self._of_files)

    def is_changed(self, name: str) -> bool:
        """Whether somebody has changed a file since it was written."""
        file = self._folder / name
        return name in self._of_files and file.is_file() and _hash(file) not in self._of_files[name]

    def is_missing(self, name: str) -> bool:
        """Whether somebody has moved a file away that was written."""
        # A folder, or a link that leads nowhere, is in the way: that has to be said.
        file = self._folder / name
        return name in self._of_files and not file.exists() and not file.is_symlink()

    def note(self, aside: Path, names: Iterable[str], advice: str, without: Collection[str] = ()) -> None:
        """Note how the files of these names were written aside; ``without`` are names that are to be removed.

        Raises:
            ReportError: The list is open in another program.
        """
        # Before they are put in place, with what stood there: killed in between, either is nobody's change.
        new = {name: [*self._of_files.get(name, [])[-1:], _hash(aside / name)] for name in names}
        self._of_files = {name: hashes for name, hashes in {**self._of_files, **new}.items() if name not in without}
        file = new_file(aside, WRITTEN)
        file.write_text(_DOCUMENT.encode(_Hashes(self._of_files)), "utf-8")
        put_in_place(file, self._folder, advice)

    def keep(self, name: str, advice: str) -> Path:
        """Give a changed file another name, so that its own is free; returns its new path.

        Raises:
            ReportError: It is open in another program.
        """
        file = self._folder / name
        names = (f"{file.stem}{_CHANGED}{f'-{n}' if n > 1 else ''}{file.suffix}" for n in range(1, 1_000_000))
        free = next(path for path in map(self._folder.joinpath, names) if not path.exists() and not path.is_symlink())
        return rename(file, free, advice)


def changed_files(folder: Path, names: Iterable[str]) -> list[Path]:
    """The files that have made room for those of these names."""
    patterns = (f"{Path(name).stem}{_CHANGED}*{Path(name).suffix}" for name in names)
    return sorted({path for pattern in patterns for path in folder.glob(pattern)})


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
