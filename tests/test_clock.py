"""The clock by which lengths of time are measured."""

import time

from importer.clock import seconds_since_boot


def test_it_goes_on_with_time() -> None:
    """By seconds, and never back."""
    before, begun = seconds_since_boot(), time.monotonic()
    time.sleep(0.01)
    assert 0.01 <= seconds_since_boot() - before < time.monotonic() - begun + 1
