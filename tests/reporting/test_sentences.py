"""The sentences about a whole run."""

import pytest

from importer.journal.rows import Intent
from importer.journal.states import WITH_RECORD, State
from importer.model import Status
from importer.reporting.sentences import change_signs, headline, row_message
from reporting.office import Office


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({}, "No rows created"),
        ({Status.CREATED: 1}, "1 row created"),
        ({Status.CREATED: 1200}, "All 1,200 rows created"),
        (
            {Status.CREATED: 195, Status.INVALID: 3, Status.REJECTED: 2},
            "195 of 200 rows created, 3 need a change, 2 refused by Nexudus",
        ),
        ({Status.CREATED: 14, Status.REJECTED: 2}, "14 of 16 rows created, 2 refused by Nexudus"),
        ({Status.INVALID: 1}, "No rows created, 1 needs a change"),
        ({Status.EXISTING: 4}, "No rows created, 4 already in Nexudus"),
        ({Status.UPDATED: 1}, "1 row updated"),
        ({Status.UPDATED: 12, Status.EXISTING: 3}, "12 of 15 rows updated, 3 already in Nexudus"),
        (
            {Status.CREATED: 2, Status.UPDATED: 3, Status.INVALID: 1},
            "2 created and 3 updated of 6 rows, 1 needs a change",
        ),
        (
            {Status.CREATED: 1, Status.UNKNOWN: 1, Status.NOT_SENT: 8},
            "1 of 10 rows created, 1 with no answer yet, 8 not sent",
        ),
    ],
)
def test_the_headline_says_only_what_there_is(counts: dict[Status, int], sentence: str) -> None:
    """Every row is in the sentence once, and no status without rows is."""
    assert headline(dict.fromkeys(Status, 0) | counts) == sentence


@pytest.mark.parametrize(
    ("counts", "signs"),
    [
        ({Status.CREATED: 1200, Status.UPDATED: 3, Status.EXISTING: 40}, "+1,200 ~3 =40"),
        ({Status.EXISTING: 4, Status.REJECTED: 2}, "=4"),
        ({Status.INVALID: 2}, "+0"),
        ({}, "+0"),
    ],
)
def test_a_run_is_as_short_as_can_be_in_a_list(counts: dict[Status, int], signs: str) -> None:
    """One that did nothing says so."""
    assert change_signs(dict.fromkeys(Status, 0) | counts) == signs


@pytest.mark.parametrize("words", [None, "what the service said"])
@pytest.mark.parametrize("state", State)
def test_every_state_has_its_words(office: Office, state: State, words: str | None) -> None:
    """A row in any state can be told, with and without words of the service; only one that was saved needs none."""
    run = office.begin(office.file([]))
    said = row_message(run, Intent(run.id, 2, b"", "", state, sent_at=0.0, message=words), ())
    assert bool(said) != (state in WITH_RECORD and words is None)


@pytest.mark.parametrize("words", [None, "Perhaps record 7."])
def test_a_row_in_review_names_the_command_that_settles_it(office: Office, words: str | None) -> None:
    """With the numbers of the run and the row; the page has a link instead, and shows no command."""
    run = office.begin(office.file([]))
    intent = Intent(run.id, 12, b"", "", State.REVIEW, sent_at=0.0, message=words)
    assert f"importer settle {run.id} 12 --is ID, or --absent" in row_message(run, intent, ())
    assert "importer" not in row_message(run, intent, (), commands=False)
