"""Cells corrected without touching the file: by address, and one repair for a whole column."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.spreadsheet import ReadOptions, Sheet, open_sheet
from importer.spreadsheet.corrections import REPAIRS, corrected, place_of, without_rows
from importer.spreadsheet.formatted_cell import FormattedCell, shown_texts
from importer.spreadsheet.sheet import address, as_problems
from spreadsheet.making import problems_of, rows_of


def sheet(folder: Path, *rows: str) -> Sheet:
    """A sheet of two columns with these rows, from row 2 on."""
    path = folder / "rows.csv"
    path.write_text("\n".join(["A;B", *rows, ""]), encoding="utf-8")
    return open_sheet(path)


@given(st.integers(1, 10_000_000), st.integers(0, 20_000))
def test_an_address_is_a_place_and_back(row: int, position: int) -> None:
    """Also beyond Z and ZZ."""
    assert place_of(address(row, position)) == (row, position)


@pytest.mark.parametrize(
    ("text", "place"), [("D5", (5, 3)), ("AA10", (10, 26)), ("D", (0, 3)), ("7", (7, -1)), ("", (0, -1))]
)
def test_a_part_of_an_address_is_a_place_with_a_gap(text: str, place: tuple[int, int]) -> None:
    """Whole columns and whole rows have only one of the two."""
    assert place_of(text) == place


@pytest.mark.parametrize(
    ("repair", "text", "result"),
    [
        ("thousands", "12,345", "12345"),
        ("thousands", " 1.234.567 ", "1234567"),
        ("thousands", "1 234", "1234"),
        ("thousands", "1\u00a0234", "1234"),
        ("thousands", "1'234", "1234"),
        # Not surely a whole number of thousands: left as it is.
        ("thousands", "12,34", "12,34"),
        ("thousands", "1,234.567", "1,234.567"),
        ("thousands", "1,234,56", "1,234,56"),
        ("thousands", "1234,567", "1234,567"),
        ("thousands", "Room 1,234", "Room 1,234"),
        ("thousands", "-1,234", "-1,234"),
        ("trim", " a b ", "a b"),
        ("unprintable", "a\x00b\u200b ", "ab"),
    ],
)
def test_a_repair_changes_only_that_kind_of_mistake(repair: str, text: str, result: str) -> None:
    """Every other text stays as it is."""
    assert REPAIRS[repair](text) == result


@given(st.sampled_from(sorted(REPAIRS)), st.text(max_size=12))
def test_a_repair_made_twice_is_made_once(repair: str, text: str) -> None:
    """What it has mended is no longer that kind of mistake."""
    assert REPAIRS[repair](REPAIRS[repair](text)) == REPAIRS[repair](text)


def test_single_cells_are_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    """By their address, in the rows of the file; the sheet itself is as it was."""
    read = sheet(tmp_path, "1;x", "2;y", "3;z")
    assert rows_of(corrected(read, {"A3": "9", "B4": "w"}, {})) == {2: ["1", "x"], 3: ["9", "y"], 4: ["3", "w"]}
    assert rows_of(read) == {2: ["1", "x"], 3: ["2", "y"], 4: ["3", "z"]}


def test_what_is_typed_is_the_last_word_about_a_cell(tmp_path: Path) -> None:
    """A repair of its column changes the others, and not what a person wrote."""
    read = sheet(tmp_path, "1,000;1,000", "2,000;x")
    assert rows_of(corrected(read, {"A2": "3,000"}, {"A": "thousands"})) == {2: ["3,000", "1,000"], 3: ["2000", "x"]}


def test_places_that_are_not_there_change_nothing(tmp_path: Path) -> None:
    """An address beyond the file, or a repair that nobody knows."""
    read = sheet(tmp_path, "1;x")
    assert rows_of(corrected(read, {"Z2": "?", "A99": "?"}, {"A": "no such", "Z": "trim"})) == {2: ["1", "x"]}


def test_a_problem_stays_until_the_cell_gets_another_text(tmp_path: Path) -> None:
    """A formula's text typed again is still no value; of another cell it says nothing."""
    read = sheet(tmp_path, "=A1;x", "=B1;y", "=C1;z")
    problems = as_problems(["formula-without-value"] * 3, [2, 3, 4], [0, 0, 0])
    read = Sheet(**{name: getattr(read, name) for name in read.__dataclass_fields__} | {"problems": problems})
    changed = corrected(read, {"A2": " =A1", "A3": "7", "B4": "w"}, {})
    assert problems_of(changed) == {(2, 0): "formula-without-value", (4, 0): "formula-without-value"}
    assert rows_of(changed) == {2: ["=A1", "x"], 3: ["7", "y"], 4: ["=C1", "w"]}


UNCERTAIN, CERTAIN = "# ?/?", "00000"


def test_a_formatted_cell_is_one_until_it_has_another_text(tmp_path: Path) -> None:
    """What somebody types is sent; a value behind a format that cannot be told is still not what shows."""
    plain = sheet(tmp_path, *(f"{row};42" for row in range(2, 6)))

    def read() -> Iterator[pd.DataFrame]:
        for chunk in plain.read():
            for row, shape in {2: UNCERTAIN, 3: UNCERTAIN, 4: CERTAIN, 5: CERTAIN}.items():
                chunk.at[row, 1] = FormattedCell("42", shape)
            yield chunk

    changed = corrected(replace(plain, read=read), {"B2": " 42", "B3": "1/2", "B4": "42"}, {"B": "trim"})
    [chunk] = changed.read()
    assert [isinstance(cell, FormattedCell) for cell in chunk[1]] == [True, False, False, True]
    assert shown_texts(chunk[1]).tolist() == ["42", "1/2", "42", "00042"]


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ((3,), "Row 3 is left out, as you chose."),
        ((2, 4), "2 rows are left out, as you chose: 2 and 4."),
        ((2, 3, 4, 6), "4 rows are left out, as you chose: 2 to 4 and 6."),
        (tuple(range(2, 102, 2)), "50 rows are left out, as you chose: 2, 4, 6, 8, 10"),
    ],
)
def test_rows_that_a_person_leaves_out_are_not_read_but_named(
    tmp_path: Path, left_out: tuple[int, ...], words: str
) -> None:
    """All others keep their numbers and texts."""
    whole = sheet(tmp_path, *(f"{number};b" for number in range(2, 110)))
    rest = without_rows(whole, left_out)
    assert rows_of(rest) == {row: cells for row, cells in rows_of(whole).items() if row not in left_out}
    assert rest.notices[-1].message.startswith(words)


def test_rows_are_left_out_after_cells_are_corrected(tmp_path: Path) -> None:
    """By their own numbers, whatever their cells say."""
    path = tmp_path / "rows.csv"
    path.write_text("A;B\n1;a\n2;b\n3;c\n", encoding="utf-8")
    options = ReadOptions(cells={"A3": "5", "A4": "6"}, left_out=(3,))
    assert rows_of(open_sheet(path, options)) == {2: ["1", "a"], 4: ["6", "c"]}
