"""The words and filters of pages, and what no template may say."""

import re
from pathlib import Path

import pytest

import importer.web
from importer.model import Status
from importer.web.render import number, render, short, size, status_title, status_word

TEMPLATES = sorted((Path(importer.web.__file__).parent / "templates").glob("*.html"))
FOR_WHOEVER_STARTED_IT = {"sign_in_required.html"}
"""Without a session the only way on is the terminal in which the pages were started."""

PLAIN = {"importer finds"}
"""Sentences about the importer itself."""

_COMMAND = re.compile(r"\bimporter (?:[a-z]+\b|<)|(?<![\w-])--[a-z]")
_MARKUP = re.compile(r"\{[{%#].*?[}%#]\}|<[^>]*>", re.DOTALL)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_page_names_no_command_and_no_flag(template: Path) -> None:
    """They belong to the terminal; here there is a button."""
    text = _MARKUP.sub(" ", template.read_text("utf-8"))
    commands = [] if template.name in FOR_WHOEVER_STARTED_IT else _COMMAND.findall(text)
    assert [command for command in commands if command not in PLAIN] == []


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_word_for_the_page(status: Status) -> None:
    """In small letters but for names, for it stands in the middle of a line; at its beginning it has a capital."""
    assert status_word(status)
    assert status_word(status).replace("Nexudus", "nexudus").islower()
    assert status_title(status).replace("Nexudus", "nexudus") == status_word(status).capitalize()


def test_statuses_are_told_apart() -> None:
    """No two have one word."""
    assert len({status_word(status) for status in Status}) == len(Status)


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "1 KB"), (1, "1 KB"), (2_047, "1 KB"), (2_048, "2 KB"), (1024**2, "1.0 MB"), (50 * 1024**2, "50.0 MB")],
)
def test_sizes_are_said_in_words(octets: int, words: str) -> None:
    """A file of a few bytes is not of no size."""
    assert size(octets) == words


def test_numbers_have_separators_and_texts_one_line() -> None:
    """Whatever they hold."""
    assert number(12_345.6) == "12,346"
    assert (
        short("a\nb" * 40, 10) == "a\N{REPLACEMENT CHARACTER}ba\N{REPLACEMENT CHARACTER}ba\N{REPLACEMENT CHARACTER}b…"
    )


def test_texts_of_users_are_escaped() -> None:
    """In every template, because no template says otherwise."""
    page = render("row.html", {})
    assert page.strip() == ""
    frame = {"path": "/", "person": None, "sandbox": False, "host": "x", "signed_in": False, "team": False}
    text = render("error.html", {**frame, "title": "<b>1 & 2</b>", "advice": "'\"", "again": "", "may_run": False})
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in text
    assert "<b>" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_only_the_frame_reloads_a_page_so_that_the_address_is_always_said(template: Path) -> None:
    """Told only the seconds, a browser scrolls to the fragment of the address again and shows the old page for ever."""
    assert ("http-equiv" in template.read_text("utf-8")) == (template.name == "base.html")


def test_a_page_that_waits_reloads_without_scripts_and_without_the_fragment() -> None:
    """Its address stands in quotes, whatever is in it."""
    nobody = {"path": "/x", "person": None}
    text = render("later.html", {**nobody, "place": '/uploads/x/check?only=error&page=1"'})
    assert 'content="2;url=/uploads/x/check?only=error&amp;page=1&#34;"' in text
    assert "http-equiv" not in render("error.html", {**nobody, "place": "/x", "title": "No", "advice": "", "again": ""})
