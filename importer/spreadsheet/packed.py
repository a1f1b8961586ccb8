"""Files within a .gz or .zip, unpacked piece by piece: what is hostile in one ends at a limit, not at a full disk.

A workbook is an archive too, but is not treated as one here. What is inside is never unpacked once more, and a name
from inside an archive is only shown: no path is made of it.
"""

import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from importer.errors import FileError
from importer.text import SHOWN_CHARACTERS, count, printable

PACKED = {".gz", ".zip"}
LARGEST_UNPACKED = 4 << 30
"""Ten million rows of mappings take 1.5 GB."""

_NAMELESS = "unpacked"
_LONGEST_NAME, _LONGEST_ENDING = 200, 16
_LARGEST_RATIO, _ANY_RATIO = 200, 16 << 20
"""Mappings shrink to a tenth or a twentieth. A small file may shrink to whatever it likes."""

_PIECE = 1 << 20
_GZIP = b"\x1f\x8b"
_ZIP, _ZIP_END, _ZIP64 = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _LONGEST_COMMENT, _ZIP64_SIZE = 22, 1 << 16, 20
_LARGEST_LIST = 1 << 20
"""Bytes of the list of what is in an archive; that of ten thousand files has a megabyte."""

_MOST_NAMED = 5
_ENCRYPTED = 0x1
_TAR, _TAR_AT = b"ustar", 257
_OFFICE = ("[content_types].xml", "mimetype", "index/document.iwa", "index.zip")
_WORKBOOKS = (".xl", ".ods")
"""What the endings of workbooks begin with: whoever calls a file so means one."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UNREADABLE = (
    *(zipfile.BadZipFile, EOFError, NotImplementedError, OverflowError, RuntimeError, ValueError),
    *(lzma.LZMAError, struct.error, zlib.error),
)
_ADVICE = "Unpack it, then import the file that is in it."
_DAMAGED = "Copy or download it again."


def is_packed(path: Path) -> bool:
    """Whether a file is a .gz or .zip by its content, and no document of an office program, which are archives too."""
    try:
        # A pipe would be waited for, and what is read of it is gone.
        if not path.is_file():
            return False
        with path.open("rb") as file:
            start = file.read(len(_ZIP))
        if start.startswith(_GZIP):
            return True
    except OSError:
        # Said by whoever reads it.
        return False
    suffix = path.suffix.lower()
    if suffix == ".zip" or start != _ZIP or suffix.startswith(_WORKBOOKS):
        return suffix == ".zip"
    names = _names(path)
    return bool(names) and not any(map(_is_office, names))


def unpack(path: Path, folder: Path) -> tuple[Path, str]:
    """The one file within a packed one, in this folder, and what its name is inside, if that is known.

    It is called like the packed file, without the ending of that.

    Raises:
        FileError: It is damaged, encrypted or too large, or there is not exactly one file in it.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(len(_GZIP)) == _GZIP
        return _from_gzip(path, folder) if is_gzip else _from_zip(path, folder)
    except _UNREADABLE as error:
        raise FileError(f"{path.name} is damaged, so it cannot be unpacked.", _DAMAGED) from error


def _from_gzip(path: Path, folder: Path) -> tuple[Path, str]:
    name = path.stem if path.suffix.lower() == ".gz" else path.name
    # Of "...gz", nothing is left that could be a name.
    target = folder / (name if name.strip(".") else _NAMELESS)
    try:
        with gzip.open(path) as source:
            _copy(source, target, path)
    except gzip.BadGzipFile as error:
        raise FileError(f"{path.name} is damaged, so it cannot be unpacked.", _DAMAGED) from error
    with target.open("rb") as file:
        file.seek(_TAR_AT)
        if file.read(len(_TAR)) == _TAR:
            raise FileError(f"{path.name} holds an archive (tar).", _ADVICE)
    return target, ""


def _from_zip(path: Path, folder: Path) -> tuple[Path, str]:
    infos = [info for info in _infos(path) if not _is_beside(info)]
    if any(_is_office(info.filename) for info in infos):
        raise FileError(f"{path.name} is a workbook or another document, not a .zip.", "Give it its own ending again.")
    if len(infos) != 1:
        raise _not_one(path, [info.filename for info in infos])
    [info] = infos
    if info.flag_bits & _ENCRYPTED:
        raise FileError(
            f"{path.name} is encrypted with a password.", "Unpack it with the password, then import what is in it."
        )
    if info.compress_type not in _METHODS:
        raise FileError(f"{path.name} is packed in a way that is not read here.", _ADVICE)
    # The ending only, which says how the file is to be read.
    ending = "" if Path(path.stem).suffix else _plain_ending(info.filename)
    name = path.stem if path.suffix.lower() == ".zip" else path.name
    name = name if name.strip(".") else _NAMELESS
    target = folder / (f"{name[:_LONGEST_NAME]}{ending}" if ending else name)
    with zipfile.ZipFile(path) as archive, archive.open(info) as source:
        _copy(source, target, path)
    return target, printable(info.filename, SHOWN_CHARACTERS)


def _plain_ending(name: str) -> str:
    ending = Path(name.rpartition("/")[2]).suffix
    plain = ending.removeprefix(".")
    return ending if plain.isascii() and plain.isalnum() and len(plain) <= _LONGEST_ENDING else ""


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, packed: Path) -> None:
    """Write what is unpacked, as far as it is not too much."""
    most = max(_ANY_RATIO, min(LARGEST_UNPACKED, _LARGEST_RATIO * packed.stat().st_size))
    written = 0
    target.touch(mode=0o600)
    with target.open("wb") as out:
        while piece := source.read(_PIECE):
            written += len(piece)
            if written > most:
                raise FileError(
                    f"{packed.name} holds more than {most >> 20:,} MB, which is too much for a file of its size.",
                    "Make sure that it is the right file. If it is, unpack it, then import the file that is in it.",
                )
            out.write(piece)


def _names(path: Path) -> list[str]:
    try:
        return [info.filename for info in _infos(path)]
    except (*_UNREADABLE, FileError):
        return []


def _infos(path: Path) -> list[zipfile.ZipInfo]:
    """What is in an archive, if the list of that is no larger than it may be."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _LONGEST_COMMENT - _END_SIZE, 0))
        end = file.read()
    at = end.rfind(_ZIP_END)
    if at < 0 or len(end) < at + _END_SIZE:
        raise zipfile.BadZipFile
    size = int.from_bytes(end[at + 12 : at + 16], "little")
    # Python would read a list of gigabytes, and trusts the larger numbers of ZIP64 wherever they are.
    if size > _LARGEST_LIST or end[max(at - _ZIP64_SIZE, 0) :].startswith(_ZIP64):
        raise FileError(f"{path.name} holds too many files, or is too large.", _ADVICE)
    with zipfile.ZipFile(path) as archive:
        return archive.infolist()


def _is_office(name: str) -> bool:
    return name.lower() in _OFFICE


def _is_beside(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder, or what a system keeps beside the files of a person."""
    parts = [part for part in info.filename.split("/") if part]
    return info.is_dir() or not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".")


def _not_one(path: Path, names: Sequence[str]) -> FileError:
    if not names:
        return FileError(f"{path.name} holds no file.", "Choose the file that holds the spreadsheet.")
    shown = ", ".join(printable(name, SHOWN_CHARACTERS) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return FileError(
        f"{path.name} holds {count(len(names), 'file')}: {shown}{more}.",
        "Take out the one that you want to import, then import that.",
    )
