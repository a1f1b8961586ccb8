"""The answers of a person about ambiguous rows of an upload: which record is a row's.

They are kept with the upload and go before an Id in the file; a plan is made again with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.delivery.comparison import listed
from importer.runs.groups import RowDoubt

AGAIN = "again"
"""The field of a form whose value is a row that is to be answered once more, or ``ALL``."""

ALL = "all"
ROW = "row-"
"""Before the number of a row: the field of a form that holds the Id of its record, "" to leave it out."""

ROWS = 50
"""Ambiguous rows on one page."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a form: all answers as they are now; or a ``problem``, and nothing has changed.

    ``outdated`` tells that the form is of a plan that no longer holds.
    """

    answers: Mapping[str, int]
    problem: str = ""
    outdated: bool = False


def chosen(fields: Mapping[str, str]) -> dict[int, int]:
    """The records that were chosen in a form, by row; rows to be left out are not among them."""
    texts = {name.removeprefix(ROW): text for name, text in fields.items() if name.startswith(ROW)}
    return {int(row): int(text) for row, text in texts.items() if row.isdecimal() and text.isdecimal()}


def reply_to(fields: Mapping[str, str], answers: Mapping[str, int], doubts: Sequence[RowDoubt] | None) -> Reply:
    """What a form makes of the ``answers`` until now; ``doubts`` are those of the latest plan, None without a plan."""
    again, new = fields.get(AGAIN, ""), chosen(fields)
    offered = {doubt.row: {choice.record for choice in doubt.choices} for doubt in doubts or ()}
    # Another tab has answered meanwhile, or the plan was made again: what was offered then may be wrong by now.
    if any(number not in offered.get(row, ()) for row, number in new.items()):
        return Reply(answers, outdated=True)
    staying = {row: number for row, number in answers.items() if again not in (row, ALL)}
    after = staying | {str(row): number for row, number in new.items()}
    return Reply(answers, problem) if (problem := _problem(after)) else Reply(after)


def _problem(answers: Mapping[str, int]) -> str:
    """Why these answers cannot be: a record is one row's only."""
    rows: dict[int, list[int]] = {}
    for row, number in answers.items():
        rows.setdefault(number, []).append(int(row))
    shared = next((number for number, of_record in rows.items() if len(of_record) > 1), None)
    if shared is None:
        return ""
    return f"Record {shared} was chosen for rows {listed(sorted(rows[shared]))}. It can belong to one row only."
