"""Rows to be left out by what is wrong with them: all with a cause, or all that hold a name."""

from collections.abc import Callable, Iterable, Sequence

from importer.checking import cause_key, plain_name
from importer.web.drafts import Draft
from importer.web.table.edit import Reply, Table
from importer.web.table.row_file import RowFile
from importer.web.table.selection import Selection
from importer.web.table.views import now
from importer.web.upload_documents import NameQuestion


def of_cause(rows: RowFile, key: str) -> list[int]:
    """The rows with this cause."""
    return list(now(rows, Selection(cause=key)).numbers)


def of_names(rows: RowFile, questions: Iterable[NameQuestion]) -> list[int]:
    """The rows that hold one of these names, in whichever spelling."""
    numbers: set[int] = set()
    for question in questions:
        columns = [column for column in rows.columns if column.letters == question.letters]
        cause, name = cause_key(question.code, question.letters, question.field), plain_name(question.text)
        texts = rows.texts(of_cause(rows, cause), columns)
        numbers.update(row for row, (text,) in texts if plain_name(text) == name)
    return sorted(numbers)


def leave_out(table: Table, draft: Draft, select: Callable[[RowFile], Sequence[int]]) -> Reply:
    """Leave out the rows that ``select`` gives of those of an upload.

    Raises:
        FileNotFoundError: The upload has not been checked yet.
    """
    with table.rows(draft) as rows:
        numbers = select(rows)
    return table.set_left_out(draft, numbers, out=True)
