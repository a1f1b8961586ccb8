"""An upload on its way to a plan: sheet, columns, cells, zone and encoding are chosen on the pages."""

import io
import json
import re
import socket
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest
from conftest import GIVE_UP, LABELS, mapping
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from pydantic import SecretStr

from importer.config.settings import Settings
from importer.journal.journal import open_journal
from importer.sandbox.server import Running
from importer.web.drafts import LARGEST
from web.kit import GOOD, Client, Site, files_below, form_fields, plain, serving, table


def test_a_wrong_cell_is_corrected_in_place(client: Client) -> None:
    """The summary says what the cell says; a saved cell is checked at once, and what is saved is what is imported."""
    place = client.draft("rooms.csv", table(mapping(2), mapping(3, CoworkerId="12.5"), mapping(4, Name="")))
    text = client.follow(f"{place}/check").text
    assert "<title>Error: 2 rows need a change" in text
    assert text.count("CoworkerId must be a whole number: &#34;12.5&#34;.") == 2
    still = client.post(f"{place}/rows/3", {"B3": "13.5"}, HX_Request="true")
    assert (still.status, "must be a whole number: &#34;13.5&#34;" in still.text) == (422, True)
    fixed = client.post(f"{place}/rows/3", {"B3": "4711"}, HX_Request="true")
    assert fixed.status == 200
    assert "Corrected: this row can be imported" in fixed.text
    assert "1 row of 3 needs a change" in plain(client.follow(f"{place}/check").text)
    assert client.post(f"{place}/rows/4", {"C4": "Room 4"}).place.endswith("#row-4")
    assert "All 3 rows can be imported" in plain(client.follow(f"{place}/check").text)


def test_one_button_corrects_all_cells_of_a_cause(client: Client) -> None:
    """Spaces around texts are removed in the whole column, and that is taken back."""
    place = client.draft("rooms.csv", table(*[mapping(n, Name=f" Room {n}") for n in range(2, 6)]))
    assert "Remove the spaces (4 cells)" in plain(client.follow(f"{place}/check").text)
    client.post(f"{place}/choices", {"repair-C-trim": "yes"})
    assert "Remove the spaces" not in plain(client.follow(f"{place}/check").text)
    client.post(f"{place}/as-it-came")
    assert "Remove the spaces (4 cells)" in plain(client.follow(f"{place}/check").text)


def test_columns_are_chosen_and_remembered(client: Client) -> None:
    """Unknown labels are asked for, and the next file with the same header needs no asking."""
    labels = ["Tila", "Henkilö", "Kuvaus", "Loppu", "Tilaus", "Huomautus"]
    content = table(*GOOD, labels=labels)
    place = client.draft("rooms.csv", content)
    text = client.follow(place).text
    assert "Resource Id: no column was recognised." in text
    names = zip(LABELS[:5], "ABCDE", strict=False)
    chosen = {f"field-{name}": letters for name, letters in names} | {"remember": "on"}
    after = client.post(f"{place}/columns", chosen).place
    assert "All 8 rows can be imported" in plain(client.follow(after).text)
    again = client.draft("next.csv", table(*[mapping(n) for n in range(20, 24)], labels=labels))
    assert "All 4 rows can be imported" in plain(client.follow(again).text)


def book_of(path: Path, sheets: Mapping[str, Sequence[int]]) -> bytes:
    """A workbook with these rows on each sheet."""
    book = Workbook()
    for name, numbers in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(LABELS)
        for number in numbers:
            sheet.append(mapping(number))
    del book["Sheet"]
    book.save(path)
    return path.read_bytes()


def test_several_sheets_are_asked_about(client: Client, tmp_path: Path) -> None:
    """A workbook with two filled sheets leads to a choice; the chosen one is read."""
    place = client.draft("two.xlsx", book_of(tmp_path / "two.xlsx", {"London": [2, 3], "Lisbon": [4, 5, 6]}))
    assert "Which sheet of two.xlsx?" in plain(client.follow(place).text)
    after = client.post(f"{place}/sheet", {"sheet": "Lisbon"}).place
    assert "All 3 rows can be imported" in plain(client.follow(after).text)


