"""One sign-in on its way: only the browser that began it can end it, in time and once."""

import base64
import hashlib

import pytest

from importer.web.auth.sign_in_flow import FLOW_LASTS, SignInFlows


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def flows(clock: Clock) -> SignInFlows:
    """No sign-in has begun."""
    return SignInFlows(clock)


def test_a_sign_in_comes_back_once(flows: SignInFlows) -> None:
    """With what it was begun with; the second time it is a replay."""
    cookie, attempt = flows.begin("/runs/7")
    assert attempt.page == "/runs/7"
    assert flows.finish(cookie, attempt.state) == attempt
    assert flows.finish(cookie, attempt.state) is None


def test_a_sign_in_that_takes_too_long_is_over(flows: SignInFlows, clock: Clock) -> None:
    """Not an instant before ten minutes, and not an instant after."""
    for wait, ends in ((FLOW_LASTS, True), (FLOW_LASTS + 1, False)):
        clock.now = 1_000.0
        cookie, attempt = flows.begin("/")
        clock.now += wait
        assert (flows.finish(cookie, attempt.state) is not None) is ends


def test_another_browser_cannot_end_it(flows: SignInFlows, clock: Clock) -> None:
    """Else somebody could have others work in their own account: no cookie, another cookie, a changed one."""
    cookie, attempt = flows.begin("/")
    other, _ = flows.begin("/")
    when, random, page = cookie.split(".")
    evil = base64.urlsafe_b64encode(b"//evil.example").decode().rstrip("=")
    for wrong in ("", other, f"9{when}.{random}.{page}", f"{when}.{random}.{evil}", "x", cookie + "\udcff"):
        assert flows.finish(wrong, attempt.state) is None
    for state in ("", attempt.nonce, attempt.verifier, attempt.state + "x", "ä"):
        assert flows.finish(cookie, state) is None
    assert SignInFlows(clock).finish(cookie, attempt.state) is None
    assert flows.finish(cookie, attempt.state) is not None


def test_nothing_of_a_sign_in_tells_the_rest(flows: SignInFlows) -> None:
    """Three secrets without a part in common, new each time; the challenge is the hash of the verifier (RFC 7636)."""
    attempts = [flows.begin("/")[1] for _ in range(50)]
    secrets = {text for attempt in attempts for text in (attempt.state, attempt.nonce, attempt.verifier)}
    assert len(secrets) == 150
    assert all(len(text) == 43 for text in secrets)
    hashed = hashlib.sha256(attempts[0].verifier.encode()).digest()
    assert attempts[0].challenge == base64.urlsafe_b64encode(hashed).decode().rstrip("=")


def test_a_page_that_is_too_long_for_a_cookie_is_the_home_page(flows: SignInFlows) -> None:
    """Browsers drop cookies above 4 kB, and with them the sign-in."""
    cookie, attempt = flows.begin("/" + "x" * 5_000)
    assert attempt.page == "/"
    assert len(cookie) < 2_000
