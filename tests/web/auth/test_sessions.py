"""Browser sessions and the links that start them: secrets that end."""

import pytest

from importer.config.settings import Settings
from importer.web.auth import Person, Role, SessionStore
from importer.web.auth.people import Identity
from importer.web.auth.sessions import IDLE, LINK_LASTS, LONGEST, LONGEST_OF_A_TEAM

ADA = Person("ada", Role.ADMIN, "a")
WHO = Identity("a", "ada", "ada@example.com")


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


def test_no_cookie_and_no_link_can_be_guessed(clock: Clock) -> None:
    """Each is another one, of 256 random bits."""
    sessions = SessionStore(clock)
    made = [secret for _ in range(50) for secret in (sessions.start(ADA), sessions.link(ADA))]
    assert len(set(made)) == len(made)
    assert {len(secret) for secret in made} == {43}


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


def test_a_session_of_a_team_ends_after_eight_hours(clock: Clock) -> None:
    """However often it is used: what the provider said of somebody is then believed no longer."""
    sessions = SessionStore(clock, LONGEST_OF_A_TEAM)
    cookie = sessions.start(ADA, WHO)
    clock.now += 8 * 3600 - 1
    assert sessions.find(cookie)
    clock.now += 1
    assert sessions.find(cookie) is None
    assert sessions.of_person("a") == {}


def test_a_person_has_no_end_of_sessions(clock: Clock) -> None:
    """A program that signs in for each request fills no memory, and ends nobody else's session."""
    sessions = SessionStore(clock, LONGEST_OF_A_TEAM)
    other = sessions.start(Person("eve", Role.VIEWER, "e"), Identity("e", "eve", ""))
    cookies = [sessions.start(ADA, WHO) for _ in range(200)]
    assert len(sessions.of_person("a")) == 50
    assert sessions.find(cookies[-1])
    assert sessions.find(cookies[0]) is None
    assert sessions.find(other)


def test_somebody_whom_a_proxy_names_has_one_session(clock: Clock) -> None:
    """As long as the role is the same, and it holds what a session holds."""
    sessions = SessionStore(clock, LONGEST_OF_A_TEAM)
    first = sessions.of_proxy(ADA, WHO, "1")
    first.account = "ops"
    assert sessions.of_proxy(ADA, WHO, "1") is first
    assert sessions.of_proxy(ADA, WHO, "2").account == ""
    assert len(sessions.of_person("a")) == 1


def test_the_sessions_of_a_person_end_by_what_is_asked(clock: Clock) -> None:
    """Only those, and only this person's."""
    sessions = SessionStore(clock)
    kept, ended = sessions.start(ADA, WHO, browser="kept"), sessions.start(ADA, WHO, browser="x" * 1_000)
    other = sessions.start(Person("eve", Role.VIEWER, "e"))
    assert [len(session.browser) for session in sessions.of_person("a").values()] == [4, 200]
    sessions.end_of_person("a", lambda _, session: session.browser != "kept")
    assert sessions.find(kept)
    assert sessions.find(ended) is None
    assert sessions.find(other)
