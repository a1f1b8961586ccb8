"""What a list says of rows that got no answer: which record is a row's own, when there is none, and who decides."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.kit import ACCOUNT, KIND, add_run, body
from importer.delivery.listing import Listing, Remote, to_remote
from importer.delivery.marks import FIELD, mark
from importer.delivery.reconciler import Settled, created_all_the_same, settle, settle_reviews, strays
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.model import Record

OURS, COLLEAGUE = "ops@example.com", "colleague@example.com"
SENT_AT, WINDOW = 1_000.0, 900.0
SERVICE_TIME = 50_000.0
"""The service's clock when this machine's said 0: they need not agree."""


def remote(number: int, text: str, *, by: str = OURS, edited: bool = False, **members: object) -> Remote:
    """A record with the values of this body."""
    times = {"CreatedOn": "2026-11-26T09:00:00Z", "UpdatedOn": f"2026-11-26T{'10' if edited else '09'}:00:00Z"}
    empty = dict.fromkeys(KIND.fields)
    made = to_remote({"Id": number, **empty, **json.loads(text), **times, "UpdatedBy": by, **members})
    assert made is not None
    return made


def without(text: str, *names: str) -> str:
    """A body without some fields."""
    return json.dumps({name: value for name, value in json.loads(text).items() if name not in names})


@dataclass
class Office:
    """A run whose rows were sent and got no answer, in a real journal."""

    journal: Journal
    folder: Path
    bodies: list[str]
    before: list[int] | None = None
    marks: list[str] = field(default_factory=list)
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        """Plan the rows, note what was listed before, and send them."""
        run = add_run(self.journal, self.folder)
        records = [
            Record(row, text, row.to_bytes(16, "big"), row.to_bytes(16, "big"))
            for row, text in enumerate(self.bodies, 2)
        ]
        self.run = self.journal.rows.plan(run, [(records, (), len(records))], run.target or 1, 2.0)
        if self.before is not None:
            self.journal.evidence.note_listed(self.run.id, self.before)
        self.send(SENT_AT)

    def send(self, at: float) -> None:
        """Send what is planned, each call with the next of the marks if there are any."""
        planned = self.journal.rows.planned(self.run, 0, 99)
        new_mark = (lambda: self.marks.pop(0)) if self.marks else None
        self.journal.rows.will_send(self.run, ACCOUNT, planned, (), at, new_mark=new_mark)

    @property
    def target(self) -> int:
        """The number of the account's record type."""
        assert self.run.target is not None
        return self.run.target

    def look(self, *records: Remote, at: float = SENT_AT, write: bool = True) -> Settled:
        """What such a list, begun at this time by both clocks, says."""
        return self.look_by(*records, at=at, date=SERVICE_TIME + at, write=write)

    def look_by(self, *records: Remote, at: float, date: float | None, write: bool) -> Settled:
        """What a list says that was begun at this time of this machine and at this date of the service."""
        pages = 1 if records else 0
        settled = settle(
            self.journal.rows.in_doubt(self.target),
            Listing(records, pages=pages, date=date),
            self.journal,
            self.target,
            KIND,
            user=OURS,
            asked_at=at,
            window=WINDOW,
        )
        if write:
            self.journal.rows.move(settled.changes, at)
        return settled

    @property
    def rows(self) -> dict[int, tuple[State, int | None]]:
        """Each row's state and record."""
        return {intent.row: (intent.state, intent.remote_id) for intent in self.journal.rows.all(self.run)}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    with open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}") as journal:
        yield journal


OTHER = remote(99, body(99))
"""A record of another mapping: a list that shows none at all proves nothing."""


def later(office: Office, *records: Remote) -> Settled:
    """A look at once, and the one that matters, after the window."""
    office.look(*records, write=False)
    return office.look(*records, at=SENT_AT + WINDOW + 1)


def test_a_record_that_equals_the_row_is_its_own(journal: Journal, tmp_path: Path) -> None:
    """At once: a record that is listed does not become unlisted by waiting."""
    office = Office(journal, tmp_path, [body(2), body(3)])
    office.look(remote(7, body(3)), OTHER)
    assert office.rows == {2: (State.IN_DOUBT, None), 3: (State.CREATED, 7)}


def test_rows_that_differ_in_an_empty_field_never_share_a_record(journal: Journal, tmp_path: Path) -> None:
    """One of them took effect: it gets the record, and the other waits for its own."""
    office = Office(journal, tmp_path, [without(body(2), "SubscriptionId"), body(2)])
    office.look(remote(7, body(2)), OTHER)
    assert office.rows[3] == (State.CREATED, 7)
    assert office.rows[2][0] is not State.CREATED


