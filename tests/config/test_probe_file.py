"""What a probe has shown, kept for each host and record type."""

from pathlib import Path

import pytest

from importer.config.probe_file import STATEMENTS, Answer, Observation, Point, ProbeResult, read, write
from importer.config.shelf import FileShelf

RESULT = ProbeResult(
    "spaces.example.com:8443",
    "Kind",
    "spaces/kinds",
    "ops@example.com",
    1_795_000_000.0,
    {Point.UPDATES.value: Observation(Answer.YES, "so it was")},
)


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    """With the answers as values of their own, under the host and the record type."""
    write(FileShelf(tmp_path), RESULT)
    again = read(FileShelf(tmp_path), RESULT.host, RESULT.kind)
    assert again == RESULT
    assert again.answer(Point.UPDATES) is Answer.YES
    assert again.observation(Point.UPDATES).detail == "so it was"


def test_a_point_without_an_answer_is_not_found_out(tmp_path: Path) -> None:
    """Also for a host that was never probed, whatever the others have shown."""
    write(FileShelf(tmp_path), RESULT)
    assert RESULT.answer(Point.OMITTED) is Answer.UNKNOWN
    for host, kind in (("other.example.com", "Kind"), (RESULT.host, "Other"), ("spaces.example.com-8443", "Kind")):
        nothing = read(FileShelf(tmp_path), host, kind)
        assert (nothing.host, nothing.kind, nothing.probed) == (host, kind, 0.0)
        assert {nothing.answer(point) for point in Point} == {Answer.UNKNOWN}


@pytest.mark.parametrize("text", ["", "{", '{"format": 99}', '{"format": 1, "host": 5}'])
def test_a_file_that_cannot_be_used_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    """A probe can be repeated; a wrong answer must not be believed."""
    write(FileShelf(tmp_path), RESULT)
    [path] = (tmp_path / "probes").glob("*.json")
    path.write_text(text)
    assert read(FileShelf(tmp_path), RESULT.host, RESULT.kind) == ProbeResult(RESULT.host, RESULT.kind)


def test_every_point_has_a_statement() -> None:
    """In one order, and each its own."""
    assert list(STATEMENTS) == list(Point)
    assert len(set(STATEMENTS.values())) == len(Point)
