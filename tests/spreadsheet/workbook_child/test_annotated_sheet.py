"""The XML of a sheet with an annotation: every byte that is not named stays as it is."""

from collections.abc import Mapping, Sequence

import pytest

from importer.spreadsheet.workbook_child.annotated_sheet import (
    MOST_COMMENTS,
    AnnotatedSheet,
    SheetLinks,
    annotated_sheet,
)
from importer.spreadsheet.workbook_child.annotation import AddedColumn, Annotation, RowAnnotation
from importer.spreadsheet.workbook_child.cell_styles import CellStyles
from importer.spreadsheet.workbook_child.limits import UNUSUAL, Refusal
from spreadsheet.making import MAIN, sheet_xml, text_row

STYLES = (
    f'<styleSheet {MAIN}><fills count="1"><fill/></fills>'
    '<cellXfs count="2"><xf numFmtId="0" fillId="0"/><xf numFmtId="14" fillId="0"/></cellXfs></styleSheet>'
)
LINKS = SheetLinks("Choices", {0: "A", 1: "B"}, "rId7")
ROWS = text_row(1, "Room", "Expires"), '<row r="2"><c r="A2" s="1"><v>5</v></c></row>', text_row(3, "Attic", "soon")
STATUS = (AddedColumn("Status", 20.0, None),)
RED, RED_DATE, TEXT, RED_TEXT = 2, 3, 2, 3
"""The looks that are added, in the order in which they are needed."""


def annotated(
    *rows: RowAnnotation,
    sheet: str = "",
    columns: Sequence[AddedColumn] = (),
    lists: Mapping[int, Sequence[str]] | None = None,
) -> AnnotatedSheet:
    """A sheet with its header in the first row, and this annotation."""
    annotation = Annotation("Data", 1, columns, 2, lists or {}, iter(rows))
    return annotated_sheet((sheet or sheet_xml(*ROWS)).encode(), annotation, CellStyles(STYLES.encode(), {}), LINKS)


def row(
    number: int, *texts: str | None, wrong: str = "", corrected: str | None = None, position: int = 0
) -> RowAnnotation:
    """An annotation of a row, with a sentence or a text for one of its cells."""
    sentences, new = {position: wrong} if wrong else {}, {} if corrected is None else {position: corrected}
    return RowAnnotation(number, texts, sentences, new)


def test_without_an_annotation_nothing_changes() -> None:
    """Not a byte."""
    done = annotated()
    assert done == AnnotatedSheet(sheet_xml(*ROWS).encode(), {}, [], lost_formula=False)


def test_a_wrong_cell_is_red_and_keeps_its_value() -> None:
    """Its look otherwise stays; its sentence is for a comment, which the sheet gets a link to."""
    done = annotated(row(2, wrong="Not listed."), row(3, wrong="No date.", position=1))
    assert done.sentences == {(2, 0): "Not listed.", (3, 1): "No date."}
    expected = sheet_xml(*ROWS).replace('<c r="A2" s="1">', f'<c r="A2" s="{RED}">')
    expected = expected.replace('<c r="B3" t="inlineStr">', f'<c r="B3" t="inlineStr" s="{RED_DATE}">')
    link = b'<legacyDrawing xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId7"/>'
    assert done.data == expected.encode().replace(b"</worksheet>", link + b"</worksheet>")


@pytest.mark.parametrize(
    ("cell", "is_open"),
    [
        ('<c r="A2"><v>5</v></c>', True),
        ('<c r="A2" t="b"><v>1</v></c>', True),
        ('<c r="A2"><f>1+1</f><v>2</v></c>', True),
        ('<c r="A2" s="0"><v>5</v></c>', False),
        ('<c r="A2" t="str"><v>x</v></c>', False),
        ('<c r="A2"/>', False),
    ],
)
@pytest.mark.parametrize("owner", ["row", "column"])
def test_red_never_decides_how_a_cell_is_shown(owner: str, cell: str, *, is_open: bool) -> None:
    """Programs differ in whether a cell without a look has that of its row or column; a red one has its own."""
    about, columns = ' s="1" customFormat="1"', '<cols><col min="1" max="1" style="1"/></cols><sheetData>'
    sheet = sheet_xml(ROWS[0], f'<row r="2"{about if owner == "row" else ""}>{cell}</row>')
    sheet = sheet.replace("<sheetData>", columns) if owner == "column" else sheet
    if is_open:
        with pytest.raises(Refusal, match="A2 has no number format of its own"):
            annotated(row(2, wrong="No."), sheet=sheet)
    else:
        assert b' s="2"' in annotated(row(2, wrong="No."), sheet=sheet).data
    # What somebody has typed there instead is shown as it is.
    assert b"inlineStr" in annotated(row(2, corrected="7"), sheet=sheet).data


def test_a_corrected_cell_holds_the_text_as_it_was_typed() -> None:
    """What a program would take for a number or a formula as well."""
    done = annotated(row(2, corrected="=1 & <2>"))
    cell = f'<c r="A2" s="{TEXT}" t="inlineStr"><is><t xml:space="preserve">=1 &amp; &lt;2&gt;</t></is></c>'
    assert done.data == sheet_xml(*ROWS).replace('<c r="A2" s="1"><v>5</v></c>', cell).encode()


