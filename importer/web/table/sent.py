"""What a cell is sent as, as people say it: the name beside the Id, the date with its zone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from schemas import FieldType, RecordType

_DAY_FIRST = "{0.day} {0:%b} {0.year}"
_DAYS = {"mdy": "{0:%b} {0.day}, {0.year}", "ymd": "{0:%Y-%m-%d}"}
"""A day by the order in which the file writes dates; the month in letters, so that nobody can take it for the day."""


@dataclass(frozen=True)
class SentWords:
    """Says what is sent for the cells of a file.

    ``names`` is what records are called, by field and Id; ``zone`` and ``order`` are those that dates are read by.
    """

    kind: RecordType
    names: Mapping[str, Mapping[int, str]]
    zone: str
    order: str | None = None
    _dates: dict[datetime, str] = field(default_factory=dict, compare=False)

    def column(self, name: str, texts: pd.Series, valid: pd.Series) -> list[str]:
        """For each text of a field: what is sent, "" if the text itself is, or nothing.

        ``valid`` holds the typed values of those rows that can be sent.
        """
        typed, cells = aligned(texts, valid), texts.tolist()
        if name in self.kind.references:
            called = self.names.get(name, {})
            return [
                "" if value is None else _reference(text, int(value), called)
                for text, value in zip(cells, typed, strict=True)
            ]
        words = ["" if value is None else self._plain(value) for value in typed]
        return ["" if word == text else word for word, text in zip(words, cells, strict=True)]

    def is_numeric(self, name: str) -> bool:
        """Whether the values of a field are put in order as numbers or times."""
        sorted_as_number = (FieldType.WHOLE_NUMBER, FieldType.DECIMAL, FieldType.DATE)
        return name not in self.kind.references and self.kind.type_of(name) in sorted_as_number

    def _plain(self, value: object) -> str:
        match value:
            case str():
                return value
            case datetime():
                return self.date(value)
            case bool():
                return "yes" if value else "no"
            case Decimal():
                return format(value, "f")
            case _:
                return str(value)

    def date(self, instant: datetime) -> str:
        """A point in time."""
        # A column of a hundred thousand dates has few different ones.
        words = self._dates.get(instant)
        if words is None:
            local = instant.astimezone(ZoneInfo(self.zone))
            day = day_words(local, self.order)
            seconds = f":{local:%S}" if local.second else ""
            words = self._dates[instant] = f"{day} {local:%H:%M}{seconds} {local:%Z}"
        return words


def day_words(moment: datetime, order: str | None) -> str:
    """A day as the pages write it in this order."""
    return _DAYS.get(order or "", _DAY_FIRST).format(moment)


def aligned(texts: pd.Series, valid: pd.Series) -> list[Any]:
    """The typed values of a column for each row of its texts; None where there is none, or none that can be sent."""
    values = valid.tolist()
    if len(valid) < len(texts):
        by_row = dict(zip(valid.index.tolist(), values, strict=True))
        values = [by_row.get(row) for row in texts.index.tolist()]
    return [None if value is pd.NA or value is pd.NaT else value for value in values]


def sort_numbers(texts: pd.Series, valid: pd.Series) -> list[float | None]:
    """Numbers by which a column is put in order, where it has any."""
    return [None if value is None else _number(value) for value in aligned(texts, valid)]


def _reference(text: str, number: int, called: Mapping[int, str]) -> str:
    name, digits = called.get(number, ""), str(number)
    parts = [name if name != text else "", f"Id {digits}" if digits != text and digits != text.strip() else ""]
    return ", ".join(filter(None, parts))


def _number(value: object) -> float | None:
    match value:
        case datetime():
            return value.timestamp()
        case int() | float() | Decimal():
            return float(value)
        case _:
            return None
