"""A retriever as a folder, and back: nothing pickled, every file checked by SHA-256 before it is read.

    retriever.json        manifest: options, fingerprints of catalogue and encoder, sources, hashes
    catalog.parquet       the items
    index.faiss           the text vectors, with index.json as its own manifest
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
from scipy.sparse import csr_array

from nextinterest.data.catalogue import catalog_from_bytes, catalog_to_bytes
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.cooccurrence import CoOccurrence
from nextinterest.retrieval.files import read_manifest, read_verified, write_atomic, write_manifest
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.popularity import Popularity
from nextinterest.retrieval.retriever import Retriever
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.vector_source import TextNeighbours

__all__ = ["load_retriever", "save_retriever"]

_FORMAT = "nextinterest-retriever-1"
_MANIFEST, _CATALOG, _SOURCES = "retriever.json", "catalog.parquet", "sources.safetensors"


def save_retriever(retriever: Retriever, directory: Path) -> None:
    """Write the folder; the manifest last, so that a half-written folder is refused."""
    tensors: dict[str, np.ndarray] = {}
    for source in retriever.sources:
        if isinstance(source, Popularity):
            tensors["popularity.counts"] = source.counts
        elif isinstance(source, CoOccurrence):
            matrix = source.similarity
            tensors["cooccurrence.data"] = matrix.data.astype(np.float32)
            tensors["cooccurrence.indices"] = matrix.indices.astype(np.int32)
            tensors["cooccurrence.indptr"] = matrix.indptr.astype(np.int64)
    retriever.index.save(directory)
    hashes = {
        _CATALOG: write_atomic(directory / _CATALOG, catalog_to_bytes(retriever.catalog)),
        _SOURCES: write_atomic(directory / _SOURCES, save(tensors)),
    }
    write_manifest(
        directory / _MANIFEST,
        {
            "format": _FORMAT,
            "config": retriever.config.model_dump(mode="json"),
            "catalog": retriever.catalog.fingerprint,
            "encoder": retriever.encoder.fingerprint,
            "sources": [source.name for source in retriever.sources],
            "sha256": hashes,
        },
    )


def load_retriever(
    directory: Path, encoder: Encoder, extra_sources: Sequence[CandidateSource] = ()
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

    Raises
    ------
    IntegrityError
        If a file is missing or changed, the encoder is another one, or a source is missing.
    """
    path = directory / _MANIFEST
    manifest = read_manifest(path, _FORMAT)
    if manifest.get("encoder") != encoder.fingerprint:
        raise IntegrityError(
            f"The vectors in {directory} were made by encoder {str(manifest.get('encoder'))[:16]}..., the "
            f"encoder given is {encoder.fingerprint[:16]}...",
            remedy="Give the same text encoder, or build the retriever again with this one.",
        )
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

    catalog = catalog_from_bytes(read_verified(directory / _CATALOG, str(hashes.get(_CATALOG))))
    index = ItemIndex.load(directory)
    everything = np.arange(len(catalog))
    if catalog.fingerprint != manifest.get("catalog") or not np.array_equal(np.sort(index.items), everything):
        raise IntegrityError(
            f"The catalogue and the index in {directory} do not belong together.",
            remedy="Build and save the retriever again.",
        )
    text = TextNeighbours(index.vectors(everything), index, config.text_half_life, config.rating_gain)
    tensors = load(read_verified(directory / _SOURCES, str(hashes.get(_SOURCES))))
    known: dict[str, CandidateSource] = {source.name: source for source in extra_sources}
    if "popularity.counts" in tensors:
        known[Popularity.name] = Popularity(tensors["popularity.counts"])
    if "cooccurrence.data" in tensors:
        n = len(catalog)
        parts = ("data", "indices", "indptr")
        rows = csr_array(tuple(tensors[f"cooccurrence.{part}"] for part in parts), shape=(n, n))
        known[CoOccurrence.name] = CoOccurrence(rows, config.cooccurrence_half_life, config.rating_gain)
    missing = [str(name) for name in names if name != text.name and name not in known]
    if missing:
        raise IntegrityError(
            f"The retriever in {directory} was saved with the sources {missing}, which were not given.",
            remedy="Load them first and pass them as extra_sources.",
        )
    saved = [known[str(name)] for name in names if name != text.name]
    added = [source for source in extra_sources if source.name not in names]
    return Retriever(catalog, text, [*saved, *added], config, encoder)
