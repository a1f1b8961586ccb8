"""What all routes share: work in the background, and what an address or a form may hold."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest
from conftest import GIVE_UP, wait_until
from starlette.requests import Request

from importer.errors import FileError
from importer.web.context import Jobs, page_number, redirect


def request_for(query: str = "", **headers: str) -> Request:
    """A request as the server hands it to a route."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": named})


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 1),
        ("page=7", 7),
        ("page=0", 1),
        ("page=-3", 1),
        ("page=x", 1),
        ("page=", 1),
        ("page=999999", 999999),
        ("page=1000000", 1),
        ("page=%C2%B2", 1),
    ],
)
def test_a_page_that_is_no_number_is_the_first(query: str, number: int) -> None:
    """Nothing in the address makes a table fail."""
    assert page_number(request_for(query)) == number


def test_a_part_of_a_page_is_told_where_to_go() -> None:
    """A script would put the page that a redirect leads to into the part; it gets the address in a header instead."""
    assert redirect(request_for(), "/runs/1").headers["Location"] == "/runs/1"
    part = redirect(request_for(hx_request="true"), "/runs/1")
    assert (part.status_code, part.headers["HX-Redirect"], "Location" in part.headers) == (200, "/runs/1", False)


async def _ended(jobs: Jobs, work: Callable[[], object]) -> None:
    """Ask until the work is done, as a page does that waits for it."""
    while not await jobs.done("file", work):
        pass


def test_work_is_done_once_however_many_pages_ask() -> None:
    """Pages that ask while it is under way wait for the same work; afterwards it would be done anew."""

    async def ask() -> tuple[int, list[bool], int]:
        jobs, go, times = Jobs(), threading.Event(), list[str]()

        def work() -> None:
            times.append("begun")
            go.wait(GIVE_UP)

        first = [await jobs.done("file", work), await jobs.done("file", work)]
        begun = len(times)
        go.set()
        await _ended(jobs, work)
        await _ended(jobs, work)
        return begun, first, len(times)

    assert asyncio.run(ask()) == (1, [False, False], 2)


def test_work_that_failed_says_so_once_and_can_be_tried_again() -> None:
    """The error comes out where the page waits for the work; the next page starts it anew."""

    async def ask() -> list[str]:
        jobs, said = Jobs(), list[str]()

        def refuse() -> None:
            raise FileError("rooms.csv is empty.", "Choose another file.")

        for _ in range(2):
            with pytest.raises(FileError, match="is empty"):
                await _ended(jobs, refuse)
        await _ended(jobs, lambda: said.append("done"))
        return said

    assert asyncio.run(ask()) == ["done"]


def test_nobody_waits_for_the_many_files_of_somebody_else() -> None:
    """One person has one seat, the next seat is for whoever has waited longest, and those who wait can be told."""

    async def ask() -> tuple[list[str], dict[str, bool], list[str]]:
        jobs, go, begun = Jobs(), threading.Event(), list[str]()

        def work(key: str) -> None:
            begun.append(key)
            go.wait(GIVE_UP)

        people = {"ines 1": "ines", "ines 2": "ines", "ines 3": "ines", "otto": "otto", "eva": "eva"}
        for key, person in people.items():
            await jobs.done(key, partial(work, key), 0, person=person)
        await asyncio.to_thread(wait_until, lambda: len(begun) == 2)
        before, waiting = list(begun), {key: jobs.is_waiting(key) for key in people}
        go.set()
        for key, person in people.items():
            while not await jobs.done(key, partial(work, key), person=person):
                pass
        return before, waiting, begun[2:]

    before, waiting, rest = asyncio.run(ask())
    assert sorted(before) == ["ines 1", "otto"]
    assert waiting == {"ines 1": False, "ines 2": True, "ines 3": True, "otto": False, "eva": True}
    assert rest[0] == "eva"
    assert rest[1:] == ["ines 2", "ines 3"]
