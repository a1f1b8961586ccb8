"""A checked file on its way to the person who corrects it: what its copy is to say, and what has been corrected."""

from collections.abc import Iterable
from dataclasses import replace

from importer.checking import as_shown
from importer.issues import Issue
from importer.reporting import CheckedFile
from importer.reporting.report_words import COMMANDS, ReportWords
from importer.runs.source import Source
from importer.spreadsheet import changed_texts, open_sheet


def checked_file(
    source: Source,
    issues: Iterable[Issue],
    words: ReportWords = COMMANDS,
) -> CheckedFile:
    """What to write into the copy of a checked file; ``issues`` are its own, by row, and can be read twice."""
    lists = {name: source.kind.offers(name) for name in source.kind.fields}
    lists |= {name: tuple(directory.choices()) for name, directory in source.directories.items()}
    # With the rows that a person leaves out: their copy has them, and says so.
    read = replace(source.read, left_out=())
    whole = as_shown(open_sheet(source.copy, read), source.mapping, source.kind) if source.read.left_out else None
    return CheckedFile(
        source.copy,
        whole or source.sheet,
        issues,
        {column.position: lists[column.field] for column in source.mapping.columns if lists[column.field]},
        changed_texts(source.copy, source.read),
        {int(row): number for row, number in source.read.answers.items()},
        words,
        frozenset(source.read.left_out),
    )
