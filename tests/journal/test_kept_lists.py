"""What is written down of a list of the service."""

import pytest

from importer.checking import Entry
from importer.config.store import UnreadableError
from importer.journal.kept_lists import LISTED, Listed


def test_a_list_comes_back_as_it_was() -> None:
    """Names in any letters, deleted records among them."""
    entries = (Entry(1, ("Ünïcode \u2028", "a@b.example"), "Harbour House"), Entry(2, (), "", deleted=True))
    assert LISTED.decode(LISTED.encode(Listed(entries))) == Listed(entries)


def test_a_list_that_cannot_be_read_is_said_to_be_unreadable() -> None:
    """It is asked for again, and is no error."""
    with pytest.raises(UnreadableError):
        LISTED.decode("[{")
