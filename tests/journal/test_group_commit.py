"""What several tasks write at once is one transaction, and none of them goes on before it is durable."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from delivery.kit import ACCOUNT, add_run

from importer.errors import JournalError
from importer.journal.group_commit import GroupCommit
from importer.journal.rows import Change
from importer.journal.states import Event, State
from journal.conftest import Open


class Paper:
    """Where transactions are written down; it can be torn at the end of one."""

    def __init__(self, *, torn: bool = False) -> None:
        """Empty."""
        self.pages: list[list[str]] = []
        self.torn = torn
        self.open = False

    @contextmanager
    def page(self) -> Iterator[None]:
        """One transaction."""
        self.pages.append([])
        self.open = True
        yield
        self.open = False
        if self.torn:
            raise JournalError("The disk is full.")

    def write(self, word: str) -> str:
        """Write it on the page that is open."""
        assert self.open
        self.pages[-1].append(word)
        return word.upper()


def test_what_is_asked_for_at_once_is_one_transaction() -> None:
    """Each gets what its own work gave, after the end of the transaction."""
    paper = Paper()
    commit = GroupCommit(paper.page)

    async def ask(word: str) -> str:
        told = await commit(lambda: paper.write(word))
        assert not paper.open
        return told

    async def main() -> list[str]:
        first = await asyncio.gather(ask("a"), ask("b"), ask("c"))
        return [*first, await ask("d")]

    assert asyncio.run(main()) == ["A", "B", "C", "D"]
    assert paper.pages == [["a", "b", "c"], ["d"]]


def test_a_transaction_that_fails_fails_for_everybody() -> None:
    """Nobody goes on as if it had been written, and the next one can be written."""
    paper = Paper(torn=True)
    commit = GroupCommit(paper.page)

    async def main() -> None:
        told = await asyncio.gather(*(commit(lambda: paper.write("a")) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [JournalError] * 3
        paper.torn = False
        assert await commit(lambda: paper.write("b")) == "B"

    asyncio.run(main())


@pytest.mark.parametrize(("error", "ends"), [(JournalError("The disk is full."), False), (KeyboardInterrupt(), True)])
def test_only_the_end_of_the_process_goes_beyond_those_who_wrote(error: BaseException, ends: bool) -> None:
    """A full disk is the affair of whoever wrote; Ctrl-C during a transaction must end everything."""

    async def main() -> list[object]:
        beyond: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: beyond.append(context["exception"]))

        def work() -> None:
            raise error

        with pytest.raises(type(error)):
            await GroupCommit(Paper().page)(work)
        return beyond

    if ends:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main())
    else:
        assert asyncio.run(main()) == []


def test_who_went_away_writes_nothing() -> None:
    """Work of a cancelled task is left out: no row is put in doubt that nobody would send."""
    paper = Paper()
    commit = GroupCommit(paper.page)

    async def ask(word: str) -> str:
        return await commit(lambda: paper.write(word))

    async def main() -> None:
        gone, there = asyncio.create_task(ask("gone")), asyncio.create_task(ask("there"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await there == "THERE"
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(main())
    assert paper.pages == [["there"]]


def test_two_runs_in_one_transaction_hold_or_fall_together(open_one: Open, tmp_path: Path) -> None:
    """In the journal itself: when one's row is not as it was read, neither's change is kept."""
    with open_one() as journal:
        run = add_run(journal, tmp_path, planned=2)
        first, second = journal.rows.planned(run, 0, 2)

        async def move(intent: int, event: Event) -> None:
            chosen = (first, second)[intent]
            await journal.commit(lambda: journal.rows.move([Change(chosen, event)], 5.0))

        async def main() -> None:
            moves = (move(row, Event.WILL_SEND) for row in (0, 1, 0))
            told = await asyncio.gather(*moves, return_exceptions=True)
            assert [type(one) for one in told] == [JournalError] * 3

        asyncio.run(main())
        assert journal.rows.counts(run) == {State.PLANNED: 2}
        assert len(journal.rows.will_send(run, ACCOUNT, [first, second], (), 6.0).sent) == 2


def test_a_transaction_inside_another_is_part_of_it(open_one: Open, tmp_path: Path) -> None:
    """The outer one goes on after it, and takes all of it back if it fails."""
    with open_one() as journal:
        run = add_run(journal, tmp_path)
        with journal.together():
            with journal.together():
                journal.runs.update(run, stop=True)
            journal.runs.update(run, exit_code=6)
        assert (journal.runs.get(run.id).stop, journal.runs.get(run.id).exit_code) == (True, 6)

        def fail_after_the_inner_one() -> None:
            with journal.together():
                with journal.together():
                    journal.runs.update(run, stop=False)
                raise KeyError

        with pytest.raises(KeyError):
            fail_after_the_inner_one()
        assert journal.runs.get(run.id).stop
