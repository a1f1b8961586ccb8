"""What an OpenDocument sheet tells beside its values."""

import pytest

from importer.spreadsheet.workbook_child.display import Display
from importer.spreadsheet.workbook_child.format_codes import OTHER, claim, doubt
from importer.spreadsheet.workbook_child.ods_display import OdsDisplays, Views, readable_values
from spreadsheet.making import ods_cell

SETTINGS = '<s xmlns:c="urn:oasis:names:tc:opendocument:xmlns:config:1.0">{}</s>'
ENTRY = "<c:config-item-map-entry{}>{}</c:config-item-map-entry>"


def shows_zeros(value: str) -> str:
    """What an entry of the settings says."""
    return f'<c:config-item c:name="ShowZeroValues">{value}</c:config-item>' if value else ""


def display(*rows: str, before: str = "", views: Views | None = None) -> Display:
    """What a sheet with these rows tells; ``before`` stands before them in their table."""
    table = f'<table:table table:name="Data">{before}{"".join(rows)}</table:table>'
    document = f"<office:document-content>{table}</office:document-content>"
    seen = OdsDisplays(document.encode(), views).of("Data")
    seen.add_merged((), bottom=9, right=9)
    return seen


def row(*cells: str, about: str = "") -> str:
    """A row of these cells."""
    return f"<table:table-row{about}>{''.join(cells)}</table:table-row>"


@pytest.mark.parametrize(
    ("cell", "shape"),
    [
        (ods_cell("float", "7", "7"), None),
        (ods_cell("float", "7.0", "7"), None),
        (ods_cell("float", "0.30000000000000004", "0.3"), None),
        (ods_cell("float", "7", "007"), doubt("007")),
        (ods_cell("float", "7", "7.00"), doubt("7.00")),
        (ods_cell("float", "1234.5", "1,234.50"), doubt("1,234.50")),
        (ods_cell("float", "0.5", "50%"), doubt("50%")),
        (ods_cell("float", "7", "#FMT"), doubt("#FMT")),
        (ods_cell("float", "1234.5", "1234,5"), claim("1234,5")),
        (ods_cell("float", "1E+21", "1E+21"), None),
        (ods_cell("float", "1000000000000000000000", "1E+21"), claim("1E+21")),
        (ods_cell("percentage", "0.5", "50%"), claim("50%")),
        (ods_cell("percentage", "0.5", "50\u00a0%"), claim("50\u00a0%")),
        (ods_cell("percentage", "0.5", "5%"), f"{OTHER}0%"),
        (ods_cell("percentage", "0.5", ""), f"{OTHER}0%"),
        (ods_cell("currency", "1234.5", "£1,234.50"), claim("£1,234.50")),
        (ods_cell("currency", "1234.5", "EUR 1234,50"), claim("EUR 1234,50")),
        (ods_cell("currency", "7", "7"), f"{OTHER}$#,##0.00"),
        (ods_cell("float", "7", ""), None),
        (ods_cell("float", "1234567890123", ""), None),
        (ods_cell("float", "INF", "7"), OTHER),
        (ods_cell("float", "seven", "7"), OTHER),
        (ods_cell("date", "2026-12-05", "2026-12-05"), f"{OTHER}m/d/yyyy"),
        (ods_cell("date", "2026-12-05T10:30:00", "2026-12-05T10:30:00"), f"{OTHER}m/d/yyyy h:mm"),
        (ods_cell("date", "2026-12-05", ""), f"{OTHER}m/d/yyyy"),
        (ods_cell("date", "2026-12-05T10:30:00", ""), f"{OTHER}m/d/yyyy h:mm"),
        (ods_cell("date", "2026-12-05", "05.12.26"), doubt("05.12.26")),
        (ods_cell("date", "2026-12-05T10:30:00", "Sat Dec  5 10:30:00 2026"), doubt("Sat Dec 5 10:30:00 2026")),
        (ods_cell("date", "2026-12-05T10:30:15", "Sat Dec  5 10:30:15 2026"), f"{OTHER}m/d/yyyy h:mm"),
        (ods_cell("date", "2026-12-05T10:30:00.5", "10:30"), doubt("10:30")),
        (ods_cell("date", "2026-13-05", "05.13.26"), OTHER),
        (ods_cell("time", "PT36H00M00S", "36:00"), claim("36:00")),
        (ods_cell("time", "P1D", "24:00"), OTHER),
        (ods_cell("boolean", "true", "TRUE"), None),
        (ods_cell("boolean", "true", ""), None),
        (ods_cell("boolean", "true", "WAHR"), claim("WAHR")),
        (ods_cell("boolean", "true", "true"), doubt("true")),
        (ods_cell("boolean", "yes", "TRUE"), OTHER),
        (ods_cell("string", "", "Room"), None),
    ],
)
def test_a_cell_that_shows_something_else_is_noted(cell: str, shape: str | None) -> None:
    """With the text that it claims, in doubt if no program shows it; a value that is none of its kind is unsure."""
    assert display(row(cell)).shapes.within(0, 1, 1) == ([] if shape is None else [(0, 1, 1, shape)])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<text:p>a<text:s/>b</text:p>", "a b"),
        ('<text:p>a<text:s text:c="3"/>b</text:p>', "a   b"),
        ("<text:p>a<text:tab/>b</text:p>", "a\tb"),
        ("<text:p>a<text:line-break/>b</text:p>", "a\nb"),
        ("<text:p>a</text:p><text:p>b</text:p>", "a\nb"),
        ("<text:p>a \n b</text:p><text:p/>", "a b\n"),
        ("<office:annotation><text:p>note</text:p></office:annotation><text:p>a</text:p>", "a"),
        (
            "<text:p><text:ruby><text:ruby-base>a</text:ruby-base><text:ruby-text>b</text:ruby-text></text:ruby></text:p>",
            "a",
        ),
        ("<text:p>a<![CDATA[ <b> &amp; ]]>c</text:p>", "a <b> &amp; c"),
        ("<text:p><![CDATA[a]]></text:p>", "a"),
        ("<text:p>a<draw:frame><text:p>shape</text:p></draw:frame></text:p>", "a"),
    ],
)
def test_a_text_is_what_its_parts_show(content: str, text: str) -> None:
    """White space as it is shown; comments, readings and shapes are no part of it."""
    cell = f'<table:table-cell office:value-type="string">{content}</table:table-cell>'
    assert display(row(cell)).texts == {1: {0: text}}


