"""Pages of the manual as plain text: what a terminal shows of each kind of block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.guide.plain_text import plain_text

WIDTH = 80

SAMPLE = """# Title

A *first* [page](importing.md) and `code` at
<https://example.com>.

## Part

- one
- two [here](#part)

1. first

| a | b |
|---|---|
| 1 | long {} |
"""
SHOWN = """Title
=====

A first page (importer help importing) and `code` at https://example.com
(https://example.com).

Part
----

- one
- two here

1. first

"""


def test_markdown_reads_well_as_plain_text() -> None:
    """Headings are underlined, links say what to type, tables stand in columns, or one below the other if too wide."""
    assert plain_text(SAMPLE.format("x"), WIDTH) == f"{SHOWN}a  b\n-  ------\n1  long x\n"
    assert plain_text(SAMPLE.format("word " * 20), WIDTH).startswith(f"{SHOWN}1\n    long word word")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# A", "A\n="),
        ("## Two words", "Two words\n---------"),
        ("### Three", "Three"),
        ("a\nb", "a b"),
        ("a  \nb", "a b"),
        ("*a* **b** `c`", "a b `c`"),
        ("[a](importing.md#part)", "a (importer help importing)"),
        ("[a](https://example.com/x)", "a (https://example.com/x)"),
        ("```\nimporter  run   x\n\ny\n```", "    importer  run   x\n\n    y"),
        ("    code  here", "    code  here"),
        ("3. a\n4. b", "1. a\n2. b"),
        ("- a\n\n  b\n- c", "- a\n  b\n- c"),
        ("- a\n  - b\n- c", "- a\n  - b\n- c"),
        ("| a | b |\n|---|---|\n| 1 | |\n| long | 2 |", "a     b\n----  -\n1\nlong  2"),
    ],
)
def test_each_kind_of_block(markdown: str, text: str) -> None:
    """One line for each; a page ends with a line end."""
    assert plain_text(markdown, WIDTH) == text + "\n"


def test_a_wide_table_becomes_terms_with_their_headers() -> None:
    """Of three columns each cell says which it is; an empty one is left out."""
    rows = f"| option | default | meaning |\n|---|---|---|\n| `--rate` | 60/min | {'word ' * 14}|\n| `--x` | | y |\n"
    assert plain_text(rows, WIDTH) == (
        f"`--rate`\n    default: 60/min\n    meaning: {' '.join(['word'] * 13)}\n      word\n`--x`\n    meaning: y\n"
    )


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=60)


@given(WORDS, st.sampled_from(["{}", "- {}", "1. {}", "- x\n  - {}"]), st.integers(30, 100))
def test_no_line_of_prose_is_longer_than_the_terminal(words: list[str], form: str, width: int) -> None:
    """In a list as outside; and no word is lost or divided."""
    text = plain_text(form.format(" ".join(words)), width)
    assert max(map(len, text.splitlines())) <= width
    assert [word for word in text.split() if word not in {"-", "1.", "x"}] == words
