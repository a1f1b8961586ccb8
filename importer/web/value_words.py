"""The values of a run's rows as people say them: the name beside an Id, a date in the file's order and zone."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from importer.config.settings import Settings
from importer.config.store import UnreadableError
from importer.journal.journal import open_journal
from importer.journal.kept_lists import LISTED
from importer.journal.runs import Run
from importer.spreadsheet import ReadOptions
from importer.text import printable
from importer.web.plan_words import INSTANT, value_on_page
from importer.web.table.sent import SentWords
from importer.web.upload_names import called_by_id
from schemas import RECORD_TYPES, RecordType

_LONGEST = 80


@dataclass(frozen=True)
class ValueWords:
    """Says values of a type of records; ``names`` is what records are called, by field and Id."""

    kind: RecordType
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    zone: str = "UTC"
    order: str | None = None

    def say(self, name: str, value: object) -> str:
        """The value of a field; one that is none of its type, as it is."""
        text = "" if value is None else str(value)
        called = self.names.get(name, {}).get(int(text), "") if text.isascii() and text.isdecimal() else ""
        if called:
            return printable(f"{called}, Id {text}", _LONGEST)
        if INSTANT.fullmatch(text):
            words = SentWords(self.kind, {}, self.zone, self.order)
            return words.date(datetime.fromisoformat(text))
        return printable(value_on_page(text), _LONGEST)


def value_words(run: Run, settings: Settings) -> ValueWords:
    """Those for the rows of a run: names as the lists of its account had them last, dates as its file was read."""
    kind, read = RECORD_TYPES[run.kind], run.options_as(ReadOptions, "read")
    names: dict[str, dict[int, str]] = {}
    if run.account:
        with open_journal(settings.journal_place) as journal:
            for name, reference in kind.references.items():
                # However old: a name says whom an Id is about, and decides nothing.
                text = journal.directories.get(run.account, reference.path, 0.0)
                with suppress(UnreadableError):
                    names[name] = {} if text is None else called_by_id(LISTED.decode(text).entries)
    return ValueWords(kind, names, read.zone or settings.zone, read.dates)
