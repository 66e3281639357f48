from __future__ import annotations

import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.catalogue import catalog_from_bytes, catalog_to_bytes
from nextinterest.domain import Catalog, Item
from nextinterest.errors import IntegrityError

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
ITEMS = st.lists(
    st.builds(
        Item,
        id=TEXT,
        title=TEXT,
        categories=st.lists(TEXT, max_size=3).map(tuple),
        year=st.none() | st.integers(-5000, 5000),
        description=st.none() | TEXT,
    ),
    max_size=8,
    unique_by=lambda item: item.id,
)


@settings(deadline=None, max_examples=100)
@given(items=ITEMS)
def test_every_column_survives(items: list[Item]) -> None:
    catalog = Catalog.from_items(items)
    found = catalog_from_bytes(catalog_to_bytes(catalog))
    assert list(found) == items
    assert found.fingerprint == catalog.fingerprint


def test_what_is_no_catalogue_is_refused() -> None:
    with pytest.raises(IntegrityError, match="This is not the Parquet file of a catalogue"):
        catalog_from_bytes(b"not parquet")
    buffer = io.BytesIO()
    pl.DataFrame({"item_id": ["a"]}).write_parquet(buffer)
    with pytest.raises(IntegrityError, match="A catalogue has the columns"):
        catalog_from_bytes(buffer.getvalue())
