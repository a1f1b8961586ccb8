"""The files that words stand for: what is among them, in which order, and what is left out."""

import os
from pathlib import Path

import pytest

from importer.errors import FileError, UsageError
from importer.reporting import _REPORT_FILES, SUMMARY
from importer.runs.named_files import MOST_FILES, OWN_SUMMARY, OWN_TABLES, named_files, path_named
from importer.spreadsheet import TABLES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a person works in, with spreadsheets and other files in one called May."""
    monkeypatch.chdir(tmp_path)
    for name in (
        *("10.csv", "2.csv", "B.xlsx", "a.ods", "c.csv.gz", "d.tsv.zip", "notes.txt", "all.zip", "picture.png"),
        *(".hidden.csv", "~$B.xlsx", "._a.ods", "North/1.csv", "North/12/3.csv", ".git/4.csv", "README"),
    ):
        file = tmp_path / "May" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return tmp_path


def named(*words: str) -> list[str]:
    """What words stand for, as it is to be typed."""
    return [Path(file.typed).as_posix() for file in named_files(words).files]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("May", ["2.csv", "10.csv", "a.ods", "B.xlsx", "c.csv.gz", "d.tsv.zip"]),
        ("May/", ["2.csv", "10.csv", "a.ods", "B.xlsx", "c.csv.gz", "d.tsv.zip"]),
        ("May/North", ["North/1.csv"]),
        ("May/*.csv", ["2.csv", "10.csv"]),
        ("May/?.CSV", []),
        ("May/[ab].*", ["a.ods"]),
        ("May/*.txt", ["notes.txt"]),
        ("May/*.zip", ["all.zip", "d.tsv.zip"]),
        ("M*/*/*.csv", ["North/1.csv"]),
        ("May/**/*.csv", ["2.csv", "10.csv", "North/1.csv", "North/12/3.csv"]),
        ("May/North/**", ["North/1.csv", "North/12/3.csv"]),
        ("May/.git/*", [".git/4.csv"]),
    ],
)
def test_a_folder_or_pattern_stands_for_its_spreadsheets(folder: Path, word: str, names: list[str]) -> None:
    """In the order of people, without what is hidden, locked or no spreadsheet; folders below only where ** says so."""
    expected = [f"May/{name}" for name in names]
    if names:
        assert named(word) == expected
        assert named_files([word]).several
    else:
        with pytest.raises(FileError, match="matches no spreadsheet"):
            named_files([word])


def test_a_file_is_itself_whatever_its_name(folder: Path) -> None:
    """One that is named is taken, hidden or not, and so is one whose name looks like a pattern."""
    (folder / "rooms[1].csv").write_bytes(b"x")
    words = ["May/.hidden.csv", "May/README", "rooms[1].csv", "gone.csv", "-", "https://files.example/a*.csv"]
    assert [str(file.typed) for file in named_files(words).files] == words
    assert not named_files(["rooms[1].csv"]).several


def test_the_home_folder_is_known_in_a_pattern(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell has left it as it is together with the pattern."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert [Path(file.typed).name for file in named_files(["~/May/*.ods"]).files] == ["a.ods"]


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("Empty", "Empty is a folder without any spreadsheet."), ("June*.csv", "June*.csv matches no spreadsheet.")],
)
def test_what_stands_for_no_file_is_an_error_of_its_own(folder: Path, word: str, sentence: str) -> None:
    """The other files are there all the same."""
    (folder / "Empty").mkdir()
    wrong, right = named_files([word, "May/2.csv"]).files
    assert isinstance(wrong.error, FileError)
    assert (wrong.error.message, right.error) == (sentence, None)
    assert "FOLDER/**" in wrong.error.advice


@pytest.mark.skipif(os.name != "posix", reason="folders have no modes here")
def test_a_folder_that_cannot_be_opened_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a file does; a name that no system allows is left to whoever opens it."""

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    assert named("x" * 5_000) == ["x" * 5_000]
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(FileError, match=r"The folder May cannot be opened: Permission denied\."):
        named_files(["May"])


