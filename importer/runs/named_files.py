"""The files that the words of a command stand for: files, folders and patterns, in a stated order. Reads none of them.

1. A file is itself, whatever its name; so are the standard input and an address.
2. A folder stands for its spreadsheets: the files whose names end as such files do, 2.csv before 10.csv. Hidden files,
   lock files and what is in folders below it do not belong to them, nor the files of a report that lies there.
3. A pattern that the shell has left as it is, as Windows does, stands for the spreadsheets that match it; ``**`` for
   all folders below.
4. A file that is named twice is taken once.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from importer.errors import FileError, UsageError
from importer.harmless import without_passwords
from importer.spreadsheet import PACKED, TABLES

STANDARD_INPUT = "-"
MOST_FILES = 10_000
"""A folder with more files than these is named by mistake, and a pattern would be followed for hours."""

OWN_SUMMARY = "summary.json"
OWN_TABLES = frozenset(
    {
        *("report.csv", "report.xlsx", "failed.csv", "failed.xlsx", "your-workbook.xlsx", "your-workbook.xlsm"),
        *("verification.csv", "undo.csv"),
    }
)
"""The tables of a report, beside its summary. Written down here as well: the package that writes them loads the
database, for which the check of a file must not wait."""

_PATTERN = re.compile(r"[*?\[]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ADVICE = "A folder stands for the spreadsheets directly in it, FOLDER/** for those below it as well. Check the name."
_OF_ANY_KIND = {".txt"}
"""Endings of files that may be anything, so that they are read only if the user has named them."""


@dataclass(frozen=True)
class NamedFile:
    """One file that a command is to read: as it is to be typed, and why it cannot be read if that is known already.

    ``typed`` is a path, or a text for an address or the standard input.
    """

    typed: Path | str
    error: FileError | None = None

    def __str__(self) -> str:
        """What it is called in lists of files."""
        return without_passwords(str(self.typed))


@dataclass(frozen=True)
class NamedFiles:
    """What the words of a command stand for; ``several`` tells that they may stand for any number of files.

    ``notices`` are sentences about files that were left out.
    """

    files: tuple[NamedFile, ...]
    several: bool
    notices: tuple[str, ...]


def is_address(word: str) -> bool:
    """Whether a word is the address of a file elsewhere: https://…, for example."""
    return _ADDRESS.match(word) is not None


def path_named(word: str) -> Path:
    """The path that a word is, where nothing else can be meant by it.

    Raises:
        UsageError: It is empty, the standard input, an address, or a pattern.
    """
    _refuse_empty(word)
    if word == STANDARD_INPUT or is_address(word):
        message = f"{without_passwords(word)} is no file or folder of this machine."
        raise UsageError(message, "Name one, which may lie on a drive that several machines share.")
    if _PATTERN.search(word) and not os.path.lexists(word):
        raise UsageError(f"{word} is a pattern, and one file or folder is meant.", "Name the folder.")
    return Path(word)


def _refuse_empty(word: str) -> None:
    if not word.strip():
        # As a path it would be the current folder, and a script whose variable is empty would import all of that.
        raise UsageError("A file has an empty name.", "Check what stands for it, such as a variable.")


def named_files(words: Sequence[str], *, once: bool = True) -> NamedFiles:
    """The files that words stand for, in their order; with ``once``, each of them once.

    A folder or pattern that stands for no file is there with its error.

    Raises:
        FileError: It is the only word, or a folder cannot be looked into.
        UsageError: A word is empty, or no pattern.
    """
    files, notices = list[NamedFile](), list[str]()
    several = len(words) > 1
    for word in words:
        _refuse_empty(word)
        path = Path(word)
        if word == STANDARD_INPUT or is_address(word):
            files.append(NamedFile(word))
        elif (entries := _entries(path)) is not None:
            several = True
            files += _among(word, entries, is_spreadsheet, notices)
        elif _PATTERN.search(word) and not os.path.lexists(path):
            several = True
            matches = sorted(islice(_matches(word), MOST_FILES + 1), key=_natural)
            files += _among(word, matches, _is_readable, notices)
        else:
            files.append(NamedFile(path))
    if len(words) == len(files) == 1 and files[0].error is not None:
        raise files[0].error
    return NamedFiles(tuple(_once(files, notices) if once else files), several, tuple(notices))


