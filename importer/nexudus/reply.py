"""What came back for one call: a value that holds everything later decisions may need.

Rule 1: network trouble is a Reply too, never an exception. Rule 2: nothing here knows the network or judges what a
reply means for a row; importer.delivery.replies does.
"""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 25 * 3600.0
"""No Retry-After is believed beyond this: the service's longest allowance is a day, and clocks differ by an hour."""

SHORTEST_WAIT = 1.0
"""A Retry-After that is zero, past or unreadable; without it a confused service would be asked in a tight loop."""

LARGEST_ID = 2**63 - 1
"""The journal's column holds 64 bits. With a larger Id the driver raises OverflowError in the very transaction that
should keep the answer."""

_WAIT_TEXT = re.compile(r"\bwait (\d+(?:\.\d+)?) seconds?\b", re.IGNORECASE)
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]|^[^\x01-\x7f]|\x00")
"""What a body looks like that may hold half a character: its escape, its bytes, or another encoding than UTF-8."""

_MARGIN = 0.25
"""Seconds added to a wait that the body names: the client that met this text adds as much (read 2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one call, or the fact that none came.

    Attributes:
        status: HTTP status; None when no answer came.
        reason: The reason phrase, in which Nexudus documents its throttle.
        retry_after: Every Retry-After header as it came.
        date: The Date header, the service's clock.
        content_type: The Content-Type header, lower-case.
        text: The beginning of the body, decoded; for people and the journal.
        json: The whole body parsed, None when it is no JSON (or the JSON value null).
        whole: Whether the body arrived to its end.
        sent: False only when provably no byte of the request was written.
        failure: What went wrong on the way, in plain words without address or secret; empty when nothing did.
        sign_in: Which sign-in the call carried, counted from 1; 0 when it carried none.
    """

    status: int | None = None
    reason: str = ""
    retry_after: tuple[str, ...] = ()
    date: str | None = None
    content_type: str = ""
    text: str = ""
    json: object | None = None
    whole: bool = False
    sent: bool = True
    failure: str = ""
    sign_in: int = 0

    @property
    def wait(self) -> float | None:
        """Seconds for which the service asks not to be called, None when it does not say; the longest of several."""
        # The header is documented, the text was met by a client of 2026; which of them the service sends is unknown.
        waits = [_header_wait(value, self.date) for value in self.retry_after]
        waits += [float(seconds) + _MARGIN for seconds in _WAIT_TEXT.findall(self.text)]
        return min(max(waits), LONGEST_WAIT) if waits else None

    @property
    def clock(self) -> float | None:
        """The service's clock in epoch seconds; None without a Date header, or if something else may have answered."""
        # A page in between has a clock of its own; the service's own words are JSON.
        moment = _instant(self.date or "") if self.json is not None else None
        return None if moment is None else moment.timestamp()

    @property
    def html(self) -> bool:
        """Whether the body is a web page, whatever its label says."""
        # JSON under the label text/html is the service's own answer, and a page under application/json is not.
        return self.json is None and ("html" in self.content_type or self.text.lstrip("\ufeff \t\r\n").startswith("<"))

    @property
    def passing(self) -> bool:
        """Whether the same question may be answered a little later: nobody answered, or the service is busy."""
        # For reads only, where asking again costs nothing but a call. 409 is the documented throttle. Not 501 and 505:
        # a service that does not know a call will not know it a little later (RFC 9110, 15.6.2 and 15.6.6).
        return self.status_in(None, 408, 409, 425, 429, *range(500, 600)) and not self.status_in(501, 505)

    def status_in(self, *statuses: int | None) -> bool:
        """Whether the status is one of these."""
        return self.status in statuses


def proper_id(value: object) -> int | None:
    """The Id of a record, None if it is no Id that can be kept and asked for."""
    # To Python True is an int, and would become record 1.
    proper = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_ID
    return value if isinstance(value, int) and proper else None


def parse_json(body: bytes) -> object | None:
    r"""The parsed body, None when it is not JSON that can be worked with.

    NaN, infinities, integers of thousands of digits and bottomless nesting count as no JSON: Python reads the first two
    and raises ValueError and RecursionError for the others, in the middle of judging an answer. Half a character (a
    lone surrogate, such as one half of an emoji) becomes its escape, \ud83d: no file, terminal or database takes it.
    """
    try:
        parsed: object = json.loads(body, parse_constant=_refuse, parse_float=_finite)
        return _whole_characters(parsed) if _HALF_CHARACTER.search(body) else parsed
    except (ValueError, RecursionError):
        return None


def _whole_characters(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case list():
            return [_whole_characters(member) for member in value]
        case dict():
            return {_whole_characters(name): _whole_characters(member) for name, member in value.items()}
    return value


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("too large")
    return number


def _header_wait(value: str, date: str | None) -> float:
    """Seconds of one Retry-After header, which is a number or a date by the service's own clock (RFC 9110, 10.2.3)."""
    try:
        seconds = float(value)
    except ValueError:
        # The service's clock on both sides: this machine's may be wrong by hours, and so would be the wait.
        until, now = _instant(value), _instant(date or "")
        seconds = (until - now).total_seconds() if until and now else 0.0
    # "nan" is a number to Python; no comparison with it holds, and so it ends in the shortest wait.
    return max(seconds, SHORTEST_WAIT) if seconds > 0 else SHORTEST_WAIT


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
