"""How files with certain labels are read, remembered: which columns somebody chose, and how dates were meant."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

_DATES = ":dates"


def recall(labels: Sequence[str], home: Path) -> dict[str, str]:
    """The fields that were chosen for these labels before, in whichever order they stand; empty if none were."""
    found = _read(home).get(_key(labels), {})
    return dict(found) if isinstance(found, dict) else {}


def remember(labels: Sequence[str], chosen: Mapping[str, str], home: Path) -> None:
    """Keep what was chosen for these labels; nothing chosen forgets it."""
    _keep({_key(labels): dict(chosen)}, home)


def recall_dates(labels: Sequence[str], home: Path) -> tuple[str | None, str]:
    """The order of day and month, and the zone, in which the last imported file with these labels was read."""
    found = _read(home).get(_key(labels) + _DATES)
    order, zone = (found.get("dates"), found.get("zone")) if isinstance(found, dict) else (None, None)
    return order, str(zone or "UTC")


def remember_dates(labels: Sequence[str], order: str | None, zone: str, home: Path) -> None:
    """Keep how the dates of an imported file were read, for the failed rows that come back without saying it."""
    if (order, zone) != recall_dates(labels, home):
        _keep({_key(labels) + _DATES: {"dates": order, "zone": zone}}, home)


def _keep(what: Mapping[str, object], home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {**_read(home), **what}
    aside = home / f".columns.{secrets.token_hex(4)}"
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({key: value for key, value in kept.items() if value}, file, ensure_ascii=False)
    aside.replace(home / "columns.json")


def _read(home: Path) -> dict[str, object]:
    try:
        found = json.loads((home / "columns.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(labels: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(label for label in labels if label)).encode()).hexdigest()[:24]
