"""References by Id, e-mail and name."""

import unicodedata
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.checking.references import (
    Directory,
    Entry,
    chosen_for,
    chosen_others,
    is_name,
    nobody_listed,
    one_of,
    other_name,
    parse_references,
    plain_name,
)

ENTRIES = [
    Entry(11, ("Boardroom",), "Harbour House"),
    Entry(12, ("Boardroom",), "Station Yard"),
    Entry(13, ("ada@example.com", "Ada Abbott")),
    Entry(14, ("gone@example.com", "Gone Away"), deleted=True),
    Entry(15, ("left@example.com", "Twin")),
    Entry(17, ("José García",)),
    Entry(16, ("stays@example.com", "Twin"), deleted=True),
    # Not listed either.
    Entry(98, (), deleted=True),
]
CASES = [
    ("13", 13, ""),
    ("13.0", 13, ""),
    ("99", 99, "id-not-listed"),
    ("14", None, "id-not-found"),
    ("14.0", None, "id-not-found"),
    ("98", None, "id-not-found"),
    ("ada@example.com", 13, ""),
    (" ADA@Example.com ", 13, ""),
    ("ada  abbott", 13, ""),
    ("Station Yard / Boardroom", 12, ""),
    ("station yard/boardroom", 12, ""),
    ("Boardroom", None, "name-ambiguous"),
    ("Broadroom", None, "name-not-found"),
    ("gone@example.com", None, "name-deleted"),
    ("José García", 17, ""),
    ("Jose\u0301 Garci\u0301a", 17, ""),
    ("jose garcia", None, "name-near"),
    ("Jøse Garcia", None, "name-near"),
    ("Jose Marcias", None, "name-not-found"),
    ("Gone Gunther", None, "name-not-found"),
    ("Twin", 15, ""),
    ("12,345", None, "not-a-whole-number"),
    ("1.2E+05", None, "not-a-whole-number"),
    ("50%", None, "not-a-whole-number"),
    ("", None, ""),
]


def parsed(cell: str, directory: Directory | None) -> tuple[int | None, str]:
    """The Id that a cell means, and the issue code."""
    found = parse_references(pd.Series([cell], dtype=object, index=[7]), directory)
    codes = [code for code, rows in {**found.refused, **found.doubtful}.items() if len(rows)]
    value = found.values.iloc[0]
    return (None if pd.isna(value) else int(value)), "".join(codes)


@pytest.mark.parametrize(("cell", "number", "code"), CASES)
def test_what_a_cell_means(cell: str, number: int | None, code: str) -> None:
    """A cell is an Id, or a name of exactly one living record; else an issue says why not."""
    assert parsed(cell, Directory("thing", ENTRIES)) == (number, code)


def test_a_name_without_its_accents_is_offered_and_never_taken() -> None:
    """With all that it may be; two people may differ in an accent only."""
    directory = Directory("coworker", [*ENTRIES, Entry(19, ("Jose Garcìa",))])
    assert one_of(directory.near("JOSE  GARCIA")) == "17 (José García) or 19 (Jose Garcìa)"
    strom = Entry(20, ("Łukasz Strøm",))
    assert Directory("coworker", [strom]).near("Lukasz Strom") == (strom,)
    assert Directory("coworker", [replace(strom, deleted=True)]).near("Lukasz Strom") == ()


def test_without_a_directory_names_wait() -> None:
    """Offline an Id is taken as it is and a name is said to need a look-up."""
    assert parsed("99", None) == (99, "")
    assert parsed("ada@example.com", None) == (None, "name-not-looked-up")


def test_a_pick_is_remembered() -> None:
    """A choice between namesakes holds; the namesakes are told with their Ids and places."""
    assert parsed("BOARDROOM", Directory("resource", ENTRIES, {"boardroom": 12})) == (12, "")
    told = Directory("resource", ENTRIES).candidates("boardroom")
    assert one_of(told) == "11 (Boardroom, Harbour House) or 12 (Boardroom, Station Yard)"


KEY = other_name("Ada Gone", "Ada Abbott")
CHOSEN = [
    ("as it was chosen", (Entry(21, ("ada@example.com", "Ada Abbott")),), (21, "")),
    ("called something else since", (Entry(21, ("Bo Abbott",)),), (None, "name-not-found")),
    ("deleted since", (Entry(21, ("Ada Abbott",), deleted=True),), (None, "name-not-found")),
    ("another record of its name", (Entry(22, ("Ada Abbott",)),), (None, "name-not-found")),
    ("a record of the name itself", (Entry(21, ("Ada Abbott",)), Entry(23, ("Ada Gone",))), (23, "")),
    (
        "a deleted one of the name itself",
        (Entry(21, ("Ada Abbott",)), Entry(23, ("Ada Gone",), deleted=True)),
        (21, ""),
    ),
]


