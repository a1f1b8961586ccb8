"""The rows that a person sees, as their numbers in order; named by a digest of them.

An action on a range is about the rows of that digest and no others: where the table has become another one meanwhile,
the page has to show it first.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from importer.web.table.row_file import RowFile
from importer.web.table.selection import Selection, numbers_query

_REMEMBERED = 24
"""Views in memory; one of a hundred thousand rows takes 0.8 MB. Any other is asked for again."""


@dataclass(frozen=True, slots=True)
class View:
    """The numbers of the rows of a selection, in their order. ``id`` tells them from any others."""

    id: str
    numbers: Sequence[int]


class Views:
    """The latest views of all uploads."""

    def __init__(self) -> None:
        """None yet."""
        self._views: OrderedDict[tuple[str, str], View] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, draft: str, rows: RowFile, selection: Selection, name: str = "") -> View:
        """The view of this id if there still is one, else the rows as they are now, under whatever id they have."""
        with self._lock:
            if (view := self._views.get((draft, name))) is not None:
                self._views.move_to_end((draft, name))
                return view
        view = now(rows, selection)
        with self._lock:
            self._views[draft, view.id] = view
            while len(self._views) > _REMEMBERED:
                self._views.popitem(last=False)
        return view


def now(rows: RowFile, selection: Selection) -> View:
    """The rows of a selection as they are now."""
    query, parameters = numbers_query(selection, rows.columns)
    numbers = array("q", (number for (number,) in rows.db.execute(query, parameters)))
    return View(blake2b(numbers.tobytes(), digest_size=9).hexdigest(), numbers)
