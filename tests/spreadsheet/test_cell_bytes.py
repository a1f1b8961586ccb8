"""Blocks of text as the bytes of their cells: the same cells as cut from the text, or none."""

from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet.cell_bytes import CellBytes, cut_bytes
from importer.spreadsheet.delimited import LARGEST_CELL, _cut

TEXTS = st.text(st.sampled_from('a1é€ ,;\n\r"\t\x0b\x85'), min_size=1, max_size=40)


def cells(block: CellBytes) -> list[list[str]]:
    """All of them, row by row."""
    height, width = block.starts.shape
    return [[block.cell(index, position) for position in range(width)] for index in range(height)]


@given(TEXTS, st.integers(1, 4))
def test_a_rectangle_is_cut_as_its_text_is(text: str, width: int) -> None:
    """Whatever is no plain rectangle is none in either way."""
    flat, block = _cut(text, ",", width), cut_bytes(text, ",", width, 2, LARGEST_CELL)
    assert (flat is None) == (block is None)
    if flat is not None and block is not None:
        rows = [flat[start : start + width] for start in range(0, len(flat), width + 1)]
        assert cells(block) == rows
        assert block.rows.tolist() == list(range(2, 2 + len(rows)))
        assert block.text_of(block.rows[:1] - 2) == f"{','.join(rows[0])}\n"


def test_a_line_that_is_too_long_is_left_to_others() -> None:
    """It may be a quote that was never closed, and is refused where quotes are known."""
    assert cut_bytes(f"a,{'b' * 20}\n", ",", 2, 2, 22) is not None
    assert cut_bytes(f"a,{'b' * 20}\n", ",", 2, 2, 21) is None


def test_letters_beyond_a_cell_are_those_that_follow() -> None:
    """As many as asked for, also behind the last cell."""
    block = cut_bytes("ab,c\nd,e\n", ",", 2, 2, LARGEST_CELL)
    assert block is not None
    assert [row.tobytes() for row in block.letters(0, 3)] == [b"ab,", b"d,e"]
    assert block.letters(1, 9)[1].tobytes() == b"e\n" + bytes(7)
