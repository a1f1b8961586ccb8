"""One journal that stays open between uses: for a page, which looks into it with every request.

To open one takes as long as a hundred questions to it. Nothing is asked of it that could not as well be asked of one
that was opened just now: before each use, its version is looked at, over a connection that still answers.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from importer.config.settings import JournalPlace
from importer.errors import JournalAwayError
from importer.journal.journal import Journal, open_journal


class JournalPool:
    """The journal at a place; any thread may use it. A copy for another process opens one of its own."""

    def __init__(self, place: JournalPlace) -> None:
        """Open nothing before the first use."""
        self.place = place
        self._lock = threading.Lock()
        self._open: Journal | None = None

    def __reduce__(self) -> tuple[type["JournalPool"], tuple[JournalPlace]]:
        """The place alone: connections belong to their process."""
        return JournalPool, (self.place,)

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """The journal, which stays open afterwards.

        Raises:
            JournalError: It cannot be used; the next use tries again.
        """
        yield self._usable()

    def close(self) -> None:
        """Close the journal; whoever uses it again opens it again."""
        with self._lock:
            if self._open is not None:
                self._open.__exit__()
                self._open = None

    def _usable(self) -> Journal:
        with self._lock:
            if self._open is not None:
                try:
                    self._open.check_version()
                except JournalAwayError:
                    # The server has ended the connection, as at its own restart, and may be there again.
                    self._open.__exit__()
                    self._open = None
                else:
                    return self._open
            self._open = open_journal(self.place)
            return self._open
