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
from importer.spreadsheet import STAMPS, ReadOptions
from importer.text import printable
from importer.web.plan_words import INSTANT, printable_label, value_on_page
from importer.web.table.sent import SentWords
from importer.web.upload_names import called_by_id
from schemas import RECORD_TYPES, FieldType, RecordType

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
        if called := self._called(name, text):
            return printable(f"{called}, Id {text}", _LONGEST)
        return self._plain(text)

    def about_record(self, texts: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[str, str]]:
        """What tells a record from others, as titles and values: its key, its dates, and when it was created.

        ``texts`` are those of its fields, ``labels`` the titles of the columns by field.
        """
        kind = self.kind
        shown = [name for name in kind.fields if name in kind.key or kind.type_of(name) is FieldType.DATE]
        pairs = [(name, printable_label(name, labels), texts.get(name, "")) for name in shown]
        pairs.append(("", "Created", texts.get(STAMPS[0], "")))
        return [(label, self._in_a_list(name, text)) for name, label, text in pairs if text]

    def _in_a_list(self, name: str, text: str) -> str:
        called = self._called(name, text)
        return printable(f"{called} (Id {text})" if called else self._plain(text), _LONGEST)

    def _called(self, name: str, text: str) -> str:
        return self.names.get(name, {}).get(int(text), "") if text.isascii() and text.isdecimal() else ""

    def _plain(self, text: str) -> str:
        if INSTANT.fullmatch(text):
            words = SentWords(self.kind, {}, self.zone, self.order)
            return words.date(datetime.fromisoformat(text))
        return printable(value_on_page(text), _LONGEST)


def value_words(run: Run, settings: Settings) -> ValueWords:
    """Those for the rows of a run: names as the lists of its account had them last, dates as its file was read."""
    kind, read = RECORD_TYPES[run.kind], run.options_as(ReadOptions, "read")
    names = listed_names(run.account, kind, settings) if run.account else {}
    return ValueWords(kind, names, read.zone or settings.zone, read.dates)


def listed_names(account: str, kind: RecordType, settings: Settings) -> dict[str, dict[int, str]]:
    """What the records are called that fields may refer to, by field and Id, as an account had them listed last."""
    names: dict[str, dict[int, str]] = {}
    with open_journal(settings.journal_place) as journal:
        for name, reference in kind.references.items():
            # However old: a name says whom an Id is about, and decides nothing.
            text = journal.directories.get(account, reference.path, 0.0)
            with suppress(UnreadableError):
                names[name] = {} if text is None else called_by_id(LISTED.decode(text).entries)
    return names
