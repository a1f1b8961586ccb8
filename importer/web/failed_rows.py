"""The failed file of a run as a new upload: its rows are compared again, and its plan is seen before it is sent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from importer.journal.next_steps import FAILED_FILE
from importer.journal.runs import Run
from importer.spreadsheet import ReadOptions
from importer.web.drafts import Draft, Drafts


async def upload_of_failed_rows(drafts: Drafts, run: Run, by: str) -> Draft | None:
    """An upload of the rows to correct and of the held ones, read as the run's file was; None if there is no such file.

    Asked for twice, it is the same upload, until it has been changed or a run has come of it.
    """
    file = run.folder / FAILED_FILE
    if not file.is_file():
        return None
    new = await drafts.take_in(f"{Path(run.file).stem}-run-{run.id}-{FAILED_FILE}", _whole(file), by)
    # Sheet, encoding, separator and the row of the header are of the first file only.
    read = run.options_as(ReadOptions, "read")
    return await asyncio.to_thread(_as_read, drafts, new, read)


def _as_read(drafts: Drafts, new: Draft, read: ReadOptions) -> Draft:
    new = drafts.change(new.id, map=read.map, dates=read.dates, zone=read.zone) or new
    for earlier in drafts.all():
        same = (earlier.by, earlier.sha256, earlier.read) == (new.by, new.sha256, new.read)
        if same and earlier.id != new.id:
            drafts.forget(new)
            return earlier
    return new


async def _whole(file: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(file.read_bytes)
