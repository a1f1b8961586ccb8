"""Reads records by their Ids, and waits where the service asks for it or is away: a read costs nothing but time."""

from collections.abc import Callable, Sequence

from importer.delivery.backoff import Backoff
from importer.delivery.breakers import Breakers
from importer.delivery.by_id import Look, Unreadable, read_record, what_came
from importer.delivery.replies import classify_read
from importer.journal.windows import Window
from importer.nexudus import Nexudus, Reply
from importer.nexudus.waits import pause
from importer.text import moment
from schemas import RecordType

_WORTH_SAYING = 10.0
"""Seconds; a shorter wait is over before anybody has read of it."""


class RecordReader:
    """Reads one record after the other for one command; its waits are those of work that ``unless`` may give up."""

    def __init__(
        self,
        service: Nexudus,
        endpoint: str,
        kind: RecordType,
        windows: Sequence[Window],
        patience: float | None,
        *,
        now: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        """``patience`` is how many seconds a service that is away is asked again; with None, nothing is waited for.

        It is counted over all reads, so that the next record is not waited for anew. ``say`` gets a sentence for people
        when a long wait begins.
        """
        self._service, self._endpoint, self._kind = service, endpoint, kind
        self._now, self._say = now, say
        self._backoff, self._breakers = Backoff(windows), Breakers(patience or 0.0)
        self._waits = patience is not None
        self._announced = 0.0

    async def read(self, number: int) -> tuple[Look, Reply, float]:
        """What the service says of a record, its answer, and when it was asked for that."""
        while True:
            asked_at = self._now()
            reply = await self._service.get(self._endpoint, number)
            verdict = classify_read(reply)
            if verdict is None:
                self._backoff.note_contact()
                return read_record(reply, number, self._kind), reply, asked_at
            now = self._now()
            self._backoff.observe(verdict, now)
            given_up = self._breakers.on_outage(verdict, self._backoff.down_for(now)) is not None
            if given_up or not self._waits:
                return Unreadable(what_came(reply)), reply, asked_at
            await self._wait(now)

    async def _wait(self, now: float) -> None:
        until = self._backoff.ready_at
        if until - now > _WORTH_SAYING and until > self._announced + _WORTH_SAYING:
            self._announced = until
            why = self._backoff.why(now)
            self._say(f"Waiting until {moment(until, now)}, because {why}. Press Ctrl-C to stop.")
        # By the clock of the wait itself, whatever becomes of the other one meanwhile.
        await pause(until - now)