def test_a_record_with_values_that_were_never_sent_is_no_effect(journal: Journal, tmp_path: Path) -> None:
    """Unsent means empty: such a record is the mapping all the same, so a person decides."""
    office = Office(journal, tmp_path, [without(body(2), "SubscriptionId", "CalendarId")])
    later(office, remote(7, body(2)), OTHER)
    assert office.rows == {2: (State.REVIEW, None)}


@pytest.mark.parametrize("changes", [{"Name": "Theirs"}, {"SubscriptionId": "new"}, {"CalendarId": None}])
@pytest.mark.parametrize("by", [OURS, COLLEAGUE])
def test_a_record_that_was_edited_since_is_never_doubled(
    journal: Journal, tmp_path: Path, changes: dict[str, Any], by: str
) -> None:
    """Whoever edited it: the row goes to a person, who is told the Id."""
    office = Office(journal, tmp_path, [body(2)])
    settled = later(office, remote(7, body(2, **changes), by=by, edited=True), OTHER)
    assert office.rows == {2: (State.REVIEW, None)}
    assert "7" in (settled.changes[0].message or "")


def test_a_record_that_a_colleague_saved_without_a_change_is_the_rows(journal: Journal, tmp_path: Path) -> None:
    """The latest editor says nothing about who made it."""
    office = Office(journal, tmp_path, [body(2)])
    office.look(remote(7, body(2), by=COLLEAGUE, edited=True), OTHER)
    assert office.rows == {2: (State.CREATED, 7)}


def test_a_record_that_a_colleague_made_is_not_taken(journal: Journal, tmp_path: Path) -> None:
    """Equal, but made by somebody else and never edited: ours may still come."""
    office = Office(journal, tmp_path, [body(2)])
    later(office, remote(7, body(2), by=COLLEAGUE), OTHER)
    assert office.rows == {2: (State.REVIEW, None)}


@pytest.mark.parametrize("there", [body(2), body(2, Name="Earlier")])
def test_what_was_listed_before_the_run_is_no_effect_of_it(journal: Journal, tmp_path: Path, there: str) -> None:
    """Equal or alike: it was there before the call left, so the row has no record of its own."""
    office = Office(journal, tmp_path, [body(2)], before=[7, 99])
    later(office, remote(7, there), OTHER)
    assert office.rows == {2: (State.PLANNED, None)}


def test_the_first_list_of_a_run_is_the_one_that_counts(journal: Journal, tmp_path: Path) -> None:
    """A resumed run lists again, and then its own records are among what is listed."""
    office = Office(journal, tmp_path, [body(2)], before=[99])
    journal.evidence.note_listed(office.run.id, [7, 99])
    assert journal.evidence.listed_before(office.run.id) == frozenset({99})
    office.look(remote(7, body(2)), OTHER)
    assert office.rows == {2: (State.CREATED, 7)}


def test_a_record_answers_for_one_row_of_a_run(journal: Journal, tmp_path: Path) -> None:
    """Of two equal rows, the one found existing has the record; the other's create never arrived."""
    office = Office(journal, tmp_path, [body(2)])
    run = add_run(journal, tmp_path)
    equal = [Record(row, body(5), row.to_bytes(16, "big"), row.to_bytes(16, "big")) for row in (12, 13)]
    run = journal.rows.plan(run, [(equal, (), 2)], office.target, 2.0)
    first, _ = journal.rows.planned(run, 0, 2)
    journal.rows.move([Change(first, Event.KNOWN, remote_id=7)], 3.0)
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 2), (), SENT_AT)
    office.look(remote(7, body(5)), OTHER, write=False)
    settled = office.look(remote(7, body(5)), OTHER, at=SENT_AT + WINDOW + 1)
    assert {change.event for change in settled.changes if change.intent.row == 13} == {Event.ABSENT}


def test_a_list_without_any_record_is_no_proof(journal: Journal, tmp_path: Path) -> None:
    """It may be of another location, or of a user who sees nothing: a person decides."""
    office = Office(journal, tmp_path, [body(2)])
    later(office)
    assert office.rows == {2: (State.REVIEW, None)}


