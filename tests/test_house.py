"""The house keeps its order: who may import whom, and what must live in one place only."""

import ast
import re
from pathlib import Path

import click
import pytest
from readme import ROOT

import importer
from importer import cli
from importer.cli import manual, record_commands, run_commands, schedule_commands, setup_commands, view_commands
from importer.issues import CATALOGUE, NOTICES
from importer.journal.runs import SIGNED_IN
from importer.journal.states import State
from schemas import RECORD_TYPES

ORDER = ["schemas", *re.findall(r"^    (\w+)(?:\.py|/) ", importer.__doc__ or "", re.MULTILINE)]
SOURCES = [path for folder in ("importer", "schemas") for path in (ROOT / folder).rglob("*.py")]


def room(module: str) -> str:
    """The room that a module belongs to."""
    parts = module.split(".")
    return parts[0] if parts[0] != "importer" or len(parts) == 1 else parts[1]


def imports(path: Path) -> set[str]:
    """The rooms that a file imports, lazily or not."""
    tree = ast.parse(path.read_text("utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    found |= {
        f"importer.{a.name}"
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom) and n.module == "importer"
        for a in n.names
    }
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {room(name) for name in found if name.split(".")[0] in {"importer", "schemas"}} - {"importer"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_upwards_only(path: Path) -> None:
    """A room imports only rooms that stand before it on the map, or itself."""
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if own in {"importer", "__init__", "__main__"}:
        return
    for other in imports(path) - {own}:
        assert ORDER.index(other) < ORDER.index(own), f"{own} imports {other}"


def test_the_door_points_to_later_rooms_by_name_only() -> None:
    """importer/__init__.py offers what stands below it: each import is for type checkers, or else made when needed."""
    tree = ast.parse((ROOT / "importer" / "__init__.py").read_text("utf-8"))
    loaded = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert loaded == {"importlib", "typing"}
    assert imports(ROOT / "importer" / "__init__.py") == {"api", "errors", "issues", "model"}


def test_every_room_is_on_the_map() -> None:
    """The map in importer/__init__.py names every file and folder, and no other."""
    rooms = {p.stem for p in (ROOT / "importer").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__"} == set(ORDER) - {"schemas"}


@pytest.mark.parametrize("package", sorted({path.parent for path in SOURCES if path.name == "__init__.py"}), ids=str)
def test_every_module_is_in_the_list_of_its_package(package: Path) -> None:
    """A newcomer finds in the docstring of a package what each of its files is for, and none that has gone."""
    if package == ROOT / "schemas":
        return
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    listed = set(re.findall(r"(\w+)\.py\b", docstring))
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    assert modules <= listed, package
    assert listed <= {path.stem for path in SOURCES}, package


def test_the_sandbox_shares_no_code() -> None:
    """The sandbox imports nothing of ours but the record types, or one mistake could hide itself."""
    for path in (ROOT / "importer" / "sandbox").rglob("*.py"):
        assert imports(path) <= {"sandbox", "schemas"}, path


@pytest.mark.parametrize(
    ("word", "homes"),
    [
        (
            r"^\s*(import|from) httpx",
            {"importer/nexudus/client.py", "importer/nexudus/connection.py", "importer/nexudus/download.py"},
        ),
        (r"^\s*(import|from) sqlalchemy", {"importer/journal/"}),
        (r"os\.environ|os\.getenv", {"importer/config/settings.py"}),
        # A default of the two front ends, and of the client of the service.
        (
            r"\btime\.time\b|time_ns|\.now\(|\.utcnow|\.today\(",
            {"importer/api/clock.py", "importer/web/server.py", "importer/nexudus/service.py"},
        ),
        # For people to read: since when an account is taken.
        (r"\btime\.(strftime|localtime|gmtime|ctime)\b", {"importer/journal/lock.py"}),
        # Every other wait could be one that neither `importer stop` nor Ctrl-C nor --max-duration ends. That for a
        # lease ends by itself, within half a minute.
        (
            r"asyncio\.(sleep|wait|wait_for)\(|\btime\.sleep\(",
            {"importer/nexudus/waits.py", "importer/web/context.py", "importer/journal/lease.py"},
        ),
        (r"^\s*(import|from) stamina", {"importer/nexudus/service.py"}),
        (r"\bprint\(", set()),
        # What is printed elsewhere would not be made harmless.
        (r"click\.s?echo\b", {"importer/cli/lines.py"}),
        (
            r"except Exception",
            {
                *("importer/cli/__init__.py", "importer/web/app.py", "importer/web/own_process.py"),
                # The packages that reach other places raise errors of their own, of no common kind.
                "importer/runs/remote.py",
                # What a caller's own function raises: its run stops safely first.
                "importer/api/callbacks.py",
                # What the work of another process raises is raised where it was asked for.
                "importer/runs/processes.py",
            },
        ),
    ],
)
def test_what_lives_in_one_place(word: str, homes: set[str]) -> None:
    """The network library, the database, the environment, the time, printing and catching all have one home."""
    users = {str(path.relative_to(ROOT)) for path in SOURCES if re.search(word, path.read_text("utf-8"), re.MULTILINE)}
    users = {name for name in users if not name.startswith("importer/sandbox/")}
    # A pattern that matches nothing where it must would hold nothing.
    assert all(any(name.startswith(home) for name in users) for home in homes)
    assert not {name for name in users if not name.startswith(tuple(homes))}


NAMES_OF_FIELDS = {
    # The sheet on the home page, which shows a newcomer the first record type.
    "importer/web/upload_pages.py": {"ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate"},
    # What the service itself calls the name of any record, and its location: resources have them as well.
    "importer/sandbox/faults.py": {"Name"},
    "importer/sandbox/lists.py": {"Name"},
    "importer/sandbox/people.py": {"Name", "BusinessId"},
    "importer/sandbox/app.py": {"Name"},
    "importer/sandbox/page.py": {"Name"},
}
"""Modules that write the name of a field down, and which; all others have it from the record type."""


def test_no_code_names_a_field() -> None:
    """A new record type needs no line outside of its file."""
    fields = {name for kind in RECORD_TYPES.values() for name in kind.fields}
    names = {
        str(path.relative_to(ROOT)): {
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in fields
        }
        for path in (ROOT / "importer").rglob("*.py")
        # A sample is a file of one record type, as a person would write it.
        if path.parent.name != "samples"
    }
    assert {path: named for path, named in names.items() if named} == NAMES_OF_FIELDS


SEVERAL_CREATORS = {
    # A formula without a result, as workbooks store it and as text files spell it.
    "formula-without-value": {"delimited", "display"},
    # A cell may show an error in either kind of workbook, and in text of whatever field: each reader refuses it first.
    "cell-error": {"display", "cells", "dates", "references"},
    # A workbook rounds what is typed, and a column of Parquet what is written into it.
    "number-rounded": {"cell_texts", "parquet_rows"},
    # A number format may hide what a cell shows, and so may the form of its value.
    "shown-uncertain": {"appearance", "display"},
    # A placeholder is one as it is written, or by the year of UTC in which its time zone puts it.
    "date-placeholder": {"date_text", "dates"},
    # An Id is a whole number too, but one that may be a name instead.
    "not-a-whole-number": {"cells", "references"},
    # The bound of a field stands beside the field, and two record types have such a one.
    "not-a-guid": {"coworker_ms_office_calendar", "ms_office_admin_calendar"},
}
"""Codes that several modules create, and which; all others have one."""


def created_codes(tree: ast.Module) -> set[str]:
    """The issue codes that a module creates: those it names in a function or as the value of a table, unless it asks.

    To ask is to compare, to match, or to put a code into a set, a tuple or the keys of a table of the module.
    """
    mentions = {
        constant
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare | ast.match_case)
        for part in ([node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.pattern])
        for constant in ast.walk(part)
    }
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            values = statement.value.values if isinstance(statement.value, ast.Dict) else []
            creating = {constant for value in values for constant in ast.walk(value)}
            mentions |= set(ast.walk(statement.value)) - creating
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node not in mentions and node.value in {*CATALOGUE, *NOTICES}
    }


