"""A disk that can be watched, filled, broken and cut off from power: a shim under SQLite's own file system layer.

Every write, truncation, sync and deletion that SQLite asks for is written down and passed on, or refused. From what was
written down, `after_power_cut` builds the files that a power cut would leave: only what was synced before.
The shim copies SQLite's table of file functions and replaces four of them, so nothing else behaves otherwise.
"""

import contextlib
import ctypes
import ctypes.util
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

OK, READ_ONLY, FULL, IO_WRITE, IO_SYNC = 0, 8, 13, 778, 1034
"""SQLite's result codes: fine, read-only, disk full, and errors of input and output while writing and syncing."""

_POINTER = ctypes.c_void_p
_INT, _I64, _TEXT = ctypes.c_int, ctypes.c_int64, ctypes.c_char_p

# The name of a file is a pointer here: SQLite keeps it as long as the file is open, a copy would be gone by then.
_Open = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, ctypes.POINTER(_INT))
_Delete = ctypes.CFUNCTYPE(_INT, _POINTER, _TEXT, _INT)
_Write = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _I64)
_Truncate = ctypes.CFUNCTYPE(_INT, _POINTER, _I64)
_Sync = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)


class _System(ctypes.Structure):
    """The beginning of sqlite3_vfs; the rest is copied as bytes."""

    _fields_ = [
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _POINTER),
        ("name", _TEXT),
        ("data", _POINTER),
        ("open", _POINTER),
        ("delete", _POINTER),
        ("rest", _POINTER * 14),
    ]


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [
        ("version", _INT),
        ("close", _POINTER),
        ("read", _POINTER),
        ("write", _POINTER),
        ("truncate", _POINTER),
        ("sync", _POINTER),
        ("rest", _POINTER * 13),
    ]


class _File(ctypes.Structure):
    """The beginning of sqlite3_file."""

    _fields_ = [("methods", ctypes.POINTER(_Methods))]


class Do(Enum):
    """What SQLite asks of a disk."""

    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing asked of the disk. ``synced`` tells of a deletion whether the folder was synced with it."""

    do: Do
    file: str
    at: int = 0
    data: bytes = b""
    synced: bool = False


@dataclass
class Disk:
    """What was done so far, and what is refused: ``refuse`` gives a result code for a deed, or OK to let it through."""

    deeds: list[Deed] = field(default_factory=list)
    refuse: Callable[[int, Deed], int] = lambda _, __: OK

    def asked(self, deed: Deed) -> int:
        """Note a deed and say whether it may be done."""
        code = self.refuse(len(self.deeds), deed)
        if code == OK:
            self.deeds.append(deed)
        return code


@contextlib.contextmanager
def watched_disk() -> Iterator[Disk]:
    """While the block runs, every SQLite file that is opened lies on this disk."""
    disk = Disk()
    shim = _Shim(ctypes.CDLL(_library()), disk)
    # A connection that is closed late still calls these functions.
    _FOR_EVER.append(shim)
    shim.put_in()
    try:
        yield disk
    finally:
        shim.take_out()


def _library() -> str:
    """The very library that Python's sqlite3 uses; another copy would have a table of its own."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    loaded = {line.split()[-1] for line in lines if "libsqlite3" in line or "_sqlite3" in line}
    return min(loaded, key=lambda path: "libsqlite3" not in path)


_FOR_EVER: list["_Shim"] = []


