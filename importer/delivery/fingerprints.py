"""Fingerprints of values: what a forgotten row keeps of them, by which its record is recognised and nobody is read.

Equal values have equal fingerprints, as ``comparer.py`` compares them to find the record of a row. What else a row can
be asked, such as in what it differs, is gone with its values. Pure.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import blake2b

from importer.delivery.comparer import Comparer, Key
from importer.journal.rows import FORGOTTEN
from schemas import RecordType

_BYTES = 16


class FingerprintComparer(Comparer):
    """Compares rows with forgotten ones: of both sides by fingerprints."""

    def __init__(self, kind: RecordType) -> None:
        """Remember how the values of each field are compared."""
        super().__init__(kind)
        # A room, not a person: whether the record of it can be read tells whether the row's own could be.
        self._plain = kind.location

    def fingerprints(self, values: Mapping[str, object]) -> dict[str, object]:
        """What is left of the values of a row once they are forgotten."""
        left = {name: value for name, value in self.match_key(self.fields, values) if value is not None}
        place = self.value(self._plain, values.get(self._plain)) if self._plain else None
        return left if place is None else {**left, self._plain: place}

    def match_key(self, fields: Iterable[str], values: Mapping[str, object]) -> Key:
        """The fingerprints of these fields, for finding the record of a row by them."""
        if values.get(FORGOTTEN) is True:
            return tuple((name, self._mark(name, values.get(name), is_mark=name != self._plain)) for name in fields)
        return tuple((name, self._mark(name, value)) for name, value in super().match_key(fields, values))

    @staticmethod
    def _mark(name: str, value: object, *, is_mark: bool = False) -> object:
        if value is None or is_mark:
            return value
        # Numbers that are equal may be written in several ways.
        text = str(value.normalize()) if isinstance(value, Decimal) else str(value)
        return blake2b(
            f"{name} {type(value).__name__} {text}".encode(errors="surrogatepass"), digest_size=_BYTES
        ).hexdigest()
