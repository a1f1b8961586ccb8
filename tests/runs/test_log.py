"""A line of the log is the same for all programs, and says nothing that its event does not need."""

import re

from readme import ROOT

from importer.runs.log import EVENTS, Level, LogLine, no_log


def test_a_line_names_what_it_is_about() -> None:
    """Its time and level first, then the run and its account, then what the event alone has."""
    line = LogLine("run taken", Level.WARNING, 3, "spaces.nexudus.com/ops@example.com", {"process": 7}, "Run 3 begins.")
    assert list(line.document("now").items()) == [
        ("time", "now"),
        ("level", "warning"),
        ("event", "run taken"),
        ("run", 3),
        ("account", "spaces.nexudus.com/ops@example.com"),
        ("process", 7),
    ]


def test_what_is_for_people_is_in_no_log() -> None:
    """A sentence may quote a file, a cell or what another program has said; an account may not be known yet."""
    line = LogLine("started", run=None, account="", sentence="salaries.csv")
    assert line.document("now") == {"time": "now", "level": "info", "event": "started"}
    no_log(line)


def test_every_event_is_in_the_list_and_happens() -> None:
    """The list is in the guide; an event that it lacks would be a riddle, one that never happens a false promise."""
    texts = [path.read_text("utf-8") for path in (ROOT / "importer").rglob("*.py") if path.name != "log.py"]
    names = {name for text in texts for name in re.findall(r'LogLine\(\s*"([^"]+)"', text)}
    assert names <= set(EVENTS)
    assert all(any(f'"{event}"' in text for text in texts) for event in EVENTS)
