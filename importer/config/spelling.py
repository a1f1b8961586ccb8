"""Names as people write them, and the one that was meant. Pure."""

import difflib
from collections.abc import Iterable

_CLOSE_ENOUGH = 0.65
"""USER for USERNAME and RTE for RATE, but not API_URL for URL: below it, a guess is more often wrong than right."""


def nearest(written: str, names: Iterable[str]) -> str | None:
    """The name that was most likely meant; None if none comes near."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(written.lower(), list(by_lower), n=1, cutoff=_CLOSE_ENOUGH)
    return by_lower[close[0]] if close else None
