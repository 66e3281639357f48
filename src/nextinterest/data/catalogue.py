"""A catalogue as the bytes of one Parquet file: every column, and the order with it.

`Catalog.fingerprint` is the hash of the content; a manifest keeps the hash of the file.
"""

from __future__ import annotations

import io

import polars as pl

from nextinterest.domain import Catalog
from nextinterest.errors import IntegrityError

__all__ = ["catalog_from_bytes", "catalog_to_bytes"]

_SCHEMA = {
    "item_id": pl.String(),
    "title": pl.String(),
    "categories": pl.List(pl.String()),
    "year": pl.Int64(),
    "description": pl.String(),
}


def catalog_to_bytes(catalog: Catalog) -> bytes:
    """Return the catalogue as the bytes of a Parquet file."""
    columns = {
        "item_id": list(catalog.ids),
        "title": list(catalog.titles),
        "categories": [list(names) for names in catalog.categories],
        "year": list(catalog.years),
        "description": list(catalog.descriptions),
    }
    buffer = io.BytesIO()
    pl.DataFrame(columns, schema=_SCHEMA).write_parquet(buffer)
    return buffer.getvalue()


def catalog_from_bytes(data: bytes) -> Catalog:
    """Read what `catalog_to_bytes` returned.

    Raises
    ------
    IntegrityError
        If the bytes are not a Parquet file, or one with other columns.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except pl.exceptions.PolarsError as error:
        raise IntegrityError(
            f"This is not the Parquet file of a catalogue: {error}", remedy="Save the catalogue again."
        ) from error
    if dict(frame.schema) != _SCHEMA:
        raise IntegrityError(
            f"A catalogue has the columns {list(_SCHEMA)}; this file has {dict(frame.schema)}.",
            remedy="Save the catalogue again.",
        )
    return Catalog(
        frame["item_id"].to_list(),
        frame["title"].to_list(),
        [tuple(names) for names in frame["categories"].to_list()],
        frame["year"].to_list(),
        frame["description"].to_list(),
    )
