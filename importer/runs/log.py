"""What a service tells of its work: each line an event, in a sentence for people and in words for programs.

Rule: no line has a value of a cell, the name of a file, a secret or what another program has said. Logs are kept for
long and read by many; whoever needs more looks into the journal by the number of the run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much a line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event. ``sentence`` is for people who look on, and in no log: it may quote what others have said."""

    event: str
    level: Level = Level.INFO
    run: int | None = None
    account: str | None = None
    details: Mapping[str, int | str | bool] = field(default_factory=dict)
    sentence: str = ""

    def document(self, now: str) -> dict[str, object]:
        """The line for programs; what does not apply is left out."""
        about = {"run": self.run, "account": self.account or None}
        shown = {name: value for name, value in about.items() if value is not None}
        return {"time": now, "level": self.level.value, "event": self.event, **shown, **self.details}


Log = Callable[[LogLine], None]


def no_log(_: LogLine) -> None:
    """Tell nobody."""
