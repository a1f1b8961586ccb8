"""The sentences of the plan page about rows that are not sent, in the user's own column titles. Pure."""

import re
from collections.abc import Mapping

from importer.delivery.comparison import Reason, listed
from importer.runs.groups import RowDoubt
from importer.text import printable

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?Z")
_LONGEST_LABEL = 40

_DOUBTS = {
    Reason.SEVERAL: "{records} {are} for this same mapping. Delete in Nexudus the ones that you do not need.",
    Reason.UNREAD: "{records} may be for this mapping, but Nexudus does not show {it} at the moment. Look for {it} in "
    "Nexudus, or try again in a few minutes.",
    Reason.RECORD_LACKS_PART: "{records} may be for this mapping, but {has} no {label}. Enter it in Nexudus, or delete "
    "{it} there.",
    Reason.ROW_LACKS_PART: "{records} may be for this mapping, but the row has no {label}. Enter it in your file, then "
    "upload the file again.",
    Reason.ROW_LACKS_MATCH: "{records} may be for this mapping, but your row has no {label}. Enter it, then upload the "
    "file again.",
    Reason.ALIKE: "{records} may be for this mapping, but {has} another {label}. Correct {it} in Nexudus, or correct "
    "the row in your file and upload it again.",
    Reason.OF_ANOTHER_ROW: "{records} {are} the record of another row, which has its Id. Delete one of the two rows, "
    "or "
    "enter the Id of its own record in this one.",
    Reason.NAMED_IS_GONE: "{records} {are} no longer in Nexudus. Look there, then upload the file again.",
    Reason.NAMED_IS_ANOTHER: "{records} {has} another {label} by now. Look in Nexudus, then upload the file again.",
    Reason.KEY_TAKEN: "With this row, there would be a second record of the same mapping beside {records}. Correct the "
    "row, or delete in Nexudus the record that you do not need.",
}
"""By why it is not certain; ``label`` is the title of the column, or the name of the field if it has none."""


def doubt_words(doubt: RowDoubt, labels: Mapping[str, str]) -> str:
    """Why a row of the plan is not sent, and what to do about it; ``labels`` are the titles of the columns by field."""
    one = len(doubt.records) == 1
    words = {
        "records": f"Record{'' if one else 's'} {listed(doubt.records)}",
        "are": "is" if one else "are",
        "has": "has" if one else "have",
        "it": "it" if one else "them",
        "label": printable_label(doubt.field or "", labels),
    }
    return _DOUBTS[doubt.reason].format(**words)


def printable_label(name: str, labels: Mapping[str, str]) -> str:
    """The title of a field's column, on one line; the name of the field if it has none."""
    return printable(labels.get(name) or name, _LONGEST_LABEL)


def value_on_page(text: str) -> str:
    """The value of a field: "empty" if there is none, a point in time as people write it."""
    if not text:
        return "empty"
    if (match := _INSTANT.fullmatch(text)) is None:
        return printable(text)
    day, minute, second = match.groups()
    return f"{day} {minute}{'' if second in (None, ':00') else second} UTC"
