"""Messages about the end of a run: delivered once, in bounded time, or a few words about why not."""

import base64
import email
import email.policy
import socket
import time

import pytest

from importer.config.settings import Settings
from importer.errors import SettingsError
from importer.model import Status
from importer.runs.end_message import EndMessage
from importer.runs.notify import deliver, notify_address
from runs.hooks import mail_server, webhook

MESSAGE = EndMessage("räume.csv", 0, 3, "finished", dict.fromkeys(Status, 0) | {Status.CREATED: 12})


def to(address: str, password: str | None = None) -> Settings:
    """Settings with this address."""
    return Settings.model_validate({"notify": address, "smtp_password": password})


def test_a_webhook_gets_one_message() -> None:
    """Its text for people, the rest for programs; no cookie and no sign-in of ours."""
    with webhook() as hook:
        assert not deliver(MESSAGE, to(hook.url))
    (message,) = hook.messages
    assert message["text"] == "Run 3 (räume.csv) is finished. All 12 rows created."
    assert (message["run"], message["file"], message["state"], message["exit_code"]) == (3, "räume.csv", "finished", 0)
    assert message["counts"]["created"] == 12
    names = {line.partition(":")[0].lower() for line in hook.heads[0].splitlines()}
    assert "content-type" in names
    assert not {"cookie", "authorization"} & names


@pytest.mark.parametrize(
    ("answers", "tries", "why"),
    [
        ((503, 200), 2, ""),
        ((500,), 2, "it refused the message (HTTP 500)"),
        ((404, 200), 1, "it refused the message (HTTP 404)"),
        ((429, 200), 1, "it refused the message (HTTP 429)"),
        ((302, 200), 1, "it leads to another address, which is not followed (HTTP 302)"),
    ],
)
def test_a_webhook_is_tried_twice_at_most(answers: tuple[int, ...], tries: int, why: str) -> None:
    """Only where a fault may pass by itself; a redirect is never followed."""
    with webhook() as other, webhook(*answers, headers={"Location": other.url}) as hook:
        assert deliver(MESSAGE, to(hook.url)) == why
    assert (len(hook.messages), other.messages) == (tries, [])


def test_a_message_that_may_have_arrived_is_not_sent_again() -> None:
    """Nobody is told twice."""
    with webhook(0) as hook:
        why = deliver(MESSAGE, to(hook.url))
    assert len(hook.messages) == 1
    assert why
    assert "SECRET" not in why


def test_nobody_there_is_said_without_the_address() -> None:
    """In a few words."""
    assert deliver(MESSAGE, to("http://127.0.0.1:9/SECRET")) == "the connection was refused"
    assert deliver(MESSAGE, to("smtp://127.0.0.1:9?to=a@x.example")) == "the mail server cannot be reached"


@pytest.mark.parametrize("form", ["http://127.0.0.1:{}/x", "smtp://127.0.0.1:{}?to=a@x.example"])
def test_a_server_that_says_nothing_does_not_keep_anybody(form: str) -> None:
    """The wait has an end, whatever the other side does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        why = deliver(MESSAGE, to(form.format(silent.getsockname()[1])), seconds=0.5)
        assert time.monotonic() - begin < 5
    assert why == "no answer within 0.5 seconds"


def test_a_letter_is_handed_over() -> None:
    """To all people, with the headers that letters of machines have."""
    with mail_server() as mail:
        assert not deliver(MESSAGE, to(f"smtp://127.0.0.1:{mail.port}?to=a@x.example,b@x.example&from=c@x.example"))
    letter = email.message_from_string(mail.letters[0], policy=email.policy.default)
    assert letter["Subject"] == "Run 3 (räume.csv) is finished"
    assert (letter["From"], letter["To"]) == ("c@x.example", "a@x.example, b@x.example")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"]
    assert letter["Message-ID"]
    assert letter.get_content().strip() == MESSAGE.text
    assert [line for line in mail.lines if line.lower().startswith("rcpt")] == [
        "rcpt TO:<a@x.example>",
        "rcpt TO:<b@x.example>",
    ]


def test_a_user_signs_in_with_the_password_of_the_settings() -> None:
    """Which is nowhere in the address."""
    with mail_server(offers=["AUTH PLAIN"]) as mail:
        assert not deliver(MESSAGE, to(f"smtp://ops@127.0.0.1:{mail.port}?to=a@x.example", "Pass-word"))
    (line,) = [line for line in mail.lines if line.upper().startswith("AUTH")]
    assert base64.b64decode(line.split()[-1]) == b"\0ops\0Pass-word"
    with pytest.raises(SettingsError, match="needs the password of ops") as refused:
        notify_address(to("smtp://ops@127.0.0.1?to=a@x.example"))
    assert "IMPORTER_SMTP_PASSWORD" in (refused.value.advice or "")


@pytest.mark.parametrize(
    ("refusals", "why"),
    [
        ({"AUTH": "535 SECRET"}, "the mail server refused the sign-in"),
        ({"MAIL": "550 SECRET"}, "the mail server refused the sender; name another one with from= in the address"),
        ({"RCPT": "550 SECRET"}, "the mail server refused the recipients"),
        ({"DATA": "554 SECRET"}, "the mail server refused the message (554)"),
        ({"end": "554 SECRET"}, "the mail server refused the message (554)"),
        ({"connect": "421 SECRET"}, "the mail server refused to begin (421)"),
    ],
)
def test_what_a_mail_server_refuses_is_said_in_our_words(refusals: dict[str, str], why: str) -> None:
    """Never with its own, which are anybody's."""
    with mail_server(refusals, ["AUTH PLAIN"]) as mail:
        assert deliver(MESSAGE, to(f"smtp://ops@127.0.0.1:{mail.port}?to=a@x.example", "x")) == why
    assert sum(line.upper().startswith("AUTH") for line in mail.lines) <= 1


def test_nothing_leaves_this_machine_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server elsewhere that offers no encryption gets neither the password nor the letter."""
    find = socket.getaddrinfo
    with mail_server(offers=["AUTH PLAIN"]) as mail:
        # The name of another machine, which this one answers for.
        monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: find("127.0.0.1", *rest, **more))
        why = deliver(MESSAGE, to(f"smtp://ops@mail.example:{mail.port}?to=a@x.example", "Pass-word"))
    assert why == "the mail server offers no encryption (STARTTLS), or no sign-in"
    assert not mail.letters
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in mail.lines)
