"""Why a row is held, as data: the journal keeps it beside the sentence, for a front end that has words of its own."""

from dataclasses import dataclass
from enum import StrEnum

from importer.config.store import Document, UnreadableError
from importer.delivery.comparison import Ambiguous, Changed, Reason
from importer.journal.rows import Intent


class HoldReason(StrEnum):
    """Why a row is held though its record is certain."""

    OTHER_VALUES = "other values"
    NOT_IN_THE_PLAN = "other values, and not in the plan"
    DELETED_SINCE = "deleted since it was compared"
    CHANGED_SINCE = "changed since it was compared"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What stands between a row and a record.

    ``differences`` are a field, its value in the record and its value in the row, "" for empty; ``field`` is the part
    of the key that an ambiguous row is about.
    """

    reason: HoldReason | Reason
    records: tuple[int, ...]
    field: str | None = None
    differences: tuple[tuple[str, str, str], ...] = ()

    @property
    def document(self) -> str:
        """The same for the journal."""
        return _CONFLICT.encode(self)


_CONFLICT = Document("Why a row is held", Conflict)


def conflict_of(match: Changed | Ambiguous, *, may_update: bool) -> Conflict:
    """Why a row with this match is held; ``may_update`` tells that the import updates records."""
    match match:
        case Ambiguous():
            return Conflict(match.reason, match.records, match.field)
        case Changed():
            pairs = match.differences.items()
            differences = tuple((name, _text(there), _text(mine)) for name, (mine, there) in pairs)
            reason = HoldReason.NOT_IN_THE_PLAN if may_update else HoldReason.OTHER_VALUES
            return Conflict(reason, (match.remote.id,), match.field, differences)


def recorded_conflict(intent: Intent) -> Conflict | None:
    """Why a row is held, as far as the journal has it: not for one that was held while others were sent."""
    if intent.conflict is None:
        return None
    try:
        return _CONFLICT.decode(intent.conflict)
    except UnreadableError:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)
