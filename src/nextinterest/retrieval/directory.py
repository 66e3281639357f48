"""What was learned, as files of a recommender directory, and back.

    trained.json        manifest: what it was learned from and how, shapes and weights, SHA-256 of the heads
    heads.safetensors   the sequence encoder, item-item matrices, counts, the language model's item head
    adapter/            the language model's adapter, by PEFT (see `nextinterest.retrieval.language_files`)
    retriever.json ...  the retriever's own files (see `nextinterest.retrieval.saving`)

Weights are kept in half precision. Parts that weigh nothing are left out, unless they name candidates.
Nothing is unpickled; every file is checked against its hash before it is read, and a manifest that belongs to
another catalogue is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import load, save

from nextinterest.errors import IntegrityError, ModelError
from nextinterest.files import storing
from nextinterest.llm.devices import DtypeName
from nextinterest.retrieval.files import read_manifest, read_verified, write_atomic, write_manifest
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.kinds import load_part
from nextinterest.retrieval.language_files import LanguageManifest
from nextinterest.retrieval.parts import LoadContext, Storable, Stored
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.saved_items import ItemsFrom
from nextinterest.retrieval.saving import load_items, load_retriever, save_retriever
from nextinterest.retrieval.sequence_encoder import SequenceEncoderConfig
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
    members = _members(retriever)  # before anything is written
    with storing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    (directory / _MANIFEST).unlink(missing_ok=True)
    written = [member.save(directory) for member in members]
    tensors = {f"{stored.name}/{key}": t for stored in written for key, t in stored.tensors.items()}
    of_kind = {
        kind: {stored.name: stored for stored in written if stored.kind == kind}
        for kind in (SequenceSource.kind, ProfileScorer.kind, ItemSoftmax.kind)
    }
    language = of_kind[ItemSoftmax.kind].get(ItemSoftmax.name)
    save_retriever(retriever, directory, items_from)
    manifest = _Manifest(
        format=_FORMAT,
        catalog=retriever.catalog.fingerprint,
        encoders={
            name: SequenceEncoderConfig.model_validate(stored.settings)
            for name, stored in of_kind[SequenceSource.kind].items()
        },
        half_lives={name: stored.number("half_life") for name, stored in of_kind[ProfileScorer.kind].items()},
        language=None if language is None else LanguageManifest.model_validate(language.settings),
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
    context = LoadContext(directory, catalog, index.vectors(np.arange(len(catalog))), device, dtype)
    parts = [load_part(stored, context) for stored in _stored(manifest, tensors, with_language)]
    sources = [part for part in parts if isinstance(part, CandidateSource)]
    base = load_retriever(directory, encoder, sources, items=(catalog, index))
    pool = ScorePool(parts, manifest.weights, manifest.weights_without_language)
    if not with_language:
        pool = pool.without_language()
    return TrainedRetriever.from_retriever(base, pool, manifest.provenance)


def _members(retriever: TrainedRetriever) -> list[Storable]:
    """Return what is written: the parts that weigh, and the encoders that name candidates, each once."""
    found: dict[str, Storable] = {
        part.name: part for part in retriever.pool.parts if retriever.pool.weighs(part.name)
    }
    for source in retriever.sources[1:]:
        if not isinstance(source, Storable):
            raise ModelError(
                f"The candidate source {source.name!r} of a trained retriever cannot be saved.",
                remedy="Take it out of the retriever's sources before saving.",
            )
        if source.kind == SequenceSource.kind:
            found.setdefault(source.name, source)
    return list(found.values())


def _stored(manifest: _Manifest, tensors: dict[str, np.ndarray], with_language: bool) -> Iterator[Stored]:
    """Yield the parts that a manifest names."""
    for name, config in manifest.encoders.items():
        yield Stored(SequenceSource.kind, name, config.model_dump(mode="json"), _under(tensors, name))
    for name, half_life in manifest.half_lives.items():
        yield Stored(ProfileScorer.kind, name, {"half_life": half_life}, _under(tensors, name))
    if counts := _under(tensors, PopularityPart.name):
        yield Stored(PopularityPart.kind, PopularityPart.name, {}, counts)
    if manifest.language is not None and with_language:
        head = _under(tensors, ItemSoftmax.name)
        yield Stored(ItemSoftmax.kind, ItemSoftmax.name, manifest.language.model_dump(mode="json"), head)


def _under(tensors: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}/"): t for key, t in tensors.items() if key.startswith(f"{name}/")}
