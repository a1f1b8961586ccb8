"""Where the message about the end of a run goes: never unprotected, and never shown with its secret."""

import pytest

from importer.config.notify_address import Mail, Webhook, parse_notify


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mailto:ines@example.com", Mail("localhost", 25, "", "ines@example.com", ("ines@example.com",))),
        ("mailto:a@x.example,b@x.example", Mail("localhost", 25, "", "a@x.example", ("a@x.example", "b@x.example"))),
        ("mailto:a@x.example?from=b@x.example", Mail("localhost", 25, "", "b@x.example", ("a@x.example",))),
        ("smtp://mail.example?to=a@x.example", Mail("mail.example", 587, "", "a@x.example", ("a@x.example",))),
        ("smtp://127.0.0.1?to=a@x.example", Mail("127.0.0.1", 25, "", "a@x.example", ("a@x.example",))),
        (
            "smtp://ops%40x.example@mail.example:2525?to=a@x.example&to=b@x.example",
            Mail("mail.example", 2525, "ops@x.example", "ops@x.example", ("a@x.example", "b@x.example")),
        ),
        (
            "smtp://ops@mail.example?to=a@x.example&from=importer@x.example",
            Mail("mail.example", 587, "ops", "importer@x.example", ("a@x.example",)),
        ),
        (" https://hooks.example/T/secret ", Webhook("https://hooks.example/T/secret")),
        ("http://127.0.0.1:8080/x", Webhook("http://127.0.0.1:8080/x")),
    ],
)
def test_an_address_is_a_webhook_or_mailboxes(text: str, address: Mail | Webhook) -> None:
    """With what a mail server usually needs where nothing is said."""
    assert parse_notify(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "secret",
            "ines@example.com",
            "ftp://hooks.example/secret",
            "file:///secret",
            "smtps://mail.example/secret",
        ),
        *("http://hooks.example/secret", "https://ines:secret@hooks.example/", "https:///secret", "https://a b/secret"),
        *("mailto:", "mailto:secret", "mailto:a@x.example?subject=secret"),
        "mailto:a@x.example%0d%0aBcc:secret@x.example",
        *("smtp://mail.example", "smtp://?to=secret@x.example", "smtp://mail.example/secret?to=a@x.example"),
        *("smtp://mail.example:secret?to=a@x.example", "smtp://ops:secret@mail.example?to=a@x.example"),
        *("smtp://mail.example?to=a@x.example&from=secret", "smtp://mail.example?to=secret%0a@x.example"),
        "smtp://mail.example?to=a@x.example&password=secret",
        "smtp://mail.example?to=a@x.example&from=b@x.example&from=secret@x.example",
    ],
)
def test_another_address_is_refused_without_being_repeated(text: str) -> None:
    """Neither without encryption, nor with a password in it, nor with a line of its own in the letter."""
    with pytest.raises(ValueError, match=r"^(write|a webhook|set) ") as refused:
        parse_notify(text)
    assert "secret" not in str(refused.value)


def test_an_address_is_shown_without_its_secret() -> None:
    """Who is meant can be seen; how to write there cannot."""
    assert str(parse_notify("https://hooks.example:8443/T/secret?sig=secret")) == "https://hooks.example:8443/…"
    assert str(parse_notify("smtp://ops@mail.example?to=a@x.example,b@x.example")) == (
        "a@x.example, b@x.example by mail.example:587"
    )
