"""A retriever as a folder, and back: nothing pickled, every file checked by SHA-256 before it is read.

    retriever.json        manifest: options, fingerprints of catalogue and encoder, sources, hashes
    catalog.parquet ...   the items (see `nextinterest.retrieval.saved_items`), unless they are named only
    sources.safetensors   counts of popularity, rows of co-occurrence

The encoder is not copied, only named by its fingerprint. Sources made elsewhere keep their own files and are
handed in again when the folder is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from safetensors.numpy import load, save

from nextinterest.domain import Catalog
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.cooccurrence import CoOccurrence
from nextinterest.retrieval.files import read_manifest, read_verified, write_atomic, write_manifest
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.item_matrix import matrix_of
from nextinterest.retrieval.parts import Storable
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.retriever import Retriever
from nextinterest.retrieval.saved_items import ItemsFrom, copy_items, read_items, rebuild_items
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.vector_source import TextNeighbours

__all__ = ["load_items", "load_retriever", "save_retriever"]

_FORMAT = "nextinterest-retriever-1"
_MANIFEST, _SOURCES = "retriever.json", "sources.safetensors"


def save_retriever(retriever: Retriever, directory: Path, items_from: ItemsFrom | None = None) -> None:
    """Write the folder; the manifest last, so that a half-written folder is refused.

    Parameters
    ----------
    retriever
        What is saved.
    directory
        Where to.
    items_from
        The data set its items are read from again; None copies them.
    """
    tensors: dict[str, np.ndarray] = {}
    for source in retriever.sources:
        if isinstance(source, Storable) and source.kind in (PopularItems.kind, CoOccurrence.kind):
            arrays = source.save(directory).tensors
            tensors |= {f"{source.name}.{key}": tensor for key, tensor in arrays.items()}
    hashes = {_SOURCES: write_atomic(directory / _SOURCES, save(tensors))}
    if items_from is None:
        hashes |= copy_items(retriever.catalog, retriever.index, directory)
    write_manifest(
        directory / _MANIFEST,
        {
            "format": _FORMAT,
            "config": retriever.config.model_dump(mode="json"),
            "catalog": retriever.catalog.fingerprint,
            "encoder": retriever.encoder.fingerprint,
            "sources": [source.name for source in retriever.sources],
            "items_from": None if items_from is None else items_from.model_dump(mode="json"),
            "sha256": hashes,
        },
    )


def load_items(directory: Path, encoder: Encoder) -> tuple[Catalog, ItemIndex]:
    """Read the catalogue and its text vectors, or make them again from the data set that is named.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or the encoder or the data is another one.
    """
    manifest = read_manifest(directory / _MANIFEST, _FORMAT)
    if manifest.get("encoder") != encoder.fingerprint:
        raise IntegrityError(
            f"The vectors in {directory} were made by encoder {str(manifest.get('encoder'))[:16]}..., the "
            f"encoder given is {encoder.fingerprint[:16]}...",
            remedy="Give the same text encoder, or build the retriever again with this one.",
        )
    fingerprint, hashes = str(manifest.get("catalog")), manifest.get("sha256")
    if not isinstance(hashes, dict):
        raise IntegrityError(f"{directory / _MANIFEST} lacks hashes.", remedy="Build and save it again.")
    named = manifest.get("items_from")
    if named is None:
        return read_items(directory, {str(k): str(v) for k, v in hashes.items()}, fingerprint)
    try:
        kind = RetrieverConfig.model_validate(manifest.get("config")).index
        return rebuild_items(ItemsFrom.model_validate(named), fingerprint, encoder, kind)
    except ValidationError as error:
        raise IntegrityError(
            f"{directory / _MANIFEST} holds options this version does not know: {error}",
            remedy="Build and save it again.",
        ) from error


def load_retriever(
    directory: Path,
    encoder: Encoder,
    extra_sources: Sequence[CandidateSource] = (),
    items: tuple[Catalog, ItemIndex] | None = None,
) -> Retriever:
    """Read what `save_retriever` wrote.

    Parameters
    ----------
    directory
        The folder.
    encoder
        The encoder the vectors were made with, needed only for items added later.
    extra_sources
        The sources that were made elsewhere, by the names they had.
    items
        What `load_items` returned, where it was called before.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, the encoder is another one, or a source is missing.
    """
    path = directory / _MANIFEST
    manifest = read_manifest(path, _FORMAT)
    hashes = manifest.get("sha256")
    names = manifest.get("sources")
    try:
        config = RetrieverConfig.model_validate(manifest.get("config"))
    except ValidationError as error:
        raise IntegrityError(
            f"{path} holds options this version does not know: {error}", remedy="Build and save it again."
        ) from error
    if not isinstance(hashes, dict) or not isinstance(names, list):
        raise IntegrityError(f"{path} lacks hashes or sources.", remedy="Build and save it again.")

    catalog, index = items or load_items(directory, encoder)
    everything = np.arange(len(catalog))
    text = TextNeighbours(index.vectors(everything), index, config.text_half_life, config.rating_gain)
    tensors = load(read_verified(directory / _SOURCES, str(hashes.get(_SOURCES))))
    known: dict[str, CandidateSource] = {source.name: source for source in extra_sources}
    if "popularity.counts" in tensors:
        known[PopularItems.name] = PopularItems(tensors["popularity.counts"])
    if "cooccurrence.data" in tensors:
        arrays = {key: tensors[f"cooccurrence.{key}"] for key in ("data", "indices", "indptr")}
        similarity = matrix_of(arrays, len(catalog))
        known[CoOccurrence.name] = CoOccurrence(similarity, config.cooccurrence_half_life, config.rating_gain)
    missing = [str(name) for name in names if name != text.name and name not in known]
    if missing:
        raise IntegrityError(
            f"The retriever in {directory} was saved with the sources {missing}, which were not given.",
            remedy="Load them first and pass them as extra_sources.",
        )
    saved = [known[str(name)] for name in names if name != text.name]
    added = [source for source in extra_sources if source.name not in names]
    return Retriever(catalog, text, [*saved, *added], config, encoder)
