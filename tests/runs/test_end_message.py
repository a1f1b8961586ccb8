"""The message about the end of a run: in sentences for people, in words for programs."""

import json

import pytest

from importer.errors import Exit
from importer.model import Status
from importer.runs.end_message import EndMessage

COUNTS = dict.fromkeys(Status, 0)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            EndMessage("a.csv", 0, 3, "finished", COUNTS | {Status.CREATED: 12}),
            "Run 3 (a.csv) is finished. All 12 rows created.",
        ),
        (
            EndMessage("a.csv", 1, 3, "finished", COUNTS | {Status.CREATED: 2, Status.REJECTED: 1}),
            "Run 3 (a.csv) is finished. 2 of 3 rows created, 1 refused by Nexudus.",
        ),
        (
            EndMessage("a.csv", 6, 3, "stopped", COUNTS | {Status.CREATED: 1, Status.NOT_SENT: 1}, "importer resume 3"),
            "Run 3 (a.csv) has stopped. 1 of 2 rows created, 1 not sent. Stopped at a limit or quota; safe to resume. "
            "To continue: importer resume 3",
        ),
        (
            EndMessage("gone.csv", 3),
            "Import of gone.csv failed. A file cannot be read, or columns are missing; none of its rows were checked.",
        ),
        (
            EndMessage("a.csv", 4, 3),
            "Work on run 3 (a.csv) failed. The sign-in was refused, or the user lacks a role for these records.",
        ),
        (EndMessage("a.csv", -9, 3, "stopped", COUNTS), "Run 3 (a.csv) has stopped. Its process was killed."),
        (
            EndMessage("a.csv", 0, 3, "finished", COUNTS | {Status.CREATED: 1}, is_practice=True),
            "Practice: Run 3 (a.csv) is finished. 1 row created.",
        ),
    ],
)
def test_a_message_says_what_happened_and_what_to_do(message: EndMessage, text: str) -> None:
    """As the report does, and no more of the file than its name."""
    assert message.text == text


def test_a_name_neither_begins_a_line_nor_calls_everybody() -> None:
    """Whoever names a file does not write the message; programs get the name as it is."""
    message = EndMessage("<!channel>\r\nBcc: x\x1b[2J.csv" + "x" * 500, 0, 3, "finished", COUNTS)
    assert message.title.isprintable()
    assert not set("<>") & set(message.text)
    assert len(message.title) < 200
    assert message.document["file"] == message.file


def test_every_exit_code_has_words() -> None:
    """And the document is JSON."""
    for code in Exit:
        document = json.loads(json.dumps(EndMessage("a.csv", int(code), 3, "stopped", COUNTS).document))
        assert (document["exit_code"], document["run"], document["state"]) == (int(code), 3, "stopped")
        assert document["text"].startswith("Run 3 (a.csv) has stopped.")