@pytest.mark.parametrize(("entries", "meaning"), [case[1:] for case in CHOSEN], ids=[case[0] for case in CHOSEN])
def test_a_record_chosen_for_a_name_that_nobody_has_holds_while_it_is_called_so(
    entries: tuple[Entry, ...], meaning: tuple[int | None, str]
) -> None:
    """However the name is spelt; a record that has the name itself goes before it."""
    directory = Directory("coworker", entries, {KEY: 21})
    assert parsed(" ADA  gone", directory) == meaning
    assert (directory.chosen("Ada Gone") is not None) == (meaning == (21, ""))


def test_only_choices_between_records_are_choices() -> None:
    """A name that means one record by itself was not chosen, whatever was chosen for it once."""
    directory = Directory("resource", ENTRIES, {"boardroom": 12, "ada@example.com": 7})
    chosen = directory.chosen("Boardroom")
    assert chosen is not None
    assert chosen.id == 12
    assert directory.chosen("ada@example.com") is None
    assert chosen_for("BOARDROOM", {"boardroom": 12, KEY: 21, "studio": 4}) == {"boardroom": 12}
    assert chosen_for("ada gone", {"boardroom": 12, KEY: 21}) == {KEY: 21}
    assert chosen_others(["Ada Gone", "Studio"], {KEY: 21, "studio": 4}) == {21}


def test_a_search_holds_all_words_in_any_order() -> None:
    """Without accents and capitals; deleted records are not offered, and an empty search offers none."""
    directory = Directory("coworker", [*ENTRIES, Entry(24, ("Zoë Old",), deleted=True)])
    assert [one.id for one in directory.matching("garcia JOSE", 5)] == [17]
    assert directory.matching("zoe", 5) == directory.matching("  ", 5) == ()
    assert len(directory.matching("a", 2)) == 2


def test_an_incomplete_list_says_nothing_of_ids() -> None:
    """Where only single names were asked for, a number that did not come back may still exist."""
    assert parsed("99", Directory("thing", ENTRIES, complete=False)) == (99, "")


def test_strangers_are_told_once() -> None:
    """When none of several Ids is listed, it is a matter of the account and not of each cell."""
    directory = Directory("thing", ENTRIES)
    assert nobody_listed(["1", "2", "3", "x"], directory)
    assert not nobody_listed(["1", "2", "13"], directory)
    assert not nobody_listed(["1", "2"], directory)


@pytest.mark.parametrize(
    ("text", "name"), [("Ada", True), ("a@b.c", True), ("12 000", False), ("1e5", False), ("-", False)]
)
def test_what_is_a_name(text: str, name: bool) -> None:
    """Numbers written in another way are not looked up as names."""
    assert is_name(text) is name


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (unicodedata.normalize("NFD", "Zoë Müller"), "Zoë Müller"),
        ("ZOË  MÜLLER", unicodedata.normalize("NFD", "zoë müller")),
        ("O\u2019Neill", "O'Neill"),
        ("O\u02bcNeill", "o\u2018neill"),
        ("Ada\u200b Abbott\ufeff", "Ada Abbott"),
        ("Ada\u00a0Abbott", "Ada Abbott"),
        ("STRAẞE", "straße"),
        ("Ada Abbott <ada@example.com>", "ada@example.com"),
        ('"Abbott, Ada" <Ada@Example.com>', "ada@example.com"),
        ("<ada@example.com>", "ada@example.com"),
        ("mailto:ada@example.com", "ada@example.com"),
        ("Harbour House/Boardroom", "harbour house / boardroom"),
    ],
)
def test_spellings_of_one_name_are_one(cell: str, name: str) -> None:
    """Accents as Macs write them, capitals, apostrophes, spaces, what nobody sees, and what mail programs copy."""
    assert plain_name(cell) == plain_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoe", "Zoë"),
        ("Ada <3", "Ada"),
        ("a@b.c, d@e.f", "a@b.c"),
        ("Room <1>", "Room"),
        ("A-1", "A1"),
        ("Groß", "Gross"),
    ],
)
def test_other_names_stay_others(one: str, other: str) -> None:
    """An accent, a sign or a second address may be what tells two names apart."""
    assert plain_name(one) != plain_name(other)