@pytest.mark.parametrize("kind", ["date", "time", "boolean", "float"])
def test_a_cell_without_its_value_shows_a_text(kind: str) -> None:
    """Whether the value is missing or empty."""
    missing = f'<table:table-cell office:value-type="{kind}"><text:p>Room</text:p></table:table-cell>'
    assert display(row(missing), row(ods_cell(kind, "", "Desk"))).texts == {1: {0: "Room"}, 2: {0: "Desk"}}


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (
            '<table:table-cell table:formula="of:=1/0"><text:p>#DIV/0!</text:p></table:table-cell>',
            ("cell-error", "#DIV/0!"),
        ),
        (
            '<table:table-cell table:formula="of:=X()"><text:p>Err:508</text:p></table:table-cell>',
            ("cell-error", "Err:508"),
        ),
        ('<table:table-cell table:formula="of:=A1+1"/>', ("formula-without-value", "=A1+1")),
        (
            '<table:table-cell table:formula="of:=A1"><text:p>5</text:p></table:table-cell>',
            ("formula-without-value", "=A1"),
        ),
        ("<table:covered-table-cell/>", ("cell-merged", "")),
    ],
)
def test_a_cell_without_a_value_to_be_read_is_a_problem(cell: str, problem: tuple[str, str]) -> None:
    """Each with what it shows."""
    assert display(row(cell)).problems == {1: {0: problem}}


def test_repeated_cells_and_rows_are_counted() -> None:
    """One element may stand for many; a sheet ends with one for the rest of all rows."""
    gap = '<table:table-cell table:number-columns-repeated="2"/>'
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    seen = display(row(gap, ods_cell("float", "7", "007"), about=' table:number-rows-repeated="3"'), row(gap), rest)
    assert seen.shapes.within(2, 1, 9) == [(2, 1, 3, doubt("007"))]


@pytest.mark.parametrize(
    ("about", "hidden"),
    [
        (' table:visibility="filter"', 1),
        (' table:visibility="collapse"', 1),
        (' table:visibility="visible"', 0),
        ("", 0),
    ],
)
def test_filled_rows_out_of_sight_are_counted(about: str, hidden: int) -> None:
    """An empty one is nobody's loss."""
    seen = display(row(ods_cell("string", "", "x"), about=about), row("<table:table-cell/>", about=about))
    assert seen.hidden_rows == hidden


