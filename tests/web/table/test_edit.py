"""Corrections in the table: what changes, what is wrong afterwards, and how each step is undone and redone."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.spreadsheet import ReadOptions
from importer.web.drafts import Draft
from importer.web.table.action import Action, Kind
from importer.web.table.edit import Table
from importer.web.table.row_file import RowFile, RowState, file_of
from importer.web.table.selection import Selection
from importer.web.table.steps import steps_of
from importer.web.table.views import Views
from importer.web.upload_documents import Header
from web.table.kit import NOW, Desk, desk, good

ROWS = [good(2), good(3, CoworkerId="12.5"), good(4), good(5, Name=""), good(6), good(7)]


@pytest.fixture
def somebody(tmp_path: Path) -> Desk:
    """Six rows, two of which need a change."""
    return desk(tmp_path, ROWS)


@contextmanager
def fresh() -> Iterator[Desk]:
    """The same, for each example of a property."""
    with tempfile.TemporaryDirectory() as folder:
        yield desk(Path(folder), ROWS)


def test_a_typed_cell_is_the_only_one_that_changes(somebody: Desk) -> None:
    """And its row is checked at once, whatever else is wrong elsewhere."""
    before = somebody.texts()
    reply = somebody.type(3, 1, "4711")
    assert reply.message == "1 cell changed. The row is ready."
    assert somebody.draft.read.cells == {"B3": "4711"}
    assert somebody.states()[3] is RowState.READY
    assert somebody.texts() == {**before, 3: (*before[3][:1], "4711", *before[3][2:])}


def test_an_equal_text_is_no_correction(somebody: Desk) -> None:
    """The upload stays as it is, so that nothing has to be checked again."""
    before = somebody.draft
    assert somebody.type(3, 1, "12.5").message == "No cell changed."
    assert somebody.draft == before


def test_the_rows_say_the_same_once_the_whole_file_is_checked(somebody: Desk) -> None:
    """What a row says on its own right after a change is what the whole check says of it."""
    somebody.type(3, 1, "4711")
    somebody.type(5, 2, "Studio")
    somebody.type(6, 3, "yesterday")
    alone = somebody.rows()
    somebody.check()
    assert somebody.rows() == alone


def test_a_cell_that_is_made_wrong_says_why(somebody: Desk) -> None:
    """In the title of its column."""
    assert somebody.type(2, 1, "13.5").message == "1 cell changed. 1 row needs a change."
    [issue] = somebody.rows()[0].issues
    assert (issue.letters, issue.code) == ("B", "not-a-whole-number")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Kind.REPLACE, {"find": "Room", "text": "Room Room", "left": 2, "right": 2}),
        (Kind.PASTE, {"row": 2, "text": "a\nb", "left": 2, "right": 2}),
        (Kind.LEAVE_OUT, {"row": 2, "last": 1}),
        (Kind.UNDO, {}),
    ],
)
def test_a_press_is_carried_out_once(somebody: Desk, kind: Kind, fields: dict[str, Any]) -> None:
    """However often it arrives: a page that got no answer sends the same press again."""
    somebody.type(2, 2, "Room one")
    somebody.type(2, 2, "Room two")
    somebody.do(kind, press="first", **fields)
    before = somebody.draft
    assert somebody.do(kind, press="first", **fields).message == "This had been saved already."
    assert somebody.draft == before
    assert somebody.do(kind, press="second", **fields).message != "This had been saved already."


@pytest.mark.parametrize(("kind", "after"), [(Kind.UNDO, Kind.REDO), (Kind.REDO, Kind.UNDO)])
def test_only_the_step_that_a_button_named_is_undone_or_redone(somebody: Desk, kind: Kind, after: Kind) -> None:
    """Another window may have done something since; then nothing is done."""
    somebody.type(2, 2, "Attic")
    somebody.type(3, 1, "4711")
    somebody.do(Kind.UNDO)
    with steps_of(somebody.draft.folder) as steps:
        (undo, _), (redo, _) = steps.next_labels()
    named = undo if kind is Kind.UNDO else redo
    before = somebody.draft
    refused = somebody.do(kind, step=named + 100)
    assert (refused.outdated, "in another window" in refused.problem) == (True, True)
    assert somebody.draft == before
    assert somebody.do(kind, step=named).message
    assert somebody.draft.read.cells != before.read.cells
    assert somebody.do(after).message


def test_an_action_reaches_rows_of_the_filter_only(somebody: Desk) -> None:
    """Also those that the page has never shown."""
    wrong = Selection(show="needs-change")
    reply = somebody.do(Kind.CLEAR, wrong, first=0, last=1, left=6, right=6)
    assert reply.message == "No cell changed."
    somebody.do(Kind.REPLACE, wrong, find="", text="look", whole=True, left=6, right=6)
    assert somebody.draft.read.cells == {"G3": "look", "G5": "look"}


def test_a_view_that_is_another_one_by_now_is_not_acted_on(somebody: Desk) -> None:
    """The person sees other rows than those that would be changed."""
    action = Action(Kind.CLEAR, view="another", first=0, last=5, row=2, left=0, right=6)
    reply = somebody.table.act(somebody.draft, action, Selection())
    assert reply.outdated
    assert reply.problem
    assert somebody.draft.read == ReadOptions(zone=somebody.draft.read.zone)


def test_a_block_is_cut_off_at_the_edges_and_says_so(somebody: Desk) -> None:
    """Nothing wraps around into other rows or columns."""
    reply = somebody.do(Kind.PASTE, first=5, last=5, left=6, right=6, text="a\tb\r\nc\td\r\n")
    assert somebody.draft.read.cells == {"G7": "a"}
    assert reply.message.endswith("1 row and 1 column of the clipboard did not fit and were not pasted.")


def test_one_text_is_pasted_into_every_cell_of_the_range(somebody: Desk) -> None:
    """As spreadsheet programs do."""
    somebody.do(Kind.PASTE, first=1, last=2, left=5, right=6, text="x")
    assert somebody.draft.read.cells == {"F3": "x", "G3": "x", "F4": "x", "G4": "x"}


def test_filling_down_uses_the_order_that_the_person_sees(somebody: Desk) -> None:
    """Sorted the other way round, the last row of the file is the first of the range."""
    down = Selection(sort="row", descending=True)
    somebody.do(Kind.FILL, down, first=0, last=2, left=2, right=2)
    assert somebody.draft.read.cells == {"C6": "Room 7", "C5": "Room 7"}


CELLS = st.sampled_from(["", "x", "Room 4", "4711", "a b"])
BLOCKS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4)
)


@given(BLOCKS, st.integers(0, 5), st.integers(0, 6))
@settings(max_examples=12, deadline=None)
def test_pasting_a_block_is_typing_its_cells_one_by_one(block: list[list[str]], first: int, left: int) -> None:
    """The same corrections, the same rows, the same that is wrong with them."""
    with fresh() as pasting, fresh() as typing:
        text = "\r\n".join("\t".join(line) for line in block)
        pasting.do(Kind.PASTE, first=first, last=first, left=left, right=left, text=f"{text}\r\n")
        for row, line in enumerate(block, start=first + 2):
            for column, cell in enumerate(line, start=left):
                if row < len(ROWS) + 2 and column < len(ROWS[0]):
                    typing.type(row, column, cell)
        assert pasting.draft.read == typing.draft.read
        assert pasting.texts() == typing.texts()
        for one in (pasting, typing):
            one.check()
        assert pasting.rows() == typing.rows()


ACTIONS = st.one_of(
    st.tuples(st.just(Kind.TYPE), st.integers(0, 5), st.integers(0, 6), CELLS),
    st.tuples(st.just(Kind.CLEAR), st.integers(0, 5), st.integers(0, 6), st.just("")),
    st.tuples(st.just(Kind.FILL), st.integers(0, 5), st.integers(0, 6), st.just("")),
    st.tuples(st.just(Kind.PASTE), st.integers(0, 5), st.integers(0, 6), st.sampled_from(["x\ty\r\nz\tw", "Room 5"])),
    st.tuples(st.just(Kind.LEAVE_OUT), st.integers(0, 5), st.just(0), st.just("")),
    st.tuples(st.just(Kind.TAKE_BACK), st.integers(0, 5), st.just(0), st.just("")),
)


@given(st.lists(ACTIONS, min_size=1, max_size=6), st.booleans())
@settings(max_examples=15, deadline=None)
def test_undoing_and_redoing_is_as_if_nothing_had_been_done(
    actions: list[tuple[Kind, int, int, str]], checked: bool
) -> None:
    """Step by step back to the beginning, and step by step to the end again."""
    with fresh() as one:
        states = [(one.draft.read, one.texts())]
        for kind, first, left, text in actions:
            if kind is Kind.TYPE:
                reply = one.type(first + 2, left, text)
            else:
                reply = one.do(kind, first=first, last=min(first + 1, 5), left=left, right=min(left + 1, 6), text=text)
            if reply.rows:
                states.append((one.draft.read, one.texts()))
        if checked:
            one.check()
        for read, texts in reversed(states[:-1]):
            one.do(Kind.UNDO)
            assert (one.draft.read, one.texts()) == (read, texts)
        assert one.do(Kind.UNDO).problem == "There is nothing to undo."
        for read, texts in states[1:]:
            one.do(Kind.REDO)
            assert (one.draft.read, one.texts()) == (read, texts)
        assert one.do(Kind.REDO).problem == "There is nothing to redo."
        one.check()
        assert one.texts() == states[-1][1]


def test_undoing_leaves_alone_what_was_corrected_in_another_way_since(somebody: Desk) -> None:
    """Another page has corrected one of two cells; only the other one goes back."""
    somebody.do(Kind.PASTE, first=0, last=0, left=5, right=6, text="x\ty")
    somebody.drafts.correct(somebody.id, cells={"G2": "theirs"})
    reply = somebody.do(Kind.UNDO)
    assert somebody.draft.read.cells == {"G2": "theirs"}
    assert "1 change could not be repeated" in reply.message


def test_rows_left_out_are_named_and_can_be_taken_back(somebody: Desk) -> None:
    """They stay in the table, and nothing of them is checked or counted."""
    assert somebody.do(Kind.LEAVE_OUT, first=1, last=3).message == "3 rows left out."
    somebody.check()
    assert list(somebody.draft.read.left_out) == [3, 4, 5]
    states = somebody.states()
    assert [row for row, state in states.items() if state is RowState.OUT] == [3, 4, 5]
    assert somebody.texts()[4] == tuple(ROWS[2])
    somebody.do(Kind.TAKE_BACK, first=2, last=2)
    assert somebody.states()[4] is RowState.READY
    somebody.check()
    assert list(somebody.draft.read.left_out) == [3, 5]
    assert somebody.states()[4] is RowState.READY


def test_at_least_one_row_stays(somebody: Desk) -> None:
    """A file without rows could not be checked, and its table not be shown."""
    assert somebody.do(Kind.LEAVE_OUT, first=0, last=5).problem.startswith("At least one row must stay")
    assert somebody.draft.read.left_out == ()


def test_a_cell_beyond_the_header_can_be_emptied(tmp_path: Path) -> None:
    """The error about it would stay for ever otherwise."""
    here = desk(tmp_path, [good(2), [*good(3), "stray"]])
    assert here.states()[3] is RowState.WRONG
    assert here.type(3, 7, "").message == "1 cell changed. The row is ready."
    here.check()
    assert here.states()[3] is RowState.READY


def test_very_many_rows_wait_for_the_check_of_the_file(tmp_path: Path) -> None:
    """They are shown with their new texts at once, as rows that are being checked."""
    here = desk(tmp_path, [good(number) for number in range(2, 2103)])
    reply = here.do(Kind.REPLACE, find="Room", text="Raum", left=2, right=2)
    assert reply.message == "2,101 cells changed. 2,101 rows are being checked."
    assert {row.texts[2][:5] for row in here.rows()} == {"Raum "}
    assert set(here.states().values()) == {RowState.OPEN}
    here.check()
    assert set(here.states().values()) == {RowState.READY}


def test_the_table_reads_the_rows_of_the_latest_check(somebody: Desk) -> None:
    """Rows of earlier versions are deleted, and changes since are in it all the same."""
    for number in range(3):
        somebody.type(2, 6, f"note {number}")
        somebody.check()
    somebody.type(2, 6, "last")
    assert len(list(somebody.draft.folder.glob("table-*.sqlite"))) == 1
    assert somebody.texts()[2][6] == "last"


def test_rows_that_a_check_replaces_under_an_edit_are_read_anew(somebody: Desk) -> None:
    """The check deletes the rows of the earlier version at any moment, also of those that are just being written."""
    replaced: list[bool] = []

    class ReplacedOnce(Table):
        def catch_up(self, rows: RowFile, draft: Draft, header: Header) -> None:
            if not replaced and rows.reached < draft.version:
                somebody.check()
                replaced.append(file_of(draft.folder, rows.reached).exists())
            super().catch_up(rows, draft, header)

    table = ReplacedOnce(somebody.drafts, Views(), somebody.settings, NOW)
    reply = table.act(somebody.draft, Action(Kind.TYPE, row=3, left=1, right=1, text="4711"), Selection())
    assert replaced == [False]
    assert reply.message == "1 cell changed. The row is ready."
    assert somebody.texts()[3][1] == "4711"


def test_a_text_of_another_window_is_not_overwritten_unseen(somebody: Desk) -> None:
    """The person is told what the cell says now, and may still save theirs."""
    stale = Action(Kind.TYPE, row=2, left=2, right=2, text="Studio more", before="Room 2")
    somebody.type(2, 2, "Attic")
    reply = somebody.table.act(somebody.draft, stale, Selection())
    assert (reply.problem, reply.outdated) == (
        "The cell was changed in another window meanwhile, and says “Attic” now.",
        True,
    )
    assert somebody.texts()[2][2] == "Attic"
    assert somebody.table.act(somebody.draft, replace(stale, before=None), Selection()).problem == ""
    assert somebody.texts()[2][2] == "Studio more"
    # The same text typed in both windows is nobody's conflict.
    assert somebody.table.act(somebody.draft, stale, Selection()).problem == ""


def test_a_changed_date_is_shown_in_the_zone_that_its_file_is_read_in(tmp_path: Path) -> None:
    """The one that nobody has chosen, too: that of the browser, as the check has put it down."""
    somebody = desk(tmp_path, ROWS)
    with somebody.drafts.locked(somebody.id) as draft:
        assert draft
        somebody.drafts.keep(draft, zone="Asia/Tokyo", zone_at_first="", recalled=None, version=draft.version + 1)
    somebody.check()
    assert somebody.draft.zone_at_first == "Asia/Tokyo"
    somebody.type(2, 3, "2027-03-04 14:00")
    row = next(row for row in somebody.rows() if row.row == 2)
    assert "4 Mar 2027 14:00 JST" in row.sent
