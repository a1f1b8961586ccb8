"""What is wrong with a row, and what to do about it, for somebody who has no command line in front of them. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from importer.issues import Issue, Notice
from schemas import RECORD_TYPES

_CHOOSE_ENCODING = "If that looks wrong, choose its encoding below."
"""Instead of advice that names an option of the command line; the page has a choice of its own."""

_ON_A_PAGE = {
    "date-ambiguous": "Choose how to read the whole column, or write the date with the year first.",
    "name-not-looked-up": "Sign in to Nexudus so that it can be looked up, or enter the Id.",
    "name-ambiguous": "Choose the right one.",
    "duplicate-row": "Change one of them, or import without this row.",
    "duplicate-key": "Keep the one that is up to date, and leave out the other.",
    "ids-not-listed": "Check that you are signed in with the right account. The rows are sent as they are.",
}
"""What to do where the catalogue's advice is about the command line."""


_DATE_OF_PROGRAMS, _DATE_OF_PEOPLE = "2027-04-30T10:30:00Z", "30 April 2027 10:30"
"""The example of a date in the record types, and another one in the time zone of the page."""

_OF_NO_VALUE = frozenset({"cell-empty", "cell-merged", "cell-error", "formula-without-value", "no-value"})
_EXAMPLES = {
    (name, True): reference.example for kind in RECORD_TYPES.values() for name, reference in kind.references.items()
}
"""Names for a cell that has to be filled; what is wrong with an Id that stands there is said with an Id."""


def notice_on_page(notices: Sequence[Notice], choose_encoding: str = _CHOOSE_ENCODING) -> str:
    """What reading the file has to say; ``choose_encoding`` is how to choose another one."""
    texts = ((notice.message, _notice_advice(notice, choose_encoding)) for notice in notices)
    return " ".join(text for pair in texts for text in pair if text)


def _notice_advice(notice: Notice, choose_encoding: str) -> str:
    return choose_encoding if notice.code in {"encoding-guessed", "encoding-remembered"} else notice.advice


def advice_on_page(issue: Issue) -> str:
    """What to do about an issue, for somebody who has no command line in front of them."""
    return _ON_A_PAGE.get(issue.code, _with_example_of_people(issue).fix)


def _with_example_of_people(issue: Issue) -> Issue:
    """The issue with an example as staff would type it: a date as people write dates, a name in place of an Id."""
    example = _EXAMPLES.get((issue.field or "", issue.code in _OF_NO_VALUE)) or issue.detail
    return replace(issue, detail=_DATE_OF_PEOPLE if issue.detail == _DATE_OF_PROGRAMS else example)


def words_on_page(issue: Issue) -> str:
    """What is wrong and what to do about it, as the page says it."""
    return f"{issue.message} {advice_on_page(issue)}"
