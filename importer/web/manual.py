"""The routes of the manual: its list of pages, and each page in the design of the others."""

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from importer.guide import Topic, find_topic, topics
from importer.web.context import NOT_FOUND, page

_EXAMPLE, _TABLE = '<pre tabindex="0" role="group" aria-label="Example">', '<table tabindex="0">'
"""On a narrow screen a long line is reached only by scrolling, also by the keyboard."""

_NOT_IN_ADDRESSES = re.compile(r"[^\w\- ]")


async def contents(request: Request) -> Response:
    """Every page of the manual with its one sentence."""
    return page(request, "help.html", topics=topics(), topic=None, text="")


async def topic(request: Request) -> Response:
    """One page of the manual."""
    chosen = find_topic(request.path_params["topic"])
    if chosen is None:
        raise HTTPException(NOT_FOUND)
    return page(request, "help.html", topics=topics(), topic=chosen, text=_page(chosen))


@cache
def _page(shown: Topic) -> Markup:
    """The page as HTML; what is HTML in its Markdown is escaped."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(shown.markdown)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            token.attrSet("id", anchor(following.content))
        _point_inside(token.children or ())
    html = parser.renderer.render(tokens, parser.options, {}).replace("<pre>", _EXAMPLE).replace("<table>", _TABLE)
    return Markup(html)  # noqa: S704  our own pages, without their HTML


def anchor(heading: str) -> str:
    """What a link to a heading ends with, spelt as code hosts spell it."""
    return _NOT_IN_ADDRESSES.sub("", heading.lower()).replace(" ", "-")


def _point_inside(tokens: Sequence[Token]) -> None:
    """Let the links between the files of the manual lead to its pages."""
    for token in tokens:
        target = str(token.attrGet("href") or "") if token.type == "link_open" else ""
        if target and "://" not in target:
            token.attrSet("href", target.replace(".md", ""))
