"""What the tests of runs without a service share: an installation of its own, and its journal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.config.settings import Settings
from importer.journal.journal import Journal, open_journal


@pytest.fixture
def settings(memory: Path) -> Settings:
    """An installation of its own, with the published allowances."""
    return Settings.model_validate({"home": memory})


@pytest.fixture
def journal(settings: Settings) -> Iterator[Journal]:
    """Its journal, to make runs in."""
    with open_journal(settings.journal_place) as journal:
        yield journal