def test_each_sheet_of_a_workbook_is_corrected_on_its_own(client: Client, tmp_path: Path) -> None:
    """Whatever the order of going back and choosing: no correction of a sheet reaches the rows of another one."""
    london = client.draft("two.xlsx", book_of(tmp_path / "two.xlsx", {"London": [2, 3], "Lisbon": [4, 5, 6]}))
    client.follow(london)
    client.post(f"{london}/sheet", {"sheet": "London"})
    client.follow(f"{london}/check")
    typing = {"kind": "type", "row": 3, "left": 2, "right": 2, "text": "Corrected in London"}
    assert client.post_json(f"{london}/table/steps", typing).status == 200
    assert "what you have changed there stays as it is" in plain(client.follow(f"{london}/sheet").text)
    lisbon = client.post(f"{london}/sheet", {"sheet": "Lisbon"}).place
    assert lisbon != london
    assert "Corrected in London" not in client.follow(f"{lisbon}/table").text
    # A tab that still shows London changes London.
    client.post_json(f"{london}/table/steps", typing | {"row": 2, "text": "Also in London"})
    assert "in London" not in client.follow(f"{lisbon}/table").text
    # And back: the sheet is as it was left, and no third upload comes of it.
    assert client.post(f"{lisbon}/sheet", {"sheet": "London"}).place == london
    assert client.post(f"{london}/sheet", {"sheet": "Lisbon"}).place == lisbon
    text = client.follow(f"{london}/table").text
    assert "Corrected in London" in text
    assert "Also in London" in text


@pytest.mark.parametrize("letter", ["C", "G"])
def test_of_two_columns_with_one_header_either_can_be_chosen(client: Client, letter: str) -> None:
    """By its letter, as everywhere on the page; and the choice is remembered for the next file."""
    content = table(*[[*mapping(n), f"Other {n}"] for n in (2, 3)], labels=[*LABELS, "Name"])
    place = client.draft("rooms.csv", content)
    assert "More than one column is read as Name" in plain(client.follow(place).text)
    fields = {f"field-{name}": chr(ord("A") + n) for n, name in enumerate(LABELS)}
    after = client.post(f"{place}/columns", {**fields, "field-Name": letter, "remember": "on"}).place
    assert "All 2 rows can be imported" in plain(client.follow(after).text)
    assert f'<option value="{letter}" selected>{letter}: Name' in client.follow(f"{place}/columns").text
    following = client.draft("rooms.csv", content)
    assert "All 2 rows can be imported" in plain(client.follow(following).text)


def test_a_plan_that_somebody_has_not_seen_is_not_imported(client: Client) -> None:
    """Another window has changed the file and planned it anew: nothing is sent, and the page says why."""
    place = client.draft("rooms.csv", table(*GOOD))
    first = form_fields(client.follow(f"{place}/plan").text, "plan")
    client.post_json(f"{place}/table/steps", {"kind": "type", "row": 3, "left": 2, "right": 2, "text": "Attic"})
    client.follow(f"{place}/check")
    second = form_fields(client.follow(f"{place}/plan").text, "plan")
    back = client.post(f"{place}/start", first).place
    assert back == f"{place}/plan?outdated=import"
    assert "Nothing was imported" in plain(client.follow(back).text)
    assert client.post(f"{place}/start", second).place.startswith("/runs/")


def test_an_imported_upload_can_be_neither_corrected_nor_imported_again(client: Client) -> None:
    """Each of its pages leads to its run, and so does whatever a page sends that was opened before."""
    place = client.draft("rooms.csv", table(*GOOD))
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    for path in ("", "/check", "/plan", "/columns", "/table", "/sheet"):
        assert client.get(f"{place}{path}").place == run, path
    for path in (
        "/rows/3",
        "/leave-out",
        "/choices",
        "/columns",
        "/check",
        "/as-it-came",
        "/records",
        "/start",
        "/sheet",
    ):
        assert client.post(f"{place}{path}", {"B": "1"}).place == run, path


