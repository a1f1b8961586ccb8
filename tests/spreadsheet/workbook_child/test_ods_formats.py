"""A program shows the numbers and dates of an OpenDocument by their style; a text that says otherwise is not shown."""

import zipfile
from pathlib import Path

import pytest

from importer.checking.appearance import _date, _text, appearance
from importer.spreadsheet import FormattedCell, open_sheet
from spreadsheet.making import pack, rows_of, write_ods

TWO = '<number:number number:decimal-places="2" number:min-integer-digits="1"/>'
WHOLE = '<number:number number:decimal-places="0" number:min-integer-digits="1"/>'
FIVE = '<number:number number:decimal-places="0" number:min-integer-digits="5"/>'
THOUSANDS = '<number:number number:decimal-places="0" number:display-factor="1000"/>'
GROUPED = '<number:number number:decimal-places="0" number:min-integer-digits="1" number:grouping="true"/>'
DAY = "<number:day/><number:text>.</number:text>"
DATE = '<number:year number:style="long"/>', '<number:month number:style="long"/>', '<number:day number:style="long"/>'


def style(kind: str, pieces: str, name: str = "N") -> str:
    """A data style, and the style of cells with it."""
    data = f'<number:{kind}-style style:name="{name}">{pieces}</number:{kind}-style>'
    return f'{data}<style:style style:name="c{name}" style:family="table-cell" style:data-style-name="{name}"/>'


def with_styles(styles: str) -> str:
    """The part of a content that holds its styles."""
    return f"<office:automatic-styles>{styles}</office:automatic-styles>"


