"""Lists and choices remembered: each for its account and its path, whatever lies beside them."""

from collections.abc import Iterator

import pytest

from importer.journal.directories import Directories
from journal.conftest import Open

PLACES = [
    (account, path) for account in ("one", "two") for path in ("spaces/resources", "spaces/coworkers", "billing/items")
]


@pytest.fixture
def directories(open_one: Open) -> Iterator[Directories]:
    """Those of a journal, with a list for each account and path, read at 100."""
    with open_one() as journal:
        for account, path in PLACES:
            journal.directories.save(account, path, f"{account} {path}", 100.0)
        yield journal.directories


@pytest.mark.parametrize(("account", "path"), PLACES)
def test_each_list_is_read_back_beside_the_others(directories: Directories, account: str, path: str) -> None:
    """Another account's resources, or this account's coworkers, would turn names into wrong Ids."""
    assert directories.get(account, path, 0.0) == f"{account} {path}"


def test_a_newer_list_replaces_that_of_its_path_only(directories: Directories) -> None:
    """All others are still there as they were."""
    directories.save("one", "spaces/resources", "new", 200.0)
    read = {place: directories.get(*place, 0.0) for place in PLACES}
    assert read == {(a, p): f"{a} {p}" for a, p in PLACES} | {("one", "spaces/resources"): "new"}


def test_what_is_added_to_a_list_makes_it_no_younger(directories: Directories) -> None:
    """And is not added to one that was read since, nor to any other."""
    directories.amend("one", "spaces/resources", "one spaces/resources", "more")
    directories.amend("two", "spaces/resources", "of before", "wrong")
    read = {place: directories.get(*place, 100.0) for place in PLACES}
    assert read == {(a, p): f"{a} {p}" for a, p in PLACES} | {("one", "spaces/resources"): "more"}
    assert directories.get("one", "spaces/resources", 100.1) is None


@pytest.mark.parametrize(("not_before", "there"), [(99.0, True), (100.0, True), (100.1, False)])
def test_a_list_that_is_too_old_is_none(directories: Directories, not_before: float, there: bool) -> None:
    """Whoever asks says how old it may be."""
    assert (directories.get("one", "spaces/resources", not_before) is not None) is there


def test_what_was_never_read_is_none(directories: Directories) -> None:
    """Neither an account nor a path nobody has asked about."""
    assert directories.get("three", "spaces/resources", 0.0) is None
    assert directories.get("one", "spaces/teams", 0.0) is None


def test_a_choice_holds_for_its_name_path_and_account(directories: Directories) -> None:
    """And a later choice for the same name takes its place alone."""
    for number, (account, path) in enumerate(PLACES):
        directories.choose(account, path, "Jo Reyes", 10 + number)
        directories.choose(account, path, "Studio", 20 + number)
    directories.choose("one", "spaces/resources", "Studio", 99)
    read = [directories.chosen_ids(*place) for place in PLACES]
    assert read[0] == {"Jo Reyes": 10, "Studio": 99}
    assert read[1:] == [{"Jo Reyes": 10 + n, "Studio": 20 + n} for n in range(1, len(PLACES))]


def test_a_choice_is_forgotten_for_its_name_path_and_account_only(directories: Directories) -> None:
    """Once more, nothing happens."""
    for account, path, name in (("a", "spaces/rooms", "x"), ("a", "spaces/rooms", "y"), ("b", "spaces/rooms", "x")):
        directories.choose(account, path, name, 7)
    for _ in range(2):
        directories.forget("a", "spaces/rooms", "x")
        assert directories.chosen_ids("a", "spaces/rooms") == {"y": 7}
        assert directories.chosen_ids("b", "spaces/rooms") == {"x": 7}


def test_what_was_saved_before_paths_had_modules_is_read(directories: Directories) -> None:
    """Every list was one of ``spaces`` then, and named without it."""
    directories.save("one", "resources", "from before", 300.0)
    directories.choose("one", "resources", "Studio", 7)
    assert directories.get("one", "spaces/resources", 0.0) == "from before"
    assert directories.chosen_ids("one", "spaces/resources") == {"Studio": 7}


def test_everything_that_is_remembered_can_be_listed(open_one: Open) -> None:
    """With the paths as they are asked for, also where an earlier importer left out the module."""
    with open_one() as journal:
        directories = journal.directories
        directories.save("a", "spaces/coworkers", "people", 1.0)
        directories.choose("a", "spaces/coworkers", "ada", 7)
        directories.choose("b", "billing/plans", "gold", 8)
        assert directories.lists() == [("a", "spaces/coworkers", "people")]
        assert directories.choices() == [("a", "spaces/coworkers", "ada", 7), ("b", "billing/plans", "gold", 8)]
