"""The table of strings of an .xls file, which goes over as many records as it needs.

Source: [MS-XLS] 2.4.265 (SST), 2.5.293 (XLUnicodeRichExtendedString) and 2.4.58 (Continue).
"""

from collections.abc import Sequence

_HEADER_BYTES = 8
_WIDE, _PHONETIC, _RICH = 0x01, 0x04, 0x08
_BYTES_OF_RUN = 4


class StringsDamaged(ValueError):  # noqa: N818
    """The records are not a table of so many strings."""


def shared_strings(records: Sequence[bytes], count: int) -> list[str]:
    """So many strings from these records.

    Raises:
        StringsDamaged: The records hold something else.
    """
    # The length of a string is that of its UTF-16. Gnumeric (1.12) counts an emoji once, not twice, in a string that is
    # continued in another record. Which of both holds is known only when the table ends where the records do.
    try:
        return _Reading(records, emoji_once=False).strings(count)
    except (StringsDamaged, IndexError):
        pass
    try:
        return _Reading(records, emoji_once=True).strings(count)
    except IndexError as error:
        raise StringsDamaged from error


class _Reading:
    """A place in the records, and what is read from there on."""

    def __init__(self, records: Sequence[bytes], *, emoji_once: bool) -> None:
        self._records, self._emoji_once = records, emoji_once
        self._record, self._place = 0, _HEADER_BYTES

    def strings(self, count: int) -> list[str]:
        """So many strings, up to the end of the records."""
        strings = [self._string() for _ in range(count)]
        if self._place < len(self._records[self._record]) or self._record + 1 < len(self._records):
            raise StringsDamaged
        return strings

    def _number(self, size: int) -> int:
        return int.from_bytes(bytes(self._byte() for _ in range(size)), "little")

    def _byte(self) -> int:
        while self._place >= len(self._records[self._record]):
            self._record, self._place = self._record + 1, 0
        self._place += 1
        return self._records[self._record][self._place - 1]

    def _string(self) -> str:
        length, flags = self._number(2), self._byte()
        if flags & ~(_WIDE | _PHONETIC | _RICH):
            raise StringsDamaged
        runs = self._number(2) if flags & _RICH else 0
        phonetic = self._number(4) if flags & _PHONETIC else 0
        text = self._characters(length, flags)
        for _ in range(_BYTES_OF_RUN * runs + phonetic):
            self._byte()
        return text.decode("utf-16-le", "replace")

    def _characters(self, length: int, flags: int) -> bytes:
        """The UTF-16 of so many characters; every further record begins with whether it is stored in full."""
        data, more, emoji, is_continued = bytearray(), 0, 0, False
        while (missing := length + more - len(data) // 2) > 0:
            if self._place >= len(self._records[self._record]):
                self._record, self._place, is_continued = self._record + 1, 1, True
                flags = self._records[self._record][0]
            part = self._part(missing, 2 if flags & _WIDE else 1)
            data += part
            emoji += _emoji(part)
            more = emoji if is_continued and self._emoji_once else 0
        return bytes(data)

    def _part(self, most: int, width: int) -> bytes:
        """The UTF-16 of the characters in this record, each as wide as this in bytes."""
        record = self._records[self._record]
        part = record[self._place : min(self._place + width * most, len(record))]
        if not part or len(part) % width:
            raise StringsDamaged
        self._place += len(part)
        return part if width == 2 else part.decode("latin-1").encode("utf-16-le")  # noqa: PLR2004


def _emoji(data: bytes) -> int:
    """The characters of which UTF-16 makes two."""
    return sum(0xD8 <= byte <= 0xDB for byte in data[1::2])  # noqa: PLR2004
