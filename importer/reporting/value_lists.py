"""What can be chosen in the columns of a workbook that is given back after a run, as far as the journal knows it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from importer.checking import Directory
from importer.config.store import UnreadableError
from importer.journal.journal import Journal
from importer.journal.kept_lists import LISTED
from importer.journal.runs import Run
from schemas import RECORD_TYPES, Reference


def value_lists(journal: Journal, run: Run, fields: Mapping[str, int]) -> dict[int, Sequence[str]]:
    """The values of each column that holds names of records or a closed list; ``fields`` are the columns by field."""
    kind = RECORD_TYPES[run.kind]
    lists = {
        position: _names(journal, run, kind.references[name]) if name in kind.references else kind.offers(name)
        for name, position in fields.items()
    }
    return {position: values for position, values in lists.items() if values}


def _names(journal: Journal, run: Run, reference: Reference) -> Sequence[str]:
    # However old: a name that is gone by now is found when the file is checked again, and most are there still.
    text = journal.directories.get(run.account, reference.path, 0.0) if run.account else None
    with suppress(UnreadableError):
        if text is not None:
            return Directory(reference.relation.lower(), LISTED.decode(text).entries, {}, complete=True).choices()
    return ()
