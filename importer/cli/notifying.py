"""The option --notify: a message to people when a run has ended. What fails in it changes nothing else."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from importer.cli.answer import answer
from importer.cli.lines import say
from importer.runs.log import Level, Log, LogLine

if TYPE_CHECKING:
    from importer.config.settings import Settings, SettingsOf
    from importer.errors import Exit
    from importer.journal.runs import Run
    from importer.model import Clock
    from importer.runs.end_message import EndMessage
    from importer.runs.result import RunResult

NOTIFY = click.option(
    "--notify",
    metavar="URL",
    help="When the run has ended, write to URL: a webhook (https://...), mailto:... or smtp://...",
)
_INTERRUPTED = 130


@dataclass
class ExpectedEnd:
    """An import whose end will be told: by its ``result`` or ``exit_code``, else by how the command ends."""

    settings: "Settings"
    file: str
    run: int | None = None
    result: "RunResult | None" = None
    exit_code: "Exit | None" = None
    is_declined: bool = False

    def end(self, result: "RunResult | None") -> "RunResult | None":
        """Note the result, and give it back; none means that the user declined."""
        self.result, self.is_declined = result, result is None
        return result

    def message(self, code: int) -> "EndMessage":
        """What there is to say, for a command that has ended with this exit code."""
        from importer.runs.end_message import EndMessage, message_about

        if self.result is not None:
            return message_about(self.result.run, self.result.report.counts, self.result.exit_code)
        code = code if self.exit_code is None else int(self.exit_code)
        is_stopped = code == _INTERRUPTED and self.run is not None
        return EndMessage(self.file, code, self.run, "stopped" if is_stopped else "failed")


@dataclass
class EndMessages:
    """The messages of one command, sent once it has answered."""

    expected: list[ExpectedEnd] = field(default_factory=list)

    def __call__(self, code: int) -> None:
        """Send them. An address that does not take one gets no others: a hundred files would wait for it each time."""
        dead = set()
        for one in self.expected:
            address = one.settings.notify
            if one.is_declined or address in dead:
                continue
            message = one.message(code)
            if failure := _deliver(message, one.settings, answer().log):
                say(failure)
                dead.add(address)


def expect_end(settings: "Settings", file: str, *, run: int | None = None, is_wanted: bool = True) -> ExpectedEnd:
    """Have the end of an import told, if the settings say where to, and it ``is_wanted``.

    Raises:
        SettingsError: It cannot be told, because a password is missing.
    """
    expected = ExpectedEnd(settings, file, run)
    if settings.notify is not None and is_wanted:
        from importer.runs.notify import notify_address

        notify_address(settings)
        messages = answer().at_end
        if not isinstance(messages, EndMessages):
            messages = answer().at_end = EndMessages()
        messages.expected.append(expected)
    return expected


class WorkerMessages:
    """The messages of a worker, which does not wait for them before it goes on with its runs.

    ``settings_of`` are the settings of the profile of a run. If the address ``is_typed``, it goes before theirs.
    """

    def __init__(
        self, settings: "Settings", settings_of: "SettingsOf", clock: "Clock", log: Log, is_typed: bool
    ) -> None:
        """Refuse what cannot be told.

        Raises:
            SettingsError: A password is missing.
        """
        from importer.runs.notify import notify_address

        notify_address(settings)
        self._settings, self._settings_of, self._clock, self._log = settings, settings_of, clock, log
        self._is_typed, self._threads = is_typed, list[threading.Thread]()

    def __call__(self, run: "Run", code: int) -> None:
        """Begin to tell how a run has ended."""
        of_profile = None if self._is_typed else self._settings_of(run.options.get("profile") or None)
        settings = of_profile or self._settings
        if settings.notify is not None:
            thread = threading.Thread(target=self._tell, args=(run, code, settings), daemon=True)
            thread.start()
            self._threads = [*(one for one in self._threads if one.is_alive()), thread]

    def wait(self) -> None:
        """Wait for those that are on their way."""
        from importer.runs.notify import SECONDS

        for thread in self._threads:
            thread.join(SECONDS)

    def _tell(self, run: "Run", code: int, settings: "Settings") -> None:
        from importer.errors import ImporterError
        from importer.runs.end_message import message_about
        from importer.runs.status import run_status

        try:
            counts = run_status(run.id, settings, self._clock()).counts
        except ImporterError:
            # The journal is busy, and counts are not worth a wait: that the run has ended is what matters.
            counts = {}
        _deliver(message_about(run, counts, code), settings, self._log)


def _deliver(message: "EndMessage", settings: "Settings", log: Log) -> str:
    """Send a message; returns what to say if that failed, which is in the log as well."""
    from importer.runs.notify import deliver

    why = deliver(message, settings)
    if not why:
        return ""
    sentence = f"The message about the end of {message.file if message.run is None else f'run {message.run}'} "
    sentence += f"was not sent: {why}."
    log(LogLine("notification failed", Level.WARNING, message.run, details={"why": why}, sentence=sentence))
    return sentence
