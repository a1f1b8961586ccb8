"""The message about the end of a run: what it says to people, and the same in words for programs. Pure.

Rule: no value of a cell, and nothing that Nexudus has said; the name of the file and numbers of rows are enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from importer.errors import EXIT_MEANINGS, Exit
from importer.journal.runs import Run
from importer.model import Status
from importer.reporting.sentences import headline
from importer.text import printable

_LONGEST_NAME = 120
_FOR_PEOPLE = str.maketrans({"<": "(", ">": ")"})
"""What Slack reads as a link, or as a call to everybody, when it stands in the name of a file."""


@dataclass(frozen=True, slots=True)
class EndMessage:
    """How a run, or an import that came to none, has ended; ``command`` continues it, empty if there is nothing to."""

    file: str
    exit_code: int
    run: int | None = None
    state: Literal["finished", "stopped", "failed"] = "failed"
    counts: Mapping[Status, int] = field(default_factory=dict)
    command: str = ""
    is_practice: bool = False

    @property
    def title(self) -> str:
        """What has happened, in a few words on one line."""
        name = printable(self.file, _LONGEST_NAME).translate(_FOR_PEOPLE)
        practice = "Practice: " if self.is_practice else ""
        if self.state == "failed":
            what = f"Import of {name} failed" if self.run is None else f"Work on run {self.run} ({name}) failed"
        else:
            what = f"Run {self.run} ({name}) {'is finished' if self.state == 'finished' else 'has stopped'}"
        return practice + what

    @property
    def text(self) -> str:
        """The message for people."""
        parts = [self.title]
        if any(self.counts.values()):
            parts.append(headline(self.counts))
        if self.exit_code not in (Exit.DONE, Exit.ROWS_FAILED):
            parts.append(_meaning(self.exit_code))
        if self.command:
            parts.append(f"To continue: {self.command}")
        # No full stop after a command: it would be copied with it.
        return ". ".join(parts) + ("" if self.command else ".")

    @property
    def document(self) -> dict[str, object]:
        """The message for a webhook: ``text`` is the member that Slack and Teams show."""
        return {
            "text": self.text,
            "run": self.run,
            "file": self.file,
            "state": self.state,
            "counts": {status.value: number for status, number in self.counts.items()},
            "exit_code": self.exit_code,
        }


def _meaning(exit_code: int) -> str:
    words = EXIT_MEANINGS[Exit(exit_code)] if exit_code in set(Exit) else "its process was killed"
    return words[0].upper() + words[1:]


def message_about(run: Run, counts: Mapping[Status, int], exit_code: int) -> EndMessage:
    """The message about a run that is finished or has stopped."""
    is_finished = run.finished is not None
    return EndMessage(
        run.file,
        exit_code,
        run.id,
        "finished" if is_finished else "stopped",
        counts,
        "" if is_finished else run.command("resume"),
        bool(run.options.get("sandbox")),
    )
