"""The items of a saved retriever: copied into its folder, or named by the data set they come from.

    catalog.parquet       the items
    index.faiss           their text vectors

Titles are data, and some data may not be passed on. A folder that only names its data set holds neither file;
whoever loads it reads the same data again, and the vectors are computed from the texts. The catalogue's
fingerprint says whether it is the same.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from pydantic import BaseModel, ConfigDict

from nextinterest.artifact_files import Artifact
from nextinterest.counting import counted
from nextinterest.data import CleaningConfig, load
from nextinterest.data.catalogue import catalog_from_bytes, catalog_to_bytes
from nextinterest.data.sources import Format
from nextinterest.domain import Catalog
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.index import IndexKind, IndexShape, ItemIndex
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.text_encoder import Encoder

__all__ = ["ItemsFrom", "item_files", "read_items", "rebuild_items"]

_CATALOG, _INDEX = "catalog.parquet", "index.faiss"


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


def item_files(catalog: Catalog, index: ItemIndex) -> dict[str, bytes]:
    """Return the files of catalogue and index."""
    return {_CATALOG: catalog_to_bytes(catalog), _INDEX: index.to_bytes()}


def read_items(saved: Artifact[BaseModel], shape: IndexShape, fingerprint: str) -> tuple[Catalog, ItemIndex]:
    """Read the files that `item_files` returned.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or the two do not belong together.
    """
    catalog = catalog_from_bytes(saved.read(_CATALOG))
    index = ItemIndex.from_bytes(saved.read(_INDEX), shape)
    everything = np.arange(len(catalog))
    if catalog.fingerprint != fingerprint or not np.array_equal(np.sort(index.items), everything):
        raise IntegrityError(
            f"The catalogue and the index in {saved.directory} do not belong together.",
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
