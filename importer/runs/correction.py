"""A checked file on its way to the person who corrects it: what its copy is to say, and what has been corrected."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from importer.issues import Issue
from importer.reporting import CheckedFile
from importer.reporting.lines import words_of
from importer.runs.source import Source
from importer.spreadsheet import open_sheet, place_of
from importer.spreadsheet.corrections import changed_texts


def checked_file(source: Source, issues: Iterable[Issue], words: Callable[[Issue], str] = words_of) -> CheckedFile:
    """What to write into the copy of a checked file; ``issues`` are its own, by row, and can be read twice."""
    lists = {name: source.kind.offers(name) for name in source.kind.fields}
    lists |= {name: tuple(directory.choices()) for name, directory in source.directories.items()}
    return CheckedFile(
        source.copy,
        source.sheet,
        issues,
        {column.position: lists[column.field] for column in source.mapping.columns if lists[column.field]},
        _corrected(source),
        {int(row): number for row, number in source.read.answers.items()},
        words,
    )


def _corrected(source: Source) -> Mapping[int, Mapping[int, str]]:
    """The texts that were corrected since the file came, by row and position."""
    read = source.read
    if not read.cells and not read.repairs:
        return {}
    columns = {place_of(address)[1] for address in (*read.cells, *read.repairs)}
    before = open_sheet(source.copy, replace(read, cells={}, repairs={}))
    return changed_texts(before, open_sheet(source.copy, read), columns)
