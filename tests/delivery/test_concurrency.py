"""How many calls are under way at once: as many as bring more answers a second, and no more."""

from collections.abc import Callable

import pytest

from importer.delivery.concurrency import AT_FIRST, MOST, Concurrency


def grown(answers_a_second: Callable[[int], float], seconds: float = 300.0, *, busy: bool = True) -> Concurrency:
    """After so long with a service that gives so many answers a second to so many calls at once."""
    now = 0.0
    concurrency = Concurrency(None, now)
    while now < seconds:
        now += 1 / answers_a_second(concurrency.allowed)
        concurrency.answered(now, useful=True, busy=busy)
    return concurrency


@pytest.mark.parametrize(
    ("what", "answers", "least", "most"),
    [
        ("each answer takes a second, whatever the number", lambda n: n / 1.0, MOST, MOST),
        ("one after another, a hundred a second", lambda n: 100.0, AT_FIRST, 16),
        ("twenty are worked on at once", lambda n: 10.0 * min(n, 20), 19, 42),
        ("more at once are slower", lambda n: 400.0 / n, AT_FIRST, 10),
    ],
)
def test_it_ends_where_more_is_no_use(what: str, answers: Callable[[int], float], least: int, most: int) -> None:
    """It grows to what the service works on at once, and not far beyond."""
    assert least <= grown(answers, 25.0).allowed <= most, what


def test_it_does_not_grow_while_the_allowance_is_the_limit() -> None:
    """Whoever has to wait for the allowance gains nothing from more calls at once."""
    assert grown(lambda n: 1.0, busy=False).allowed == AT_FIRST


def test_a_clock_that_is_set_back_keeps_it_from_growing_for_no_longer_than_a_try() -> None:
    """Twenty are worked on at once; set back by a day, it is tried again in half a minute, and not in a day."""
    now, behind = 0.0, 0.0
    concurrency = Concurrency(None, now)
    while now < 200:
        now += 1 / (100.0 if now < 50 else 100.0 * concurrency.allowed)
        behind = 86_400.0 if now > 50 else 0.0
        concurrency.answered(now - behind, useful=True, busy=True)
    assert concurrency.allowed == MOST


def test_it_gives_way_when_answers_stay_out_and_comes_back() -> None:
    """Each answer that settled nothing halves it, down to two; when the service is well again it grows anew."""
    concurrency = grown(lambda n: n / 0.1)
    seen = []
    for number in range(8):
        concurrency.answered(300.0 + number, useful=False, busy=True)
        seen.append(concurrency.allowed)
    assert seen == [32, 16, 8, 4, 2, 2, 2, 2]
    now = 310.0
    while now < 330:
        now += 0.1 / concurrency.allowed
        concurrency.answered(now, useful=True, busy=True)
    assert concurrency.allowed == MOST


def test_what_was_asked_for_stays() -> None:
    """A number that somebody chose is neither raised nor lowered."""
    concurrency = Concurrency(7, 0.0)
    for number in range(100):
        concurrency.answered(number / 100, useful=number % 3 > 0, busy=True)
    assert concurrency.allowed == 7
