from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data import load_catalog, save_catalog
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


def test_saving_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "catalog.parquet"
    save_catalog(Catalog(["a"], ["A"]), path)
    save_catalog(Catalog(["b"], ["B"]), path)
    assert load_catalog(path).ids == ("b",)
    assert list(path.parent.iterdir()) == [path]


def test_what_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.parquet"
    with pytest.raises(IntegrityError, match="There is no catalogue"):
        load_catalog(path)
    path.write_bytes(b"not parquet")
    with pytest.raises(IntegrityError, match=r"catalog\.parquet: This is not the Parquet file"):
        load_catalog(path)
    pl.DataFrame({"item_id": ["a"]}).write_parquet(path)
    with pytest.raises(IntegrityError, match="A catalogue has the columns"):
        load_catalog(path)
