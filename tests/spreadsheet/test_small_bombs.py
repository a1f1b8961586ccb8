"""Workbooks of a few kilobytes that stand for very much: each is read or refused with what its size allows."""

import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.spreadsheet import workbook_child
from spreadsheet.making import MAIN, ods_cell, opened, pack, sheet_xml, text_row, with_formats, write_ods, xlsx_parts

FAR = '<row r="100000"><c r="T100000" t="inlineStr"><is><t>end</t></is></c></row>'
ROWS = (text_row(1, "ResourceId", "Name"), text_row(2, "1", "x"))


def sheet(*rows: str, before: str = "", tail: str = "") -> Callable[[Path], Path]:
    """A workbook of these rows, with this before them and behind them."""
    xml = sheet_xml(*ROWS, *rows, tail=tail).replace("<sheetData>", f"{before}<sheetData>", 1)
    return lambda folder: pack(folder / "file.xlsx", xlsx_parts(xml))


def formatted(shape: str) -> Callable[[Path], Path]:
    """A workbook with this number format."""
    row = '<row r="3"><c r="A3" s="0"><v>5</v></c></row>'
    return lambda folder: pack(folder / "file.xlsx", with_formats(xlsx_parts(sheet_xml(*ROWS, row)), shape))


def ods(*rows: str) -> Callable[[Path], Path]:
    """An OpenDocument with this XML behind its first rows."""
    first = "".join(f"<table:table-row>{ods_cell('string', '', text)}</table:table-row>" for text in ("Name", "x"))
    xml = "</table:table-row>" + first + "".join(rows) + "<table:table-row>"
    return lambda folder: write_ods(folder / "file.ods", xml)


def many_sheets(folder: Path) -> Path:
    """Ten thousand names of one sheet."""
    parts = xlsx_parts(sheet_xml())
    names = "".join(f'<sheet name="S{n}" sheetId="{n + 1}" r:id="rId1"/>' for n in range(10_000))
    book = re.sub("<sheet .*?/>", names, str(parts["xl/workbook.xml"]))
    return pack(folder / "file.xlsx", parts | {"xl/workbook.xml": book})


def shared(folder: Path) -> Path:
    """A long text that thousands of cells share."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 20_003))
    strings = f"<sst {MAIN}><si><t>{'x' * 32_767}</t></si></sst>"
    return pack(folder / "file.xlsx", xlsx_parts(sheet_xml(*ROWS, cells), strings))


MERGES = "".join(f'<mergeCell ref="A{n}:T100000"/>' for n in range(2, 20_002))
CELL = '<table:table-cell office:value-type="float" office:value="5"><text:p>5.0</text:p></table:table-cell>'
OVER_ALL = '<table:table-cell table:number-rows-spanned="1000000" table:number-columns-spanned="400"/>'
BOMBS: dict[str, Callable[[Path], Path]] = {
    "merges over each other": sheet(FAR, tail=f"<mergeCells>{MERGES}</mergeCells>"),
    "a merge of millions": sheet(FAR, tail='<mergeCells><mergeCell ref="A3:T100000"/></mergeCells>'),
    "hidden rows in a comment": sheet(before="<!--" + "<row hidden " * 60_000 + "-->"),
    "an attribute of rows, repeated": sheet(before="<!--<row" + ' hidden="1"' * 60_000 + "-->"),
    "comments without end": sheet("<!--" * 200_000),
    "characters without end": sheet("<![CDATA[" * 100_000),
    "references and characters without end": sheet("&#49;" + "<![CDATA[" * 100_000),
    "references and comments without end": sheet("&#49;" + "<!--" * 200_000),
    "values without end": sheet('<row r="3"><c r="A3">' + "<v " * 300_000 + "&amp; </c></row>"),
    "cells without end": sheet("<!-- --><c r='A3'>" + "<c r='A3'><v>" * 70_000),
    "errors in one tag": sheet('<row r="3"><c r="A3"' + ' t="e"' * 150_000 + "/></row>"),
    "blanks behind a formula": sheet('<row r="3"><c r="A3"><f>1</f>' + " " * 900_000 + "x</c></row>"),
    "a number that is none": sheet("<!-- -->" + f'<row r="3"><c r="A3"><v>{"1" * 900_000}x</v></c></row>'),
    "an address of letters": sheet(f'<row r="3"><c r="{"A" * 900_000}3"><f>1</f></c></row>'),
    "conditions without end": sheet(tail="<conditionalFormatting>" * 40_000),
    "brackets in a format": formatted("[" * 900_000),
    "a deep nest": sheet(tail="<a>" * 130_000 + "</a>" * 130_000),
    "one sheet of many names": many_sheets,
    "a text of many cells": shared,
    "names of paragraphs in a text": ods(
        f"<table:table-row>{ods_cell('string', '', 'text:p ' * 120_000)}</table:table-row>"
    ),
    "merges of an OpenDocument over each other": ods(
        f"<table:table-row>{OVER_ALL}</table:table-row>" * 6_000,
        f'<table:table-row><table:table-cell table:number-columns-repeated="400"/>{CELL}</table:table-row>',
    ),
    "a long namespace": ods(
        f'<table:table-row xmlns:o="urn:oasis:names:tc:opendocument:xmlns:{"x" * 400_000}">',
        "<o:a/>" * 80_000,
        "</table:table-row>",
    ),
    "a repeated formula": ods(
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:formula="of:=1" '
        'table:number-columns-repeated="16384"/></table:table-row>'
    ),
    "repeated cells of nothing": ods(
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>' * 5_000
    ),
    "columns with styles": ods(
        '<table:table-column table:default-cell-style-name="x"/>' * 10_000,
        "<table:table-row>" + CELL * 400 + "</table:table-row>",
    ),
    "groups in groups": ods(
        "<table:table-row-group>" * 15_000, "<table:table-row/>" * 15_000, "</table:table-row-group>" * 15_000
    ),
    "a table in each cell": ods("<table:table-row><table:table-cell><table:table>" * 9_000),
    "spaces": ods(
        "<table:table-row>"
        + ("<table:table-cell><text:p>a" + '<text:s text:c="30000"/>' * 100 + "b</text:p></table:table-cell>") * 100
        + "</table:table-row>"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_workbook_never_uses_up_its_time(tmp_path: Path, name: str) -> None:
    """It is read, or refused for what it holds; its seconds would be thirty times those of a usual file."""
    path = BOMBS[name](tmp_path)
    refused = ""
    try:
        opened(path)
    except FileError as error:
        refused = error.message
    assert "takes far longer" not in refused


def test_a_text_that_takes_too_much_memory_in_all_of_its_cells_is_no_damage(tmp_path: Path) -> None:
    """The workbook is as it should be, so to save it again would not help."""
    with pytest.raises(FileError, match="needs more memory than is available"):
        opened(shared(tmp_path))


def test_no_pattern_looks_for_its_end_from_every_begin() -> None:
    """A tag ends before the next one begins, and what may have no end goes on to that of the part."""
    modules = [
        importlib.import_module(f"{workbook_child.__name__}.{module.name}")
        for module in pkgutil.iter_modules(workbook_child.__path__)
        # Without patterns, and with a package that need not be installed.
        if module.name not in ("__main__", "parquet_rows")
    ]
    patterns = [value.pattern for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]
    texts = [pattern if isinstance(pattern, str) else pattern.decode("latin-1") for pattern in patterns]
    assert len(texts) > 60
    assert [text for text in texts if "[^>]" in text] == []
    unbounded = [text for text in texts if ".*?" in text and "\\Z" not in text and not text.startswith("^")]
    assert unbounded == []
