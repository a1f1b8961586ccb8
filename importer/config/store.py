"""Documents that outlive a process: private files, never seen half written, each with the number of its format.

Another version of the importer may have written a document or may read it later, hence the rules. Rule 1: an unknown
member is ignored, a missing one has its default. Rule 2: the number grows only when members change their meaning; then
a step leads from the format before to the new one. Rule 3: a document of a later format, or a damaged one, is never
used in part: its reader decides whether that is an error or as good as no document.
"""

import contextlib
import dataclasses
import json
import os
import secrets
import sys
import threading
import types
import typing
from collections import abc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from importer.errors import StoreError

Shape = TypeVar("Shape")
Step = Callable[[Any], Any]

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


def private_folder(path: Path) -> Path:
    """The folder, made for its owner alone if it is not there."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def new_private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read, open for writing."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_private(path: Path, text: str) -> None:
    """Replace the text of a file, whole or not at all."""
    private_folder(path.parent)
    # Beside it and under a random name: two processes that write at once both write whole files, and the later wins.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with new_private(aside) as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    aside.replace(path)


def read_text(path: Path) -> str | None:
    """The text of a file as ``write_private`` writes it, or None if there is no file.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogatepass")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise StoreError(f"{path} cannot be read: {error}.", "Check the file and its permissions.") from error


class UnreadableError(ValueError):
    """A stored document that is damaged or of a later format; the sentence says which."""


class NewerFormatError(UnreadableError):
    """A stored document that is not damaged, but of a later format."""


def unchanged(document: Any) -> Any:
    """The step from documents without a number to format 1, where only the number was added."""
    return document


