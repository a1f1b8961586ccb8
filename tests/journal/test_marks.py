"""What creates carry so that their records are recognised."""

from pathlib import Path

from importer.journal.journal import open_journal


def test_a_record_that_no_marked_create_made_has_no_mark(memory: Path) -> None:
    """An empty text, which no record of the service carries as its mark."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        assert journal.marks.of_record(1, 4711) == ""
        assert not journal.marks.are_on([(1, 2)])
        assert not journal.marks.lack_a_record(1)
