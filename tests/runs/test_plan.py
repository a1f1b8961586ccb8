"""The plan of an import: its numbers add up to the rows of the file, whatever they are."""

from conftest import LABELS, Desk, Service, mapping
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.comparison import Ambiguous, Blocked, Changed, Match, Reason, Unchanged
from importer.delivery.listing import Remote
from importer.runs.plan import AlreadyPresent
from schemas import RECORD_TYPES

KIND = next(iter(RECORD_TYPES.values()))
MATCHES: list[Match] = [
    None,
    Unchanged(7),
    Changed(Remote(7, {}, None, None, ""), {"Name": ("Studio", "Boardroom")}),
    Ambiguous((7, 8), Reason.SEVERAL, "have the same key", "Delete one."),
    Blocked(1, 2),
]


@given(matches=st.lists(st.sampled_from(MATCHES), max_size=20))
def test_each_row_counts_once(matches: list[Match]) -> None:
    """As what it is to the service; what a person has to look at is named, too."""
    present = AlreadyPresent()
    for row, match in enumerate(matches, 2):
        present.add(row, match, KIND)
    counted = present.existing + present.changed + present.ambiguous + present.blocked
    assert counted == sum(match is not None for match in matches)
    assert [row for row, _ in present.conflicts] == [
        row for row, match in enumerate(matches, 2) if isinstance(match, Changed | Ambiguous)
    ]


def test_the_numbers_of_a_plan_add_up_and_keep_their_former_names(desk: Desk, service: Service) -> None:
    """Every row of the file is in one of five numbers; what 1.0.0 called held is there under both names."""
    service.fail("lost-before")
    assert desk.type("run", desk.write("one.csv", [mapping(2)]), "--yes").code == 8
    file = desk.write("rows.csv", [LABELS, mapping(2), mapping(3), mapping(4, Name="")], ["Mappings"])
    document = desk.type("plan", file, "--json").json
    plan = document["plan"]
    assert plan["rows"] == sum(plan[name] for name in ("create", "existing", "invalid", "blocked", "changed")) == 3
    assert plan["blocked"] == plan["held"] == 1
    assert [notice["code"] for notice in document["notices"]] == ["title-above"]
