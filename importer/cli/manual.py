"""The manual on the terminal: ``importer help``, ``importer help TOPIC`` and ``importer help COMMAND``."""

import shutil
from pathlib import Path

import click

from importer.cli.answer import put_json
from importer.cli.completion import SHELLS, complete_topics, script
from importer.cli.lines import put
from importer.cli.options import JSON
from importer.errors import Exit

_WIDEST = 100


@click.command("help")
@click.argument("words", metavar="[TOPIC|COMMAND]", nargs=-1, shell_complete=complete_topics)
@click.option("--man", is_flag=True, help="Print how to use a command as a page for man; without a name, the program.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="With --man, write every page into DIR.",
)
@click.option(
    "--schema", is_flag=True, help="Show the JSON Schema of what COMMAND prints with --json, or list them all."
)
@JSON
@click.pass_context
def help_(
    context: click.Context, words: tuple[str, ...], man: bool, out: Path | None, schema: bool, as_json: bool
) -> int:
    """Show a page of the manual, or how to use a command. Without a name, list the pages."""
    from importer.guide import find_topic

    if man:
        return _print_man(context.find_root(), words, out, as_json)
    if out is not None:
        raise click.UsageError("--out needs --man.")
    if schema:
        return _show_schema("-".join(words), as_json)
    if not words:
        _list_topics(as_json)
        return Exit.DONE
    if (topic := find_topic("-".join(words))) is not None:
        from importer.guide.plain_text import plain_text

        if as_json:
            put_json({"topic": topic.name, "title": topic.title, "markdown": topic.markdown})
        else:
            width = min(shutil.get_terminal_size().columns - 1, _WIDEST)
            put(plain_text(topic.markdown, width), end="")
        return Exit.DONE
    text = _usage(context.find_root(), words)
    if as_json:
        put_json({"command": " ".join(words), "usage": text})
    else:
        put(text)
    return Exit.DONE


def _show_schema(name: str, as_json: bool) -> int:
    """Show the schema of the documents of a command, or the names of all schemas."""
    import json
    from importlib.resources import files

    from importer.guide import near_names

    schemas = {path.name.removesuffix(".json"): path for path in (files("importer.cli") / "json_schemas").iterdir()}
    if not name:
        names = sorted(schemas)
        if as_json:
            put_json({"schemas": names})
        else:
            put("\n".join(names))
        return Exit.DONE
    if name not in schemas:
        near = " or ".join(f'"{other}"' for other in near_names(name, tuple(schemas)) if other in schemas)
        hint = f"Did you mean {near}?" if near else "To list them: importer help --schema"
        raise click.UsageError(f'There is no schema "{name}". {hint}')
    text = schemas[name].read_text("utf-8")
    if as_json:
        put_json({"name": name, "json_schema": json.loads(text)})
    else:
        put(text, end="")
    return Exit.DONE


def _list_topics(as_json: bool) -> None:
    from importer.guide import topics

    if as_json:
        pages = [{"topic": topic.name, "title": topic.title, "summary": topic.summary} for topic in topics()]
        put_json({"topics": pages})
        return
    put("The manual has these pages. Read one with: importer help TOPIC\n")
    for topic in topics():
        put(f"  {topic.name:21}{topic.summary}")
    put("\nTo see how to use a command: importer help COMMAND. To list the commands: importer --help")


def _print_man(root: click.Context, words: tuple[str, ...], out: Path | None, as_json: bool) -> int:
    """Print one page for man, or write all."""
    from importer.cli.man_pages import man_page, man_pages

    if out is None:
        page = man_page(_context_of(root, words))
        if as_json:
            put_json({"command": " ".join(words), "man": page})
        else:
            put(page, end="")
        return Exit.DONE
    if words:
        raise click.UsageError("--out writes every page. Leave the name out, or leave --out out.")
    pages = man_pages(root)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (out / name).write_text(text, "utf-8")
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written to ({error.strerror}).") from error
    if as_json:
        put_json({"files": [str(out / name) for name in pages]})
        return Exit.DONE
    put(f"{len(pages)} pages are in {out}. To read the first: man {out / 'importer.1'}")
    return Exit.DONE


def _usage(root: click.Context, words: tuple[str, ...]) -> str:
    """What ``importer COMMAND --help`` prints."""
    context = _context_of(root, words)
    return context.command.get_help(context)


def _context_of(root: click.Context, words: tuple[str, ...]) -> click.Context:
    """The context of a command that is named by its words."""
    context, command = root, root.command
    for word in words:
        inner = command.get_command(context, word) if isinstance(command, click.Group) else None
        if inner is None:
            raise _no_such_page(root, " ".join(words))
        context, command = click.Context(inner, info_name=word, parent=context), inner
    return context


def _no_such_page(root: click.Context, name: str) -> click.UsageError:
    from importer.guide import near_names

    commands = tuple(root.command.commands) if isinstance(root.command, click.Group) else ()
    near = " or ".join(f'"{other}"' for other in near_names(name, commands))
    return click.UsageError(
        f'There is no topic or command "{name}".'
        + (f" Did you mean {near}?" if near else " To list the topics: importer help")
    )


_COMPLETION = """Print a script that completes commands and runs in a shell.

\b
  bash         eval "$(importer completion bash)"         in ~/.bashrc
  zsh          eval "$(importer completion zsh)"          in ~/.zshrc
  fish         importer completion fish | source          in ~/.config/fish/config.fish
  powershell   importer completion powershell | Out-String | Invoke-Expression   in $PROFILE
"""


@click.command(help=_COMPLETION)
@click.argument("shell", type=click.Choice(SHELLS))
@JSON
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool) -> int:
    """Print the script of a shell."""
    text = script(shell, context.find_root())
    if as_json:
        put_json({"script": text})
    else:
        put(text)
    return Exit.DONE


COMMANDS = (help_, completion)
