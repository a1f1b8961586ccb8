"""What is noted of a sheet beside its values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.workbook_child.areas import Areas
from importer.spreadsheet.workbook_child.display import Display, Stretches
from importer.spreadsheet.workbook_child.limits import MOST_COLUMNS


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from("ab")), unique_by=lambda cell: cell[0]), st.integers(1, 30)
)
def test_stretches_say_of_each_cell_what_was_added(cells: list[tuple[int, str]], first: int) -> None:
    """In whatever order, and from whatever row on they are asked for."""
    stretches = Stretches("-")
    for row, shared in cells:
        stretches.add(row, 0, shared)
    stretches.sort()
    by_row, rows = dict(cells), range(first, first + 12)
    assert stretches.of(0, first, len(rows)) == [by_row.get(row, "-") for row in rows]
    inside = {
        row: shared for _, begin, end, shared in stretches.within(0, first, len(rows)) for row in range(begin, end + 1)
    }
    assert inside == {row: shared for row, shared in by_row.items() if row in rows}
    assert stretches.any_in(1)


def test_other_problems_come_before_a_merged_cell() -> None:
    """An error below a merged one is told as an error, a formula keeps its text."""
    display = Display()
    display.add_error(2, 1, "")
    display.add_formula(3, 1, "A1+1", is_stored=True)
    display.add_merged([((0, 0), (4, 1))], bottom=4, right=2)
    display.add_serial(2, 1)
    assert {row: cells.get(1) for row, cells in display.problems.items()} == {
        1: ("cell-merged", ""),
        2: ("cell-error", "#ERROR"),
        3: ("formula-not-calculated", "=A1+1"),
        4: ("cell-merged", ""),
    }
    assert 0 not in display.problems[1]


@pytest.mark.parametrize("corners", [((1, 1), (3, 2)), ((3, 2), (1, 1)), ((3, 1), (1, 2)), ((1, 2), (3, 1))])
def test_merged_cells_lie_between_any_two_corners(corners: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """LibreOffice takes them in any order."""
    display = Display()
    display.add_merged([corners], bottom=9, right=9)
    covered = {(row, position) for row, cells in display.problems.items() for position in cells}
    assert covered == {(row, position) for row in (2, 3, 4) for position in (1, 2)} - {(2, 1)}


@pytest.mark.parametrize(
    ("position", "first", "count", "rows"),
    [(1, 1, 10, [range(2, 5)]), (0, 1, 10, []), (1, 4, 10, [range(2)]), (1, 6, 10, []), (1, 1, 3, [range(2, 3)])],
)
def test_areas_of_conditions_are_rows_of_a_piece(position: int, first: int, count: int, rows: list[range]) -> None:
    """Counted from its first row."""
    display = Display(conditional=Areas([(range(3, 6), range(1, 3))]))
    assert display.conditional_rows(position, first, count) == rows
    assert display.conditional_rows_of_texts(position, first, count) == []


def test_hidden_columns_up_to_the_last_of_all_take_no_room() -> None:
    """Some programs hide all that are not used, in one entry."""
    display = Display()
    display.hide_columns(3, 16_383)
    assert display.hidden_columns == set(range(3, MOST_COLUMNS))
