"""Record types as the practice service needs them, read from the schemas as data."""

from another_type import PRODUCT_PRICE, registered

from importer.sandbox.kinds import Parent, kinds
from schemas import RECORD_TYPES


def test_every_record_type_is_served_at_all_its_paths() -> None:
    """A type that can be imported can be practised, however its path is spelled."""
    office = kinds()["CoworkerMsOfficeCalendar"]
    assert office.paths == ("spaces/coworkermsoffecalendars", "spaces/coworkermsofficecalendars")
    assert kinds().keys() == RECORD_TYPES.keys()


def test_the_two_contracts_require_different_fields() -> None:
    """The newer page of the vendor's reference asks for what the older one leaves open, and the other way round."""
    required = kinds()["CoworkerMsOfficeCalendar"].required
    assert required["new"] - required["old"] == {"SubscriptionId", "CalendarId"}
    assert required["old"] - required["new"] == {"CoworkerId"}


def test_dates_are_judged_last() -> None:
    """The vendor's refusals name a date only when every other field is right."""
    for kind in kinds().values():
        assert list(kind.types.values())[-len(kind.dates) :] == ["date"] * len(kind.dates)


def test_a_new_type_brings_its_choices_and_parents() -> None:
    """Nothing about a type is written down in the practice service itself."""
    with registered(PRODUCT_PRICE):
        product = kinds()["ProductPrice"]
    assert product.choices == {"Per": (1, 2), "Currency": ("EUR", "GBP")}
    assert product.parents == {"ResourceId": Parent("Resource", "Resource")}
    assert (product.title, product.dates) == ("Name", ("From",))


def test_the_field_that_decides_the_location_is_the_schema_s() -> None:
    """A list of another location leaves out the records of any type, whatever that field is called."""
    with registered(PRODUCT_PRICE):
        assert {name: kind.location for name, kind in kinds().items()} == {
            name: record_type.location for name, record_type in RECORD_TYPES.items()
        }
