"""Which record a name means, asked once for all its cells: the questions that a check leaves, and what was chosen.

Pure: made from the causes and the chunks of a check; nothing here asks the service.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import pandas as pd

from importer.checking import CauseGroup, Causes, Directory, plain_name
from importer.checking.columns import ColumnMapping
from importer.web.upload_documents import ChosenName, NameQuestion

CODES = ("name-ambiguous", "name-near", "name-not-found", "name-deleted")
"""What is said of a name that was looked up and does not mean one record."""

MOST_QUESTIONS = 1_000
"""Kept with an upload; further ones come up once these are answered."""

MOST_CANDIDATES = 50
"""Records offered beside a question; one of more is searched for."""

_CELLS = 3


def questions(causes: Causes, directories: Mapping[str, Directory]) -> tuple[tuple[NameQuestion, ...], int]:
    """The names that a person is to choose a record for, most frequent first, and how many more there are."""
    groups = [group for group in causes.groups() if group.code in CODES]
    all_names = [question for group in groups for question in _of_group(group, directories)]
    all_names.sort(key=lambda question: (-question.count, len(question.letters), question.letters, question.text))
    return tuple(all_names[:MOST_QUESTIONS]), max(len(all_names) - MOST_QUESTIONS, 0)


def _of_group(group: CauseGroup, directories: Mapping[str, Directory]) -> Iterator[NameQuestion]:
    first = group.first(1)[0]
    name = first.field or ""
    counts: Counter[str] = Counter()
    for part in group.parts:
        counts.update(part.values)
    cells = _first_cells(group)
    directory = directories.get(name)
    # Spellings of one name are one question, asked in the most frequent of them.
    for text, count in _by_plain_name(counts).items():
        records = group.candidates_of(text)
        yield NameQuestion(
            field=name,
            letters=group.letters,
            label=first.label or name,
            text=text,
            code=group.code,
            noun=directory.noun if directory else "record",
            count=count,
            cells=tuple(cells[plain_name(text)]),
            candidates=records[:MOST_CANDIDATES],
            further=max(len(records) - MOST_CANDIDATES, 0),
        )


def _by_plain_name(counts: Mapping[str, int]) -> dict[str, int]:
    spelled: dict[str, str] = {}
    together: Counter[str] = Counter()
    for text, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        together[spelled.setdefault(plain_name(text), text)] += count
    return dict(together)


def _first_cells(group: CauseGroup) -> dict[str, list[str]]:
    cells: dict[str, list[str]] = {}
    plain: dict[str, str] = {}
    for part in group.parts:
        for row, value in zip(part.rows.tolist(), part.values, strict=True):
            some = cells.setdefault(plain.setdefault(value, plain_name(value)), [])
            if len(some) < _CELLS:
                some.append(f"{group.letters}{row}")
    return cells


class ChosenNames:
    """Counts the cells whose name means a record by choice, chunk by chunk."""

    def __init__(self, mapping: ColumnMapping, directories: Mapping[str, Directory]) -> None:
        """Look at the columns of these fields."""
        self._columns = [
            (column, directories[column.field]) for column in mapping.columns if column.field in directories
        ]
        self._counts: dict[tuple[str, str], Counter[str]] = {}

    def restart(self) -> None:
        """Begin once more."""
        self._counts.clear()

    def add(self, chunk: pd.DataFrame) -> None:
        """Count those of a chunk."""
        for column, directory in self._columns:
            if directory.has_choices and column.position in chunk:
                # Each spelling once: a column of a million names has few different ones.
                texts = chunk[column.position].value_counts().items()
                counts = self._counts.setdefault((column.field, column.label), Counter())
                counts.update({str(text): int(number) for text, number in texts if directory.chosen(str(text).strip())})

    def chosen(self, directories: Mapping[str, Directory]) -> tuple[ChosenName, ...]:
        """What was counted, most frequent first."""
        names = list(self._names(directories))
        return tuple(sorted(names, key=lambda name: (-name.count, name.label, name.text)))

    def _names(self, directories: Mapping[str, Directory]) -> Iterator[ChosenName]:
        for (name, label), counts in self._counts.items():
            for text, count in _by_plain_name(counts).items():
                if record := directories[name].chosen(text.strip()):
                    yield ChosenName(name, label, text.strip(), count, record)
