"""The examples of the page about Python run as they stand there.

Airflow and Prefect are not installed: each is stood in for by the few names that the examples import, whose decorators
give the functions back. So what is shown is that the examples call the importer rightly, and not those programs.
"""

import asyncio
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import UNLIMITED, Desk, Service, mapping
from readme import ROOT

import importer

PAGE = (ROOT / "importer" / "guide" / "python.md").read_text("utf-8")


def examples(heading: str) -> list[str]:
    """The examples below a heading, in their order; "" for those before the first."""
    part = next(part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(heading or "# "))
    return re.findall(r"^```python\n(.*?)^```", part, re.MULTILINE | re.DOTALL)


HEADINGS = ["", *re.findall(r"^## (.+)$", PAGE, re.MULTILINE)]


@pytest.fixture
def services(desk: Desk, serve: Callable[..., Service]) -> Iterator[list[Service]]:
    """A program in its folder with its files, signed in, and with two profiles of other services."""
    for number, name in enumerate(("mappings", "north", "south")):
        desk.write(f"{name}.csv", [mapping(10 * number + row) for row in range(1, 4)])
    services = [serve() for _ in range(3)]
    for profile, service in zip(("NORTH", "SOUTH"), services, strict=False):
        desk.variables[f"NEXUDUS_URL_{profile}"] = service.url
        desk.variables[f"NEXUDUS_USERNAME_{profile}"] = UNLIMITED.username
        desk.variables[f"NEXUDUS_PASSWORD_{profile}"] = UNLIMITED.password
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - desk.environment.keys():
            patch.delenv(name)
        for name, value in desk.environment.items():
            patch.setenv(name, value)
        patch.chdir(desk.folder)
        yield services


def as_it_is(*functions: Callable[..., Any], **_: object) -> Any:
    """A decorator, with or without arguments, that gives the function back."""
    return functions[0] if functions else lambda function: function


@pytest.fixture
def schedulers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both schedulers, stood in for."""
    airflow, sdk, prefect, logger = (ModuleType(name) for name in ("airflow", "airflow.sdk", "prefect", "logger"))
    vars(sdk).update(dag=as_it_is, task=as_it_is)
    vars(logger).update(info=lambda _: None)
    vars(prefect).update(flow=as_it_is, task=as_it_is, get_run_logger=lambda: logger)
    for module in (airflow, sdk, prefect):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def run_as_script(code: str, folder: Path) -> dict[str, Any]:
    """A file with this code, run as python runs it; gives its names."""
    path = folder / "example.py"
    path.write_text(code, "utf-8")
    return runpy.run_path(str(path), run_name="__main__")


@pytest.mark.usefixtures("schedulers")
@pytest.mark.parametrize("heading", [heading for heading in HEADINGS if examples(heading)])
def test_the_examples_run_as_they_stand(
    services: list[Service], desk: Desk, heading: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each sends the rows of its files, once, and a second time nothing."""
    code, creates = "\n".join(examples(heading)), [3, 3, 0] if heading == "In Prefect" else [0, 0, 3]
    run_as_script(code, desk.folder)
    printed = capsys.readouterr().out.splitlines()
    assert [service.creates for service in services] == creates
    run_as_script(code, desk.folder)
    assert [service.creates for service in services] == creates
    if not heading:
        assert printed[-1] == "3 created, exit code 0"


def test_the_cells_of_a_notebook_run_in_its_loop(services: list[Service]) -> None:
    """A notebook runs each cell in a loop, with the names of the cells before."""

    async def notebook() -> dict[str, Any]:
        names: dict[str, Any] = {}
        for cell in examples("In a notebook"):
            exec(compile(cell, "cell", "exec"), names)
        return names

    names = asyncio.run(notebook())
    assert services[-1].creates == len(names["held"]) == 3
    assert names["result"].to_frame()["status"].tolist() == ["created"] * 3


def test_every_function_is_on_the_page() -> None:
    """Whatever can be imported is described, or belongs to what is."""
    words = set(re.findall(r"\w+", PAGE))
    functions = [name for name in importer.__all__ if name.islower() and not name.endswith("_async")]
    assert set(functions) | {name for name in importer.__all__ if name.endswith("Report")} <= words
