"""Answers in a row, and whether they end the sending: a table of what stops it and of what must not."""

from collections.abc import Sequence

import pytest

from importer.delivery.breakers import (
    MOST_UNANSWERED,
    SAME_REFUSALS,
    SAME_REFUSALS_AT_FIRST,
    Breakers,
)
from importer.delivery.replies import Pause, Verdict
from importer.delivery.send_result import Complaint, Outage, SameRefusals, SendResult, StopReason
from importer.journal.states import Event

ACCEPTED = Verdict(Event.ACCEPTED, remote_id=1)
LOST = Verdict(Event.LOST, "No answer.")
THROTTLED = Verdict(Event.NOT_APPLIED, pause=Pause.THROTTLE)
STOP = Verdict(Event.LOST, pause=Pause.STOP_RUN, reason="a web page answered")
NO_ENDPOINT = Verdict(Event.NOT_APPLIED, pause=Pause.STOP_IF_REPEATED, reason="there is no such address")
OTHER_COMPLAINT = Verdict(Event.NOT_APPLIED, pause=Pause.STOP_IF_REPEATED, reason="there is no such method")
AWAY = Verdict(Event.NOT_APPLIED, unreachable=True, failure="no connection")


def refused(field: str | None) -> Verdict:
    """A refusal that names this field."""
    return Verdict(Event.REFUSED, "is required", field=field)


def stopped(*verdicts: Verdict, status: int | None = 200) -> list[SendResult | None]:
    """What each of these answers, one after another, has to say about stopping."""
    breakers = Breakers(patience=60.0)
    return [breakers.observe(verdict, status, 0.0) for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "how"),
    [
        ([STOP], StopReason.REFUSED),
        ([NO_ENDPOINT, NO_ENDPOINT], StopReason.REFUSED),
        ([LOST] * MOST_UNANSWERED, StopReason.UNANSWERED),
        ([ACCEPTED] + [LOST] * MOST_UNANSWERED, StopReason.UNANSWERED),
        ([refused("Name")] * SAME_REFUSALS_AT_FIRST, StopReason.SAME_REFUSAL),
        ([ACCEPTED] + [refused("Name")] * SAME_REFUSALS, StopReason.SAME_REFUSAL),
        # Neither a throttle nor a lost answer tells two refusals apart.
        (
            [refused("Name"), THROTTLED, LOST] * (SAME_REFUSALS_AT_FIRST - 1) + [refused("Name")],
            StopReason.SAME_REFUSAL,
        ),
    ],
)
def test_the_last_of_these_answers_stops_the_sending_and_none_before_it(
    verdicts: Sequence[Verdict], how: StopReason
) -> None:
    """The breaker opens exactly at its number."""
    *before, last = stopped(*verdicts)
    assert before == [None] * len(before)
    assert last is not None
    assert last.how is how


@pytest.mark.parametrize(
    "verdicts",
    [
        [LOST] * (MOST_UNANSWERED - 1) + [ACCEPTED] + [LOST] * (MOST_UNANSWERED - 1),
        [LOST] * (MOST_UNANSWERED - 1) + [refused(None)] + [LOST] * (MOST_UNANSWERED - 1),
        [NO_ENDPOINT, ACCEPTED, NO_ENDPOINT],
        [NO_ENDPOINT, OTHER_COMPLAINT],
        [refused("Name"), refused("CalendarId")] * SAME_REFUSALS,
        [refused(None)] * 3 * SAME_REFUSALS,
        [ACCEPTED] + [refused("Name")] * (SAME_REFUSALS - 1) + [ACCEPTED] + [refused("Name")] * (SAME_REFUSALS - 1),
        [refused("Name")] * (SAME_REFUSALS_AT_FIRST - 1) + [ACCEPTED] + [refused("Name")] * (SAME_REFUSALS - 1),
        [THROTTLED] * 100,
        [AWAY] * 100,
    ],
)
def test_what_may_be_about_single_rows_stops_nothing(verdicts: Sequence[Verdict]) -> None:
    """A row in between, another field, another complaint, a wait: the run goes on."""
    assert stopped(*verdicts) == [None] * len(verdicts)


def test_a_403_is_about_the_sign_in_and_says_so() -> None:
    """Whoever may not create these records needs another sign-in, not another file."""
    assert stopped(STOP, status=403) == [SendResult(StopReason.SIGN_IN, Complaint(STOP))]


@pytest.mark.parametrize(("down_for", "stops"), [(0.0, False), (59.9, False), (60.0, True), (3600.0, True)])
def test_an_outage_is_borne_as_long_as_patience_lasts(down_for: float, *, stops: bool) -> None:
    """Patience counts from the first call that did not reach the service."""
    result = Breakers(patience=60.0).observe(AWAY, None, down_for)
    assert (result is not None and result.how is StopReason.UNREACHABLE) is stops


def test_without_patience_the_first_outage_ends_it() -> None:
    """Patience 0 means: do not wait for the service."""
    assert Breakers(patience=0.0).observe(AWAY, None, 0.0) is not None


def test_an_outage_is_about_the_last_call() -> None:
    """What that call met with is what a person can look into."""
    end = Breakers(patience=0.0).observe(AWAY, None, 0.0)
    assert end == SendResult(StopReason.UNREACHABLE, Outage(AWAY))


def test_a_throttle_during_an_outage_is_no_outage() -> None:
    """Only an answer that never came about can exhaust the patience."""
    assert Breakers(patience=60.0).observe(THROTTLED, 429, 3600.0) is None


def test_refusals_of_one_field_are_counted_and_the_last_one_is_named() -> None:
    """Whoever reads why sending stopped can mend the file."""
    last = stopped(*[refused("Name")] * SAME_REFUSALS_AT_FIRST)[-1]
    assert last == SendResult(StopReason.SAME_REFUSAL, SameRefusals(SAME_REFUSALS_AT_FIRST, refused("Name")))
