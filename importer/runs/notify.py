"""Delivers the message about the end of a run to a webhook or by e-mail.

1. It ends by itself: after ten seconds, and two tries at most. Only what was certainly not taken is tried again.
2. It never raises. What went wrong is a few words of ours, without the address and without what others have said.
3. Nothing is sent unprotected to another machine, no redirect is followed, no certificate is taken on trust.
"""

import asyncio
import json
import smtplib
import ssl
import threading
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from importer.config.notify_address import Mail, Webhook, parse_notify
from importer.config.settings import Settings
from importer.errors import ImporterError, SettingsError
from importer.nexudus import OtherHost
from importer.nexudus.client import WATCHER, trusted
from importer.runs.end_message import EndMessage

SECONDS = 10.0
_TRIES = 2
_A_TRY = 8.0
_A_STEP = 4.0
"""Seconds for one answer of a mail server."""

_GOOD, _MOVED, _FAULT = range(200, 300), range(300, 400), 500


def notify_address(settings: Settings) -> Webhook | Mail | None:
    """Where the messages go; None if they go nowhere.

    Raises:
        SettingsError: It needs a password that is not set. Known before anything is sent, not hours later.
    """
    if settings.notify is None:
        return None
    address = parse_notify(settings.notify.get_secret_value())
    if isinstance(address, Mail) and address.user and settings.smtp_password is None:
        raise SettingsError(
            f"The mail server {address.host} of notify needs the password of {address.user}.",
            "Set IMPORTER_SMTP_PASSWORD, or leave the user out of the address if the server needs no sign-in.",
        )
    return address


def deliver(message: EndMessage, settings: Settings, seconds: float = SECONDS) -> str:
    """Send the message where the settings say; returns why that failed, empty if it did not."""
    failures: list[str] = []

    def work() -> None:
        try:
            failures.append(_deliver(message, settings))
        # ValueError: what a library of the network has against an address.
        except (ImporterError, OSError, ValueError) as error:
            failures.append(error.message.rstrip(".") if isinstance(error, ImporterError) else "it cannot be reached")

    # In a thread that nobody has to wait for: a mail server may answer a letter at a time, a name may take long.
    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
        thread.join(seconds)
    except KeyboardInterrupt:
        # The run is over and reported. Its exit code must not become another one now.
        return "it was interrupted"
    return failures[0] if failures else f"no answer within {seconds:g} seconds"


def _deliver(message: EndMessage, settings: Settings) -> str:
    address = notify_address(settings)
    if isinstance(address, Webhook):
        return asyncio.run(_post(message, address, settings))
    return _mail(message, address, settings) if address is not None else ""


async def _post(message: EndMessage, address: Webhook, settings: Settings) -> str:
    # -v would show the path, which is the secret of a webhook.
    WATCHER.set(None)
    ca_file = str(settings.ca_file) if settings.ca_file else None
    host = OtherHost(_A_TRY, settings.proxy, ca_file)
    body = json.dumps(message.document).encode("ascii")
    failure = ""
    for _ in range(_TRIES):
        reply = await host.call("POST", address.url, {"Content-Type": "application/json"}, body)
        if reply.status is None:
            failure = reply.failure
        elif reply.status in _MOVED:
            failure = f"it leads to another address, which is not followed (HTTP {reply.status})"
        else:
            failure = "" if reply.status in _GOOD else f"it refused the message (HTTP {reply.status})"
        may_be_there = reply.status is None and reply.sent
        if may_be_there or (reply.status is not None and reply.status < _FAULT):
            break
    return failure


def _mail(message: EndMessage, address: Mail, settings: Settings) -> str:
    failure = ""
    for _ in range(_TRIES):
        try:
            with smtplib.SMTP(address.host, address.port, timeout=_A_STEP) as server:
                _sign_in(server, address, settings)
                failure = _hand_over(server, _letter(message, address))
                break
        except smtplib.SMTPAuthenticationError:
            # A second wrong try could lock the account.
            return "the mail server refused the sign-in"
        except smtplib.SMTPNotSupportedError:
            return "the mail server offers no encryption (STARTTLS), or no sign-in"
        except ssl.SSLCertVerificationError:
            return "the certificate of the mail server is not trusted"
        except smtplib.SMTPResponseException as error:
            failure = f"the mail server refused to begin ({error.smtp_code})"
        except OSError:
            failure = "the mail server cannot be reached"
    return failure


def _sign_in(server: smtplib.SMTP, address: Mail, settings: Settings) -> None:
    if not address.is_on_this_machine:
        server.starttls(context=trusted(str(settings.ca_file) if settings.ca_file else None))
    if address.user and settings.smtp_password is not None:
        server.login(address.user, settings.smtp_password.get_secret_value())


def _hand_over(server: smtplib.SMTP, letter: EmailMessage) -> str:
    try:
        refused = server.send_message(letter)
    except smtplib.SMTPRecipientsRefused:
        return "the mail server refused the recipients"
    except smtplib.SMTPSenderRefused:
        return "the mail server refused the sender; name another one with from= in the address"
    except smtplib.SMTPResponseException as error:
        return f"the mail server refused the message ({error.smtp_code})"
    except OSError:
        # Not tried again: it may have been taken.
        return "the mail server did not say that it took the message"
    return "the mail server refused some of the recipients" if refused else ""


def _letter(message: EndMessage, address: Mail) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = message.title, address.sender, ", ".join(address.to)
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain=address.sender.rpartition("@")[2])
    # Nobody's note of absence comes back (RFC 3834).
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(f"{message.text}\n", cte="quoted-printable")
    return letter
