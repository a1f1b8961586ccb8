"""The page about the security standard: complete, with a test for what holds, and a reason for what does not."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from readme import ROOT

from importer.guide import find_topic

TESTS = ROOT / "tests"
VERDICTS = ("holds", "does not", "not applicable")
CALLED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
NUMBERS = [
    "1.1.1",
    "1.1.2",
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.2.4",
    "1.2.5",
    "1.2.6",
    "1.2.7",
    "1.2.8",
    "1.2.9",
    "1.3.1",
    "1.3.2",
    "1.3.3",
    "1.3.4",
    "1.3.5",
    "1.3.6",
    "1.3.7",
    "1.3.8",
    "1.3.9",
    "1.3.10",
    "1.3.11",
    "1.4.1",
    "1.4.2",
    "1.4.3",
    "1.5.1",
    "1.5.2",
    "2.1.1",
    "2.1.2",
    "2.1.3",
    "2.2.1",
    "2.2.2",
    "2.2.3",
    "2.3.1",
    "2.3.2",
    "2.3.3",
    "2.3.4",
    "2.4.1",
    "3.2.1",
    "3.2.2",
    "3.3.1",
    "3.3.2",
    "3.3.3",
    "3.3.4",
    "3.4.1",
    "3.4.2",
    "3.4.3",
    "3.4.4",
    "3.4.5",
    "3.4.6",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "3.5.4",
    "3.5.5",
    "3.7.1",
    "3.7.2",
    "4.1.1",
    "4.1.2",
    "4.1.3",
    "4.2.1",
    "4.3.1",
    "4.3.2",
    "4.4.1",
    "4.4.2",
    "4.4.3",
    "4.4.4",
    "5.1.1",
    "5.2.1",
    "5.2.2",
    "5.2.3",
    "5.3.1",
    "5.3.2",
    "5.4.1",
    "5.4.2",
    "5.4.3",
    "6.1.1",
    "6.1.2",
    "6.1.3",
    "6.2.1",
    "6.2.2",
    "6.2.3",
    "6.2.4",
    "6.2.5",
    "6.2.6",
    "6.2.7",
    "6.2.8",
    "6.2.9",
    "6.2.10",
    "6.2.11",
    "6.2.12",
    "6.3.1",
    "6.3.2",
    "6.3.3",
    "6.3.4",
    "6.4.1",
    "6.4.2",
    "6.4.3",
    "6.4.4",
    "6.5.1",
    "6.5.2",
    "6.5.3",
    "6.5.4",
    "6.5.5",
    "6.6.1",
    "6.6.2",
    "6.6.3",
    "6.8.1",
    "6.8.2",
    "6.8.3",
    "6.8.4",
    "7.1.1",
    "7.1.2",
    "7.1.3",
    "7.2.1",
    "7.2.2",
    "7.2.3",
    "7.2.4",
    "7.3.1",
    "7.3.2",
    "7.4.1",
    "7.4.2",
    "7.4.3",
    "7.4.4",
    "7.4.5",
    "7.5.1",
    "7.5.2",
    "7.6.1",
    "7.6.2",
    "8.1.1",
    "8.1.2",
    "8.2.1",
    "8.2.2",
    "8.2.3",
    "8.3.1",
    "8.4.1",
    "9.1.1",
    "9.1.2",
    "9.1.3",
    "9.2.1",
    "9.2.2",
    "9.2.3",
    "9.2.4",
    "10.1.1",
    "10.1.2",
    "10.2.1",
    "10.2.2",
    "10.3.1",
    "10.3.2",
    "10.3.3",
    "10.3.4",
    "10.4.1",
    "10.4.2",
    "10.4.3",
    "10.4.4",
    "10.4.5",
    "10.4.6",
    "10.4.7",
    "10.4.8",
    "10.4.9",
    "10.4.10",
    "10.4.11",
    "10.5.1",
    "10.5.2",
    "10.5.3",
    "10.5.4",
    "10.5.5",
    "10.6.1",
    "10.6.2",
    "10.7.1",
    "10.7.2",
    "10.7.3",
    "11.1.1",
    "11.1.2",
    "11.2.1",
    "11.2.2",
    "11.2.3",
    "11.3.1",
    "11.3.2",
    "11.3.3",
    "11.4.1",
    "11.4.2",
    "11.4.3",
    "11.4.4",
    "11.5.1",
    "11.6.1",
    "12.1.1",
    "12.1.2",
    "12.1.3",
    "12.2.1",
    "12.2.2",
    "12.3.1",
    "12.3.2",
    "12.3.3",
    "12.3.4",
    "13.1.1",
    "13.2.1",
    "13.2.2",
    "13.2.3",
    "13.2.4",
    "13.2.5",
    "13.3.1",
    "13.3.2",
    "13.4.1",
    "13.4.2",
    "13.4.3",
    "13.4.4",
    "13.4.5",
    "14.1.1",
    "14.1.2",
    "14.2.1",
    "14.2.2",
    "14.2.3",
    "14.2.4",
    "14.3.1",
    "14.3.2",
    "14.3.3",
    "15.1.1",
    "15.1.2",
    "15.1.3",
    "15.2.1",
    "15.2.2",
    "15.2.3",
    "15.3.1",
    "15.3.2",
    "15.3.3",
    "15.3.4",
    "15.3.5",
    "15.3.6",
    "15.3.7",
    "16.1.1",
    "16.2.1",
    "16.2.2",
    "16.2.3",
    "16.2.4",
    "16.2.5",
    "16.3.1",
    "16.3.2",
    "16.3.3",
    "16.3.4",
    "16.4.1",
    "16.4.2",
    "16.4.3",
    "16.5.1",
    "16.5.2",
    "16.5.3",
    "17.1.1",
    "17.2.1",
    "17.2.2",
    "17.2.3",
    "17.2.4",
    "17.3.1",
    "17.3.2",
]
"""The requirements of levels 1 and 2 of version 5.0.0."""
CODE = sorted(path for room in ("importer", "schemas") for path in (ROOT / room).rglob("*.py"))


def lines() -> Iterator[list[str]]:
    """The cells of each line of the tables."""
    topic = find_topic("security-standard")
    assert topic is not None
    for line in topic.markdown.splitlines():
        if re.match(r"\| \d", line):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_every_requirement_is_judged_once() -> None:
    """None is left out, and each has one of three verdicts."""
    judged = [(cells[0].split()[0], cells[2]) for cells in lines()]
    assert [number for number, _ in judged] == NUMBERS
    assert {verdict for _, verdict in judged} == set(VERDICTS)


def test_what_holds_is_shown_by_a_test_and_what_does_not_has_a_reason() -> None:
    """Each test that is named is in the file that is named."""
    for number, _, verdict, why in lines():
        called = CALLED.findall(why)
        assert bool(called) == (verdict == "holds"), number
        assert why, number
        for path, name in called:
            assert re.search(rf"^(async )?def {name}\(", (TESTS / path).read_text("utf-8"), re.MULTILINE), (
                number,
                name,
            )


def test_the_sum_is_that_of_the_tables() -> None:
    """The first lines of the page count the verdicts."""
    topic = find_topic("security-standard")
    counts = Counter(cells[2] for cells in lines())
    assert topic is not None
    words = " ".join(topic.markdown.split())
    first, *others = (counts[verdict] for verdict in VERDICTS)
    assert (
        f"Of {len(NUMBERS)} requirements, {first} hold, {others[0]} do not, and {others[1]} are not applicable" in words
    )


# -- what holds of all code --------------------------------------------------------------------------------------------


def parts(path: Path) -> Iterator[ast.AST]:
    """Everything that stands in a module."""
    return ast.walk(ast.parse(path.read_text("utf-8")))


def test_nothing_that_was_given_is_run_as_code() -> None:
    """No text becomes code, no bytes become objects, and no program is started by a shell."""
    for path in CODE:
        for part in parts(path):
            if isinstance(part, ast.Call):
                called = ast.unparse(part.func)
                assert called not in {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}, (path, called)
                assert not any(word.arg == "shell" for word in part.keywords), path
            if isinstance(part, ast.Import | ast.ImportFrom):
                names = {name.name for name in part.names} | {getattr(part, "module", None)}
                assert not names & {"pickle", "marshal", "shelve", "dill", "yaml"}, path


def test_hashes_are_of_approved_kinds() -> None:
    """SHA-256 and BLAKE2b, of all that hashlib has; what is random and secret comes from ``secrets``."""
    used, random_in = set[str](), set[str]()
    for path in CODE:
        for part in parts(path):
            if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "hashlib":
                used.add(part.attr)
            if isinstance(part, ast.ImportFrom) and part.module == "hashlib":
                used |= {name.name for name in part.names}
            if isinstance(part, ast.Import) and "random" in {name.name for name in part.names}:
                random_in.add(path.parent.name)
    assert used == {"sha256", "blake2b", "file_digest"}
    # The practice service invents its people with it, and the samples their Ids.
    assert random_in <= {"sandbox", "samples"}


def test_every_event_of_the_log_is_in_the_guide() -> None:
    """Whoever reads a log finds each of its events explained."""
    topic = find_topic("json-and-exit-codes")
    assert topic is not None
    events = {name for path in CODE for name in re.findall(r'LogLine\(\s*"([^"]+)"', path.read_text("utf-8"))}
    assert len(events) > 5
    assert {event for event in events if f"`{event}`" not in topic.markdown} == set()
