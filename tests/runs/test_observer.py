"""Work without a user: nothing is shown, and nothing is ever sent or deleted by it."""

import pytest

from importer.model import Account, Plan, Progress
from importer.runs.observer import NullObserver

PLAN = Plan(1, 1, 0, 0, 0, None, 1.0, 2.0)


def test_nobody_confirms_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever there is to do: it is declined in silence, and no wish to stop is ever there."""
    observer, nobody = NullObserver(), Account("host", "space", "user")
    assert observer.confirm(None, PLAN, nobody) is False  # type: ignore[arg-type]  # whatever the check says
    assert observer.confirm_undo(PLAN, nobody, None) is False  # type: ignore[arg-type]  # whichever run it is
    observer.say("a sentence")
    observer.progress(Progress(1, 0), 1, None)
    with observer.sending() as stop:
        assert not stop.is_set()
    assert capsys.readouterr() == ("", "")