def test_a_file_that_cannot_be_read_says_why(client: Client) -> None:
    """A damaged, empty or unlike file gets its own sentence under its own name."""
    for name, content, sentence in (
        ("torn.xlsx", b"PK\x03\x04" + b"x" * 50, "torn.xlsx cannot be read as a workbook"),
        ("blank.csv", b"\n\n \n", "blank.csv is empty"),
        ("header.csv", f"{','.join(LABELS)}\n".encode(), "header.csv has a header, but no rows below it"),
    ):
        answer = client.follow(client.upload(name, content).place)
        assert answer.status == 422
        assert sentence in plain(answer.text)
        assert "upload-" not in plain(answer.text)


def test_the_file_with_red_cells_goes_back_in(client: Client, tmp_path: Path) -> None:
    """The download holds every row, wrong cells marked; corrected and uploaded, everything is imported."""
    place = client.draft("rooms.csv", table(mapping(2), mapping(3, Name="")))
    got = client.get(f"{place}/marked.xlsx")
    path = tmp_path / "back.xlsx"
    path.write_bytes(got.body)
    book = load_workbook(path)
    book.worksheets[0]["C3"] = "Room 3"
    book.save(path)
    again = client.draft("back.xlsx", path.read_bytes())
    assert "All 2 rows can be imported" in plain(client.follow(again).text)


def workbook_of_rooms(path: Path) -> bytes:
    """A workbook with a second sheet, two right rows and three wrong ones."""
    book = Workbook()
    sheet = book.worksheets[0]
    rows = (mapping(2), mapping(3, Name=""), mapping(4, ResourceId="12.5"), mapping(5, Name=""), mapping(6))
    for row in (LABELS, *rows):
        sheet.append(row)
    sheet["A2"].font = Font(bold=True)
    book.create_sheet("Prices").sheet_state = "hidden"
    book.save(path)
    return path.read_bytes()


def test_a_workbook_comes_back_with_what_was_corrected_here(client: Client, tmp_path: Path) -> None:
    """The very workbook, wrong cells red; what was typed on the page is in it, and it goes back in as it is."""
    place = client.draft("rooms.xlsx", workbook_of_rooms(tmp_path / "rooms.xlsx"))
    assert "Download your workbook with the wrong cells in red" in plain(client.follow(f"{place}/check").text)
    client.post(f"{place}/rows/4", {"A4": "4711"})
    client.follow(f"{place}/check")
    got = client.get(f"{place}/marked.xlsx")
    path = tmp_path / "back.xlsx"
    path.write_bytes(got.body)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    assert [each.title for each in book][:2] == ["Sheet", "Prices"]
    assert (sheet["A2"].font.b, sheet["A4"].value) == (True, "4711")
    assert [sheet[f"G{row}"].value for row in range(1, 7)] == [
        "Import: result",
        "ready",
        "needs a change",
        "ready",
        "needs a change",
        "ready",
    ]
    comment = sheet["C3"].comment
    assert comment is not None
    assert "--" not in comment.text
    again = client.draft("back.xlsx", path.read_bytes())
    assert "2 rows of 5 need a change" in plain(client.follow(f"{again}/check").text)


def test_a_row_that_was_left_out_is_marked_in_the_workbook(client: Client, tmp_path: Path) -> None:
    """It stays out when it comes back, so its message says what to do to import it after all."""
    place = client.draft("rooms.xlsx", workbook_of_rooms(tmp_path / "rooms.xlsx"))
    client.follow(f"{place}/table")
    view = json.loads(client.get(f"{place}/table/rows?first=0&count=9").text)
    out = {"kind": "leave out", "view": view["view"], "first": 1, "last": 1, "row": 3}
    assert client.post_json(f"{place}/table/steps", out).status == 200
    client.follow(f"{place}/check")
    (tmp_path / "back.xlsx").write_bytes(client.get(f"{place}/marked.xlsx").body)
    sheet = load_workbook(tmp_path / "back.xlsx").worksheets[0]
    cells = [[cell.value for cell in row[-3:]] for row in sheet.iter_rows(min_row=1, max_row=3)]
    named = dict(zip(cells[0], cells[2], strict=True))
    assert named["Import: result"] == "left out"
    assert "You left this row out, and it stays so" in str(named["Import: message"])


