"""The protocol of a row that updates its record, checked in every interleaving; and each rule, by taking it away."""

from collections.abc import Callable

import pytest

from delivery.update_model import SCENARIOS, UPDATE_RULES, UpdateModel, UpdateRule
from importer.journal.states import TRANSITIONS, State


def test_no_interleaving_harms_a_record_or_misreports_a_row(record_property: Callable[[str, object], None]) -> None:
    """In no world, under all rules; and every line of the table about updates is taken somewhere on the way."""
    used = set()
    for name, scenario in SCENARIOS.items():
        model = UpdateModel(scenario)
        assert model.harm() == ("", ()), name
        record_property(name, model.states)
        assert model.states > 50, name
        used |= model.used
    lines = {(s, e) for s in (State.UPDATING, State.UPDATED, State.RESTORING) for e in TRANSITIONS[s]}
    # A lost answer leaves the row as it is, so that nothing is written down.
    assert lines - used <= {(State.UPDATING, "lost")}


@pytest.mark.parametrize("rule", UpdateRule, ids=lambda rule: rule.name.lower())
def test_each_rule_of_updates_is_needed(rule: UpdateRule, record_property: Callable[[str, object], None]) -> None:
    """Without any one rule there is a way to harm in some world."""
    for name, scenario in SCENARIOS.items():
        harm, way = UpdateModel(scenario, UPDATE_RULES - {rule}).harm()
        if harm:
            record_property("way", f"{name}: {' → '.join(way)} = {harm}")
            return
    pytest.fail(f"nothing goes wrong without: {rule}")
