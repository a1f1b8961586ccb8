"""A record type of the tests alone: another module of the API, and every type of field there is."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pandera.pandas as pa
from pandera.dtypes import Decimal

from schemas import RECORD_TYPES, RecordType, Reference, register


class ProductPrice(pa.DataFrameModel):
    """One price a row."""

    ResourceId: pd.Int64Dtype = pa.Field(gt=0, metadata={"meaning": "Id of the resource", "example": "1414915"})
    Name: pd.StringDtype = pa.Field(
        str_length={"max_value": 50}, metadata={"meaning": "name of the product", "example": "Day pass"}
    )
    Price: Decimal = pa.Field(
        ge=0,
        le=1_000_000,
        dtype_kwargs={"precision": 12, "scale": 4},
        metadata={"meaning": "price without tax", "example": "12.50"},
    )
    Weight: Decimal = pa.Field(
        nullable=True,
        dtype_kwargs={"precision": 6, "scale": 0},
        metadata={"meaning": "place in the list", "example": "3"},
    )
    Taxable: pd.BooleanDtype = pa.Field(metadata={"meaning": "whether tax is added", "example": "yes"})
    Visible: pd.BooleanDtype = pa.Field(nullable=True, metadata={"meaning": "whether it is listed", "example": "no"})
    Per: pd.Int64Dtype = pa.Field(
        metadata={"meaning": "what the price is for", "example": "Hour", "choices": {"Hour": 1, "Whole day": 2}}
    )
    Currency: pd.StringDtype = pa.Field(
        nullable=True, metadata={"meaning": "currency", "example": "euro", "choices": {"euro": "EUR", "pound": "GBP"}}
    )
    From: pd.DatetimeTZDtype = pa.Field(
        nullable=True,
        dtype_kwargs={"unit": "us", "tz": "UTC"},
        metadata={"meaning": "when it begins to hold", "example": "2027-04-30T10:30:00Z"},
    )
    Note: pd.StringDtype = pa.Field(nullable=True, metadata={"meaning": "for colleagues", "example": "see contract"})


PRODUCT_PRICE = RecordType(
    name="ProductPrice",
    title="product price",
    plural="product prices",
    model=ProductPrice,
    paths=("billing/products",),
    aliases={"ResourceId": ("Room",), "Price": ("Net",)},
    key=("ResourceId", "Name", "Price"),
    not_identity=("Note",),
    references={"ResourceId": Reference("spaces/resources", "Resource", ("Name",), "BusinessName")},
)


@contextmanager
def registered(record_type: RecordType) -> Iterator[RecordType]:
    """The record type among all others, as long as the block runs."""
    register(record_type)
    try:
        yield record_type
    finally:
        del RECORD_TYPES[record_type.name]
