"""How files come in: one, several, pasted rows, with the time zone of the browser."""

import uuid
from html import unescape

from conftest import mapping

from importer.config.settings import Settings
from importer.sandbox.server import Running
from web.kit import Client, plain, serving, table
from web.test_cells import sent


def post(client: Client, files: dict[str, bytes], **fields: str) -> "tuple[int, str, str]":
    """What comes of a form with these files and fields: status, address and text."""
    mark = uuid.uuid4().hex
    parts = [f'name="{name}"\r\n\r\n{text}'.encode() for name, text in fields.items()]
    parts += [f'name="file"; filename="{name}"\r\n\r\n'.encode() + content for name, content in files.items()]
    body = b"".join(f"--{mark}\r\nContent-Disposition: form-data; ".encode() + part + b"\r\n" for part in parts)
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}", **client.own}
    answer = client.ask("POST", "/uploads", body + f"--{mark}--\r\n".encode(), **kind)
    return answer.status, answer.place, unescape(plain(answer.text))


def test_several_files_become_an_upload_each(client: Client) -> None:
    """The first page lists them to go on with; a single one is gone on with at once."""
    status, place, _ = post(client, {"one.csv": table(mapping(2)), "two.csv": table(mapping(3))})
    assert (status, place) == (303, "/#uploads")
    text = plain(client.get("/").text)
    assert "one.csv" in text
    assert "two.csv" in text
    assert post(client, {"three.csv": table(mapping(4))})[1].startswith("/uploads/")


def test_a_file_that_is_refused_does_not_take_the_others_along(client: Client) -> None:
    """Each refusal has its sentence; what can be read is taken."""
    status, _, text = post(client, {"one.csv": table(mapping(2)), "a.exe": b"MZ", "b.csv": b""})
    assert status == 422
    assert "a.exe is not a spreadsheet" in text
    assert "b.csv is empty" in text
    assert "one.csv" in text


def test_pasted_rows_are_an_upload(client: Client, service: Running) -> None:
    """With tabs between the cells and quotes around those with line ends, as spreadsheet programs copy them."""
    rows = [[*map(str, mapping(2, Name='"Room\n2"'))], [*map(str, mapping(3))]]
    header = table().decode().strip().replace(",", "\t")
    pasted = "\r\n".join([header, *("\t".join(row) for row in rows)])
    status, place, _ = post(client, {}, pasted=pasted)
    assert status == 303
    assert "All 2 rows can be imported" in plain(client.follow(f"{place}/check").text)
    assert {body["Name"] for body in sent(client, service, place)} == {"Room\n2", "Room 3"}


def test_nothing_chosen_and_nothing_pasted_is_said(client: Client) -> None:
    """As one sentence; spaces are nothing."""
    status, _, text = post(client, {}, pasted="  \n ")
    assert status == 422
    assert "No file was chosen." in text


def test_times_without_a_zone_are_in_that_of_the_browser(client: Client, settings: Settings, service: Running) -> None:
    """On the page and in the run; a zone that is set goes before it, and one that there is not is none."""
    content = table(mapping(2, SubscriptionExpireDate="2027-03-02 14:00"))
    place = post(client, {"a.csv": content}, zone="Asia/Tokyo")[1]
    assert 'value="Asia/Tokyo"' in client.follow(f"{place}/check").text
    assert sent(client, service, place)[0]["SubscriptionExpireDate"] == "2027-03-02T05:00:00Z"
    place = post(client, {"a.csv": content}, zone="Mars/North")[1]
    assert "Mars" not in client.follow(f"{place}/check").text
    with serving(settings.model_copy(update={"time_zone": "Europe/Berlin"})) as site:
        client = site.visitor()
        place = post(
            client, {"b.csv": table(mapping(3, SubscriptionExpireDate="2027-03-02 14:00"))}, zone="Asia/Tokyo"
        )[1]
        assert 'value="Europe/Berlin"' in client.follow(f"{place}/check").text
        assert sent(client, service, place)[-1]["SubscriptionExpireDate"] == "2027-03-02T13:00:00Z"


def test_the_first_page_shows_a_sheet_with_names(client: Client) -> None:
    """Nobody has to know an Id to begin."""
    text = unescape(plain(client.get("/").text))
    assert "Names and e-mail addresses work as well as Ids" in text
    assert "ada.abbott@example.com" in text


def test_pasted_rows_are_told_apart_by_their_first_row(client: Client) -> None:
    """All of them have one name; a file has its own."""
    for name in ("Boardroom", "Studio <b>"):
        post(client, {}, pasted=f"Room\tMember\n{name}\tAda\n")
    post(client, {"rows.csv": table(mapping(2))})
    listed = unescape(plain(client.get("/").text.partition('id="uploads"')[2].partition("</ul>")[0]))
    assert "“Boardroom, Ada”, " in listed
    assert "“Studio <b>, Ada”, " in listed
    assert listed.count("“") == 2


def test_a_file_name_is_shown_as_people_wrote_it(client: Client) -> None:
    """Browsers write its quotation marks in another way."""
    place = client.draft('a<b>"x&y".csv', table(mapping(2, Name="")))
    page = client.follow(f"{place}/check").text
    assert 'a<b>"x&y".csv' in unescape(plain(page)) or 'a<b>"x&y".csv' in unescape(page)
    assert "%22" not in page
    assert client.get(f"{place}/marked.xlsx").status == 200
