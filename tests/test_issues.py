"""The catalogue, walked: each issue and notice has its sentences, and whatever is in a cell cannot spoil them."""

import shlex
import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.issues import (
    CATALOGUE,
    LONGEST_NOTICE,
    LONGEST_PICK,
    NOTICES,
    Candidate,
    Issue,
    Notice,
    Severity,
    header_in_words,
    notice_text,
)
from importer.text import SHOWN_CHARACTERS

PARTS = {"field", "column", "label", "row", "value", "detail", "pick"}


def named(template: str) -> set[str]:
    """The parts that a template names."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", CATALOGUE)
def test_each_issue_has_two_whole_sentences(code: str) -> None:
    """What is wrong and what to do, of parts that every issue has."""
    kind = CATALOGUE[code]
    assert named(kind.message) | named(kind.fix) <= PARTS
    issue = Issue(code, 7, "B7", "Room", "ResourceId", "abc", "12")
    for sentence in (issue.message, issue.fix):
        assert sentence.endswith((".", '"'))
        assert "{" not in sentence
    assert issue.severity is kind.severity


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_warning_says_that_the_row_is_sent(code: str) -> None:
    """An error says what to change; nobody has to know the word that stands for it."""
    kind = CATALOGUE[code]
    if kind.severity is Severity.ERROR:
        assert "is sent" not in kind.fix
    assert code not in kind.message + kind.fix


@given(st.sampled_from(sorted(CATALOGUE)), st.text(max_size=200), st.text(max_size=200))
def test_no_cell_can_spoil_a_sentence(code: str, value: str, label: str) -> None:
    """Braces, control characters and whole novels are quoted as one short line."""
    issue = Issue(code, 7, "B7", label, "Name", value, "x")
    shown = issue.message + issue.fix
    assert len(shown.splitlines()) == 1
    assert not [c for c in shown if unicodedata.category(c)[0] == "C"]
    plain = Issue(code, 7, "B7", "", "Name", "", "x")
    for sentence, bare in ((issue.message, plain.message), (issue.fix, plain.fix)):
        # An apostrophe that is quoted for a shell is five characters long.
        longest = 5 * LONGEST_PICK if CATALOGUE[code].is_fixed_by_value else 2 * SHOWN_CHARACTERS
        assert len(sentence) <= len(bare) + longest


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=LONGEST_PICK).map(str.strip))
@example('Ada "the" Abbott')
@example("A$PATH `id` \\ O'Neill!")
def test_a_choice_that_is_advised_works_when_typed(name: str) -> None:
    """Whatever the name is, the shell passes it on as it is."""
    words = shlex.split(Issue("name-ambiguous", 7, "B7", value=f" {name} ").fix.removesuffix("."))
    assert words[-2:] == ["--pick", f"{name}=ID"]


def test_a_sentence_names_what_the_user_sees() -> None:
    """The header where there is one, else the field; with neither it is still a sentence."""
    assert "Room" in Issue("cell-empty", 7, field="Name", label="Room").message
    assert "Name" in Issue("cell-empty", 7, field="Name").message
    assert Issue("cell-empty", 7).message.endswith(".")


HEADERS = [
    # (the header, the field, how a sentence names it)
    ("ResourceId", "ResourceId", "ResourceId"),
    ("Resource Id", "ResourceId", "Resource Id"),
    ("resource_id", "ResourceId", "resource_id"),
    ("", "ResourceId", "ResourceId"),
    ("CoworkerName", "CoworkerId", "CoworkerName"),
    ("Who", "CoworkerId", '"Who"'),
    ("Which room?", "ResourceId", '"Which room?"'),
    ("Column A", "", '"Column A"'),
    ("Valid\nuntil", "SubscriptionExpireDate", '"Valid until"'),
]


@pytest.mark.parametrize(("header", "field", "words"), HEADERS)
def test_a_header_that_is_not_the_name_of_its_field_is_in_quotation_marks(header: str, field: str, words: str) -> None:
    """Without them, "Who is empty." would ask a question."""
    assert header_in_words(header, field) == words


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        (Candidate(7, ("Studio",), "Harbour House"), "7 (Studio, Harbour House)"),
        (Candidate(7, ("Jo", "jo@example.com")), "7 (Jo, jo@example.com)"),
        (Candidate(7, ("", "x\ny")), "7 (x\ufffdy)"),
    ],
)
def test_a_candidate_is_told_from_its_namesakes(candidate: Candidate, words: str) -> None:
    """By Id first, for that is what the user enters."""
    assert str(candidate) == words


VALUES: dict[str, str | int] = {
    "example": "é",
    "encoding": "cp1250",
    "text": "(3 rows affected)",
    "first": 1,
    "last": 2,
    "header": 3,
    "names": "a, b",
    "count": 1209,
    "suffix": ".xls",
    "why": "its sheet is protected",
    "order": "",
    "zone": "UTC",
}


@pytest.mark.parametrize("code", NOTICES)
def test_each_notice_is_a_sentence_and_a_document(code: str) -> None:
    """For people and for programs, of the same values."""
    notice = Notice(code, VALUES)
    assert "{" not in notice.message + notice.advice
    assert notice.message.endswith(".")
    assert notice.document == {
        "code": code,
        "doubtful": notice.doubtful,
        "values": VALUES,
        "message": notice.message,
        "advice": notice.advice,
    }


def test_a_notice_quotes_no_novel() -> None:
    """A word of a hostile file may be as long as the file."""
    notice = Notice("encoding-guessed", {"example": "x\x1b" * 5_000})
    assert len(notice.message) < LONGEST_NOTICE + 100
    assert notice.message.isprintable()


def test_notices_are_one_text() -> None:
    """Those without advice leave no gap."""
    notices = [Notice("macros-not-run", {}), Notice("encoding-guessed", {"example": "é"})]
    text = notice_text(notices)
    assert text == f"{notices[0].message} {notices[1].message} {notices[1].advice}"
