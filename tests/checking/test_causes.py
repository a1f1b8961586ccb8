"""Issues by their cause, as columns: the same issues in the same order as one by one."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.causes import Cause, Causes, cause_key
from importer.issues import Candidate, Issue, Severity

ERRORS, WARNINGS = ("cell-empty", "not-a-date", "duplicate-row"), ("date-past", "spaces-trimmed")


def cause(code: str, letters: str, rows: Sequence[int], **changes: object) -> Cause:
    """A cause in a column that is called like its letters; row 3 holds "v3" and has the detail "d3"."""
    values, details = [f"v{row}" for row in rows], [f"d{row}" for row in rows]
    made = Cause(code, letters, letters or None, letters or None, np.array(rows, dtype=np.int64), values, details)
    return Cause(**{name: changes.get(name, getattr(made, name)) for name in Cause.__slots__})  # type: ignore[arg-type]


def test_each_cell_of_a_cause_is_an_issue() -> None:
    """With its address, its value, its detail and what it may mean."""
    candidates = {"v4": (Candidate(7, ("Studio",)),)}
    issues = list(cause("name-ambiguous", "C", [3, 4], candidates=candidates))
    assert issues == [
        Issue("name-ambiguous", 3, "C3", "C", "C", "v3", "d3"),
        Issue("name-ambiguous", 4, "C4", "C", "C", "v4", "d4", candidates["v4"]),
    ]


def test_a_cause_of_whole_rows_has_no_cell() -> None:
    """And its sentences name the row."""
    rows = cause("duplicate-row", "", [9])
    assert [(issue.row, issue.cell) for issue in rows] == [(9, None)]
    assert rows.names_rows
    assert not cause("cell-empty", "A", [9]).names_rows
    assert cause("extra-cell", "AB", [9]).names_rows


def test_errors_come_before_warnings_and_the_most_frequent_first() -> None:
    """Of two that are equally frequent, that of the earlier row."""
    causes = Causes(
        [Issue("column-unused", label="Note", cell="G1")],
        [
            [cause("date-past", "D", [2, 3, 4, 5, 6]), cause("cell-empty", "B", [4]), cause("not-a-date", "A", [3])],
            [cause("not-a-date", "D", [102, 103])],
        ],
    )
    groups = [(group.code, group.letters, len(group)) for group in causes.groups()]
    assert groups == [
        ("not-a-date", "D", 2),
        ("not-a-date", "A", 1),
        ("cell-empty", "B", 1),
        ("date-past", "D", 5),
        ("column-unused", "G", 1),
    ]
    assert len(causes) == 10


def test_one_cause_in_two_chunks_is_one_group() -> None:
    """Its first issues are those of the first rows, whichever chunk was added first."""
    causes = Causes()
    causes.add(Causes([], [[cause("cell-empty", "A", [150, 160])]]))
    causes.add(Causes([], [[cause("cell-empty", "A", [5, 6])]]))
    [group] = causes.groups()
    assert (group.key, len(group), group.about) == ("cell-empty:A", 4, "A")
    assert [issue.row for issue in group.first(3)] == [5, 6, 150]
    assert sorted(group.values()) == ["v150", "v160", "v5", "v6"]


def test_issues_of_whole_columns_stand_before_those_of_cells() -> None:
    """In a group as in the whole list."""
    of_column = Issue("zone-assumed", label="D", field="D", value="10:30")
    causes = Causes([of_column], [[cause("cell-empty", "A", [2])]])
    assert list(causes) == [of_column, Issue("cell-empty", 2, "A2", "A", "A", "v2", "d2")]
    assert next(group for group in causes.groups() if group.code == "zone-assumed").first(5) == [of_column]


def test_a_cause_is_named_by_its_column_or_by_what_it_is_about() -> None:
    """Two columns with one header are two causes."""
    assert cause_key("cell-empty", "A", "Name") != cause_key("cell-empty", "B", "Name")
    assert cause_key("zone-assumed", "", "Expires") == "zone-assumed:Expires"


CELLS = st.lists(
    st.tuples(st.sampled_from(ERRORS + WARNINGS), st.sampled_from("ABCD"), st.integers(2, 40)), unique=True
)


@given(CELLS)
def test_grouped_or_one_by_one_they_are_the_same_issues(cells: list[tuple[str, str, int]]) -> None:
    """By row, those of a row in the order of its causes; none is lost and none told twice."""
    chunks: list[list[Cause]] = []
    for chunk in (range(2, 20), range(20, 41)):
        kinds = dict.fromkeys((code, letters) for code, letters, row in cells if row in chunk)
        rows = {kind: sorted(row for *of, row in cells if tuple(of) == kind and row in chunk) for kind in kinds}
        chunks.append([cause(*kind, rows[kind]) for kind in kinds])
    causes = Causes([], list(chunks))
    by_row = [issue.row or 0 for issue in causes]
    assert by_row == sorted(by_row)
    assert sorted((issue.code, issue.label or "", issue.row or 0) for issue in causes) == sorted(cells)
    assert sum(map(len, causes.groups())) == len(causes) == len(cells)
    severities = [group.severity is Severity.ERROR for group in causes.groups()]
    assert severities == sorted(severities, reverse=True)
