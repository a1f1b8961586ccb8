"""The parts of README and guide that are written by the program: made here, compared in test_guide.

Run as a script it writes them anew: python tests/readme.py
"""

import io
import re
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest
from document_schemas import (
    FOLDER,
    all_schemas,
    document_members,
    documents_by_command,
    event_members,
    file_text,
    head_members,
)

import importer as map_of_the_house
from importer.cli import importer, run_cli
from importer.config.probe_file import STATEMENTS
from importer.config.settings import SECRETS, Settings, environment_name, shown
from importer.errors import ERROR_MEANINGS, EXIT_MEANINGS
from importer.issues import CATALOGUE
from importer.journal.states import TRANSITIONS
from importer.runs.log import EVENTS
from importer.sandbox import MEANINGS
from schemas import RECORD_TYPES, RecordType

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "importer" / "guide").glob("*.md")))
_BLOCK = re.compile(r"(<!-- made: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FIRST_ISSUES = 9
_NOW = datetime(2026, 11, 24, 9, tzinfo=UTC).timestamp()
"""In the week in which the dates of the samples lie: the first screen is the same on any day."""


def written(page: str) -> str:
    """A page with every made part as it is now."""
    return _BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match[2]]()}{match[3]}", page)


def made_parts(page: str) -> dict[str, str]:
    """Each made part of a page as it stands there, marks included, by its name."""
    return {match[2]: match[0] for match in _BLOCK.finditer(page)}


def first_screen() -> str:
    """What the first two commands print, without the hour, which depends on the zone of the machine."""
    check = _output("check", "samples/calendars-broken.xlsx", "--offline")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "samples", Path(folder) / "samples")
        run = _output("run", "samples/calendars.csv", "--sandbox", "--yes", home=folder, place=Path(folder))
    told = [
        line.replace(str(Path(folder).resolve()), "…")
        for line in run
        if line.startswith(("Plan", "  ", "Run", "Report")) and " rows, " not in line
    ]
    shown_lines = [
        *check[:_FIRST_ISSUES],
        "  …",
        *check[-2:],
        "",
        "$ importer run samples/calendars.csv --sandbox --yes",
        *told,
    ]
    text = "\n".join(shown_lines).replace(str(ROOT), ".")
    text = re.sub(r"[0-9]{2}:[0-9]{2} [A-Z0-9+-]+", "10:42 UTC", text)
    return f"```\n$ importer check samples/calendars-broken.xlsx\n{text}\n```\n"


def _output(*words: str, home: str = "/nonexistent", place: Path = ROOT) -> list[str]:
    both = io.StringIO()
    variables = {"IMPORTER_HOME": home, "NEXUDUS_TOKEN": "", "NEXUDUS_USERNAME": "", "NEXUDUS_PASSWORD": ""}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(both), redirect_stderr(both):
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.chdir(place)
        run_cli(words, lambda: _NOW)
    return both.getvalue().strip("\n").splitlines()


def commands() -> str:
    """Every command with its one line."""
    lines = [
        f"| `importer {name}` | {command.get_short_help_str(200)} |"
        for name, command in sorted(importer.commands.items())
    ]
    return "| command | does |\n|---|---|\n" + "\n".join(lines) + "\n"


def issues() -> str:
    """The catalogue of issues."""
    lines = [f"| `{code}` | {kind.severity} | {kind.message} | {kind.fix} |" for code, kind in CATALOGUE.items()]
    return "| code | severity | what is wrong | what to do |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"


def exit_codes() -> str:
    """The exit codes."""
    lines = [f"| {int(code)} | {meaning} |" for code, meaning in EXIT_MEANINGS.items()]
    return "| code | meaning |\n|---|---|\n" + "\n".join(lines) + "\n"


def error_codes() -> str:
    """The codes of errors."""
    lines = [f"| `{code}` | {int(exit_code)} | {meaning} |" for code, (exit_code, meaning) in ERROR_MEANINGS.items()]
    return "| code | exit code | meaning |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def events() -> str:
    """The events of a log."""
    lines = [f"| `{event}` | {meaning} |" for event, meaning in EVENTS.items()]
    return "| event | what happened, and what else the line has |\n|---|---|\n" + "\n".join(lines) + "\n"


