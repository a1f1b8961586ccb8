"""The command line: reads the arguments, calls one stage, prints the result, and gives the exit code.

- ``options.py``   arguments as values; ``output.py`` values as output and exit codes
- ``lines.py``     the only place that prints for people; ``answer.py`` the one document of ``--json``;
  ``capture.py`` both, of a file that another process checks
- ``run_commands.py``, ``schedule_commands.py``, ``record_commands.py``, ``view_commands.py``, ``personal_data.py``,
  ``setup_commands.py``, ``manual.py``  the commands; ``man_pages.py`` the same for man, ``completion.py`` for shells
- ``terminal.py``  issues, plans, results and progress in sentences; ``step_lines.py`` what to do next;
  ``difference_lines.py`` how a file and the service differ; ``rates.py`` which limit decides how long sending takes
- ``interruption.py``  what Ctrl-C does while rows are sent; ``call_lines.py`` each call as a line, for ``-v``
- ``documents.py``  what the documents of ``--json`` hold, and ``json_schemas/`` the same as schemas;
  ``log_file.py`` the log of ``--log-file``; ``notifying.py`` the messages of ``--notify``
- ``stdout.py``  output that its reader may close

Packages that load pandas, the database or the network are imported inside the commands, so that ``--help`` and
completion answer at once.
"""

import errno
import io
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from importer.api.clock import steady_clock
from importer.cli import (
    manual,
    personal_data,
    record_commands,
    run_commands,
    schedule_commands,
    setup_commands,
    view_commands,
)
from importer.cli.answer import Answer, Failure
from importer.cli.call_lines import with_calls
from importer.cli.lines import say
from importer.cli.options import JSON
from importer.cli.stdout import guard_streams
from importer.errors import ErrorCode, Exit, ImporterError
from importer.harmless import harmless_line, without_passwords
from importer.model import Clock

_OF_THE_MACHINE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO), ErrorCode.DISK),
    errno.ENOMEM: ErrorCode.MEMORY,
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), ErrorCode.MACHINE),
}
"""What goes wrong on the machine, and is no bug: full or read-only disks, too many open files, no memory."""

_SAFE = "The journal holds what was sent. To see it: importer status"

_HELP = """Import a spreadsheet of coworker calendar mappings into Nexudus: checked first, created exactly once.

\b
  importer check mappings.xlsx            list everything wrong with the file; sends nothing
  importer run mappings.xlsx              check, plan, ask, send, report
  importer run mappings.xlsx --sandbox    the same, with a practice service on this machine
  importer help                           read the manual
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="nexudus-importer", prog_name="importer", message="%(prog)s %(version)s")
@JSON
def importer(as_json: bool) -> None:
    """The command and its subcommands."""


_ROOMS = (
    *(run_commands, schedule_commands, record_commands, view_commands),
    *(personal_data, setup_commands, manual),
)

for _room in _ROOMS:
    for _command in _room.COMMANDS:
        importer.add_command(with_calls(_command))


def main() -> NoReturn:
    """The console script: the one place that turns errors into messages and exit codes."""
    guard_streams()
    sys.exit(run_cli(sys.argv[1:]))


def run_cli(words: Sequence[str], clock: Clock | None = None) -> int:
    """Run the command that these arguments name, by this clock or a steady one; returns the exit code."""
    answer = Answer(words, sys.stdout)
    with answer.alone_on_stdout():
        code = _guarded(partial(_invoke, words, clock or steady_clock()), answer)
    code = _guarded(partial(answer.end, code), answer)
    # Whatever becomes of it: the command has ended, and this is its exit code.
    _guarded(partial(_tell_end, code, answer), answer)
    return code


def _invoke(words: Sequence[str], clock: Clock) -> int:
    return int(importer(list(words), prog_name="importer", standalone_mode=False, obj=clock) or 0)


def _tell_end(code: int, answer: Answer) -> int:
    with answer.at_work():
        answer.at_end(code)
    return code


def _guarded(work: Callable[[], int], answer: Answer) -> int:
    """The exit code of the work; an error is said, and is the answer."""
    try:
        return work()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"))
        answer.fail(_misuse(error), by_words=True)
        return Exit.USAGE
    except ImporterError as error:
        say(f"Error: {error.message}")
        if error.advice:
            say(error.advice)
        answer.fail(Failure.of(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("\nInterrupted. The journal holds what was sent. To see it: importer status")
        say("To continue, repeat the command.")
        answer.fail(Failure(ErrorCode.INTERRUPTED, "Interrupted.", f"To continue, repeat the command. {_SAFE}"))
        return Exit.INTERRUPTED
    except MemoryError:
        message, advice = "There is not enough free memory.", "Close other programs, or split the file."
        say(f"Error: {message} {advice}")
        say(_SAFE)
        answer.fail(Failure(ErrorCode.MEMORY, message, f"{advice} {_SAFE}"))
        return Exit.USAGE
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            return _unexpected(error, answer)
        message = f"{error.strerror}{f': {harmless_line(str(error.filename))}' if error.filename else ''}."
        say(f"Error: {message}")
        say(_SAFE)
        answer.fail(Failure(_OF_THE_MACHINE[error.errno], message, _SAFE))
        return Exit.USAGE
    except Exception as error:  # noqa: BLE001
        return _unexpected(error, answer)


def _misuse(error: click.ClickException) -> Failure:
    """What is wrong with the words of a command."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    # The message of this one is the whole of --help.
    is_empty = isinstance(error, click.exceptions.NoArgsIsHelpError)
    message = "Name a command." if is_empty else harmless_line(error.format_message())
    command = context.command_path if context is not None else "importer"
    return Failure(ErrorCode.USAGE, message, f"To see how to use the command: {command} --help")


def _unexpected(error: Exception, answer: Answer) -> int:
    """Say that this is a bug."""
    message = f"Unexpected error ({type(error).__name__}). This is a bug."
    where = f"The details are in {_write_details(error)}"
    say(f"{message} {where}")
    say("Nothing is lost: the journal holds what was sent. To see it: importer status")
    answer.fail(Failure(ErrorCode.UNEXPECTED, message, f"{where}. {_SAFE}"))
    return Exit.UNEXPECTED


def _write_details(error: Exception) -> Path:
    """Write the traceback to a private file, because it may quote cells; returns its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="importer-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(without_passwords("".join(traceback.format_exception(error))))
    return Path(file.name)
