"""Which rows are shown and in which order, against a search that is written in another way."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.web.table.row_file import RowState, TableRow
from importer.web.table.selection import EDITED, STATES, Selection
from web.table.kit import Desk, desk, good

WRONG = {"CoworkerId": "12.5"}
DOUBTFUL = {"Name": " Room 3 "}


@pytest.fixture(scope="module")
def somebody(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A file with rows of every state, two of them corrected and one left out."""
    chance = random.Random(5)
    notes = ["", "Studio", "studio", "Zürich", "7", 'say "hi"', "100%", "a_b"]
    rows = [
        good(
            number,
            Notes=chance.choice(notes),
            **(WRONG if number % 5 == 3 else {}),
            **(DOUBTFUL if number % 7 == 0 else {}),
            SubscriptionExpireDate=f"2031-01-{1 + number % 20:02}T10:00:00Z",
        )
        for number in range(2, 62)
    ]
    here = desk(tmp_path_factory.mktemp("table"), rows, {"left_out": (9, 10)})
    here.type(4, 6, "by hand")
    here.type(5, 6, "by hand")
    here.check()
    return here


def expected(rows: list[TableRow], selection: Selection) -> list[int]:
    """The rows of a selection by plain Python."""
    letters = "ABCDEFG"

    def shown(row: TableRow) -> bool:
        text = selection.text.casefold()
        return (
            (not selection.show or (row.edited if selection.show == EDITED else row.state is STATES[selection.show]))
            and (selection.column not in letters or not selection.column or _cell(row, selection) == selection.value)
            and (
                not text
                or any(text in cell.casefold() for cell in [*row.texts, *row.sent])
                or str(row.row) == selection.text
            )
        )

    return sorted(row.row for row in rows if shown(row))


def _cell(row: TableRow, selection: Selection) -> str:
    return row.texts["ABCDEFG".index(selection.column)]


SELECTIONS = st.builds(
    Selection,
    show=st.sampled_from(["", EDITED, *STATES]),
    column=st.sampled_from(["", "C", "G", "Z"]),
    value=st.sampled_from(["", "Studio", "Room 5", "by hand"]),
    text=st.sampled_from(["", "studio", "STUDIO", "zürich", "ZÜRICH", "7", "%", "_", '"', "room 1", "'; --", "1 jan"]),
)


@given(SELECTIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filter_shows_the_rows_that_a_plain_search_finds(somebody: Desk, selection: Selection) -> None:
    """All of them, in the order of the file."""
    assert [row.row for row in somebody.rows(selection)] == expected(somebody.rows(), selection)


def test_a_cause_shows_the_rows_that_have_it(somebody: Desk) -> None:
    """By its key, as the check page links to it."""
    rows = somebody.rows(Selection(cause="not-a-whole-number:B"))
    assert [row.row for row in rows] == [
        row.row for row in somebody.rows() if any(issue.code == "not-a-whole-number" for issue in row.issues)
    ]
    assert rows


@pytest.mark.parametrize("descending", [False, True])
def test_times_are_put_in_order_as_times(somebody: Desk, descending: bool) -> None:
    """Rows that cannot be sent have none, and come last either way."""
    ready = [RowState.READY, RowState.WARNING]
    rows = [row for row in somebody.rows(Selection(sort="D", descending=descending)) if row.state in ready]
    texts = [row.texts[3] for row in rows]
    assert texts == sorted(texts, reverse=descending)


def test_rows_are_put_in_order_by_what_they_need(somebody: Desk) -> None:
    """Those that need a change are first."""
    states = [row.state for row in somebody.rows(Selection(sort="state"))]
    assert states == sorted(states, key=list(RowState).index)


def test_empty_cells_come_last_whichever_way(somebody: Desk) -> None:
    """Nobody sorts a column to look at its empty cells."""
    for descending in (False, True):
        empty = [not row.texts[6] for row in somebody.rows(Selection(sort="G", descending=descending))]
        assert empty == sorted(empty)


def test_a_selection_is_what_its_address_asks_for() -> None:
    """There and back, also for a filter by an empty value."""
    for selection in (
        Selection(),
        Selection("ready", "cause:B", "C", "", "a b", "D", True),
        Selection(column="C", value="Studio & Co"),
    ):
        assert Selection.of(selection.query) == selection