def points() -> str:
    """Every point of a probe, and what a yes means."""
    lines = [f"| `{point}` | {statement} |" for point, statement in STATEMENTS.items()]
    return "| point | yes means |\n|---|---|\n" + "\n".join(lines) + "\n"


def settings() -> str:
    """Every setting with its variable, its meaning and its default."""
    defaults, in_words = Settings.model_validate({"home": "home"}), {"home": "your platform's folder for data"}
    lines = []
    for name, field in Settings.model_fields.items():
        told = "" if name in SECRETS else shown(defaults, name)
        default = in_words.get(name, f"`{told}`" if told not in ("", "none") else "")
        in_file = "never in a file" if name in SECRETS else f"`{name}`"
        lines.append(f"| `{environment_name(name)}` | {in_file} | {field.description} | {default} |")
    return "| variable | in `importer.toml` | meaning | default |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"


def practice_faults() -> str:
    """Every fault that a practice service can be asked for."""
    lines = [f"| `{name}` | {meaning} |" for name, meaning in MEANINGS.items() if name != "ok"]
    return "| fault | what happens |\n|---|---|\n" + "\n".join(lines) + "\n"


def states() -> str:
    """The state table as a diagram."""
    arrows = [
        f"    {state.value.replace(' ', '_')} --> {after.value.replace(' ', '_')} : {event.value}"
        for state, events in TRANSITIONS.items()
        for event, after in events.items()
    ]
    return "```mermaid\nstateDiagram-v2\n    [*] --> planned\n" + "\n".join(arrows) + "\n```\n"


def fields() -> str:
    """The fields of every record type with the headers that are understood."""
    return "\n".join(map(_fields_of, RECORD_TYPES.values()))


def _fields_of(kind: RecordType) -> str:
    lines = []
    for name in kind.fields:
        about, others = kind.metadata(name), ", ".join(kind.aliases.get(name, ()))
        needed = "yes" if name in kind.required(kind.paths[0]) else "no"
        lines.append(f"| {name} | {needed} | {about['meaning']} | `{about['example']}` | {others} |")
    head = f"### {kind.plural.capitalize()} (`{kind.name}`)\n\n"
    header = "| field | needed | means | example | other headers |\n|---|---|---|---|---|\n"
    return head + header + "\n".join(lines) + "\n"


def map_() -> str:
    """The map of the house."""
    return "```\n" + "\n".join(re.findall(r"^    (.+)$", map_of_the_house.__doc__ or "", re.MULTILINE)) + "\n```\n"


def ten_minutes() -> str:
    """What to read first."""
    [files] = re.findall(r"^Ten minutes: (.+)\Z", map_of_the_house.__doc__ or "", re.MULTILINE | re.DOTALL)
    files = " ".join(files.split()).replace("An hour: ", "If you have an hour, read ")
    text = re.sub(r"\b([\w/]+\.py)\b", r"`\1`", f"If you have ten minutes, read {files}")
    return textwrap.fill(text, 120, break_on_hyphens=False) + "\n"


BLOCKS: dict[str, Callable[[], str]] = {
    "first-screen": first_screen,
    "commands": commands,
    "issues": issues,
    "exit-codes": exit_codes,
    "error-codes": error_codes,
    "documents": documents_by_command,
    "document-head": head_members,
    "document-members": document_members,
    "event-members": event_members,
    "events": events,
    "points": points,
    "settings": settings,
    "practice-faults": practice_faults,
    "states": states,
    "fields": fields,
    "map": map_,
    "ten-minutes": ten_minutes,
}

if __name__ == "__main__":
    for path in PAGES:
        path.write_text(written(path.read_text("utf-8")), "utf-8")
    for name, schema in all_schemas().items():
        (FOLDER / f"{name}.json").write_text(file_text(schema), "utf-8")
    sys.exit(0)
