"""Rows taken and put back in every order: each comes once, in the order of the file, and none is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.row_queue import RowQueue
from importer.journal.rows import Intent
from importer.journal.states import State


class Book:
    """Planned rows as the journal gives them out; counts how often it is asked."""

    def __init__(self, rows: int) -> None:
        """Rows 2, 3 and so on."""
        self.rows = [Intent(1, number, b"", "{}", State.PLANNED) for number in range(2, rows + 2)]
        self.reads = 0

    def page(self, after: int, limit: int) -> list[Intent]:
        """The next rows after a number."""
        self.reads += 1
        return [intent for intent in self.rows if intent.row > after][:limit]


def numbers(rows: list[Intent]) -> list[int]:
    """Which rows these are."""
    return [intent.row for intent in rows]


@given(
    rows=st.integers(0, 25), page=st.integers(1, 10), steps=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)))
)
def test_every_row_comes_once_and_in_order(rows: int, page: int, steps: list[tuple[int, int]]) -> None:
    """However many are taken at once, and however many of those are put back, the rest follows as in the file."""
    queue, sent = RowQueue(Book(rows).page, page), list[int]()
    for number, kept in [*steps, *[(5, 5)] * 10]:
        taken = queue.take(number)
        assert len(taken) <= number
        sent += numbers(taken[:kept])
        queue.put_back(taken[kept:])
    assert sent == list(range(2, rows + 2))
    assert queue.is_empty()
    assert not queue.may_have_rows


def test_rows_that_leave_the_book_meanwhile_move_no_other_row_past_the_cursor() -> None:
    """Rows that are sent are planned no longer; the next page begins after the last row that was read."""
    book = Book(6)
    queue = RowQueue(book.page, 2)
    first = queue.take(2)
    book.rows = [intent for intent in book.rows if intent not in first]
    assert numbers(queue.take(9)) == [4, 5, 6, 7]


def test_a_row_that_was_put_back_is_the_next_even_at_the_end() -> None:
    """A row that was provably not applied after the last page was read is still sent."""
    queue = RowQueue(Book(1).page)
    taken = queue.take(1)
    assert queue.is_empty()
    queue.put_back(taken)
    assert queue.may_have_rows
    assert not queue.is_empty()
    assert numbers(queue.take(5)) == [2]


def test_the_book_is_read_by_the_page_and_not_beyond_its_end() -> None:
    """Three pages of two for five rows; after the end nobody asks again."""
    book = Book(5)
    queue = RowQueue(book.page, 2)
    assert queue.may_have_rows
    assert book.reads == 0
    while queue.take(1):
        pass
    assert queue.is_empty()
    assert book.reads == 3


@given(rows=st.integers(0, 25), page=st.integers(1, 10), leave=st.sets(st.integers(2, 26)))
def test_rows_to_leave_are_never_given_out(rows: int, page: int, leave: set[int]) -> None:
    """Nor do they end the queue early, where a whole page is of such rows."""
    queue = RowQueue(Book(rows).page, page, leave)
    assert numbers(queue.take(rows)) == [number for number in range(2, rows + 2) if number not in leave]
    assert queue.is_empty()