def test_a_refused_row_is_found_whatever_is_not_known_of_another_run(journal: Journal, tmp_path: Path) -> None:
    """Of the first run nobody knows what was listed before it, so its row proves nothing; that of the second does."""
    offices = [Office(journal, tmp_path, [body(2)]), Office(journal, tmp_path, [body(2), body(3)], before=[7])]
    refused = [intent for office in offices for intent in journal.rows.all(office.run, State.IN_DOUBT)]
    journal.rows.move([Change(intent, Event.REFUSED) for intent in refused], SENT_AT)
    there = Listing((remote(7, body(3)), remote(51, body(2)), remote(52, body(3))), pages=1)
    found = created_all_the_same(refused, there, journal, offices[0].target, KIND, user=OURS)
    assert {(intent.run, intent.row): number for intent, number in found.items()} == {(offices[1].run.id, 3): 52}


def test_a_failed_list_settles_nothing(journal: Journal, tmp_path: Path) -> None:
    """Nothing is found in it and nothing is absent from it."""
    office = Office(journal, tmp_path, [body(2)])
    rows = journal.rows.in_doubt(office.target)
    settled = settle(rows, Listing(failure="no"), journal, office.target, KIND, user=OURS, asked_at=9e9, window=WINDOW)
    assert (settled.changes, settled.too_recent, settled.failure) == ([], rows, "no")


@pytest.mark.parametrize(
    ("looks", "proved"),
    [
        # Local seconds since the send, and seconds of the service since it was first asked.
        ([(0, 0), (WINDOW + 1, WINDOW + 1)], True),
        ([(0, 0), (WINDOW - 1, WINDOW - 1)], False),
        # This machine's clock jumps two days ahead, or a month: the service's has not moved.
        ([(0, 0), (172_800, 5)], False),
        ([(2_592_000, 0)], False),
        # The service's clock jumps: this machine's has not moved.
        ([(0, 0), (5, 172_800)], False),
        # This machine's clock was ahead when the row was sent, and is put right: it is not waited for.
        ([(-2_592_000, 0), (-2_592_000 + 5, WINDOW + 1)], True),
        # The window counts from the first look, for no earlier time is known by the service's clock.
        ([(WINDOW * 2, 0)], False),
        ([(WINDOW * 2, 0), (WINDOW * 3, WINDOW + 1)], True),
        # A service that gives no date: the first look by this machine's clock.
        ([(0, None), (WINDOW - 1, None)], False),
        ([(WINDOW * 2, None), (WINDOW * 3, None)], True),
        ([(172_800, None)], False),
    ],
)
def test_absent_is_believed_after_the_window_by_both_clocks(
    journal: Journal, tmp_path: Path, looks: list[tuple[float, float | None]], proved: bool
) -> None:
    """A clock that jumps neither ends the window early nor keeps it from ending."""
    office = Office(journal, tmp_path, [body(2)])
    for local, service in looks:
        date = None if service is None else SERVICE_TIME + service
        settled = office.look_by(OTHER, at=SENT_AT + local, date=date, write=False)
    assert [change.event for change in settled.changes] == ([Event.ABSENT] if proved else [])
    assert bool(settled.too_recent) is not proved
    assert all(0 < seconds <= WINDOW + 1 for seconds in settled.waits.values())


TEXTS = st.sampled_from([None, "", "a", "b"])
BODIES = st.fixed_dictionaries(
    {"ResourceId": st.sampled_from([1, 2]), "CoworkerId": st.just(1)},
    optional={"CalendarId": TEXTS, "SubscriptionId": TEXTS, "Name": TEXTS},
)


@given(st.lists(BODIES, min_size=1, max_size=4), st.lists(st.tuples(BODIES, st.booleans()), max_size=4), st.data())
@settings(max_examples=60)
def test_no_list_gives_one_record_to_two_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], there: list[Any], data: st.DataObject
) -> None:
    """However rows and records resemble each other, the journal takes what a look concludes, and nothing is doubled."""
    folder = tmp_path_factory.mktemp("look")
    with open_journal(f"sqlite:///{folder / 'journal.sqlite3'}") as journal:
        bodies = [json.dumps({name: value for name, value in row.items() if value}) for row in rows]
        office = Office(journal, folder, bodies)
        records = [
            remote(7 + number, json.dumps(fields), edited=edited, by=data.draw(st.sampled_from([OURS, COLLEAGUE, ""])))
            for number, (fields, edited) in enumerate(there)
        ]
        later(office, *records, OTHER)
        ids = [number for _, number in office.rows.values() if number is not None]
        assert len(ids) == len(set(ids))
        for row, (state, number) in office.rows.items():
            if state is State.CREATED:
                [record] = [r for r in records if r.id == number]
                sent = json.loads(bodies[row - 2])
                assert all((record.values.get(name) or None) == sent.get(name) for name in KIND.fields)
            if state is State.PLANNED:
                keys = [(r.values["ResourceId"], r.values["CalendarId"] or None) for r in records if r.id not in ids]
                sent = json.loads(bodies[row - 2])
                assert (sent["ResourceId"], sent.get("CalendarId")) not in keys