def test_columns_out_of_sight_are_noted() -> None:
    """By themselves, or in a group that is collapsed."""
    column = '<table:table-column table:number-columns-repeated="2"{}/>'
    group = f'<table:table-column-group table:display="false">{column.format("")}</table:table-column-group>'
    before = column.format("") + column.format(' table:visibility="collapse"') + group
    assert display(row(ods_cell("float", "1", "1")), before=before).hidden_columns == {2, 3, 4, 5}


@pytest.mark.parametrize("value", ["0", "0.0", "-0", "0e5"])
def test_a_zero_that_the_view_hides_shows_nothing(value: str) -> None:
    """Whatever stands in the cell as its text."""
    views = Views(SETTINGS.format(ENTRY.format("", shows_zeros("false"))).encode())
    [(_, _, _, shape)] = display(row(ods_cell("float", value, "0")), views=views).shapes.within(0, 1, 1)
    assert shape == ";;;"


@pytest.mark.parametrize(
    ("of_view", "of_sheet", "hides"),
    [("false", "", True), ("true", "", False), ("false", "true", False), ("true", "false", True), ("", "", False)],
)
def test_a_view_hides_zeros_unless_it_says_otherwise_for_a_sheet(of_view: str, of_sheet: str, hides: bool) -> None:
    """The sheet goes before the view."""
    entry = ENTRY.format(' c:name="Data"', shows_zeros(of_sheet))
    view = ENTRY.format("", entry + shows_zeros(of_view))
    assert Views(SETTINGS.format(view).encode()).hide_zeros("Data") is hides


@pytest.mark.parametrize(
    ("value", "readable"),
    [("7", "7"), ("-1.5E+3", "-1.5E+3"), ("INF", "INF"), ("1,5", "NaN"), ("", "NaN"), ("1_0", "NaN")],
)
def test_what_is_no_number_is_written_as_such(value: str, readable: str) -> None:
    """So that a reader which refuses a whole file for it goes on."""
    content = "<c office:value-type='float' office:value='{}'/><c office:date-value='x'/>"
    assert readable_values(content.format(value).encode()) == content.format(readable).encode()


@pytest.mark.parametrize(
    ("value", "content", "text", "shape"),
    [
        ("A", "<text:p>Room A</text:p>", "A", claim("Room A")),
        ("a  b", "<text:p>a  b</text:p>", "a  b", None),
        ("a\tb", "<text:p>a<text:tab/>b</text:p>", "a b", None),
        ("", "<text:p>Room</text:p>", "Room", None),
        ("Room", "<text:p>Room</text:p>", "Room", None),
    ],
)
def test_a_text_that_names_its_value_may_show_another(value: str, content: str, text: str, shape: str | None) -> None:
    """Nobody knows which is meant; where only blanks differ, it is the value, and an empty one is none."""
    cell = f'<table:table-cell office:value-type="string" office:string-value="{value}">{content}</table:table-cell>'
    seen = display(row(cell))
    assert seen.texts == {1: {0: text}}
    assert seen.shapes.within(0, 1, 1) == ([] if shape is None else [(0, 1, 1, shape)])


@pytest.mark.parametrize("content", ["a  b", "a\n b", "a\tb", "<text:span>a</text:span>  b"])
def test_blanks_of_a_text_do_not_depend_on_other_cells(content: str) -> None:
    """A sheet of nothing but texts is read as one with numbers is."""
    cell = f'<table:table-cell office:value-type="string"><text:p>{content}</text:p></table:table-cell>'
    assert display(row(cell)).texts == display(row(cell, ods_cell("float", "1", "1"))).texts == {1: {0: "a b"}}


def test_cells_that_another_one_lies_over_are_noted() -> None:
    """Also where they do not say so."""
    about = 'table:number-rows-spanned="2" table:number-columns-spanned="3"'
    cell = f'<table:table-cell office:value-type="string" {about}><text:p>a</text:p></table:table-cell>'
    assert display(row(ods_cell("string", "", "x"), cell)).merged == [((0, 1), (1, 3))]


BOX = "<draw:frame><draw:text-box><text:p>Box</text:p></draw:text-box></draw:frame>"
NOTE = "<office:annotation><text:p>Note</text:p></office:annotation>"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (BOX, ("shown-uncertain", "Box")),
        (f"{BOX}<text:p/>", ("shown-uncertain", "Box")),
        (f"<text:p>Room</text:p>{BOX}", None),
        (f"<text:p>Room{NOTE}</text:p>", None),
        ("<draw:frame/><text:p/>", None),
    ],
)
def test_a_box_that_lies_over_a_cell_is_not_its_text(content: str, problem: tuple[str, str] | None) -> None:
    """The cell is empty, and yet a person sees something there."""
    seen = display(row(f'<table:table-cell office:value-type="string">{content}</table:table-cell>'))
    assert seen.problems == ({1: {0: problem}} if problem else {})


