"""Calls to another host than the service: over the same wire, and only where a secret may go."""

import asyncio

import pytest

from importer.config.addresses import is_safe
from importer.nexudus import OtherHost
from importer.sandbox import SandboxOptions, running


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://login.example/realms/a?b=c", True),
        ("https://login.example:8443", True),
        ("http://127.0.0.1:8080/keys", True),
        ("http://localhost/keys", True),
        ("http://[::1]:8080/keys", True),
        ("http://login.example/keys", False),
        ("http://127.0.0.1.evil.example/", False),
        ("http://localhost@evil.example/", False),
        ("https://user:secret@login.example/", False),
        ("https://login.example/#part", False),
        ("https://login.example:0/", False),
        ("https://login.example:99999/", False),
        ("https:///keys", False),
        ("https://log in.example/", False),
        ("https://login.example/\r\nX: y", False),
        ("https://lögin.example/", False),
        ('https://login.example/"', False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("//login.example/", False),
        ("login.example", False),
        ("", False),
    ],
)
def test_a_secret_goes_over_https_or_stays_on_this_machine(url: str, safe: bool) -> None:
    """And to an address in which nothing can hide."""
    assert is_safe(url) is safe
    if not safe:
        with pytest.raises(ValueError, match="not a plain https address"):
            asyncio.run(OtherHost(1.0).call("GET", url, {}))


def test_an_answer_is_a_reply() -> None:
    """With its status and its JSON; nothing is signed in for it."""
    with running(SandboxOptions()) as service:
        reply = asyncio.run(OtherHost(30.0).call("GET", f"{service.url}/api/spaces/coworkers", {}))
    assert reply.status == 401
    assert reply.sign_in == 0


def test_nobody_there_is_a_reply_too() -> None:
    """What failed is said without the address."""
    reply = asyncio.run(OtherHost(5.0).call("GET", "http://127.0.0.1:9/", {}))
    assert (reply.status, reply.sent, reply.failure) == (None, False, "the connection was refused")
