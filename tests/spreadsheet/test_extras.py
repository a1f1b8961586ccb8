"""Rows that are no data: left out with a sentence where that is certain, and a row everywhere else."""

from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.spreadsheet import ReadOptions, open_sheet
from importer.spreadsheet.extras import find_extras
from spreadsheet.making import opened, rows_of

LABELS = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId"]
HEAD = ",".join(LABELS)
ONE, TWO = "1,5,Room A,2026-11-28,,x", "2,6,Room B,2026-11-28,,y"

LEFT_OUT = {
    "header again": (f"{HEAD}\n{ONE}\n{HEAD}\n{TWO}\n", [2, 4], "Row 3 repeats the header and was skipped."),
    "joined, with a mark": (f"{HEAD}\n{ONE}\n\ufeff{HEAD}\n{TWO}\n", [2, 4], "Row 3 repeats the header"),
    "joined, from DOS": (f"{HEAD}\r\n{ONE}\r\n\x1a{HEAD}\r\n{TWO}\r\n\x1a", [2, 4], "Row 3 repeats the header"),
    "header on each page": (
        f"{HEAD}\n{ONE}\nPage 1 of 2\n\n{HEAD}\n{TWO}\nPage 2 of 2\n",
        [2, 6],
        "Row 5 repeats the header and was skipped. 2 rows are no data and were skipped; the first is row 3",
    ),
    "three parts": (f"{HEAD}\n{ONE}\n{HEAD}\n{TWO}\n{HEAD}\n", [2, 4], "2 rows repeat the header"),
    "psql": (f"{HEAD}\n{ONE}\n(1 row)\n", [2], 'Row 3 is no data and was skipped: "(1 row)".'),
    "sqlcmd": (
        f"{HEAD}\n{','.join('-' * len(label) for label in LABELS)}\n{ONE}\n{TWO}\n\n(2 rows affected)\n",
        [3, 4],
        "2 rows are no data and were skipped; the first is row 2",
    ),
    "mysql": (f"{HEAD}\n{ONE}\n1 row in set (0.00 sec)\n", [2], "1 row in set"),
    "SQL*Plus": (f"{HEAD}\n{ONE}\n{TWO}\n\n2 rows selected.\n\nSQL> spool off\n", [2, 3], '"2 rows selected."'),
    "thousands": (f"{HEAD}\n{ONE}\n(1,234 rows affected)\n", [2], "rows affected"),
    "time": (f"{HEAD}\n{ONE}\n(1 row)\nTime: 0.512 ms\n", [2], "2 rows are no data"),
    "end of report": (f"{HEAD}\n{ONE}\n*** End of report ***\n", [2], "End of report"),
    "total": (f"{HEAD}\n{ONE}\n{TWO}\nTotal,2\n", [2, 3], '"Total, 2"'),
    "separators behind": (f"{HEAD}\n{ONE}\n(1 row),,,,,\n", [2], '"(1 row)"'),
    "end of a file of DOS": (f"{HEAD}\n{ONE}\n\x1a", [2], ""),
    "header in other case": (f"{HEAD}\n{ONE}\n{HEAD.upper()}\n{TWO}\n", [2, 4], "Row 3 repeats the header"),
    "header with blanks": (f"{HEAD}\n{ONE}\n{', '.join(LABELS)}\n{TWO}\n", [2, 4], "Row 3 repeats the header"),
    "header in quotes": (
        "{}\n{}\n{}\n{}\n".format(HEAD, ONE, ",".join(f'"{label}"' for label in LABELS), TWO),
        [2, 4],
        "Row 3 repeats the header",
    ),
    "header far from both ends": (
        f"{HEAD}\n{f'{ONE}{chr(10)}' * 20}{HEAD}\n{f'{TWO}{chr(10)}' * 20}",
        [*range(2, 22), *range(23, 43)],
        "Row 22 repeats the header and was skipped.",
    ),
    "dashes far from both ends": (
        f"{HEAD}\n{f'{ONE}{chr(10)}' * 12}{','.join(['---'] * 6)}\n{f'{TWO}{chr(10)}' * 12}",
        [*range(2, 14), *range(15, 27)],
        "Row 14 is no data",
    ),
    "rule of equals": (f"{HEAD}\n{'=' * 60}\n{ONE}\n", [3], "Row 2 is no data"),
}

