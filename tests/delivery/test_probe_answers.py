"""What the answers to a probe show, and what they leave open."""

from typing import Any

import pytest

from importer.config.probe_file import Answer, Observation, Point
from importer.delivery.probe_answers import Evidence, observations
from importer.nexudus import Reply, read_page
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
PATH = KIND.paths[0]
RECORD: dict[str, object] = {
    **dict.fromkeys(KIND.fields, "text"),
    "Id": 7,
    "SystemId": "mark",
    "CreatedOn": "2026-11-26T10:00:00Z",
    "UpdatedOn": "2026-11-26T10:00:00Z",
    "UpdatedBy": "ops@example.com",
}


def page(*numbers: int, status: int = 200, **members: Any) -> Any:
    """A page of a list with these records."""
    records = [RECORD | {"Id": number} for number in numbers]
    document = {"Records": records, "HasNextPage": False, "TotalItems": len(numbers), **members}
    return read_page(Reply(status, json=document if status == 200 else None, whole=True))


def observed(point: Point, **members: Any) -> Observation:
    """What evidence with these members shows about a point."""
    return observations(Evidence(KIND, PATH, 7, mark="mark", **members))[point]


def test_without_evidence_every_point_is_left_open() -> None:
    """Each says why, with the reason for which the probe ended where that is the reason."""
    shown = observations(Evidence(KIND, ended="because of this"))
    assert list(shown) == [point.value for point in Point]
    assert {one.answer for one in shown.values()} == {Answer.UNKNOWN}
    assert all(one.detail.startswith("because ") for one in shown.values())
    assert shown[Point.STAMPS].detail == "because of this"


@pytest.mark.parametrize(
    ("pages", "answer"),
    [
        ([], Answer.UNKNOWN),
        ([page(7)], Answer.YES),
        ([page(7), page()], Answer.YES),
        ([page(7), page(7)], Answer.NO),
        ([page(7, 8)], Answer.NO),
        ([page(8)], Answer.NO),
        ([page(status=400)], Answer.NO),
        ([page(status=502)], Answer.UNKNOWN),
        ([page()], Answer.UNKNOWN),
    ],
)
def test_a_filter_works_if_it_shows_the_record_and_no_other(pages: list[Any], answer: Answer) -> None:
    """An empty list may be a filter that is not known, or a list that lags behind."""
    assert observed(Point.NAME_FILTER, by_name=pages).answer is answer
    assert observed(Point.SYSTEM_ID_FILTER, by_system_id=pages, created=RECORD).answer is answer
    assert observed(Point.SYSTEM_ID_FILTER, by_system_id=pages, created={}).answer is Answer.UNKNOWN


def test_a_filter_that_leaves_out_a_listed_record_does_not_work() -> None:
    """Another list shows it at the same time."""
    assert observed(Point.NAME_FILTER, by_name=[page()], unfiltered=page(7, 8)).answer is Answer.NO


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ({"pages": {PATH: page(1, 2)}}, Answer.YES),
        ({"pages": {PATH: page(1, 2, TotalItems=3)}}, Answer.NO),
        ({"pages": {PATH: page(1, 2, TotalItems=None)}}, Answer.NO),
        ({"pages": {PATH: page(1, 2, TotalItems=3, HasNextPage=True)}}, Answer.UNKNOWN),
        ({"pages": {PATH: page(1, 2, TotalItems=3, HasNextPage=True)}, "last_page": page(3, TotalItems=3)}, Answer.YES),
        (
            {"pages": {PATH: page(1, 2, TotalItems=4, HasNextPage=True)}, "last_page": page(3, TotalItems=4)},
            Answer.NO,
        ),
        (
            {"pages": {PATH: page(1, 2, TotalItems=3, HasNextPage=True)}, "last_page": page(3, HasNextPage=True)},
            Answer.NO,
        ),
        ({"pages": {PATH: page()}, "by_name": [page(7)]}, Answer.YES),
        ({"pages": {PATH: page()}}, Answer.UNKNOWN),
    ],
)
def test_the_total_is_compared_with_what_was_counted(members: dict[str, Any], answer: Answer) -> None:
    """On the only page, or on the first and the last one together."""
    assert observed(Point.TOTAL_ITEMS, **members).answer is answer


@pytest.mark.parametrize(
    ("numbers", "answer", "detail"),
    [
        ((1, 2, 5), Answer.YES, ""),
        ((5, 2, 1), Answer.NO, "descending"),
        ((2, 1, 5), Answer.NO, "in no order"),
        ((1,), Answer.UNKNOWN, "because there are fewer than two records"),
    ],
)
def test_an_order_takes_two_records(numbers: tuple[int, ...], answer: Answer, detail: str) -> None:
    """One record is in every order."""
    assert observed(Point.ASCENDING, pages={PATH: page(*numbers)}) == Observation(answer, detail)


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ({"CurrentPageSize": 1000}, Answer.YES),
        ({"CurrentPageSize": 250}, Answer.NO),
        ({"CurrentPageSize": 2}, Answer.UNKNOWN),
        ({}, Answer.UNKNOWN),
        ({"CurrentPageSize": 1000, "HasNextPage": True}, Answer.NO),
    ],
)
def test_the_size_of_a_page_is_seen_or_believed(members: dict[str, Any], answer: Answer) -> None:
    """A page that another one follows is full, whatever it says of itself; the size of a short one is its length."""
    assert observed(Point.LARGE_PAGES, pages={PATH: page(1, 2, **members)}).answer is answer


@pytest.mark.parametrize(
    ("after", "answer", "detail"),
    [
        ({"SubscriptionId": None, "CalendarId": ""}, Answer.YES, "SubscriptionId, CalendarId"),
        ({"SubscriptionId": None}, Answer.NO, "only SubscriptionId"),
        ({}, Answer.NO, ""),
    ],
)
def test_what_was_left_out_is_cleared_whole_or_not(after: dict[str, object], answer: Answer, detail: str) -> None:
    """Some fields cleared and others not is no yes."""
    left_out = ["SubscriptionId", "CalendarId"]
    evidence = {"updated": RECORD, "shortened": RECORD | after, "shortened_to": left_out}
    assert observed(Point.OMITTED, **evidence) == Observation(answer, detail)
