"""A catalogue as one Parquet file, every column kept and the order with it."""

from __future__ import annotations

import io

import polars as pl

from nextinterest.domain import Catalog

__all__ = ["catalog_from_bytes", "catalog_to_bytes"]


def catalog_to_bytes(catalog: Catalog) -> bytes:
    """Return the catalogue as the bytes of a Parquet file."""
    frame = pl.DataFrame(
        {
            "item_id": list(catalog.ids),
            "title": list(catalog.titles),
            "categories": [list(names) for names in catalog.categories],
            "year": list(catalog.years),
            "description": list(catalog.descriptions),
        },
        schema={
            "item_id": pl.String,
            "title": pl.String,
            "categories": pl.List(pl.String),
            "year": pl.Int64,
            "description": pl.String,
        },
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def catalog_from_bytes(data: bytes) -> Catalog:
    """Read what `catalog_to_bytes` returned."""
    frame = pl.read_parquet(io.BytesIO(data))
    return Catalog(
        frame["item_id"].to_list(),
        frame["title"].to_list(),
        [tuple(names) for names in frame["categories"].to_list()],
        frame["year"].to_list(),
        frame["description"].to_list(),
    )