def test_every_code_is_created_in_one_module() -> None:
    """One search finds who creates an issue or a notice; a code with several creators is listed above with a reason."""
    creators: dict[str, set[str]] = {code: set() for code in (*CATALOGUE, *NOTICES)}
    for path in SOURCES:
        if path != ROOT / "importer" / "issues.py":
            for code in created_codes(ast.parse(path.read_text("utf-8"))):
                creators[code].add(path.stem)
    assert {code: modules for code, modules in creators.items() if len(modules) != 1} == SEVERAL_CREATORS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_about_a_run_are_made_in_one_place(path: Path) -> None:
    """Put together by hand, they lack --sandbox, and a practice run would be continued at the real service."""
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"importer (?:resume|retry|stop|reconcile|settle|verify|undo|status|report) \{.*", text)


def test_the_option_sandbox_is_where_a_run_names_it() -> None:
    """A command that a run suggests has the options it is suggested with."""
    commands = {command.name: command for command in (*run_commands.COMMANDS, *view_commands.COMMANDS)}
    for verb in ("resume", "retry", "stop", "reconcile", "settle", "verify", "undo", "status", "report"):
        accepted = any("--sandbox" in parameter.opts for parameter in commands[verb].params)
        assert accepted is (verb in SIGNED_IN), verb


def test_every_command_can_be_typed() -> None:
    """A command that is written but not added to its room's list would be missing without a word."""
    groups = (setup_commands.people, view_commands.config, schedule_commands.schedule)
    offered = [*cli.importer.commands.values(), *(c for group in groups for c in group.commands.values())]
    for part in (run_commands, schedule_commands, record_commands, view_commands, manual, setup_commands):
        assert {c for c in vars(part).values() if isinstance(c, click.Command)} <= set(offered)


BANNED = {"found", "known", "told", "said", "seen", "asked", "given", "kept", "here", "held", "wanted", "ours", "own"}
"""Words that say that something happened to a thing, and not what it is."""

ADJECTIVES = {state.value for state in State}
"""A count or a flag may be called after the state of a row that it is about."""


def names_of_things(path: Path) -> set[str]:
    """Every name that a file gives: modules, functions, classes, parameters, variables, attributes.

    Members of an enumeration are left out: an event or an outcome is called after what happened. So are those of the
    documents for programs, which are a contract.
    """
    tree, names = ast.parse(path.read_text("utf-8")), {path.stem}
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    kinds = [node for node in classes if any(isinstance(b, ast.Name) and b.id.endswith("Enum") for b in node.bases)]
    members = {
        target for kind in kinds for line in kind.body if isinstance(line, ast.Assign) for target in line.targets
    }
    documents = [node for node in classes if any(isinstance(b, ast.Name) and b.id == "TypedDict" for b in node.bases)]
    members |= {line.target for kind in documents for line in kind.body if isinstance(line, ast.AnnAssign)}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()) if node not in members:
                names.add(name)
            case ast.arg(arg=name) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
    return names


def test_names_say_what_a_thing_is() -> None:
    """No identifier is a banned noun."""
    for path in SOURCES:
        banned = {name for name in names_of_things(path) if name.strip("_").lower() in BANNED - ADJECTIVES}
        assert not banned, (path, banned)
