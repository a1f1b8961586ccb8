"""Lists read page by page, from services that count, flag and repeat in different ways: no record is lost."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.nexudus import Ended, PageReader, Reply, pages, read_page
from importer.nexudus.pages import Filters


def reply(document: object, status: int = 200) -> Reply:
    """A reply with this JSON."""
    return Reply(status=status, json=document, text=json.dumps(document), whole=True)


def listed(*ids: int, **members: object) -> Reply:
    """A page with these records and members."""
    return reply({"Records": [{"Id": number} for number in ids], **members})


@dataclass
class Service:
    """Gives these replies, one a page and the last one from then on, and writes down what it was asked."""

    replies: Sequence[Reply]
    calls: list[tuple[int, int, Mapping[str, Any]]] = field(default_factory=list)

    async def page(self, path: str, *, page: int, size: int, filters: Filters | None = None) -> Reply:
        """The next of them."""
        assert path == "spaces/resources"
        self.calls.append((page, size, filters or {}))
        return self.replies[min(page, len(self.replies)) - 1]


def read(*replies: Reply) -> tuple[list[int], PageReader, int]:
    """The Ids that a reader gives of such a service, the reader at its end, and the calls that it took."""
    service = Service(replies)
    reader = PageReader(service, "spaces/resources")

    async def main() -> list[int]:
        return [number async for page in reader for number in page.records]

    return asyncio.run(main()), reader, len(service.calls)


@pytest.mark.parametrize(
    ("replies", "ids", "ended", "calls"),
    [
        # The service says which page is the last: no call is made to see that nothing follows.
        ([listed(1, 2, HasNextPage=False)], [1, 2], Ended.LAST_PAGE, 1),
        ([listed(1, 2, HasNextPage=True), listed(3, HasNextPage=False)], [1, 2, 3], Ended.LAST_PAGE, 2),
        ([listed(HasNextPage=False)], [], Ended.LAST_PAGE, 1),
        # It says nothing: on until nothing new comes, whether that is an empty page or the first one again.
        ([listed(1, 2), listed(3, 4), listed(5), listed()], [1, 2, 3, 4, 5], Ended.NOTHING_NEW, 4),
        ([listed(1, 2), listed(1, 2)], [1, 2], Ended.NOTHING_NEW, 2),
        ([listed()], [], Ended.NOTHING_NEW, 1),
        # Flags that are no flags say nothing.
        ([listed(1, HasNextPage="no"), listed(2, HasNextPage=None), listed()], [1, 2], Ended.NOTHING_NEW, 3),
        # A service that ignores the number of the page and always says that another follows.
        ([listed(1, 2, HasNextPage=True)], [1, 2], Ended.NOTHING_NEW, 2),
        # Records that move on to the next page while it is read come once.
        ([listed(1, 2, HasNextPage=True), listed(2, 3, HasNextPage=False)], [1, 2, 3], Ended.LAST_PAGE, 2),
        # A TotalItems that is too small hides no record.
        ([listed(1, 2, TotalItems=2), listed(3, TotalItems=2), listed()], [1, 2, 3], Ended.NOTHING_NEW, 3),
    ],
)
def test_every_record_comes_once_and_the_reader_knows_why_it_ended(
    replies: list[Reply], ids: list[int], ended: Ended, calls: int
) -> None:
    """The pages end as the service says, or else when one brings nothing new."""
    came, reader, made = read(*replies)
    assert (came, reader.ended, reader.failure, made) == (ids, ended, "", calls)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Reply(failure="no answer within 60 seconds"), "no answer within 60 seconds"),
        (Reply(status=500, whole=True), "it answered HTTP 500"),
        (reply({"Records": []}, 403), "it answered HTTP 403"),
        (reply([{"Id": 3}]), "it answered HTTP 200"),
        (reply({"Records": None}), "it answered HTTP 200"),
        (reply({"Records": {"Id": 3}}), "it answered HTTP 200"),
    ],
)
def test_an_answer_that_is_no_page_ends_it_with_a_reason(answer: Reply, failure: str) -> None:
    """On the first page and on a later one; what came before is not called whole."""
    for before in ([], [listed(1, HasNextPage=True)]):
        came, reader, made = read(*before, answer)
        assert (reader.ended, reader.failure) == (Ended.NOT_LISTED, failure)
        assert (len(came), made) == (len(before), len(before) + 1)


@pytest.mark.parametrize("odd", [None, "text", 7, [], {}, {"Id": None}, {"Id": "7"}, {"Name": "Room"}])
def test_what_is_no_record_hides_none(odd: object) -> None:
    """Null, text and entries without an Id are left out, and their page is one like others."""
    page = reply({"Records": [odd, {"Id": 2}, odd], "HasNextPage": True})
    came, reader, _ = read(page, reply({"Records": [odd, {"Id": 3}], "HasNextPage": False}))
    assert (came, reader.ended) == ([2, 3], Ended.LAST_PAGE)
    assert read_page(page).listed == (odd, {"Id": 2}, odd)


def test_a_page_of_nothing_but_odd_entries_ends_the_list() -> None:
    """It brings nothing new: going on might never end, and the reader says that it is not the service's word."""
    _, reader, made = read(reply({"Records": [None], "HasNextPage": True}))
    assert (reader.ended, made) == (Ended.NOTHING_NEW, 1)


