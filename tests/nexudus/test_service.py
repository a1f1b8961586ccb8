"""The Nexudus face against the sandbox: signing in, staying signed in, asking patiently, creating once."""

import asyncio
import contextlib
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import stamina

from importer.errors import ServiceError, SignInError
from importer.nexudus import Access, Nexudus, Probe, Reply, Secret
from importer.nexudus.service import ATTEMPTS, LONGEST_PAUSE
from importer.sandbox import SandboxOptions, running
from importer.sandbox.server import Running

pytestmark = pytest.mark.anyio

PATH = "spaces/coworkermsoffecalendars"
RECORD = json.dumps(
    {"ResourceId": 1, "CoworkerId": 2, "Name": "Room", "SubscriptionExpireDate": "2026-11-30T10:30:00Z"}
)
TOKEN = "static-token"


@pytest.fixture
def anyio_backend() -> str:
    """The loop that the importer runs on."""
    return "asyncio"


@contextlib.contextmanager
def sandbox(**options: object) -> Iterator[Running]:
    """A sandbox without limits, with a token that always works."""
    limits = dict.fromkeys(
        ("writes_per_minute", "writes_per_day", "calls_per_100ms", "calls_per_minute", "calls_per_hour")
    )
    with running(SandboxOptions(**{**limits, "token": TOKEN, **options})) as service:  # type: ignore[arg-type]
        yield service


def by_password(url: str, password: str = "practice", totp: str | None = None) -> Access:
    """Access with user name and password."""
    code = Secret(totp) if totp else None
    return Access(
        url=url, username="Ops@example.com", password=Secret(password), totp=code, client_id="mine", timeout=5
    )


def by_token(url: str, token: str = TOKEN) -> Access:
    """Access with a fixed token."""
    return Access(url=url, token=Secret(token), timeout=5)


def asked(service: Running) -> Counter[str]:
    """How often each address was called."""
    return Counter(f"{call.method} {call.path.removeprefix('/api/')}" for call in service.state.calls)


async def test_sign_in_by_password() -> None:
    """A password gives the account, its space, and one token call."""
    with sandbox() as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            account = await nexudus.sign_in()
        assert (account.key.rpartition("/")[0], account.user) == ("127.0.0.1/ops@example.com", "Ops@example.com")
        assert account.space == "Harbour House"
        assert asked(service) == {"POST token": 1, "GET /en/user/me": 1}


async def test_sign_in_by_token_is_the_same_account() -> None:
    """Whoever signs in by token is known by the same key as by password."""
    with sandbox() as service:
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            assert (await nexudus.sign_in()).key.startswith("127.0.0.1/ops@example.com/")


@pytest.mark.parametrize(
    ("options", "password", "totp", "words"),
    [
        ({}, "wrong", None, "user name or password is incorrect"),
        ({"totp": "123456"}, "practice", None, "second factor"),
        ({"must_reset_password": True}, "practice", None, "requires a new password"),
    ],
)
async def test_refused_sign_ins(options: dict[str, object], password: str, totp: str | None, words: str) -> None:
    """Each documented refusal has its own sentence, and is asked for once only, or the user would be locked out."""
    with sandbox(**options) as service:
        async with Nexudus(by_password(service.url, password, totp), PATH) as nexudus:
            for _ in range(2):
                with pytest.raises(SignInError, match=words):
                    await nexudus.sign_in()
        assert asked(service) == {"POST token": 1}


async def test_sign_in_with_nobody_there() -> None:
    """An address where nobody listens is named with what happened."""
    with sandbox() as service:
        access = by_password(service.url)
    async with Nexudus(access, PATH) as nexudus:
        with pytest.raises(
            ServiceError, match=r"no usable answer from 127\.0\.0\.1:\d+: the connection was refused\.$"
        ):
            await nexudus.sign_in()


async def test_wrong_token() -> None:
    """A token that neither address takes is refused; a service without "who am I" is no reason to refuse."""
    with sandbox() as service:
        async with Nexudus(by_token(service.url, "wrong"), PATH) as nexudus:
            with pytest.raises(SignInError, match="does not accept the token"):
                await nexudus.sign_in()


@pytest.mark.parametrize("fault", ["status:404", "status:501"])
async def test_sign_in_where_nobody_says_who(fault: str) -> None:
    """A service that does not know the question still signs in, under a key that stays the same."""
    with sandbox() as service:
        service.state.fail_next(fault, on="read")
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            assert (await nexudus.sign_in()).key == "127.0.0.1/ops@example.com"


ODD = ["200-html", "200-empty", "array-200", "false-200", "redirect", "status:418", "half-body", "throttle-429:0.1"]
ODD += ["throttle-409-bare", "502-html", "500-before", "lost-before", "id-null"]


