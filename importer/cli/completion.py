"""What a shell completes: runs, profiles, record types and topics; and the scripts that make a shell ask for it.

It answers while somebody types, so nothing here loads pandas, makes a file, or asks the service.
"""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, get_completion_class

from importer.errors import ImporterError
from importer.harmless import harmless_line

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_TYPE = re.compile(r'^\w+ = RecordType\(\s*name="(\w+)"', re.MULTILINE)
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
    $env:COMP_WORDS = $words -join ' '
    $env:COMP_CWORD = if ($wordToComplete) { $words.Count - 1 } else { $words.Count }
    $env:%(complete_var)s = 'powershell_complete'
    try {
        & %(prog_name)s | Where-Object { $_ } | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_CWORD, Env:%(complete_var)s
    }
}
"""


@add_completion_class
class _Powershell(BashComplete):
    """PowerShell, which click does not know: it is asked as bash is, and answered with a help text for each word."""

    name = "powershell"
    source_template = _POWERSHELL

    def source(self) -> str:
        """The script, without a look at the version of bash."""
        return self.source_template % self.source_vars()

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Plain words alone: where there are none, PowerShell completes names of files by itself."""
        return [item for item in super().get_completions(args, incomplete) if item.type == "plain"]

    def format_completion(self, item: CompletionItem) -> str:
        """A word and its help, which may not be empty there."""
        return f"{item.value}\t{' '.join((item.help or item.value).split())}"


SHELLS = ("bash", "zsh", "fish", "powershell")


def script(shell: str, root: click.Context) -> str:
    """The script that makes a shell ask for what to complete."""
    kind = get_completion_class(shell)
    assert kind is not None
    # Not with a look at the version of the shell, which need not be the one on this machine.
    return (kind.source_template % kind(root.command, {}, "importer", "_IMPORTER_COMPLETE").source_vars()).strip()


def complete_runs(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The numbers of the latest runs, with their files."""
    from importer.config.settings import load
    from importer.journal.run_list import latest_runs

    try:
        runs = latest_runs(load().settings.journal_place)
    except ImporterError:
        return []
    return [_item(str(number), file) for number, file in runs if str(number).startswith(typed)]


def complete_profiles(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The profiles of the settings files."""
    from importer.config.settings import NO_PROFILE, profile_names

    try:
        names = [*profile_names(), NO_PROFILE]
    except ImporterError:
        return []
    return [_item(name) for name in names if name.startswith(typed)]


def complete_types(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The record types, from the texts of their modules: to import them takes longer than anybody waits for a Tab."""
    spec = find_spec("schemas")
    folders = spec.submodule_search_locations if spec else None
    texts = [path.read_text("utf-8") for folder in folders or () for path in sorted(Path(folder).glob("*.py"))]
    names = [name for text in texts for name in _TYPE.findall(text)]
    return [_item(name) for name in names if name.lower().startswith(typed.lower())]


def complete_topics(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The pages of the manual, and the commands."""
    from importer.guide import TOPICS

    root = context.find_root().command
    commands = root.list_commands(context) if isinstance(root, click.Group) else []
    return [_item(name) for name in (*TOPICS, *commands) if name.startswith(typed)]


def _item(value: str, about: str = "") -> CompletionItem:
    # The name of a file is somebody else's text, and the shell shows it.
    return CompletionItem(value, help=harmless_line(about) or None)
