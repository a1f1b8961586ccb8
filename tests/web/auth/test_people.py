"""Who somebody is, and the list of roles that an administrator keeps."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from postgres import Server

from importer.config.settings import JournalPlace
from importer.config.shelf import FileShelf, Shelf
from importer.errors import UsageError
from importer.journal.shelves import shelf_of
from importer.web.auth import People, Person, Role
from importer.web.auth.people import owner_name, person_key


@pytest.fixture(params=["in a file", "on a server"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """Where the list is; it must be the same to whoever uses it."""
    if request.param == "in a file":
        return FileShelf(tmp_path)
    server: Server = request.getfixturevalue("postgres")
    return shelf_of(JournalPlace(server.new_database(), tmp_path))


@pytest.fixture
def people(shelf: Shelf) -> People:
    """A list that nobody is in."""
    return People(shelf)


def test_nobody_is_there_at_first(people: People) -> None:
    """A fresh installation has no account to guess, and the empty name is nobody's."""
    assert people.roles == {}
    assert [people.grant(name) for name in ("admin", "root", "")] == [None, None, None]


def test_a_role_holds_from_the_moment_it_is_given(people: People, shelf: Shelf) -> None:
    """Another process that has the list open sees it at once."""
    other = People(shelf)
    people.add("maria@example.com", Role.RUNNER)
    grant = other.grant("maria@example.com")
    assert grant is not None
    assert grant.role is Role.RUNNER
    people.remove("maria@example.com")
    assert other.grant("maria@example.com") is None


def test_each_grant_is_another_one(people: People) -> None:
    """Whoever is removed and added again, or changed, has not the grant of before, even with the same role."""
    numbers = set()
    for role in (Role.RUNNER, Role.ADMIN, Role.RUNNER):
        people.add("maria@example.com", role)
        grant = people.grant("maria@example.com")
        assert grant is not None
        numbers.add(grant.number)
    people.remove("maria@example.com")
    people.add("maria@example.com", Role.RUNNER)
    again = people.grant("maria@example.com")
    assert again is not None
    assert len(numbers | {again.number}) == 4


def test_an_e_mail_is_one_whichever_its_case(people: People) -> None:
    """But only in the letters of ASCII: others may turn into those of somebody else."""
    people.add(" Kim@Example.com ", Role.ADMIN)
    assert people.grant("kim@example.COM") is not None
    assert people.grant("\N{KELVIN SIGN}im@example.com") is None
    people.add("KIM@example.com", Role.VIEWER)
    assert people.roles == {"kim@example.com": Role.VIEWER}
    people.remove("KIM@EXAMPLE.COM")
    assert people.roles == {}


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 300, "maria #00"])
def test_what_is_no_name_is_not_added(people: People, name: str) -> None:
    """Nothing is written."""
    with pytest.raises(UsageError):
        people.add(name, Role.RUNNER)
    assert people.roles == {}


def test_whoever_is_not_in_the_list_cannot_be_removed(people: People) -> None:
    """A mistyped name would otherwise leave somebody in it unnoticed."""
    people.add("maria@example.com", Role.ADMIN)
    with pytest.raises(UsageError, match=r"nobody called \"mara@example.com\""):
        people.remove("mara@example.com")
    assert people.roles == {"maria@example.com": Role.ADMIN}


def test_changes_at_the_same_time_are_all_made(people: People) -> None:
    """Nobody who was removed comes back because somebody else was added meanwhile."""
    names = [f"person-{number}@example.com" for number in range(20)]
    for name in names[:10]:
        people.add(name, Role.RUNNER)
    with ThreadPoolExecutor(8) as pool:
        removed = [pool.submit(people.remove, name) for name in names[:10]]
        added = [pool.submit(people.add, name, Role.ADMIN) for name in names[10:]]
        for done in (*removed, *added):
            done.result()
    assert people.roles == dict.fromkeys(sorted(names[10:]), Role.ADMIN)


def test_the_list_is_for_its_owner_only(tmp_path: Path) -> None:
    """It says who works here."""
    people = People(FileShelf(tmp_path))
    people.add("maria@example.com", Role.RUNNER)
    assert (tmp_path / "people.json").stat().st_mode & 0o777 == 0o600


def test_passwords_of_an_earlier_version_are_dropped(shelf: Shelf, tmp_path: Path) -> None:
    """The roles stay. So they are where the list has moved into a database, which never gets the hashes."""
    people = People(shelf)
    entry = {"role": "ADMIN", "password": "$argon2id$canary", "failures": 2, "wait_until": 5.0}
    (tmp_path / "people.json").write_text(json.dumps({"format": 1, "people": {"ines": entry}}))
    assert people.roles == {"ines": Role.ADMIN}
    people.drop_passwords()
    text = (tmp_path / "people.json").read_text("utf-8")
    stored = shelf.read("people.json")
    assert stored is not None
    assert "canary" not in text + stored.text
    assert people.roles == {"ines": Role.ADMIN}


MARIA = Person("maria@example.com", Role.RUNNER, person_key("https://login.example", "1"))


def test_what_belongs_to_a_person_is_known_by_the_person_not_by_the_name() -> None:
    """A new name changes nothing, and whoever gets the name later gets nothing with it."""
    renamed = Person("maria.lopez@example.com", Role.RUNNER, MARIA.key)
    next_maria = Person(MARIA.name, Role.RUNNER, person_key("https://login.example", "2"))
    elsewhere = Person(MARIA.name, Role.RUNNER, person_key("https://other.example", "1"))
    assert MARIA.may_open(MARIA.owner)
    assert renamed.may_open(MARIA.owner)
    assert not next_maria.may_open(MARIA.owner)
    assert not elsewhere.may_open(MARIA.owner)
    assert Person("ada", Role.ADMIN, "x").may_open(MARIA.owner)


def test_names_open_nothing() -> None:
    """Not what was uploaded without names, nor what belongs to a name that looks like a person."""
    for owner in ("", "maria@example.com", MARIA.key, f"#{MARIA.key}"):
        assert not MARIA.may_open(owner)
    assert not Person("", Role.RUNNER).may_open("")


def test_two_pairs_never_make_one_person() -> None:
    """Whatever stands in the two texts."""
    pairs = [("ab", "c"), ("a", "bc"), ("1:a", "b"), ("a", "1:b"), ("", "abc"), ("abc", "")]
    assert len({person_key(*pair) for pair in pairs}) == len(pairs)


def test_an_owner_is_shown_by_name() -> None:
    """Without what only the importer needs; owners of earlier versions as they are."""
    assert owner_name(MARIA.owner) == "maria@example.com"
    assert [owner_name(owner) for owner in ("ines", "", "a #1")] == ["ines", "", "a #1"]
