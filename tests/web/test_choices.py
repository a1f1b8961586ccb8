"""What is asked once holds for all rows: names, dates, repairs, zone; it is remembered, and can be taken back."""

import json
from collections.abc import Mapping
from html import unescape

import pytest
from conftest import LABELS, mapping

from importer.config.saved_columns import remember, remember_dates
from importer.config.settings import Settings
from importer.config.shelf import FileShelf
from importer.sandbox.people import space
from importer.sandbox.server import Running
from importer.web.choices import ColumnQuestion
from importer.web.upload_documents import question_key
from web.kit import Client, form_fields, plain, serving, table
from web.test_cells import NAMES, namesakes, sent

TITLES = ["Raum", "Mitglied", "Bezeichnung", "Ablauf", "Abo", "Kalender"]
ADA = next(person for person in space(1).coworkers.values() if person["Email"] == "ada.abbott@example.com")


def words(html: str) -> str:
    """The text of a page as people read it."""
    return unescape(plain(html))


def check_page(client: Client, place: str) -> str:
    """The check page, once the whole file was checked."""
    return client.follow(f"{place}/check").text


def choose(client: Client, place: str, fields: Mapping[str, str]) -> str:
    """The check page after a form was posted."""
    answer = client.post(f"{place}/choices", fields)
    return answer.text if answer.status == 422 else client.follow(answer.place.partition("#")[0]).text


def pick(field: str, text: str, value: object) -> dict[str, str]:
    """The answer to a question about a name."""
    return {f"pick-{question_key(field, text)}": str(value)}


def typed(field: str, text: str, value: str) -> dict[str, str]:
    """The answer to a question about a name that is typed."""
    return {f"other-{question_key(field, text)}": value}


@pytest.mark.parametrize("name", [*NAMES, "Room, with “quotes” and 'more'", "R" * 300])
def test_one_choice_is_for_all_rows_with_that_name(client: Client, service: Running, name: str) -> None:
    """However many they are, however the name is spelt or looks; what was chosen is what is sent."""
    ids = namesakes(service, name, 2)
    rows = [mapping(n, ResourceId=f" {name.upper()} " if n == 4 else name) for n in range(2, 122)]
    place = client.draft("a.csv", table(*rows, mapping(122, ResourceId=ids[0])))
    text = words(check_page(client, place))
    assert "in ResourceId: 120 rows" in text
    assert "2 resources in Nexudus have this name" in text
    assert "All 121 rows can be imported" in words(choose(client, place, pick("ResourceId", name, ids[1])))
    bodies = sent(client, service, place)
    assert sorted(str(body["ResourceId"]) for body in bodies) == [ids[0], *[ids[1]] * 120]


def test_several_choices_are_saved_at_once(client: Client, service: Running) -> None:
    """By the button of one question as by that of the whole form: none that was made on the page is lost."""
    ids = namesakes(service, "Studio (any)", 2)
    rows = [mapping(n, ResourceId="Studio (any)", CoworkerId="Ada Abott") for n in (2, 3)]
    place = client.draft("a.csv", table(*rows))
    text = words(check_page(client, place))
    assert "“\u2068Ada Abott\u2069” in CoworkerId: 2 rows" in text
    both = pick("ResourceId", "Studio (any)", ids[0]) | pick("CoworkerId", "Ada Abott", ADA["Id"])
    alone = both | {"only": question_key("CoworkerId", "Ada Abott")}
    assert "All 2 rows can be imported" in words(choose(client, place, alone))
    client.post(f"{place}/as-it-came")
    assert "Ada Abott\u2069” in CoworkerId: 2 rows" in words(check_page(client, place))
    assert "All 2 rows can be imported" in words(choose(client, place, both))
    assert {(body["ResourceId"], body["CoworkerId"]) for body in sent(client, service, place)} == {
        (int(ids[0]), ADA["Id"])
    }


def test_the_most_frequent_name_is_asked_first(client: Client) -> None:
    """Twenty on a page; the others come on the next."""
    names = [f"Somebody {chr(97 + n // 26)}{chr(97 + n % 26)} Gone" for n in range(30)]
    rows = [mapping(2 + n, CoworkerId=name, CalendarId=f"c{n}") for n, name in enumerate(names)]
    rows += [mapping(90 + n, CoworkerId=names[29], CalendarId=f"d{n}") for n in range(3)]
    place = client.draft("a.csv", table(*rows))
    text = check_page(client, place)
    asked = words(text.partition('id="questions"')[2])
    assert asked.index(names[29]) < asked.index(names[0])
    assert f"{names[29]}\u2069” in CoworkerId: 4 rows" in words(text)
    assert "Page 1 of 2" in words(text)
    assert text.count("<fieldset") == 20
    assert client.follow(f"{place}/check?names=2").text.count("<fieldset") == 10


