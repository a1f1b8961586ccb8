"""The plan of an upload: believed for a while, by the one who had it made, for the file as it is."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from importer.config.settings import Settings
from importer.model import Account, Plan
from importer.web.drafts import Draft
from importer.web.upload_documents import Problem
from importer.web.upload_names import signed_in_as
from importer.web.upload_plan import _PLAN, UploadPlan, read_plan

SETTINGS = Settings.model_validate({"url": "http://127.0.0.1:9", "username": "ops@example.com", "password": "practice"})
PLAN = Plan(3, 2, 1, 0, 0, 4_000, 2.0, 12.0, 1, 0, [(2, "Another name.")])
MADE = UploadPlan(4, 1_000.0, signed_in_as(SETTINGS), PLAN, Account("key", "ops@example.com", "Harbour House"))
FAILED = replace(MADE, plan=None, account=None, error=Problem("Down.", "Later."))


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """The fourth version of an upload."""
    return Draft("A" * 22, tmp_path, "rooms.csv", ".csv", "", 1, 0.0, version=4)


def test_a_plan_comes_back_as_it_was_made(draft: Draft) -> None:
    """With the rows that differ and what is said of them."""
    _PLAN.write(draft.folder / "plan.json", MADE)
    plan = read_plan(draft, SETTINGS, 1_001.0)
    assert plan
    assert plan.plan
    assert asdict(plan.plan) | {"conflicts": list(map(tuple, plan.plan.conflicts))} == asdict(PLAN)
    assert plan.account == MADE.account


def test_a_plan_that_an_earlier_version_stored_can_be_read(draft: Draft) -> None:
    """In format 2, blocked rows were called held."""
    text = _PLAN.encode(replace(MADE, plan=replace(PLAN, blocked=7)))
    earlier = text.replace('"format": 3', '"format": 2').replace('"blocked"', '"held"')
    (draft.folder / "plan.json").write_text(earlier, "utf-8")
    plan = read_plan(draft, SETTINGS, 1_001.0)
    assert plan
    assert plan.plan == replace(PLAN, blocked=7, conflicts=((2, "Another name."),))


@pytest.mark.parametrize(
    ("made", "seconds", "usable", "even_if_old"),
    [
        (MADE, 59.9, True, True),
        (MADE, 60.0, False, True),
        (FAILED, 1.9, True, True),
        (FAILED, 2.0, False, True),
        (replace(MADE, version=3), 1.0, False, False),
        (replace(MADE, signed_in_as="somebody else"), 1.0, False, False),
    ],
)
def test_a_plan_is_believed_for_a_minute_and_an_error_for_two_seconds(
    draft: Draft, made: UploadPlan, seconds: float, usable: bool, even_if_old: bool
) -> None:
    """Never that of another version or sign-in; starting takes an old one, because the run compares again."""
    _PLAN.write(draft.folder / "plan.json", made)
    assert (read_plan(draft, SETTINGS, made.at + seconds) is not None) == usable
    assert (read_plan(draft, SETTINGS, made.at + seconds, fresh=False) is not None) == even_if_old


def test_without_a_document_there_is_no_plan(draft: Draft) -> None:
    """It is worked out."""
    assert read_plan(draft, SETTINGS, 0.0) is None