def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """New Ids for ever are a failure, not a list."""
    monkeypatch.setattr(pages, "MOST_PAGES", 3)
    endless = [listed(number, HasNextPage=True) for number in range(1, 9)]
    came, reader, made = read(*endless)
    assert (came, made, reader.ended) == ([1, 2, 3], 3, Ended.ENDLESS)
    assert reader.failure == "the list does not end after 3 pages"


def test_pages_are_asked_for_in_order_of_their_ids_and_only_when_needed() -> None:
    """Whoever stops after the first page has made one call; filters go with every call."""
    service = Service([listed(1, HasNextPage=True), listed(2, HasNextPage=False)])
    reader = PageReader(service, "spaces/resources", filters={"Name": "x"}, size=50)

    async def main() -> None:
        assert service.calls == []
        assert await anext(reader, None) is not None
        assert service.calls == [(1, 50, {"orderBy": "Id", "Name": "x"})]
        assert [*(await anext(reader)).records] == [2]
        assert await anext(reader, None) is None

    asyncio.run(main())
    assert [page for page, _, _ in service.calls] == [1, 2]


@pytest.mark.parametrize(
    ("members", "left"),
    [({}, 0), ({"TotalItems": 2}, 0), ({"TotalItems": 3}, 1), ({"TotalItems": 9}, 4), ({"TotalItems": "9"}, 0)],
)
def test_the_pages_that_are_left_are_counted_by_the_length_of_the_first(members: dict[str, object], left: int) -> None:
    """A service may give shorter pages than it was asked for."""
    assert read_page(listed(1, 2, **members)).pages_left == left


def test_an_empty_page_has_none_left() -> None:
    """Whatever it says of how many there are."""
    assert read_page(listed(TotalItems=9)).pages_left == 0


@given(total=st.integers(0, 40), size=st.integers(1, 12), flag=st.booleans())
def test_a_proper_list_is_read_whole_with_the_fewest_calls(total: int, size: int, *, flag: bool) -> None:
    """With the flag one call a page; without it one more, which shows that nothing follows."""
    numbers = list(range(1, total + 1))
    parts = [numbers[start : start + size] for start in range(0, total, size)] or [[]]
    flags = [{"HasNextPage": part[-1:] != numbers[-1:]} if flag else {} for part in parts]
    replies = [listed(*part, TotalItems=total, **members) for part, members in zip(parts, flags, strict=True)]
    came, reader, made = read(*replies, *([] if flag else [listed(TotalItems=total)]))
    assert (came, reader.failure) == (numbers, "")
    assert made == len(parts) + (0 if flag or not total else 1)
