"""What type checkers of other projects see: `mypy` holds each line here, and each runs as well.

An ignore that is not needed is an error of mypy, so the wrong calls are known to be seen.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, assert_type

import pytest
from conftest import Desk, practised

import importer


def test_each_function_returns_its_report(here: Desk) -> None:
    """The names that a program writes into its own annotations."""
    file: str | Path = here.write("rows.csv", [practised(1)])
    assert_type(importer.check(file), importer.CheckReport)
    assert_type(importer.plan(file, sandbox=True), importer.PlanReport)
    result = importer.run(file, sandbox=True)
    assert_type(result, importer.RunReport)
    assert_type(result.counts, Mapping[str, int])
    assert_type(result.exit_code, importer.Exit)
    assert_type(result.rows(), Iterator[importer.Outcome])
    assert result.run is not None
    assert_type(importer.diff(file, sandbox=True), importer.DiffReport)
    assert_type(importer.export(sandbox=True), importer.ExportReport)
    assert_type(importer.verify(result.run, sandbox=True), importer.VerifyReport)
    assert_type(importer.undo(result.run, sandbox=True), importer.UndoReport)
    assert_type(list(importer.check(file).issues), list[importer.Issue])


async def _awaited(file: Path) -> None:
    assert_type(await importer.check_async(file), importer.CheckReport)
    result = await importer.run_async(file, sandbox=True)
    assert_type(result, importer.RunReport)
    assert_type(await importer.export_async(sandbox=True), importer.ExportReport)


def test_the_awaited_forms_return_the_same(here: Desk) -> None:
    """One kind of report, however it was asked for."""
    asyncio.run(_awaited(here.write("rows.csv", [practised(1)])))


def _wrong(call: str) -> Any:
    match call:
        case "name":
            return importer.check("rows.csv", shet="Sheet1")  # type: ignore[call-arg]
        case "position":
            return importer.check("rows.csv", True)  # type: ignore[call-arg]
        case "nothing":
            return importer.run()  # type: ignore[call-arg]
        case _:
            return importer.chek  # type: ignore[attr-defined]


@pytest.mark.parametrize("call", ["name", "position", "nothing", "attribute"])
def test_a_wrong_call_is_seen_before_and_at_run_time(here: Desk, call: str) -> None:
    """As with any function of Python."""
    with pytest.raises(AttributeError if call == "attribute" else TypeError):
        _wrong(call)