def test_a_workbook_that_cannot_be_marked_is_offered_as_plain_rows(client: Client, tmp_path: Path) -> None:
    """The page says why, and the rows can still be downloaded."""
    path = tmp_path / "rooms.xlsx"
    workbook_of_rooms(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")
    place = client.draft("rooms.xlsx", path.read_bytes())
    client.follow(f"{place}/check")
    text = plain(client.get(f"{place}/marked.xlsx").text)
    assert "only your rows, not the rest of your workbook, because it is digitally signed" in text
    (tmp_path / "plain.xlsx").write_bytes(client.get(f"{place}/marked.xlsx?plain=yes").body)
    assert load_workbook(tmp_path / "plain.xlsx")["Rows"]["A4"].value == "12.5"


def test_the_zone_of_times_without_one_is_asked_openly(client: Client, service: Running) -> None:
    """The page says which zone is meant and takes another; one that there is not is refused at its field."""
    times = [mapping(n, SubscriptionExpireDate=f"2027-03-0{n} 14:00") for n in range(2, 5)]
    place = client.draft("times.csv", table(*times))
    text = client.follow(f"{place}/check").text
    assert 'name="zone" list="zones" autocomplete="off" value="UTC"' in text
    wrong = client.post(f"{place}/choices", {"zone": "Mars/North"})
    assert wrong.status == 422
    assert "There is no time zone “Mars/North”" in wrong.text
    assert 'value="Mars/North" aria-describedby="zone-error" aria-invalid="true"' in wrong.text
    client.follow(client.post(f"{place}/choices", {"zone": "Europe/Berlin"}).place.partition("#")[0])
    assert "are read in Europe/Berlin." in client.follow(f"{place}/check").text
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "All 3 rows created" in text)
    assert json.loads(service.state.bodies[0])["SubscriptionExpireDate"].startswith("2027-03-02T13:00")


def test_the_encoding_is_chosen_on_the_page(client: Client) -> None:
    """By lines of the file, once for a header; and no page names an option of the command line."""
    content = table(mapping(2, Name="Caf\u00e9 \u2013 Z\u00fcrich")).decode().encode("mac_roman")
    place = client.draft("mac.csv", content)
    text = client.follow(f"{place}/check").text
    assert "Which line shows the text of your file as it should be?" in text
    assert "Caf\u00e9 \u2013 Z\u00fcrich" in text
    assert 'type="radio"' in text
    assert "--encoding" not in text
    after = client.post(f"{place}/check", {"encoding": "utf-16"}).place
    text = client.follow(after).text
    assert "cannot be read" in text
    assert "--encoding" not in text
    after = client.post(f"{place}/check", {"encoding": "mac_roman"}).place
    assert "The only row can be imported" in plain(client.follow(after).text)
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(f"{run}/rows", lambda text: "Caf\u00e9" in text)
    names = ("H\u00f4tel \u2013 Caf\u00e9", "\u00c9t\u00e9 \u00e0 No\u00ebl", "Fa\u00e7ade \u2013 \u00eele")
    rows = [mapping(number, Name=name) for number, name in enumerate(names, start=3)]
    second = client.draft("mac2.csv", table(*rows).decode().encode("mac_roman"))
    text = client.follow(f"{second}/check").text
    assert "as you chose for files with this header" in text
    assert "If that looks wrong, choose its encoding below" in text
    assert "--encoding" not in text


def test_the_row_of_the_header_is_chosen_on_the_page(client: Client) -> None:
    """Where the first full row is none, and its labels are known to nobody."""
    lines = table(mapping(3)).decode().splitlines()
    content = "\n".join([lines[0].replace("Id", "Nummer").replace("Name", "Titel").replace("Date", "Ende"), *lines])
    place = client.draft("two.csv", f"{content}\n".encode())
    client.follow(place)
    text = client.follow(f"{place}/columns").text
    assert "Row 1 looks like a title and was skipped. The header is in row 2." in text
    after = client.post(f"{place}/check", {"header_row": "1"}).place
    assert 'value="1"' in client.follow(after).text
    after = client.post(f"{place}/check", {"header_row": "2"}).place
    assert "The only row can be imported" in plain(client.follow(after).text)
    after = client.post(f"{place}/check", {"header_row": "x"}).place
    assert "The only row can be imported" in plain(client.follow(after).text)


