"""The commands as pages for ``man``, made from what ``--help`` says."""

import re
from collections.abc import Iterator

import click

from importer.errors import EXIT_MEANINGS

_AS_IT_IS = "\b"
"""With this line, a paragraph of a help text keeps its line ends."""


def man_pages(root: click.Context) -> dict[str, str]:
    """Every page by the name of its file: of the program, of each command and of those below it."""
    return {f"{context.command_path.replace(' ', '-')}.1": man_page(context) for context in _contexts(root)}


def man_page(context: click.Context) -> str:
    """The page of one command, in the macros of man(7)."""
    command = context.command
    name, summary = context.command_path.replace(" ", "-"), command.get_short_help_str(200).rstrip(".")
    parts = [
        f'.TH {_quoted(name.upper())} 1 "" {_quoted("importer")} {_quoted("Importer")}',
        # A command that is hyphenated cannot be typed.
        ".nh",
        ".SH NAME",
        f"{_safe(name)} \\- {_safe(summary[:1].lower() + summary[1:])}",
        ".SH SYNOPSIS",
        f"\\fB{_safe(context.command_path)}\\fR {_safe(' '.join(command.collect_usage_pieces(context)))}",
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
        *_options(context),
        *_commands(context),
        *_exit_status(context),
        *_see_also(context),
    ]
    return "\n".join(parts) + "\n"


def _contexts(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name, command in sorted(context.command.commands.items()):
            yield from _contexts(click.Context(command, info_name=name, parent=context))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        first, _, rest = paragraph.partition("\n")
        if first.strip() == _AS_IT_IS:
            yield from (".nf", *map(_safe, rest.splitlines()), ".fi")
        else:
            yield _safe(" ".join(paragraph.split()))


def _options(context: click.Context) -> Iterator[str]:
    records = [param.get_help_record(context) for param in context.command.get_params(context)]
    shown = [record for record in records if record is not None]
    if shown:
        yield ".SH OPTIONS"
    for option, meaning in shown:
        yield from (".TP", f"\\fB{_safe(option)}\\fR", _safe(meaning))


def _commands(context: click.Context) -> Iterator[str]:
    if isinstance(context.command, click.Group):
        yield ".SH COMMANDS"
        for name, command in sorted(context.command.commands.items()):
            yield from (".TP", f"\\fB{_safe(name)}\\fR", _safe(command.get_short_help_str(200)))


def _exit_status(context: click.Context) -> Iterator[str]:
    if context.parent is None:
        yield ".SH EXIT STATUS"
        for code, meaning in EXIT_MEANINGS.items():
            yield from (".TP", str(int(code)), _safe(meaning))


def _see_also(context: click.Context) -> Iterator[str]:
    yield ".SH SEE ALSO"
    yield _safe("importer help lists the pages of the manual.")
    if context.parent is not None:
        parent = context.parent.command_path.replace(" ", "-")
        yield f"\\fB{_safe(parent)}\\fR(1)"


def _safe(text: str) -> str:
    """A text as one line that groff takes as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def _quoted(text: str) -> str:
    return f'"{_safe(text)}"'
