"""What the functions return, by itself."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from importer.api.reports import ExportReport, Issues, PlanReport, RunReport
from importer.checking import Causes
from importer.errors import Exit
from importer.issues import Issue
from importer.model import Account, Plan

ACCOUNT = Account("key", "ines", "North")


def test_issues_are_read_as_often_as_one_likes() -> None:
    """And counted without being made."""
    issues = Issues(Causes([Issue("zone-assumed", label="Expires", field="ExpiresOn", detail="UTC")]))
    assert (len(issues), len(list(issues)), len(list(issues))) == (1, 1, 1)
    assert bool(Issues(Causes())) is False


def test_a_frame_without_lines_has_its_columns() -> None:
    """A program that filters it does not break on a good file."""
    frame = Issues(Causes()).to_frame()
    assert frame.columns.tolist() == ["row", "cell", "label", "field", "code", "severity", "value", "message", "fix"]
    assert frame[frame["severity"] == "error"].empty
    nothing = RunReport(None, {}, Exit.DONE).to_frame()
    assert nothing.columns.tolist() == ["row", "status", "record", "message"]
    export = ExportReport("Kind", ("Id", "Name"), 0, ACCOUNT).to_frame()
    assert export.columns.tolist() == ["Id", "Name"]


def test_a_frame_of_records_keeps_its_values() -> None:
    """Ids stay whole numbers, also beside an empty one."""
    values = ({"Id": 1, "Name": None}, {"Id": None, "Name": "x"})
    frame = ExportReport("Kind", ("Id", "Name"), 2, ACCOUNT, _values=values).to_frame()
    assert frame["Id"].tolist() == [1, None]
    assert isinstance(frame, pd.DataFrame)


@pytest.mark.parametrize(("counts", "code"), [({}, 0), ({"invalid": 1}, 1), ({"changed": 1}, 1), ({"ambiguous": 1}, 1)])
def test_a_plan_with_rows_to_look_at_is_not_done(counts: dict[str, int], code: int) -> None:
    """The exit code is that of the command."""
    plan = replace(Plan(2, 1, 0, 0, 0, None, 0.0, 0.0), **counts)  # type: ignore[arg-type]
    assert PlanReport(Path("rows.csv"), Issues(Causes()), plan, ACCOUNT).exit_code == code
