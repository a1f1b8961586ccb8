"""Each call to the service as a line on stderr: the option -v of every command that calls it."""

from functools import partial
from typing import TYPE_CHECKING

import click

from importer.cli.lines import say

if TYPE_CHECKING:
    from importer.nexudus.client import CallEnd

_WITH_QUERY = 2


def _watch_calls(context: click.Context, _option: click.Parameter, level: int) -> None:
    if level and not context.resilient_parsing:
        from importer.nexudus.client import WATCHER

        token = WATCHER.set(partial(_say_call, level))
        context.call_on_close(lambda: WATCHER.reset(token))


def _say_call(level: int, call: "CallEnd") -> None:
    # A filter may hold the name of a person: it is shown to whoever asks for it.
    path = call.target if level >= _WITH_QUERY else call.target.partition("?")[0]
    answer = call.failure if call.status is None else f"{call.status}{f', {call.failure}' if call.failure else ''}"
    say(f"{call.method} {path}: {answer} ({call.seconds:.2f} s)")


_VERBOSE = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_watch_calls,
    help="Show each call with its status and its time on stderr; -vv with its filters. Never a secret or a body.",
)
_WITHOUT_SANDBOX = {"whoami", "login", "doctor"}
"""Commands that call the service, although there is nothing to practise with them."""


def with_calls(command: click.Command) -> click.Command:
    """A command with -v, if it calls the service."""
    practises = any(parameter.name == "sandbox" for parameter in command.params)
    # The page starts a process for each run, which writes its own lines.
    if command.name in _WITHOUT_SANDBOX or (practises and command.name != "serve"):
        _VERBOSE(command)
    return command
