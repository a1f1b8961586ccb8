"""The clock of a command beside a machine whose clock jumps."""

from hypothesis import given
from hypothesis import strategies as st

from importer.api.clock import steady_clock


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e8, 1e8)), max_size=20))
def test_whatever_the_machines_clock_does_the_commands_goes_on(steps: list[tuple[float, float]]) -> None:
    """By as many seconds as have passed, from what the machine showed at the beginning."""
    real = ahead = 0.0
    clock = steady_clock(lambda: 1.8e9 + real + ahead, lambda: 50.0 + real)
    for seconds, jump in steps:
        real, ahead = real + seconds, ahead + jump
        assert abs(clock() - (1.8e9 + real)) < 1e-3