ROWS = {
    "footer in the middle": f"{HEAD}\n{ONE}\n(1 row)\n{TWO}\n",
    "total in the middle": f"{HEAD}\n{ONE}\nTotal,1\n{TWO}\n",
    "total with names": f"{HEAD}\n{ONE}\nTotal,Room B,x\n",
    "full total": f"{HEAD}\n{ONE}\nTotal,1,2,3,4,5\n",
    "half of the header": f"{HEAD}\n{ONE}\nResourceId,CoworkerId,Name,x,y,z\n",
    "dashes for nothing": f"{HEAD}\n{ONE}\n-,-,-,-,-,-\n",
    "a sentence": f"{HEAD}\n{ONE}\nPlease ask Ada about these rows\n",
    "a room called Page 1": f"{HEAD}\n{ONE}\n3,7,Page 1 of 2,2026-11-28,,z\n",
    "labels as data": f"{HEAD}\n{ONE}\n3,7,{LABELS[3]},2026-11-28,,z\n",
}


TOTALS = [
    *(
        "Total",
        "Grand total",
        "Summe",
        "Gesamt",
        "Gesamtsumme",
        "Gesamtergebnis",
        "Zwischensumme",
        "Insgesamt",
        "Somme",
    ),
    *("Total général", "Sous-total", "Totale", "Totale complessivo", "Totaal", "Eindtotaal", "Suma", "Suma total"),
    *("Total geral", "Soma", "Razem", "Ogółem", "Suma końcowa", "Summa", "Totalsumma", "Totalt", "I alt", "Yhteensä"),
    *(
        "Celkem",
        "Celkový součet",
        "Összesen",
        "Ukupno",
        "Toplam",
        "Итого",
        "Общий итог",
        "Σύνολο",
        "合計",
        "总计",
        "합계",
    ),
]


@pytest.mark.parametrize("word", TOTALS)
@pytest.mark.parametrize("row", ["{},2", "{},,,2", "{}: 2", ",{}:,2", "{} (2)"])
def test_a_row_of_totals_is_told_once_in_any_language(tmp_path: Path, word: str, row: str) -> None:
    """It is not four wrong cells; in a workbook and in capitals as well."""
    numbers, texts = [], []
    for text in (row.format(word), row.format(word.upper())):
        lines = [HEAD, ONE, TWO, text]
        (tmp_path / "a.csv").write_text("\n".join(lines), "utf-8")
        sheet = opened(tmp_path / "a.csv")
        numbers.append(list(rows_of(sheet)))
        texts += [notice.message for notice in sheet.notices]
    assert numbers == [[2, 3]] * 2
    assert [text.startswith("Row 4 is no data and was skipped: ") for text in texts] == [True] * 2


@pytest.mark.parametrize("row", ["3,7,Summa,2026-11-28,,z", "Gesamt,Raum B,x", "Total 2,Room,,,,", "Suma,1,2,3"])
def test_a_row_with_more_than_totals_stays_one(tmp_path: Path, row: str) -> None:
    """A room may be called so; somebody has to look at it."""
    (tmp_path / "a.csv").write_text("\n".join([HEAD, ONE, row]), "utf-8")
    assert list(rows_of(opened(tmp_path / "a.csv"))) == [2, 3]


