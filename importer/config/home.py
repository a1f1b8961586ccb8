"""The folder of the importer's own data: for its owner alone, and without links that lead out of it.

Only what bears a name of ours is touched: somebody may have chosen a folder in which other programs keep theirs.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from importer.errors import SettingsError

HOME_NAMES = (
    "journal.sqlite3*",
    "sandbox.sqlite3*",
    "client-id",
    "columns.*",
    "people*",
    "trusted-folders.*",
    "probes",
    "locks",
    "files",
    "incoming",
    "uploads",
    "workers",
    ".writing-*",
)
"""What the importer keeps in its home, as patterns of names."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def secure_home(home: Path) -> None:
    """Take from other users of this machine what an earlier version, a copy or a backup has let them read.

    Once a process: whoever could put something there afterwards is the owner.

    Raises:
        SettingsError: A link in it leads to another folder, where others may read or change what is written.
    """
    if os.name == "posix":
        _secure_once(home.absolute())


def exposed(home: Path) -> list[Path]:
    """What others can reach although it should be private: its mode cannot be changed."""
    if os.name != "posix":
        return []
    return [path for path in _private_paths(home) if not path.is_symlink() and path.stat().st_mode & _OTHERS]


@cache
def _secure_once(home: Path) -> None:
    real = home.resolve()
    for path in _private_paths(home):
        if path.is_symlink():
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(real):
                raise SettingsError(
                    f"{path} is a link that leads out of the importer's folder, to {target}.",
                    "Replace it by the folder or file itself. To keep everything elsewhere, set IMPORTER_HOME.",
                )
            continue
        # The owner's own bits stay as they are. Where a mode cannot be changed, importer doctor says so.
        with suppress(OSError):
            if (mode := stat.S_IMODE(path.stat().st_mode)) & _OTHERS:
                path.chmod(mode & ~_OTHERS)


def _private_paths(home: Path) -> Iterator[Path]:
    """Everything of ours in the home, and the home itself if nothing else is in it; parents first."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        entries = sorted(home.iterdir())
        names = [path for path in entries if any(fnmatch(path.name, pattern) for pattern in HOME_NAMES)]
        if names == entries:
            yield home.resolve()
        for path in names:
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from _below(path)


def _below(folder: Path) -> Iterator[Path]:
    """Every entry of a folder and of those in it. A run may be adding to it and taking away just now."""
    with suppress(FileNotFoundError, PermissionError), os.scandir(folder) as entries:
        for entry in entries:
            yield Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from _below(Path(entry.path))