def test_a_name_that_nobody_has_is_searched_for(client: Client, service: Running) -> None:
    """By Id, by name or by a part of it; several matches are offered, none is said, and an empty answer leaves it."""
    rows = [mapping(n, CoworkerId="Somebody Gone") for n in (2, 3, 4, 5)]
    place = client.draft("a.csv", table(*rows))
    assert "Nexudus has no coworker with this name" in words(check_page(client, place))
    assert "4 rows of 4 need a change" in words(choose(client, place, typed("CoworkerId", "Somebody Gone", "")))
    text = choose(client, place, typed("CoworkerId", "Somebody Gone", "Zebedee Quux"))
    assert "Nexudus has no coworker “Zebedee Quux”" in words(text)
    assert 'value="Zebedee Quux"' in text
    text = choose(client, place, typed("CoworkerId", "Somebody Gone", "example.com"))
    assert "Several coworkers match “example.com”. Choose one of them." in words(text)
    assert f'value="{ADA["Id"]}"' in text or text.count('type="radio"') > 20
    assert "All 4 rows can be imported" in words(
        choose(client, place, typed("CoworkerId", "Somebody Gone", "ada.abbott@example.com"))
    )
    assert {body["CoworkerId"] for body in sent(client, service, place)} == {ADA["Id"]}


def test_a_choice_is_remembered_for_the_next_file_and_can_be_forgotten(client: Client, service: Running) -> None:
    """Also for a name that nobody has; the next file says so, and asks again once it is forgotten."""
    ids = namesakes(service, "Studio (any)", 2)
    rows = [mapping(n, ResourceId="Studio (any)", CoworkerId="Somebody Gone") for n in (2, 3)]
    place = client.draft("a.csv", table(*rows))
    check_page(client, place)
    answers = pick("ResourceId", "Studio (any)", ids[1]) | typed("CoworkerId", "Somebody Gone", str(ADA["Id"]))
    assert "Chosen for this file, and remembered." in words(choose(client, place, answers))
    again = client.draft(
        "b.csv", table(*[mapping(n, ResourceId="STUDIO (any)", CoworkerId="Somebody  gone") for n in (6, 7)])
    )
    text = words(check_page(client, again))
    assert "All 2 rows can be imported" in text
    assert text.count("Remembered from an earlier file.") == 2
    text = words(choose(client, again, {"forget": question_key("CoworkerId", "Somebody Gone")}))
    assert "2 rows of 2 need a change" in text
    assert "Somebody gone\u2069” in CoworkerId: 2 rows" in text
    assert text.count("Remembered from an earlier file.") == 1


@pytest.mark.parametrize("then", ["another record", "none"])
def test_a_choice_for_another_file_is_seen_before_anything_is_sent(client: Client, service: Running, then: str) -> None:
    """Choices are the account's: a file whose names mean something else by now is checked again, and so says."""
    ids = namesakes(service, "Studio (any)", 2)
    first = client.draft("a.csv", table(*(mapping(n, ResourceId="Studio (any)") for n in (2, 3))))
    check_page(client, first)
    choose(client, first, pick("ResourceId", "Studio (any)", ids[0]))
    plan = form_fields(client.follow(f"{first}/plan").text, "plan")
    second = client.draft("b.csv", table(mapping(6, ResourceId="Studio (any)"), mapping(7)))
    check_page(client, second)
    choose(client, second, {"forget": question_key("ResourceId", "Studio (any)")})
    if then == "another record":
        choose(client, second, pick("ResourceId", "Studio (any)", ids[1]))
    refused = client.post(f"{first}/start", plan)
    assert refused.place == f"{first}/plan?outdated=import"
    assert service.state.bodies == []
    client.follow(f"{first}/plan")
    text = words(check_page(client, first))
    if then == "none":
        assert "2 rows of 2 need a change" in text
        return
    assert f"Id {ids[1]}. Chosen for another file, after you had chosen another one here." in text
    assert {body["ResourceId"] for body in sent(client, service, first)} == {int(ids[1])}


