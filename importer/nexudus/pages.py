"""Lists of the service, page by page: one reader for all of them, which knows why it came to an end.

Rule 1: that a list ended does not make it whole. A caller that needs all of it looks at ``PageReader.ended``, and says
so if that is not the service's own word. Rule 2: what an item means is the caller's affair; here only its Id counts.
"""

import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from importer.nexudus.reply import Reply, proper_id

PAGE_SIZE = 1_000
"""The largest page of which the older reference speaks; what comes back decides, not what was asked for."""

MOST_PAGES = 100_000
"""A hundred million records: a list that continues after that makes up new Ids for ever."""

Filters = Mapping[str, str | int]


class Lists(Protocol):
    """What a reader needs of the service."""

    async def page(self, path: str, *, page: int, size: int, filters: Filters | None = None) -> Reply:
        """One page of a list."""


class Ended(Enum):
    """Why there is no further page."""

    LAST_PAGE = auto()
    """The service says that no page follows."""
    NOTHING_NEW = auto()
    """A page brought no Id that had not come before. The service did not say that it was the last one."""
    NOT_LISTED = auto()
    """An answer was no page of a list; ``PageReader.failure`` says what it was."""
    ENDLESS = auto()
    """There is no end in sight; ``PageReader.failure`` says so."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        reply: What came back, with the service's clock.
        listed: Everything on the page as the service wrote it; None if the reply is no page.
        records: By Id, what is listed there with a proper one.
        has_next: Whether the service says that another page follows; None if it says nothing.
        total: How many records the service says there are; None if it says nothing.
    """

    reply: Reply
    listed: tuple[object, ...] | None
    records: Mapping[int, Mapping[str, object]]
    has_next: bool | None
    total: int | None

    @property
    def failure(self) -> str:
        """What came instead of a page, as half a sentence; empty if it is one."""
        if self.listed is not None:
            return ""
        return self.reply.failure or f"it answered HTTP {self.reply.status}"

    @property
    def pages_left(self) -> int:
        """How many more pages of this length there are, by the total that the service gives; 0 if it gives none."""
        return math.ceil(self.total / len(self.listed)) - 1 if self.total is not None and self.listed else 0


def read_page(reply: Reply) -> Page:
    """A reply as a page of a list."""
    document = reply.json if reply.status_in(200) and isinstance(reply.json, dict) else {}
    listed, has_next, total = (document.get(name) for name in ("Records", "HasNextPage", "TotalItems"))
    records: dict[int, Mapping[str, object]] = {}
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and (number := proper_id(item.get("Id"))) is not None:
            records.setdefault(number, item)
    return Page(
        reply,
        tuple(listed) if isinstance(listed, list) else None,
        records,
        has_next if isinstance(has_next, bool) else None,
        total if type(total) is int else None,
    )


class PageReader:
    """Reads a list from its first page on, one call a page, while pages are asked for in an ``async for``.

    Attributes:
        ended: Why there is no further page; None while there may be one.
        failure: Why the list is certainly not whole, as half a sentence; empty while nothing speaks against it.
        refusal: The answer that was no page of a list; None while there was none.
    """

    def __init__(self, service: Lists, path: str, *, filters: Filters | None = None, size: int = PAGE_SIZE) -> None:
        """Nothing is requested before the first page is asked for."""
        self._service, self._path, self._size = service, path, size
        # By Id, so that a record that is added meanwhile comes last and shifts no other from one page to the next.
        # Without ``dir``, whose values the vendor's pages disagree on; ascending is the default (read 2026-11-23).
        self._filters = {"orderBy": "Id", **(filters or {})}
        self._number = 0
        self._ids: set[int] = set()
        self.ended: Ended | None = None
        self.failure = ""
        self.refusal: Reply | None = None

    async def goes_on(self) -> bool:
        """Whether there are records after the page that was the last one by the service's word; one more call.

        What is no page of a list is a ``failure``: it leaves that open.
        """
        page = read_page(await self._page(self._number + 1))
        self.failure = self.failure or page.failure
        self.refusal = page.reply if page.listed is None else self.refusal
        unreadable = len(page.listed or ()) > len(page.records)
        return unreadable or not page.records.keys() <= self._ids

    def __aiter__(self) -> AsyncIterator[Page]:
        """The pages, each with the records that no earlier page had; an answer that is no page is not among them."""
        return self

    async def __anext__(self) -> Page:
        """The next page."""
        if self.ended is not None:
            raise StopAsyncIteration
        self._number += 1
        page = read_page(await self._page(self._number))
        if page.listed is None:
            self.ended, self.failure, self.refusal = Ended.NOT_LISTED, page.failure, page.reply
            raise StopAsyncIteration
        # By Id and not by position: records that are added or deleted while the list is read shift its pages.
        fresh = {number: record for number, record in page.records.items() if number not in self._ids}
        self._ids |= fresh.keys()
        self.ended = self._reason_to_end(page, fresh)
        if self.ended is Ended.ENDLESS:
            self.failure = f"the list does not end after {self._number:,} pages"
        return Page(page.reply, page.listed, fresh, page.has_next, page.total)

    async def _page(self, number: int) -> Reply:
        return await self._service.page(self._path, page=number, size=self._size, filters=self._filters)

    def _reason_to_end(self, page: Page, fresh: Mapping[int, object]) -> Ended | None:
        # 1. The service's word. It comes first, or an empty last page would look like a list that goes in circles.
        if page.has_next is False:
            return Ended.LAST_PAGE
        # 2. A list that ignores the number of the page repeats its first one for ever, whatever it says of a next one.
        #    A public client met this: the service ignores parameters that it does not know.
        if not fresh:
            return Ended.NOTHING_NEW
        # 3. Without the flag it is not TotalItems that decides: were it too small, records would be missing that exist,
        #    and be created again. One more page, which is empty, is the price.
        return Ended.ENDLESS if self._number >= MOST_PAGES else None