def test_a_review_ends_when_exactly_one_equal_record_is_left(journal: Journal, tmp_path: Path) -> None:
    """A person has deleted the other one; with two, or with one that differs, the row stays in review."""
    office = Office(journal, tmp_path, [without(body(2), "SubscriptionId")], before=[6, 99])
    mine = without(body(2), "SubscriptionId")
    office.look(remote(7, mine), remote(8, mine), OTHER)
    reviews = journal.rows.in_review(office.target)
    assert [intent.row for intent in reviews] == [2]

    def changes(*records: Remote, at: float = SENT_AT) -> list[tuple[Event, int | None]]:
        listing = Listing((*records, OTHER), date=SERVICE_TIME + at)
        settled = settle_reviews(reviews, listing, journal, office.target, KIND, user=OURS, asked_at=at, window=WINDOW)
        return [(c.event, c.remote_id) for c in settled]

    assert changes(remote(7, mine), remote(8, mine)) == []
    assert changes(remote(8, without(body(2, Name="Other"), "SubscriptionId"))) == []
    assert changes() == []
    assert changes(remote(8, mine)) == [(Event.FOUND, 8)]
    # Listed before the run, made by somebody else, with a value that was not sent: the mapping exists, but undo must
    # never delete it; and within the window, the row's own record may still come.
    for another in (remote(6, mine), remote(8, mine, by=COLLEAGUE), remote(8, body(2))):
        assert changes(another) == []
        assert changes(another, at=SENT_AT + WINDOW + 2) == [(Event.KNOWN, another.id)]


def test_a_run_that_has_sent_is_given_no_list_from_before(journal: Journal, tmp_path: Path) -> None:
    """A run that began without a list and is resumed with one: what is listed then may be of its own calls."""
    office = Office(journal, tmp_path, [body(2)])
    journal.evidence.note_listed(office.run.id, [7, 99])
    assert journal.evidence.listed_before(office.run.id) is None
    office.look(remote(7, body(2)), OTHER)
    assert office.rows == {2: (State.CREATED, 7)}


def test_a_second_record_of_a_rows_mapping_is_named(journal: Journal, tmp_path: Path) -> None:
    """If it came after the run began: a late effect, or a colleague's. What was there before is no news."""
    office = Office(journal, tmp_path, [body(2)], before=[18, 99])
    office.look(remote(7, body(2)), OTHER)
    late, earlier = remote(8, body(2, Name="Late")), remote(18, body(2, Name="Earlier"))
    [sentence] = strays(Listing((remote(7, body(2)), late, earlier, OTHER)), journal, office.target, KIND)
    assert "Record 8 " in sentence
    assert "record 7 (row 2 of run 1)" in sentence


def test_where_the_list_from_before_is_not_known_nothing_is_called_new(journal: Journal, tmp_path: Path) -> None:
    """Journals of earlier importers have none: a second record may have been there for a year."""
    office = Office(journal, tmp_path, [body(2)])
    office.look(remote(7, body(2)), OTHER)
    both = Listing((remote(7, body(2)), remote(8, body(2)), OTHER))
    assert strays(both, journal, office.target, KIND) == []


@pytest.mark.parametrize("state", [State.PLANNED, State.REJECTED])
def test_a_record_that_comes_after_its_row_was_given_up_is_named(
    journal: Journal, tmp_path: Path, state: State
) -> None:
    """Proved absent, and refused when it was sent again: the first call took effect after the window all the same."""
    office = Office(journal, tmp_path, [body(2)], before=[99])
    later(office, OTHER)
    if state is State.REJECTED:
        journal.rows.will_send(office.run, ACCOUNT, journal.rows.planned(office.run, 0, 9), (), SENT_AT + 2 * WINDOW)
        [doubtful] = journal.rows.in_doubt(office.target)
        journal.rows.move([Change(doubtful, Event.REFUSED)], SENT_AT + 2 * WINDOW)
    assert office.rows == {2: (state, None)}
    [sentence] = strays(Listing((remote(7, body(2)), OTHER)), journal, office.target, KIND)
    assert "Record 7 " in sentence
    assert "row 2 of run 1, which got no answer at first" in sentence