@pytest.mark.parametrize(
    ("cell", "meant", "near"),
    [
        ("Anna Groß", [1], [1, 2]),
        ("anna gross", [2], [1, 2]),
        ("ANNA GROSS", [1, 2], [1, 2]),
        ("Anna GROSS", [1, 2], [1, 2]),
        ("ANNA GROẞ", [1], [1, 2]),
        ("Uwe Weiss", [], [3]),
        ("UWE WEISS", [3], [3]),
        ("Rolf Voß", [4], [4]),
        ("Rolf Voss", [4], [4]),
        ("Große Straßenbahnmasse, Gießen", [5], [5]),
        ("GROSSE STRASSENBAHNMASSE, GIESSEN", [5], [5]),
        ("Grosse Strassenbahnmasse, Giessen", [], [5]),
    ],
)
def test_sharp_s_is_ss_in_capitals_only(cell: str, meant: list[int], near: list[int]) -> None:
    """In small letters they tell names apart: the other one is offered, and never taken."""
    names = ("Anna Groß", "Anna Gross", "Uwe Weiß", "ROLF VOSS", "Große Straßenbahnmasse, Gießen")
    directory = Directory("coworker", [Entry(number, (name,)) for number, name in enumerate(names, start=1)])
    assert [entry.id for entry in directory.named(cell)] == meant
    assert [entry.id for entry in directory.near(cell)] == near


def test_a_name_in_capitals_means_nothing_for_the_name_in_small_letters() -> None:
    """A plan that saw Anna Groß for ANNA GROSS has not seen her for Anna Gross."""
    directory = Directory("coworker", [Entry(1, ("Anna Groß",))])
    agreed = directory.meant(["ANNA GROSS", "Anna Gross"])
    later = Directory("coworker", [Entry(1, ("Anna Groß",))], agreed=agreed)
    assert [entry.id for entry in later.named("ANNA GROSS")] == [1]
    assert later.named("Anna Gross") == []


ADA, BRUNO = Entry(31, ("ada.abbott@example.com", "Ada Abbott"), "North"), Entry(32, ("Bruno Ruiz",))


@pytest.mark.parametrize(
    ("cell", "near"),
    [
        ("Ada Abott", (ADA,)),
        ("Ada Abbbott", (ADA,)),
        ("Ada Abbitt", (ADA,)),
        ("Ada Abbotᵗ", (ADA,)),
        ("Aad Abbott", (ADA,)),
        ("Abbott, Ada", (ADA,)),
        ("abbott ada", (ADA,)),
        ("ada.abott@example.com", (ADA,)),
        ("Bruno Riuz", (BRUNO,)),
        ("Bruno Ruis", (BRUNO,)),
        ("Ada Abot", ()),
        ("Bruno", ()),
        ("Brnuo Riuz", ()),
        ("Ada Bruno", ()),
    ],
)
def test_a_mistyped_name_is_offered_the_near_one(cell: str, near: tuple[Entry, ...]) -> None:
    """One letter too many, too few or another, two that changed places, or words in another order; never more."""
    assert Directory("coworker", [ADA, BRUNO]).near(cell) == near


@given(st.text("abcde ", min_size=5, max_size=9), st.text("abcde ", min_size=5, max_size=9))
def test_one_letter_off_is_what_a_slower_rule_says(one: str, other: str) -> None:
    """Every insertion, deletion, replacement and swap tried one by one."""
    one, other = plain_name(one), plain_name(other)
    assume(len(one) >= 5 and len(other) >= 5 and one != other and sorted(one.split()) != sorted(other.split()))
    cuts = range(len(one) + 1)
    edits = {one[:i] + one[i + 1 :] for i in cuts} | {
        one[:i] + one[i + 1 : i + 2] + one[i : i + 1] + one[i + 2 :] for i in cuts
    }
    edits |= {one[:i] + letter + one[i + j :] for i in cuts for j in (0, 1) for letter in "abcde "}
    assert bool(Directory("thing", [Entry(1, (other,))]).near(one)) == (other in edits)


@given(st.text())
def test_a_plain_name_is_as_plain_as_can_be(text: str) -> None:
    """So that one that was saved is found again."""
    assert plain_name(plain_name(text)) == plain_name(text)


def test_names_of_a_plan_mean_what_they_meant_there() -> None:
    """Its record if that is still there, whatever it is called by now; a name that meant none there means none."""
    directory = Directory("room", ENTRIES, agreed={"ada@example.com": 17, "twin": 14, "gone": 4711})
    assert directory.meant(["Ada@Example.com", "José García", "Gone"]) == {"ada@example.com": 17}
    assert [entry.id for entry in directory.named("twin")] == [14]
    assert directory.named("gone") == []
    assert [entry.id for entry in directory.named("Boardroom")] == [11, 12]


def test_what_names_mean_is_said_for_those_that_mean_one_record() -> None:
    """By the plain name; Ids stand for themselves."""
    assert Directory("room", ENTRIES).meant(["Twin", "TWIN", "Boardroom", "13", "Nobody", "Gone Away"]) == {"twin": 15}
