"""The protocol of one row, checked in every interleaving; and each of its rules, by taking it away."""

from collections.abc import Callable

import pytest

from delivery.model import MOST_RESENDS, RULES, Explored, Model, Rule
from delivery.settle_model import SCENARIOS, SETTLE_RULES, SettleModel, SettleRule
from delivery.undo_model import UNDO_RULES, UndoModel, UndoRule
from importer.delivery import reconciler
from importer.journal.states import TRANSITIONS, Event, State


@pytest.fixture(scope="module")
def whole() -> Explored:
    """The search under all rules."""
    return Model().explore()


def test_no_interleaving_doubles_or_loses_a_row(
    whole: Explored, record_property: Callable[[str, object], None]
) -> None:
    """Under all rules no order of events harms a row, and from everywhere the row can still reach an end."""
    record_property("states", whole.states)
    assert whole.harm == "", " → ".join(whole.way)
    assert whole.stuck == ()
    assert whole.states > 3_000


def test_the_model_knows_every_line_of_the_table(whole: Explored) -> None:
    """Every transition of a row on its way happens in the model; a new line in the table must be modelled first."""
    lines = {(state, event) for state in (State.PLANNED, State.IN_DOUBT) for event in TRANSITIONS[state]}
    # A row whose record is known is never created, so there is nothing to interleave.
    never_created = (Event.KNOWN, Event.DIFFERS, Event.WILL_UPDATE)
    assert whole.used == lines - {(State.PLANNED, event) for event in never_created}


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name.lower())
def test_each_rule_is_needed(rule: Rule, record_property: Callable[[str, object], None]) -> None:
    """Without any one rule there is a way to harm: the check can fail, and no rule is idle."""
    found = Model(RULES - {rule}).explore()
    record_property("way", " → ".join(found.way))
    assert found.harm, f"nothing goes wrong without: {rule}"


def test_the_model_sends_again_as_often_as_the_importer() -> None:
    """The model's limit of resends is that of reconciling."""
    assert MOST_RESENDS == reconciler.MOST_CREATE_RESENDS


def test_no_interleaving_of_an_undo_destroys_or_misreports(record_property: Callable[[str, object], None]) -> None:
    """Under all rules, and every line of the table about undo is taken somewhere on the way."""
    model = UndoModel()
    assert model.harm() == ("", ())
    record_property("states", model.states)
    assert model.states > 100
    assert model.used == {(s, e) for s in (State.CREATED, State.REMOVING) for e in TRANSITIONS[s]}


@pytest.mark.parametrize("rule", UndoRule, ids=lambda rule: rule.name.lower())
def test_each_rule_of_undo_is_needed(rule: UndoRule, record_property: Callable[[str, object], None]) -> None:
    """Without any one rule there is a way to harm."""
    harm, way = UndoModel(UNDO_RULES - {rule}).harm()
    record_property("way", " → ".join(way))
    assert harm, f"nothing goes wrong without: {rule}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_list_doubles_or_loses_a_row(name: str, record_property: Callable[[str, object], None]) -> None:
    """Whatever happens between two calls: pages shift, colleagues edit, clocks jump, effects come late."""
    model = SettleModel(SCENARIOS[name])
    assert model.harm() == ("", ())
    record_property("states", model.states)
    assert model.states > 50


WITNESSES = {
    SettleRule.WHOLE_BODY: "another program of ours",
    SettleRule.NOT_BEFORE: "an equal record from before",
    SettleRule.ONE_ROW: "two equal rows",
    SettleRule.KEY_IS_REVIEW: "a colleague edits",
    SettleRule.EDITS_EXCLUDE_NOTHING: "a colleague edits",
    SettleRule.TWO_READINGS: "pages that shift",
    SettleRule.SERVICE_CLOCK: "late effects and clocks",
    SettleRule.OUR_CLOCK: "late effects and clocks",
    SettleRule.RECORDS_OF_RUN: "another location",
    SettleRule.ROWS_LOCATION: "another location from the beginning",
    SettleRule.NOT_EMPTY: "an empty list",
    SettleRule.ONE_SENDER: "two senders",
    SettleRule.FRESH_INTENTS: "late effects and clocks",
    SettleRule.MARK_IS_OURS: "marks, and values that a colleague changes",
    SettleRule.NO_MARK_IS_NO_PROOF: "marks that a colleague clears",
    SettleRule.OTHER_MARK_IS_OTHERS: "marks, and values that a colleague changes",
}
"""The world in which each rule is needed."""


@pytest.mark.parametrize("rule", SettleRule, ids=lambda rule: rule.name.lower())
def test_each_rule_of_settling_is_needed(rule: SettleRule, record_property: Callable[[str, object], None]) -> None:
    """Without any one rule there is a way to harm."""
    harm, way = SettleModel(SCENARIOS[WITNESSES[rule]], SETTLE_RULES - {rule}).harm()
    record_property("way", " → ".join(way))
    assert harm, f"nothing goes wrong without: {rule}"
