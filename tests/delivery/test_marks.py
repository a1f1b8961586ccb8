"""A mark is sent with a create, and read from a record."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.kit import KIND, body
from importer.delivery.listing import Remote
from importer.delivery.marks import FIELD, installation_of, mark, mark_on, marked, marks_on
from importer.delivery.prober import subject

HEX = st.text("0123456789abcdef", min_size=22, max_size=64)


def remote(number: int, value: object) -> Remote:
    """A record with this SystemId."""
    return Remote(number, {FIELD: value}, None, None, "")


@given(HEX)
def test_a_mark_is_read_back_as_it_was_sent(token: str) -> None:
    """It names its installation, and is no field of a row."""
    text = mark("0123abcd", token)
    sent = json.loads(marked(body(2), text))
    assert sent == json.loads(body(2)) | {FIELD: text}
    assert mark_on(remote(1, sent[FIELD])) == text
    assert installation_of(text) == "0123abcd"
    assert FIELD not in KIND.fields


def test_without_a_mark_the_body_is_what_was_planned() -> None:
    """Byte by byte."""
    assert marked(body(2), "") == body(2)


@pytest.mark.parametrize("value", [None, "", 7, ["x"], "theirs", "importer-0123abcd-", f" {mark('0' * 8, '0' * 22)}"])
def test_any_other_text_is_no_mark(value: object) -> None:
    """Other programs may use the field, or shorten it."""
    assert mark_on(remote(1, value)) == ""
    assert marks_on([remote(1, value), remote(2, mark("f" * 8, "1" * 22))]) == {2: mark("f" * 8, "1" * 22)}
    assert installation_of(str(value)) == ""


def test_a_mark_is_no_longer_than_what_a_probe_sends() -> None:
    """So the probe has shown that the service keeps all of it."""
    probed = subject(KIND, KIND.paths, {}, 0.0, "0" * 32)
    assert len(mark("f" * 8, "0" * 64)) <= min(map(len, probed.marks))
