"""The answer of a command with ``--json``: one document on stdout, whatever happens, and nothing else there.

1. While the command works, whatever else would be printed on stdout goes to stderr.
2. Its document is kept until it has ended, because an error may still take the place of it.
3. Then ``run_cli`` has it written, with ``ok`` and the error if there is one.

A command that goes on until it is stopped answers at once. What goes wrong afterwards is on stderr only.
"""

import io
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO, TextIO

import click

from importer.cli.lines import json_text, say
from importer.errors import EXIT_CODE_WORDS, EXIT_MEANINGS, ErrorCode, Exit, ImporterError
from importer.runs.log import Level, Log, LogLine, no_log

SCHEMA = 1
"""The number of the form of all documents; a later form of the same number only adds members."""

_FLAG = "--json"
_SHORTENED = {_FLAG[:length] for length in range(3, len(_FLAG))}
_GOOD = (Exit.DONE, Exit.ROWS_FAILED)
_MOST_IN_MEMORY = 8 * 1024**2


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command has failed: its kind in a word, what happened, and what to do next."""

    code: ErrorCode
    message: str
    advice: str = ""

    @classmethod
    def of(cls, error: ImporterError) -> "Failure":
        """What an error says."""
        return cls(error.code, error.message, error.advice)

    @classmethod
    def by_exit_code(cls, code: Exit, message: str = "", advice: str = "") -> "Failure":
        """What an exit code says; without a message, in its own words."""
        return cls(
            EXIT_CODE_WORDS.get(code, ErrorCode.UNEXPECTED), message or f"{EXIT_MEANINGS[code].capitalize()}.", advice
        )

    def document(self, code: int) -> dict[str, object]:
        """The member ``error`` of a document, of a command that ends with this exit code."""
        return {"code": self.code.value, "exit_code": code, "message": self.message, "advice": self.advice}


def _nothing(_: int) -> None:
    """What is to be done after most commands."""


class Answer:
    """The answer of one command. Without ``--json`` among its words, there is none."""

    def __init__(self, words: Sequence[str], out: TextIO) -> None:
        """The words are those of the command line, ``out`` is where the document goes."""
        options = list(words)[: list(words).index("--")] if "--" in words else words
        # Looked for before the words are understood, because they may not be.
        self.is_json = any(word == _FLAG or word.startswith(f"{_FLAG}=") for word in options)
        self._is_meant = self.is_json or not _SHORTENED.isdisjoint(options)
        self._out, self._printed, self._begun = out, io.StringIO(), ExitStack()
        # What another encoding lacks would be escaped by Python's rules, which are not those of JSON.
        self.encoding = out.encoding or "utf-8"
        self._is_ascii = self.encoding.lower().replace("_", "-") not in {"utf-8", "utf8"}
        self._document: Mapping[str, object] | None = None
        self._failure: Failure | None = None
        self._items: IO[str] | None = None
        self._is_written, self._is_vital = False, True
        self.log: Log = no_log
        """Where events go that programs may want to know; a failure is one."""
        self.at_end: Callable[[int], None] = _nothing
        """What is still to be done with the exit code, once the command has answered."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While something is done for the command: it is this answer that ``answer`` gives."""
        token = _ANSWER.set(self)
        try:
            yield
        finally:
            _ANSWER.reset(token)

    @contextmanager
    def alone_on_stdout(self) -> Iterator[None]:
        """While the command works: what else it prints does not get in the way of the document."""
        with self.at_work(), self._begun:
            if self.is_json:
                self._begun.enter_context(redirect_stdout(self._printed))
            yield

    def begin(self, *, is_asked_for: bool) -> None:
        """The words of the command have been understood, and ``--json`` is one of them or not."""
        if self.is_json and not is_asked_for:
            raise click.UsageError(f"{_FLAG} stands where another option needs its value. Give that option a value.")
        self.is_json = is_asked_for
        if self.is_json and sys.stderr is not None:
            self._begun.enter_context(redirect_stdout(sys.stderr))

    def put(self, document: Mapping[str, object], failure: Failure | None = None, *, is_vital: bool = True) -> None:
        """Keep the document of the command, and why it has failed all the same.

        If it is not ``is_vital``, a command whose document cannot be written ends as if it had been.
        """
        self._document, self._failure, self._is_vital = document, failure, is_vital

    def put_with_lines(self, document: Mapping[str, object], name: str, lines: Iterable[str | Iterable[str]]) -> None:
        """Keep a document with one more member, a list, each item as a line of JSON, or as the pieces of one.

        There may be millions.
        """
        from tempfile import SpooledTemporaryFile

        items = SpooledTemporaryFile(  # noqa: SIM115  read when the command has ended
            _MOST_IN_MEMORY, "w+", encoding="utf-8", errors="backslashreplace", newline=""
        )
        self._items = items
        comma, before = ("," if self._is_pretty else ", "), ("\n    " if self._is_pretty else "")
        for number, line in enumerate(lines):
            items.write(f"{comma if number else ''}{before}")
            items.writelines([line] if isinstance(line, str) else line)
        items.seek(0)
        self._document = {**document, name: []}

    def end_with(self, more: Mapping[str, object], failure: Failure | None) -> None:
        """Put what is known only by now before the lines of the document, and why the command has failed if it has."""
        self._document, self._failure = {**more, **(self._document or {})}, failure

    def put_now(self, document: Mapping[str, object]) -> None:
        """Write the document of a command that goes on until it is stopped."""
        self._document = document
        self._write({"schema": SCHEMA, "ok": True, **document})

    def fail(self, failure: Failure, *, by_words: bool = False) -> None:
        """The command has ended with an error, which takes the place of its document.

        ``by_words`` tells that its words were not understood.
        """
        self.is_json = self.is_json or (by_words and self._is_meant)
        self._document, self._failure = None, failure
        self.log(LogLine("command failed", Level.ERROR, details={"error": failure.code.value}))
        self._close_items()

    def end(self, code: int) -> int:
        """Write the document of a command that has ended with this exit code; gives that code."""
        try:
            if not self.is_json:
                # Now, while a failure can still be said: what is left would be written when Python ends.
                self._out.flush()
            elif not self._is_written:
                self._write(self._whole(code))
        except OSError as error:
            # An error that was said before is what the command ends with.
            if self._is_vital and self._failure is None:
                raise
            say(f"What the command prints could not be written ({error.strerror}).")
        finally:
            self._close_items()
        return code

    def text(self, document: object) -> str:
        """A value as JSON that this output can carry."""
        return json_text(document, indent=2 if self._is_pretty else None, ascii_only=self._is_ascii)

    def line(self, document: object) -> str:
        """A value as one line of that."""
        return json_text(document, ascii_only=self._is_ascii)

    @property
    def _is_pretty(self) -> bool:
        return self._out.isatty()

    def _close_items(self) -> None:
        if self._items is not None:
            self._items.close()
            self._items = None

    def _whole(self, code: int) -> dict[str, object]:
        printed, document = self._printed.getvalue().strip(), self._document
        if document is None and self._failure is None:
            # Of --help and --version, which click prints.
            document = {"text": printed}
        elif printed:
            say(printed)
        head: dict[str, object] = {"schema": SCHEMA, "ok": code in _GOOD}
        if code not in _GOOD:
            head["error"] = (self._failure or Failure.by_exit_code(Exit(code))).document(code)
        return {**head, **(document or {})}

    def _write(self, document: Mapping[str, object]) -> None:
        # These take a while to load, and most commands have no document.
        import shutil

        # Ctrl-C comes too late for another answer, and half of one is none; pressed again, it acts as usual.
        with ExitStack() as stack:
            # If Ctrl-C came while a module was loaded, that is left half loaded.
            with suppress(ImportError, AttributeError, NameError):
                from importer.cli.interruption import interrupts

                if threading.current_thread() is threading.main_thread():
                    stack.enter_context(interrupts(lambda _: None, ""))
            self._is_written = True
            text = self.text(document)
            if self._items is not None:
                end = "\n}" if self._is_pretty else "}"
                self._out.write(text.removesuffix(f"]{end}"))
                shutil.copyfileobj(self._items, self._out)
                text = f"\n  ]{end}" if self._is_pretty else f"]{end}"
            self._out.write(f"{text}\n")
            self._out.flush()


_ANSWER: ContextVar[Answer] = ContextVar("_ANSWER")


def answer() -> Answer:
    """The answer of the command that is at work; without ``run_cli`` around it, one that nobody gets."""
    return _ANSWER.get(None) or Answer((), sys.stdout)


def put_json(document: Mapping[str, object], failure: Failure | None = None, *, is_vital: bool = True) -> None:
    """Answer with this document, as ``--json`` promises."""
    answer().put(document, failure, is_vital=is_vital)
