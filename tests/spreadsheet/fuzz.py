"""Damages good files at random and reads them: only a FileError may come out, and no row may get lost unsaid.

    python tests/spreadsheet/fuzz.py --minutes 10

Where a count of the rows can be made without our code (csv.reader for text, the XML of the sheet for .xlsx), it must
agree with what was read.
"""

import argparse
import collections
import csv
import io
import random
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from importer.errors import Exit, FileError, ImporterError
from importer.spreadsheet import ReadOptions, encodings, is_unseen, open_sheet
from importer.spreadsheet.quotes import QuotedCells
from spreadsheet.making import (
    ods_cell,
    pack,
    rows_of,
    sheet_xml,
    text_row,
    with_formats,
    write_ods,
    write_xlsb,
    xlsx_parts,
)

LABELS = ["ResourceId", "CoworkerId", "Name"]
ROWS = [["1", "2", "Room ä"], ["3", "4", 'say "hi", twice'], ["", "", ""], ["5", "6", "two\nlines"], ["7", "8", "end"]]
_XML_PIECES = [b"<v>", b"</v>", b"</c>", b"</row>", b't="e"', b"<f>1+1</f>", b'r="XFD9"', b"&x;", b"<!--", b"\xff", b""]
_XML_PIECES += [b"-", b"e300", b"e999", b"NaN", b' s="1"', b' s="99999"', b"_xD83D_", b"_x0000_"]
_LONG_TEXT = '<c r="C2" t="inlineStr"><is><r><t>two</t></r><r><t xml:space="preserve"> runs_x000D_</t></r></is></c>'


def goods(folder: Path) -> list[Path]:
    """Good files of every kind."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([LABELS, *ROWS])
    plain = "\n".join(";".join(row[:2]) for row in [LABELS, *ROWS])
    rows = [text_row(n, *("".join(c for c in t if c not in '&<"') for t in row)) for n, row in enumerate(ROWS, 2)]
    rows.append('<row r="9"><c r="A9" t="e"><v>#N/A</v></c><c r="B9"><f>1+1</f></c><c r="C9"><v>5</v></c></row>')
    (folder / "quoted.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    (folder / "plain.csv").write_text(plain, encoding="utf-8")
    (folder / "wide.txt").write_text(text.getvalue(), encoding="utf-16", newline="")
    pack(folder / "made.xlsx", xlsx_parts(sheet_xml(text_row(1, *LABELS), *rows)))
    days = f'<row r="2"><c r="A2" s="0"><v>46000</v></c><c r="B2" s="1"><v>1.5</v></c>{_LONG_TEXT}</row>'
    dated = with_formats(xlsx_parts(sheet_xml(text_row(1, *LABELS), days)), "yyyy-mm-dd", "[h]:mm:ss")
    pack(folder / "dates.xlsx", dated)
    write_ods(folder / "dates.ods", ods_cell("string", "", "Name"), ods_cell("date", "2026-12-05", "05.12.2026"))
    write_xlsb(folder / "made.xlsb", [LABELS, [1.0, 2.0, "A"], [3.0, 4.0, "B"]], formats={0: "yyyy-mm-dd"})
    for name in ("cells.xls", "cells.ods", "cells.xlsx"):
        (folder / name).write_bytes((Path(__file__).with_name("files") / name).read_bytes())
    return sorted(folder.iterdir())


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    """The beginning of the file, or a piece of it missing or twice."""
    one, other = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice([data[:one], data[:one] + data[other:], data[:other] + data[one:]])


def edited(data: bytes, chance: random.Random) -> bytes:
    """A piece of text put in somewhere."""
    place = chance.randrange(len(data) + 1)
    pieces = [
        b'"',
        b";",
        b",",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"sep=;\n",
        b'""',
        b"\xe2\x80\xa8",
        *_XML_PIECES,
    ]
    return data[:place] + chance.choice(pieces) + data[place:]


def inside(data: bytes, chance: random.Random) -> bytes:
    """An archive with one part damaged, swapped with another or gone; anything else as ``edited``."""
    if not data.startswith(b"PK"):
        return edited(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name, other = chance.choice(list(parts)), chance.choice(list(parts))
    how: Callable[[bytes, random.Random], bytes] = chance.choice([flipped, cut, edited, edited])
    match chance.randrange(6):
        case 0:
            parts[name], parts[other] = parts[other], parts[name]
        case 1:
            del parts[name]
        case _:
            parts[name] = how(parts[name], chance) if parts[name] else b"x"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return packed.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The file after one to three accidents."""
    ways: list[Callable[[bytes, random.Random], bytes]] = [inside, inside, inside, inside, flipped, cut, edited]
    for _ in range(chance.choice([1, 1, 2, 3])):
        how = chance.choice(ways)
        try:
            data = how(data, chance) or b"x"
        except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError):
            data = flipped(data, chance)
        except Exception as error:
            if "zlib" not in type(error).__module__ and type(error).__name__ != "error":
                raise
            data = flipped(data, chance)
    return data