def _entries(path: Path) -> list[Path] | None:
    """What is in a folder; None if it is none.

    Raises:
        FileError: It cannot be looked into.
    """
    try:
        return sorted(path.iterdir(), key=_natural) if path.is_dir() else None
    except PermissionError as error:
        raise FileError(f"The folder {path} cannot be opened: {error.strerror}.", "Check its permissions.") from error
    except OSError:
        # Said by whoever opens it: its name is too long, for example.
        return None


def _matches(pattern: str) -> Iterator[Path]:
    """What matches a pattern. As in a shell, only a part that begins with a dot matches hidden files and folders."""
    with suppress(RuntimeError):
        # Of a user that there is not, it is a name like any other.
        pattern = str(Path(pattern).expanduser())
    parts = Path(pattern).parts
    fixed = next(place for place, part in enumerate(parts) if _PATTERN.search(part))
    above, below = Path(*parts[:fixed]), [*parts[fixed:]]
    below += ["*"] if below[-1] == "**" else []
    shows_hidden = any(part.startswith(".") for part in below)
    try:
        for path in above.glob("/".join(below)):
            if shows_hidden or not any(part.startswith(".") for part in path.relative_to(above).parts):
                yield path
    except ValueError as error:
        raise UsageError(f"{pattern} is not a pattern.", "Write ** alone between two slashes.") from error


def _among(
    word: str, paths: Sequence[Path], belongs: Callable[[Path], bool], notices: list[str]
) -> Iterator[NamedFile]:
    """The spreadsheets among the files of a folder, or those that match a pattern."""
    files = [path for path in paths if not path.name.startswith((".", "~$")) and belongs(path) and path.is_file()]
    of_reports = _of_reports(files)
    if of_reports:
        more = len(of_reports) - 1
        which = f"{of_reports[0]} and {more:,} more files were" if more else f"{of_reports[0]} was"
        notices.append(f"{which} left out: the importer wrote such files itself. To import one, name it.")
    if len(paths) > MOST_FILES:
        message = f"{word} holds, or matches, more than {MOST_FILES:,} files."
        yield NamedFile(Path(word), FileError(message, "Name a folder or pattern with fewer files."))
    elif len(of_reports) == len(files):
        where = "matches no spreadsheet" if belongs is _is_readable else "is a folder without any spreadsheet"
        yield NamedFile(Path(word), FileError(f"{word} {where}.", _ADVICE))
    else:
        # A folder that leads back into itself shows one file by many names, which nobody has typed.
        first = {os.path.realpath(path): path for path in reversed(files) if path not in of_reports}
        yield from (NamedFile(path) for path in files if first.get(os.path.realpath(path)) == path)


def is_spreadsheet(path: Path) -> bool:
    """Whether a file in a folder is a spreadsheet by its name; a text or an archive may be anything."""
    return _ending(path) in TABLES - _OF_ANY_KIND


def _is_readable(path: Path) -> bool:
    """Whether a file may be one by its name, where the user has said which files are meant."""
    return _ending(path) in TABLES | PACKED


def _ending(path: Path) -> str:
    """The ending of a name, without that of a packed file: mappings.csv.gz ends in .csv."""
    suffix = path.suffix.lower()
    return (Path(path.stem).suffix.lower() or suffix) if suffix in PACKED else suffix


def _of_reports(files: Sequence[Path]) -> list[Path]:
    """The files that lie in the report of a run and are a part of it."""
    return [path for path in files if _first_name(path) in OWN_TABLES and (path.parent / OWN_SUMMARY).is_file()]


def _first_name(path: Path) -> str:
    """The name of a file of a report before it made room for another one, because a person had changed it."""
    return f"{path.stem.partition('-changed')[0]}{path.suffix}"


def _once(files: Sequence[NamedFile], notices: list[str]) -> Iterator[NamedFile]:
    earlier: set[str] = set()
    for file in files:
        one = str(file.typed) if isinstance(file.typed, str) else os.path.normcase(os.path.realpath(file.typed))
        if one in earlier:
            notices.append(f"{file} is named twice, and taken once.")
            continue
        earlier.add(one)
        yield file


def _natural(path: Path) -> tuple[list[tuple[int, str, int]], str]:
    """The order in which people count: 2.csv before 10.csv, and capitals make no difference."""
    parts = re.split(r"([0-9]+)", str(path).casefold())
    return [(0, "", int(part)) if place % 2 else (1, part, 0) for place, part in enumerate(parts)], str(path)
