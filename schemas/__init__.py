"""One record type per file; a new one is a file here, a line that imports it and one that registers it."""

from schemas.coworker_google_calendar import COWORKER_GOOGLE_CALENDAR
from schemas.coworker_ms_office_calendar import COWORKER_MS_OFFICE_CALENDAR
from schemas.ms_office_admin_calendar import MS_OFFICE_ADMIN_CALENDAR
from schemas.record_type import FieldType, RecordType, Reference, full_path, key_digest, written

RECORD_TYPES: dict[str, RecordType] = {}
"""Every record type by its name; the first is the default, and the one preferred where a file could be of several."""


def register(record_type: RecordType) -> None:
    """Add a record type to those that the importer and its sandbox handle.

    Raises:
        ValueError: Another one has its name, or one of its paths.
    """
    # By path as well: claims belong to a type, so two types at one address would be blind to each other's records.
    taken = {name for other in RECORD_TYPES.values() for name in (other.name, *other.paths)}
    if double := taken.intersection((record_type.name, *record_type.paths)):
        raise ValueError(f"{record_type.name}: {', '.join(sorted(double))} belongs to another record type")
    RECORD_TYPES[record_type.name] = record_type


register(COWORKER_MS_OFFICE_CALENDAR)
register(COWORKER_GOOGLE_CALENDAR)
register(MS_OFFICE_ADMIN_CALENDAR)

__all__ = [
    "RECORD_TYPES",
    "FieldType",
    "RecordType",
    "Reference",
    "full_path",
    "key_digest",
    "register",
    "written",
]