PERCENT = (
    '<number:percentage-style style:name="P"><number:number number:decimal-places="0"/><number:text>%</number:text>'
    '</number:percentage-style><style:style style:name="Percent" style:data-style-name="P"/>'
    '<style:style style:name="Child" style:parent-style-name="Percent"/><style:style style:name="Red"/>'
    '<number:text-style style:name="T"><number:text>Room </number:text><number:text-content/></number:text-style>'
    '<style:style style:name="Room" style:data-style-name="T"/>'
)
CONDITION = '<calcext:condition calcext:apply-style-name="{}" calcext:value="&gt;0"/>'


def conditional(addresses: str, condition: str, *cells: str) -> Display:
    """What a sheet called My.Data tells whose cells have a condition; the same condition is of no other sheet."""
    formats = (
        f'<calcext:conditional-formats><calcext:conditional-format calcext:target-range-address="{addresses}">'
        f"{condition}</calcext:conditional-format></calcext:conditional-formats>"
    )
    tables = f'<table:table table:name="Other">{row(*cells)}</table:table>'
    tables += f'<table:table table:name="My.Data">{row()}{row(*cells)}{formats}</table:table>'
    seen = OdsDisplays(f"<office:document-content>{PERCENT}{tables}</office:document-content>".encode())
    assert not any(
        shape == OTHER for position in range(3) for *_, shape in seen.of("Other").shapes.within(position, 1, 9)
    )
    return seen.of("My.Data")


@pytest.mark.parametrize(
    ("condition", "cell", "is_certain"),
    [
        (CONDITION.format("Percent"), ods_cell("float", "0.5", "0.5"), False),
        (CONDITION.format("Child"), ods_cell("float", "0.5", "0.5"), False),
        (CONDITION.format("Percent"), ods_cell("float", "0.5", ""), False),
        (CONDITION.format("Percent"), ods_cell("percentage", "0.5", "50%"), True),
        (CONDITION.format("Percent"), ods_cell("float", "12", "0012"), False),
        (CONDITION.format("Percent"), ods_cell("string", "", "0.5"), True),
        (CONDITION.format("Red"), ods_cell("float", "0.5", "0.5"), True),
        (CONDITION.format("Room"), ods_cell("string", "", "A"), False),
        (CONDITION.format("Red") + CONDITION.format("Percent"), ods_cell("float", "0.5", "0.5"), False),
        ('<calcext:date-is calcext:style="Percent" calcext:date="today"/>', ods_cell("float", "2", "2"), False),
        ('<calcext:icon-set calcext:show-value="false"/>', ods_cell("float", "2", "2"), False),
        ('<calcext:icon-set calcext:icon-set-type="3Arrows"/>', ods_cell("float", "2", "2"), True),
        ("<calcext:color-scale/>", ods_cell("float", "2", "2"), True),
    ],
)
def test_a_condition_that_may_show_a_cell_otherwise_makes_it_uncertain(
    condition: str, cell: str, *, is_certain: bool
) -> None:
    """Only where its style has a format that shows something else than the text of the cell."""
    seen = conditional("'My.Data'.B2:'My.Data'.B9", condition, cell, cell)
    assert all(shape != OTHER for *_, shape in seen.shapes.within(0, 2, 1))
    shapes = [shape for *_, shape in seen.shapes.within(1, 2, 1)]
    assert (OTHER not in shapes) is is_certain


@pytest.mark.parametrize(
    ("addresses", "positions"),
    [
        ("Data.A2:Data.B2", [0, 1]),
        ("$'It''s a. name'.$C$2 Data.A1:.A9", [0, 2]),
        (".C9:.B1", [1, 2]),
        ("Data.A3:Data.C9", []),
        ("Data.B1048576 Data.AMJ2", []),
        ("somewhere", [0, 1, 2]),
    ],
)
def test_a_condition_is_of_the_cells_that_it_names(addresses: str, positions: list[int]) -> None:
    """Of all of them if a name is not understood."""
    seen = conditional(addresses, CONDITION.format("Percent"), *[ods_cell("float", "0.5", "0.5")] * 3)
    assert [position for position in range(3) if seen.shapes.within(position, 2, 1)] == positions
