"""Why sending stopped, in words: every kind of it, and what a reader is told."""

from pathlib import Path
from typing import get_args

import pytest

from importer.delivery.replies import Verdict
from importer.delivery.send_result import (
    CallsUnanswered,
    ChangedRows,
    Complaint,
    InvalidRows,
    NoRecordOfRun,
    NotBegun,
    NotComparedAgain,
    Outage,
    RecordsNotUndone,
    RecordsNotUpdated,
    RecordsUnreadable,
    RowLimit,
    SameRefusals,
    SendResult,
    SignInEnded,
    StopDetail,
    StopReason,
    TimeTooShort,
    TimeUp,
)
from importer.errors import ServiceError
from importer.journal.runs import Run
from importer.journal.states import Event
from importer.reporting.stop_sentences import stop_sentence
from importer.text import moment

AWAY = ServiceError("Nexudus cannot be reached.", "Try again later.")
REFUSED = Verdict(Event.REFUSED, "is required", field="Name")
NOON = 1_700_000_000.0
AN_HOUR_LATER = NOON + 3600.0


def run(number: int, **options: object) -> Run:
    """A run with nothing in it but its number and its options."""
    nowhere = Path("nowhere")
    return Run(
        number, 1, "kind", "url", "path", None, "", "", "a.csv", "", nowhere, options, nowhere, None, 0.0, None, None,
        None, None, False, 0,
    )  # fmt: skip


SENTENCES: list[tuple[StopDetail, str]] = [
    (Complaint(Verdict(Event.LOST, reason="a web page answered")), "Sending stopped: a web page answered."),
    (
        Outage(Verdict(Event.NOT_APPLIED, failure="no connection")),
        "Sending stopped: the service cannot be reached (no connection).",
    ),
    (CallsUnanswered(5), "Sending stopped: 5 calls in a row got no usable answer."),
    (SameRefusals(20, REFUSED), "Sending stopped: the last 20 rows were refused because of Name: is required"),
    (SignInEnded(), "The service no longer accepts the sign-in."),
    (TimeUp(), "Stopped: the time set with --max-duration is up."),
    (
        TimeTooShort(AN_HOUR_LATER, NOON, "the allowance is used up"),
        f"Stopped because of --max-duration: no call is possible before {moment(AN_HOUR_LATER, NOON)}, because the "
        "allowance is used up.",
    ),
    (RowLimit(1), "Stopped after 1 row (--max-rows)."),
    (RowLimit(1200), "Stopped after 1,200 rows (--max-rows)."),
    (RowLimit(None), "Stopped: the number of rows set with --max-rows is reached."),
    (RecordsUnreadable(5, "HTTP 500"), "Sending stopped: 5 records in a row could not be read (HTTP 500)."),
    (RecordsNotUpdated(1), "1 record could not be read, and so not updated."),
    (RecordsNotUpdated(2), "2 records could not be read, and so not updated."),
    (RecordsNotUndone(5, "HTTP 500"), "Stopped: 5 records in a row were not undone (HTTP 500)."),
    (
        NoRecordOfRun(run(7, sandbox=True)),
        "Nexudus has none of the records of this run. Most likely you are signed in at another location, or as another "
        "user, than when it was imported. Nothing was changed. If somebody has really deleted all of them: "
        "importer undo 7 --sandbox --even-if-gone",
    ),
    (InvalidRows(1), "Nothing was sent (--strict): 1 invalid row."),
    (InvalidRows(3), "Nothing was sent (--strict): 3 invalid rows."),
    (ChangedRows(1), "Nothing was sent (--strict): 1 row with other values in Nexudus."),
    (NotBegun(AWAY), "Nexudus cannot be reached. Try again later."),
    (NotBegun(AWAY, advice=False), "Nexudus cannot be reached."),
    (
        NotComparedAgain(AWAY),
        "Sending stopped: rows are compared with Nexudus again each day, and that was not possible. Nexudus cannot be "
        "reached. Try again later.",
    ),
]


@pytest.mark.parametrize(("detail", "sentence"), SENTENCES, ids=lambda value: str(value)[:40])
def test_each_way_to_stop_has_its_sentence(detail: StopDetail, sentence: str) -> None:
    """Word for word: people look these up, and the guide quotes them."""
    assert stop_sentence(SendResult(StopReason.LIMIT, detail)) == sentence


def test_no_way_to_stop_is_without_a_sentence() -> None:
    """A new kind of end needs its words, and a line above."""
    assert {type(detail) for detail, _ in SENTENCES} == set(get_args(StopDetail))


@pytest.mark.parametrize("how", StopReason)
def test_without_figures_there_is_nothing_to_say(how: StopReason) -> None:
    """A regular end and a stop that the user asked for need no sentence."""
    assert stop_sentence(SendResult(how)) == ""
