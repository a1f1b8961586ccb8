"""An upload with its table, as the tests of the table use it: real files, no pages."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from importer.config.settings import Settings
from importer.web.drafts import Draft, Drafts
from importer.web.table.action import Action, Kind
from importer.web.table.edit import Reply, Table
from importer.web.table.row_file import RowState, TableRow
from importer.web.table.selection import Selection
from importer.web.table.views import Views
from importer.web.upload_check import check_upload

NOW = datetime(2030, 12, 28, tzinfo=UTC).timestamp()
ALL = Selection()
TITLES = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId", "Notes"]


def good(number: int, **changes: str) -> list[str]:
    """A row with nothing wrong, different for each number."""
    guid = f"7f105c7d-2dc5-4530-97cd-{number:012x}"
    ids = [str(1000 + number), str(2000 + number)]
    texts = [*ids, f"Room {number}", "2031-01-01T10:00:00Z", guid, f"AAMk{number}=", ""]
    return list((dict(zip(TITLES, texts, strict=True)) | changes).values())


def content(rows: Sequence[Sequence[str]]) -> bytes:
    """A text file of these rows, the first of them in row 2."""
    out = io.StringIO()
    csv.writer(out).writerows([TITLES, *rows])
    return out.getvalue().encode()


@dataclass
class Desk:
    """Somebody at the table of one upload."""

    drafts: Drafts
    settings: Settings
    id: str

    @property
    def draft(self) -> Draft:
        """The upload as it is now."""
        draft = self.drafts.find(self.id)
        assert draft is not None
        return draft

    @property
    def table(self) -> Table:
        """The table as after a restart: it remembers nothing."""
        return Table(self.drafts, Views(), self.settings, NOW)

    def check(self) -> None:
        """Check the whole file, as the pages do after every change."""
        check_upload(self.drafts, self.draft, self.settings, lambda: NOW)

    def rows(self, selection: Selection = ALL) -> list[TableRow]:
        """The rows of a selection."""
        with self.table.rows(self.draft) as rows:
            return rows.rows(self.table.views.find(self.id, rows, selection).numbers)

    def texts(self) -> dict[int, tuple[str, ...]]:
        """What all cells say, by row."""
        return {row.row: row.texts for row in self.rows()}

    def states(self) -> dict[int, RowState]:
        """How all rows stand."""
        return {row.row: row.state for row in self.rows()}

    def do(self, kind: Kind, selection: Selection = ALL, **members: object) -> Reply:
        """Do something to a range of what a selection shows."""
        with self.table.rows(self.draft) as rows:
            view = self.table.views.find(self.id, rows, selection)
        first = members.get("first", 0)
        assert isinstance(first, int)
        row = view.numbers[first] if first < len(view.numbers) else 0
        action = Action(kind, **{"view": view.id, "row": row, **members})  # type: ignore[arg-type]
        return self.table.act(self.draft, action, selection)

    def type(self, row: int, column: int, text: str) -> Reply:
        """Type a text into a cell."""
        return self.table.act(self.draft, Action(Kind.TYPE, row=row, left=column, right=column, text=text), Selection())


def desk(folder: Path, rows: Sequence[Sequence[str]], options: Mapping[str, object] | None = None) -> Desk:
    """Somebody at the table of a file that was uploaded and checked."""
    drafts = Drafts(folder / "uploads", lambda: NOW)

    async def pieces() -> AsyncIterator[bytes]:
        yield content(rows)

    settings = Settings.model_validate({"url": "http://127.0.0.1:9", "home": folder / "home"})
    draft = asyncio.run(drafts.take_in("rooms.csv", pieces(), ""))
    if options:
        drafts.change(draft.id, **options)
    somebody = Desk(drafts, settings, draft.id)
    somebody.check()
    return somebody