def attempt(path: Path) -> str:
    """Read a file and count again; what came of it.

    Raises:
        AssertionError: A row got lost, or a row that there is not was read.
    """
    is_text = path.suffix in {".csv", ".txt"}
    # By the rules of an earlier version, which leave nothing out and read what is not UTF-8 on a guess.
    options = ReadOptions(separator="," if is_text else None, rules=1)
    try:
        sheet = open_sheet(path, options)
        rows = rows_of(sheet)
    except ImporterError as error:
        if error.exit_code != Exit.FILE or not error.message:
            raise
        return "refused"
    expected = _counted_text(path, sheet.header_row) if is_text else _counted_xml(path, sheet.name, sheet.header_row)
    assert expected is None or expected <= set(rows), (expected - set(rows), path)
    assert not is_text or expected == set(rows), (expected, set(rows), path)
    try:
        today = open_sheet(path, replace(options, rules=ReadOptions().rules))
    except FileError:
        return "read"
    rest = rows_of(today)
    assert rest.items() <= rows.items(), (rest, rows, path)
    left_out = [cells for row, cells in rows.items() if row not in rest]
    said = sum("skipped" in notice.message for notice in today.notices)
    assert all(is_unseen("".join(cells).strip("\x1a")) for cells in left_out) or said, (left_out, path)
    return "read"


def _counted_text(path: Path, header: int) -> set[int]:
    encoding, _ = encodings.find_encoding(path, guess=True)
    text = path.read_bytes().decode(encoding).removeprefix("\ufeff").rstrip("\x1a")
    if declared := re.match(r'"?sep=.\"?(\r\n|\r|\n)', text):
        text = text[declared.end() :]
    text = QuotedCells(",").without_blanks(text, is_quoted=False)
    rows = enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1)
    return {number for number, row in rows if number > header and any(cell.strip() for cell in row)}


def _counted_xml(path: Path, name: str | None, header: int) -> set[int] | None:
    """Rows of a well-formed sheet in the usual place that hold a number; None where that cannot be said."""
    try:
        with zipfile.ZipFile(path) as archive:
            xml = archive.read("xl/worksheets/sheet1.xml").decode()
            standard = f'name="{name}" sheetId="1"' in archive.read("xl/workbook.xml").decode()
    except Exception:  # noqa: BLE001  a damaged archive cannot be counted
        return None
    if path.suffix != ".xlsx" or not standard or re.search("<!|<[?]", xml[1:]):
        return None
    found = re.findall(r'<row r="(\d+)">(?:(?!</row>).)*?<c r="[A-Z]\1"><v>\d+</v></c>', xml)
    return {int(number) for number in found if int(number) > header}


def main(minutes: float, seed: int) -> None:
    """Damage and read until the time is over; print what came of it."""
    ended, results = time.monotonic() + minutes * 60, collections.Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        good = [(path.name, path.read_bytes()) for path in goods(Path(folder))]
        while time.monotonic() < ended:
            seed += 1
            chance = random.Random(seed)
            name, data = chance.choice(good)
            path = Path(folder) / f"case{Path(name).suffix}"
            path.write_bytes(damaged(data, chance))
            try:
                results[f"{name} {attempt(path)}"] += 1
            except BaseException:
                sys.stdout.write(f"seed {seed}, {name}\n")
                raise
    told = [f"{count:8,}  {result}\n" for result, count in sorted(results.items())]
    sys.stdout.writelines([*told, f"{results.total():8,}  in all; last seed {seed}\n"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    main(given.minutes, given.seed)
