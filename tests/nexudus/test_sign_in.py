"""The sign-in as a protocol: what is asked, what is understood, and what is never repeated to anyone."""

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from importer.errors import ImporterError, ServiceError, SignInError
from importer.nexudus import Access, Reply, Secret
from importer.nexudus.reply import parse_json
from importer.nexudus.sign_in import SignIn, read_token

pytestmark = pytest.mark.anyio

CANARY = "reset-canary-77"


@pytest.fixture
def anyio_backend() -> str:
    """The loop that the importer runs on."""
    return "asyncio"


class TokenAddress:
    """A service that gives these replies in turn and remembers what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        """Begin with the first reply."""
        self.replies = list(replies)
        self.forms: list[Mapping[str, str]] = []

    async def __call__(self, form: Mapping[str, str]) -> Reply:
        """The next reply."""
        self.forms.append(form)
        return self.replies.pop(0)


def said(status: int, body: object = None, text: str = "") -> Reply:
    """A whole answer, of JSON or of text."""
    raw = text if body is None else json.dumps(body)
    return Reply(status, text=raw, json=parse_json(raw.encode()), whole=True)


def granted(number: int = 1, **more: object) -> Reply:
    """A token that lives a thousand seconds."""
    return said(
        200,
        {"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": 1000, "token_type": "b", **more},
    )


def signing_in(address: TokenAddress, now: float = 0.0, *, token: str | None = None, totp: str | None = None) -> SignIn:
    """A sign-in by password, or by token first."""
    access = Access(
        url="https://spaces.nexudus.com",
        token=Secret(token) if token else None,
        username="a@example.com",
        password=Secret("p w"),
        totp=Secret(totp) if totp else None,
        client_id="installation-1",
    )
    return SignIn(access, address, lambda: now)


async def test_what_is_asked() -> None:
    """The password grant carries an own client id, so that no other tool of the user is signed out."""
    address = TokenAddress(granted(1), granted(2))
    sign_in = signing_in(address, totp="123456")
    assert (await sign_in.ticket()).token.reveal() == "a1"
    await sign_in.renew(1)
    assert (await sign_in.ticket()).token.reveal() == "a2"
    mine = {"client_id": "installation-1"}
    user = {"username": "a@example.com", "password": "p w", "totp": "123456"}
    assert address.forms == [
        {"grant_type": "password", **user, **mine},
        {"grant_type": "refresh_token", "refresh_token": "r1", **mine},
    ]


async def test_renewing_a_token_that_is_renewed_already() -> None:
    """Who comes late with the old token causes no second renewal."""
    address = TokenAddress(granted(1), granted(2))
    sign_in = signing_in(address)
    await sign_in.ticket()
    await sign_in.renew(1)
    await sign_in.renew(1)
    assert len(address.forms) == 2


async def test_a_given_token_costs_no_call() -> None:
    """A fixed token is used as it is."""
    address = TokenAddress()
    ticket = await signing_in(address, token="mine").ticket()
    assert (ticket.number, ticket.token.reveal(), address.forms) == (1, "mine", [])


REFUSED = said(400, {"error": "invalid_grant", "error_description": CANARY})
AWAY = "no usable answer"
REFUSALS = [
    (REFUSED, SignInError, "user name or password is incorrect"),
    (said(400, {"error": "two_factor_auth_check"}), SignInError, "second factor"),
    (said(400, {"error": "must_reset_password", "error_description": CANARY}), SignInError, "requires a new password"),
    (said(400, {"error": "unsupported_grant_type"}), SignInError, "does not accept"),
    (said(400, {"error": "odd_thing", "error_description": CANARY}), SignInError, "odd_thing"),
    (said(400, {"error": f"Bearer {CANARY}"}), SignInError, "HTTP 400"),
    (said(401), SignInError, "HTTP 401"),
    (said(400, text=CANARY), ServiceError, AWAY),
    (said(403, text=f"<html>{CANARY}"), ServiceError, AWAY),
    (said(404, text=f"<html>{CANARY}"), ServiceError, AWAY),
    (said(200, text=f"<html>{CANARY}"), ServiceError, AWAY),
    (said(200, {"access_token": f"two {CANARY}"}), ServiceError, AWAY),
    (said(200, {"access_token": None}), ServiceError, AWAY),
    (said(200, []), ServiceError, AWAY),
    (said(503), ServiceError, AWAY),
    (said(409), ServiceError, AWAY),
    (replace(said(409), retry_after=("30",)), ServiceError, "asks to wait 30 seconds"),
    (Reply(sent=False, failure="the connection was refused"), ServiceError, "the connection was refused"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), REFUSALS)
async def test_no_token(reply: Reply, kind: type[ImporterError], words: str) -> None:
    """A refusal is about the user, anything else about the service; neither repeats what the service said."""
    with pytest.raises(kind, match=words) as told:
        await signing_in(TokenAddress(reply)).ticket()
    assert CANARY not in told.value.message + told.value.advice


async def test_a_refusal_is_not_asked_for_again() -> None:
    """Repeating a refused sign-in would lock the user out."""
    address = TokenAddress(REFUSED)
    sign_in = signing_in(address)
    for _ in range(3):
        with pytest.raises(SignInError):
            await sign_in.ticket()
    assert len(address.forms) == 1


async def test_an_absence_is_asked_for_again() -> None:
    """A service that was away is asked again at the next call."""
    sign_in = signing_in(TokenAddress(said(503), granted()))
    with pytest.raises(ServiceError):
        await sign_in.ticket()
    assert (await sign_in.ticket()).token.reveal() == "a1"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(failure="no whole answer within 75 seconds"),
        said(500),
        said(503),
        said(200, text="<html>"),
        replace(said(409), retry_after=("30",)),
    ],
)
async def test_a_code_that_may_have_been_used_is_not_sent_again(reply: Reply) -> None:
    """The next call says that a new one is needed: with the old one it would be a failed sign-in of the user."""
    address = TokenAddress(reply)
    sign_in = signing_in(address, totp="123456")
    with pytest.raises(ServiceError, match="may have been used") as away:
        await sign_in.ticket()
    with pytest.raises(SignInError, match="works only once") as spent:
        await sign_in.ticket()
    assert "NEXUDUS_TOTP" in away.value.advice
    assert "NEXUDUS_TOTP" in spent.value.advice
    assert len(address.forms) == 1


async def test_a_code_that_was_never_sent_is_still_good() -> None:
    """A connection that was refused has used nothing up."""
    sign_in = signing_in(
        TokenAddress(Reply(sent=False, failure="the connection was refused"), granted()), totp="123456"
    )
    with pytest.raises(ServiceError):
        await sign_in.ticket()
    assert (await sign_in.ticket()).token.reveal() == "a1"


async def test_a_code_is_spent_when_its_call_is_given_up() -> None:
    """Whoever is stopped while the answer is on its way does not know whether it came to be used."""
    begun, forms = asyncio.Event(), []

    async def never(form: Mapping[str, str]) -> Reply:
        forms.append(form)
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    sign_in = SignIn(
        Access(url="https://x.example", username="a", password=Secret("p"), totp=Secret("123456")), never, lambda: 0.0
    )
    call = asyncio.ensure_future(sign_in.ticket())
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    with pytest.raises(SignInError, match="works only once"):
        await sign_in.ticket()
    assert len(forms) == 1


async def test_a_refresh_that_cannot_be_answered_keeps_the_refresh_token() -> None:
    """The password is not tried because the service is away; the refresh token still is, later."""
    address = TokenAddress(granted(1), said(503), granted(2))
    sign_in = signing_in(address)
    await sign_in.ticket()
    with pytest.raises(ServiceError):
        await sign_in.renew(1)
    await sign_in.renew(1)
    assert [form["grant_type"] for form in address.forms] == ["password", "refresh_token", "refresh_token"]


@pytest.mark.parametrize("refused", [REFUSED, said(400), said(401), said(400, text="<html>")])
async def test_a_refused_refresh_goes_on_by_password(refused: Reply) -> None:
    """However a refresh is refused, the password is tried once."""
    address = TokenAddress(granted(1), refused, granted(2))
    sign_in = signing_in(address)
    await sign_in.ticket()
    await sign_in.renew(1)
    assert [form["grant_type"] for form in address.forms] == ["password", "refresh_token", "password"]


@pytest.mark.parametrize(
    ("life", "renew_at"),
    [(1000, 900.0), (10.5, 108.4), (0, math.inf), (-1, math.inf), (True, math.inf), ("1000", math.inf)],
)
def test_life_of_a_token(life: object, renew_at: float) -> None:
    """A token is renewed at four fifths of its life; without a proper life it lasts until a 401."""
    token = read_token(granted(expires_in=life), 100.0)
    assert token is not None
    assert token.renew_at == pytest.approx(renew_at)