def test_the_header_is_said_to_be_where_it_is(client: Client) -> None:
    """The foot of a page names the row of the header if it is known, and no row else."""
    assert "header" not in client.get("/").text.partition("<footer>")[2]
    place = client.draft("late.csv", b"Calendars of the house\r\n\r\n" + table(*GOOD))
    assert "the header of this file is row 3" in client.follow(f"{place}/check").text


def test_a_guessed_column_is_to_be_confirmed(client: Client) -> None:
    """A guess is asked about, is not said to be missing or left alone, and the next steps are no links yet."""
    labels = [*LABELS[:2], "Nmae", *LABELS[3:], "Notiz"]
    place = client.draft("guess.csv", table(*[[*row, "x"] for row in GOOD], labels=labels))
    text = client.follow(place).text
    assert "Is “Nmae” in column C the Name? Confirm it, or choose another column." in plain(text)
    assert "The file has no column for Name" not in text
    assert "Not used G: Notiz x x x" in plain(text)
    assert "There is a problem" not in text
    assert "There is a problem" in client.follow(client.post(f"{place}/columns", {}).place).text
    for step in ("check", "plan"):
        assert f'href="{place}/{step}"' not in text


@pytest.mark.parametrize("moment", ["2026-10-25T00:59:50Z", "2028-02-29T23:59:50Z", "2031-01-01T00:00:00Z"])
def test_the_sample_of_the_page_makes_no_warning_on_any_day(settings: Settings, moment: str) -> None:
    """Its dates lie in the week that begins when it is downloaded."""
    with serving(settings, clock=datetime.fromisoformat(moment).timestamp) as site:
        client = site.visitor()
        place = client.draft("sample.csv", client.get("/sample.csv").body)
        text = plain(client.follow(f"{place}/check").text)
    assert "All 8 rows can be imported" in text
    assert "is in the past" not in text
    assert "days ahead" not in text


def test_a_body_is_counted_while_it_streams(site: Site, client: Client) -> None:
    """A body without a length is cut off at the limit; a lying or absurd length is refused at once."""
    head = f"POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {client.cookie}\r\n"
    head += "Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        piece = part + b"x" * (1 << 20)
        sent = 0
        try:
            while sent < 4 * LARGEST:
                raw.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                sent, piece = sent + len(piece), b"x" * (1 << 20)
        except OSError:
            pass
        assert sent < 2 * LARGEST
    for length in (str(LARGEST * 3), "-1", "1e9"):
        with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
            raw.sendall(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode())
            assert raw.recv(100).split()[1] in (b"400", b"413")
    assert not files_below(site.settings.home / "uploads")