def test_a_choice_about_another_name_changes_nothing(client: Client, service: Running) -> None:
    """Or each file would be checked again whenever anybody chose anything."""
    ids = namesakes(service, "Studio (any)", 2)
    first = client.draft("a.csv", table(mapping(2, CoworkerId="Ada Abott")))
    choose(client, first, pick("CoworkerId", "Ada Abott", ADA["Id"]))
    plan = form_fields(client.follow(f"{first}/plan").text, "plan")
    second = client.draft("b.csv", table(mapping(6, ResourceId="Studio (any)")))
    choose(client, second, pick("ResourceId", "Studio (any)", ids[1]))
    assert form_fields(client.follow(f"{first}/plan").text, "plan") == plan
    assert client.post(f"{first}/start", plan).place.startswith("/runs/")


def test_a_run_that_waits_keeps_the_choices_that_were_seen(
    client: Client, service: Running, settings: Settings
) -> None:
    """Whatever somebody chooses for the same name after Import was pressed."""
    ids = namesakes(service, "Studio (any)", 2)
    place = client.draft("a.csv", table(mapping(2, ResourceId="Studio (any)")))
    check_page(client, place)
    choose(client, place, pick("ResourceId", "Studio (any)", ids[0]))
    client.follow(f"{place}/plan")
    other = client.draft("b.csv", table(mapping(3, ResourceId="Studio (any)")))
    check_page(client, other)
    run = client.post(f"{place}/start").place
    choose(client, other, {"forget": question_key("ResourceId", "Studio (any)")})
    client.until(run, lambda text: "report.csv" in text)
    assert [json.loads(body)["ResourceId"] for body in service.state.bodies] == [int(ids[0])]


def test_a_choice_for_another_account_means_nothing(settings: Settings, service: Running) -> None:
    """An Id belongs to somebody else there."""
    ids = namesakes(service, "Studio (any)", 2)
    content = table(mapping(2, ResourceId="Studio (any)"))
    with serving(settings) as site:
        client = site.visitor()
        place = client.draft("a.csv", content)
        check_page(client, place)
        assert "The only row can be imported" in words(
            choose(client, place, pick("ResourceId", "Studio (any)", ids[0]))
        )
    with serving(settings.model_copy(update={"username": None, "password": None})) as site:
        client = site.visitor()
        assert "needs a change" in words(check_page(client, client.draft("a.csv", content)))


def test_dates_repairs_and_zone_are_the_same_kind_of_question(client: Client, service: Running) -> None:
    """One form, one button; and each can be taken back."""
    rows = [mapping(n, ResourceId=f"{n},123", SubscriptionExpireDate=f"0{n}/0{n + 1}/2027 10:00") for n in range(2, 6)]
    place = client.draft("a.csv", table(*rows, labels=TITLES))
    client.post(f"{place}/columns", {f"field-{name}": at for name, at in zip(LABELS, "ABCDEF", strict=True)})
    text = words(check_page(client, place))
    assert "Is the day or the month first in “Ablauf”? 4 cells, for example 02/03/2027 10:00" in text
    assert "Thousands separators in “Raum” 4 cells, for example 2,123" in text
    assert "2,123 becomes 2123" in text
    text = words(choose(client, place, {"dates": "dmy", "repair-A-thousands": "yes"}))
    assert "All 4 rows can be imported" in text
    assert "Dates are read as day/month/year." in text
    assert "In which time zone are the times in “Ablauf”?" in text
    assert "There is no time zone “Mars/North”" in words(choose(client, place, {"zone": "Mars/North"}))
    text = words(choose(client, place, {"zone": "Europe/Berlin"}))
    assert "Times without a time zone are read in Europe/Berlin." in text
    assert "In which time zone" not in text
    assert sent(client, service, place)[0]["SubscriptionExpireDate"] == "2027-03-02T09:00:00Z"


def test_years_of_two_digits_are_read_in_the_chosen_order(client: Client, service: Running) -> None:
    """The page asks for the order even if no other date does, and what is sent is what it then shows."""
    place = client.draft("a.csv", table(mapping(2, SubscriptionExpireDate="5/4/27 10:00+00:00")))
    assert "Is the day or the month first" in words(check_page(client, place))
    assert "The only row can be imported" in words(choose(client, place, {"dates": "dmy"}))
    assert sent(client, service, place)[0]["SubscriptionExpireDate"] == "2027-04-05T10:00:00Z"


