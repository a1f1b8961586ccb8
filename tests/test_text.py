"""Numbers, lengths of time, moments and plans in words."""

import os
import re
import shlex
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model import Account, Plan
from importer.text import MOST_CONFLICTS, count, duration, moment, plan_lines, printable, shell_word, wait_words, zone

NOON = datetime(2027, 6, 9, 12, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0
PLAN = Plan(rows=10, create=0, existing=0, invalid=0, blocked=0, quota_left=None, seconds=0.0, finish=NOON)
ACCOUNT = Account("key", "ops@example.com", "Harbour House")


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1209, "1,209 rows"), (10**6, "1,000,000 rows")]
)
def test_a_number_has_its_noun(number: int, words: str) -> None:
    """One thing is no plural, nothing is."""
    assert count(number, "row") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59.9, "less than a minute"),
        (60, "1 minute"),
        (95, "1 minute and 35 seconds"),
        (599, "9 minutes and 59 seconds"),
        (600, "10 minutes"),
        (629, "10 minutes"),
        (631, "11 minutes"),
        (3600, "1 hour"),
        (2 * DAY + 3 * 3600, "2 days and 3 hours"),
    ],
)
def test_a_length_of_time_is_told_as_exactly_as_anybody_cares(seconds: float, words: str) -> None:
    """Seconds in the first ten minutes, minutes afterwards."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("then", "begins"),
    [
        (NOON, ""),
        (NOON + DAY, "Thursday 10 June "),
        (NOON - DAY, "Tuesday 8 June "),
        (NOON + 300 * DAY, "4 April 2028 "),
    ],
)
def test_a_moment_names_its_day_when_that_is_another(then: float, begins: str) -> None:
    """And its year when that is another; always the zone of this machine."""
    local = datetime.fromtimestamp(then, UTC).astimezone()
    assert moment(then, NOON) == f"{begins}{local:%H:%M %Z}"
    assert zone(NOON) == f"{datetime.fromtimestamp(NOON, UTC).astimezone():%Z}"


@given(st.text(), st.integers(1, 90))
def test_whatever_is_quoted_is_one_short_line_that_steers_nothing(text: str, limit: int) -> None:
    """No control, format or half character, and never longer than was asked for."""
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1
    assert not [c for c in shown if unicodedata.category(c)[0] == "C"]
    if text.isprintable() and len(text) <= limit:
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abcdef", "abcd…"),
        ("abcde", "abcde"),
        ("a\x1b[2", "a\ufffd[2"),
        ("a\nb", "a\ufffdb"),
        # A line and a paragraph by another name.
        ("a\u2028b", "a\ufffdb"),
        ("a\u2029b", "a\ufffdb"),
        ("\u202eabc", "\ufffdabc"),
        ("a\ud800", "a\ufffd"),
    ],
)
def test_what_is_cut_or_replaced_can_be_seen(text: str, shown: str) -> None:
    """The end by dots, a character that cannot be shown by its placeholder."""
    assert printable(text, 5) == shown


def lines(account: Account | None = ACCOUNT, **changes: object) -> list[str]:
    """A plan in sentences."""
    return list(plan_lines(replace(PLAN, **changes), account))  # type: ignore[arg-type]


def numbers(text: str) -> list[int]:
    """The numbers in a sentence, in their order."""
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


def test_a_plan_without_a_call_names_neither_a_time_nor_a_quota() -> None:
    """It says how many rows exist, where, and that nothing is left to do."""
    first, second = lines(existing=10, quota_left=96)
    assert numbers(first) == [10]
    assert "in Harbour House as ops@example.com" in first
    assert numbers(second) == []


def test_a_plan_says_what_where_at_what_cost_and_until_when() -> None:
    """With every row that is left out: invalid, existing and blocked ones, and those of other values."""
    first, second, *_ = lines(
        create=4000, invalid=3, existing=2, blocked=1, changed=5, quota_left=96, seconds=240.0, finish=NOON + 240
    )
    assert numbers(first) == [4000, 3, 2, 1, 5]
    assert "4,000 calls (96 writes left today)" in second
    assert f"4 minutes, until {moment(NOON + 240, NOON)}." in second
    assert lines(None, create=1)[0] == "Plan: 1 record to create."


def test_a_plan_names_the_rows_that_differ() -> None:
    """The first of them with a sentence each, and how many more there are."""
    conflicts = [(row, f"sentence {row}") for row in range(2, 14)]
    _, _, head, *shown = lines(create=1, changed=14, conflicts=conflicts)
    assert head.strip().startswith("14 rows ")
    assert [line.strip() for line in shown[:-1]] == [f"row {r}: sentence {r}" for r in range(2, 2 + MOST_CONFLICTS)]
    assert numbers(shown[-1]) == [4]
    _, _, head, *shown = lines(changed=1, conflicts=conflicts[:1])
    assert head.strip().startswith("1 row ")
    assert [line.strip() for line in shown] == ["row 2: sentence 2"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3.0, "for 1 second"), (0.4, "for 1 second"), (31.2, "for 32 seconds"), (59.0, "for 59 seconds")],
)
def test_a_short_wait_is_told_in_seconds(seconds: float, words: str) -> None:
    """Nobody can tell how long a wait until 10:42 is at 10:42."""
    assert wait_words(1_795_000_000.0 + seconds, 1_795_000_000.0) == words


def test_a_long_wait_is_told_by_its_end() -> None:
    """Counting thousands of seconds helps nobody."""
    now = 1_795_000_000.0
    assert wait_words(now + 3_600, now) == f"until {moment(now + 3_600, now)}"


@pytest.mark.skipif(os.name != "posix", reason="the shells of other systems quote in other ways")
@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_a_path_in_a_command_is_the_file_and_never_an_option(name: str) -> None:
    """However the file is called; the standard input stays what it is."""
    path = Path(name)
    [word] = shlex.split(shell_word(path))
    assert Path(word) == path
    assert not word.startswith("-") or word == "-"
    assert shlex.split(shell_word(name)) == [name]


@pytest.mark.skipif(os.name != "posix", reason="the shells of other systems quote in other ways")
@pytest.mark.parametrize(
    ("path", "word"), [("-week.csv", "./-week.csv"), ("-", "-"), ("a b.csv", "'a b.csv'"), ("--all", "./--all")]
)
def test_a_file_that_begins_with_a_dash_can_be_typed(path: str, word: str) -> None:
    """As it is, the command would take its name for options."""
    assert shell_word(Path(path)) == word
