"""What a sheet shows is what is sent: the cells whose number format may show something else than their value. Pure.

A text is sent as it is shown. A number, a date or a yes or no is sent as its value where what is shown says the same,
whatever separators, months and languages it is written in. Every other such cell stays a ``FormattedCell``, and that
is an error: nobody but the user knows whether the value or what is shown is meant.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pandas as pd

from importer.checking.agreement import agrees, may_agree
from importer.checking.cells import YES_OR_NO, whole_number
from importer.checking.columns import ColumnMapping
from importer.checking.date_text import DateText, read_date_text
from importer.checking.dates import date_of_number
from importer.spreadsheet import OF_DATES, FormattedCell, Sheet, has_formatted
from importer.text import printable
from schemas import FieldType, RecordType, written

Resolve = Callable[[FormattedCell], str | None]
"""The text to be read in place of a cell, None if what it shows is something else than its value."""

_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d:\d\d)?")
_IN_NUMBERS = re.compile(r"(?<!\d)(\d{1,4})([-/. ]+)(\d{1,2})\2(\d{1,4})(?!\d)")
_LETTERS_OF_DATES = str.maketrans({"년": "年", "월": "月", "일": "日"})
_WORDS_OF_DATES = re.compile(r" ?(?:\u0433\.?|(?<=\d{4}) ?m\.|(?<=\d) d\.)$")
"""What follows a year in Russian and Bulgarian, and a year and a day in Lithuanian: it says nothing more."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_GROUPED = re.compile(r"-?\d{1,3}(?:([.,'\u2019])\d{3})(?:\1\d{3})*")
_PLAIN = re.compile(r"-?(?:\d+\.\d*|\.\d+)")
_EXPONENT = re.compile(r"(.*\d)[eE]([+-]?\d{1,3})")
_MONEY = re.compile(r"[$€£¥₣₤₩₪₫₱₴₹₺₽₿]|\b[A-Z]{3}\b|\b(?:kr|zł|Kč|Ft|lei)\b\.?")
_IN_BRACKETS = re.compile(r"\((.+)\)")


class RealDate(str):
    """The text of a cell that is a date of a workbook, and no text of somebody who typed one."""

    __slots__ = ()

    @staticmethod
    def is_moment(text: str) -> bool:
        """Whether a text is a day of the calendar, perhaps with a time to the second, and no zone."""
        return _MOMENT.fullmatch(text) is not None and _real_moment(text) is not None


def as_shown(sheet: Sheet, mapping: ColumnMapping, kind: RecordType) -> Sheet:
    """The sheet with the texts that count, where a cell has a number format; others stay as they are."""
    if not sheet.has_formats:
        return sheet
    resolve = {column.position: _of_field(kind, column.field) for column in mapping.columns}
    resolve |= dict.fromkeys(mapping.names.values(), _text)
    if mapping.record_id is not None:
        resolve[mapping.record_id] = _whole_number

    dates = [position for position, each in resolve.items() if each is _date]

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            for position, each in resolve.items():
                if position in chunk.columns and has_formatted(cells := chunk[position].tolist()):
                    chunk[position] = pd.Series(list(_resolved(cells, each)), index=chunk.index, dtype=object)
            if sheet.day_zero is not None:
                _put_dates(chunk, sheet, sheet.day_zero, dates)
            yield chunk

    return replace(sheet, read=read)


def _put_dates(chunk: pd.DataFrame, sheet: Sheet, day_zero: date, positions: Iterable[int]) -> None:
    """Write out the dates that stand as numbers in a workbook with another day 0 than most.

    Once the text has left its workbook, in a file of failed rows or on a page, nobody could know what it counts from.
    """
    problems = sheet.problems[sheet.problems["code"] == OF_DATES]
    for position in (position for position in positions if position in chunk.columns):
        numbers = chunk.index.isin(problems.loc[problems["position"] == position, "row"]).tolist()
        cells = zip(chunk[position].tolist(), numbers, strict=True)
        dates = [_date_of(cell, day_zero) if is_number else cell for cell, is_number in cells]
        chunk[position] = pd.Series(dates, index=chunk.index, dtype=object)


def _date_of(cell: str, day_zero: date) -> str:
    return cell if isinstance(cell, FormattedCell) else date_of_number(cell, day_zero) or cell


def held_cells(cells: pd.Series, *, is_text: bool) -> dict[str, pd.Index]:
    """The rows of the cells of a column that show something else than their value, by the code of their issue.

    The column is as ``as_shown`` gives it; ``is_text`` is one whose cells would be sent as they are shown.
    """
    rows: dict[str, list[int]] = {}
    if has_formatted(cells.tolist()):
        for row, cell in zip(cells.index.tolist(), cells.tolist(), strict=True):
            if isinstance(cell, FormattedCell):
                rows.setdefault(_code(cell, is_text=is_text), []).append(row)
    return {code: pd.Index(numbers, dtype="int64") for code, numbers in rows.items()}


def _code(cell: FormattedCell, *, is_text: bool) -> str:
    # A text that is known as a program in the United States shows it is not known as this user's does.
    text = cell.nominal
    is_unknown = bool(text) and cell.is_claimed and may_agree(cell, text or "")
    # Nor is one that says the same as what programs show, but in another form.
    is_nominal = not cell.is_claimed or (cell.shown is None and agrees(cell, text or ""))
    is_uncertain = text is None or text == cell or is_unknown or (is_text and text and is_nominal)
    return "shown-uncertain" if is_uncertain else "shown-differently"


def appearance(cell: str) -> str:
    """What such a cell shows, for a sentence."""
    text = cell.nominal if isinstance(cell, FormattedCell) else None
    if text is None:
        return "something else"
    return f'"{printable(text)}"' if text else "nothing"


def _resolved(cells: Iterable[str], resolve: Resolve) -> Iterator[str]:
    for cell in cells:
        yield (resolve(cell) or cell) if isinstance(cell, FormattedCell) else cell


def _of_field(kind: RecordType, name: str) -> Resolve:
    if name in kind.references:
        return _reference
    match kind.type_of(name):
        case FieldType.TEXT:
            return _text
        case FieldType.DATE:
            return _date
        case FieldType.WHOLE_NUMBER:
            return _whole_number
        case FieldType.DECIMAL:
            return _decimal
        case FieldType.YES_NO:
            return _yes_or_no
        case FieldType.CHOICE:
            return _choice


def _text(cell: FormattedCell) -> str | None:
    """What is shown, unless the value says something else."""
    shown = cell.shown
    return None if shown and cell.is_claimed and not agrees(cell, shown) else shown


def _reference(cell: FormattedCell) -> str | None:
    if _NUMBER.fullmatch(cell):
        return _whole_number(cell)
    text = _text(cell)
    # A number that is shown of something else, such as the year of a date or the 1 of a yes, is no Id.
    return None if text and whole_number(text) is not None else text


def _whole_number(cell: FormattedCell) -> str | None:
    if cell.isdecimal() and cell != "0" and cell.shows_whole_numbers:
        return str(cell)
    return _same_number(cell, cell.nominal)


def _decimal(cell: FormattedCell) -> str | None:
    shown = _MONEY.sub("", cell.nominal or "").strip()
    in_brackets = _IN_BRACKETS.fullmatch(shown)
    return _same_number(cell, f"-{in_brackets[1]}" if in_brackets else shown)


def _same_number(cell: FormattedCell, shown: str | None) -> str | None:
    """The value of a cell, if that is the number which is shown."""
    if not _NUMBER.fullmatch(cell) or shown is None:
        return None
    return str(cell) if Decimal(cell) in _numbers(shown) else None


def _numbers(shown: str) -> Iterator[Decimal]:
    """The numbers that a text may be, in whatever country: 1,414,915 or 1.414.915, 12.5 or 12,5."""
    text, power = _SPACES.sub("", shown), 0
    if exponent := _EXPONENT.fullmatch(text):
        text, power = exponent[1], int(exponent[2])
    elif _GROUPED.fullmatch(text):
        yield Decimal(re.sub(r"[.,'\u2019]", "", text))
    for point, separator in (".", ","), (",", "."), (",", "'"), (".", "'"):
        whole, _, rest = text.partition(point)
        if (separator not in whole or _GROUPED.fullmatch(whole)) and _PLAIN.fullmatch(
            plain := f"{whole.replace(separator, '')}.{rest}"
        ):
            yield Decimal(plain).scaleb(power)


def _yes_or_no(cell: FormattedCell) -> str | None:
    value, shown = YES_OR_NO.get(written(cell)), YES_OR_NO.get(written(cell.nominal or ""))
    return str(cell) if value is not None and value == shown else None


def _choice(cell: FormattedCell) -> str | None:
    if _NUMBER.fullmatch(cell):
        return _same_number(cell, cell.nominal)
    return _text(cell)


def _date(cell: FormattedCell) -> str | None:
    """The date of a cell with the time zone that it shows, if it shows the whole of it."""
    if cell.shows_whole_moment and _MOMENT.fullmatch(cell):
        return RealDate(cell)
    if _MOMENT.fullmatch(cell) is None:
        # A text is read as it is shown. A number is a date only as it is: shown with fewer digits, it is another one.
        is_text = cell.is_shown_text and not _NUMBER.fullmatch(cell)
        return _text(cell) if is_text or cell.nominal == cell else None
    moment, shown = _real_moment(cell), cell.nominal
    text = read_date_text(_in_order(shown, moment)) if moment and shown else ""
    return None if moment is None or isinstance(text, str) else _with_zone(moment, text)


def _real_moment(cell: str) -> datetime | None:
    """The moment of a cell; None for a day or an hour that a file may hold though there is none, as 30 February."""
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None


def _in_order(shown: str, moment: datetime) -> str:
    """What is shown with its day in numbers, if that is this one, as ISO 8601 has it."""
    text = _WORDS_OF_DATES.sub("", shown.translate(_LETTERS_OF_DATES))
    match = _IN_NUMBERS.search(text)
    if match is None:
        return text
    years = (f"{moment.year:04}", f"{moment.year % 100:02}")
    numbers = tuple(int(match[place]) for place in (1, 3, 4))
    orders = ((moment.day, moment.month), (moment.month, moment.day))
    is_last = match[4] in years and numbers[:2] in orders
    is_first = match[1] in years and numbers[1:] == (moment.month, moment.day)
    if not is_last and not is_first:
        return ""
    return f"{text[: match.start()]}{moment.date()}{text[match.end() :]}"


def _with_zone(moment: datetime, text: DateText) -> str | None:
    """The moment as it is read with its time zone; None if the text says another one."""
    day = (text.year, text.month, text.day) == (moment.year, moment.month, moment.day)
    time = (text.time or (0, 0, 0)) == (moment.hour, moment.minute, moment.second)
    is_contradictory = text.weekday not in (None, moment.weekday()) or text.beside not in (None, text.offset)
    if not day or not time or is_contradictory or (text.place and text.offset is not None):
        return None
    plain = moment.date().isoformat() if text.time is None and not text.place else moment.isoformat()
    return RealDate(f"{plain}{_offset(text.offset)}{f'[{text.place}]' if text.place else ''}")


def _offset(offset: timedelta | None) -> str:
    if not offset:
        return "" if offset is None else "Z"
    sign, minutes = "-" if offset < timedelta() else "+", abs(offset) // timedelta(minutes=1)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"
