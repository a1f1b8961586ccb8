"""The command line: reads the arguments, calls one stage, prints the result, and gives the exit code.

- ``options.py``   arguments as values; ``output.py`` values as output and exit codes
- ``lines.py``     the only place that prints
- ``run_commands.py``, ``schedule_commands.py``, ``record_commands.py``, ``view_commands.py``, ``personal_data.py``,
  ``setup_commands.py``, ``manual.py``, ``completion.py``  the commands; ``man_pages.py``  the same for man
- ``terminal.py``  issues, plans, results and progress in sentences; ``step_lines.py`` what to do next;
  ``difference_lines.py`` how a file and the service differ; ``rates.py`` which limit decides how long sending takes
- ``interruption.py``  what Ctrl-C does while rows are sent; ``call_lines.py`` each call as a line, for ``-v``
- ``embedded_sandbox.py``  the practice service inside a command; ``practice_options.py`` its switches
- ``clock.py``  the time that everything below goes by; ``stdout.py`` output that its reader may close

Packages that load pandas, the database or the network are imported inside the commands, so that ``--help`` and
completion answer at once.
"""

import errno
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from importer.cli import (
    completion,
    manual,
    personal_data,
    record_commands,
    run_commands,
    schedule_commands,
    setup_commands,
    view_commands,
)
from importer.cli.call_lines import with_calls
from importer.cli.clock import steady_clock
from importer.cli.lines import say
from importer.cli.stdout import guard_stdout
from importer.errors import Exit, ImporterError
from importer.harmless import harmless_line, without_passwords
from importer.model import Clock

_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}
"""What goes wrong on the machine, and is no bug: full or read-only disks, too many open files, no memory."""

_HELP = """Import a spreadsheet of coworker calendar mappings into Nexudus: checked first, created exactly once.

\b
  importer check mappings.xlsx            list everything wrong with the file; sends nothing
  importer run mappings.xlsx              check, plan, ask, send, report
  importer run mappings.xlsx --sandbox    the same, with a practice service on this machine
  importer help                           read the manual
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="nexudus-importer", prog_name="importer", message="%(prog)s %(version)s")
def importer() -> None:
    """The command and its subcommands."""


_ROOMS = (
    *(run_commands, schedule_commands, record_commands, view_commands),
    *(personal_data, setup_commands, manual, completion),
)

for _room in _ROOMS:
    for _command in _room.COMMANDS:
        importer.add_command(with_calls(_command))


def main() -> NoReturn:
    """The console script: the one place that turns errors into messages and exit codes."""
    guard_stdout()
    sys.exit(run_cli(sys.argv[1:]))


def run_cli(words: Sequence[str], clock: Clock | None = None) -> int:
    """Run the command that these arguments name, by this clock or a steady one; returns the exit code."""
    clock = clock or steady_clock()
    try:
        code = int(importer(list(words), prog_name="importer", standalone_mode=False, obj=clock) or 0)
        # Now, while a failure can still be said: what is left in the buffer would be written when Python ends.
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n"))
        return Exit.USAGE
    except ImporterError as error:
        say(f"Error: {error.message}")
        if error.advice:
            say(error.advice)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("\nInterrupted. The journal holds what was sent. To see it: importer status")
        say("To continue, repeat the command.")
        return Exit.INTERRUPTED
    except MemoryError:
        say("Error: There is not enough free memory. Close other programs, or split the file.")
        say("The journal holds what was sent. To see it: importer status")
        return Exit.USAGE
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            return _unexpected(error)
        say(f"Error: {error.strerror}{f': {harmless_line(str(error.filename))}' if error.filename else ''}.")
        say("The journal holds what was sent. To see it: importer status")
        return Exit.USAGE
    except Exception as error:  # noqa: BLE001
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Say that this is a bug."""
    say(f"Unexpected error ({type(error).__name__}). This is a bug. The details are in {_write_details(error)}")
    say("Nothing is lost: the journal holds what was sent. To see it: importer status")
    return Exit.UNEXPECTED


def _write_details(error: Exception) -> Path:
    """Write the traceback to a private file, because it may quote cells; returns its path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="importer-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(without_passwords("".join(traceback.format_exception(error))))
    return Path(file.name)
