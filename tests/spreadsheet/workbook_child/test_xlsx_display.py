"""What the XML of an XLSX sheet tells beside its values."""

import io

import pytest

from importer.spreadsheet.workbook_child.display import Display, Formats
from importer.spreadsheet.workbook_child.format_codes import GENERAL, OTHER
from importer.spreadsheet.workbook_child.limits import Refusal
from importer.spreadsheet.workbook_child.plain_cells import NO_MOMENTS, Moments
from importer.spreadsheet.workbook_child.xlsx_display import UnusualCells, counts_from_1904, display_of_xlsx, formats_of
from spreadsheet.making import MAIN, sheet_xml

SHAPES = (GENERAL, "0.00", "yyyy-mm-dd")
DAYS = Moments(SHAPES, from_1904=False)


def display(*cells: str, tail: str = "", moments: Moments = NO_MOMENTS, calculated: bool = False) -> Display:
    """What a sheet with these cells in its first row tells."""
    xml = sheet_xml(f'<row r="1" s="1">{"".join(cells)}</row>', tail=tail)
    stream = io.BytesIO(xml.encode())
    return display_of_xlsx(stream, Formats(SHAPES), calculated_on_opening=calculated, moments=moments)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B1" s="1"><v>5</v></c>',
        "<c s='1' r='B1'><v>5</v></c>",
        '<c t="n" r="B1" s="1"/>',
        '<x:c r = "B1" s = "1"><x:v>5</x:v></x:c>',
        '<c r="b1" s="1"><v>5</v></c>',
        '<c r="B1" s="01"><v>5</v></c>',
        '<c r="B1" s=" 1 "><v>5</v></c>',
        '<c r="B1" s="+1"><v>5</v></c>',
    ],
)
def test_the_format_of_a_cell_is_that_of_its_style(cell: str) -> None:
    """However its tag and the number are written; the style of a row is none of its cells."""
    seen = display(cell, '<c r="C1" s="0"><v>5</v></c>', '<c r="D1"><v>5</v></c>')
    assert seen.formats
    assert [seen.formats.of(position, 1, 1) for position in range(4)] == [[GENERAL], ["0.00"], [GENERAL], [GENERAL]]


INHERITED = (GENERAL, "0%", "0", "yyyy-mm-dd", '"Room "@')


@pytest.mark.parametrize(
    ("style", "cell", "is_certain"),
    [
        (1, '<c r="B2"><v>0.5</v></c>', False),
        (1, '<c r="B2" s="0"><v>0.5</v></c>', True),
        (1, '<c r="B2"/>', True),
        (1, '<c r="B2" t="b"><v>1</v></c>', False),
        (1, '<c r="B2" t="str"><v>Room</v></c>', True),
        (2, '<c r="B2"><v>12</v></c>', True),
        (2, '<c r="B2"><f>A1</f><v>12.5</v></c>', False),
        (3, '<c r="B2" t="n"><v>46507</v></c>', False),
        (4, '<c r="B2" t="inlineStr"><is><t>A</t></is></c>', False),
        (4, '<c r="B2" t="s"><v>0</v></c>', False),
        (0, '<c r="B2"><v>0.5</v></c>', True),
    ],
)
@pytest.mark.parametrize("owner", ["row", "column"])
def test_a_cell_without_a_style_in_a_row_or_column_with_one_is_uncertain(
    owner: str, style: int, cell: str, *, is_certain: bool
) -> None:
    """LibreOffice shows it by that style, Excel does not; it is no matter where both show the same."""
    about, columns = f' s="{style}" customFormat="1"', f'<cols><col min="2" max="3" style="{style}"/></cols>'
    xml = sheet_xml(
        f'<row r="2"{about if owner == "row" else ""}>{cell}</row>', '<row r="3"><c r="A3"><v>5</v></c></row>'
    )
    xml = xml.replace("<sheetData>", f"{columns if owner == 'column' else ''}<sheetData>")
    seen = display_of_xlsx(io.BytesIO(xml.encode()), Formats(INHERITED))
    assert seen.formats
    texts = seen.conditional_texts.holds(2, 1) and seen.conditional.holds(2, 1)
    assert (not seen.formats.of(1, 2, 1)[0].startswith(OTHER) and not texts) is is_certain
    assert (seen.formats.of(0, 3, 1), seen.conditional.holds(3, 0)) == ([GENERAL], False)


