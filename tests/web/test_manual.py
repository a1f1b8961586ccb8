"""The manual on the page: every topic, in the page's own design, with nothing that a page must not hold."""

import re

import pytest

from importer.guide import TOPICS, Topic, topics
from importer.web import manual
from importer.web.guard import POLICY
from web.kit import Client, Site, plain


def test_help_lists_every_page(client: Client) -> None:
    """The list has a link and a sentence for each page, and each link leads to it."""
    listed = client.get("/help")
    assert 'href="/help" aria-current="page"' in listed.text
    assert re.findall(r'href="/help/([\w-]+)"', listed.text) == list(TOPICS)
    for topic in topics():
        shown = client.get(f"/help/{topic.name}")
        assert shown.status == 200
        assert shown.headers["Content-Security-Policy"] == POLICY
        assert f"<title>{topic.title}" in shown.text.replace("&#39;", "'")


def test_links_between_pages_lead_to_pages(client: Client) -> None:
    """What leads to a file of the guide on a code host leads to its page here, and headings can be linked to."""
    for name in TOPICS:
        text = client.get(f"/help/{name}").text
        for target, _, heading in re.findall(r'href="((?!/)[\w-]+)(#([\w-]+))?"', text):
            assert target in TOPICS
            assert not heading or f'id="{heading}"' in client.get(f"/help/{target}").text
        assert ".md" not in re.findall(r'href="([^"]*)"', text)


def test_tables_and_examples_are_rendered(client: Client) -> None:
    """Markdown never shows as Markdown."""
    text = client.get("/help/settings").text
    assert "<table " in text
    assert "NEXUDUS_URL" in text
    assert "|---" not in text
    assert "made:" not in plain(text)


def test_long_lines_of_examples_are_reached_by_the_keyboard(client: Client) -> None:
    """Each example and each table scrolls on its own, so each can have the focus."""
    wide = [tag for name in TOPICS for tag in re.findall("<(?:pre|table)[^>]*>", client.get(f"/help/{name}").text)]
    assert wide
    assert {tag for tag in wide if 'tabindex="0"' not in tag} == set()


def test_html_in_the_manual_is_escaped() -> None:
    """A tag or a script address in a page's source is shown as text, and leads nowhere."""
    topic = Topic("x", "X", "x.", "# <b>X</b>\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1))\n")
    shown = str(manual._page(topic))
    assert "<script" not in shown
    assert "<b>" not in shown
    assert 'href="javascript' not in shown


@pytest.mark.parametrize("name", ["nothing", "..%2fREADME", "importing.md", "Importing%00"])
def test_an_unknown_page_is_not_there(client: Client, name: str) -> None:
    """Only the topics of the list are pages; nothing is read by the name in an address."""
    assert client.get(f"/help/{name}").status == 404


def test_help_needs_a_session(site: Site) -> None:
    """The manual is for whoever may open the pages."""
    assert site.stranger().get("/help").status == 401