def test_a_choice_for_a_column_is_taken_back_alone(client: Client) -> None:
    """The others stay."""
    rows = [mapping(n, ResourceId=f"{n},123", SubscriptionExpireDate=f"0{n}/0{n + 1}/2027") for n in range(2, 6)]
    place = client.draft("a.csv", table(*rows))
    check_page(client, place)
    assert "All 4 rows" in words(choose(client, place, {"dates": "mdy", "repair-A-thousands": "yes"}))
    text = words(choose(client, place, {"forget": "dates"}))
    assert "Is the day or the month first" in text
    assert "Thousands separators are removed in “ResourceId”." in text


def test_names_are_suggested_while_somebody_types(client: Client) -> None:
    """A few of them, with what tells namesakes apart."""
    place = client.draft("a.csv", table(mapping(2, CoworkerId="Somebody Gone")))
    check_page(client, place)
    text = client.get(f"{place}/names/CoworkerId?other-x=abbott").text
    assert f"Id {ADA['Id']}" in text
    assert client.get(f"{place}/names/CoworkerId?other-x=").text.strip() == ""
    assert client.get(f"{place}/names/Nothing?other-x=abbott").text.strip() == ""


@pytest.mark.parametrize("what", ["the zone that is set", "how failed rows were read", "saved columns"])
def test_an_upload_is_imported_as_its_plan_was_read(settings: Settings, service: Running, what: str) -> None:
    """Whatever is set or remembered by then; a setting that is changed holds for the next upload."""
    titles, times = [*LABELS], [mapping(n, SubscriptionExpireDate="04/03/2027 14:00") for n in range(2, 5)]
    if what == "the zone that is set":
        times = [mapping(n, SubscriptionExpireDate="2027-03-04 14:00") for n in range(2, 5)]
    if what == "how failed rows were read":
        titles = [*LABELS, "import_row", "import_status", "import_id", "import_message"]
        times = [[*row, n, "rejected", "", "no"] for n, row in enumerate(times, start=2)]
        remember_dates(LABELS, "dmy", "UTC", FileShelf(settings.home))
    if what == "saved columns":
        titles, times = [*LABELS, "Later"], [mapping(n, SubscriptionExpireDate="2027-03-04T14:00Z") for n in (2, 3, 4)]
        times = [[*row, "2028-05-06T10:00Z"] for row in times]
    with serving(settings) as site:
        client = site.visitor()
        place = client.draft("rows.csv", table(*times, labels=titles))
        plan = form_fields(client.follow(f"{place}/plan").text, "plan")
    remember_dates(LABELS, "mdy", "Asia/Tokyo", FileShelf(settings.home))
    if what == "saved columns":
        remember(titles, {"Later": "SubscriptionExpireDate", "SubscriptionExpireDate": "-"}, FileShelf(settings.home))
    later = settings.model_copy(update={"time_zone": "Asia/Tokyo"})
    with serving(later) as site:
        client = site.visitor()
        client.until(client.post(f"{place}/start", plan).place, lambda text: "All 3 rows created" in text)
        assert {json.loads(body)["SubscriptionExpireDate"] for body in service.state.bodies} == {"2027-03-04T14:00:00Z"}
        again = client.draft("again.csv", table(mapping(7, SubscriptionExpireDate="2027-03-04 14:00")))
        assert 'name="zone" list="zones" autocomplete="off" value="Asia/Tokyo"' in client.follow(f"{again}/check").text


def dates_of_a_file(client: Client, name: str, *dates: str) -> tuple[str, str]:
    """The address of a file with these dates, and its check page."""
    rows = [mapping(n, SubscriptionExpireDate=date) for n, date in enumerate(dates, start=2)]
    place = client.draft(name, table(*rows))
    return place, words(check_page(client, place))


def test_how_dates_are_read_is_remembered_for_the_next_file_and_can_be_forgotten(client: Client) -> None:
    """For files with the same header; a choice for one of them changes nothing of another that is open."""
    first, text = dates_of_a_file(client, "a.csv", "02/03/2027 10:00")
    assert "How dates are read is remembered for files with the same header." in text
    text = words(choose(client, first, {"dates": "dmy", "zone": "Asia/Tokyo"}))
    assert "Dates are read as day/month/year. Chosen for this file, and remembered. Forget" in text
    second, text = dates_of_a_file(client, "b.csv", "04/05/2027 10:00", "05/06/2027")
    assert "All 2 rows can be imported" in text
    assert "Dates are read as day/month/year. Remembered from an earlier file. Forget" in text
    assert "Times without a time zone are read in Asia/Tokyo. Remembered from an earlier file." in text
    text = words(choose(client, second, {"forget": "dates"}))
    assert "Is the day or the month first" in text
    assert "are read in Asia/Tokyo." in text
    assert "Is the day or the month first" in dates_of_a_file(client, "c.csv", "06/07/2027")[1]
    text = words(choose(client, second, {"dates": "mdy"}))
    assert "month/day/year. Chosen for this file, and remembered." in text
    text = words(check_page(client, first))
    assert "Dates are read as day/month/year. Chosen for this file, and remembered." in text


