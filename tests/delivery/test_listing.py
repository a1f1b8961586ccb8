"""A list is read whole, or not at all: lies are seen, and nothing that existed throughout is missed."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.delivery.listing import Listing, complete, list_records, shows_all_of
from importer.nexudus import Reply
from importer.nexudus.pages import Filters

DATE = "Thu, 26 Nov 2026 09:00:00 GMT"


def answer(records: Sequence[object], **members: object) -> Reply:
    """A page with these entries, which says that it is the last one of as many records."""
    document = {"Records": list(records), "HasNextPage": False, "TotalItems": len(records)} | members
    return Reply(status=200, json={k: v for k, v in document.items() if v is not ...}, date=DATE, whole=True)


def entries(*ids: object, **members: object) -> list[object]:
    """Entries with these Ids."""
    return [{"Id": number, **members} for number in ids]


@dataclass
class Replies:
    """Gives these replies, one a page and the last one from then on, in every reading."""

    replies: Sequence[Reply]
    calls: int = 0

    async def page(self, path: str, *, page: int, size: int, filters: Filters | None = None) -> Reply:
        """The reply for this page."""
        assert (path, size) == ("records", 1_000)
        self.calls += 1
        return self.replies[min(page, len(self.replies)) - 1]


def read(*replies: Reply) -> tuple[Listing, int]:
    """What is read of such a service, and the calls that it took."""
    service = Replies(replies)
    return asyncio.run(list_records(service, "records")), service.calls


@pytest.mark.parametrize(
    ("replies", "calls"),
    [
        ([answer(entries(1, 2))], 1),
        ([answer([])], 1),
        ([answer(entries(1, 2), HasNextPage=True, TotalItems=3), answer(entries(3), TotalItems=3)], 2),
        # Without the flag, an empty page is the end.
        ([answer(entries(1, 2), HasNextPage=...), answer([], HasNextPage=..., TotalItems=2)], 2),
        # A record that slips to the next page because another was added before it comes twice, and is one.
        ([answer(entries(1, 2), HasNextPage=True, TotalItems=3), answer(entries(2, 3), TotalItems=3)], 2),
    ],
)
def test_a_list_that_fits_its_own_count_is_whole(replies: list[Reply], calls: int) -> None:
    """Every page is read once, and nothing else."""
    listing, made = read(*replies)
    assert (listing.failure, listing.by_count, made) == ("", True, calls)
    assert listing.date == 1_795_683_600.0


@pytest.mark.parametrize(
    ("replies", "failure"),
    [
        ([answer(entries("7"))], "1 of its entries cannot be read"),
        ([answer(entries(True))], "1 of its entries cannot be read"),
        ([answer(entries(7.0, None, -1, 0, 2**70))], "5 of its entries cannot be read"),
        ([answer([7, "text", None, {}])], "4 of its entries cannot be read"),
        ([answer(entries(1, 2), HasNextPage=True, TotalItems=4)], "it gives the same records on every page"),
        ([answer(entries(1, 2), HasNextPage=...)], "it gives the same records on every page"),
        (
            [answer(entries(1), HasNextPage=True, TotalItems=2), answer([], HasNextPage=True, TotalItems=2)],
            "it gives an empty page and says that more follow",
        ),
        ([Reply(status=500, json={"Message": "An error has occurred."}, whole=True)], "it answered HTTP 500"),
        ([Reply(status=200, text="<html>", content_type="text/html", whole=True)], "it answered HTTP 200"),
        ([answer(entries(1), HasNextPage=True, TotalItems=2), Reply(failure="no answer")], "no answer"),
    ],
)
def test_a_list_that_leaves_something_open_is_none(replies: list[Reply], failure: str) -> None:
    """Each with a sentence that says what came instead."""
    assert replace(read(*replies)[0], remedy=None) == Listing(failure=failure)


@pytest.mark.parametrize("total", [0, 1, 3, 1_000, ..., None, "2", True])
def test_a_count_that_never_fits_takes_a_second_reading(total: object) -> None:
    """The same records and the same count twice is the weaker proof, and the list says that it is."""
    listing, calls = read(answer(entries(1, 2), TotalItems=total), answer([], TotalItems=total))
    # By a count that is too high, more records should follow, so the next page is asked for as well.
    assert (listing.failure, listing.by_count, calls) == ("", False, 4 if total in (3, 1_000) else 2)


@pytest.mark.parametrize(
    ("following", "failure"),
    [
        (answer(entries(3), TotalItems=3), "it says that no page follows, and then shows more records"),
        (answer(entries("3"), TotalItems=3), "it says that no page follows, and then shows more records"),
        (Reply(status=500, json={}, whole=True), "it answered HTTP 500"),
        (answer(entries(1, 2), TotalItems=3), ""),
    ],
)
def test_an_end_before_the_count_is_looked_behind(following: Reply, failure: str) -> None:
    """The end or the count is wrong: only the page that should not be there tells. The first page again is none."""
    assert read(answer(entries(1, 2), TotalItems=3), following)[0].failure == failure


def test_a_count_that_does_not_fit_and_changes_is_no_proof() -> None:
    """Two readings that disagree say that something was missed in one of them."""
    totals = itertools.count(5)

    class Moving(Replies):
        async def page(self, path: str, *, page: int, size: int, filters: Filters | None = None) -> Reply:
            return answer(entries(1, 2), TotalItems=next(totals))

    listing = asyncio.run(list_records(Moving([]), "records"))
    assert listing.failure == "it lists 2 records but counts 7"


@dataclass
class World:
    """A list of a few records in pages of two, and colleagues who do something between two calls."""

    ids: list[int]
    between: list[Callable[["World"], None]]
    fresh: int = 100
    gone: set[int] = field(default_factory=set)

    async def page(self, path: str, *, page: int, size: int, filters: Filters | None = None) -> Reply:
        """The page as it is at this moment; then the next thing happens."""
        del path, size, filters
        start = 2 * (page - 1)
        some = self.ids[start : start + 2]
        last = start + 2 >= len(self.ids)
        reply = answer(entries(*some), HasNextPage=not last, TotalItems=len(self.ids))
        if self.between:
            self.between.pop(0)(self)
        return reply


def deleted(position: int) -> Callable[[World], None]:
    """Somebody deletes the record at this position."""

    def act(world: World) -> None:
        if world.ids:
            world.gone.add(world.ids.pop(position % len(world.ids)))

    return act


def added(position: int) -> Callable[[World], None]:
    """Somebody adds a record that is listed at this position."""

    def act(world: World) -> None:
        world.ids.insert(position % (len(world.ids) + 1), world.fresh)
        world.fresh += 1

    return act


def quiet(_: World) -> None:
    """Nothing happens."""


ACTS = st.one_of(st.just(quiet), st.integers(0, 9).map(deleted), st.integers(0, 9).map(added))


async def proved(service: World) -> Listing | None:
    """A list that a second one proves, as the callers read it; None if there is none within three readings."""
    first = await list_records(service, "records")
    for _ in range(3):
        if first.failure or first.pages <= 1:
            return first
        second = await list_records(service, "records")
        if second.failure:
            return None
        if shows_all_of(second, first):
            return second
        first = second
    return None


@given(st.integers(0, 7), st.lists(ACTS, max_size=12))
@settings(max_examples=400)
def test_what_existed_throughout_is_in_a_proved_list(number: int, between: list[Callable[[World], None]]) -> None:
    """Whatever colleagues add and delete between two pages."""
    world = World(list(range(1, number + 1)), list(between))
    listing = asyncio.run(proved(world))
    if listing is not None and not listing.failure and listing.by_count:
        assert set(range(1, number + 1)) - world.gone <= listing.ids


def test_one_reading_can_miss_a_record_with_every_sign_of_being_whole() -> None:
    """Deleted on a page that was read, made again on one that was not: the count fits, and a record is missing."""

    def made_again(world: World) -> None:
        deleted(0)(world)
        added(len(world.ids))(world)

    world = World([1, 2, 3, 4], [made_again])
    listing = asyncio.run(list_records(world, "records"))
    assert (listing.failure, listing.by_count) == ("", True)
    assert 3 not in listing.ids
    assert 3 in world.ids
    again = World([1, 2, 3, 4], [made_again])
    both = asyncio.run(proved(again))
    assert both is not None
    assert 3 in both.ids


@dataclass
class ById:
    """A service that gives records in full only when they are asked for by their Ids."""

    whole: Mapping[int, Mapping[str, Any]]
    asked: list[str] = field(default_factory=list)

    async def page(self, path: str, *, page: int, size: int, filters: Filters | None = None) -> Reply:
        """The records of these Ids."""
        del path, page
        assert filters is not None
        ids = str(filters["id"])
        self.asked.append(ids)
        numbers = [int(part) for part in ids.strip("[]").split(",")]
        assert size == len(numbers)
        return Reply(status=200, json=[{"Id": n, **self.whole[n]} for n in numbers if n in self.whole], whole=True)


def test_a_member_that_a_list_leaves_out_is_read_by_id() -> None:
    """Missing is not empty; what is there already costs no call."""
    listing = Listing(read(answer([{"Id": 1, "Name": "a"}, {"Id": 2}, {"Id": 3, "Name": None}]))[0].records)
    service = ById({2: {"Name": "b"}})
    whole = asyncio.run(complete(service, "records", listing, ["Name"], lambda _: True))
    assert ([remote.values["Name"] for remote in whole.records], service.asked) == (["a", "b", None], ["[2]"])


def test_a_record_that_cannot_be_read_in_full_leaves_no_list() -> None:
    """It could be the very one that is looked for."""
    listing = Listing(read(answer([{"Id": 2}]))[0].records)
    whole = asyncio.run(complete(ById({}), "records", listing, ["Name"], lambda _: True))
    assert whole == Listing(failure="record 2 cannot be read in full")
    assert asyncio.run(complete(ById({}), "records", listing, ["Name"], lambda _: False)) == listing
