"""Every error that ends a command, with its exit code and advice.

    ImporterError
    ├── UsageError            2   the command cannot be carried out as it was typed
    ├── SettingsError         2   a setting cannot be used
    ├── JournalError          2   the journal cannot be opened or written
    │   ├── JournalBusyError  2   another process keeps the journal busy
    │   ├── JournalAwayError  5   the database server of the journal cannot be reached
    │   └── NoRunError        2   the journal has no run of that number
    ├── StoreError            2   a stored document cannot be read
    ├── KilledError           2   a process that checked a file died (importer.runs.processes)
    ├── ReportError           2   the report cannot be written
    ├── FileError             3   the spreadsheet cannot be read
    │   ├── ColumnsError      3   columns are missing or doubled
    │   ├── EncodingError     3   the encoding of a text file is not certain
    │   └── SheetsError       3   a workbook has several sheets, and none was chosen
    ├── SignInError           4   the service refused the sign-in
    ├── ServiceError          5   the service cannot be reached, or does not answer as expected
    │   └── UnlistedError     5   the service does not list its records
    ├── BusyError             7   another run is sending for this account
    │   └── TakenOverError    7   another machine has taken over the sending
    └── StoppedError        130   stopped before anything was sent; 6 at a limit

Wrong data is never an error here: it is an Issue (importer.issues). Errors are caught in the front ends, or where one
is an answer, for example for one file of several, for a check of doctor, while a token that still holds is renewed, or
where another run's report cannot be rebuilt. Of the other exceptions, those of the machine (a full disk, no memory) end
a command with 2 and Ctrl-C with 130; the rest are bugs and end it with 9.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import Self

from importer.harmless import harmless, harmless_line


class Exit(IntEnum):
    """The exit codes of the command, a contract with scripts."""

    DONE = 0
    ROWS_FAILED = 1
    USAGE = 2
    FILE = 3
    SIGN_IN = 4
    SERVICE = 5
    LIMIT = 6
    BUSY = 7
    IN_DOUBT = 8
    UNEXPECTED = 9
    INTERRUPTED = 130


EXIT_MEANINGS = {
    Exit.DONE: "everything you asked for is done",
    Exit.ROWS_FAILED: "some rows are invalid, were rejected, or differ from what Nexudus holds",
    Exit.USAGE: "the command or a setting is wrong, or this machine cannot do it: a full disk, too little memory, "
    "a journal or a report that cannot be written, a finding of importer doctor",
    Exit.FILE: "a file cannot be read, or columns are missing; none of its rows were checked",
    Exit.SIGN_IN: "the sign-in was refused, or the user lacks a role for these records",
    Exit.SERVICE: "the service cannot be reached or does not answer as expected; safe to resume",
    Exit.LIMIT: "stopped at a limit or quota; safe to resume",
    Exit.BUSY: "another run is sending for this account",
    Exit.IN_DOUBT: "finished, but rows are in doubt, marked for review or with an uncertain update; "
    "or a probe could not delete its record",
    Exit.UNEXPECTED: "unexpected error: a bug in the importer; the journal holds what was sent",
    Exit.INTERRUPTED: "interrupted; safe to resume",
}


class ErrorCode(StrEnum):
    """What kind of error ended a command, in a word that stays: a contract with scripts, finer than the exit codes."""

    USAGE = "usage"
    SETTINGS = "settings"
    JOURNAL = "journal"
    JOURNAL_BUSY = "journal-busy"
    NO_RUN = "no-run"
    STORED_DOCUMENT = "stored-document"
    REPORT = "report"
    DISK = "disk"
    MEMORY = "memory"
    MACHINE = "machine"
    FINDINGS = "findings"
    FILE = "file"
    COLUMNS = "columns"
    ENCODING = "encoding"
    SHEETS = "sheets"
    SIGN_IN = "sign-in"
    SERVICE = "service"
    UNLISTED = "unlisted"
    JOURNAL_AWAY = "journal-away"
    LIMIT = "limit"
    BUSY = "busy"
    TAKEN_OVER = "taken-over"
    IN_DOUBT = "in-doubt"
    UNEXPECTED = "unexpected"
    INTERRUPTED = "interrupted"


ERROR_MEANINGS = {
    ErrorCode.USAGE: (Exit.USAGE, "the command cannot be carried out as it was typed"),
    ErrorCode.SETTINGS: (Exit.USAGE, "a setting cannot be used"),
    ErrorCode.JOURNAL: (Exit.USAGE, "the journal cannot be opened or written, or is damaged"),
    ErrorCode.JOURNAL_BUSY: (Exit.USAGE, "other processes keep the journal busy; try again later"),
    ErrorCode.NO_RUN: (Exit.USAGE, "there is no run of that number"),
    ErrorCode.STORED_DOCUMENT: (Exit.USAGE, "a file in the home folder is damaged, or from a newer version"),
    ErrorCode.REPORT: (Exit.USAGE, "a report or another file cannot be written"),
    ErrorCode.DISK: (Exit.USAGE, "the disk is full, read-only or damaged"),
    ErrorCode.MEMORY: (Exit.USAGE, "there is not enough free memory"),
    ErrorCode.MACHINE: (Exit.USAGE, "this machine has run out of something else, such as open files"),
    ErrorCode.FINDINGS: (Exit.USAGE, "`importer doctor` has found something that needs a change"),
    ErrorCode.FILE: (Exit.FILE, "the file cannot be read"),
    ErrorCode.COLUMNS: (Exit.FILE, "columns are missing, or two columns claim one field"),
    ErrorCode.ENCODING: (Exit.FILE, "the encoding of a text file is not certain"),
    ErrorCode.SHEETS: (Exit.FILE, "a workbook has several sheets, and none was chosen"),
    ErrorCode.SIGN_IN: (Exit.SIGN_IN, "the sign-in was refused, or the user lacks a role"),
    ErrorCode.SERVICE: (Exit.SERVICE, "the service cannot be reached or does not answer as expected"),
    ErrorCode.UNLISTED: (Exit.SERVICE, "the service does not list its records"),
    ErrorCode.JOURNAL_AWAY: (Exit.SERVICE, "the database server of the journal cannot be reached"),
    ErrorCode.LIMIT: (Exit.LIMIT, "stopped at a limit or quota"),
    ErrorCode.BUSY: (Exit.BUSY, "another run is sending for this account"),
    ErrorCode.TAKEN_OVER: (Exit.BUSY, "another machine has taken over the sending"),
    ErrorCode.IN_DOUBT: (Exit.IN_DOUBT, "finished, but rows or records are in doubt"),
    ErrorCode.UNEXPECTED: (Exit.UNEXPECTED, "a bug in the importer"),
    ErrorCode.INTERRUPTED: (Exit.INTERRUPTED, "interrupted, by Ctrl-C or by `importer stop`"),
}
"""Each code of an error with its exit code and its meaning."""

EXIT_CODE_WORDS = {
    Exit.USAGE: ErrorCode.USAGE,
    Exit.FILE: ErrorCode.FILE,
    Exit.SIGN_IN: ErrorCode.SIGN_IN,
    Exit.SERVICE: ErrorCode.SERVICE,
    Exit.LIMIT: ErrorCode.LIMIT,
    Exit.BUSY: ErrorCode.BUSY,
    Exit.IN_DOUBT: ErrorCode.IN_DOUBT,
    Exit.UNEXPECTED: ErrorCode.UNEXPECTED,
    Exit.INTERRUPTED: ErrorCode.INTERRUPTED,
}
"""The code of an error of which no more is known than the exit code of a command that has ended with a result."""

_BY_GRAVITY = (
    Exit.UNEXPECTED,
    Exit.IN_DOUBT,
    Exit.SIGN_IN,
    Exit.FILE,
    Exit.USAGE,
    Exit.BUSY,
    Exit.INTERRUPTED,
    Exit.SERVICE,
    Exit.LIMIT,
    Exit.ROWS_FAILED,
    Exit.DONE,
)


def gravest(codes: Iterable[Exit]) -> Exit:
    """The exit code of several imports together: the one that demands the most of a person.

    1. Results that cannot be relied on: a bug, then rows that may or may not exist.
    2. Failures that repeating the command does not help until somebody changes something: sign-in, file, settings.
    3. Failures that pass or can be resumed: a busy account, an interruption, the service, a limit.
    4. Rows to correct, which the report names; then success.
    """
    return min(codes, key=_BY_GRAVITY.index)


class ImporterError(Exception):
    """A sentence for the user, an exit code for scripts, and advice: what to do next."""

    code = ErrorCode.USAGE
    exit_code = Exit.USAGE

    def __init__(self, message: str, advice: str = "", *, on_page: str | None = None) -> None:
        """``on_page`` is the advice of the page, where no command line can be meant.

        Texts are made harmless here, once for terminal, page and log: an error quotes names, addresses and settings.
        """
        self.message = harmless_line(message)
        self.advice = harmless(advice)
        self.on_page = self.advice if on_page is None else harmless(on_page)
        super().__init__(self.message)

    def reworded(self, message: str, advice: str, on_page: str) -> Self:
        """The same error with other texts, and whatever else it carries."""
        again = type(self).__new__(type(self), message)
        again.__dict__.update(self.__dict__)
        ImporterError.__init__(again, message, advice, on_page=on_page)
        return again


class UsageError(ImporterError):
    """The command cannot be carried out as it was typed: a wrong option, or nothing there for it to work on."""

    code = ErrorCode.USAGE


class SettingsError(ImporterError):
    """A setting has a value that cannot be used."""

    code = ErrorCode.SETTINGS


class JournalError(ImporterError):
    """The journal cannot be opened, read or written; nothing is sent without it."""

    code = ErrorCode.JOURNAL


class JournalBusyError(JournalError):
    """Other processes are writing so much into the journal that this one cannot get at it for the moment."""

    code = ErrorCode.JOURNAL_BUSY


class JournalAwayError(JournalError):
    """The database server of the journal cannot be reached; what was committed there is safe."""

    code = ErrorCode.JOURNAL_AWAY
    exit_code = Exit.SERVICE


class NoRunError(JournalError):
    """The journal has no run of that number."""

    code = ErrorCode.NO_RUN


class StoreError(ImporterError):
    """A stored document is damaged, or was written by a newer version of the importer."""

    code = ErrorCode.STORED_DOCUMENT


class ReportError(ImporterError):
    """The report cannot be written; the journal still holds everything that goes in it."""

    code = ErrorCode.REPORT


class FileError(ImporterError):
    """The spreadsheet cannot be read; no row was checked."""

    code = ErrorCode.FILE
    exit_code = Exit.FILE


class ColumnsError(FileError):
    """Columns are missing, or two columns claim one field; no row was checked."""

    code = ErrorCode.COLUMNS


class EncodingError(FileError):
    """A text file does not fit the encoding it is read in, or may be in several; a person can say in which."""

    code = ErrorCode.ENCODING

    def __init__(
        self, message: str, advice: str = "", samples: Mapping[str, str] | None = None, clear: str = ""
    ) -> None:
        """``samples`` show some text of the file in each encoding to choose from.

        ``clear`` is the one of these in which it looks like words, and much less so in every other; "" if none is.
        """
        super().__init__(message, advice)
        self.samples = samples or {}
        self.clear = clear


class SheetsError(FileError):
    """A workbook has several sheets, and none was chosen."""

    code = ErrorCode.SHEETS

    def __init__(
        self, message: str, advice: str = "", sheets: Sequence[str] = (), *, on_page: str | None = None
    ) -> None:
        """``sheets`` are the names to choose from, for a front end that can offer them."""
        super().__init__(message, advice, on_page=on_page)
        self.sheets = tuple(sheets)


class SignInError(ImporterError):
    """The service refused the sign-in."""

    code = ErrorCode.SIGN_IN
    exit_code = Exit.SIGN_IN


class ServiceError(ImporterError):
    """The service cannot be reached, or does not answer as expected."""

    code = ErrorCode.SERVICE
    exit_code = Exit.SERVICE


class UnlistedError(ServiceError):
    """The service does not list its records; ``why`` says so as half a sentence."""

    code = ErrorCode.UNLISTED

    def __init__(
        self, message: str, advice: str, why: str, *, on_page: str | None = None, remedy: str | None = None
    ) -> None:
        """For a command that can do without the list, and words it in its own way.

        ``remedy`` is the step of a person that the list waits for; None if it may come by itself.
        """
        super().__init__(message, advice, on_page=on_page)
        self.why, self.remedy = why, remedy


class BusyError(ImporterError):
    """Another process is sending for this account."""

    code = ErrorCode.BUSY
    exit_code = Exit.BUSY


class TakenOverError(BusyError):
    """Another machine has taken over the sending, because this one was not heard of for too long."""

    code = ErrorCode.TAKEN_OVER


class StoppedError(ImporterError):
    """A command was asked to stop before it changed anything, or a limit kept it from beginning."""

    def __init__(self, message: str, advice: str = "", exit_code: Exit = Exit.INTERRUPTED) -> None:
        """``exit_code`` says which of the two it was."""
        super().__init__(message, advice, on_page="")
        self.exit_code = exit_code
        self.code = ErrorCode.LIMIT if exit_code is Exit.LIMIT else ErrorCode.INTERRUPTED
