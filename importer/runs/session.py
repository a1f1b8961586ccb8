"""A user signed in, the journal open, an observer: what every stage that touches the service needs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from importer.config import probe_file
from importer.config.addresses import service_name
from importer.config.installation import installation_id
from importer.config.probe_file import ProbeResult
from importer.config.settings import Settings
from importer.delivery.author import author_of
from importer.delivery.record_reader import RecordReader
from importer.delivery.stop_signal import StopSignal, watched
from importer.errors import BusyError
from importer.journal.journal import Journal
from importer.journal.runs import Run
from importer.journal.states import State
from importer.journal.windows import DAY, Window
from importer.model import Account, Clock, email_of
from importer.nexudus import Access, Nexudus, Secret
from importer.nexudus.waits import pause
from importer.runs.allowances import daily_window, reason_to_wait, windows
from importer.runs.observer import Observer
from importer.text import wait_words
from schemas import RECORD_TYPES, RecordType

_WORTH_SAYING = 10.0
_LONGEST_SLEEP = 30.0


@dataclass(frozen=True)
class Session:
    """The journal, the service, the account that calls are made for, and the clock that they go by.

    ``wait_teller`` tells the user of the waits of all these calls.
    """

    journal: Journal
    service: Nexudus
    account: Account
    settings: Settings
    observer: Observer
    clock: Clock
    wait_teller: "WaitTeller"

    def quota_left(self, now: float) -> int | None:
        """How many writes the day still allows; None if there is no such limit."""
        daily = daily_window(windows(self.settings))
        if daily is None:
            return None
        return max(daily.calls - self.journal.calls.used(self.account.key, daily, now)[0], 0)

    async def take_write(self) -> float:
        """Wait until one more write is allowed, and take it; gives the time at which it is booked."""
        limits = windows(self.settings)
        return await _take_turn(self.journal, self.account.key, limits, self.wait_teller, self.clock, write=True)

    async def renew_write(self, booked: float) -> float:
        """Give back a write that was booked then, and take one for now: calls have to keep a distance in time."""
        self.free_write(booked)
        return await self.take_write()

    def free_write(self, booked: float) -> None:
        """Give back a write that was booked then and is not made."""
        self.journal.calls.note_arrivals(self.account.key, [(booked, None)])

    def record_reader(self, run: Run, patience: float | None) -> RecordReader:
        """What reads the records of a run by their Ids; ``patience`` is that of RecordReader."""
        kind, limits = RECORD_TYPES[run.kind], windows(self.settings)
        now, say = self.clock, self.observer.say
        return RecordReader(self.service, run.endpoint, kind, limits, patience, now=now, say=say)

    def probed(self, kind: RecordType) -> ProbeResult:
        """What the latest probe of this service and record type has shown."""
        return probe_file.read(self.journal.shelf, service_name(self.settings.url), kind.name)

    @asynccontextmanager
    async def stop_signal(self, run: Run, seconds: float | None = None) -> AsyncIterator[StopSignal]:
        """While something is done for a run: the signal on which it ends, and with it every wait of this session.

        ``seconds`` is the time that the work may take.
        """
        # By a clock that nobody can set: put back by a day, the other one would add a day to the time.
        now = asyncio.get_running_loop().time
        deadline = now() + seconds if seconds is not None else None

        def is_requested() -> bool:
            return self.journal.runs.stop_requested(run)

        with self.observer.sending() as user:
            signal = StopSignal(user, is_requested, now=now, deadline=deadline)
            self.service.stop_on(signal)
            async with watched(signal):
                yield signal

    def exclusive_sender(
        self, run: int | None = None, command: str = "resume"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Hold the account while sending; gives what tells others of a run that begins only then.

        ``command`` is what continues this work if it is stopped.

        Raises:
            BusyError: Another process sends for it.
        """
        return self.lock_of(self.account.key, run, command)

    def lock_of(
        self, account: str, run: int | None = None, command: str = "resume"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Hold an account, which may be another user's whose rows are to be settled.

        Raises:
            BusyError: Another process sends for it.
        """
        return self.journal.senders.hold(account, run, command, self.observer.say)


def user_of(session: Session) -> str:
    """The signed-in user as records name their editors; empty if that is not known."""
    # UpdatedBy is an e-mail; a user known by another name would make every record look like a colleague's.
    user = session.account.user.strip().casefold()
    return user if "@" in user else ""


async def author_of_run(session: Session, run: Run, reader: RecordReader) -> str:
    """Who writes for a run, which may be another user's, as records name their editors; empty if that is not known."""
    if user := email_of(run.account or ""):
        return user
    return await author_of(session.journal.rows.all(run, State.UPDATED), reader, RECORD_TYPES[run.kind])


class WaitTeller:
    """Says of each wait why and for how long, once, however many calls wait for it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._until = say, 0.0

    def tell(self, why: str, now: float, seconds: float) -> None:
        """A call waits now for this many seconds, because of ``why``, a clause."""
        # Several calls wait at once, and one that waits looks again: their waits end at about the same time.
        if seconds > _WORTH_SAYING and now + seconds > self._until + _WORTH_SAYING:
            self._until = now + seconds
            self._say(f"Waiting {wait_words(self._until, now)}, because {why}. Press Ctrl-C to stop.")


async def _take_turn(
    journal: Journal, account: str, limits: tuple[Window, ...], wait_teller: WaitTeller, clock: Clock, *, write: bool
) -> float:
    """Wait until a call is allowed, and reserve it; wait again if another process was quicker. Gives when it is."""
    # Asked again after each wait, in a transaction: of several processes that waited for one place, one gets it. And
    # now and then during a long one: the clock may have been put right, or another process have given a place back.
    while True:
        now = clock()
        seconds = journal.calls.reserve(account, limits, write=write, now=now)
        if seconds <= 0:
            return now
        if seconds > _WORTH_SAYING:
            wait_teller.tell(reason_to_wait(journal, account, limits, now, write=write), now, seconds)
        await pause(min(seconds, _LONGEST_SLEEP))


@contextmanager
def runs_at_rest(session: Session, run: Run, numbers: set[int]) -> Iterator[set[int]]:
    """Those of the runs that nobody else is sending, and nobody begins to send before this ends."""
    at_rest = {run.id}
    with ExitStack() as locks:
        by_account: dict[str, set[int]] = {}
        for number in numbers:
            by_account.setdefault(session.journal.runs.get(number).account or "", set()).add(number)
        for account, runs in by_account.items():
            if account != session.account.key:
                try:
                    locks.enter_context(session.lock_of(account, run.id))
                except BusyError:
                    continue
            at_rest |= runs
        yield at_rest


class ReadTurns:
    """Makes reads wait for their turn. Those of the sign-in go at once, because their account is not known yet."""

    def __init__(self, journal: Journal, limits: tuple[Window, ...], say: Callable[[str], None], clock: Clock) -> None:
        self._journal, self._limits, self._clock = journal, limits, clock
        self.wait_teller = WaitTeller(say)
        self._account: str | None = None
        self._before = 0

    async def acquire(self) -> None:
        """Wait for the turn of one more read."""
        if self._account is None:
            self._before += 1
            return
        await _take_turn(self._journal, self._account, self._limits, self.wait_teller, self._clock, write=False)

    def belong_to(self, account: str) -> None:
        """Count the reads so far, and all that follow, for this account."""
        self._account = account
        if self._limits:
            now = self._clock()
            self._journal.calls.note(account, self._before, now)
            # Two days: with a reset at midnight, a call still counts in a day that began up to 25 hours ago.
            self._journal.calls.forget(now - 2 * DAY)


@asynccontextmanager
async def signed_in(
    settings: Settings,
    endpoint: str,
    journal: Journal,
    observer: Observer,
    clock: Clock,
    *,
    without_list: bool = False,
) -> AsyncIterator[Session]:
    """A session with the service that the settings name; ``without_list`` makes do with a user who may only create.

    Raises:
        SettingsError: The address is unsafe.
        SignInError: There is nothing to sign in with, or the service refused it.
        ServiceError: The service cannot be reached.
    """
    # Of the machines that share a journal, each has a clock of its own.
    clock = journal.clock or clock
    turns = ReadTurns(journal, windows(settings), observer.say, clock)
    async with Nexudus(_access(settings), endpoint, before_read=turns.acquire, now=clock) as service:
        account = await _account(service, observer.say, unproven=without_list)
        turns.belong_to(account.key)
        yield Session(journal, service, account, settings, observer, clock, turns.wait_teller)


async def _account(service: Nexudus, say: Callable[[str], None], *, unproven: bool = False) -> Account:
    account = await service.sign_in(unproven=unproven)
    if service.token_refused:
        # The two may be of different users, and the records be created in another location than the token's.
        say(
            "Warning: Nexudus did not accept your token, so the user name and password were used. You are signed in "
            f"as {account.user}. Replace the token in your settings, or remove it."
        )
    return account


async def who(settings: Settings, clock: Clock, say: Callable[[str], None]) -> Account:
    """The account that the settings sign in to; ``say`` shows a sentence about it, if there is one.

    Raises:
        SettingsError: The address is unsafe.
        SignInError: There is nothing to sign in with, or the service refused it.
        ServiceError: The service cannot be reached.
    """
    async with Nexudus(_access(settings), next(iter(RECORD_TYPES.values())).paths[0], now=clock) as service:
        return await _account(service, say)


async def sign_in(settings: Settings, clock: Clock) -> tuple[Account, Settings]:
    """The account, and the settings to sign in with again: with the token, where a two-factor code was used up.

    Raises:
        SettingsError: The address is unsafe.
        SignInError: There is nothing to sign in with, or the service refused it.
        ServiceError: The service cannot be reached.
    """
    async with Nexudus(_access(settings), next(iter(RECORD_TYPES.values())).paths[0], now=clock) as service:
        account = await service.sign_in()
        if settings.totp is None:
            return account, settings
        token = SecretStr((await service.token()).reveal())
        return account, settings.model_copy(update={"token": token, "password": None, "totp": None})


def _access(settings: Settings) -> Access:
    return Access(
        url=settings.url,
        token=_secret(settings.token),
        username=settings.username,
        password=_secret(settings.password),
        totp=_secret(settings.totp),
        client_id=installation_id(settings.home),
        timeout=settings.timeout,
        proxy=settings.proxy,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
    )


def _secret(setting: SecretStr | None) -> Secret | None:
    return Secret(setting.get_secret_value()) if setting else None
