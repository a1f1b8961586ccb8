"""One record type a file; a new one is a file here and a line in RECORD_TYPES."""

from schemas.coworker_google_calendar import COWORKER_GOOGLE_CALENDAR
from schemas.coworker_ms_office_calendar import COWORKER_MS_OFFICE_CALENDAR
from schemas.record_type import RecordType, Reference, key_text

RECORD_TYPES: dict[str, RecordType] = {
    kind.name: kind for kind in (COWORKER_MS_OFFICE_CALENDAR, COWORKER_GOOGLE_CALENDAR)
}
"""Every record type by its name; the first is the default."""

__all__ = ["RECORD_TYPES", "RecordType", "Reference", "key_text"]
