"""Which limit decides how long sending takes, in sentences."""

from collections.abc import Iterable, Iterator

from importer.config.settings import environment_name
from importer.model import Plan

_WORTH_A_WORD = 60.0
"""Seconds; what takes no longer needs no reason."""


def limit_lines(plan: Plan) -> Iterator[str]:
    """Which setting decides how long a plan takes, and what to set if the rate cannot be reached."""
    if plan.limited_by and plan.writes and plan.seconds >= _WORTH_A_WORD:
        yield f"      The limit that counts is {plan.limit} ({environment_name(plan.limited_by)})."
    if plan.below_rate and plan.writes:
        yield from rate_lines(plan.rate, plan.below_rate, "      ")


def rate_lines(rate: str, below_rate: Iterable[tuple[str, int]], indent: str = "") -> Iterator[str]:
    """That a rate cannot be reached, and what to set for it."""
    needed = " ".join(f"{environment_name(name)}={calls}" for name, calls in below_rate)
    yield f"{indent}The rate of {rate} cannot be reached, for other limits are lower. If your Nexudus allows it, set:"
    yield f"{indent}  {needed}"
