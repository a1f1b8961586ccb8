"""The only place that prints for people: every line is made harmless here, whoever its words are from."""

import json
import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from importer.harmless import harmless, steers

if TYPE_CHECKING:
    from importer.model import Clock
    from importer.runs.log import Log, LogLine


def put(text: str = "", *, end: str = "\n") -> None:
    """Print text on stdout."""
    click.echo(harmless(text) + end, nl=False)


def put_start_link(url: str) -> None:
    """Print the address that signs a browser in. The secret in it is for whoever reads this, so it is not hidden."""
    click.echo(f"Open {url}")


def say(text: str = "") -> None:
    """Print a line on stderr; a closed stderr does not change how the command ends."""
    with suppress(OSError, ValueError):
        click.echo(harmless(text), err=True)


class _LibraryMessages(logging.Handler):
    """What packages say of themselves, as lines of a log."""

    def __init__(self, log: "Log") -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log who says it, and the words that the package has for it; not the values that it puts into them."""
        from importer.runs.log import Level, LogLine

        level = Level.WARNING if record.levelno < logging.ERROR else Level.ERROR
        words = next(iter(str(record.msg).splitlines()), "")
        self._log(LogLine("library message", level, details={"logger": record.name, "words": words}))


def service_log(style: str, clock: "Clock") -> "Log":
    """The log of a command that goes on until it is stopped; with JSON, messages of packages are lines of it, too."""
    log = log_of(style, clock)
    if style == "json":
        logging.getLogger().addHandler(_LibraryMessages(log))
    return log


def log_time(epoch: float) -> str:
    """A moment as a log has it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log_of(style: str, clock: "Clock") -> "Log":
    """The log of a service: sentences on stdout for people, or JSON lines on stderr for programs."""

    def as_json(line: "LogLine") -> None:
        now = log_time(clock())
        # A log that nobody takes any more is no reason to stop sending.
        with suppress(OSError, ValueError):
            click.echo(json_text(line.document(now)), err=True)

    def as_text(line: "LogLine") -> None:
        if line.sentence:
            put(line.sentence)

    return as_json if style == "json" else as_text


def json_text(document: Any, indent: int | None = None, *, ascii_only: bool = False) -> str:
    """A document as JSON: its values are exact, but nothing in it steers a terminal."""
    try:
        text = json.dumps(document, ensure_ascii=ascii_only, indent=indent, default=str, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(document), ensure_ascii=ascii_only, indent=indent, default=str)
    if text.isprintable():
        return text
    # Outside of strings, only line ends steer. In them, a number of JSON means the same character (RFC 8259, 7).
    return "".join(_by_number(c) if c != "\n" and steers(c) else c for c in text)


def _finite(value: Any) -> Any:
    """The same without numbers that JSON has no word for (RFC 8259, 6); nothing stands in their place."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _by_number(character: str) -> str:
    # The package spells only what is no ASCII, and DEL is.
    return f"\\u{ord(character):04x}" if character.isascii() else json.dumps(character)[1:-1]
