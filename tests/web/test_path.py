"""The way from a file to its results and back, over plain forms: what works without any script."""

import csv
import io
import json

from conftest import LABELS, mapping

from importer.config.settings import Settings
from importer.sandbox.server import Running
from web.kit import (
    GOOD,
    Client,
    plain,
    serving,
    table,
)


def test_a_file_becomes_records_and_a_report(client: Client, service: Running) -> None:
    """Upload, check, plan, import, results: the numbers add up, every row has its Id, and all is found again."""
    assert "Nothing is sent until you press Import" in client.get("/").text
    content = table(*GOOD, mapping(10, Name=""))
    place = client.draft("rooms.csv", content)
    assert "Import only the 8 good rows" in client.follow(place).text
    plan = plain(client.follow(f"{place}/plan").text)
    assert "Create 8 records in Harbour House?" in plan
    assert "Import 8 rows for practice" in plan
    run = client.post(f"{place}/start").place
    text = client.until(run, lambda text: "report.csv" in text)
    assert "8 of 9 rows created, 1 needs a change" in plain(text)
    assert "<svg" in text
    report = client.get(f"{run}/files/report.csv")
    assert "attachment" in report.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(report.body.decode("utf-8-sig"))))
    assert [line["Import: result"] for line in lines] == ["created"] * 8 + ["needs a change"]
    rows = client.get(f"{run}/rows").text
    assert all(line["Import: Id in Nexudus"] in rows for line in lines)
    assert all(f" {line['Name']} " in plain(rows) for line in lines if line["Import: result"] == "created")
    assert plain(client.get(f"{run}/rows?status=invalid").text).count("Name is empty") == 1
    assert "Room 7" in client.get(f"{run}/rows?q=Room+7").text
    assert "Room 6" not in client.get(f"{run}/rows?q={lines[5]['Import: Id in Nexudus']}").text
    assert "No row matches that" in client.get(f"{run}/rows?q=nowhere").text
    assert "rooms.csv" in client.get("/runs?q=rooms").text
    again = client.draft("renamed.csv", content)
    assert "This file was imported before: run 1" in plain(client.follow(f"{again}/check").text)
    assert "There is nothing left to create" in plain(client.follow(f"{again}/plan").text)


def test_what_was_chosen_and_corrected_is_what_is_imported(client: Client, service: Running) -> None:
    """Columns, cells and row numbers of the page hold in the run and its report; blank lines count."""
    labels = [*LABELS[:2], "Kuvaus", *LABELS[3:]]
    content = table(mapping(2), [""] * 6, mapping(4, Name=""), labels=labels).replace(b",,,,,\r\n", b"\r\n")
    place = client.draft("rooms.csv", content)
    fields = {f"field-{name}": letters for name, letters in zip(LABELS, "ABCDEF", strict=True)}
    client.follow(client.post(f"{place}/columns", fields).place)
    assert 'id="row-4"' in client.follow(f"{place}/check").text
    client.post(f"{place}/rows/4", {"C4": "Cellar"})
    client.follow(f"{place}/plan")
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "All 2 rows created" in text and "report.csv" in text)
    report = client.get(f"{run}/files/report.csv").body.decode("utf-8-sig")
    assert [line["Import: row"] for line in csv.DictReader(io.StringIO(report))] == ["2", "4"]
    assert [json.loads(body)["Name"] for body in service.state.bodies] == ["Room 2", "Cellar"]


def test_pages_are_the_same_after_a_restart_and_in_another_browser(settings: Settings) -> None:
    """Nothing is lost with the server: uploads, corrections and runs are there for the next one."""
    with serving(settings) as site:
        client = site.visitor()
        place = client.draft("rooms.csv", table(mapping(2), mapping(3, Name="")))
        client.post(f"{place}/rows/3", {"C3": "Room 3"})
    with serving(settings) as site:
        assert "All 2 rows can be imported" in plain(site.visitor().follow(f"{place}/check").text)