@pytest.mark.parametrize(
    ("style", "value", "common"),
    [
        ("#,##0", "1414915", OTHER + "#,##0"),
        ("0.00", "1414915", OTHER + "0.00"),
        ("000000", "42", OTHER + "000000"),
        (OTHER + "#,##0", "1414915", OTHER + "#,##0"),
        ('_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "-1414915", OTHER + '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-'),
        ("0.00", "1.125", OTHER),
        ("0%", "5", OTHER),
        ("0,", "5000", OTHER),
        ("#,##0", "123456789012", OTHER),
        ("yyyy-mm-dd", "46507", OTHER),
        (";;;", "5", OTHER),
    ],
)
def test_two_looks_of_a_number_say_what_is_common_to_both(style: str, value: str, common: str) -> None:
    """An Id is the same with and without its separators, and no program shows another one."""
    xml = sheet_xml(f'<row r="2"><c r="B2"><v>{value}</v></c></row>')
    xml = xml.replace("<sheetData>", '<cols><col min="2" max="2" style="1"/></cols><sheetData>')
    seen = display_of_xlsx(io.BytesIO(xml.encode()), Formats((GENERAL, style)))
    assert seen.formats
    assert seen.formats.of(1, 2, 1) == [common]


@pytest.mark.parametrize("cell", ["<c><v>5</v></c>", "<c t='n'><v>5</v></c>", "<x:c ><x:v>5</x:v></x:c>"])
@pytest.mark.parametrize("about", ["", ' s="1" customFormat="1"'])
def test_a_cell_without_an_address_may_be_in_a_column_with_a_format(cell: str, about: str) -> None:
    """It is to be given one first."""
    xml = sheet_xml(f'<row r="2"{about}><c r="A2"><v>5</v></c>{cell}</row>')
    xml = xml.replace("<sheetData>", '<cols><col min="2" max="2" style="1"/></cols><sheetData>')
    with pytest.raises(UnusualCells):
        display_of_xlsx(io.BytesIO(xml.encode()), Formats((GENERAL, "0%")))
    without = xml.replace('<cols><col min="2" max="2" style="1"/></cols>', "")
    if not about:
        display_of_xlsx(io.BytesIO(without.encode()), Formats((GENERAL, "0%")))


@pytest.mark.parametrize("cell", ["<c r='B2'>", '<c r="b2">', '<c t="n" r="B2">', '<c  r = "B2">'])
def test_a_column_is_known_however_an_address_is_written(cell: str) -> None:
    """As for styles of their own."""
    xml = sheet_xml(f'<row r="2">{cell}<v>5</v></c></row>')
    xml = xml.replace("<sheetData>", '<cols><col min="2" max="2" style="1"/></cols><sheetData>')
    seen = display_of_xlsx(io.BytesIO(xml.encode()), Formats((GENERAL, "0%")))
    assert seen.formats
    assert seen.formats.of(1, 2, 1) == [OTHER]


def test_the_general_style_of_a_row_counts_before_that_of_a_column() -> None:
    """In every program."""
    xml = sheet_xml(
        '<row r="2" s="0" customFormat="1"><c r="B2"><v>5</v></c></row>', '<row r="3"><c r="B3"><v>5</v></c></row>'
    )
    xml = xml.replace("<sheetData>", '<cols><col min="2" max="2" style="1"/></cols><sheetData>')
    seen = display_of_xlsx(io.BytesIO(xml.encode()), Formats((GENERAL, "0%")))
    assert seen.formats
    assert seen.formats.of(1, 2, 2) == [GENERAL, OTHER]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ('<c r="A1" t="e"><v>#N/A</v></c>', ("cell-error", "#N/A")),
        ('<c t="e" r="A1"><f>1/0</f><v>#DIV/0!</v></c>', ("cell-error", "#DIV/0!")),
        ('<c r="A1"><f>B1&amp;"x"</f></c>', ("formula-without-value", '=B1&"x"')),
        ('<c r="A1"><f>B1</f><v></v></c>', ("formula-without-value", "=B1")),
        ('<c r="A1"><f t="shared" si="0"/></c>', ("formula-without-value", "=")),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', None),
        ('<c r="A1" t="str"><f>B1</f></c>', ("formula-without-value", "=B1")),
        ('<c r="A1"><f>B1</f><v>5</v></c>', None),
        ('<c r="A1"><v>5</v></c>', None),
    ],
)
def test_a_cell_without_a_value_to_be_read_is_a_problem(cell: str, problem: tuple[str, str] | None) -> None:
    """A formula whose result is an empty text has one."""
    assert display(cell).problems == ({1: {0: problem}} if problem else {})


