"""The door of the package: what `import importer` gives, and what it costs."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import click
import pytest

import importer
from importer.api import file_functions, run_functions
from importer.cli import importer as command

HEAVY = ("pandas", "numpy", "httpx", "sqlalchemy", "pydantic", "click", "asyncio")
FUNCTIONS = [name for name in importer.__all__ if name.islower()]


def test_importing_loads_nothing_heavy() -> None:
    """A program that may import something later starts as fast as before."""
    code = f"import sys, importer; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_name_is_there_and_listed_once() -> None:
    """What type checkers see, what ``from importer import *`` gives and what is loaded are the same names."""
    tree = ast.parse(Path(importer.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(seen) == sorted(importer.__all__)
    assert all(getattr(importer, name) is not None for name in importer.__all__)
    assert set(importer.__all__) <= set(dir(importer))


def test_the_names_are_stable() -> None:
    """Programs of others depend on these; a name may be added, and none may go."""
    assert {
        *("check", "plan", "run", "export", "diff", "verify", "resume", "retry", "undo", "status"),
        *("CheckReport", "PlanReport", "RunReport", "ExportReport", "DiffReport", "VerifyReport", "UndoReport"),
        *("Account", "Exit", "ImporterError", "Issue", "Issues", "Notice", "Outcome", "Plan", "RunProgress"),
        *("Severity", "Status", "StatusReport", "UndoPlan"),
    } <= set(importer.__all__)


def test_a_name_that_is_none_is_an_error() -> None:
    """A typing error is told, as by any module."""
    with pytest.raises(AttributeError, match="has no attribute 'chek'"):
        getattr(importer, "chek")  # noqa: B009


@pytest.mark.parametrize("name", [name.removesuffix("_async") for name in FUNCTIONS if name.endswith("_async")])
def test_both_forms_take_the_same(name: str) -> None:
    """Who learns one form knows the other: arguments, defaults, result and description."""
    waiting, awaited = getattr(importer, name), getattr(importer, f"{name}_async")
    assert inspect.signature(waiting) == inspect.signature(awaited)
    assert (waiting.__name__, waiting.__doc__) == (name, awaited.__doc__)
    assert inspect.iscoroutinefunction(awaited)
    assert not inspect.iscoroutinefunction(waiting)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_what_a_function_is_about_comes_by_position(name: str) -> None:
    """Everything else is named in the call, so that arguments can be added."""
    parameters = list(inspect.signature(getattr(importer, name)).parameters.values())
    by_position = [one.name for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert by_position in ([], ["file"], ["run"])


ONLY_PYTHON = {"confirm", "progress", "say", "settings"}
ONLY_TYPED = {
    # Asked and answered by ``confirm``.
    "yes",
    # About what is printed, or who starts the command.
    *("json", "progress", "log_file", "notify", "worker", "workers", "dask", "queue", "help", "verbose", "v", "watch"),
}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.endswith("_async")])
def test_arguments_are_called_as_the_options_are(name: str) -> None:
    """The guide describes an option once, for both."""
    typed = {
        option.lstrip("-").replace("-", "_")
        for parameter in command.commands[name].params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    arguments = set(inspect.signature(getattr(importer, name)).parameters) - {"file", "run"}
    assert arguments - ONLY_PYTHON == typed - ONLY_TYPED


@pytest.mark.parametrize("module", [file_functions, run_functions], ids=lambda module: module.__name__)
def test_every_argument_is_described(module: object) -> None:
    """Help in a notebook answers what an argument is for, here or where it is described first."""
    for name, function in vars(module).items():
        if not inspect.iscoroutinefunction(function) or not name.endswith("_async") or name == "to_a_safe_end":
            continue
        text = inspect.getdoc(function) or ""
        arguments = [one for one in inspect.signature(function).parameters if one not in text]
        assert not arguments or "are those of ``check``" in text or "as in ``r" in text, (name, arguments)


def test_the_package_is_typed() -> None:
    """Type checkers of other projects believe what is written here."""
    assert Path(importer.__file__).with_name("py.typed").exists()
