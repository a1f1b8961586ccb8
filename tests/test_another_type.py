"""A record type that nothing in the importer names goes all the way, over sockets, through the command."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from another_type import PRODUCT_PRICE, registered
from conftest import PRACTICE, UNLIMITED, Desk, Service

LABELS = ["Room", "Name", "Net", "Weight", "Taxable", "Visible", "Per", "Currency", "From", "Note"]
ROOM = "Harbour House / Studio"
GOOD: dict[str, str] = dict(
    zip(LABELS, [ROOM, "Day pass", "12.50", "3", "yes", "no", "Whole day", "euro", "2027-04-30", "old"], strict=True)
)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with registered(PRODUCT_PRICE):
        yield


@pytest.fixture
def shop(_registered: None, serve: Callable[..., Service]) -> Service:
    """A sandbox that was started after the type was registered, and takes only parents that exist."""
    return serve(UNLIMITED)


def price(**changes: str) -> list[object]:
    """A good row with some cells changed."""
    return list((GOOD | changes).values())


def stored(shop: Service, name: str) -> dict[str, object]:
    """The record of this name as the sandbox holds it, to be changed by a colleague."""
    return next(record for record in shop.state.records if record["Name"] == name)


ROWS = [
    price(),
    price(Name="A tenth", Net="0.1", Weight="", Taxable="TRUE", Visible="x", Per="hour", Currency="", From=""),
    price(Name="Most digits", Net="12345.6789", Taxable="1", Visible="", Per="2", Currency="GBP"),
    price(Name="Comma", Net="7,5", Taxable="No", Visible="0", Note=""),
    price(Name="Third", Net="0.3000", Weight="-0"),
]
SENT: list[dict[str, object]] = [
    {"Price": 12.5, "Weight": 3, "Taxable": True, "Visible": False, "Per": 2, "Currency": "EUR"},
    {"Price": 0.1, "Taxable": True, "Visible": True, "Per": 1},
    {"Price": 12345.6789, "Weight": 3, "Taxable": True, "Per": 2, "Currency": "GBP"},
    {"Price": 7.5, "Weight": 3, "Taxable": False, "Visible": False, "Per": 2, "Currency": "EUR"},
    {"Price": 0.3, "Weight": 0, "Taxable": True, "Visible": False, "Per": 2, "Currency": "EUR"},
]


def test_a_new_record_type_goes_from_check_to_undo(desk: Desk, shop: Service) -> None:
    """Checked, recognised by its labels, created in its own module of the API, existing, verified and undone."""
    shop.state.change(strict_parents=True)
    file = desk.write("prices.csv", ROWS, LABELS)
    checked = desk.type("check", file, "--json")
    assert (checked.code, checked.json["valid"]) == (0, 5), checked.json["issues"]
    done = desk.type("run", file, "--yes", "--json", "--out", "r")
    assert (done.code, done.json["kind"], done.json["counts"]["created"]) == (0, "ProductPrice", 5)
    plain = ("Price", "Weight", "Taxable", "Visible", "Per", "Currency")
    sent = {record["Name"]: {name: record[name] for name in plain if name in record} for record in shop.records}
    assert sent == {str(row[1]): values for row, values in zip(ROWS, SENT, strict=True)}
    assert sum('"Price":12345.6789,' in body for body in shop.state.bodies) == 1
    assert {call.path for call in shop.state.calls if call.method == "POST"} == {"/api/token", "/api/billing/products"}
    assert [row["Net"] for row in desk.report("r")] == [row[2] for row in ROWS]
    assert desk.type("run", file, "--yes", "--json").json["counts"]["existing"] == 5
    assert desk.type("verify", "1").code == 0
    assert desk.type("undo", "1", "--yes").code == 0
    assert shop.records == []


def test_another_home_finds_the_records_by_their_values(desk: Desk, shop: Service) -> None:
    """Without the journal the service's own list says what exists, whatever the spelling in file and list."""
    desk.type("run", desk.write("prices.csv", ROWS, LABELS), "--yes")
    stored(shop, "Day pass").update(Price="12.500", Taxable="True", Per="2", Currency="eur")
    assert stored(shop, "Day pass")["Price"] == "12.500"
    desk.variables["IMPORTER_HOME"] = str(desk.folder / "another home")
    changed = [price(Net="12.5", Taxable="Y", Per=" whole  DAY "), *ROWS[1:]]
    again = desk.type("run", desk.write("again.csv", changed, LABELS), "--yes", "--json")
    assert (again.code, again.json["counts"]["existing"]) == (0, 5)