@pytest.mark.parametrize("access", [by_password, by_token])
@pytest.mark.parametrize("fault", ODD)
async def test_one_odd_answer_to_who_makes_no_other_account(access: Callable[[str], Access], fault: str) -> None:
    """It is asked again, and the user is who they were."""
    with sandbox() as service:
        accounts = []
        for faults in ((), (fault,)):
            service.state.fail_next(*faults, on="read")
            async with Nexudus(access(service.url), PATH) as nexudus:
                accounts.append(await nexudus.sign_in())
        assert accounts[0] == accounts[1]


@pytest.mark.parametrize("access", [by_password, by_token])
@pytest.mark.parametrize("fault", ODD[:-1])
async def test_odd_answers_to_who_are_refused(access: Callable[[str], Access], fault: str) -> None:
    """Nobody is made another account by them, and the sentence says what to do."""
    with sandbox() as service:
        service.state.fail_next(*[fault] * ATTEMPTS, on="read")
        async with Nexudus(access(service.url), PATH) as nexudus:
            with pytest.raises(ServiceError) as refused:
                await nexudus.sign_in()
        assert "ry again" in refused.value.advice


async def test_a_token_where_the_service_knows_neither_question() -> None:
    """501 is no "a little later": each question is asked once, and the token is good for what the service does know."""
    with sandbox() as service:
        service.state.fail_next(*["status:501"] * 2, on="read")
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            assert (await nexudus.sign_in()).user
        assert service.state.pending_faults("read") == []


async def test_token_where_the_service_is_out_of_breath() -> None:
    """A token without a name is not given another key because the service is down today."""
    with sandbox() as service:
        service.state.fail_next(*["500-before"] * 2 * ATTEMPTS, on="read")
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            with pytest.raises(ServiceError):
                await nexudus.sign_in()


async def test_create_and_read_back() -> None:
    """A record can be created, listed, read and deleted."""
    with sandbox() as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            made = await nexudus.create(PATH, RECORD)
            assert isinstance(made.json, dict)
            record_id = made.json["Value"]["Id"]
            page = await nexudus.page(PATH, page=1, size=10, filters={"CoworkerMsOfficeCalendar_Name": "Room"})
            assert isinstance(page.json, dict)
            assert [record["Id"] for record in page.json["Records"]] == [record_id]
            assert (await nexudus.get(PATH, record_id)).status == 200
            assert (await nexudus.delete(PATH, record_id)).status == 200


@pytest.mark.parametrize(
    "fault", ["lost-before", "lost-after", "reset", "500-before", "500-after", "throttle-409", "401-token", "502-html"]
)
async def test_a_create_is_written_once(fault: str) -> None:
    """Whatever comes back, a create is never sent again by this layer."""
    with sandbox(faults=(fault,)) as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            await nexudus.create(PATH, RECORD)
        assert asked(service)[f"POST {PATH}"] == 1


@pytest.mark.parametrize(
    "fault", ["lost-before", "lost-after", "reset", "500-before", "500-after", "throttle-409", "401-token", "502-html"]
)
async def test_an_update_is_written_once(fault: str) -> None:
    """Whatever comes back, an update is never sent again by this layer, and takes no turn of a read."""
    turns = 0

    async def before_read() -> None:
        nonlocal turns
        turns += 1

    with sandbox() as service:
        service.state.fail_next(fault, on="update")
        async with Nexudus(by_token(service.url), PATH, before_read=before_read) as nexudus:
            await nexudus.put(PATH, RECORD)
        assert asked(service) == {f"PUT {PATH}": 1}
    assert turns == 0


async def test_an_update_replaces_the_record() -> None:
    """The record of the Id in the body holds what the body says; the answer names it."""
    with sandbox() as service:
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            made = await nexudus.create(PATH, RECORD)
            assert isinstance(made.json, dict)
            record_id = made.json["Value"]["Id"]
            reply = await nexudus.put(PATH, json.dumps({**json.loads(RECORD), "Id": record_id, "Name": "Other"}))
            assert isinstance(reply.json, dict)
            assert reply.json["Value"] == made.json["Value"]
        assert [record["Name"] for record in service.state.records] == ["Other"]


async def test_a_delete_is_written_once() -> None:
    """A delete is not repeated either."""
    with sandbox() as service:
        service.state.fail_next("500-before", on="delete")
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            assert (await nexudus.delete(PATH, 5)).status == 500
        assert asked(service) == {f"DELETE {PATH}/5": 1}


async def test_reads_are_patient_and_counted() -> None:
    """A read goes on through a few failures, and each attempt takes a turn first."""
    turns = 0

    async def take_turn() -> None:
        nonlocal turns
        turns += 1

    with sandbox() as service:
        service.state.fail_next("lost-before", "500-before", "throttle-429", on="read")
        async with Nexudus(by_token(service.url), PATH, before_read=take_turn) as nexudus:
            assert (await nexudus.page("resources")).status == 200
            assert turns == 4
            await nexudus.create(PATH, RECORD)
            assert turns == 4


