"""Where documents lie that everybody who works with one journal must agree on: each under a name, changed by one.

Rule 1: whoever changes a document says which state of it they have read; if it is another one by now, nothing is
written, and they read it again. So of two who change it at once, neither loses anything. Rule 2: this module does not
know the journal; ``journal/shelves.py`` says which shelf is that of an installation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from importer.config.store import (
    Document,
    NewerFormatError,
    UnreadableError,
    locked_document,
    read_text,
    write_private,
)
from importer.errors import StoreError

Shape = TypeVar("Shape")

_MOST_TRIES = 1_000
"""Each try that fails is one in which somebody else has written."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read; ``revision`` grows with every change where the shelf counts them."""

    text: str
    revision: int = 0


class Shelf(Protocol):
    """Documents by name."""

    @property
    def files(self) -> Path | None:
        """The folder with the documents from before there was this shelf; None if this is that folder."""

    def read(self, name: str) -> Stored | None:
        """The document of this name, if there is one.

        Raises:
            StoreError: It cannot be read.
            JournalError: The database cannot be used.
        """

    def replace(self, name: str, text: str, before: Stored | None) -> bool:
        """Write a document unless it is not any more what it was before; None if there was none."""

    def place(self, name: str) -> str:
        """Where a document is, for sentences."""


class FileShelf:
    """Documents as private files in a folder, for all processes of one machine."""

    files = None

    def __init__(self, folder: Path) -> None:
        """Use this folder, which need not be there."""
        self._folder = folder

    def read(self, name: str) -> Stored | None:
        """The document of this name, if there is one."""
        text = read_text(self._folder / name)
        return None if text is None else Stored(text)

    def replace(self, name: str, text: str, before: Stored | None) -> bool:
        """Write a document unless it is not any more what it was before."""
        path = self._folder / name
        with locked_document(path.with_suffix(".lock")):
            if self.read(name) != before:
                return False
            write_private(path, text)
            return True

    def place(self, name: str) -> str:
        """The path of the file."""
        return str(self._folder / name)


def read_shelved(document: Document[Shape], shelf: Shelf, name: str) -> Shape | None:
    """The document of this name, or None if there is none.

    Raises:
        StoreError: It cannot be read, is damaged, or of a later format.
        JournalError: The database cannot be used.
    """
    stored = _stored(document, shelf, name)
    return None if stored is None else document.decode_of(stored.text, shelf.place(name))


def change_shelved(
    document: Document[Shape],
    shelf: Shelf,
    name: str,
    change: Callable[[Shape | None], Shape | None],
    *,
    is_memory: bool = False,
) -> None:
    """Replace a document by what ``change`` makes of it, however many others change it meanwhile; None leaves it.

    ``change`` is called once more for each of them. Of a mere memory, a damaged document is as good as none, and one of
    a later format is left to the importer that wrote it: forgetting is better than spoiling.

    Raises:
        StoreError: It cannot be read, is damaged, or of a later format.
        JournalError: The database cannot be used.
    """
    for _ in range(_MOST_TRIES):
        try:
            stored = _stored(document, shelf, name)
        except StoreError:
            if not is_memory:
                raise
            stored = shelf.read(name)
        try:
            before = None if stored is None else document.decode(stored.text)
        except UnreadableError as error:
            if not is_memory:
                raise document.unusable(error, shelf.place(name)) from error
            if isinstance(error, NewerFormatError):
                return
            before = None
        after = change(before)
        if after is None or shelf.replace(name, document.encode(after), stored):
            return
    raise StoreError(f"{document.name} is being changed all the time.", "Try again in a moment.")


def put_shelved(document: Document[Shape], shelf: Shelf, name: str, value: Shape) -> None:
    """Write a document over whatever is there.

    Raises:
        StoreError: What is there cannot be read.
        JournalError: The database cannot be used.
    """
    text = document.encode(value)
    while not shelf.replace(name, text, shelf.read(name)):
        pass


def _stored(document: Document[Shape], shelf: Shelf, name: str) -> Stored | None:
    stored = shelf.read(name)
    if stored is not None or shelf.files is None:
        return stored
    # Taken over once: from then on there is one. Understood first, for a file that is damaged, or has more in it than
    # its kind may, would be everybody's. The file itself is left where it is.
    earlier = document.read(shelf.files / name)
    if earlier is None:
        return None
    shelf.replace(name, document.encode(earlier), None)
    return shelf.read(name)
