"""Headers matched with fields: by name, by another name, by choice; and never by a guess."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.checking.columns import UNUSED, How, match_columns, near_labels, plain, recognise, refuse_absent
from importer.errors import ColumnsError
from importer.spreadsheet import ReadOptions, Sheet, open_sheet
from schemas import RECORD_TYPES, RecordType

MS, GOOGLE, ADMIN = (
    RECORD_TYPES[name] for name in ("CoworkerMsOfficeCalendar", "CoworkerGoogleCalendar", "MsOfficeAdminCalendar")
)
REQUIRED = MS.required(MS.paths[0])


def sheet(folder: Path, *labels: str) -> Sheet:
    """A sheet with these headers and one row."""
    path = folder / "rows.csv"
    path.write_text(";".join(labels) + "\n" + ";".join("1" for _ in labels) + "\n", encoding="utf-8")
    return open_sheet(path)


def matched(folder: Path, *labels: str, chosen: Mapping[str, str] | None = None) -> dict[str, tuple[str, How]]:
    """Which field is in which column, and how it was found."""
    mapping = match_columns(sheet(folder, *labels), MS, (), chosen or {})
    return {column.field: (column.label, column.how) for column in mapping.columns}


@given(st.permutations(MS.fields), st.sampled_from([str.upper, str.lower, lambda name: f" {name} ", lambda n: f"{n}_"]))
def test_a_field_is_found_by_its_own_name_wherever_it_stands(order: list[str], spell: object) -> None:
    """Whatever the case, the spaces and the punctuation, in any order of the columns."""
    assert callable(spell)
    assert {plain(spell(name)) for name in order} == {plain(name) for name in MS.fields}


def test_columns_are_matched_in_any_order(tmp_path: Path) -> None:
    """And come in the order of the fields."""
    found = matched(tmp_path, *reversed(MS.fields))
    assert list(found) == list(MS.fields)
    assert set(found.values()) == {(name, How.EXACT) for name in MS.fields}


@pytest.mark.parametrize(
    ("field", "alias"),
    [
        (field, alias)
        for spellings in (MS.aliases, MS.translations, MS.hints)
        for field, aliases in spellings.items()
        for alias in aliases
    ],
)
def test_every_other_name_of_a_field_is_recognised(tmp_path: Path, field: str, alias: str) -> None:
    """Each belongs to one field."""
    assert matched(tmp_path, alias)[field][0] == alias


def test_a_choice_goes_before_names(tmp_path: Path) -> None:
    """And the column that merely sounds like the field is left alone, without an error about two columns."""
    found = matched(tmp_path, "Room", "ResourceId", chosen={"Room": "ResourceId"})
    assert found == {"ResourceId": ("Room", How.CHOSEN)}


def test_a_column_that_is_chosen_to_be_unused_holds_nothing(tmp_path: Path) -> None:
    """Nor is it told to be unused: that is what was wanted."""
    mapping = match_columns(sheet(tmp_path, "ResourceId", "Name"), MS, (), {"Name": UNUSED})
    assert [column.field for column in mapping.columns] == ["ResourceId"]
    assert mapping.issues == ()


def test_a_column_that_holds_no_field_is_told(tmp_path: Path) -> None:
    """At its header, with the fields that are still free."""
    mapping = match_columns(sheet(tmp_path, "ResourceId", "Remark"), MS, ())
    [issue] = mapping.issues
    assert (issue.code, issue.cell, issue.label, issue.row) == ("column-unused", "B1", "Remark", None)
    assert "CoworkerId" in issue.detail
    assert "ResourceId" not in issue.detail
    assert mapping.column("ResourceId") is not None
    assert mapping.column("CoworkerId") is None


def test_two_columns_of_one_field_are_refused(tmp_path: Path) -> None:
    """With their letters: which of them is meant, only the user knows."""
    with pytest.raises(ColumnsError, match='A \\("ResourceId"\\) and C \\("resource id"\\)'):
        match_columns(sheet(tmp_path, "ResourceId", "Name", "resource id"), MS, ())


@pytest.mark.parametrize(("letter", "position"), [("A", 0), ("C", 2)])
def test_a_choice_names_one_of_several_equal_headers_by_its_letter(tmp_path: Path, letter: str, position: int) -> None:
    """The others are then not used; the sentence that refuses them says how."""
    here = sheet(tmp_path, "Name", "ResourceId", "Name")
    with pytest.raises(ColumnsError, match=r"More than one column is read as Name") as refused:
        match_columns(here, MS, ())
    assert '--map "Name [A]=Name"' in refused.value.advice
    chosen = {f"Name [{letter}]": "Name"}
    refuse_absent(here, chosen)
    column = match_columns(here, MS, (), chosen).column("Name")
    assert column is not None
    assert (column.position, column.how) == (position, How.CHOSEN)
    with pytest.raises(ColumnsError, match=r'no header "Name \[B\]"'):
        refuse_absent(here, {"Name [B]": "Name"})


def test_a_missing_column_is_named_with_the_one_that_is_near(tmp_path: Path) -> None:
    """But it is not taken: a wrong column would be sent."""
    labels = [name if name != "CoworkerId" else "CowrkerId" for name in REQUIRED]
    with pytest.raises(ColumnsError) as refused:
        match_columns(sheet(tmp_path, *labels), MS, REQUIRED)
    assert "no column for CoworkerId." in refused.value.message
    assert '--map "CowrkerId=CoworkerId"' in refused.value.advice


def test_an_example_names_a_header_that_holds_nothing_yet(tmp_path: Path) -> None:
    """The advice can be followed as it is: mapping a column that is in use would lose another field."""
    labels = [name for name in REQUIRED if name != "ResourceId"]
    for more, example in ((["Where"], "Where"), ([], "Header")):
        with pytest.raises(ColumnsError) as refused:
            match_columns(sheet(tmp_path, *labels, *more), MS, REQUIRED)
        assert f'--map "{example}=ResourceId"' in refused.value.advice


def test_an_example_names_no_header_that_another_hint_is_about(tmp_path: Path) -> None:
    """Nor one that is to be left alone."""
    with pytest.raises(ColumnsError) as refused:
        match_columns(sheet(tmp_path, "CowrkerId", "Rest", "Where"), MS, REQUIRED, {"Rest": UNUSED})
    assert '--map "CowrkerId=CoworkerId"' in refused.value.advice
    assert '--map "Where=ResourceId"' in refused.value.advice


@pytest.mark.parametrize("choice", ["ResourceId", "SubscriptionId"])
def test_a_choice_for_a_header_that_is_not_there_is_refused(tmp_path: Path, choice: str) -> None:
    """By its own name, and with the one that is near: a typing mistake would lose a field."""
    read = sheet(tmp_path, "Wheere", *REQUIRED)
    refuse_absent(read, {"Wheere": choice, "Not there either": UNUSED})
    with pytest.raises(ColumnsError) as refused:
        refuse_absent(read, {"Wheere": choice, "Where": choice})
    assert refused.value.message.startswith('The file has no header "Where", which was chosen for a field.')
    assert 'Did you mean "Wheere"?' in refused.value.advice


@pytest.mark.parametrize(
    ("separator", "flag"),
    [(";", '";"'), ("\t", "tab"), ("|", '"|"'), (",", '","')],
    ids=["semi", "tab", "bar", "comma"],
)
def test_headers_that_were_read_as_one_point_to_the_separator(tmp_path: Path, separator: str, flag: str) -> None:
    """Not to a --map with all of them in it."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{separator.join(REQUIRED)}\n{separator.join('1' for _ in REQUIRED)}\n", encoding="utf-8")
    with pytest.raises(ColumnsError) as refused:
        match_columns(open_sheet(path, ReadOptions(separator="^")), MS, REQUIRED)
    assert refused.value.advice.endswith(f"add --delimiter {flag}.")
    assert "--map" not in refused.value.advice


