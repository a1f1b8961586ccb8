"""Rows that equal each other, in doubt and planned at once: each needs a record of its own."""

import json
from pathlib import Path

from delivery.kit import ACCOUNT, KIND, add_run, body
from importer.delivery.listing import Listing, to_remote
from importer.delivery.reconciler import RemoteIndex
from importer.journal.journal import open_journal


def test_a_record_that_may_be_a_doubtful_rows_is_given_to_no_other(tmp_path: Path) -> None:
    """A record that appears while an equal row is in doubt is that row's: the planned one still needs its own."""
    with open_journal(f"sqlite:///{tmp_path / 'j'}") as journal:
        run = add_run(journal, tmp_path, planned=1)
        journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 1), (), 1_000.0)
        remote = to_remote({"Id": 7, **_fields(2), "CreatedOn": "2026-01-01T00:00:00Z", "UpdatedBy": "ops@example.com"})
        assert remote is not None
        assert run.target is not None
        on_service = RemoteIndex(Listing((remote,)), journal, run.target, KIND)
        assert on_service.claim(body(2)) is None


def _fields(number: int) -> dict[str, object]:
    return dict(json.loads(body(number)))
