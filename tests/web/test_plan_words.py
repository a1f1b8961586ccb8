"""The sentences about rows that a plan does not send: natural, with the user's own titles, without a command."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery.comparison import Reason
from importer.runs.groups import RowChoice, RowDoubt
from importer.web.plan_words import doubt_words, field_words, printable_label, value_on_page

ONE, SEVERAL = (7,), (7, 8, 9)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("records", [ONE, SEVERAL])
def test_every_doubt_names_its_records_and_what_to_do(reason: Reason, records: tuple[int, ...]) -> None:
    """The verbs agree, and the column is called what the user calls it."""
    about_a_field = (Reason.RECORD_LACKS_PART, Reason.ROW_LACKS_PART, Reason.ALIKE, Reason.NAMED_IS_ANOTHER)
    field = "CalendarId" if reason in about_a_field else None
    words = doubt_words(RowDoubt(2, records, reason, field), {"CalendarId": "Kalender"})
    assert ("Record 7" if records == ONE else "Records 7, 8 and 9") in words
    assert ("Kalender" in words) == (field is not None)
    assert not re.search(r"CalendarId|--|[{}_]", words)
    assert not re.search(r"records? [\d, and]+ has" if records == SEVERAL else r"have|\bare\b", words, re.IGNORECASE)


@pytest.mark.parametrize("reason", Reason)
def test_a_row_whose_record_can_be_chosen_is_only_explained(reason: Reason) -> None:
    """The choice is right below; advice to go elsewhere would lead away from it."""
    without = doubt_words(RowDoubt(2, ONE, reason, "CalendarId"), {})
    assert without.startswith(doubt_words(RowDoubt(2, ONE, reason, "CalendarId", (RowChoice(7),)), {}) + " ")


def test_of_very_many_records_the_first_are_named() -> None:
    """And how many more there are."""
    words = doubt_words(RowDoubt(2, tuple(range(1, 1_011)), Reason.SEVERAL), {})
    assert words.startswith("Records 1, 2, 3, 4, 5 and 1,005 more are")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CalendarId", "Calendar Id"),
        ("SubscriptionExpireDate", "Subscription expire date"),
        ("Name", "Name"),
        ("VATNumber", "VAT number"),
        ("MSOffice365Id", "MS office365 Id"),
    ],
)
def test_a_field_without_a_column_is_called_in_words(name: str, words: str) -> None:
    """A name made for programs is nothing to read."""
    assert field_words(name) == words
    assert printable_label(name, {}) == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "empty"),
        ("2031-02-01T10:00:00Z", "2031-02-01 10:00 UTC"),
        ("2031-02-01T10:00:07.120Z", "2031-02-01 10:00:07 UTC"),
        ("2031-02-01T10:00Z", "2031-02-01 10:00 UTC"),
        ("Room 2", "Room 2"),
        ("on 2031-02-01T10:00:00Z", "on 2031-02-01T10:00:00Z"),
    ],
)
def test_values_are_shown_as_people_write_them(text: str, shown: str) -> None:
    """An empty one is a word; a point in time has no T and no Z."""
    assert value_on_page(text) == shown


@given(st.text())
def test_a_title_never_breaks_the_page(title: str) -> None:
    """On one line and cut, whatever somebody has typed into the header; without a title, the field's name."""
    shown = printable_label("Name", {"Name": title})
    assert (shown == "Name") == (title in ("", "Name"))
    assert not [c for c in shown if unicodedata.category(c)[0] == "C" or unicodedata.category(c) in ("Zl", "Zp")]
    assert len(shown) <= 40