def test_an_upload_that_breaks_off_leaves_nothing(site: Site, client: Client) -> None:
    """Half a file is never kept, let alone read."""
    head = f"POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {client.cookie}\r\n"
    head += (
        "Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 200000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port), timeout=GIVE_UP) as raw:
        raw.sendall(
            head.encode() + b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx,y\n' * 9
        )
    client.get("/")
    assert not files_below(site.settings.home / "uploads")


def test_many_parts_and_wrong_forms_are_refused(client: Client) -> None:
    """A form with thousands of fields, a file where none belongs, and no file at all are refused as such."""
    many = {f"field-{n}": "x" for n in range(3_000)}
    assert client.post("/sign-in", many).status in (400, 413)
    assert client.upload("", b"x").status == 422
    assert "is not a spreadsheet" in client.upload("a.exe", b"MZ").text
    assert "is empty" in client.upload("a.csv", b"").text


def test_a_plan_says_that_the_token_of_this_computer_is_not_accepted(settings: Settings) -> None:
    """The password may be another user's, and nobody sees the terminal in which the page was started."""
    with serving(settings.model_copy(update={"token": SecretStr("expired")})) as site:
        client = site.visitor()
        text = plain(client.follow(f"{client.draft('rooms.csv', table(mapping(2)))}/plan").text)
        assert "did not accept the token in the settings of this computer" in text
        assert "Make sure that ops@example.com is the right user." in text
    with serving(settings) as site:
        client = site.visitor()
        assert "token" not in plain(client.follow(f"{client.draft('rooms.csv', table(mapping(2)))}/plan").text)


def test_only_imports_for_this_account_are_called_earlier_ones(client: Client, settings: Settings) -> None:
    """What was imported for another customer says nothing about what will be created here."""
    place = client.draft("rooms.csv", table(mapping(2)))
    client.follow(f"{place}/plan")
    client.until(client.post(f"{place}/start").place, lambda text: "report.csv" in text)

    def mentioned() -> list[str]:
        again = client.draft("rooms.csv", table(mapping(2)))
        return [step for step in ("check", "plan") if "imported before" in client.follow(f"{again}/{step}").text]

    assert len(mentioned()) == 2
    with open_journal(settings.journal_place) as journal:
        run = journal.runs.update(journal.runs.get(1), account="127.0.0.1/another@example.com/1")
        assert mentioned() == []
        journal.runs.update(run, account="other.example/ops@example.com", url="https://other.example")
    assert mentioned() == []


@pytest.mark.parametrize("names", [("ResourceId", "CoworkerId"), ("SubscriptionId", "CalendarId")])
def test_a_column_that_is_chosen_twice_is_asked_about(client: Client, names: tuple[str, str]) -> None:
    """Neither choice is dropped, and no other one on the page either; required or not."""
    place = client.upload("rows.csv", table(mapping(2), labels=[f"My {label}" for label in LABELS])).place
    client.follow(place)
    letters = {f"field-{name}": at for name, at in zip(LABELS, "ABCDEF", strict=True)}
    one, other = (f"field-{name}" for name in names)
    answer = client.post(f"{place}/columns", letters | {one: letters[other]})
    assert answer.status == 422
    text = plain(unescape(answer.text))
    assert f"Column {letters[other]} is chosen for" in text
    assert "Choose another column for one of them." in text
    assert answer.text.count("Chosen for another field as well") == 2
    selected = re.findall(r'name="(field-\w+)".*?value="(\w)" selected', answer.text, re.DOTALL)
    assert dict(selected) == letters | {one: letters[other]}
    assert 'name="remember" checked' not in answer.text
    assert client.post(f"{place}/columns", letters).status == 303
    assert "The only row can be imported" in plain(client.follow(f"{place}/check").text)


def test_the_issues_in_the_downloaded_workbook_advise_as_the_page_does(client: Client, tmp_path: Path) -> None:
    """No command, and examples as people type them: whoever opens it has the page, and no terminal."""
    rows = [mapping(n, ResourceId=900_000_000 + n) for n in range(2, 6)]
    rows[0] = mapping(2, ResourceId=900_000_002, CoworkerId="", SubscriptionExpireDate="soon")
    place = client.draft("rows.csv", table(*rows, mapping(6, ResourceId="Boardroom")))
    client.follow(f"{place}/check")
    (tmp_path / "fix.xlsx").write_bytes(client.get(f"{place}/marked.xlsx").body)
    header, *issues = load_workbook(tmp_path / "fix.xlsx")["Issues"].iter_rows(values_only=True)
    assert header == ("Cell in your file", "Kind", "What is wrong", "What to do")
    assert {row[1] for row in issues} == {"needs a change", "warning"}
    advice = [str(row[3]) for row in issues]
    assert "Choose the right one." in advice
    assert any("ada@example.com" in text for text in advice)
    assert any("30 April 2027 10:30" in text for text in advice)
    assert [text for text in advice if "importer " in text or "--" in text] == []


WITHOUT_HEADER = [[*mapping(1)], [*mapping(2, CoworkerId="12.5")], [*mapping(3)]]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx"])
def test_no_row_is_lost_of_a_file_without_a_header(
    client: Client, service: Running, tmp_path: Path, suffix: str
) -> None:
    """The page says which row it takes for one, and takes the word that there is none, up to the last report."""
    file = tmp_path / f"rows{suffix}"
    if suffix == ".xlsx":
        book = Workbook()
        for row in WITHOUT_HEADER:
            book.worksheets[0].append(row)
        book.save(file)
    else:
        comma = "," if suffix == ".csv" else "\t"
        file.write_text("".join(f"{comma.join(map(str, row))}\n" for row in WITHOUT_HEADER))
    place = client.draft(file.name, file.read_bytes())
    text = client.follow(f"{place}/columns").text
    assert f"Row 1 is taken as the header: “{WITHOUT_HEADER[0][0]}”" in plain(text)
    assert "It is not imported." in text
    client.post(f"{place}/check", {"header_row": "1", "read": "no header"})
    text = client.follow(f"{place}/columns").text
    assert "All rows are imported, because your rows have no header." in text
    first, second = (str(row[0]) for row in WITHOUT_HEADER[:2])
    assert f"A: {first}, {second}</option>" in text
    letters = dict(zip(map("field-{}".format, LABELS), "ABCDEF", strict=True))
    client.post(f"{place}/columns", letters | {"remember": "on"})
    text = plain(client.follow(f"{place}/check").text)
    assert "1 row of 3 needs a change." in text
    assert "the header of this file" not in text
    marked = load_workbook(io.BytesIO(client.get(f"{place}/marked.xlsx").body)).worksheets[0]
    texts = [[str(cell.value) for cell in row] for row in marked.iter_rows()]
    assert sum(str(WITHOUT_HEADER[0][2]) in row for row in texts) == 1
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "2 of 3 rows created" in text and "report.csv" in text)
    assert {json.loads(body)["Name"] for body in service.state.bodies} == {WITHOUT_HEADER[0][2], WITHOUT_HEADER[2][2]}
    again = client.draft("failed.csv", client.get(f"{run}/files/failed.csv").body)
    assert "1 row of 1 needs a change." in plain(client.follow(f"{again}/check").text)
    other = client.draft(f"other{suffix}", file.read_bytes())
    assert "Row 1 is taken as the header" in client.follow(f"{other}/columns").text


