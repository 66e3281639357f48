"""A catalogue as the bytes of one Parquet file: every column, and the order with it.

`Catalog.fingerprint` is the hash of the content; a manifest keeps the hash of the file. What most catalogues
do not know (prices, availability, attributes) has columns only in the files of those that do.
"""

from __future__ import annotations

import io
import json
from typing import Any

import polars as pl
from numpy.typing import NDArray

from nextinterest.domain import AttributeValue, Catalog, ItemDetails
from nextinterest.errors import IntegrityError

__all__ = ["catalog_from_bytes", "catalog_to_bytes"]

_SCHEMA = {
    "item_id": pl.String(),
    "title": pl.String(),
    "categories": pl.List(pl.String()),
    "year": pl.Int64(),
    "description": pl.String(),
}
_DETAILS = {
    "prices": pl.Float64(),
    "published": pl.Datetime("us"),
    "available_since": pl.Datetime("us"),
    "available_until": pl.Datetime("us"),
    "stock": pl.Int64(),
}
_ATTRIBUTES = "attributes"  # of each item, a JSON object; null where it has none


def catalog_to_bytes(catalog: Catalog) -> bytes:
    """Return the catalogue as the bytes of a Parquet file."""
    columns = {
        "item_id": list(catalog.ids),
        "title": list(catalog.titles),
        "categories": [list(names) for names in catalog.categories],
        "year": list(catalog.years),
        "description": list(catalog.descriptions),
    }
    frame = pl.DataFrame(columns, schema=_SCHEMA)
    for name, column in catalog.details.arrays():
        if column is not None:
            frame = frame.with_columns(pl.Series(name, column).cast(_DETAILS[name]))
    if catalog.details.attributes:
        frame = frame.with_columns(pl.Series(_ATTRIBUTES, _objects(catalog.details), dtype=pl.String()))
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
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
    optional = _DETAILS | {_ATTRIBUTES: pl.String()}
    expected = _SCHEMA | {name: kind for name, kind in optional.items() if name in frame.columns}
    if dict(frame.schema) != expected:
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
        _details(frame),
    )


def _objects(details: ItemDetails) -> list[str | None]:
    """Return the attributes of each item as JSON."""
    names, rows = list(details.attributes), zip(*details.attributes.values(), strict=True)
    found = [{n: value for n, value in zip(names, row, strict=True) if value is not None} for row in rows]
    return [json.dumps(one, ensure_ascii=False) if one else None for one in found]


def _details(frame: pl.DataFrame) -> ItemDetails:
    arrays: dict[str, NDArray[Any]] = {
        name: frame[name].to_numpy() for name in _DETAILS if name in frame.columns
    }
    attributes: dict[str, list[AttributeValue | None]] = {}
    if _ATTRIBUTES in frame.columns:
        for i, text in enumerate(frame[_ATTRIBUTES].to_list()):
            for name, value in json.loads(text or "{}").items():
                column = attributes.setdefault(name, [None] * len(frame))
                column[i] = tuple(value) if isinstance(value, list) else value
    return ItemDetails(**arrays, attributes={name: tuple(column) for name, column in attributes.items()})
