"""The check page is one form: whatever is pressed saves what was typed and chosen, and goes where it says."""

import re
from html import unescape

import pytest
from conftest import mapping

from importer.web.upload_check import PAGE_ROWS
from importer.web.upload_documents import question_key
from web.kit import Client, form_buttons, form_fields, links, plain, table

ROWS = [
    mapping(2, CoworkerId="12.5"),
    mapping(3, SubscriptionExpireDate="03/04/2031 10:00"),
    mapping(4, CoworkerId="Ada Abott"),
    mapping(5, ResourceId="1,005"),
    mapping(6, Name=" Padded "),
    mapping(7, SubscriptionExpireDate="2031-04-03 10:00"),
    mapping(8),
    mapping(8),
    *(mapping(n, CoworkerId="x") for n in range(9, 9 + PAGE_ROWS)),
]
"""A row of each kind of question, repair and omission that the page has a button for, and a second page of rows."""

TYPED, CHOSEN = "Attic", "are read as day/month/year"


def check_page(client: Client, place: str) -> str:
    """The check page, once the whole file was checked."""
    return client.follow(f"{place}/check").text


def test_whatever_is_pressed_saves_all_that_was_typed_and_chosen(client: Client) -> None:
    """Each button of the form with its own address and value, without a script: none loses a cell or a choice."""
    content = table(*ROWS)
    text = check_page(client, client.draft("a.csv", content))
    buttons = form_buttons(text, "whole")
    pressed = {(one.get("formaction", "").rpartition("/")[2], one.get("name", "")) for one in buttons}
    assert {("leave-out", "row"), ("leave-out", "cause"), ("", "go"), ("", "repair-C-trim"), ("", "only")} <= pressed
    # Of buttons of one kind, the last: those of all rows and all names do the same.
    kinds = {(one.get("formaction"), one.get("name"), len(one.get("value", "")) > 3): one for one in buttons}
    for button in kinds.values():
        place = client.draft("a.csv", content)
        fields = form_fields(check_page(client, place), "whole") | {"C2": TYPED, "dates": "dmy"}
        fields |= {button["name"]: button["value"]} if button.get("name") else {}
        action = re.sub(r"^/uploads/[^/]+", place, button.get("formaction", f"{place}/choices"))
        assert client.post(action, fields).status == 303
        text = plain(check_page(client, place))
        assert CHOSEN in text, button
        assert TYPED in check_page(client, place), button


def test_enter_in_a_field_stays_on_the_page(client: Client) -> None:
    """It presses the first button of the form, which neither goes anywhere nor is about one question or row."""
    text = check_page(client, client.draft("a.csv", table(*ROWS)))
    first = form_buttons(text, "whole")[0]
    assert (first.get("name"), first.get("formaction")) == (None, None)


def test_no_link_of_the_page_leaves_its_fields(client: Client) -> None:
    """Those that do are outside its main part, or load a file; without scripts the page says so."""
    text = check_page(client, client.draft("a.csv", table(*ROWS)))
    main = text[text.index("<main") : text.index("</main>")]
    assert [link for link in links(main) if not link.startswith("#") and not link.endswith("/marked.xlsx")] == []
    forms = re.findall(r'<form[^>]* action="([^"]+)"', main)
    assert {address.rpartition("/")[2] for address in forms} <= {"choices", "as-it-came"}
    assert "Links do not, nor do the buttons of an earlier run: save first." in text


@pytest.mark.parametrize(
    "place", ["check?only=error&page=2#rows", "check?names=2#questions", "table", "plan", "columns", "sheet"]
)
def test_a_way_to_another_page_goes_there(client: Client, place: str) -> None:
    """Of the same upload, whatever the form says."""
    upload = client.draft("a.csv", table(*ROWS))
    assert client.post(f"{upload}/choices", {"go": place}).place == f"{upload}/{place}"
    assert client.post(f"{upload}/choices", {"go": f"//example.com/{place}"}).place.startswith(f"{upload}/")


def test_what_cannot_be_taken_keeps_the_page_that_it_was_on(client: Client) -> None:
    """The rows that it showed, and the choices as they were made; the way to another page is not gone."""
    place = client.draft("a.csv", table(*ROWS))
    page = client.follow(f"{place}/check?only=error&page=2").text
    key = question_key("CoworkerId", "Ada Abott")
    fields = form_fields(page, "whole") | {f"pick-{key}": "other", f"other-{key}": "Nobody", "go": "plan"}
    answer = client.post(f"{place}/choices", fields)
    assert answer.status == 422
    assert "Nexudus has no coworker “Nobody”" in unescape(answer.text)
    assert re.findall(r'<tr id="row-(\d+)"', answer.text) == re.findall(r'<tr id="row-(\d+)"', page)


def test_a_page_opened_before_takes_no_choice_back_that_it_did_not_show(client: Client) -> None:
    """The zone that a page proposed is no answer once somebody has chosen another one."""
    place = client.draft("a.csv", table(*ROWS))
    before = form_fields(check_page(client, place), "whole")
    client.post(f"{place}/choices", before | {"zone": "Asia/Tokyo", "only": "zone"})
    client.post(f"{place}/choices", before | {"dates": "dmy", "all": "yes"})
    text = check_page(client, place)
    assert "are read in Asia/Tokyo." in text
    assert CHOSEN in text
    client.post(f"{place}/choices", {"forget": "zone"})
    assert 'id="ask-zone"' in check_page(client, place)


def test_the_proposed_zone_is_agreed_to_by_its_own_button_or_that_of_all(client: Client) -> None:
    """Any other button leaves it a proposal."""
    for pressed, agreed in [({"only": "dates"}, False), ({"only": "zone"}, True), ({"all": "yes"}, True)]:
        place = client.draft("a.csv", table(*ROWS))
        client.post(f"{place}/choices", form_fields(check_page(client, place), "whole") | pressed)
        assert ("Times without a time zone are read in" in check_page(client, place)) is agreed
