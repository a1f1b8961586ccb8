"""From values to the output and exit code of a command."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from importer.cli.answer import Failure, put_json
from importer.cli.lines import put, say
from importer.cli.options import profile_name
from importer.errors import Exit, SignInError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from importer.cli import documents
    from importer.runs.result import RunResult


Answer = TypeVar("Answer")


def instant(epoch: float) -> str:
    """A moment for programs (RFC 3339)."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def freeze_gc() -> None:
    """Spare the collector what stays anyway; it would walk through all of it again and again: 6 % of sending."""
    import gc

    gc.freeze()


def finish(work: "Coroutine[Any, Any, Answer]") -> "Answer":
    """The result of the work; a second Ctrl-C, which cancels it, ends the command like the first."""
    import asyncio

    freeze_gc()
    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except SignInError as error:
        if profile := profile_name():
            from importer.config.settings import where_to_set

            raise SignInError(error.message, where_to_set(profile)) from error
        raise


def put_end(result: "RunResult | None", as_json: bool) -> int:
    """Print how a run ended; returns its exit code. No result means that the user declined."""
    from importer.cli import terminal

    if result is None:
        put_declined("Nothing was sent.", as_json)
        return Exit.DONE
    if result.message:
        say(result.message)
    # The import is done and reported; a full disk behind stdout does not make it a failure.
    try:
        if as_json:
            put_json(result.report.summary, failure_of(result), is_vital=False)
        else:
            terminal.show_end(result)
        sys.stdout.flush()
    except OSError as error:
        say(f"What the command prints could not be written ({error.strerror}). It is in the report.")
    return result.exit_code


def failure_of(result: "RunResult") -> Failure | None:
    """Why a run has not done all that was asked, and what to do next; None if it has, or if rows alone failed."""
    from importer.cli.terminal import step_lines_of

    if result.exit_code in (Exit.DONE, Exit.ROWS_FAILED):
        return None
    advice = " ".join(line.strip() for line in step_lines_of(result)).removeprefix("Next: ")
    if result.unwritten is not None and result.exit_code is Exit.USAGE:
        return Failure(result.unwritten.code, result.message, advice)
    return Failure.by_exit_code(result.exit_code, result.message, advice)


def put_declined(sentence: str, as_json: bool) -> None:
    """Print that nothing was done, because the user declined."""
    if as_json:
        document: documents.Declined = {"declined": True, "message": sentence}
        put_json(document)
    else:
        put(sentence)


_REPEATED_OPTIONS = {
    "kind": "--type",
    "sheet": "--sheet",
    "encoding": "--encoding",
    "delimiter": "--delimiter",
    "header_row": "--header-row",
    "map_": "--map",
    "dates": "--dates",
    "tz": "--tz",
    "allow_duplicates": "--allow-duplicates",
    "even_if_existing": "--even-if-existing",
    "without_list": "--without-list",
    "update": "--update",
    "clear_empty": "--clear-empty",
    "key": "--key",
    "sandbox": "--sandbox",
    "rate": "--rate",
    "daily_quota": "--daily-quota",
    "concurrency": "--concurrency",
}
"""Each option that the next command has as well, but those that are saved: ``--pick``."""

OF_TEXT_FILES = ("encoding", "delimiter")
"""Options about how a text file is stored; a workbook that was made from one has neither."""

OF_THE_FILE = (*OF_TEXT_FILES, "sheet", "header_row")
"""The same with the options about where the rows stand; they do not apply to a file of nothing but these rows."""


def with_reading(*files: Path | str, options: Mapping[str, Any], leave_out: Sequence[str] = ()) -> str:
    """The files as typed, with the options that decide how they are read and sent; without, it is another import."""
    words = [*map(quoted, files), *([f"--profile {quoted(profile)}"] if (profile := profile_name()) else [])]
    for name, option in _REPEATED_OPTIONS.items():
        value = options.get(name) if name not in leave_out else None
        values = value if isinstance(value, tuple) else (value,) if value else ()
        words += [option if word is True else f"{option} {quoted(str(word))}" for word in values]
    return " ".join(words)


def quoted(word: Path | str) -> str:
    """A word of a command, as it has to be typed."""
    from importer.text import shell_word

    return shell_word(word)
