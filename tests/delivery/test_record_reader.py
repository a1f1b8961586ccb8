"""Records read by their Ids: what is waited for, for how long, and what is given back if nothing helps."""

import asyncio

import pytest

from delivery.in_process import InProcess
from delivery.kit import KIND, PATH, body
from delivery.simulation import simulated
from importer.delivery.by_id import Gone, Look, Unreadable
from importer.delivery.listing import Remote
from importer.delivery.record_reader import RecordReader


def read(service: InProcess, numbers: list[int], patience: float | None = 60.0) -> tuple[list[Look], list[str], float]:
    """What is read, what is said meanwhile, and how many seconds it takes."""
    sentences: list[str] = []

    async def main() -> tuple[list[Look], float]:
        now = asyncio.get_running_loop().time
        reader = RecordReader(service.nexudus, PATH, KIND, (), patience, now=now, say=sentences.append)
        return [(await reader.read(number))[0] for number in numbers], now()

    looks, seconds = simulated(main())
    return looks, sentences, seconds


@pytest.fixture
def service() -> InProcess:
    """A service with one record."""
    service = InProcess()
    service.state.add(PATH, body(2).encode(), by="ops@example.com")
    return service


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [
        (["ok"], 0.0),
        (["throttle-429:60"], 60.25),
        (["throttle-409:7"], 7.0),
        (["throttle-409-bare"] * 3, 2.0 + 4.0 + 8.0),
        (["502-html", "status:503", "status:504"], 1.0 + 1.0 + 2.0),
        (["lost-before", "hang-before", "status:408"], 1.0 + 1.0 + 2.0),
    ],
)
def test_what_passes_is_waited_for(service: InProcess, faults: list[str], seconds: float) -> None:
    """As long as the service says, else longer and longer; then the record is there."""
    [number] = service.records
    service.state.fail_next(*faults, on="read")
    [there], sentences, took = read(service, [number])
    assert isinstance(there, Remote)
    assert took == pytest.approx(seconds)
    assert bool(sentences) is (seconds > 30)


@pytest.mark.parametrize("fault", ["200-html", "status:500", "status:501", "403", "redirect", "200-empty"])
def test_what_says_nothing_of_the_record_is_not_waited_for(service: InProcess, fault: str) -> None:
    """It may be about this record alone, and the next ones can be read."""
    [number] = service.records
    service.state.fail_next(fault, on="read")
    looks, _, took = read(service, [number, number, 7])
    assert [type(look) for look in looks] == [Unreadable, Remote, Gone]
    assert took == 0.0


def test_an_outage_is_waited_for_once(service: InProcess) -> None:
    """As long as patience lasts; the records after it are not waited for anew, until one is read."""
    [number] = service.records
    service.state.fail_next(*["502-html"] * 10, on="read")
    looks, _, took = read(service, [number] * 4)
    assert [type(look) for look in looks] == [Unreadable, Unreadable, Unreadable, Remote]
    assert 60 <= took <= 100


@pytest.mark.parametrize("fault", ["throttle-429:60", "502-html", "lost-before"])
def test_without_patience_nothing_is_waited_for(service: InProcess, fault: str) -> None:
    """The record is left to a later look."""
    [number] = service.records
    service.state.fail_next(fault, on="read")
    [there], _, took = read(service, [number], patience=None)
    assert isinstance(there, Unreadable)
    assert took == 0.0
