"""Areas of cells say of each cell what a look at every area would say."""

from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.workbook_child.areas import Area, Areas, without_corner


def ranges(most: int) -> st.SearchStrategy[range]:
    """Ranges of at least one number below this one."""
    return st.tuples(st.integers(1, most), st.integers(1, 6)).map(lambda pair: range(pair[0], pair[0] + pair[1]))


AREAS = st.lists(st.tuples(ranges(20), ranges(5)), max_size=8)


@given(AREAS, st.integers(1, 25), st.integers(1, 9))
def test_a_cell_is_inside_if_one_of_them_holds_it(areas: list[Area], first: int, count: int) -> None:
    """However they lie over each other, and from whatever row on they are asked for."""
    held = Areas(areas)
    for position in range(12):
        expected = [row for row in range(first, first + count) if any(row in r and position in p for r, p in areas)]
        assert [first + n for rows in held.within(position, first, count) for n in rows] == expected
        assert [row for row in range(first, first + count) if held.holds(row, position)] == expected


@given(AREAS)
def test_what_lies_inside_a_table_is_counted_once(areas: list[Area]) -> None:
    """By columns, and no further than the table goes."""
    inside = Areas(areas).by_column(range(2, 10), range(1, 4))
    cells = {(row, p) for p, stretches in inside.items() for begin, end in stretches for row in range(begin, end + 1)}
    assert cells == {(row, p) for rows, ps in areas for row in rows for p in ps if 2 <= row < 10 and 1 <= p < 4}


def test_the_number_of_cells_in_an_area_does_not_matter() -> None:
    """A quadrillion of them are one stretch of each column that is asked for."""
    whole = Areas([(range(1, 10**9), range(10**6))] * 1_000)
    assert whole.stretches(7) == [(1, 10**9 - 1)]
    assert len(list(whole)) == 1


@given(ranges(9), ranges(5))
def test_an_area_without_its_corner_is_all_the_rest(rows: range, positions: range) -> None:
    """Each cell once."""
    cells = [(row, p) for part in without_corner(rows, positions) for row in part[0] for p in part[1]]
    assert sorted(cells) == [(row, p) for row in rows for p in positions][1:]
