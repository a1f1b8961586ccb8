"""JSON Lines: read exactly as they are written, or refused with the line."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import FileError
from importer.spreadsheet import ReadOptions, is_unseen, json_lines, open_sheet
from importer.spreadsheet.sheet import MOST_COLUMNS


def sheet_of(path: Path, *lines: str, end: str = "\n") -> tuple[tuple[str, ...], dict[int, list[str]]]:
    """The labels and the rows of a file with these lines."""
    path.write_bytes(end.join(lines).encode("utf-8", "surrogatepass"))
    sheet = open_sheet(path)
    return sheet.labels, {int(row): cells for chunk in sheet.read() for row, *cells in chunk.itertuples(name=None)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "rooms.jsonl"


def test_keys_are_headers_in_the_order_in_which_they_first_appear(path: Path) -> None:
    """A row without a key has an empty cell there."""
    labels, rows = sheet_of(path, '{"Name": "Room 1", "Id": 7}', '{"Where": "x", "Id": 8}')
    assert labels == ("Name", "Id", "Where")
    assert rows == {1: ["Room 1", "7", ""], 2: ["", "8", "x"]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1e3", "1e3"),
        ("1.50", "1.50"),
        ("-0", "-0"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("9" * 5_000, "9" * 5_000),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ('"00042"', "00042"),
        ('"=1+1"', "=1+1"),
        ('" x "', " x "),
        (r'"a\u0041\n"', "aA\n"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\ud83d alone"', "\N{REPLACEMENT CHARACTER} alone"),
    ],
)
def test_a_value_is_what_is_written(path: Path, value: str, text: str) -> None:
    """A number is no float on its way: what a person sees is what is sent."""
    assert sheet_of(path, f'{{"a": 1, "Value": {value}}}')[1] == {1: ["1", text]}


def test_a_row_has_the_number_of_its_line(path: Path) -> None:
    """Blank lines count, and so does a row without a value."""
    lines = ['{"a": 1}', "", "  ", '{"a": null}', "{}", '{"a": 2}']
    assert sheet_of(path, *lines)[1] == {1: ["1"], 6: ["2"]}
    assert sheet_of(path, *lines, end="\r\n")[1] == {1: ["1"], 6: ["2"]}
    assert sheet_of(path, "\ufeff" + lines[0])[1] == {1: ["1"]}


def test_it_is_read_in_chunks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are the same however many there are in one."""
    lines = [f'{{"a": {number}}}' if number % 3 else "" for number in range(1, 101)]
    whole = sheet_of(path, *lines)
    for size in (1, 7, 99, 100):
        monkeypatch.setattr(json_lines, "_ROWS", size)
        assert sheet_of(path, *lines) == whole


REFUSED = {
    "a list": ("[1]", "is not an object"),
    "a text": ('"x"', "is not an object"),
    "half an object": ('{"a": 1', "is not valid JSON (Expecting"),
    "a whole document": ("{", "is not valid JSON"),
    "two objects": ('{"a": 1} {"a": 2}', "is not valid JSON (Extra data"),
    "a comma at the end": ('{"a": 1},', "is not valid JSON"),
    "single quotes": ("{'a': 1}", "is not valid JSON"),
    "a key twice": ('{"a": 1, "a": 1}', 'has the key "a" twice'),
    "a key twice but for a blank": ('{"a": 1, " a": 1}', 'has the key "a" twice'),
    "halves of two characters": (r'{"\ud83d": 1, "\ud83e": 2}', 'has the key "\ufffd" twice'),
    "a blank key": ('{" ": 1}', "has a key without a name"),
    "a list inside": ('{"b": [1]}', '"b" holds a list'),
    "an object inside": ('{"b": {}}', '"b" holds an object'),
    "a list of objects inside": ('{"b": [{"c": 1}]}', '"b" holds a list'),
    "no number": ('{"a": NaN}', "NaN is no value of JSON"),
    "infinity": ('{"a": -Infinity}', "-Infinity is no value of JSON"),
    "a control character": ('{"a": "\x01"}', "is not valid JSON (Invalid control character"),
    "a thousand levels": ('{"a": ' + "[" * 100_000, "holds objects within objects"),
    "another encoding": ('{"a": "\udcff"}', "is not UTF-8"),
    "a key that steers": ('{"\u202e\\u001b[2J": []}', "holds a list"),
    "many keys": (json.dumps(dict.fromkeys(map(str, range(MOST_COLUMNS + 1)))), "502 different keys"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_line_that_is_no_row_is_refused_with_its_number(path: Path, what: str) -> None:
    """Nothing is skipped and nothing guessed."""
    line, sentence = REFUSED[what]
    with pytest.raises(FileError) as caught:
        sheet_of(path, '{"a": 0}', "", line, '{"a": 4}')
    assert "line 3" in caught.value.message
    assert sentence in caught.value.message
    assert caught.value.advice
    assert "\x1b" not in caught.value.message


def test_a_line_without_end_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in one line could be of any size."""
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 1 << 20)
    with pytest.raises(FileError, match="line 1 is longer than 1 MB"):
        sheet_of(path, '{"a": "' + "x" * (1 << 20))


@pytest.mark.parametrize("content", ["{}", "\n\n", "{}\n{}"])
def test_a_file_without_a_key_is_refused(path: Path, content: str) -> None:
    """There is nothing to import."""
    with pytest.raises(FileError, match="holds no object with a key"):
        sheet_of(path, content)


def test_options_of_other_files_are_ignored_with_a_notice(path: Path) -> None:
    """They mean nothing here."""
    path.write_text('{"a": 1}')
    [notice] = open_sheet(path, ReadOptions("May", "cp1252", ";", header_row=2)).notices
    assert "--sheet and --encoding and --delimiter and --header-row" in notice.message


def test_a_json_file_of_another_name_is_told_what_to_do(tmp_path: Path) -> None:
    """It may be JSON Lines, or a list of objects."""
    (tmp_path / "rooms.csv").write_text('{"a": 1}\n{"a": 2}\n')
    with pytest.raises(FileError, match="is a JSON file") as caught:
        open_sheet(tmp_path / "rooms.csv")
    assert "rename it to .jsonl" in caught.value.advice


@given(
    st.lists(
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5).filter(
                lambda key: key == key.strip()
            ),
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(st.characters(exclude_categories=["Cs"]))),
            max_size=4,
        ),
        max_size=20,
    )
)
def test_what_json_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, objects: list[dict[str, object]]
) -> None:
    """Every value comes back in its row and under its key."""
    path = tmp_path_factory.getbasetemp() / "any.ndjson"
    if not any(objects):
        return
    labels, rows = sheet_of(path, *map(json.dumps, objects))
    for number, each in enumerate(objects, start=1):
        texts = {key: _text(value) for key, value in each.items()}
        if number in rows:
            cells = dict(zip(labels, rows[number], strict=False))
            assert {key: cells[key] for key in each} == texts
        else:
            assert all(map(is_unseen, texts.values()))


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def test_the_page_does_not_advise_what_it_does_not_read(tmp_path: Path) -> None:
    """There, such a file has to become another one."""
    for name, content in (("a.csv", b'{"a": 1}\n'), ("b.csv", b"PAR1" + bytes(99))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError) as caught:
            open_sheet(tmp_path / name)
        assert caught.value.on_page == "Export the table from the program that made it, as .csv (UTF-8)."
