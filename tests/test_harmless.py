"""Text of others is shown without what steers a terminal, and without the password in an address."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError, ImporterError
from importer.harmless import harmless, harmless_line, steers, without_passwords

STEERING = (
    "\x00\x07\x08\r\x0b\x1b\x7f\x85\x9b\xad\u061c\u200b\u200f\u202e\u2028\u2029\u2066\u2069\ufeff\U000e0041\ud800"
)
TEXTS = st.text(st.sampled_from(f"{STEERING}\n\tab é字\U0001f600") | st.characters(codec=None), max_size=30)


@pytest.mark.parametrize("character", STEERING)
def test_what_steers_a_terminal_becomes_a_placeholder(character: str) -> None:
    """Escapes in both their forms, marks that turn text round, what shows nothing, and halves of characters."""
    assert harmless(f"a{character}[31mb") == "a\N{REPLACEMENT CHARACTER}[31mb"


@given(TEXTS)
def test_whatever_is_shown_steers_nothing(text: str) -> None:
    """In several lines only line ends and tabs are left, in one line not even these; what shows stays."""
    assert not [c for c in harmless(text) if steers(c) and c not in "\n\t"]
    assert not [c for c in harmless_line(text) if steers(c)]
    assert len(harmless(text)) == len(text) or "://" in text
    assert any(map(steers, text)) or harmless(text) == text or "://" in text


ADDRESSES = [
    ("http://ines:canary@proxy.example.com:8080", "http://ines:***@proxy.example.com:8080"),
    ("postgresql+psycopg://ines:canary@db/journal", "postgresql+psycopg://ines:***@db/journal"),
    ("http://:canary@proxy:1", "http://:***@proxy:1"),
    ("http://ines:can@ary@proxy:1", "http://ines:***@proxy:1"),
    ("http://ines:can/ary@proxy:1", "http://ines:***@proxy:1"),
    ("http://ines:can:ary@proxy:1", "http://ines:***@proxy:1"),
    ("http://ines:can?ary#@proxy:1", "http://ines:***@proxy:1"),
    ("postgresql://db/journal?user=ines&password=canary", "postgresql://db/journal?user=ines&password=***"),
    ("postgresql://db/journal?sslpassword=canary&x=1", "postgresql://db/journal?sslpassword=***&x=1"),
    (
        "https://b.s3.example/a.csv?X-Amz-Signature=canary&X-Amz-Date=1",
        "https://b.s3.example/a.csv?X-Amz-Signature=***&X-Amz-Date=1",
    ),
    ("https://b.blob.example/a.csv?sv=1&sig=canary", "https://b.blob.example/a.csv?sv=1&sig=***"),
    ("a http://ines:canary@one, b http://bo:canary@two.", "a http://ines:***@one, b http://bo:***@two."),
]
UNTOUCHED = [
    "https://spaces.nexudus.com",
    "http://127.0.0.1:8642/runs/1",
    "http://[::1]:8650",
    "sqlite:////home/ines/journal.sqlite3",
    "Write to ops@example.com: it is about http.",
    "12:30 ines@example.com",
    "postgresql://ines@db/journal",
    "Open http://127.0.0.1:8642/ and write to ops@example.com",
]


@pytest.mark.parametrize(("text", "shown"), ADDRESSES)
def test_no_password_in_an_address_is_shown(text: str, shown: str) -> None:
    """However it is spelt, also with the letters in it that belong into a number; who and where stay."""
    assert without_passwords(text) == shown


@pytest.mark.parametrize("text", UNTOUCHED)
def test_an_address_without_a_password_stays(text: str) -> None:
    """A port is no password, an e-mail no host."""
    assert without_passwords(text) == text


@given(st.text(st.sampled_from([c for c in string.printable if c not in f"\"'<>{string.whitespace}"]), min_size=6))
def test_whatever_the_password_is_nothing_of_it_is_shown(password: str) -> None:
    """Any letters that an address may hold."""
    text = without_passwords(f"The proxy http://ines:{password}@host:8080 cannot be used.")
    assert re.fullmatch(r"The proxy http://ines:\*\*\*@host:8080 cannot be used\.", text)


@given(TEXTS)
def test_an_error_is_harmless_whatever_it_quotes(text: str) -> None:
    """On the terminal, on the page and in a log alike; its message is one line."""
    error = ImporterError(f"There is no file {text}.", f"See {text}.", on_page=text)
    again = FileError("x").reworded(text, text, text)
    for one in (error, again):
        assert not [c for c in one.message + str(one) if steers(c)]
        assert not [c for c in one.advice + one.on_page if steers(c) and c not in "\n\t"]
    assert "canary" not in ImporterError("http://a:canary@b", "http://a:canary@b").__dict__.values()