@pytest.mark.parametrize("separator", [" ", "   "])
def test_headers_with_only_spaces_between_them_are_to_be_saved_in_another_way(tmp_path: Path, separator: str) -> None:
    """As a delimiter, a space would cut the names of rooms."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{separator.join(REQUIRED)}\n1 2 Room A\n", encoding="utf-8")
    with pytest.raises(ColumnsError) as refused:
        match_columns(open_sheet(path), MS, REQUIRED)
    assert refused.value.advice.endswith("Save the file with commas, as .csv (UTF-8).")
    assert "--delimiter" not in refused.value.advice


@pytest.mark.parametrize("separator", ["||", "::", "--"])
def test_headers_with_several_signs_between_them_are_to_be_saved_in_another_way(tmp_path: Path, separator: str) -> None:
    """No delimiter is longer than one character, so none is advised."""
    path = tmp_path / "rows.csv"
    path.write_text(f"{separator.join(REQUIRED)}\n{separator.join('1' for _ in REQUIRED)}\n", encoding="utf-8")
    with pytest.raises(ColumnsError) as refused:
        match_columns(open_sheet(path, ReadOptions(separator="^")), MS, REQUIRED)
    assert f'"{separator}"' in refused.value.advice
    assert refused.value.advice.endswith("Save the file with commas, as .csv (UTF-8).")
    assert "--delimiter" not in refused.value.advice


def test_near_headers_are_for_a_person_to_confirm(tmp_path: Path) -> None:
    """Each field without a column and the nearest unused header; none for what is far away or taken."""
    read = sheet(tmp_path, "ResourceId", "Calender Id", "Colour", "CowrkerId")
    near = near_labels(read, MS, match_columns(read, MS, ()))
    assert (near["CalendarId"], near["CoworkerId"]) == (1, 3)
    assert not {0, 2} & set(near.values())


@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=lambda kind: kind.name)
def test_a_record_type_is_recognised_by_its_own_fields(tmp_path: Path, kind: object) -> None:
    """By all of them and by the required ones, whichever type is asked first."""
    kinds = tuple(RECORD_TYPES.values())
    chosen = next(each for each in kinds if each is kind)
    for order in (kinds, kinds[::-1]):
        assert recognise(sheet(tmp_path, *chosen.fields), order) is chosen


def test_a_file_of_no_type_is_of_the_first(tmp_path: Path) -> None:
    """Whose missing columns are then told."""
    assert recognise(sheet(tmp_path, "a", "b"), (GOOGLE, MS)) is GOOGLE


def test_what_was_chosen_counts_when_the_type_is_recognised(tmp_path: Path) -> None:
    """A header that says nothing is the field that it was mapped to."""
    labels = ["x" if name == "WatchResourceId" else name for name in GOOGLE.fields]
    assert recognise(sheet(tmp_path, *labels), (MS, GOOGLE), {"x": "WatchResourceId"}) is GOOGLE


@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=lambda kind: kind.name)
def test_no_header_means_two_fields(kind: RecordType) -> None:
    """Of one record type, in whatever language."""
    meant: dict[str, set[str]] = {}
    for spellings in (kind.aliases, kind.translations, kind.hints):
        for field, labels in spellings.items():
            for label in labels:
                meant.setdefault(plain(label), set()).add(field)
    assert {label: fields for label, fields in meant.items() if len(fields) > 1} == {}


@pytest.mark.parametrize("label", ["Desk ID", "User ID", "Space ID", "Tenant ID", "Location", "Id"])
def test_what_means_something_else_in_nexudus_is_not_taken(tmp_path: Path, label: str) -> None:
    """A desk, a user and a space have Ids of their own; a tenant is Microsoft's word for a company."""
    assert matched(tmp_path, label, "Remark") == {}


WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "ResourceId")


@pytest.mark.parametrize("label", [WIDE, "RESOURCE-ID", "Resource\u00a0Id:", "resource_id *", "Re\u200bsource Id"])
def test_how_a_header_is_typed_makes_no_difference(tmp_path: Path, label: str) -> None:
    """Wide letters, capitals, spaces and punctuation."""
    assert matched(tmp_path, label)["ResourceId"] == (label.strip(), How.EXACT)


def test_a_weaker_header_counts_only_where_no_other_column_is_the_field(tmp_path: Path) -> None:
    """A list of members has an e-mail address beside the Id."""
    assert matched(tmp_path, "E-mail", "Member ID")["CoworkerId"] == ("Member ID", How.ALIAS)
    assert matched(tmp_path, "E-mail", "Room")["CoworkerId"] == ("E-mail", How.ALIAS)
    with pytest.raises(ColumnsError, match=r'A \("E-mail"\) and B \("Full name"\)'):
        matched(tmp_path, "E-mail", "Full name")


CALENDAR_IDS = ("AAMkAGI2TGuLAAA=", "AQMkADAwATM0-_0CAA==")


def with_values(folder: Path, label: str, *values: str) -> Sheet:
    """The sheet of required fields but for the coworker, beside one more column."""
    path = folder / "values.csv"
    head = f"ResourceId,Name,SubscriptionExpireDate,{label}"
    path.write_text("\n".join([head, *(f"1,Room,2027-04-30,{value}" for value in values)]) + "\n", encoding="utf-8")
    return open_sheet(path)


