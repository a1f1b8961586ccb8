"""What a command prints about one file, kept in private files: another process checks, and the command prints it.

What is printed there is made harmless there, by the same ``lines.py``. Nothing of it is ever in memory as a whole: a
file may have a million issues.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar, cast

import click

from importer.cli.answer import Answer
from importer.cli.lines import put, say
from importer.cli.options import set_profile
from importer.model import Clock

Result = TypeVar("Result")

_PIECE = 1 << 20


@dataclass(frozen=True)
class Place:
    """Where the output about one file is kept, and what the command that prints it is like.

    ``encoding`` is that of its output, which decides how its JSON spells what it lacks.
    """

    folder: Path
    number: int
    as_json: bool
    encoding: str
    profile: str | None

    @property
    def out(self) -> Path:
        """The document of the file, or what is said about it on stdout."""
        return self.folder / f"{self.number}.out"

    @property
    def err(self) -> Path:
        """What is said about it on stderr."""
        return self.folder / f"{self.number}.err"


def captured(place: Place, clock: Clock, work: Callable[[], tuple[Result, Iterable[str]]]) -> Result:
    """The result of work that prints, or gives its document in pieces; both are kept in this place."""
    with ExitStack() as stack:
        encoding = place.encoding if place.as_json else "utf-8"
        out = stack.enter_context(_opened(place.out, "w", encoding))
        err = stack.enter_context(_opened(place.err, "w"))
        stack.enter_context(redirect_stderr(err))
        stack.enter_context(redirect_stdout(err if place.as_json else out))
        stack.enter_context(click.Context(click.Command("importer"), obj=clock))
        set_profile(place.profile)
        stack.enter_context(Answer(["--json"] if place.as_json else [], out).alone_on_stdout())
        result, pieces = work()
        out.writelines(pieces)
    return result


def put_captured(place: Place) -> Iterator[str]:
    """Print what is kept in this place, and give its document in pieces if it has one."""
    for line in _pieces(place.err):
        say(line.removesuffix("\n"))
    if place.as_json:
        return _pieces(place.out, place.encoding)
    for line in _pieces(place.out):
        put(line, end="")
    return iter(())


def _pieces(path: Path, encoding: str = "utf-8") -> Iterator[str]:
    """The pieces of a file, lines if it has any, which is gone afterwards."""
    with _opened(path, "r", encoding) as file:
        while piece := file.readline(_PIECE):
            yield piece
    path.unlink()


def _opened(path: Path, mode: str, encoding: str = "utf-8") -> TextIO:
    # Every text comes back as it was, whatever it holds, and so do the ends of its lines.
    errors = "surrogatepass" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else "backslashreplace"
    file = path.open(mode, encoding=encoding, errors=errors, newline="" if mode == "r" else "\n")
    return cast("TextIO", file)
