"""Rows left out on the page of a check: one by one, all repeats, all with a name; and taken back."""

import re

import pytest
from conftest import GIVE_UP, LABELS, mapping

from importer.sandbox.people import DELETED_EMAIL
from web.kit import Client, plain, table

TWICE = [mapping(2), mapping(3), mapping(2), mapping(4, CoworkerId="12.5"), mapping(2)]


def check_of(client: Client, place: str) -> str:
    """The page of the check, once it is up to date."""
    return client.follow(f"{place}/check").text


def test_a_row_that_needs_a_change_is_left_out_and_taken_back(client: Client) -> None:
    """Without scripts: by a button at the row, and one among the choices."""
    place = client.draft("rows.csv", table(*TWICE))
    assert "Leave out<span" in check_of(client, place)
    answer = client.post(f"{place}/leave-out", {"row": "5", "show": "error", "page": "1"})
    assert answer.place == f"{place}/check?only=error&page=1#rows"
    text = check_of(client, place)
    assert "Row 5 is left out, as you chose." in text
    assert "2 rows of 4 need a change" in plain(text)
    client.post(f"{place}/choices", {"forget": "rows"})
    assert "3 rows of 5 need a change" in plain(check_of(client, place))


@pytest.mark.parametrize("is_checked_without_it", [False, True], ids=["at once", "once the rest is checked"])
@pytest.mark.parametrize("wait", [0.0, GIVE_UP], ids=["before the file is checked", "afterwards"])
def test_a_row_that_is_taken_back_is_as_it_was_left(
    client: Client, monkeypatch: pytest.MonkeyPatch, wait: float, is_checked_without_it: bool
) -> None:
    """With its fields and what is wrong in them, and with what was typed in it and not saved."""
    monkeypatch.setattr("importer.web.context._WAIT", wait)
    place = client.draft("rows.csv", table(mapping(2), mapping(3, CoworkerId="12.5", Name="")))
    text = check_of(client, place)
    shown = dict(re.findall(r'name="(shown-[A-Z]+3)" value="([^"]*)"', text))
    fields = shown | {"B3": "12.5", "C3": "Attic", "row": "3", "show": "error", "page": "1"}
    out = client.post(f"{place}/leave-out", fields, HX_Request="true")
    assert "Left out: this row is not imported." in out.text
    if is_checked_without_it:
        assert "The only row can be imported" in plain(check_of(client, place))
    back = client.post(f"{place}/leave-out", {"show": "error", "page": "1", "back": "3"}, HX_Request="true")
    assert 'id="cell-B3"' in back.text
    assert "must be a whole number: &#34;12.5&#34;" in back.text
    assert ">Attic</td>" in back.text
    assert "1 row of 2 needs a change" in plain(check_of(client, place))


def test_all_rows_that_repeat_another_are_left_out_at_once(client: Client) -> None:
    """The first of equal rows stays."""
    place = client.draft("rows.csv", table(*TWICE))
    text = check_of(client, place)
    assert "Leave out the 2 rows that repeat another" in text
    client.post(f"{place}/leave-out", {"cause": re.findall(r'name="cause" value="([^"]+)"', text)[0]})
    text = check_of(client, place)
    assert "2 rows are left out, as you chose: 4 and 6." in text
    assert "1 row of 3 needs a change" in plain(text)


