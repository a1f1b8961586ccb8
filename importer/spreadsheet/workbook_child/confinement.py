"""No network, no other program and no other file for this process, where the kernel of Linux can forbid them.

A reader of files from strangers may have a fault that lets a file take it over; what it could do then ends here.

Source: Linux' landlock(7) and seccomp(2), with the numbers of include/uapi/linux/{landlock,seccomp,audit}.h.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS_OF_FILES: Sequence[int] = ((1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
"""All that each version of Landlock can forbid of files; later ones can forbid no more of them than the last."""

_NETWORK_FROM, _SCOPES_FROM = 4, 6
_BIND_AND_CONNECT, _SOCKETS_AND_SIGNALS = 3, 3

_PLACE_ALONE = 0o10000000
"""The O_PATH of open(2), a number of the kernels that are listed below; Python names it on Linux only."""

_CALLS = {
    "x86_64": (0xC000003E, {41, 42, 49, 53, 59, 101, 304, 310, 311, 322, 425}),
    "aarch64": (0xC00000B7, {117, 198, 199, 200, 203, 221, 265, 270, 271, 281, 425}),
}
"""For each kind of processor its number, and those of the calls that are refused: socket, socketpair, bind, connect,
execve, execveat, ptrace, process_vm_readv and process_vm_writev, open_by_handle_at, io_uring_setup. A new process is
none of them, for it is confined like this one."""

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_OTHER_NUMBERS = 0x40000000
"""From here on the calls of x86_64 have other numbers (x32)."""


class Confinement(NamedTuple):
    """What the kernel forbids this process: other files, and the network with other programs."""

    files: bool
    calls: bool


def confine(*files: Path) -> Confinement:
    """Leave this process these files to read, and the libraries; what the kernel cannot forbid stays allowed."""
    if sys.platform != "linux":
        return Confinement(files=False, calls=False)
    kernel = ctypes.CDLL(None, use_errno=True)
    # Without it only root may give up rights.
    if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return Confinement(files=False, calls=False)
    # zipfile and others load a codec only when a file needs it.
    libraries = [Path(place) for place in sys.path if place]
    return Confinement(_forbid_files(kernel, [*libraries, Path(__file__).parent], files), _forbid_calls(kernel))


def _forbid_files(kernel: ctypes.CDLL, folders: Iterable[Path], files: Iterable[Path]) -> bool:
    version = kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _GET_VERSION)
    if version < 1:
        return False
    rights = _RIGHTS_OF_FILES[min(version, len(_RIGHTS_OF_FILES)) - 1]
    network = _BIND_AND_CONNECT if version >= _NETWORK_FROM else 0
    scopes = _SOCKETS_AND_SIGNALS if version >= _SCOPES_FROM else 0
    # Older kernels know less of these numbers, and take the rest if it is zero.
    about = struct.pack("<QQQ", rights, network, scopes)
    rules = kernel.syscall(_CREATE_RULESET, about, ctypes.c_size_t(len(about)), 0)
    if rules < 0:
        return False
    try:
        allowed = [(folder, _READ_FILE | _READ_FOLDER) for folder in folders if folder.is_dir()]
        allowed += [(file, _READ_FILE) for file in (*files, *(f for f in folders if f.is_file()))]
        for path, right in allowed:
            _allow(kernel, rules, path, right)
        return bool(kernel.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(kernel: ctypes.CDLL, rules: int, path: Path, right: int) -> None:
    place = os.open(path, _PLACE_ALONE)
    try:
        kernel.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("<Qi", right, place), 0)
    finally:
        os.close(place)


def _forbid_calls(kernel: ctypes.CDLL) -> bool:
    if platform.machine() not in _CALLS or sys.maxsize < 1 << 32:
        return False
    steps = filter_of(*_CALLS[platform.machine()])
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    program = struct.pack("HP", len(steps), ctypes.addressof(code))
    return bool(kernel.prctl(_SECCOMP, _FILTER, program, 0, 0) == 0)


def filter_of(processor: int, calls: Iterable[int]) -> list[tuple[int, int, int, int]]:
    """The program that refuses these calls, and all of another kind of processor: operation, two jumps and a number."""
    numbers = sorted(calls)
    tests = [(_IF_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    return [
        (_LOAD, 0, 0, 4),
        (_IF_EQUAL, 0, len(numbers) + 3, processor),
        (_LOAD, 0, 0, 0),
        (_IF_AT_LEAST, len(numbers) + 1, 0, _OTHER_NUMBERS),
        *tests,
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
