"""The page of a practice service: what it holds, with nothing in it that a browser would run."""

from datetime import UTC, datetime, timedelta

import pytest

from importer.sandbox import SandboxOptions
from importer.sandbox.page import MOST_RECORDS, ends_at, page_of
from importer.sandbox.state import State
from sandbox.sandbox_client import RECORD, call, create, unlimited


def test_what_was_created_and_what_was_refused_is_shown() -> None:
    """Values and Ids of the records, and each refusal with its reason; names of people and rooms as well."""
    with unlimited(writes_per_day=2) as sandbox:
        create(sandbox)
        assert create(sandbox, Name="").status == 400
        assert create(sandbox).status == 409
        page = call(sandbox, "GET", "/", headers={})
        [record] = sandbox.state.records
    text = page.body.decode()
    assert page.status == 200
    for shown in (record["Id"], RECORD["Name"], RECORD["CalendarId"], "Name: is a required field"):
        assert f"<td>{shown}</td>" in text
    assert "You must wait before accessing this url again." in text
    assert "3 so far, 1 of them refused as too fast." in text
    assert "ada.abbott@example.com" in text
    assert "At most 2 creates, updates and deletes in a day." in text


def test_no_value_becomes_markup() -> None:
    """A name comes from a spreadsheet; no script could run even if one got through."""
    with unlimited() as sandbox:
        create(sandbox, Name='<script>alert("1")</script>', CalendarId="<img src=x onerror=alert(1)>")
        call(sandbox, "GET", "/api/spaces/<b>unknown</b>")
        page = call(sandbox, "GET", "/", headers={})
    text = page.body.decode()
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert "<b>" not in text
    assert page.headers["content-security-policy"].startswith("default-src 'none';")


def test_looking_changes_nothing() -> None:
    """The page stands in no log and counts for no limit; and only looking is possible."""
    with unlimited(calls_per_hour=1) as sandbox:
        before = [call(sandbox, "GET", "/", headers={}).status for _ in range(3)]
        assert (before, sandbox.state.calls) == ([200] * 3, [])
        assert call(sandbox, "POST", "/", headers={}).status == 401


def test_of_many_records_the_latest_are_shown() -> None:
    """A page of a hundred thousand rows would help nobody; how many there are is said."""
    state = State(SandboxOptions(store=None))
    body = '{"ResourceId":1,"CoworkerId":2,"Name":"Room %d","SubscriptionExpireDate":"2027-01-15T10:30:00Z"}'
    for number in range(MOST_RECORDS + 1):
        state.add("coworkermsoffecalendars", (body % number).encode())
    text = page_of(state)
    assert f"{MOST_RECORDS + 1} records." in text
    assert "<td>Room 1</td>" in text
    assert "<td>Room 0</td>" not in text


@pytest.mark.parametrize(("scale", "hours"), [(1.0, 168.0), (60.0, 2.8)])
def test_a_subscription_ends_as_fast_as_time_passes(scale: float, hours: float) -> None:
    """A week from the last save; what had passed then has ended."""
    state = State(SandboxOptions())
    kind = state.service.kinds["CoworkerMsOfficeCalendar"]
    saved = datetime(2027, 1, 1, tzinfo=UTC)
    record: dict[str, object] = {"UpdatedOn": "2027-01-01T00:00:00Z", "SubscriptionExpireDate": "2027-01-08T00:00:00Z"}
    assert ends_at(record, kind, scale) == pytest.approx((saved + timedelta(hours=hours)).timestamp())
    passed = record | {"SubscriptionExpireDate": "2026-12-31T00:00:00Z"}
    assert ends_at(passed, kind, scale) == datetime(2026, 12, 31, tzinfo=UTC).timestamp()
    assert ends_at({}, kind, scale) is None
