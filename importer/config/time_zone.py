"""The time zone of this machine by the name that every machine knows it by."""

from zoneinfo import ZoneInfoNotFoundError

import tzlocal

_UTC = frozenset(("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu", "Etc/GMT", "GMT"))


def machine_zone() -> str:
    """The IANA name of the zone, such as Europe/London; UTC where the machine names none."""
    try:
        name = tzlocal.get_localzone_name()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return "UTC" if not name or name in _UTC else name