def test_values_tell_which_column_may_hold_a_missing_field(tmp_path: Path) -> None:
    """Never taken, but named with the words that confirm it."""
    read = with_values(tmp_path, "Contact", "ada@example.com", "", "bruno@example.org")
    assert near_labels(read, MS, match_columns(read, MS, ())) == {"CoworkerId": 3}
    with pytest.raises(ColumnsError) as error:
        match_columns(read, MS, REQUIRED)
    assert '--map "Contact=CoworkerId"' in error.value.advice


@pytest.mark.parametrize("values", [("ada@example.com", "n/a"), ("",), ("5001", "5002")])
def test_a_column_of_other_values_is_not_suspected(tmp_path: Path, values: Sequence[str]) -> None:
    """Every filled cell must look like one."""
    read = with_values(tmp_path, "Contact", *values)
    assert near_labels(read, MS, match_columns(read, MS, ())) == {}


def test_a_header_that_its_values_contradict_is_asked(tmp_path: Path) -> None:
    """A column "Calendar" may hold the name of a calendar or Microsoft's Id of it; the field's own name is believed."""
    path = tmp_path / "calendar.csv"
    path.write_text("\n".join(["Room,Calendar", *(f"1,{value}" for value in CALENDAR_IDS)]), encoding="utf-8")
    with pytest.raises(ColumnsError) as error:
        match_columns(open_sheet(path), MS, ())
    assert '--map "Calendar=CalendarId" or --map "Calendar=Name"' in error.value.advice
    for field in ("Name", "CalendarId"):
        mapping = match_columns(open_sheet(path), MS, (), {"Calendar": field})
        assert mapping.column(field) is not None
    path.write_text(path.read_text(encoding="utf-8").replace("Calendar", "Name"), encoding="utf-8")
    assert match_columns(open_sheet(path), MS, ()).column("Name") is not None


def guessed(folder: Path, header: str, *rows: str) -> dict[str, int]:
    """The columns that are suggested for the required fields and those whose header is close."""
    path = folder / "guess.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    read = open_sheet(path)
    return near_labels(read, MS, match_columns(read, MS, ()), REQUIRED)


def test_what_stands_in_a_column_says_more_than_its_header(tmp_path: Path) -> None:
    """A column of dates is suggested for the date, and for no Id that its header is a little like."""
    header = "ResourceId,CoworkerId,Name,valid,cc"
    near = guessed(tmp_path, header, "1001,2001,Room 1,2026-12-01,x", "1002,2002,Room 2,1 Dec 2026 10:00,y")
    assert near == {"SubscriptionExpireDate": 3}
    near = guessed(tmp_path, "ResourceId,CoworkerId,Name,SubscriptionExpireDate,valid", "1,2,R,2027-04-30,AAMk0=")
    assert near["CalendarId"] == 4


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("from,to", "2026-12-01,2026-12-02"),
        ("CreatedOn", "2026-12-01"),
        ("Subscription Expires Dat", "soon"),
        ("since", "20261201"),
    ],
)
def test_dates_are_suggested_only_where_nothing_else_can_be_meant(tmp_path: Path, header: str, row: str) -> None:
    """Not one of two columns, no column of the service's own, and no column without a date."""
    near = guessed(tmp_path, f"ResourceId,CoworkerId,Name,{header}", f"1001,2001,Room,{row}")
    assert "SubscriptionExpireDate" not in near


def test_a_column_is_suggested_for_one_field_only(tmp_path: Path) -> None:
    """The one that its values look like goes before the one that its header is like."""
    near = guessed(tmp_path, "ResourceId,Name,SubscriptionExpireDate,CalenderId", "1,Room,2027-04-30,ada@example.com")
    assert near == {"CoworkerId": 3}
