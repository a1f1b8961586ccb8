"""The name that was meant: near enough to be offered, and otherwise none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.config.settings import Settings
from importer.config.spelling import nearest

SETTINGS = tuple(f"NEXUDUS_{name.upper()}" for name in Settings.model_fields)
NAMES = st.lists(st.text(st.characters(codec="ascii", categories=["Lu", "Ll"]), min_size=1), unique_by=str.lower)


@pytest.mark.parametrize(
    ("written", "names", "meant"),
    [
        ("USER", ("USERNAME", "URL", "PASSWORD"), "USERNAME"),
        ("RTE", ("RATE", "HOME"), "RATE"),
        ("daily-quota", ("daily_quota", "daily_reset"), "daily_quota"),
        ("Paswort", ("password", "proxy"), "password"),
        # A wrong guess is worse than none: somebody would set it.
        ("API_URL", ("URL", "HOME"), None),
        ("x", ("URL",), None),
        ("anything", (), None),
    ],
)
def test_a_near_name_is_offered_and_no_far_one(written: str, names: tuple[str, ...], meant: str | None) -> None:
    """Whatever the case; the offer is spelt as the name is."""
    assert nearest(written, names) == meant
    assert nearest(written.swapcase(), names) == meant


@given(NAMES, st.text())
def test_what_is_offered_is_one_of_the_names(names: list[str], written: str) -> None:
    """And a name in any case is meant itself."""
    assert nearest(written, names) in {*names, None}
    for name in names:
        assert nearest(name.swapcase(), names) == name


@pytest.mark.parametrize("name", SETTINGS)
def test_no_setting_is_so_near_another_that_a_slip_means_the_wrong_one(name: str) -> None:
    """Each setting without any one of its letters is still nearest to itself."""
    for place in range(len("NEXUDUS_"), len(name)):
        assert nearest(name[:place] + name[place + 1 :], SETTINGS) == name
