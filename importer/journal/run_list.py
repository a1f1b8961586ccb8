"""The latest runs of a journal in a file, for whoever may only look and has no time to load the database's package."""

import sqlite3
from contextlib import closing
from pathlib import Path

from importer.config.settings import JournalPlace

_SQLITE = "sqlite:///"
_MOST = 50
_PATIENCE = 0.2


def latest_runs(place: JournalPlace) -> list[tuple[int, str]]:
    """The numbers of the latest runs with their files, newest first; none if they cannot be read at once."""
    if not place.url.startswith(_SQLITE):
        return []
    path = Path(place.url.removeprefix(_SQLITE)).absolute()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as file:
            rows = file.execute("SELECT id, file FROM run ORDER BY id DESC LIMIT ?", (_MOST,)).fetchall()
    except (sqlite3.Error, ValueError):
        return []
    return [(int(number), Path(str(name)).name) for number, name in rows]