async def test_reads_give_up() -> None:
    """A read that keeps failing gives the last reply, not an exception."""
    with sandbox() as service:
        service.state.fail_next(*["500-before"] * 20, on="read")
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            assert (await nexudus.get("resources", 5)).status == 500
        assert len(service.state.calls) == ATTEMPTS


async def test_reads_wait_as_asked() -> None:
    """A read obeys Retry-After; a long one is handed to the caller at once."""
    with stamina.set_testing(False), sandbox() as service:
        service.state.fail_next("throttle-409:1", on="read")
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            begun = time.monotonic()
            assert (await nexudus.page("resources")).status == 200
            assert 1.0 <= time.monotonic() - begun < LONGEST_PAUSE
            service.state.fail_next("throttle-409:3600", on="read")
            assert (await nexudus.page("resources")).wait == 3600


async def test_fifty_refused_calls_cost_one_renewal() -> None:
    """When all of fifty creates find the token ended, one renewal serves them all, and all may go again."""
    with sandbox() as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            await nexudus.sign_in()
            service.state.signin.revoke_all()
            replies = await asyncio.gather(*(nexudus.create(PATH, RECORD) for _ in range(50)))
            assert {reply.status for reply in replies} == {401}
            probes = await asyncio.gather(*(nexudus.probe(reply) for reply in replies))
            assert set(probes) == {Probe.RENEWED}
            assert asked(service)["POST token"] == 2
            assert asked(service)["GET /en/user/me"] <= 3
            assert (await nexudus.create(PATH, RECORD)).status == 200


async def test_fifty_reads_cost_one_renewal() -> None:
    """Fifty reads with an ended token renew it once and all come back with what they asked for."""
    with sandbox() as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            await nexudus.sign_in()
            service.state.signin.revoke_all()
            replies = await asyncio.gather(*(nexudus.page("resources") for _ in range(50)))
            assert {reply.status for reply in replies} == {200}
            assert asked(service)["POST token"] == 2


async def test_a_401_of_the_row() -> None:
    """A refusal about one row leaves the sign-in alone; many at once cost at most two probes."""
    with sandbox(faults=("401-row",) * 20) as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            await nexudus.sign_in()
            replies = await asyncio.gather(*(nexudus.create(PATH, RECORD) for _ in range(20)))
            probes = await asyncio.gather(*(nexudus.probe(reply) for reply in replies))
            assert set(probes) == {Probe.GOOD}
            assert asked(service)["POST token"] == 1
            assert asked(service)["GET /en/user/me"] <= 3


async def test_a_401_for_a_deleted_record() -> None:
    """Reading a deleted coworker is refused with 401, and does not cost a new token."""
    with sandbox() as service:
        async with Nexudus(by_password(service.url), PATH) as nexudus:
            service.state.fail_next("401-row", on="read")
            assert (await nexudus.get("coworkers", 5)).status == 401
        assert asked(service)["POST token"] == 1


async def test_a_dead_token_without_a_password() -> None:
    """When the token has ended and nothing can replace it, the probe says so."""
    with sandbox() as service:
        async with Nexudus(by_token(service.url), PATH) as nexudus:
            await nexudus.sign_in()
            service.state.signin.revoke(f"Bearer {TOKEN}")
            assert await nexudus.probe(await nexudus.create(PATH, RECORD)) is Probe.REFUSED
            assert await nexudus.probe(await nexudus.create(PATH, RECORD)) is Probe.REFUSED


async def test_a_dead_token_with_a_password() -> None:
    """A fixed token that has ended is replaced by signing in, if a password is there."""
    with sandbox() as service:
        access = Access(url=service.url, token=Secret("old"), username="ops@example.com", password=Secret("practice"))
        async with Nexudus(access, PATH) as nexudus:
            await nexudus.sign_in()
            assert (await nexudus.create(PATH, RECORD)).status == 200


async def test_a_probe_with_nobody_there() -> None:
    """When nobody answers, nothing is said about the sign-in."""
    with sandbox() as service:
        access = by_token(service.url)
    async with Nexudus(access, PATH) as nexudus:
        assert await nexudus.probe(Reply(401, sign_in=1)) is Probe.UNREACHABLE


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        """Begin now."""
        self.time = time.time()

    def __call__(self) -> float:
        """The time it shows."""
        return self.time