def test_a_pattern_that_is_none_is_refused(folder: Path) -> None:
    """** stands for whole folders only."""
    with pytest.raises(UsageError, match="is not a pattern"):
        named_files(["May/a**b.csv"])


@pytest.mark.parametrize("words", [[""], [" "], ["May/2.csv", ""], ["\t", "May"]])
def test_an_empty_word_is_not_the_current_folder(folder: Path, words: list[str]) -> None:
    """It comes of a script whose variable is empty, and nobody has named all that lies there."""
    with pytest.raises(UsageError, match="A file has an empty name"):
        named_files(words)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("", "A file has an empty name."),
        ("-", "- is no file or folder of this machine."),
        ("s3://bucket/a.csv", "s3://bucket/a.csv is no file or folder"),
        ("May/*.csv", "is a pattern, and one file or folder is meant"),
    ],
)
def test_where_one_path_is_meant_nothing_else_is_taken_for_one(folder: Path, word: str, sentence: str) -> None:
    """A file of a pattern's name is one, and a name that is not there yet may be one day."""
    with pytest.raises(UsageError) as raised:
        path_named(word)
    assert sentence in raised.value.message
    (folder / "[1].csv").touch()
    assert [path_named(name) for name in ("[1].csv", "May", "later.csv")] == [
        Path("[1].csv"),
        Path("May"),
        Path("later.csv"),
    ]


def test_the_home_folder_of_nobody_is_a_name_like_any_other(folder: Path) -> None:
    """There is no such user."""
    with pytest.raises(FileError, match="matches no spreadsheet"):
        named_files(["~nobody-of-that-name/*.csv"])


def test_a_file_that_is_named_twice_is_taken_once(folder: Path) -> None:
    """By whichever way it is reached; for two accounts it is imported twice."""
    (folder / "link.csv").symlink_to(folder / "May" / "2.csv")
    words = ["May/2.csv", "./May/../May/2.csv", "link.csv", "-", "-"]
    result = named_files(words)
    assert [str(file.typed) for file in result.files] == ["May/2.csv", "-"]
    assert result.notices[-1] == "- is named twice, and taken once."
    assert len(result.notices) == 3
    assert len(named_files(words, once=False).files) == 5


def test_the_files_of_a_report_are_left_out_unless_they_are_named(folder: Path) -> None:
    """They would be imported once more; another file of that name is a spreadsheet like any other."""
    report = folder / "reports" / "1-May"
    report.mkdir(parents=True)
    for name in ("report.csv", "failed.xlsx", "failed-changed.csv", "mine.csv", "summary.json"):
        (report / name).write_bytes(b"x")
    (folder / "May" / "report.csv").write_bytes(b"x")
    result = named_files(["reports/**/*"])
    assert [Path(file.typed).name for file in result.files] == ["mine.csv"]
    assert "were left out: the importer wrote such files itself." in result.notices[0]
    assert named("reports/1-May/failed.xlsx") == ["reports/1-May/failed.xlsx"]
    assert "May/report.csv" in named("May")
    (report / "mine.csv").unlink()
    with pytest.raises(FileError, match="without any spreadsheet"):
        named_files(["reports/1-May"])


def test_the_tables_of_a_report_are_all_known() -> None:
    """They are written down twice."""
    assert {name for name in _REPORT_FILES if Path(name).suffix in TABLES} == OWN_TABLES
    assert OWN_SUMMARY == SUMMARY


def test_a_folder_that_leads_back_into_itself_ends(folder: Path) -> None:
    """A link to the folder above shows no file twice."""
    (folder / "May" / "North" / "up").symlink_to(folder / "May")
    assert named("May/North/**/*.csv") == ["May/North/1.csv", "May/North/12/3.csv"]


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has named the wrong folder."""
    monkeypatch.setattr("importer.runs.named_files.MOST_FILES", 3)
    assert MOST_FILES > 1_000
    with pytest.raises(FileError, match="more than 3 files"):
        named_files(["May"])


def test_a_secret_in_an_address_is_not_shown() -> None:
    """Lists of files name it without."""
    assert (
        str(named_files(["sftp://ines:secret@files.example/a.csv"]).files[0]) == "sftp://ines:***@files.example/a.csv"
    )