def test_the_other_of_two_rows_for_one_record_is_right_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to a script holds both rows and how the file stands."""
    monkeypatch.setattr("importer.web.context._WAIT", GIVE_UP)
    twins = [mapping(2), mapping(2, Name="Other"), mapping(3)]
    place = client.draft("rows.csv", table(*twins))
    answer = client.post(f"{place}/leave-out", {"row": "3", "show": "error", "page": "1"}, HX_Request="true")
    assert answer.status == 200
    assert re.search(r'<tr id="row-3"[^>]*>.*Left out: this row is not imported', answer.text, re.DOTALL)
    twin = re.search(r'<tr id="row-2".*?</tr>', answer.text, re.DOTALL)
    assert twin is not None
    assert "msg error" not in twin[0]
    assert "All 2 rows can be imported" in plain(answer.text)
    back = client.post(f"{place}/leave-out", {"back": "3"}, HX_Request="true")
    assert "2 rows of 3 need a change" in plain(back.text)


@pytest.mark.parametrize(
    ("title", "message"),
    [("import_status", "import_message"), ("Import_Status", "import_message"), ("Import: result", "Import: message")],
)
def test_a_row_left_out_stays_so_when_its_file_comes_back(client: Client, title: str, message: str) -> None:
    """The importer's own columns say so; the row can be taken back. A person's own column says nothing."""
    labels, out = [*LABELS, title, message], "left out"
    rows = [[*mapping(2), "", ""], [*mapping(3), out, "Left out, as you chose."], [*mapping(4), "invalid", ""]]
    place = client.draft("rows.csv", table(*rows, labels=labels))
    text = check_of(client, place)
    assert "Row 3 is left out, as you chose." in text
    assert "All 2 rows can be imported." in text
    client.post(f"{place}/choices", {"forget": "rows"})
    assert "All 3 rows can be imported." in check_of(client, place)
    own = client.draft("own.csv", table([*mapping(2), out], mapping(3), labels=[*LABELS, title]))
    assert "All 2 rows can be imported." in check_of(client, own)


def test_the_last_row_stays(client: Client) -> None:
    """A file of no rows is none to import, and the row says so."""
    place = client.draft("rows.csv", table(mapping(2, CoworkerId="12.5")))
    assert "Leave out" not in check_of(client, place)
    answer = client.post(f"{place}/leave-out", {"row": "2"}, HX_Request="true")
    assert "At least one row must stay." in answer.text
    assert "1 row of 1 needs a change" in plain(check_of(client, place))


def test_a_row_that_the_file_does_not_have_changes_nothing(client: Client) -> None:
    """Nor does a number that is none."""
    place = client.draft("rows.csv", table(*TWICE))
    for number in ("99", "x", "9" * 30):
        assert client.post(f"{place}/leave-out", {"row": number}).status == 303
    assert "left out" not in plain(check_of(client, place))


def test_a_question_about_a_name_can_be_answered_by_leaving_its_rows_out(client: Client) -> None:
    """All of them, in whichever spelling, and no other row."""
    names = ["Nobody Here", "nobody here", DELETED_EMAIL, "Ada Abbott"]
    place = client.draft("rows.csv", table(*(mapping(n, CoworkerId=name) for n, name in enumerate(names, start=2))))
    text = check_of(client, place)
    keys = re.findall(r'name="(pick-[0-9a-f]+)" value="out"', text)
    assert len(keys) == 2
    client.post(f"{place}/choices", dict.fromkeys(keys, "out"))
    text = check_of(client, place)
    assert "3 rows are left out, as you chose: 2 to 4." in text
    assert "The only row can be imported." in text
    assert "3 rows are left out." in text


def test_the_plan_counts_the_rows_that_were_left_out(client: Client) -> None:
    """The file has as many rows as it has, and nobody wonders where one went."""
    place = client.draft("rows.csv", table(mapping(2), mapping(3), mapping(4, CoworkerId="12.5")))
    client.post(f"{place}/leave-out", {"row": "3"})
    text = plain(client.follow(f"{place}/plan").text)
    assert "To create 1 Needs a change 1 Left out by you 1 Rows in the file 3" in text


def test_a_plan_of_wrong_rows_alone_says_so(client: Client) -> None:
    """None of them is in Nexudus already."""
    place = client.draft("rows.csv", table(mapping(2, CoworkerId="12.5"), mapping(3, CoworkerId="x")))
    text = plain(client.follow(f"{place}/plan").text)
    assert "No row can be imported yet" in text
    assert "2 rows need a change and are not sent." in text
    assert "Correct them first, then plan the import again." in text
    assert "already in Nexudus" not in text
