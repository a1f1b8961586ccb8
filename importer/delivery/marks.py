"""The mark: a text in SystemId by which the record of a create is recognised, whatever becomes of its values. Pure.

Rule 1: a record with the mark of an attempt is the effect of that attempt, and of no other. Rule 2: a mark that is not
there proves nothing, because whoever saves a record may clear its SystemId. Rule 3: no mark is sent before a probe has
shown that the service gives it back as it was.
"""

import re
from collections.abc import Callable, Iterable

from importer.delivery.listing import Remote

FIELD = "SystemId"
"""Where the service keeps it: meant for the identifiers of other systems, and shown to programs only."""

_TOKEN = 22
_MARK = re.compile(rf"importer-([0-9a-f]{{8}})-[0-9a-f]{{{_TOKEN}}}")

NewMark = Callable[[], str]
"""Makes a mark that no other attempt has."""


def mark(installation: str, token: str) -> str:
    """A mark of an installation, named by eight hexadecimal digits; ``token`` are as many random ones as fit, or more.

    It is no longer than what a probe sends, so that the probe shows that the service keeps all of it.
    """
    return f"importer-{installation}-{token[:_TOKEN]}"


def mark_on(remote: Remote) -> str:
    """The mark that a record carries; empty if it carries none, or the text of another program."""
    text = remote.values.get(FIELD)
    return text if isinstance(text, str) and _MARK.fullmatch(text) else ""


def installation_of(text: str) -> str:
    """The installation that a mark is of; empty for any other text."""
    match = _MARK.fullmatch(text)
    return match[1] if match else ""


def marks_on(remotes: Iterable[Remote]) -> dict[int, str]:
    """The marks of those records that carry one, by their Ids."""
    return {remote.id: text for remote in remotes if (text := mark_on(remote))}


def marked(body: str, text: str) -> str:
    """The body of a create with a mark in it."""
    # Appended and not parsed: it is done for every call, and a body is an object with at least one field.
    return f'{body[:-1]},"{FIELD}":"{text}"}}' if text else body
