"""What a record type says of itself, and what it may not say."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest
from another_type import PRODUCT_PRICE, ProductPrice, registered
from pandera.dtypes import Decimal
from pandera.errors import SchemaError

from schemas import RECORD_TYPES, FieldType, RecordType, Reference, full_path, register
from schemas.coworker_ms_office_calendar import LARGEST_ID

KINDS = [*RECORD_TYPES.values(), PRODUCT_PRICE]
IDS = [pytest.param(kind, name, id=f"{kind.name}-{name}") for kind in RECORD_TYPES.values() for name in kind.references]


class Plain(pa.DataFrameModel):
    """A model with nothing special."""

    Name: pd.StringDtype
    Owner: pd.Int64Dtype


def plain(model: type[pa.DataFrameModel] = Plain, **changes: Any) -> RecordType:
    """A record type of this model."""
    usual: dict[str, Any] = {"paths": ("crm/plain",), "aliases": {}, "key": (next(iter(model.__annotations__)),)}
    return RecordType(name="Plain", title="plain", plural="plains", model=model, **(usual | changes))


class Real(pa.DataFrameModel):
    """A binary fraction, which no cell can be read into exactly."""

    Price: pd.Float64Dtype


class Long(pa.DataFrameModel):
    """A decimal that not every reader of JSON keeps."""

    Price: Decimal = pa.Field(dtype_kwargs={"precision": 16, "scale": 2})


class Twice(pa.DataFrameModel):
    """Two choices that only case tells apart."""

    Per: pd.Int64Dtype = pa.Field(metadata={"choices": {"Hour": 1, "hour": 2}})


class Crossed(pa.DataFrameModel):
    """A choice that is written like the value of another."""

    Per: pd.Int64Dtype = pa.Field(metadata={"choices": {"2": 1, "Day": 2}})


class Matched(pa.DataFrameModel):
    """A check of pandera's own that there is no sentence for."""

    Name: pd.StringDtype = pa.Field(str_matches="[a-z]+")


class Unique(pa.DataFrameModel):
    """Rows are compared by the key of the type, not by pandera."""

    Name: pd.StringDtype = pa.Field(unique=True)


class Nameless(pa.DataFrameModel):
    """A check that is named like its function."""

    Name: pd.StringDtype

    @pa.check("Name")
    @classmethod
    def _is_short(cls, names: "pd.Series[str]") -> "pd.Series[bool]":
        return names.str.len() < 3


class Wide(pa.DataFrameModel):
    """A check of several fields, whose failure belongs to no cell."""

    Name: pd.StringDtype

    @pa.dataframe_check(name="not-a-guid")
    @classmethod
    def _fits(cls, table: pd.DataFrame) -> "pd.Series[bool]":
        return table["Name"].notna()


class Numbered(pa.DataFrameModel):
    """A number that is said to be a GUID."""

    Owner: pd.Int64Dtype = pa.Field(metadata={"guid": True})


class Titled(pa.DataFrameModel):
    """A text, but no name."""

    Owner: pd.Int64Dtype
    Title: pd.StringDtype


class Counted(pa.DataFrameModel):
    """Nothing that a person would call it by."""

    Owner: pd.Int64Dtype


