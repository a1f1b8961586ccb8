"""The manual: one page a topic, written for one reader with one task, shipped with the package.

``plain_text.py`` prepares a page for a terminal.

Must not know who shows it: the terminal (``importer help``) and the page (``/help``) read the same Markdown.
"""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["TOPICS", "Topic", "find_topic", "near_names", "topics"]

TOPICS = (
    "getting-started",
    "practice",
    "your-spreadsheet",
    "importing",
    "fixing",
    "renewing",
    "accounts",
    "team",
    "scheduling",
    "python",
    "personal-data",
    "operations",
    "commands",
    "settings",
    "json-and-exit-codes",
    "promises",
    "record-types",
    "figures",
    "decisions",
    "contributing",
    "faults",
    "security",
    "security-standard",
    "glossary",
)
"""Every page of the manual, in the order in which the list shows them."""

_MADE = re.compile(r"<!-- (?:made: [\w-]+|end) -->\n")
_CLOSE_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Topic:
    """One page: its name in addresses, its title, what it is for in one sentence, and its Markdown."""

    name: str
    title: str
    summary: str
    markdown: str


@cache
def topics() -> tuple[Topic, ...]:
    """Every page, in the order of TOPICS."""
    return tuple(map(_read, TOPICS))


def find_topic(name: str) -> Topic | None:
    """The page with this name, however it is capitalised; None if there is none."""
    return next((topic for topic in topics() if topic.name == name.lower()), None)


def near_names(name: str, others: tuple[str, ...] = ()) -> list[str]:
    """The topics, and the ``others``, that a typed ``name`` may mean; the nearest first."""
    names = (*TOPICS, *others)
    parts = [other for other in names if name.lower() in other.split("-")]
    return list(dict.fromkeys([*parts, *difflib.get_close_matches(name.lower(), names, n=3, cutoff=_CLOSE_ENOUGH)]))


def _read(name: str) -> Topic:
    text = (files(__name__) / f"{name}.md").read_text(encoding="utf-8")
    # The marks of the generated blocks are for the file alone: a page that allows no HTML would show them.
    markdown = _MADE.sub("", text)
    title, summary = markdown.split("\n\n", 2)[:2]
    return Topic(name, title.removeprefix("# "), " ".join(summary.split()), markdown)
