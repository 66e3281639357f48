"""What was learned, as files of a recommender directory, and back.

    trained.json        manifest: what it was learned from and how, shapes and weights, SHA-256 of the heads
    heads.safetensors   the sequence encoder, item-item matrices, counts, the language model's item head
    adapter/            the language model's adapter, by PEFT (see `nextinterest.retrieval.language_part`)
    retriever.json ...  the retriever's own files (see `nextinterest.retrieval.saving`)

Weights are kept in half precision. Parts that weigh nothing are left out, unless they name candidates.
Nothing is unpickled; every file is checked against its hash before it is read, and a manifest that belongs to
another catalogue is refused by name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import load, save
from scipy.sparse import csr_array

from nextinterest.errors import IntegrityError, ModelError
from nextinterest.files import storing
from nextinterest.llm.devices import DtypeName
from nextinterest.retrieval.cooccurrence import CoOccurrence
from nextinterest.retrieval.files import read_manifest, read_verified, write_atomic, write_manifest
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.language_part import LanguageManifest, load_language_part, save_language_part
from nextinterest.retrieval.pool import Part, PopularityPart, ScorePool
from nextinterest.retrieval.popularity import Popularity
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.saved_items import ItemsFrom
from nextinterest.retrieval.saving import load_items, load_retriever, save_retriever, small_positions
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.trained import TrainedRetriever
from nextinterest.retrieval.vector_source import TextNeighbours

__all__ = ["is_trained", "load_trained", "save_trained"]

_FORMAT = "nextinterest-trained-1"
_MANIFEST, _HEADS = "trained.json", "heads.safetensors"


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: str
    catalog: str
    encoders: dict[str, SequenceEncoderConfig]
    half_lives: dict[str, float]
    language: LanguageManifest | None = None
    weights: dict[str, float]
    weights_without_language: dict[str, float] | None = None
    provenance: Provenance
    sha256: dict[str, str]


def is_trained(directory: Path) -> bool:
    """Return whether a folder holds a trained retriever."""
    return (directory / _MANIFEST).is_file()


def save_trained(retriever: TrainedRetriever, directory: Path, items_from: ItemsFrom | None = None) -> None:
    """Write the folder; ``trained.json`` last, so that a half-written folder is refused.

    Parameters
    ----------
    retriever
        What is saved.
    directory
        Where to.
    items_from
        The data set its items are read from again; None copies them.

    Raises
    ------
    ModelError
        If the pool has a part, or the retriever a source, of a kind that has no file form.
    """
    encoded = _encoded(retriever)  # before anything is written
    with storing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    (directory / _MANIFEST).unlink(missing_ok=True)
    tensors: dict[str, np.ndarray] = {}
    encoders: dict[str, SequenceEncoderConfig] = {}
    half_lives: dict[str, float] = {}
    language: LanguageManifest | None = None
    for source in encoded:
        encoders[source.name] = source.encoder.config
        for key, tensor in source.encoder.state_dict().items():
            tensors[f"{source.name}/{key}"] = tensor.cpu().numpy().astype(np.float16)
    for part in retriever.pool.parts:
        if isinstance(part, SequenceSource) or not retriever.pool.weighs(part.name):
            continue
        if isinstance(part, ProfileScorer):
            half_lives[part.name] = part.half_life
            tensors[f"{part.name}/data"] = part.matrix.data.astype(np.float16)
            tensors[f"{part.name}/indices"] = small_positions(part.matrix.indices)
            tensors[f"{part.name}/indptr"] = part.matrix.indptr.astype(np.int64)
        elif isinstance(part, PopularityPart):
            tensors[f"{part.name}/counts"] = part.counts
        elif isinstance(part, ItemSoftmax):
            language, head = save_language_part(part, directory)
            tensors |= {f"{part.name}/{key}": tensor for key, tensor in head.items()}
        else:
            raise ModelError(f"The part {part.name!r} of a pool cannot be saved.")
    save_retriever(retriever, directory, items_from)
    manifest = _Manifest(
        format=_FORMAT,
        catalog=retriever.catalog.fingerprint,
        encoders=encoders,
        half_lives=half_lives,
        language=language,
        weights=retriever.pool.weights,
        weights_without_language=retriever.pool.weights_without_language,
        provenance=retriever.provenance,
        sha256={_HEADS: write_atomic(directory / _HEADS, save(tensors))},
    )
    write_manifest(directory / _MANIFEST, manifest.model_dump(mode="json"))


def load_trained(
    directory: Path,
    encoder: Encoder,
    *,
    with_language: bool = True,
    device: str = "auto",
    dtype: DtypeName = "auto",
) -> TrainedRetriever:
    """Read what `save_trained` wrote.

    Parameters
    ----------
    directory
        The folder.
    encoder
        The text encoder its item vectors were made with.
    with_language
        Whether to load the part that runs a language model; without it the pool is the one that was fitted
        without.
    device, dtype
        Of the language model whose item softmax takes part; see `nextinterest.llm.LocalModel.load`.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or belongs to another catalogue, text encoder, language model or
        template; the message says which.
    """
    path = directory / _MANIFEST
    try:
        manifest = _Manifest.model_validate(read_manifest(path, _FORMAT))
    except ValidationError as error:
        raise IntegrityError(f"{path} cannot be read: {error}", remedy="Train and save it again.") from error
    tensors = load(read_verified(directory / _HEADS, manifest.sha256.get(_HEADS, "")))
    catalog, index = load_items(directory, encoder)
    if catalog.fingerprint != manifest.catalog:
        raise IntegrityError(
            f"What {directory} learned belongs to another catalogue than the one beside it.",
            remedy="Train and save it again.",
        )
    n, text = len(catalog), index.vectors(np.arange(len(catalog)))
    parts: list[Part] = []
    sources: list[CandidateSource] = []
    for name, config in manifest.encoders.items():
        source = SequenceSource(_encoder(config, text, _under(tensors, name), directory), name)
        parts.append(source)
        sources.append(source)
    for name, half_life in manifest.half_lives.items():
        stored = _under(tensors, name)
        columns = stored["indices"].astype(np.int64)
        matrix = csr_array((stored["data"].astype(np.float32), columns, stored["indptr"]), shape=(n, n))
        parts.append(ProfileScorer(name, matrix, half_life))
    if f"{PopularityPart.name}/counts" in tensors:
        parts.append(PopularityPart(tensors[f"{PopularityPart.name}/counts"]))
    if manifest.language is not None and with_language:
        state = _under(tensors, ItemSoftmax.name)
        parts.append(
            load_language_part(manifest.language, state, directory, catalog, text, device=device, dtype=dtype)
        )
    base = load_retriever(directory, encoder, sources, items=(catalog, index))
    pool = ScorePool(parts, manifest.weights, manifest.weights_without_language)
    if not with_language:
        pool = pool.without_language()
    return TrainedRetriever.from_retriever(base, pool, manifest.provenance)


def _encoded(retriever: TrainedRetriever) -> list[SequenceSource]:
    """Return the encoders that are written: those that weigh, and those that name candidates, each once."""
    found = {
        part.name: part
        for part in retriever.pool.parts
        if isinstance(part, SequenceSource) and retriever.pool.weighs(part.name)
    }
    for source in retriever.sources:
        if isinstance(source, SequenceSource):
            found.setdefault(source.name, source)
        elif not isinstance(source, TextNeighbours | Popularity | CoOccurrence):
            raise ModelError(
                f"The candidate source {source.name!r} of a trained retriever cannot be saved.",
                remedy="Take it out of the retriever's sources before saving.",
            )
    return list(found.values())


def _encoder(
    config: SequenceEncoderConfig, text: np.ndarray, state: dict[str, np.ndarray], directory: Path
) -> SequenceEncoder:
    import torch

    encoder = SequenceEncoder(config, text)
    try:
        encoder.load_state_dict({key: torch.from_numpy(t.astype(np.float32)) for key, t in state.items()})
    except RuntimeError as error:
        raise IntegrityError(
            f"{directory / _HEADS} does not fit its manifest or its catalogue: {error}",
            remedy="Train and save it again.",
        ) from error
    return encoder.eval()


def _under(tensors: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}/"): t for key, t in tensors.items() if key.startswith(f"{name}/")}
