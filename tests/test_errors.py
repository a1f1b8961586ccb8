"""Exit codes: a contract with scripts."""

from collections.abc import Iterator
from itertools import permutations

import pytest

from importer import errors
from importer.errors import (
    ERROR_MEANINGS,
    EXIT_CODE_WORDS,
    EXIT_MEANINGS,
    EncodingError,
    ErrorCode,
    Exit,
    FileError,
    ImporterError,
    SheetsError,
    StoppedError,
    UnlistedError,
    gravest,
)


def test_every_code_has_a_meaning_and_keeps_its_number() -> None:
    """A script that was written against a number must not meet another meaning."""
    assert set(EXIT_MEANINGS) == set(Exit)
    numbers = {"DONE": 0, "ROWS_FAILED": 1, "USAGE": 2, "FILE": 3, "SIGN_IN": 4, "SERVICE": 5, "LIMIT": 6, "BUSY": 7}
    assert {code.name: int(code) for code in Exit} == numbers | {"IN_DOUBT": 8, "UNEXPECTED": 9, "INTERRUPTED": 130}


@pytest.mark.parametrize(
    ("codes", "gravest_of_them"),
    [
        ((Exit.DONE,), Exit.DONE),
        ((Exit.DONE, Exit.ROWS_FAILED), Exit.ROWS_FAILED),
        ((Exit.INTERRUPTED, Exit.FILE), Exit.FILE),
        ((Exit.IN_DOUBT, Exit.SIGN_IN, Exit.INTERRUPTED), Exit.IN_DOUBT),
        ((Exit.UNEXPECTED, Exit.IN_DOUBT, Exit.INTERRUPTED), Exit.UNEXPECTED),
        ((Exit.LIMIT, Exit.SERVICE, Exit.BUSY), Exit.BUSY),
    ],
)
def test_several_files_end_with_what_asks_most_of_a_person(codes: tuple[Exit, ...], gravest_of_them: Exit) -> None:
    """The order in which the files were named decides nothing, nor does the height of a number."""
    for order in permutations(codes):
        assert gravest(order) is gravest_of_them


def test_gravity_knows_every_code() -> None:
    """A code without a place in the order would end the command that it is to end."""
    for code in Exit:
        assert gravest([code, Exit.DONE]) is code


def test_no_error_of_ours_is_an_unexpected_one() -> None:
    """Code 9 tells of a bug; an error that we raise says what is wrong and what to do."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ImporterError)]
    assert len(kinds) > 5
    assert Exit.UNEXPECTED not in {kind.exit_code for kind in kinds}


@pytest.mark.parametrize(
    "error",
    [
        FileError("a", "b", on_page="c"),
        EncodingError("a", "b", {"cp1250": "Łódź"}, "cp1250"),
        SheetsError("a", "b", ("March", "April"), on_page="c"),
        UnlistedError("a", "b", "why", on_page="c"),
        StoppedError("a", "b", Exit.LIMIT),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_in_other_words_carries_what_it_carried(error: ImporterError) -> None:
    """Its kind, its exit code and what a front end can offer."""
    again = error.reworded("x", "y", "z")
    assert (type(again), str(again), again.message, again.advice, again.on_page) == (type(error), "x", "x", "y", "z")
    texts = {"message", "advice", "on_page"}
    assert {k: v for k, v in vars(again).items() if k not in texts} == {
        k: v for k, v in vars(error).items() if k not in texts
    }


def every_error(kind: type[ImporterError] = ImporterError) -> Iterator[type[ImporterError]]:
    """Each class of the tree."""
    for inner in kind.__subclasses__():
        yield inner
        yield from every_error(inner)


def test_every_kind_of_error_has_a_word_with_its_exit_code() -> None:
    """A script may rely on both, so they belong together; and none has another's word, but what a page alone raises."""
    words: dict[ErrorCode, str] = {}
    for kind in every_error():
        assert ERROR_MEANINGS[kind.code][0] == kind.exit_code, kind
        if kind.__module__ == errors.__name__ and kind is not StoppedError:
            assert words.setdefault(kind.code, kind.__name__) == kind.__name__
    assert set(ERROR_MEANINGS) == set(ErrorCode)


def test_a_stopped_command_says_whether_at_a_limit() -> None:
    """The exit code and the word are two spellings of one thing."""
    assert StoppedError("Stopped.").code is ErrorCode.INTERRUPTED
    assert StoppedError("Stopped.", exit_code=Exit.LIMIT).code is ErrorCode.LIMIT


def test_each_exit_code_of_a_failure_has_a_word() -> None:
    """For what ends without an error, but with a result."""
    assert set(EXIT_CODE_WORDS) == set(Exit) - {Exit.DONE, Exit.ROWS_FAILED}
    assert all(ERROR_MEANINGS[word][0] == code for code, word in EXIT_CODE_WORDS.items())
