"""The coworkers, resources and locations of a practice service."""

from importer.sandbox.people import COWORKERS, DELETED_EMAIL, LOCATIONS, SHARED_EMAIL, SHARED_RESOURCE, space


def test_a_seed_gives_the_same_people_each_time() -> None:
    """A sample written for one practice service fits the next one."""
    assert space(1) == space(1)


def test_another_seed_changes_the_ids_and_nothing_else() -> None:
    """Names are the same everywhere, so that a spreadsheet with names fits every practice service."""
    one, other = space(1), space(2)
    assert not one.coworkers.keys() & other.coworkers.keys()
    assert sorted(str(p["Email"]) for p in one.coworkers.values()) == sorted(
        str(p["Email"]) for p in other.coworkers.values()
    )


def test_the_traps_of_the_real_service_are_there() -> None:
    """Namesakes, a shared e-mail, and somebody who was deleted but is still listed."""
    known = space(1)
    emails = [person["Email"] for person in known.coworkers.values()]
    assert len(emails) == COWORKERS
    assert emails.count(SHARED_EMAIL) == 2
    rooms = [(room["Name"], room["BusinessName"]) for room in known.resources.values()]
    assert sorted(str(place) for name, place in rooms if name == SHARED_RESOURCE) == sorted(LOCATIONS)
    [deleted] = known.deleted_coworkers
    assert known.coworkers[deleted]["Email"] == DELETED_EMAIL


def test_no_id_is_used_twice() -> None:
    """An Id of a coworker can never be taken for one of a resource."""
    known = space(7)
    ids = [*known.businesses, *known.coworkers, *known.resources]
    assert len(set(ids)) == len(ids)


def test_most_rooms_have_names_of_their_own() -> None:
    """Whoever practises with names should meet a question now and then, not at every row."""
    names = [room["Name"] for room in space(1).resources.values()]
    assert sum(names.count(name) == 1 for name in set(names)) > len(set(names)) * 0.6
