"""The sentences of the pages about rows that are held, in the user's own column titles. Pure."""

import re
from collections.abc import Mapping

from importer.delivery.comparison import MOST_CANDIDATES, Reason, date_goes_back, listed
from importer.delivery.conflicts import Conflict, HoldReason
from importer.runs.groups import FieldChange, RowChoice, RowDoubt
from importer.text import printable

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?Z")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
_LONGEST_LABEL = 40

_DOUBTS = {
    Reason.SEVERAL: (
        "{records} {are} for this same mapping.",
        "Delete in Nexudus the ones that you do not need.",
    ),
    Reason.UNREAD: (
        "{records} may be for this mapping, but Nexudus does not show {it} at the moment.",
        "Look for {it} in Nexudus, or try again in a few minutes.",
    ),
    Reason.RECORD_LACKS_PART: (
        "{records} may be for this mapping, but {has} no {label}.",
        "Enter it in Nexudus, or delete {it} there.",
    ),
    Reason.ROW_LACKS_PART: (
        "{records} may be for this mapping, but the row has no {label}.",
        "Enter it in your file, then upload the file again.",
    ),
    Reason.ROW_LACKS_MATCH: (
        "{records} may be for this mapping, but your row has no {label}.",
        "Enter it in your file, then upload the file again.",
    ),
    Reason.ALIKE: (
        "{records} may be for this mapping, but {has} another {label}.",
        "Correct {it} in Nexudus, or correct the row in your file and upload it again.",
    ),
    Reason.OF_ANOTHER_ROW: (
        "{records} {are} the record of another row, which has its Id.",
        "Delete one of the two rows, or enter the Id of its own record in this one.",
    ),
    Reason.NAMED_IS_GONE: (
        "{records} {are} no longer in Nexudus.",
        "Look there, then upload the file again.",
    ),
    Reason.NAMED_IS_ANOTHER: (
        "{records} {has} another {label} by now.",
        "Look in Nexudus, then upload the file again.",
    ),
    Reason.KEY_TAKEN: (
        "With this row, there would be a second record of the same mapping beside {records}.",
        "Correct the row, or delete in Nexudus the record that you do not need.",
    ),
}
"""By why it is not certain: that, and what to do where no record can be chosen on the page.

``label`` is the title of the column, or what its field is called if it has none.
"""


def doubt_words(doubt: RowDoubt, labels: Mapping[str, str]) -> str:
    """Why a row of the plan is not sent; and what to do about it, unless its record can be chosen there and then.

    ``labels`` are the titles of the columns by field.
    """
    one, more = len(doubt.records) == 1, len(doubt.records) - MOST_CANDIDATES
    names = [*map(str, doubt.records[:MOST_CANDIDATES]), *([f"{more:,} more"] if more > 0 else [])]
    words = {
        "records": f"Record{'' if one else 's'} {listed(names)}",
        "are": "is" if one else "are",
        "has": "has" if one else "have",
        "it": "it" if one else "them",
        "label": printable_label(doubt.field or "", labels),
    }
    why, advice = _DOUBTS[doubt.reason]
    return (why if doubt.choices else f"{why} {advice}").format(**words)


_CONFLICTS = {
    HoldReason.OTHER_VALUES: "Not sent: record {record} is for this same mapping and has other values.",
    HoldReason.NOT_IN_THE_PLAN: "Not sent: record {record} has other values, and was changed after you saw the plan.",
    HoldReason.DELETED_SINCE: "Not sent: record {record} was deleted in Nexudus after you saw the plan.",
    HoldReason.CHANGED_SINCE: "Not sent: record {record} was changed in Nexudus after you saw the plan.",
}
_UNRECORDED = "Not sent: Nexudus has, or may have, a record of this mapping with other values."


def conflict_words(conflict: Conflict | None, row: int, labels: Mapping[str, str]) -> str:
    """Why a row was held, as the page says it; ``conflict`` is None if that was not recorded."""
    match conflict:
        case None:
            return _UNRECORDED
        case Conflict(Reason() as reason, records, name):
            # Its choices are on the page of the plan, which "Compare again" leads to.
            return f"Not sent: {_lower(doubt_words(RowDoubt(row, records, reason, name, (RowChoice(0),)), labels))}"
        case Conflict(HoldReason() as reason, (record, *_)):
            return _CONFLICTS[reason].format(record=record)
    return _UNRECORDED


def _lower(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}"


def conflict_changes(conflict: Conflict | None) -> list[FieldChange]:
    """What differs between a held row and its record."""
    pairs = conflict.differences if conflict else ()
    return [FieldChange(name, there, new, date_goes_back(new, there)) for name, there, new in pairs]


def printable_label(name: str, labels: Mapping[str, str]) -> str:
    """The title of a field's column, on one line; the name of the field in words if it has none."""
    return printable(labels.get(name) or field_words(name), _LONGEST_LABEL)


def field_words(name: str) -> str:
    """The name of a field as people write it: SubscriptionExpireDate is "Subscription expire date"."""
    first, *others = _WORDS.findall(name) or [name]
    return " ".join([first, *(word if word == "Id" else word.lower() for word in others)])


def value_on_page(text: str) -> str:
    """The value of a field: "empty" if there is none, a point in time as people write it."""
    if not text:
        return "empty"
    if (match := INSTANT.fullmatch(text)) is None:
        return printable(text)
    day, minute, second = match.groups()
    return f"{day} {minute}{'' if second in (None, ':00') else second} UTC"