def test_results_that_are_to_be_calculated_are_problems_in_all_their_cells() -> None:
    """Also those of a formula that stands for an area."""
    area = '<c r="A1"><f t="array" ref="A1:B2">C1:D2</f><v>5</v></c>'
    seen = display(area, '<c r="E1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', calculated=True)
    assert {(row, position): code for row, cells in seen.problems.items() for position, (code, _) in cells.items()} == {
        **{(row, position): "formula-not-calculated" for row in (1, 2) for position in (0, 1)},
        (1, 4): "cell-error",
    }


@pytest.mark.parametrize("value", ["46000", "46000.5", "0.5", "1", "2958465", "4.6E4", "99999"])
def test_a_day_is_nothing_unusual(value: str) -> None:
    """Whatever form its number has."""
    assert display(f'<c r="A1" s="2"><v>{value}</v></c>', moments=DAYS).problems == {}


@pytest.mark.parametrize(
    "cell", ['t="s"><v>3</v>', 't="str"><v>-5</v>', 't="b"><v>1</v>', 't="e"><v>#N/A</v>', "><v></v>", "/>"]
)
def test_only_numbers_can_be_odd_days(cell: str) -> None:
    """A text in a column of dates is a text, and its number that of a string."""
    display(f'<c r="A1" s="2" {cell}' + ("" if cell == "/>" else "</c>"), moments=DAYS)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A1" s="2"><v>-1</v></c>',
        '<c s="2" r="A1" t="n"><f>B1-C1</f><v>-0.5</v></c>',
        '<x:c r="A1" s="2"><x:v>60</x:v></x:c>',
        '<c r="A1" s="2"><v>1e300</v></c>',
        '<c r="A1" t="e"><!-- why --><v>#N/A</v></c>',
        '<c r="A1" t="str"><v><![CDATA[Room]]></v></c>',
        "<c><f>1+1</f></c>",
        '<c r="A1" t="inlineStr"><is><t>_x20AC_</t></is></c>',
        '<c r="A1"><v>&#49;</v></c>',
        '<c r="A1" s="&#50;"><v>45000</v></c>',
        '<c r="A1"><v>1&amp;</v></c>',
        '<c r="A1" t="b"><v>\n1</v></c>',
        '<x:c r="A1"><x:v xml:space="preserve">1 </x:v></x:c>',
        '<c r="A1" t="inlineStr"><is><t>a</t></is><v/></c>',
        '<c r="A1" t="str"><v>a</v>\n<v>b</v></c>',
        '<c r="A1" t="d"><v>2031-03-01T10:30:00Z</v></c>',
        '<c r="A1" s="1" t="d"><v>2031-03-01T10:30:00.000Z</v></c>',
    ],
)
def test_what_needs_another_form_first_is_unusual(cell: str) -> None:
    """Odd days, comments, CDATA, cells that matter without an address, letters by their numbers, blanks in numbers."""
    with pytest.raises(UnusualCells):
        display(cell, moments=DAYS)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A1" t="str"><v>R&amp;D, 1st floor </v></c>',
        '<c r="A1" t="inlineStr"><is><t>R&amp;D &#39;&#233;&#10;</t></is></c>',
        '<c r="A1">\n<v>1</v>\n</c>',
        '<c r="A1" t="inlineStr"/>',
        '<c r="A1" t="inlineStr"><f>A2</f><is><t xml:space="preserve"> a</t></is>\n</c>',
        '<c r="A1" t="str"><f>A2</f><v/></c>',
        '<c r="A1" t="str"><f>A2 &amp; "&#34;"</f><v>x</v></c>',
    ],
)
def test_what_texts_usually_hold_is_not_unusual(cell: str) -> None:
    """A second reading of a whole sheet takes its time."""
    assert display(cell, moments=DAYS).problems == {}


