"""What the dates of a file leave to a person: the order of day and month, and the zone of times without one."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from importer.checking.columns import ColumnMapping
from importer.checking.date_headers import read_date_header
from importer.checking.dates import DateReader
from schemas import FieldType, RecordType

_OF_ZONES = {"zone-assumed", "time-skipped", "date-ambiguous"}


@dataclass(frozen=True, slots=True)
class OpenDates:
    """Whether the ``order`` or the ``zone`` of dates is open, and which orders other cells of the file prove.

    Whether a date has a time without a zone may be known only once its order is.
    """

    order: bool = False
    zone: bool = False
    proved: frozenset[str] = frozenset()

    def takes(self, order: str | None) -> bool:
        """Whether this order answers what is open, and no cell of the file says otherwise."""
        return self.order and order is not None and self.proved <= {order}


def dates_left_open(chunks: Iterable[pd.DataFrame], mapping: ColumnMapping, kind: RecordType) -> OpenDates:
    """What the date columns of a file leave open if nobody says how they are meant."""
    reader, codes = DateReader(), set[str]()
    columns = [column for column in mapping.columns if kind.type_of(column.field) is FieldType.DATE]
    for chunk in chunks if columns else ():
        for column in columns:
            read = reader.read(column.field, chunk[column.position], read_date_header(column.label))
            codes |= {*read.refused, *read.doubtful}
    proved = (order for evidence in reader.evidence.values() for order in evidence.orders)
    return OpenDates("date-ambiguous" in codes, bool(codes & _OF_ZONES), frozenset(proved))
