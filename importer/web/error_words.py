"""An error in the words of the page: nobody there has a command line, or settings of this computer, in front of them.

Most errors speak of the file or of Nexudus, and are shown as they are. What speaks of options, commands, settings or
the importer's own files is said in other words, by what kind of error it is: it cannot come through. Pure.
"""

import re
from collections.abc import Mapping

from importer.errors import (
    BusyError,
    FileError,
    ImporterError,
    JournalBusyError,
    JournalError,
    ReportError,
    ServiceError,
    SettingsError,
    SignInError,
    StoppedError,
    StoreError,
    UsageError,
)

_COMMANDS = (
    *("check", "plan", "run", "export", "diff", "resume", "retry", "stop", "status", "history", "report", "reconcile"),
    *("settle", "verify", "undo", "template", "columns", "login", "logout", "whoami", "config", "doctor", "journal"),
    *("forget", "sandbox", "serve", "worker", "completion", "people", "help"),
)
_FOR_PROGRAMS = re.compile(
    rf"(?<![\w-])--[a-z]|\bimporter (?:{'|'.join(_COMMANDS)})\b|[A-Z]{{3,}}_[A-Z]|\bimporter\.toml\b|pip install"
    r"|\bjournal|\bSQLite\b|\bquota\b|\bprocess \d|\bexit code\b|\bSHA-?\d",
)

_TELL = "Tell the person who looks after the importer on this computer."
_WORDS: Mapping[type[ImporterError], tuple[str, str]] = {
    JournalBusyError: ("The importer is busy with other imports at the moment.", "Try again in a moment."),
    JournalError: (
        "The importer cannot read or write its own record of what was sent.",
        f"Nothing more is sent until it can. {_TELL}",
    ),
    StoreError: ("Something that the importer stored cannot be read.", f"Try again from your file. {_TELL}"),
    SettingsError: ("A setting of the importer on this computer cannot be used.", _TELL),
    ReportError: ("The report cannot be written.", f"No result is lost, and it can be rebuilt later. {_TELL}"),
    BusyError: ("Another import is being sent for this account.", "Wait until it has finished, then try again."),
    StoppedError: ("This was stopped before anything was changed.", "You can start it again."),
    FileError: ("The file cannot be read.", "Save it as .xlsx or as .csv (UTF-8), then upload it again."),
    SignInError: ("Nexudus does not accept your sign-in.", "Sign in to Nexudus again."),
    ServiceError: ("Nexudus cannot be asked at the moment.", "Try again in a few minutes."),
    UsageError: ("This cannot be done at the moment.", f"Go back and reload the page. If that does not help: {_TELL}"),
    ImporterError: ("This cannot be done at the moment.", _TELL),
}
"""What is said in the place of words for a terminal; of the most special class of an error."""


def page_words(error: ImporterError) -> tuple[str, str]:
    """What happened, and what to do."""
    message, advice = next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)
    return error.message if is_plain(error.message) else message, error.on_page if is_plain(error.on_page) else advice


def is_plain(text: str) -> bool:
    """Whether nothing in a text is for somebody at a terminal."""
    return not _FOR_PROGRAMS.search(text)
