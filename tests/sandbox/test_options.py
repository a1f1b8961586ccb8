"""The switches of a practice service, and how they are changed from JSON."""

from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.options import SandboxOptions, changed


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"contract": "new"}, "new"),
        ({"writes_per_minute": None}, None),
        ({"writes_per_minute": 30}, 30),
        ({"latency": 2}, 2.0),
        ({"store": "records.sqlite3"}, Path("records.sqlite3")),
        ({"spellings": ["coworkermsofficecalendars"]}, ("coworkermsofficecalendars",)),
        ({"uniqueness": True}, True),
    ],
)
def test_a_value_of_the_right_type_is_taken(changes: dict[str, Any], value: object) -> None:
    """JSON has fewer types than the options; each value comes out in the option's own."""
    [name] = changes
    taken = getattr(changed(SandboxOptions(), changes), name)
    assert (taken, type(taken)) == (value, type(value))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (["latency"], "a JSON object"),
        ({"latencie": 1}, "no sandbox option 'latencie'"),
        ({"contract": "newest"}, "contract cannot be 'newest'"),
        ({"writes_per_minute": "60"}, "writes_per_minute cannot be '60'"),
        ({"writes_per_minute": True}, "writes_per_minute cannot be True"),
        ({"uniqueness": 1}, "uniqueness cannot be 1"),
        ({"faults": ["502", 3]}, "faults cannot be"),
    ],
)
def test_any_other_value_is_refused_by_name(changes: object, complaint: str) -> None:
    """A mistyped switch that is swallowed would leave a test of something else."""
    with pytest.raises(ValueError, match=complaint):
        changed(SandboxOptions(), changes)


def test_no_secret_is_shown() -> None:
    """Options are printed when something fails."""
    assert "practice" not in repr(SandboxOptions(totp="123456"))
    assert "123456" not in repr(SandboxOptions(totp="123456"))