def test_a_corrected_cell_that_is_still_wrong_is_both() -> None:
    """A text, and red."""
    assert f'<c r="A2" s="{RED_TEXT}" t="inlineStr">'.encode() in annotated(row(2, wrong="No.", corrected="x")).data


def test_a_cell_that_the_row_does_not_have_comes_to_its_place() -> None:
    """In the order of the columns; an empty one only if it is red."""
    sheet = sheet_xml(ROWS[0], '<row r="2" spans="1:3"><c r="A2"/><c r="C2"/></row>')
    assert (
        b'<c r="A2"/><c r="B2" s="2" t="inlineStr">' in annotated(row(2, corrected="x", position=1), sheet=sheet).data
    )
    done = annotated(row(2, wrong="Empty.", position=1), sheet=sheet)
    assert b'<row r="2"><c r="A2"/><c r="B2" s="2"/><c r="C2"/></row>' in done.data
    assert annotated(row(2, corrected="", position=1), sheet=sheet).data == sheet.encode()


def test_added_columns_stand_to_the_right_of_everything_or_where_they_are() -> None:
    """With their header; what is there already keeps it, and a text of None leaves the cell as it is."""
    done = annotated(row(2, "invalid"), row(3, "not sent"), columns=STATUS).data
    assert b'<c r="C1" s="0" t="inlineStr"><is><t xml:space="preserve">Status</t></is></c></row>' in done
    assert done.count(b"<t xml:space") == 3
    assert b'<cols><col min="3" max="3" width="20' in done
    again = annotated(row(2, None), row(3, "ok"), sheet=done.decode(), columns=[AddedColumn("Status", 20.0, 2)]).data
    assert again == done.replace(b">not sent<", b">ok<")


def test_lists_are_offered_in_the_rows_of_the_file() -> None:
    """Not in cells for which somebody has made a rule."""
    done = annotated(row(2), row(3), lists={0: ["a", "b"]})
    rule = b'type="list" allowBlank="1" showInputMessage="1" sqref="A2:A3"><formula1>\'Choices\'!$A$2:$A$3</formula1>'
    assert done.offered == [0]
    assert rule in done.data
    own = '<dataValidation sqref="A2:A9"><formula1>1</formula1></dataValidation>'
    sheet = sheet_xml(*ROWS, tail=f'<dataValidations count="1">{own}</dataValidations>')
    assert annotated(row(2), row(3), lists={0: ["a"]}, sheet=sheet) == AnnotatedSheet(sheet.encode(), {}, [], False)


def test_a_text_in_place_of_a_formula_is_told() -> None:
    """For the chain of calculation names its cell."""
    sheet = sheet_xml(ROWS[0], '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>')
    assert annotated(row(2, corrected="3"), sheet=sheet).lost_formula
    assert not annotated(row(2, wrong="No."), sheet=sheet).lost_formula


def test_there_are_no_more_comments_than_a_program_opens_quickly() -> None:
    """The cells are red all the same."""
    count = MOST_COMMENTS + 1
    rows = [f'<row r="{number}"><c r="A{number}"/></row>' for number in range(2, count + 2)]
    done = annotated(*(row(number, wrong="No.") for number in range(2, count + 2)), sheet=sheet_xml(ROWS[0], *rows))
    assert len(done.sentences) == MOST_COMMENTS
    assert done.data.count(b's="2"') == count


@pytest.mark.parametrize(
    ("sheet", "annotation", "reason"),
    [
        (sheet_xml(*ROWS, tail='<sheetProtection sheet="1"/>'), row(2), "its sheet is protected"),
        (sheet_xml(ROWS[0], ROWS[2], ROWS[1]), row(3), "its rows are not in order"),
        (sheet_xml(*ROWS), row(9, wrong="No."), UNUSUAL),
        (
            sheet_xml(ROWS[0], '<row r="2"><c r="A2"><f t="array" ref="A2:A3">1</f><v>1</v></c></row>', ROWS[2]),
            row(3, corrected="x"),
            "the formula in A3, where you corrected the value, stands for other cells as well",
        ),
    ],
)
def test_what_cannot_be_annotated_without_a_loss_is_refused(sheet: str, annotation: RowAnnotation, reason: str) -> None:
    """With the reason."""
    with pytest.raises(Refusal, match=reason):
        annotated(annotation, sheet=sheet)


def test_cells_without_addresses_are_followed_by_one_that_has_one() -> None:
    """As programs count them, and none can come between them."""
    sheet = sheet_xml(ROWS[0], '<row r="2"><c/><c><v>1</v></c></row>')
    assert b'<c/><c><v>1</v></c><c r="F2" s="2"/>' in annotated(row(2, wrong="No.", position=5), sheet=sheet).data
    assert b'<c/><c s="2"><v>1</v></c>' in annotated(row(2, wrong="No.", position=1), sheet=sheet).data
