"""The items of a saved retriever: copied into its folder, or named by the data set they come from.

    catalog.parquet       the items
    index.faiss           their text vectors, with index.json as its own manifest

Titles are data, and some data may not be passed on. A folder that only names its data set holds neither file;
whoever loads it reads the same data again, and the vectors are computed from the texts. The catalogue's
fingerprint says whether it is the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from pydantic import BaseModel, ConfigDict

from nextinterest.counting import counted
from nextinterest.data import CleaningConfig, load
from nextinterest.data.catalogue import catalog_from_bytes, catalog_to_bytes
from nextinterest.data.sources import Format
from nextinterest.domain import Catalog
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.files import read_verified, write_atomic
from nextinterest.retrieval.index import IndexKind, ItemIndex
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.text_encoder import Encoder

__all__ = ["ItemsFrom", "copy_items", "read_items", "rebuild_items"]

_CATALOG = "catalog.parquet"


class ItemsFrom(BaseModel):
    """The data set whose catalogue a saved retriever has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    """An asset's name, or a path."""

    cleaning: CleaningConfig = CleaningConfig()
    """How it was cleaned: that decides which items there are."""

    format: Format = "auto"
    columns: dict[str, str | int] | None = None
    """How it was read: as in `nextinterest.data.load`."""


def copy_items(catalog: Catalog, index: ItemIndex, directory: Path) -> dict[str, str]:
    """Write catalogue and index; return the SHA-256 of the catalogue by file name (the index has its own)."""
    index.save(directory)
    return {_CATALOG: write_atomic(directory / _CATALOG, catalog_to_bytes(catalog))}


def read_items(directory: Path, hashes: dict[str, str], fingerprint: str) -> tuple[Catalog, ItemIndex]:
    """Read what `copy_items` wrote.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or the two do not belong together.
    """
    catalog = catalog_from_bytes(read_verified(directory / _CATALOG, hashes.get(_CATALOG, "")))
    index = ItemIndex.load(directory)
    everything = np.arange(len(catalog))
    if catalog.fingerprint != fingerprint or not np.array_equal(np.sort(index.items), everything):
        raise IntegrityError(
            f"The catalogue and the index in {directory} do not belong together.",
            remedy="Build and save the retriever again.",
        )
    return catalog, index


def rebuild_items(
    source: ItemsFrom, fingerprint: str, encoder: Encoder, kind: str = "auto"
) -> tuple[Catalog, ItemIndex]:
    """Read the catalogue from its data set and compute the vectors.

    Raises
    ------
    IntegrityError
        If the data set's catalogue is another one.
    AssetError
        If the data set is an asset that cannot be fetched.
    """
    catalog = load(
        source.data, format=source.format, cleaning=source.cleaning, columns=source.columns
    ).catalog
    if catalog.fingerprint != fingerprint:
        raise IntegrityError(
            f"The catalogue of {source.data!r} ({counted(len(catalog), 'item')}, fingerprint "
            f"{catalog.fingerprint[:12]}) is not the one this recommender was made with "
            f"({fingerprint[:12]}).",
            remedy="Put the same version of the data there, or train again on this one.",
        )
    return catalog, ItemIndex.from_vectors(encoder.encode(catalog_texts(catalog)), cast(IndexKind, kind))