@pytest.mark.parametrize(
    ("rule", "areas"),
    [
        ('<cfRule type="expression" dxfId="1"/>', 1),
        ('<cfRule type="expression" dxfId="0"/>', 0),
        ('<cfRule type="iconSet"><iconSet showValue="0"/></cfRule>', 1),
        ('<cfRule type="dataBar"><dataBar/></cfRule>', 0),
    ],
)
def test_areas_of_conditions_that_change_what_is_shown_are_noted(rule: str, areas: int) -> None:
    """A condition that only colours a cell changes nothing."""
    tail = f'<conditionalFormatting sqref="B2:C9 E:E">{rule}</conditionalFormatting>'
    xml = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>', tail=tail)
    seen = display_of_xlsx(io.BytesIO(xml.encode()), Formats(SHAPES, frozenset([1])))
    expected = [(range(2, 10), range(1, 3)), (range(1, 1_048_577), range(4, 5))]
    assert list(seen.conditional) == (expected if areas else [])


def test_a_condition_notes_the_format_that_it_asks_for() -> None:
    """So that the cells can be compared with it; those in place of numbers have none."""
    rules = '<cfRule type="expression" dxfId="1"/><cfRule type="expression" dxfId="2"/>'
    newer = '<cfRule type="expression"><dxf><numFmt formatCode="0%"/></dxf></cfRule>'
    tail = f'<conditionalFormatting sqref="B2:C9">{rules}{newer}</conditionalFormatting>'
    xml = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>', tail=tail)
    formats = Formats(SHAPES, frozenset([1, 2]), of_conditions={1: GENERAL, 2: OTHER})
    seen = display_of_xlsx(io.BytesIO(xml.encode()), formats)
    area = [(range(2, 10), range(1, 3))]
    assert {shape: list(areas) for shape, areas in seen.by_condition.items()} == {GENERAL: area, "0%": area}
    assert list(seen.conditional) == area


def test_styles_name_their_formats_and_conditions_theirs() -> None:
    """Formats that are in no file are known by their numbers."""
    styles = (
        f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="200" formatCode="0&quot; m&quot;"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="200"/><xf numFmtId="9"/><xf numFmtId="63"/></cellXfs>'
        '<dxfs><dxf/><dxf><numFmt numFmtId="201" formatCode="0.0"/></dxf>'
        '<dxf><numFmt numFmtId="202" formatCode=";;;"/></dxf></dxfs></styleSheet>'
    )
    formats = formats_of(styles.encode())
    assert formats.of_cells == [GENERAL, '0" m"', "0%", "\1"]
    assert formats.conditional == {1, 2}
    assert formats.of_texts == {2}
    assert formats.of_conditions == {1: "0.0", 2: ";;;"}


@pytest.mark.parametrize(("value", "is_from_1904"), [("1", True), ("true", True), ("0", False), ("false", False)])
def test_a_book_says_from_when_its_days_are_counted(value: str, *, is_from_1904: bool) -> None:
    """In a form that calamine understands as well: both must take the same day for the first."""
    book = f'<workbook {MAIN}><workbookPr date1904="{value}"/></workbook>'
    assert counts_from_1904(book.encode()) is is_from_1904
    with pytest.raises(Refusal):
        counts_from_1904(book.replace(f'"{value}"', f'" {value} "').encode())


@pytest.mark.parametrize(
    ("value", "is_certain"),
    [
        ("2031-03-01", True),
        ("2031-03-01T10:30:00", True),
        ("2031-03-01T10:30:00.000", True),
        ("", True),
        ("2031-13-01", False),
        ("2031-13-01T10:30:00Z", False),
        ("2031-03-01T10:30:00+02:00", False),
        ("2031-03-01T10:30", False),
        ("2031-03-01T24:00:00", False),
        ("20310301T103000", False),
        ("2031-W09-6", False),
        ("soon", False),
    ],
)
def test_a_date_in_words_is_certain_only_in_its_plain_form(value: str, *, is_certain: bool) -> None:
    """And in UTC, which it is read as; of others nobody knows what a program shows, if it reads them at all."""
    seen = display(f'<c r="A1" t="d"><v>{value}</v></c>')
    assert seen.problems == ({} if is_certain else {1: {0: ("shown-uncertain", value)}})
