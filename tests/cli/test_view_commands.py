"""The commands that only show something: each says in words why its exit code is not 0."""

import pytest
from conftest import LABELS, Desk, mapping


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_columns_say_what_a_check_would_say(desk: Desk, words: list[str]) -> None:
    """Which fields have no column and what to do, below the table, or on stderr beside the one document."""
    file = desk.write("rows.csv", [[1, 2, 3]], ["Foo", "Bar", "CowokerId"])
    done, checked = desk.type("columns", file, *words), desk.type("check", file)
    assert (done.code, checked.code) == (3, 3)
    assert done.err.rstrip().endswith(checked.err.removeprefix("Error: ").rstrip())
    assert "The file has no column for ResourceId" in done.err
    assert "CowokerId" in done.out
    assert not words or done.json["columns"][0]["field"] == "ResourceId"


def test_columns_that_are_all_there_need_no_sentence(desk: Desk) -> None:
    """The optional ones may be missing."""
    done = desk.type("columns", desk.write("rows.csv", [mapping(2)[:4]], LABELS[:4]))
    assert (done.code, done.err) == (0, "")
