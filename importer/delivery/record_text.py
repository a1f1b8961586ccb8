"""A record of the service as the cells of a spreadsheet: the texts that an export writes and the reader takes back.

Rule: each text means its value in one way only, whatever the spreadsheet program's country, and is the same every time:
by it a cell is recognised as not touched since the export.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from importer.delivery.listing import Remote, instant
from importer.spreadsheet import RECORD_ID, STAMPS
from schemas import FieldType, RecordType, written

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNWRITABLE = re.compile("[\0\ud800-\udfff\ufffe\uffff]")
"""What no text file or no workbook can hold."""


def record_texts(kind: RecordType, remote: Remote) -> dict[str, str]:
    """The text of each field of a record, and of its Id and stamps, by header."""
    texts = {name: cell_text(kind, name, remote.values.get(name)) for name in kind.fields}
    created, updated, by = (remote.values.get(name) for name in STAMPS)
    stamps = dict(zip(STAMPS, (_date(created), _date(updated), _text(by)), strict=True))
    return texts | {RECORD_ID: str(remote.id)} | stamps


def cell_text(kind: RecordType, name: str, value: object) -> str:
    """The text of one field's value; a value that is none of the field's type is written as it came."""
    if value is None or value == "":
        return ""
    match kind.type_of(name):
        case FieldType.DATE:
            return _date(value)
        case FieldType.WHOLE_NUMBER:
            return str(int(value)) if isinstance(value, float) and value.is_integer() else _text(value)
        case FieldType.DECIMAL:
            return _decimal(value)
        case FieldType.YES_NO:
            yes, no = kind.offers(name)
            return (yes if value else no) if isinstance(value, bool) else _text(value)
        case FieldType.CHOICE:
            choice = kind.spellings(name).get(written(str(value)))
            return next((label for label, other in kind.choices(name).items() if other == choice), _text(value))
        case FieldType.TEXT:
            return _text(value)


def is_exact(value: object) -> bool:
    """Whether the text of a value holds every character of it."""
    return not isinstance(value, str) or not _UNWRITABLE.search(value)


def _text(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _date(value: object) -> str:
    # Always with the zone, so that no --tz and no order of day and month changes what is read.
    seconds = instant(value)
    if seconds is None:
        return _text(value)
    try:
        return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        return _text(value)


def _decimal(value: object) -> str:
    if isinstance(value, bool):
        return _text(value)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return _text(value)
    return format(number, "f") if number.is_finite() else _text(value)
