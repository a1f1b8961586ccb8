"""What a Reply knows of itself: the wait it asks for, and which bodies count as JSON."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.nexudus import Reply
from importer.nexudus.reply import LONGEST_WAIT, parse_json

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"

WAITS: list[tuple[tuple[str, ...], float | None]] = [
    ((), None),
    (("1",), 1.0),
    ((" 15 ",), 15.0),
    (("1.5",), 1.5),
    (("0",), 1.0),
    (("-5",), 1.0),
    (("abc",), 1.0),
    (("",), 1.0),
    (("nan",), 1.0),
    (("inf",), LONGEST_WAIT),
    (("1e12",), LONGEST_WAIT),
    (("9" * 5000,), LONGEST_WAIT),
    (("90001",), LONGEST_WAIT),
    (("Sun, 22 Nov 2026 12:01:00 GMT",), 60.0),
    (("Sun, 22 Nov 2026 14:02:00 +0200",), 120.0),
    (("Sunday, 22-Nov-26 12:03:00 GMT",), 180.0),
    (("Sun, 22 Nov 2026 11:00:00 GMT",), 1.0),
    (("Sun, 22 Nov 2096 12:00:00 GMT",), LONGEST_WAIT),
    (("Sun, 99 Nov 2026 12:00:00 GMT",), 1.0),
    (("2", "30", "abc"), 30.0),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS, ids=repr)
def test_wait_by_header(headers: tuple[str, ...], seconds: float | None) -> None:
    """Retry-After is a number or a date by the service's clock; nonsense is a second, never a tight loop or a year."""
    assert Reply(409, retry_after=headers, date=NOON).wait == seconds


def test_wait_by_text() -> None:
    """Some throttles say the seconds in their text only; a little is added, as they round down."""
    assert Reply(429, text="You must wait. Wait 1.5 seconds").wait == 1.75


def test_a_date_without_the_clock_of_the_service_is_not_believed() -> None:
    """Our own clock may be wrong, so a date alone is the shortest wait."""
    assert Reply(409, retry_after=(NOON,)).wait == 1.0


@given(st.lists(st.text()), st.text() | st.none(), st.text())
def test_any_wait_can_be_slept(headers: list[str], date: str | None, text: str) -> None:
    """Whatever the headers hold, the wait is none or between a second and 25 hours."""
    wait = Reply(409, retry_after=tuple(headers), date=date, text=text).wait
    assert wait is None or 1.0 <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"<html>",
        b'{"Id":NaN}',
        b'{"Id":1e400}',
        b'{"Id":-Infinity}',
        b'{"Id":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\xff",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_hostile_json_is_no_json(body: bytes) -> None:
    """Depth bombs, endless numbers and what is no number at all count as no JSON, without an exception."""
    assert parse_json(body) is None


def test_a_web_page_is_known_whatever_its_label() -> None:
    """HTML under a JSON label is a page; JSON under an HTML label is not."""
    assert Reply(200, content_type="application/json", text="\n <!DOCTYPE html>").html
    assert not Reply(200, content_type="text/html", text="{}", json={}).html


@pytest.mark.parametrize(
    ("status", "passing"),
    [
        (None, True),
        *((status, True) for status in (408, 409, 425, 429, 500, 502, 503, 504, 520, 599)),
        *((status, False) for status in (200, 204, 302, 400, 401, 403, 404, 405, 410, 501, 505)),
    ],
)
def test_what_may_be_answered_a_little_later(status: int | None, passing: bool) -> None:
    """No answer, a throttle and a service out of breath; not what the service does not know at all."""
    assert Reply(status).passing is passing
