"""The manual on the terminal: ``importer help``, ``importer help TOPIC`` and ``importer help COMMAND``."""

import shutil

import click

from importer.cli.lines import put, put_json
from importer.cli.options import JSON
from importer.errors import Exit

_WIDEST = 100


@click.command("help")
@click.argument("words", metavar="[TOPIC|COMMAND]", nargs=-1)
@JSON
@click.pass_context
def help_(context: click.Context, words: tuple[str, ...], as_json: bool) -> int:
    """Show a page of the manual, or how to use a command. Without a name, list the pages."""
    from importer.guide import find_topic

    if not words:
        _list_topics(as_json)
        return Exit.DONE
    if (topic := find_topic("-".join(words))) is not None:
        from importer.guide.plain_text import plain_text

        if as_json:
            put_json({"schema": 1, "topic": topic.name, "title": topic.title, "markdown": topic.markdown})
        else:
            width = min(shutil.get_terminal_size().columns - 1, _WIDEST)
            put(plain_text(topic.markdown, width), end="")
        return Exit.DONE
    text = _usage(context.find_root(), words)
    if as_json:
        put_json({"schema": 1, "command": " ".join(words), "usage": text})
    else:
        put(text)
    return Exit.DONE


def _list_topics(as_json: bool) -> None:
    from importer.guide import topics

    if as_json:
        pages = [{"topic": topic.name, "title": topic.title, "summary": topic.summary} for topic in topics()]
        put_json({"schema": 1, "topics": pages})
        return
    put("The manual has these pages. Read one with: importer help TOPIC\n")
    for topic in topics():
        put(f"  {topic.name:21}{topic.summary}")
    put("\nTo see how to use a command: importer help COMMAND. To list the commands: importer --help")


def _usage(root: click.Context, words: tuple[str, ...]) -> str:
    """What ``importer COMMAND --help`` prints."""
    context, command = root, root.command
    for word in words:
        inner = command.get_command(context, word) if isinstance(command, click.Group) else None
        if inner is None:
            raise _no_such_page(root, " ".join(words))
        context, command = click.Context(inner, info_name=word, parent=context), inner
    return command.get_help(context)


def _no_such_page(root: click.Context, name: str) -> click.UsageError:
    from importer.guide import near_names

    commands = tuple(root.command.commands) if isinstance(root.command, click.Group) else ()
    near = " or ".join(f'"{other}"' for other in near_names(name, commands))
    return click.UsageError(
        f'There is no topic or command "{name}".'
        + (f" Did you mean {near}?" if near else " To list the topics: importer help")
    )


COMMANDS = (help_,)