def cell(kind: str, value: str, text: str, name: str = "cN") -> str:
    """A cell in a style, with a text that the writing program says is shown."""
    of_value = {"date": "date-value", "string": ""}.get(kind, "value")
    about = f'office:{of_value}="{value}" ' if of_value else ""
    return (
        f'<table:table-cell table:style-name="{name}" office:value-type="{kind}" {about}>'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def display(folder: Path, head: str, xml: str) -> str:
    """A cell below a header, as it is read."""
    title = '<table:table-cell office:value-type="string"><text:p>Name</text:p></table:table-cell>'
    return rows_of(open_sheet(write_ods(folder / "file.ods", title, xml, head=head)))[2][0]


@pytest.mark.parametrize(
    ("kind", "pieces", "value", "shown"),
    [
        ("percentage", f"{WHOLE}<number:text>%</number:text>", "0.5", '"50%"'),
        ("number", FIVE, "42", '"00042"'),
        ("number", TWO, "0.5", '"0.50"'),
        ("number", WHOLE, "0.4", '"0"'),
        ("number", GROUPED, "1234567", '"1,234,567"'),
        ("number", THOUSANDS, "42000", "something else"),
        ("number", f"<number:text>9</number:text>{WHOLE}", "12", '"912"'),
        ("currency", f"<number:currency-symbol>€</number:currency-symbol>{TWO}", "3", '"€3.00"'),
        ("number", '<number:fraction number:min-integer-digits="0"/>', "0.5", "something else"),
        ("date", f"<number:month/><number:text>/</number:text>{DATE[0]}", "2031-03-01", '"3/2031"'),
    ],
)
def test_a_bare_value_in_a_style_that_shows_another_text_is_not_certain(
    tmp_path: Path, kind: str, pieces: str, value: str, shown: str
) -> None:
    """The text of the cell is only what the writing program says; a sentence tells what is shown."""
    value_kind = kind if kind == "date" else "float"
    read = display(tmp_path, with_styles(style(kind, pieces)), cell(value_kind, value, value))
    assert isinstance(read, FormattedCell)
    assert (read.shown, appearance(read)) == (None, shown)


@pytest.mark.parametrize(
    ("kind", "pieces", "value"),
    [
        ("number", WHOLE, "42"),
        ("number", TWO, "0.25"),
        ("number", '<number:number number:min-integer-digits="1"/>', "0.125"),
        ("number", FIVE, "12345"),
        ("date", "<number:text>-</number:text>".join(DATE), "2031-03-01"),
    ],
)
def test_a_value_that_its_style_shows_as_it_is_stays_one(tmp_path: Path, kind: str, pieces: str, value: str) -> None:
    """So do all cells of LibreOffice in the common formats."""
    read = display(
        tmp_path, with_styles(style(kind, pieces)), cell("date" if kind == "date" else "float", value, value)
    )
    assert (read, type(read)) == (value, str)


WITH_TIME = f"{DAY}<number:month/><number:text>.</number:text>{DATE[0]}<number:text> </number:text>"
WITH_TIME += '<number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/>'
MONTH = '<number:month number:textual="true" number:style="long"/><number:text> </number:text>'


@pytest.mark.parametrize(
    ("kind", "pieces", "value", "text", "of_a_name"),
    [
        ("number", FIVE, "42", "42.0", None),
        ("number", TWO, "7.125", "7.125", None),
        ("number", TWO, "7.125", "7.120", None),
        ("number", TWO, "1234.5", "1234,50", "1234,50"),
        ("number", TWO, "1234.5", "1.234,50", None),
        ("number", GROUPED, "1234567", "12,34,567", "12,34,567"),
        ("number", GROUPED, "1234567", "1\u202f234\u202f567", "1\u202f234\u202f567"),
        ("number", GROUPED, "1234567", "1234567,0", None),
        ("number", f"{TWO}<number:text> €</number:text>", "3", "3,00\u00a0€", "3,00\u00a0€"),
        ("number", f"{TWO}<number:text> €</number:text>", "3", "3", None),
        ("date", f"<number:month/><number:text>/</number:text>{DATE[0]}", "2031-03-01", "01.03.2031", None),
        ("date", "<number:text>-</number:text>".join(DATE), "2031-03-01T10:30:00", "01.03.2031 10:30", None),
        ("date", WITH_TIME, "2031-03-01T10:30:00", "1.3.2031 10:30", "1.3.2031 10:30"),
        ("date", f"{DAY}{MONTH}{DATE[0]}", "2031-03-01", "1.März 2031", "1.März 2031"),
        ("date", f"{DAY}{MONTH}{DATE[0]}", "2031-03-01", "1.3.2031", None),
    ],
)
def test_a_text_is_shown_only_if_its_style_shows_it_in_some_country(
    tmp_path: Path, kind: str, pieces: str, value: str, text: str, of_a_name: str | None
) -> None:
    """Programs look at the style alone: what a writing program has put beside the value may be anything."""
    value_kind = kind if kind == "date" else "float"
    read = display(tmp_path, with_styles(style(kind, pieces)), cell(value_kind, value, text))
    assert isinstance(read, FormattedCell)
    assert read.shown == of_a_name


@pytest.mark.parametrize("text", ["", "2031-03-01T10:30:00", "Sat Mar  1 10:30:00 2031"])
@pytest.mark.parametrize("styles", ["", style("date", WITH_TIME)])
def test_a_date_is_one_whatever_text_stands_beside_it(tmp_path: Path, styles: str, text: str) -> None:
    """Writing programs that have no formats leave it out, or put a text of their own there."""
    sheet = with_styles(styles) if styles else ""
    read = display(tmp_path, sheet, cell("date", "2031-03-01T10:30:00", text, "cN" if styles else ""))
    assert isinstance(read, FormattedCell)
    assert (read.shown, _date(read)) == (None, "2031-03-01T10:30:00")


def test_a_cell_without_a_style_has_the_default_one(tmp_path: Path) -> None:
    """Which is a style with a name, and may have a format."""
    data = f'<number:percentage-style style:name="N">{WHOLE}<number:text>%</number:text></number:percentage-style>'
    default = '<style:style style:name="Default" style:family="table-cell" style:data-style-name="N"/>'
    read = display(tmp_path, with_styles(data + default), cell("float", "0.5", "0.5", ""))
    assert appearance(read) == '"50%"'


@pytest.mark.parametrize(("text", "shown"), [("TRUE", '"00001"'), ("00001", '"00001"'), ("", '"00001"')])
def test_a_yes_or_no_in_a_style_of_numbers_is_shown_as_one(tmp_path: Path, text: str, shown: str) -> None:
    """By LibreOffice; nothing else does."""
    xml = cell("boolean", "true", text).replace("office:value=", "office:boolean-value=")
    read = display(tmp_path, with_styles(style("number", FIVE)), xml)
    assert isinstance(read, FormattedCell)
    assert (appearance(read), _text(read)) == (shown, None)


@pytest.mark.parametrize(("value", "is_certain"), [("5", True), ("-5", True), ("0", False)])
def test_a_style_may_name_others_for_some_numbers(tmp_path: Path, value: str, *, is_certain: bool) -> None:
    """As LibreOffice writes formats with several sections."""
    maps = (
        '<style:map style:condition="value()&gt;0" style:apply-style-name="P"/>'
        '<style:map style:condition="value()&lt;0" style:apply-style-name="M"/>'
    )
    styles = style("number", WHOLE, "P") + style("number", f"<number:text>-</number:text>{WHOLE}", "M")
    styles += style("number", f"<number:text>none</number:text>{maps}")
    assert isinstance(display(tmp_path, with_styles(styles), cell("float", value, value)), FormattedCell) != is_certain


def test_a_style_of_cells_may_have_another_format_on_a_condition(tmp_path: Path) -> None:
    """Nobody computes the condition, so nobody knows."""
    applied = '<style:map style:condition="cell-content()&gt;5" style:apply-style-name="cP"/>'
    styles = (
        style("number", FIVE, "P") + f'<style:style style:name="cN" style:family="table-cell">{applied}</style:style>'
    )
    assert isinstance(display(tmp_path, with_styles(styles), cell("float", "7", "7")), FormattedCell)


def test_a_percentage_without_a_style_is_shown_as_one(tmp_path: Path) -> None:
    """The type of the value asks for it."""
    read = display(tmp_path, "", cell("percentage", "0.5", "0.5", ""))
    assert appearance(read) == '"50%"'


def test_a_style_that_adds_to_a_text_is_seen(tmp_path: Path) -> None:
    """Also in a sheet of nothing but texts; one that shows the text as it is changes nothing."""
    adding = style("text", "<number:text>Room </number:text><number:text-content/>")
    assert isinstance(display(tmp_path, with_styles(adding), cell("string", "", "A")), FormattedCell)
    read = display(tmp_path, with_styles(style("text", "<number:text-content/>")), cell("string", "", "A"))
    assert (read, type(read)) == ("A", str)


def test_styles_with_names_are_kept_in_a_part_of_their_own(tmp_path: Path) -> None:
    """And a style may have its format from its parent."""
    child = '<style:style style:name="cN" style:family="table-cell" style:parent-style-name="cP"/>'
    title = '<table:table-cell office:value-type="string"><text:p>Name</text:p></table:table-cell>'
    path = write_ods(tmp_path / "a.ods", title, cell("float", "42", "42"), head=with_styles(child))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    office = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    common = f"<office:document-styles {office}><office:styles>{style('number', FIVE, 'P')}</office:styles>"
    parts["styles.xml"] = f"{common}</office:document-styles>".encode()
    assert appearance(rows_of(open_sheet(pack(tmp_path / "b.ods", parts)))[2][0]) == '"00042"'
