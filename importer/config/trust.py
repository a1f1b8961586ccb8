"""The folders whose settings file may say where secrets go, because the user has looked at it and said so.

A folder is remembered by its real path with the checksum of its file: a file that changes is a stranger's again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from importer.config.store import Document, locked_document


@dataclass(frozen=True)
class _Folders:
    """The checksum of the settings file of each trusted folder."""

    folders: Mapping[str, str] = field(default_factory=dict)


_LIST = Document("The list of trusted folders", _Folders)


def is_trusted(home: Path, folder: Path, content: bytes) -> bool:
    """Whether the user trusts this folder's settings file as it is now."""
    return trusted(home).get(_name(folder)) == _checksum(content)


def was_trusted(home: Path, folder: Path) -> bool:
    """Whether the user trusts the folder's settings file, whatever it held then."""
    return _name(folder) in trusted(home)


def trusted(home: Path) -> Mapping[str, str]:
    """The trusted folders with the checksums of their files. A list that cannot be read trusts nobody."""
    return (_LIST.read_if_usable(_path(home)) or _Folders()).folders


def trust(home: Path, folder: Path, content: bytes) -> None:
    """Remember a folder's settings file as it is now.

    Raises:
        StoreError: The list cannot be read, or is a newer version's.
    """
    with locked_document(_path(home).with_suffix(".lock")):
        _write(home, {**_read(home), _name(folder): _checksum(content)})


def distrust(home: Path, folder: Path) -> bool:
    """Forget a folder; whether it was trusted.

    Raises:
        StoreError: The list cannot be read, or is a newer version's.
    """
    with locked_document(_path(home).with_suffix(".lock")):
        folders = _read(home)
        if _name(folder) not in folders:
            return False
        _write(home, {name: checksum for name, checksum in folders.items() if name != _name(folder)})
        return True


def _read(home: Path) -> Mapping[str, str]:
    return (_LIST.read(_path(home)) or _Folders()).folders


def _write(home: Path, folders: Mapping[str, str]) -> None:
    _LIST.write(_path(home), _Folders(folders))


def _path(home: Path) -> Path:
    return home / "trusted-folders.json"


def _name(folder: Path) -> str:
    return str(folder.resolve())


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
