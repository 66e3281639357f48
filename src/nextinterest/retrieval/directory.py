"""What was learned, as files of a recommender directory, and back.

    trained.json        manifest: what it was learned from and how, shapes and weights, SHA-256 of the heads
    heads.safetensors   the sequence encoder, item-item matrices, counts
    retriever.json ...  the retriever's own files (see `nextinterest.retrieval.saving`)

Weights are kept in half precision. Nothing is unpickled; every file is checked against its hash before it is
read, and a manifest that belongs to another catalogue is refused by name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import load, save
from scipy.sparse import csr_array

from nextinterest.errors import IntegrityError, ModelError
from nextinterest.retrieval.files import read_manifest, read_verified, write_atomic, write_manifest
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.pool import Part, PopularityPart, ScorePool
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.saving import load_retriever, save_retriever
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["is_trained", "load_trained", "save_trained"]

_FORMAT = "nextinterest-trained-1"
_MANIFEST, _HEADS = "trained.json", "heads.safetensors"


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    format: str
    catalog: str
    encoders: dict[str, SequenceEncoderConfig]
    half_lives: dict[str, float]
    weights: dict[str, float]
    provenance: Provenance
    sha256: dict[str, str]


def is_trained(directory: Path) -> bool:
    """Return whether a folder holds a trained retriever."""
    return (directory / _MANIFEST).is_file()


def save_trained(retriever: TrainedRetriever, directory: Path) -> None:
    """Write the folder; ``trained.json`` last, so that a half-written folder is refused.

    Raises
    ------
    ModelError
        If the pool has a part of a kind that has no file form.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _MANIFEST).unlink(missing_ok=True)
    tensors: dict[str, np.ndarray] = {}
    encoders: dict[str, SequenceEncoderConfig] = {}
    half_lives: dict[str, float] = {}
    for part in retriever.pool.parts:
        if isinstance(part, SequenceSource):
            encoders[part.name] = part.encoder.config
            for key, tensor in part.encoder.state_dict().items():
                tensors[f"{part.name}/{key}"] = tensor.cpu().numpy().astype(np.float16)
        elif isinstance(part, ProfileScorer):
            half_lives[part.name] = part.half_life
            tensors[f"{part.name}/data"] = part.matrix.data.astype(np.float16)
            tensors[f"{part.name}/indices"] = _small(part.matrix.indices)
            tensors[f"{part.name}/indptr"] = part.matrix.indptr.astype(np.int64)
        elif isinstance(part, PopularityPart):
            tensors[f"{part.name}/counts"] = part.counts
        else:
            raise ModelError(f"The part {part.name!r} of a pool cannot be saved.")
    save_retriever(retriever, directory)
    manifest = _Manifest(
        format=_FORMAT,
        catalog=retriever.catalog.fingerprint,
        encoders=encoders,
        half_lives=half_lives,
        weights=retriever.pool.weights,
        provenance=retriever.provenance,
        sha256={_HEADS: write_atomic(directory / _HEADS, save(tensors))},
    )
    write_manifest(directory / _MANIFEST, manifest.model_dump(mode="json"))


def load_trained(directory: Path, encoder: Encoder) -> TrainedRetriever:
    """Read what `save_trained` wrote.

    Parameters
    ----------
    directory
        The folder.
    encoder
        The text encoder its item vectors were made with.

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or belongs to another catalogue or text encoder; the message says
        which.
    """
    path = directory / _MANIFEST
    try:
        manifest = _Manifest.model_validate(read_manifest(path, _FORMAT))
    except ValidationError as error:
        raise IntegrityError(f"{path} cannot be read: {error}", remedy="Train and save it again.") from error
    tensors = load(read_verified(directory / _HEADS, manifest.sha256.get(_HEADS, "")))
    index = ItemIndex.load(directory)
    text = index.vectors(np.sort(index.items))
    parts: list[Part] = []
    sources: list[CandidateSource] = []
    for name, config in manifest.encoders.items():
        source = SequenceSource(_encoder(config, text, _under(tensors, name), directory), name)
        parts.append(source)
        sources.append(source)
    n = len(text)
    for name, half_life in manifest.half_lives.items():
        stored = _under(tensors, name)
        columns = stored["indices"].astype(np.int64)
        matrix = csr_array((stored["data"].astype(np.float32), columns, stored["indptr"]), shape=(n, n))
        parts.append(ProfileScorer(name, matrix, half_life))
    if f"{PopularityPart.name}/counts" in tensors:
        parts.append(PopularityPart(tensors[f"{PopularityPart.name}/counts"]))
    base = load_retriever(directory, encoder, sources)
    if base.catalog.fingerprint != manifest.catalog:
        raise IntegrityError(
            f"What {directory} learned belongs to another catalogue than the one beside it.",
            remedy="Train and save it again.",
        )
    pool = ScorePool(parts, manifest.weights)
    return TrainedRetriever.from_retriever(base, pool, manifest.provenance)


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


def _small(indices: np.ndarray) -> np.ndarray:
    """Return item positions in 16 bits where they fit: half the file for small catalogues."""
    fits = len(indices) == 0 or int(indices.max()) < 2**16
    return indices.astype(np.uint16 if fits else np.int32)
