"""The rows to be sent, in the order of the file, read page by page. Must not know the journal or the clock."""

from collections import deque
from collections.abc import Callable, Container, Sequence

from importer.journal.rows import Intent

PAGE = 1_000
"""Rows read at once: ten million of them must not be in memory, and a query for each would double the work."""


class RowQueue:
    """Rows are taken from the front; what could not be sent is put back there and is the next to be taken."""

    def __init__(
        self, read_page: Callable[[int, int], list[Intent]], page: int = PAGE, leave: Container[int] = ()
    ) -> None:
        """``read_page`` gives the planned rows after a row number, as many as a limit says; fewer mean the end.

        The rows to ``leave``, by their numbers, are never given out.
        """
        self._read_page, self._page, self._leave = read_page, page, leave
        self._rows: deque[Intent] = deque()
        self._last_read = 0
        self._at_end = False

    def take(self, number: int) -> list[Intent]:
        """The next rows, at most ``number``; the caller answers for them from now on."""
        self._fill(number)
        return [self._rows.popleft() for _ in range(min(number, len(self._rows)))]

    def put_back(self, rows: Sequence[Intent]) -> None:
        """Let these rows be the next, in this order.

        The cursor has passed them: a row that is neither sent nor put back would be forgotten until the next process.
        """
        self._rows.extendleft(reversed(rows))

    def is_empty(self) -> bool:
        """Whether no row is left; asks for the next page if it has to."""
        self._fill(1)
        return not self._rows

    @property
    def may_have_rows(self) -> bool:
        """Whether a row may be left, without asking for a page; asked in every turn of the sender."""
        return bool(self._rows) or not self._at_end

    def _fill(self, number: int) -> None:
        while len(self._rows) < number and not self._at_end:
            page = self._read_page(self._last_read, self._page)
            self._at_end = len(page) < self._page
            self._last_read = page[-1].row if page else self._last_read
            self._rows.extend(row for row in page if row.row not in self._leave)