# -- marks ------------------------------------------------------------------------------------------------------------

FIRST, SECOND, THEIRS = (mark(f"{number:08x}", "0" * 22) for number in range(3))


def marked(number: int, text: str, carried: str | None, **members: Any) -> Remote:
    """A record that carries a mark."""
    return remote(number, text, **{**members, FIELD: carried})


def test_each_of_two_equal_rows_gets_the_record_of_its_mark(journal: Journal, tmp_path: Path) -> None:
    """By their values, and by their age, they would be exchanged."""
    office = Office(journal, tmp_path, [body(2), body(2)], marks=[FIRST, SECOND])
    office.look(marked(7, body(2), SECOND), marked(8, body(60), FIRST, by=COLLEAGUE, edited=True), OTHER)
    assert office.rows == {2: (State.CREATED, 8), 3: (State.CREATED, 7)}


def test_two_records_of_one_mark_go_to_a_person(journal: Journal, tmp_path: Path) -> None:
    """Somebody has copied one, mark and all; once it is deleted, the other is the row's."""
    office = Office(journal, tmp_path, [body(2)], marks=[FIRST])
    both = (marked(7, body(2), FIRST), marked(8, body(3), FIRST), OTHER)
    office.look(*both)
    [review] = journal.rows.in_review(office.target)
    assert "Records 7 and 8 were all created for this row" in (review.message or "")
    look: dict[str, Any] = {"user": OURS, "asked_at": SENT_AT, "window": WINDOW}
    assert settle_reviews([review], Listing(both), journal, office.target, KIND, **look) == []
    [change] = settle_reviews([review], Listing((both[1], OTHER)), journal, office.target, KIND, **look)
    assert (change.event, change.remote_id) == (Event.FOUND, 8)


def test_a_late_effect_of_an_earlier_attempt_is_the_rows(journal: Journal, tmp_path: Path) -> None:
    """The window was too short for it. The row has a record, and is not sent a third time."""
    office = Office(journal, tmp_path, [body(2)], marks=[FIRST, SECOND])
    later(office, OTHER)
    office.send(SENT_AT + WINDOW + 2)
    office.look(marked(7, body(2), FIRST), OTHER, at=SENT_AT + WINDOW + 3)
    assert office.rows == {2: (State.CREATED, 7)}
    twice = Listing((marked(7, body(2), FIRST), marked(8, body(2), SECOND), OTHER))
    [sentence] = strays(twice, journal, office.target, KIND)
    assert "Record 8 was created for row 2 of run 1, whose record is 7" in sentence


@pytest.mark.parametrize("carried", [THEIRS, SECOND])
def test_an_equal_record_with_another_mark_is_not_the_rows(journal: Journal, tmp_path: Path, carried: str) -> None:
    """Nor is the row absent: the mapping exists."""
    office = Office(journal, tmp_path, [body(2)], marks=[FIRST])
    later(office, marked(7, body(2), carried), OTHER)
    assert office.rows == {2: (State.REVIEW, None)}
    [review] = journal.rows.in_review(office.target)
    listing = Listing((marked(7, body(2), carried), OTHER), date=SERVICE_TIME + SENT_AT)
    at = SENT_AT + 2 * WINDOW
    settle_reviews([review], listing, journal, office.target, KIND, user=OURS, asked_at=at, window=WINDOW)
    again = Listing(listing.records, date=SERVICE_TIME + at + WINDOW + 2)
    [change] = settle_reviews(
        [review], again, journal, office.target, KIND, user=OURS, asked_at=at + WINDOW + 2, window=WINDOW
    )
    assert (change.event, change.remote_id) == (Event.KNOWN, 7)


@pytest.mark.parametrize("text", [None, "", "of another program"])
def test_a_mark_that_is_gone_leaves_everything_to_the_values(
    journal: Journal, tmp_path: Path, text: str | None
) -> None:
    """An equal record is the row's, and one of its key is for a person, as without marks."""
    office = Office(journal, tmp_path, [body(2), body(3)], marks=[FIRST, SECOND])
    later(office, marked(7, body(2), text), marked(8, body(3, Name="Edited"), text), OTHER)
    assert office.rows == {2: (State.CREATED, 7), 3: (State.REVIEW, None)}