def test_lost_replies_are_settled_by_every_field(desk: Desk, shop: Service) -> None:
    """A record whose reply was lost is found again by decimals, choices and yes or no; nothing is doubled."""
    desk.shorten_the_window()
    shop.fail("lost-after", "ok", "lost-after")
    done = desk.type("run", desk.write("prices.csv", ROWS, LABELS), "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 5)
    assert len(shop.records) == 5


def test_an_edit_on_the_service_is_seen(desk: Desk, shop: Service) -> None:
    """A decimal, a choice or a yes or no that somebody changed differs, and undo leaves that record alone."""
    desk.type("run", desk.write("prices.csv", ROWS[:4], LABELS), "--yes")
    stored(shop, "Day pass")["Price"] = 12.51
    stored(shop, "A tenth")["Taxable"] = False
    stored(shop, "Most digits")["Per"] = 1
    verified = desk.type("verify", "--json")
    assert verified.code == 1
    assert desk.type("undo", "--yes", "--json").code == 1
    assert {record["Name"] for record in shop.state.records} == {"Day pass", "A tenth", "Most digits"}


WRONG = [
    ("Net", "twelve", "not-a-number", "C2"),
    ("Net", "€12.50", "not-a-number", "C2"),
    ("Net", "1e3", "not-a-number", "C2"),
    ("Net", "1,234.50", "not-a-number", "C2"),
    ("Net", "NaN", "no-value", "C2"),
    ("Net", "1,234", "number-ambiguous", "C2"),
    ("Net", "12.50001", "too-many-digits", "C2"),
    ("Net", "123456789", "too-many-digits", "C2"),
    ("Net", "-0.01", "number-out-of-range", "C2"),
    ("Net", "1000000.0001", "number-out-of-range", "C2"),
    ("Net", "", "cell-empty", "C2"),
    ("Net", "#N/A", "cell-error", "C2"),
    ("Weight", "1.5", "too-many-digits", "D2"),
    ("Taxable", "maybe", "not-yes-or-no", "E2"),
    ("Taxable", "2", "not-yes-or-no", "E2"),
    ("Taxable", "", "cell-empty", "E2"),
    ("Per", "Week", "not-a-choice", "G2"),
    ("Per", "3", "not-a-choice", "G2"),
    ("Currency", "dollar", "not-a-choice", "H2"),
]


@pytest.mark.parametrize(("label", "value", "code", "cell"), WRONG)
def test_each_wrong_cell_is_told(desk: Desk, label: str, value: str, code: str, cell: str) -> None:
    """What no value of the field can be is an error at its cell, with a sentence and what to do."""
    done = desk.type("check", desk.write("p.csv", [price(Room="7", **{label: value})], LABELS), "--json", "--offline")
    [issue] = done.json["issues"]
    assert (done.code, issue["code"], issue["cell"]) == (1, code, cell)
    assert "{" not in issue["message"] + issue["fix"]


def test_the_advice_names_what_may_be_written(desk: Desk) -> None:
    """The choices and the number of digits stand in the sentence."""
    row = price(Room="7", Per="Week", Net="1.23456", Weight="0.5")
    done = desk.type("check", desk.write("p.csv", [row], LABELS), "--json", "--offline")
    assert {issue["fix"] for issue in done.json["issues"]} == {
        "Enter Hour or Whole day.",
        "Use at most 8 digits before the decimal point and 4 after it.",
        "Use at most 6 digits.",
    }


def test_equal_values_are_one_row_however_they_are_spelled(desk: Desk) -> None:
    """12.5 is 12.50, Y is yes, and a note for colleagues makes no other row; another price does."""
    rows = [price(Room="7"), price(Room="7", Net="12,5", Taxable="Y", Per="2", Note="new"), price(Room="7", Net="12.4")]
    done = desk.type("check", desk.write("p.csv", rows, LABELS), "--json", "--offline")
    assert [(issue["code"], issue["row"]) for issue in done.json["issues"]] == [("duplicate-row", 3)]


def test_a_workbook_gives_what_its_cells_show(desk: Desk) -> None:
    """Numbers, sums with a binary rest and TRUE cells of a real workbook are read as the program shows them."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(LABELS)
    room = next(iter(PRACTICE.resources))
    book.worksheets[0].append([room, "Sum", 0.1 + 0.2, 3, True, False, 2, "euro", "2027-04-30", None])
    book.save(desk.folder / "p.xlsx")
    assert desk.type("check", desk.folder / "p.xlsx", "--offline").code == 0
    done = desk.type("run", desk.folder / "p.xlsx", "--yes", "--sandbox", "--json", "--out", "r")
    assert (done.code, done.json["counts"]["created"]) == (0, 1)


def test_its_closed_lists_are_offered_in_template_and_corrections(desk: Desk) -> None:
    """Yes or no and the choices are drop-downs, in the empty template and in the workbook of wrong cells."""
    assert desk.type("template", "--type", "ProductPrice", "--output", desk.folder / "t.xlsx").code == 0
    wrong = desk.write("p.csv", [price(Room="7", Per="Week")], LABELS)
    desk.type("check", wrong, "--offline", "--errors-to", desk.folder / "fix.xlsx")
    for name in ("t.xlsx", "fix.xlsx"):
        book = openpyxl.load_workbook(desk.folder / name)
        rules = {str(rule.sqref)[0]: str(rule.formula1) for rule in book.worksheets[0].data_validations.dataValidation}
        offered = {letter: _offered(book, source) for letter, source in rules.items()}
        assert offered == {"E": ["yes", "no"], "F": ["yes", "no"], "G": ["Hour", "Whole day"], "H": ["euro", "pound"]}


def _offered(book: openpyxl.Workbook, source: str) -> list[Any]:
    return [cell.value for cell in book[source.lstrip("=").split("!")[0].strip("'")]["A"]]


def test_the_sandbox_judges_it_by_its_own_rules(shop: Service) -> None:
    """Values of the wrong type, missing fields and unknown choices are refused, as for any record."""
    for body, complaint in (
        (b'{"ResourceId":7,"Name":"x","Price":"12","Taxable":true,"Per":1}', "Price: is not a valid value"),
        (b'{"ResourceId":7,"Name":"x","Price":12,"Taxable":1,"Per":1}', "Taxable: is not a valid value"),
        (b'{"ResourceId":7,"Name":"x","Price":12,"Taxable":true,"Per":9}', "Per: is not a valid value"),
        (b'{"ResourceId":7,"Name":"x","Price":12,"Per":1}', "Taxable: is a required field"),
        (b'{"Name":"x","Price":12,"Taxable":true,"Per":1}', "Resource: is a required field"),
    ):
        with pytest.raises(ValueError, match=complaint):
            shop.state.add("billing/products", body)


def test_samples_are_still_what_they_were(desk: Desk) -> None:
    """A further type takes no file away from another."""
    sample = Path(__file__).parents[1] / "samples" / "calendars.csv"
    assert "ProductPrice" not in desk.type("check", sample, "--offline").err
    with sample.open(encoding="utf-8") as file:
        assert next(csv.reader(file))[1] == "CoworkerId"