@dataclass(frozen=True)
class Document(Generic[Shape]):
    """One kind of document: what it holds, and the number of its format.

    ``shape`` is a dataclass, a TypedDict, or ``dict`` for an object whose members are not looked at here. ``steps``
    lead from an earlier format to the next one; 0 is that of documents without a number. ``name`` is for sentences.
    """

    name: str
    shape: type[Shape]
    format: int = 1
    steps: Mapping[int, Step] = field(default_factory=lambda: {0: unchanged})

    def encode(self, value: Shape, *, without: abc.Collection[str] = ()) -> str:
        """The document as text; members named in ``without`` are known from where it lies."""
        members = asdict(value) if dataclasses.is_dataclass(value) else dict(value)  # type: ignore[arg-type, call-overload]
        written = {name: member for name, member in members.items() if name not in {*without, "format"}}
        return json.dumps({"format": self.format} | written, ensure_ascii=False, default=asdict)

    def decode(self, text: str, **from_place: object) -> Shape:
        """The value that a text holds; ``from_place`` are the members that were left out of it.

        Raises:
            UnreadableError: It is damaged, or of a later format.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UnreadableError(f"{self.name} is damaged.") from error
        # The number first: a later format must be recognised before its members are looked at.
        number = document.get("format") if isinstance(document, dict) else None
        # A member of that name in a document without a number is data, not a number.
        number = number if type(number) is int else 0
        if number > self.format:
            raise NewerFormatError(f"{self.name} was written by a newer version of the importer.")
        try:
            if number:
                del document["format"]
            for step in range(number, self.format):
                document = self.steps[step](document)
            return typing.cast("Shape", from_json(self.shape, {**document, **from_place}))
        except (ValueError, TypeError, LookupError) as error:
            raise UnreadableError(f"{self.name} is damaged.") from error

    def read(self, path: Path, **from_place: object) -> Shape | None:
        """The document in a file, or None if there is no file.

        Raises:
            StoreError: It cannot be read, is damaged, or of a later format.
        """
        text = read_text(path)
        return None if text is None else self.decode_of(text, str(path), **from_place)

    def decode_of(self, text: str, place: str, **from_place: object) -> Shape:
        """The value that the text of a document at a place holds.

        Raises:
            StoreError: It is damaged, or of a later format.
        """
        try:
            return self.decode(text, **from_place)
        except UnreadableError as error:
            raise self.unusable(error, place) from error

    def unusable(self, error: UnreadableError, place: str) -> StoreError:
        """What is wrong with the document at a place, as an error for people."""
        return StoreError(
            f"{error} It is {place}.", "Update the importer. If it is damaged, restore it from a backup, or delete it."
        )

    def read_if_usable(self, path: Path, **from_place: object) -> Shape | None:
        """The document in a file; None if it is not there or cannot be used. For documents that can be rebuilt."""
        try:
            return self.read(path, **from_place)
        except StoreError:
            return None

    def write(self, path: Path, value: Shape, *, without: abc.Collection[str] = ()) -> None:
        """Write the document over an earlier one, whole or not at all."""
        write_private(path, self.encode(value, without=without))


class RecentDocuments(Generic[Shape]):
    """The documents of one kind that were read last; one is parsed again only if its file is another one by now.

    Only for values that nobody changes in place: each reader gets the same one.
    """

    def __init__(self, document: Document[Shape], most: int) -> None:
        """Keep so many of them in memory."""
        self._document, self._most = document, most
        self._values: dict[Path, tuple[tuple[int, float, int], Shape | None]] = {}
        self._lock = threading.Lock()

    def read_if_usable(self, path: Path, **from_place: object) -> Shape | None:
        """As ``Document.read_if_usable``; ``from_place`` is the same each time."""
        try:
            status = path.stat()
        except OSError:
            return None
        # Documents are replaced and never written over, so a new one is another file.
        signature = (status.st_ino, status.st_mtime, status.st_size)
        with self._lock:
            before = self._values.pop(path, None)
            if before is not None and before[0] == signature:
                self._values[path] = before
                return before[1]
        value = self._document.read_if_usable(path, **from_place)
        with self._lock:
            self._values[path] = (signature, value)
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]
        return value


def from_json(shape: Any, value: Any) -> Any:
    """A parsed JSON value as this shape: a dataclass, or anything that one may have as a member.

    Raises:
        ValueError: It is of another shape.
    """
    if dataclasses.is_dataclass(shape):
        return _object(shape, value)
    if typing.is_typeddict(shape):
        return _members(shape, value)
    origin, parts = typing.get_origin(shape) or shape, typing.get_args(shape)
    if origin in (types.UnionType, typing.Union):
        return _one_of(parts, value)
    if origin in (abc.Mapping, dict):
        _demand(isinstance(value, dict), value)
        return {key: from_json(parts[1], member) for key, member in value.items()} if parts else value
    if origin in (abc.Sequence, tuple, list):
        _demand(isinstance(value, list | tuple), value)
        return (list if origin is list else tuple)(_items(parts, value))
    return _plain(shape, value)


def _object(shape: Any, value: Any) -> Any:
    _demand(isinstance(value, dict), value)
    hints = typing.get_type_hints(shape)
    names = [one.name for one in dataclasses.fields(shape) if one.init and one.name in value]
    # A member without a default that is missing is a TypeError, which ``decode`` takes for damage.
    return shape(**{name: from_json(hints[name], value[name]) for name in names})


def _members(shape: Any, value: Any) -> dict[str, Any]:
    """An object that stays a dict, with the members that its shape does not name."""
    _demand(isinstance(value, dict) and shape.__required_keys__ <= value.keys(), value)
    hints = typing.get_type_hints(shape)
    return {name: from_json(hints.get(name, Any), member) for name, member in value.items()}


def _one_of(shapes: abc.Sequence[Any], value: Any) -> Any:
    # In the order in which they are declared, so the stricter one has to come first.
    for shape in shapes:
        with contextlib.suppress(ValueError):
            return from_json(shape, value)
    raise ValueError(f"{value!r:.80} is of another shape")


def _items(parts: abc.Sequence[Any], values: abc.Sequence[Any]) -> Iterator[Any]:
    if len(parts) > 1 and parts[1] is not ...:
        return (from_json(part, value) for part, value in zip(parts, values, strict=True))
    return (from_json(parts[0], value) for value in values)


def _plain(shape: Any, value: Any) -> Any:
    if shape in (Any, object):
        return value
    if shape in (None, types.NoneType):
        _demand(value is None, value)
        return None
    if isinstance(shape, type) and issubclass(shape, Enum | Path):
        _demand(isinstance(value, str), value)
        return shape(value)
    # JSON does not tell 5 from 5.0. True is an int to Python and no number here: hence types, and not isinstance.
    if shape is float:
        _demand(type(value) in (int, float), value)
        return float(value)
    _demand(type(value) is shape, value)
    return value


def _demand(holds: bool, value: object) -> None:
    if not holds:
        raise ValueError(f"{value!r:.80} is of another shape")


@contextlib.contextmanager
def locked_document(path: Path) -> Iterator[None]:
    """Hold a lock that all threads and processes share; it ends with its process."""
    private_folder(path.parent)
    # A separate file beside the document, which is replaced when it is written: a lock would stay with the old one.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        _take(file)
        yield
