"""Where the message about the end of a run goes: a webhook, or people's mailboxes.

Rule: an address may hold a secret, as those of Slack do; nothing here repeats one, not even in an error. Pure.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from importer.config.addresses import host_of, is_loopback, is_safe

_MAIL_PORT, _SUBMISSION_PORT = 25, 587
_MAILBOX = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]+")
_FORM = "write https://…, mailto:people@example.com or smtp://user@host:587?to=people@example.com"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes a message as JSON, as those of Slack and Teams do."""

    url: str

    def __str__(self) -> str:
        """The address without its secret: who is meant, but not how to write there."""
        return f"{urlsplit(self.url).scheme}://{host_of(self.url)}/…"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server, and the people it is to write to; ``user`` is empty if nobody signs in there."""

    host: str
    port: int
    user: str
    sender: str
    to: tuple[str, ...]

    def __str__(self) -> str:
        """The people, and the server."""
        return f"{', '.join(self.to)} by {self.host}:{self.port}"

    @property
    def is_on_this_machine(self) -> bool:
        """Whether nothing leaves this machine on the way to the server."""
        return is_loopback(self.host)


def parse_notify(text: str) -> Webhook | Mail:
    """Where to write.

    Raises:
        ValueError: It is no such address, or there is a password in it.
    """
    text = text.strip()
    match text.partition(":")[0].lower():
        case "https" | "http":
            if not is_safe(text):
                raise ValueError("a webhook needs https, except on this machine, and no user or password in front of @")
            return Webhook(text)
        case "mailto":
            return _mail(text)
        case "smtp":
            return _mail(text)
    raise ValueError(_FORM)


def _mail(text: str) -> Mail:
    try:
        parts = urlsplit(text)
        host, port, query = parts.hostname or "", parts.port, parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError(_FORM) from None
    if parts.password is not None:
        raise ValueError("set IMPORTER_SMTP_PASSWORD instead of a password in the address")
    is_server = parts.scheme == "smtp"
    typed = query.pop("to", []) + ([] if is_server else [unquote(parts.path)])
    to = tuple(one.strip() for one in ",".join(typed).split(",") if one.strip())
    user, senders = unquote(parts.username or ""), query.pop("from", [])
    sender = next(iter(senders), user if "@" in user else next(iter(to), ""))
    is_whole = to and not query and not parts.fragment and len(senders) <= 1 and bool(host) is is_server
    if not is_whole or (is_server and parts.path not in ("", "/")) or not user.isprintable() or not _are_plain(host):
        raise ValueError(_FORM)
    if not all(_are_plain(one) and _MAILBOX.fullmatch(one) for one in (*to, sender)):
        raise ValueError("write each e-mail like people@example.com, several with commas between them")
    host = host or "localhost"
    return Mail(host, port or (_MAIL_PORT if is_loopback(host) else _SUBMISSION_PORT), user, sender, to)


def _are_plain(letters: str) -> bool:
    return letters.isascii() and letters.isprintable()
