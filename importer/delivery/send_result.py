"""How sending ended, as data: the reason, and the figures that it is about. Nothing here is a sentence.

The front ends, the exit code and the journal go by ``how``; people read ``detail``, which
``reporting/stop_sentences.py`` puts into words.
"""

from dataclasses import dataclass
from enum import StrEnum

from importer.delivery.replies import Verdict
from importer.errors import ImporterError, UnlistedError
from importer.journal.next_steps import StepKind
from importer.journal.runs import Run


class StopReason(StrEnum):
    """Why sending ended."""

    DONE = "done"
    STRICT = "invalid rows and --strict"
    REQUESTED = "asked to stop"
    LIMIT = "limit reached"
    UNREACHABLE = "service unreachable"
    UNANSWERED = "no answers"
    REFUSED = "service refuses every row"
    SIGN_IN = "sign-in refused"
    SAME_REFUSAL = "the same refusal for every row"
    COMPARE_AGAIN = "the comparison is a day old"


@dataclass(frozen=True, slots=True)
class Complaint:
    """An answer that would be the same for every row."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outage:
    """The service could not be reached for too long; ``verdict`` is that of the last call."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CallsUnanswered:
    """How many calls in a row got no usable answer."""

    calls: int


@dataclass(frozen=True, slots=True)
class SameRefusals:
    """How many rows in a row were refused because of one field; ``verdict`` is that of the last one."""

    rows: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class SignInEnded:
    """The sign-in was good when the run began, and the service no longer accepts it."""


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The time set for the run is up."""


@dataclass(frozen=True, slots=True)
class TimeTooShort:
    """The next call may leave only after the time set for the run is up. Both times in epoch seconds.

    ``why`` is the clause of the back-off.
    """

    next_call: float
    now: float
    why: str


@dataclass(frozen=True, slots=True)
class RowLimit:
    """As many rows were sent as may be; ``rows`` is their number, None where it is not that of the whole limit."""

    rows: int | None


@dataclass(frozen=True, slots=True)
class RecordsUnreadable:
    """How many records in a row could not be read, and why the last one could not, as a clause."""

    records: int
    why: str


@dataclass(frozen=True, slots=True)
class RecordsNotUpdated:
    """How many records could not be read, so that they were not updated; the others were."""

    records: int


@dataclass(frozen=True, slots=True)
class RecordsNotUndone:
    """How many records in a row an undo could not take back, and why not the last one, as a clause."""

    records: int
    why: str


@dataclass(frozen=True, slots=True)
class NoRecordOfRun:
    """Not one record of the run is where the undo looked, so that nothing was changed."""

    run: Run


@dataclass(frozen=True, slots=True)
class InvalidRows:
    """How many rows are invalid, for which a strict run sends none."""

    rows: int


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """How many rows have other values in Nexudus, for which a strict run sends none."""

    rows: int


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The error for which no row was sent; with ``advice``, what it advises is worth reading beside the next steps."""

    error: ImporterError
    advice: bool = True


@dataclass(frozen=True, slots=True)
class NotComparedAgain:
    """The error for which a long run could not be compared with the service once more."""

    error: ImporterError


StopDetail = (
    Complaint
    | Outage
    | CallsUnanswered
    | SameRefusals
    | SignInEnded
    | TimeUp
    | TimeTooShort
    | RowLimit
    | RecordsUnreadable
    | RecordsNotUpdated
    | RecordsNotUndone
    | NoRecordOfRun
    | InvalidRows
    | ChangedRows
    | NotBegun
    | NotComparedAgain
)
"""What there is to say beyond the reason."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """Why sending ended, and the figures that this is about; None if there is nothing to add."""

    how: StopReason
    detail: StopDetail | None = None

    @property
    def remedy(self) -> StepKind | None:
        """What a person has to do before sending can continue; None if it may continue as it is."""
        match self.detail:
            case Complaint(verdict):
                return verdict.remedy
            case SignInEnded():
                return StepKind.SIGN_IN
            case NotBegun(UnlistedError() as error) | NotComparedAgain(UnlistedError() as error):
                return StepKind(error.remedy) if error.remedy else None
            case _:
                return None
