"""What a cell is sent as, as people say it: the name beside the Id, the date with its zone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
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

    def column(self, name: str, texts: pd.Series, valid: pd.Series) -> tuple[list[str], list[float | None]]:
        """For each text of a field: what is sent, "" if the text itself is or nothing is; and a number to sort by.

        ``valid`` holds the typed values of those rows that can be sent.
        """
        values = dict(zip(valid.index.tolist(), valid.tolist(), strict=True))
        rows, cells = texts.index.tolist(), texts.tolist()
        typed = [value if (value := values.get(row)) is not None and value is not pd.NA else None for row in rows]
        typed = [None if value is pd.NaT else value for value in typed]
        words = [self._words(name, text, value) for text, value in zip(cells, typed, strict=True)]
        return words, [_number(value) for value in typed]

    def is_numeric(self, name: str) -> bool:
        """Whether the values of a field are put in order as numbers or times."""
        sorted_as_number = (FieldType.WHOLE_NUMBER, FieldType.DECIMAL, FieldType.DATE)
        return name not in self.kind.references and self.kind.type_of(name) in sorted_as_number

    def _words(self, name: str, text: str, value: object) -> str:
        if value is None:
            return ""
        if name in self.kind.references:
            assert isinstance(value, int)
            called = self.names.get(name, {}).get(value, "")
            parts = [called if called != text else "", f"Id {value}" if str(value) != text.strip() else ""]
            return ", ".join(filter(None, parts))
        words = self._plain(value)
        return "" if words == text else words

    def _plain(self, value: object) -> str:
        match value:
            case datetime():
                return self._date(value)
            case bool():
                return "yes" if value else "no"
            case Decimal():
                return format(value, "f")
            case _:
                return str(value)

    def _date(self, instant: datetime) -> str:
        # A column of a hundred thousand dates has few different ones.
        words = self._dates.get(instant)
        if words is None:
            local = instant.astimezone(ZoneInfo(self.zone))
            day = _DAYS.get(self.order or "", _DAY_FIRST).format(local)
            seconds = f":{local:%S}" if local.second else ""
            words = self._dates[instant] = f"{day} {local:%H:%M}{seconds} {local:%Z}"
        return words


def _number(value: object) -> float | None:
    match value:
        case datetime():
            return value.timestamp()
        case int() | float() | Decimal():
            return float(value)
        case _:
            return None
