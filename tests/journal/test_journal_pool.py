"""A journal that stays open between uses is as good as one that was opened just now."""

import pickle
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres import running_server

from importer.config.settings import JournalPlace
from importer.errors import JournalAwayError, JournalError
from importer.journal.journal_pool import JournalPool


def test_a_journal_is_opened_once(tmp_path: Path) -> None:
    """Whoever uses it next gets the same one; closed, it is opened again."""
    pool = JournalPool(JournalPlace(f"sqlite:///{tmp_path / 'j'}", tmp_path))
    with pool.journal() as first, pool.journal() as second:
        assert first is second
    pool.close()
    pool.close()
    with pool.journal() as third:
        assert third is not first
        assert third.runs.latest() == []
    pool.close()


def test_another_process_opens_its_own(tmp_path: Path) -> None:
    """Connections are not handed over."""
    pool = JournalPool(JournalPlace(f"sqlite:///{tmp_path / 'j'}", tmp_path))
    with pool.journal() as mine, pickle.loads(pickle.dumps(pool)).journal() as theirs:
        assert theirs is not mine
        assert theirs.name == mine.name
        theirs.__exit__()
    pool.close()


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """The first use after its restart succeeds; while it is away, each use is an error."""
    with running_server() as server:
        pool = JournalPool(JournalPlace(server.url(), tmp_path))
        with pool.journal() as journal:
            assert journal.runs.latest() == []
        server.stop()
        for _ in range(2):
            with pytest.raises(JournalAwayError), pool.journal():
                pass
        server.start()
        with pool.journal() as journal:
            assert journal.runs.latest() == []
        server.stop()
        server.start()
        with pool.journal() as journal:
            assert journal.runs.latest() == []
        pool.close()


def test_a_journal_that_a_newer_importer_has_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    """As if it were opened now."""
    place = JournalPlace(f"sqlite:///{tmp_path / 'j'}", tmp_path)
    pool = JournalPool(place)
    with pool.journal() as journal, journal._db.write() as db:
        db.execute(sa.text("UPDATE meta SET value = '999' WHERE key = 'schema_version'"))
    with pytest.raises(JournalError, match="has version 999"), pool.journal():
        pass
    pool.close()
