"""A checked file on its way to the person who corrects it: what its copy is to say, and what has been corrected."""

from collections.abc import Callable, Iterable

from importer.issues import Issue
from importer.reporting import CheckedFile
from importer.reporting.lines import words_of
from importer.runs.source import Source
from importer.spreadsheet import changed_texts


def checked_file(source: Source, issues: Iterable[Issue], words: Callable[[Issue], str] = words_of) -> CheckedFile:
    """What to write into the copy of a checked file; ``issues`` are its own, by row, and can be read twice."""
    lists = {name: source.kind.offers(name) for name in source.kind.fields}
    lists |= {name: tuple(directory.choices()) for name, directory in source.directories.items()}
    return CheckedFile(
        source.copy,
        source.sheet,
        issues,
        {column.position: lists[column.field] for column in source.mapping.columns if lists[column.field]},
        changed_texts(source.copy, source.read),
        {int(row): number for row, number in source.read.answers.items()},
        words,
    )