@pytest.mark.parametrize("name", LEFT_OUT)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_row_that_is_no_data_is_left_out_and_said(tmp_path: Path, name: str, encoding: str) -> None:
    """The others keep their numbers, at every reading."""
    text, numbers, sentence = LEFT_OUT[name]
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode(encoding))
    sheet = opened(path)
    assert (list(rows_of(sheet)), list(rows_of(sheet))) == (numbers, numbers)
    said = " ".join(notice.message for notice in sheet.notices)
    assert sentence in said
    assert bool(said) == bool(sentence)
    assert not any(notice.doubtful for notice in sheet.notices)


@pytest.mark.parametrize("name", ROWS)
def test_anything_else_stays_a_row(tmp_path: Path, name: str) -> None:
    """It is an error there if it is no data, and somebody looks at it."""
    path = tmp_path / "rows.csv"
    path.write_text(ROWS[name], encoding="utf-8")
    sheet = opened(path)
    assert len(rows_of(sheet)) == ROWS[name].count("\n") - 1
    assert not sheet.notices


@pytest.mark.parametrize("name", [name for name in LEFT_OUT if not {"DOS", "mark", "quotes"} & {*name.split()}])
def test_a_workbook_is_read_in_the_same_way(tmp_path: Path, name: str) -> None:
    """People paste such exports into workbooks."""
    text, numbers, sentence = LEFT_OUT[name]
    book = xlsxwriter.Workbook(tmp_path / "rows.xlsx", {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, line in enumerate(text.splitlines()):
        cells = line.split(",") if not line.startswith("(1,") else [line]
        sheet.write_row(number, 0, cells)
    book.close()
    read = opened(tmp_path / "rows.xlsx")
    assert list(rows_of(read)) == numbers
    assert sentence in " ".join(notice.message for notice in read.notices)


def test_a_run_of_an_earlier_version_is_read_with_all_its_rows(tmp_path: Path) -> None:
    """Its journal has an error for each of them, and its report adds up only so."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{HEAD}\n{ONE}\n{HEAD}\n(1 row)\n", encoding="utf-8")
    sheet = open_sheet(path, ReadOptions(rules=1))
    assert list(rows_of(sheet)) == [2, 3, 4]
    assert not sheet.notices


@given(st.lists(st.lists(st.sampled_from(["", " ", "-", "---", "Total", "3", "Id", "Name", "(3 rows)"]), max_size=3)))
def test_no_row_with_two_texts_of_its_own_is_left_out(rows: list[list[str]]) -> None:
    """Whatever stands around it."""
    labels = ["Id", "Name", "Note"]
    numbered = list(enumerate([*rows, ["7", "Room", ""], *rows], start=2))
    assert len(rows) + 2 not in find_extras(numbered, labels).rows


@pytest.mark.parametrize(
    "other",
    [
        ["CoworkerId", "ResourceId", *LABELS[2:]],
        list(reversed(LABELS)),
        [*LABELS, "Note"],
        [*LABELS[:2], "Note", *LABELS[2:]],
        LABELS[:-1],
        [label.upper() for label in reversed(LABELS)],
    ],
)
def test_a_table_of_other_columns_below_is_refused(other: list[str], tmp_path: Path) -> None:
    """Its rows would be read in the columns of the first header, and Ids sent that belong to other fields."""
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}\n{f'{ONE}{chr(10)}' * 20}{','.join(other)}\n{f'{TWO}{chr(10)}' * 20}", "utf-8")
    with pytest.raises(FileError, match="row 22 is a second header"):
        open_sheet(path)


ADDED = ["import_status", "import_message", "Id"]
CELLS = st.sampled_from(["", "1", "Total", "---", "(2 rows)", *LABELS])


@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=5), st.integers(0, 2))
def test_columns_that_a_report_adds_change_nothing(rows: list[list[str]], gap: int) -> None:
    """A row that is no data is none in the copy to correct either, where nothing is written beside it."""
    numbered = list(enumerate(rows, start=2))
    assert find_extras(numbered, [*LABELS, *[""] * gap, *ADDED]) == find_extras(numbered, LABELS)