class _Shim:
    """The wrapped functions; kept alive as long as SQLite may call them."""

    def __init__(self, library: ctypes.CDLL, disk: Disk) -> None:
        self._library, self._disk = library, disk
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_System)
        library.sqlite3_vfs_find.argtypes = [_TEXT]
        library.sqlite3_vfs_register.argtypes = [ctypes.POINTER(_System), _INT]
        library.sqlite3_vfs_unregister.argtypes = [ctypes.POINTER(_System)]
        self._usual = library.sqlite3_vfs_find(None)
        self._system = _System.from_buffer_copy(self._usual.contents)
        self._system.name = b"watched"
        self._names: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        self._kept: list[Any] = [_Open(self._opened), _Delete(self._deleted)]
        self._system.open = ctypes.cast(self._kept[0], _POINTER)
        self._system.delete = ctypes.cast(self._kept[1], _POINTER)

    def put_in(self) -> None:
        self._library.sqlite3_vfs_register(ctypes.byref(self._system), 1)

    def take_out(self) -> None:
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._system))
        self._library.sqlite3_vfs_register(self._usual, 1)

    def _opened(self, _: int, name: int | None, file: int, flags: int, out_flags: Any) -> int:
        usual = _Open(self._usual.contents.open)
        code = int(usual(ctypes.addressof(self._usual.contents), name, file, flags, out_flags))
        opened = _File.from_address(file)
        if code == OK and name is not None and opened.methods:
            self._names[file] = ctypes.string_at(name).decode()
            opened.methods = ctypes.pointer(self._table(opened.methods))
        return code

    def _table(self, usual: Any) -> _Methods:
        """SQLite's functions for a kind of file with four of them watched."""
        key = ctypes.addressof(usual.contents)
        if key not in self._tables:
            table = _Methods.from_buffer_copy(usual.contents)
            # A copy of the usual table: SQLite may be asked for it again with another file.
            plain = _Methods.from_buffer_copy(usual.contents)
            write, truncate, sync = _Write(plain.write), _Truncate(plain.truncate), _Sync(plain.sync)

            def written(file: int, data: int, length: int, at: int) -> int:
                deed = Deed(Do.WRITE, self._names[file], at, ctypes.string_at(data, length))
                return self._disk.asked(deed) or int(write(file, data, length, at))

            def truncated(file: int, length: int) -> int:
                return self._disk.asked(Deed(Do.TRUNCATE, self._names[file], length)) or int(truncate(file, length))

            def synced(file: int, flags: int) -> int:
                return self._disk.asked(Deed(Do.SYNC, self._names[file])) or int(sync(file, flags))

            wrapped = (_Write(written), _Truncate(truncated), _Sync(synced))
            table.write, table.truncate, table.sync = (ctypes.cast(each, _POINTER) for each in wrapped)
            self._kept += wrapped
            self._tables[key] = table
        return self._tables[key]

    def _deleted(self, _: int, name: bytes, sync_folder: int) -> int:
        code = self._disk.asked(Deed(Do.DELETE, name.decode(), synced=bool(sync_folder)))
        usual = _Delete(self._usual.contents.delete)
        return code or int(usual(ctypes.addressof(self._usual.contents), name, sync_folder))


def after_power_cut(deeds: Sequence[Deed], chance: random.Random | None = None) -> dict[str, bytes]:
    """The files that are left when the power goes after these deeds.

    Without ``chance`` nothing survives that was not synced: the worst that a disk which keeps its word may do. With it
    each unsynced deed survives or not, as a disk that writes in its own order would have it.
    """
    names = dict.fromkeys(deed.file for deed in deeds)
    return {name: content for name in names if (content := _left(deeds, name, chance)) is not None}


def _left(deeds: Sequence[Deed], name: str, chance: random.Random | None) -> bytes | None:
    """What is left of one file, None when nothing is."""
    own = [deed for deed in deeds if deed.file == name]
    kept: bytearray | None = None
    waiting: list[Deed] = []
    for deed in own:
        waiting.append(deed)
        if deed.do is Do.SYNC or (deed.do is Do.DELETE and deed.synced):
            kept, waiting = _applied(kept, waiting), []
    survived = [deed for deed in waiting if chance is not None and chance.random() < 0.5]
    kept = _applied(kept, survived)
    return None if kept is None else bytes(kept)


def _applied(content: bytearray | None, deeds: Sequence[Deed]) -> bytearray | None:
    for deed in deeds:
        match deed.do:
            case Do.WRITE:
                content = bytearray() if content is None else content
                content.extend(bytes(max(0, deed.at - len(content))))
                content[deed.at : deed.at + len(deed.data)] = deed.data
            case Do.TRUNCATE:
                content = (content or bytearray())[: deed.at]
            case Do.DELETE:
                content = None
            case Do.SYNC:
                content = bytearray() if content is None else content
    return content