async def test_a_token_that_ends_between_create_and_probe() -> None:
    """When the probe itself renews the token, its success does not blame the row."""
    clock = Clock()
    with sandbox(expires_in=1000) as service:
        async with Nexudus(by_password(service.url), PATH, now=clock) as nexudus:
            await nexudus.sign_in()
            service.state.signin.revoke_all()
            reply = await nexudus.create(PATH, RECORD)
            clock.time += 1001
            assert await nexudus.probe(reply) is Probe.RENEWED


async def test_renewed_ahead_of_time() -> None:
    """At four fifths of its life a token is replaced by its refresh token, once for all callers."""
    clock = Clock()
    with sandbox(expires_in=1000) as service:
        async with Nexudus(by_password(service.url), PATH, now=clock) as nexudus:
            await nexudus.sign_in()
            clock.time += 790
            await nexudus.page("resources")
            assert asked(service)["POST token"] == 1
            clock.time += 20
            await asyncio.gather(*(nexudus.page("resources") for _ in range(20)))
            assert asked(service)["POST token"] == 2


async def test_the_service_is_away_while_renewing_ahead() -> None:
    """A token that still holds is used on, and the next try comes a minute later."""
    clock = Clock()
    with sandbox(expires_in=1000) as service:
        async with Nexudus(by_password(service.url), PATH, now=clock) as nexudus:
            await nexudus.sign_in()
            clock.time += 810
            service.state.fail_next(*["500-before"] * ATTEMPTS, on="token")
            for _ in range(3):
                assert (await nexudus.create(PATH, RECORD)).status == 200
            assert asked(service)["POST token"] == 1 + ATTEMPTS
            clock.time += 61
            await nexudus.create(PATH, RECORD)
            assert asked(service)["POST token"] == 2 + ATTEMPTS


async def test_the_service_is_away_when_the_token_has_ended() -> None:
    """A create without a token does not leave, and says why."""
    clock = Clock()
    with sandbox(expires_in=1000) as service:
        async with Nexudus(by_password(service.url), PATH, now=clock) as nexudus:
            await nexudus.sign_in()
            clock.time += 1001
            service.state.fail_next(*["500-before"] * 2 * ATTEMPTS, on="token")
            reply = await nexudus.create(PATH, RECORD)
            assert (reply.status, reply.sent) == (None, False)
            assert "HTTP 500" in reply.failure
        assert asked(service)[f"POST {PATH}"] == 0


async def test_another_tool_took_the_refresh_token() -> None:
    """A refresh that is refused falls back to the password."""
    clock = Clock()
    with sandbox(expires_in=1000) as service:
        async with Nexudus(by_password(service.url), PATH, now=clock) as mine:
            await mine.sign_in()
            async with Nexudus(by_password(service.url), PATH, now=clock) as other:
                await other.sign_in()
            clock.time += 1001
            assert (await mine.create(PATH, RECORD)).status == 200
            assert asked(service)["POST token"] == 4


async def test_a_second_factor_is_used_once() -> None:
    """A code is not sent a second time: the service would count a failed sign-in."""
    clock = Clock()
    with sandbox(expires_in=1000, totp="123456") as service:
        async with Nexudus(by_password(service.url, totp="123456"), PATH, now=clock) as nexudus:
            await nexudus.sign_in()
            async with Nexudus(by_password(service.url, totp="123456"), PATH, now=clock) as other:
                await other.sign_in()
            clock.time += 1001
            first = await nexudus.create(PATH, RECORD)
            second = await nexudus.create(PATH, RECORD)
            assert [(reply.status, reply.sent) for reply in (first, second)] == [(401, False)] * 2
            assert await nexudus.probe(second) is Probe.REFUSED


@pytest.mark.parametrize(
    "fault", ["lost-after", "lost-before", "500-after", "status:503", "throttle-409", "throttle-429"]
)
@pytest.mark.parametrize(("totp", "calls"), [(None, 2), ("123456", 1)])
async def test_a_sign_in_without_an_answer_is_repeated_unless_it_carries_a_code(
    fault: str, totp: str | None, calls: int
) -> None:
    """A code may be used up by a call whose answer is lost; a password is not."""
    with sandbox(totp=totp) as service:
        service.state.fail_next(fault, on="token")
        async with Nexudus(by_password(service.url, totp=totp), PATH) as nexudus:
            with contextlib.nullcontext() if totp is None else pytest.raises(ServiceError, match="may have been used"):
                await nexudus.sign_in()
        assert asked(service)["POST token"] == calls


async def test_a_code_is_tried_again_while_nobody_is_there() -> None:
    """A connection that is refused carries nothing."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    turns = 0

    async def turn() -> None:
        nonlocal turns
        turns += 1

    async with Nexudus(by_password(f"http://127.0.0.1:{port}", totp="123456"), PATH, before_read=turn) as nexudus:
        with pytest.raises(ServiceError) as away:
            await nexudus.sign_in()
    assert turns == ATTEMPTS
    assert "may have been used" not in away.value.message