@pytest.mark.parametrize(
    ("declare", "complaint"),
    [
        (lambda: plain(paths=("plain",)), "plain is not a path"),
        (lambda: plain(paths=("api/crm/plain",)), "not a path like"),
        (lambda: plain(aliases={"Nmae": ("Title",)}), "no field Nmae"),
        (lambda: plain(not_identity=("Nmae",)), "no field Nmae"),
        (lambda: plain(required_at={"crm/plain": ("Nmae",)}), "no field Nmae"),
        (lambda: plain(required_at={"crm/other": ("Name",)}), "crm/other is none of its paths"),
        (lambda: plain(optional_at={"plain": ("Name",)}), "plain is none of its paths"),
        (lambda: plain(references={"Boss": Reference("spaces/coworkers", "Boss", ())}), "no field Boss"),
        (lambda: plain(references={"Name": Reference("spaces/coworkers", "Name", ())}), "must be a whole number"),
        (lambda: plain(Real), "Price is Float64"),
        (lambda: plain(Long), "no precision above 15"),
        (lambda: plain(Twice), "written alike"),
        (lambda: plain(Crossed), "written alike"),
        (lambda: plain(Matched), "the check str_matches of Name must be named like an issue code"),
        (lambda: plain(Unique), "the check unique of Name must be named like an issue code"),
        (lambda: plain(Nameless), "the check _is_short of Name must be named like an issue code"),
        (lambda: plain(Wide), "must be of one field"),
        (lambda: plain(Numbered), "Owner holds GUIDs, so it must be text"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused_at_once(declare: Any, complaint: str) -> None:
    """A slip in a schemas file ends with its name when it is imported, not in somebody's records."""
    with pytest.raises(ValueError, match=f"Plain: .*{complaint}"):
        declare()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_tells_rows_apart_unless_it_is_left_out_by_name(kind: RecordType) -> None:
    """A field that is added to a model and to nothing else is part of the identity."""
    assert {*kind.identity, *kind.not_identity} == {*kind.fields}
    assert not {*kind.identity} & {*kind.not_identity}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_says_what_it_means(kind: RecordType) -> None:
    """Templates, pages and advice show a meaning and an example of each."""
    assert all({"meaning", "example"} <= kind.metadata(name).keys() for name in kind.fields)


@pytest.mark.parametrize("kind", RECORD_TYPES.values(), ids=lambda kind: kind.name)
def test_every_reference_says_how_a_person_names_a_record(kind: RecordType) -> None:
    """The page shows it to whoever has left such a cell empty: nobody knows Ids by heart."""
    assert all(reference.example for reference in kind.references.values())


def test_records_are_known_by_their_name_or_else_by_their_first_text() -> None:
    """One that is called so, wherever it stands in the model; a type without any text has no such field."""
    assert {kind.name_field for kind in RECORD_TYPES.values()} == {"Name"}
    assert plain(Titled).name_field == "Title"
    assert plain(Counted).name_field == ""


def test_the_types_of_fields() -> None:
    """Each dtype of a model is one type of field."""
    assert {
        name: PRODUCT_PRICE.type_of(name) for name in ("Name", "ResourceId", "Price", "From", "Taxable", "Per")
    } == {
        "Name": FieldType.TEXT,
        "ResourceId": FieldType.WHOLE_NUMBER,
        "Price": FieldType.DECIMAL,
        "From": FieldType.DATE,
        "Taxable": FieldType.YES_NO,
        "Per": FieldType.CHOICE,
    }
    assert (PRODUCT_PRICE.offers("Taxable"), PRODUCT_PRICE.offers("Name")) == (("yes", "no"), ())
    assert PRODUCT_PRICE.spellings("Per") == {"1": 1, "2": 2, "hour": 1, "whole day": 2}


def test_a_path_without_a_module_is_one_of_spaces() -> None:
    """Settings and journals from before paths had modules go on working."""
    office = next(iter(RECORD_TYPES.values()))
    newer = "spaces/coworkermsofficecalendars"
    assert full_path("coworkermsofficecalendars") == full_path(newer) == newer
    assert office.path("coworkermsofficecalendars") == office.path(newer) == newer
    assert office.required("coworkermsofficecalendars") == office.required(newer) != office.required(office.paths[0])
    assert office.path("nonsense") == office.path(None) == office.path("billing/products") == office.paths[0]


def test_no_two_record_types_share_a_name_or_a_path() -> None:
    """The second one is refused, and the first stays; leaving the block takes a registered type away again."""
    with registered(PRODUCT_PRICE):
        for double in (PRODUCT_PRICE, replace(PRODUCT_PRICE, name="Other"), replace(PRODUCT_PRICE, paths=("a/b",))):
            with pytest.raises(ValueError, match="belongs to another"):
                register(double)
        assert RECORD_TYPES["ProductPrice"] is PRODUCT_PRICE
    assert "ProductPrice" not in RECORD_TYPES
    assert PRODUCT_PRICE.model is ProductPrice


def takes(kind: RecordType, name: str, value: int) -> bool:
    """Whether a field of a type has nothing against a value."""
    schema = kind.model.to_schema().select_columns([name])
    try:
        schema.validate(pd.DataFrame({name: [value]}).astype({name: str(schema.columns[name].dtype)}))
    except SchemaError:
        return False
    return True


@pytest.mark.parametrize(("kind", "name"), IDS)
def test_an_id_is_a_number_from_1_to_the_largest_that_the_service_has(kind: RecordType, name: str) -> None:
    """In whichever type: Nexudus would refuse any other one, after the call was made."""
    numbers = (-1, 0, 1, LARGEST_ID, LARGEST_ID + 1)
    assert [number for number in numbers if takes(kind, name, number)] == [1, LARGEST_ID]
