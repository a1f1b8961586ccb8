"""A page of the manual as plain text for a terminal: headings underlined, tables aligned where they fit."""

import textwrap
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_GAP = "  "
_UNDERLINES = {"h1": "=", "h2": "-"}


def plain_text(markdown: str, width: int = 80) -> str:
    """The page with no line of prose longer than ``width`` characters; examples keep their lines."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(markdown))
    return "\n\n".join(filter(None, (_block(node, width) for node in tree.children))) + "\n"


def _block(node: SyntaxTreeNode, width: int) -> str:
    match node.type:
        case "heading":
            text = _words(node)
            return f"{text}\n{_UNDERLINES.get(node.tag, '') * len(text)}".rstrip()
        case "fence" | "code_block":
            return textwrap.indent(node.content.rstrip("\n"), "    ")
        case "bullet_list" | "ordered_list":
            return "\n".join(
                _item(item, f"{number}. " if node.type == "ordered_list" else "- ", width)
                for number, item in enumerate(node.children, start=1)
            )
        case "table":
            return _table(
                [[_words(cell) for cell in row.children] for part in node.children for row in part.children], width
            )
        case _:
            return textwrap.fill(_words(node), width, break_long_words=False, break_on_hyphens=False)


def _item(node: SyntaxTreeNode, mark: str, width: int) -> str:
    blocks = "\n".join(_block(child, width - len(mark)) for child in node.children)
    return mark + textwrap.indent(blocks, " " * len(mark)).lstrip()


def _table(rows: Sequence[Sequence[str]], width: int) -> str:
    """Columns side by side if they fit; else each row as a term with the rest below it."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= width:
        ruled = [rows[0], ["-" * size for size in widths], *rows[1:]]
        return "\n".join(
            _GAP.join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in ruled
        )
    header, *body = rows
    return "\n".join(_term(header, row, width) for row in body)


def _term(header: Sequence[str], row: Sequence[str], width: int) -> str:
    lines = [row[0]]
    for name, cell in zip(header[1:], row[1:], strict=True):
        if cell:
            text = cell if len(header) == len(("term", "meaning")) else f"{name}: {cell}"
            lines.append(textwrap.fill(text, width, initial_indent="    ", subsequent_indent="      "))
    return "\n".join(lines)


def _words(node: SyntaxTreeNode) -> str:
    """The text of a paragraph, a heading or a cell, in one line."""
    match node.type:
        case "text":
            return node.content
        case "code_inline":
            return f"`{node.content}`"
        case "softbreak" | "hardbreak":
            return " "
        case "link":
            return _linked("".join(map(_words, node.children)), str(node.attrs["href"]))
        case _:
            return "".join(map(_words, node.children))


def _linked(text: str, target: str) -> str:
    """A link as it can be followed from a terminal."""
    page = target.partition("#")[0].removesuffix(".md")
    if target.startswith("#"):
        return text
    return f"{text} ({target})" if "://" in target else f"{text} (importer help {page})"
