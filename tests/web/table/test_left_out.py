"""Rows that a person leaves out, from the table to the report of the run."""

import csv
import io
import json
import re
from pathlib import Path

from importer.sandbox.server import Running
from web.kit import GOOD, Client, table


def test_left_out_rows_are_not_sent_and_are_rows_of_the_report(client: Client, service: Running) -> None:
    """The plan, the run and its report are about the other rows, and say which were left out."""
    place = client.draft("rows.csv", table(*GOOD))
    view = json.loads(client.get(f"{place}/table/rows?first=0&count=1").text)["view"]
    action = {"kind": "leave out", "view": view, "first": 1, "last": 2, "row": 3}
    answer = client.post_json(f"{place}/table/steps", action)
    assert json.loads(answer.text)["message"] == "2 rows left out."
    assert "2 rows are left out, as you chose: 3 and 4." in client.follow(f"{place}/check").text
    assert "Create 6 records" in client.follow(f"{place}/plan").text
    run = client.post(f"{place}/start").place
    client.until(run, lambda text: "report.html" in text and "being written" not in text)
    assert len(service.state.report()) == 6
    [path] = Path("reports").glob("*/summary.json")
    summary = json.loads(path.read_text("utf-8"))
    assert (summary["rows"], summary["counts"]["created"], summary["counts"]["left out"]) == (8, 6, 2)
    assert [notice["values"]["names"] for notice in summary["notices"]] == ["3 and 4"]
    lines = list(csv.DictReader(io.StringIO(client.get(f"{run}/files/report.csv").body.decode("utf-8-sig"))))
    assert [line["Import: row"] for line in lines] == ["2", "3", "4", "5", "6", "7", "8", "9"]
    assert [line["Import: row"] for line in lines if line["Import: result"] == "left out"] == ["3", "4"]
    assert re.search("2 rows are left out", client.get(f"{run}/files/report.html").text)
    assert "All 6 rows created, 2 left out" in client.get(run).text
    assert "Total rows</dt><dd>8" in client.get(run).text
    shown = client.get(f"{run}/rows?status=left%20out").text
    assert re.findall(r'<th scope="row">(\d+)</th>', shown) == ["3", "4"]
    assert re.findall(r'<th scope="row">(\d+)</th>', client.get(f"{run}/rows?q=4").text)[-1] == "4"
    shown = client.get(f"{run}/rows").text
    assert re.findall(r'<th scope="row">(\d+)</th>', shown) == ["2", "5", "6", "7", "8", "9", "3", "4"]
    assert "Left out, as you chose." in shown