def test_nothing_says_that_it_is_remembered_for_a_file_without_a_header(client: Client) -> None:
    """No later file is known by it; the choice itself holds, and is taken back rather than forgotten."""
    file = table(mapping(2, SubscriptionExpireDate="02/03/2027 10:00")).partition(b"\n")[2]
    place = client.draft("a.csv", file)
    client.post(f"{place}/check", {"header_row": "1", "read": "no header"})
    client.follow(place)
    client.post(f"{place}/columns", {f"field-{label}": letter for label, letter in zip(LABELS, "ABCDEF", strict=True)})
    text = words(check_page(client, place))
    assert "Is the day or the month first" in text
    assert "How dates are read is remembered" not in text
    text = words(choose(client, place, {"dates": "dmy", "zone": "Asia/Tokyo"}))
    assert "Dates are read as day/month/year. Chosen for this file. Take back" in text
    assert "are read in Asia/Tokyo. Chosen for this file. Take back" in text


@pytest.mark.parametrize(
    ("text", "dmy", "mdy"),
    [
        ("2/12/2026", "2/12/2026 is 2 December 2026", "2/12/2026 is 12 February 2026"),
        ("02.03.2027 10:00", "02.03.2027 is 2 March 2027", "02.03.2027 is 3 February 2027"),
        ("Fri 5-6-2027", "5-6-2027 is 5 June 2027", "5-6-2027 is 6 May 2027"),
        *[(text, "03/04/2027 is 3 April 2027", "03/04/2027 is 4 March 2027") for text in ("1/2/27", "", "31/12/2027")],
    ],
)
def test_the_order_of_dates_is_asked_with_a_date_of_the_file(text: str, dmy: str, mdy: str) -> None:
    """So that one sees which is right; of a text that is read in neither way, with any other."""
    assert ColumnQuestion("dates", "dates", "Ends", text, 1).orders == {"dmy": dmy, "mdy": mdy}


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        (["2027-03-04", "2027-03-05"], "All 2 rows can be imported"),
        (["04/25/2027", "05/26/2027"], "All 2 rows can be imported"),
        (["04/25/2027", "05/06/2027"], "Is the day or the month first"),
    ],
)
def test_a_remembered_order_is_for_dates_that_leave_it_open(client: Client, dates: list[str], says: str) -> None:
    """The same header may stand above dates of another program: those that say themselves how they are meant."""
    first, _ = dates_of_a_file(client, "a.csv", "02/03/2027")
    choose(client, first, {"dates": "dmy"})
    _, text = dates_of_a_file(client, "b.csv", *dates)
    assert says in text
    assert "Dates are read as" not in text


def test_what_was_remembered_of_dates_before_an_upload_holds_again_after_it_is_taken_back(client: Client) -> None:
    """As for names: the upload is read as it was at first, and so is the next file."""
    first, _ = dates_of_a_file(client, "a.csv", "02/03/2027")
    choose(client, first, {"dates": "dmy"})
    second, _ = dates_of_a_file(client, "b.csv", "04/05/2027")
    assert "month/day/year. Chosen for this file" in words(choose(client, second, {"dates": "mdy"}))
    client.post(f"{second}/as-it-came")
    assert "day/month/year. Remembered from an earlier file." in words(check_page(client, second))
    assert "day/month/year. Remembered from an earlier file." in dates_of_a_file(client, "c.csv", "06/07/2027")[1]


def test_another_header_of_a_file_has_what_is_remembered_for_it(client: Client) -> None:
    """Not what was remembered for the row that was taken for the header at first."""
    first, _ = dates_of_a_file(client, "a.csv", "02/03/2027")
    choose(client, first, {"dates": "dmy"})
    row = mapping(3, SubscriptionExpireDate="04/05/2027")
    other = client.draft("b.csv", table([*LABELS], row, labels=["Rooms", *[""] * 5]))
    assert "day/month/year. Remembered" in words(check_page(client, other))
    client.post(f"{other}/check", {"header_row": "1"})
    client.post(f"{other}/check", {"header_row": "2"})
    assert "day/month/year. Remembered" in words(check_page(client, other))
