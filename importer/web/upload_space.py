"""How much room uploads may take on the disk: each person's, those of all, and what must be left for everything else.

A file of wrong cells becomes a hundred times its size once it is checked, so that what is checked counts as well, and
is looked at while it grows.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from importer.config.settings import Settings
from importer.errors import FileError

_MEGABYTE = 1024**2
_LEAST_SHARE = 20
"""On a small disk, a twentieth of it is what must be left."""


class NoRoomError(FileError):
    """There is no room for an upload, or for what comes of it. It is as good as before, and can be tried again."""


@dataclass(frozen=True, slots=True)
class UploadSpace:
    """The limits, in bytes. ``free`` gives the total of the disk with a folder, and what is free of it."""

    per_person: int
    in_all: int
    to_spare: int
    free: Callable[[Path], tuple[int, int]]

    @classmethod
    def of(cls, settings: Settings) -> "UploadSpace":
        """As the settings have it."""
        return cls(
            settings.upload_space_per_person * _MEGABYTE,
            settings.upload_space * _MEGABYTE,
            settings.free_space * _MEGABYTE,
            _total_and_free,
        )

    def watch(
        self, folder: Path, mine: Iterable[Path], others: Iterable[Path], elsewhere: tuple[int, int] = (0, 0)
    ) -> Callable[[int], None]:
        """A look whether there is room, for something that grows by some bytes; what is there is measured once.

        ``folder`` is on the disk, ``mine`` and ``others`` are the folders of uploads of the same person and of others,
        ``elsewhere`` the bytes of both that are on other machines only.
        """
        of_person = sum(map(size_of, mine)) + elsewhere[0]
        total = of_person + sum(map(size_of, others)) + elsewhere[1]
        look_at_disk = self.watch_disk(folder)

        def look(more: int) -> None:
            look_at_disk(more)
            if of_person + more > self.per_person:
                raise NoRoomError(
                    f"Your uploads need more room than the {self.per_person // _MEGABYTE:,} MB that are allowed.",
                    "Delete uploads that you do not need any more, or split the file, then try again.",
                )
            if total + more > self.in_all:
                raise NoRoomError(
                    f"All uploads together need more room than the {self.in_all // _MEGABYTE:,} MB that are allowed.",
                    "Delete uploads that you do not need any more, or ask whoever runs this page, then try again.",
                )

        return look

    def watch_disk(self, folder: Path) -> Callable[[int], None]:
        """A look whether enough of the disk with this folder is free."""

        def look(_: int) -> None:
            disk, free = self.free(folder)
            if free < min(self.to_spare, disk // _LEAST_SHARE):
                raise NoRoomError(
                    "The disk of the machine with this page is almost full.",
                    "Ask whoever runs it to make room, then try again. Nothing that you have saved is lost.",
                )

        return look


def size_of(folder: Path) -> int:
    """The bytes of the files in the folder of an upload."""
    try:
        return sum(path.stat(follow_symlinks=False).st_size for path in folder.iterdir())
    except OSError:
        # It is being deleted.
        return 0


def _total_and_free(folder: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free
