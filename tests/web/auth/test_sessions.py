"""Browser sessions and the links that start them: secrets that end."""

import pytest

from importer.config.settings import Settings
from importer.web.auth import Person, Role, SessionStore
from importer.web.auth.sessions import IDLE, LINK_LASTS, LONGEST

ADA = Person("ada", Role.ADMIN)


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


def test_links_and_sessions_end(clock: Clock) -> None:
    """A link holds ten minutes and once, a session ends when nobody used it."""
    sessions = SessionStore(clock)
    late, early = (sessions.link(Person("", Role.ADMIN)) for _ in range(2))
    cookie = sessions.use_link(early)
    assert cookie
    assert sessions.use_link(early) is None
    clock.now += LINK_LASTS
    assert sessions.use_link(late) is None
    assert sessions.find(cookie)
    clock.now += IDLE
    assert sessions.find(cookie) is None


def test_a_session_that_is_used_ends_after_a_week(clock: Clock) -> None:
    """However often it is used, and not an instant before."""
    sessions = SessionStore(clock)
    cookie, begin = sessions.start(ADA), clock.now
    while clock.now + IDLE / 2 < begin + LONGEST:
        clock.now += IDLE / 2
        assert sessions.find(cookie)
    clock.now = begin + LONGEST
    assert sessions.find(cookie) is None


def test_ending_a_session_ends_that_one_only(clock: Clock) -> None:
    """Also if it is ended twice, or never was."""
    sessions = SessionStore(clock)
    first, second = sessions.start(ADA), sessions.start(ADA)
    for cookie in (first, first, "never"):
        sessions.end(cookie)
    assert sessions.find(first) is None
    assert sessions.find(second)


def test_a_sign_in_to_the_service_stands_in_no_text_of_a_session(clock: Clock) -> None:
    """A session may be printed in an error; its secrets are only there as hashes."""
    sessions = SessionStore(clock)
    cookie = sessions.start(ADA)
    session = sessions.find(cookie)
    assert session
    session.sign_in = Settings.model_validate({"username": "ops@example.com", "password": "practice"})
    assert "practice" not in repr(session)
    assert cookie not in repr(vars(sessions))