@pytest.mark.parametrize(
    ("pressed", "typed"),
    [
        ("check", {"read": "header", "header_row": "2"}),
        ("columns", {"header_row": "2"}),
        ("check", {"read": "encoding", "encoding": "cp1250"}),
        ("columns", {"encoding": "cp1250"}),
    ],
)
def test_chosen_columns_stay_when_the_file_is_read_otherwise(
    client: Client, pressed: str, typed: dict[str, str]
) -> None:
    """Whichever button is pressed, nothing that was chosen or typed beside it is lost, and nothing is saved unseen."""
    titles = ["Nummer", "Wer", "Bezeichnung \u00e4", "Bis", "a", "b"]
    content = table([*titles], mapping(3), mapping(4), labels=[f"{title} x" for title in titles]).decode()
    place = client.draft("rows.csv", content.encode("cp1252"))
    client.post(f"{place}/check", {"encoding": "cp1252"})
    before = client.follow(f"{place}/columns").text
    fields = form_fields(before, "columns") | {"field-CoworkerId": "B", "field-Name": "C"}
    answer = client.post(f"{place}/{pressed}", fields | typed)
    text = client.follow(answer.place).text
    assert re.search(r'<option value="B" selected>', text)
    assert re.search(r'<option value="C" selected>', text)
    assert text.count(" selected>") >= before.count(" selected>") + 2
    if "header_row" in typed:
        assert "Row 2 is taken as the header" in text
    else:
        assert '<option value="cp1250" selected>' in text


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [mapping(2, SubscriptionExpireDate="2099-01-01T10:00Z")],
            "1 row has a warning, but can be imported as it is.",
        ),
        (
            [mapping(n, SubscriptionExpireDate="2099-01-01T10:00Z", Name=f" Room {n} ") for n in (2, 3, 4)],
            "3 rows have a warning, but can be imported as they are.",
        ),
        ([[*mapping(2), "x"]], "1 warning. Nothing has to be changed because of it."),
    ],
)
def test_warnings_are_counted_by_the_rows_that_have_one(client: Client, rows: list[list[object]], words: str) -> None:
    """Not by their causes, of which one row may have several."""
    labels = [*LABELS, "Colour"][: len(rows[0])]
    place = client.draft("a.csv", table(*rows, labels=labels))
    assert words in plain(client.follow(f"{place}/check").text)
