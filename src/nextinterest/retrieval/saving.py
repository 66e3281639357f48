"""A retriever as the files and the manifest content of a directory, and back, whether trained or not.

    sources.safetensors   counts of popularity, rows of co-occurrence, other candidate sources
    relations.safetensors matrices that only likeness reads
    heads.safetensors     what was learned: sequence encoders, item-item matrices, counts, the item head
    adapter/              the language model's adapter, by PEFT (see `nextinterest.retrieval.language_files`)
    catalog.parquet ...   the items (see `nextinterest.retrieval.saved_items`), unless they are named only

Weights are kept in half precision. Parts that weigh nothing are left out, unless they name candidates. The
text encoder and the language model are not copied, only named. Who writes the directory is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue
from safetensors.numpy import load, save

from nextinterest.artifact_files import Artifact
from nextinterest.errors import IntegrityError, ModelError
from nextinterest.llm.devices import DtypeName
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.index import IndexShape
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.kinds import load_part, load_source
from nextinterest.retrieval.parts import LoadContext, Part, Storable, Stored
from nextinterest.retrieval.pool import ScorePool
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.retriever import Retriever
from nextinterest.retrieval.saved_items import ItemsFrom, item_files, read_items, rebuild_items
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.text_source import TextNeighbours
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = [
    "RELATIONS",
    "Learned",
    "Member",
    "RetrieverContent",
    "RetrieverFiles",
    "restore_retriever",
    "retriever_files",
    "with_likeness",
]

_SOURCES, _HEADS, RELATIONS = "sources.safetensors", "heads.safetensors", "relations.safetensors"


class Member(BaseModel):
    """A part or a candidate source, as the manifest names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """Key of its class in `nextinterest.retrieval.kinds`."""
    name: str
    settings: dict[str, JsonValue] = {}


class Learned(BaseModel):
    """What a trained retriever has besides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: tuple[Member, ...]
    weights: dict[str, float]
    weights_without_language: dict[str, float] | None = None
    provenance: Provenance


class RetrieverContent(BaseModel):
    """What a manifest says of a retriever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: RetrieverConfig
    catalog: str
    """Fingerprint of the catalogue."""
    encoder: str
    """Fingerprint of the text encoder."""
    sources: tuple[Member, ...]
    """The candidate sources after the text vectors; one that is among the parts is the same object."""
    relations: tuple[Member, ...] = ()
    """What only likeness reads; directories of earlier versions have none."""
    items_from: ItemsFrom | None = None
    """The data set that the items are read from again; None where they are copied."""
    index: IndexShape | None = None
    """The index over the text vectors, where they are copied."""
    learned: Learned | None = None


class RetrieverFiles(NamedTuple):
    """What is to be written of a retriever."""

    content: RetrieverContent
    files: dict[str, bytes]


def retriever_files(retriever: Retriever, items_from: ItemsFrom | None = None) -> RetrieverFiles:
    """Return what is written of a retriever.

    Parameters
    ----------
    retriever
        A `Retriever` or `TrainedRetriever`.
    items_from
        The data set its items are read from again; None copies them.

    Raises
    ------
    ModelError
        If it has a candidate source or a part of a kind that has no file form.
    """
    pool = retriever.pool if isinstance(retriever, TrainedRetriever) else None
    parts = [] if pool is None else [part.save() for part in pool.parts if pool.weighs(part.name)]
    there = {(part.kind, part.name) for part in parts}
    sources = [_saved(source, there) for source in retriever.sources[1:]]
    files = {_SOURCES: save(_arrays(sources))} | _relation_files(retriever)
    if pool is not None:
        files[_HEADS] = save({f"{p.name}/{key}": t for p in parts for key, t in p.tensors.items()})
    for part in parts:
        files |= part.files
    if items_from is None:
        files |= item_files(retriever.catalog, retriever.index)
    content = RetrieverContent(
        config=retriever.config,
        catalog=retriever.catalog.fingerprint,
        encoder=retriever.encoder.fingerprint,
        sources=_members(sources),
        relations=_members(one.save() for one in retriever.relations),
        items_from=items_from,
        index=retriever.index.shape if items_from is None else None,
    )
    if isinstance(retriever, TrainedRetriever):
        learned = Learned(
            parts=_members(parts),
            weights=retriever.pool.weights,
            weights_without_language=retriever.pool.weights_without_language,
            provenance=retriever.provenance,
        )
        content = content.model_copy(update={"learned": learned})
    return RetrieverFiles(content, files)


def with_likeness(content: RetrieverContent, retriever: Retriever) -> RetrieverFiles:
    """Return what is written of a directory that gets another retriever's relations and weights of likeness.

    Parameters
    ----------
    content
        What its manifest says now.
    retriever
        Has the relations and weights.
    """
    relations = _members(one.save() for one in retriever.relations)
    config = content.config.model_copy(update={"likeness": retriever.config.likeness})
    made = content.model_copy(update={"relations": relations, "config": config})
    return RetrieverFiles(made, _relation_files(retriever))


def restore_retriever(
    content: RetrieverContent,
    saved: Artifact[BaseModel],
    encoder: Encoder,
    *,
    with_language: bool = True,
    device: str = "auto",
    dtype: DtypeName = "auto",
    moved: str | None = None,
) -> Retriever:
    """Return the retriever that `retriever_files` was called with.

    Parameters
    ----------
    content
        What the manifest says of it.
    saved
        The directory.
    encoder
        The text encoder its item vectors were made with.
    with_language
        Whether to load the part that runs a language model; without it the pool is the one that was fitted
        without.
    device, dtype
        Of the language model whose item softmax takes part; see `nextinterest.llm.LocalModel.load`.
    moved
        Where that model may lie now (see `LoadContext`).

    Raises
    ------
    IntegrityError
        If a file is missing or changed, or belongs to another catalogue, text encoder, language model or
        template; the message says which.
    """
    if content.encoder != encoder.fingerprint:
        raise IntegrityError(
            f"The vectors in {saved.directory} were made by encoder {content.encoder[:16]}..., the "
            f"encoder given is {encoder.fingerprint[:16]}...",
            remedy="Give the same text encoder (text_encoder=...), or build the retriever again.",
            command="Give the same text encoder with --text-encoder, or build the recommender again.",
        )
    if content.items_from is not None:
        catalog, index = rebuild_items(content.items_from, content.catalog, encoder, content.config.index)
    elif content.index is not None:
        catalog, index = read_items(saved, content.index, content.catalog)
    else:
        raise saved.kind.error(f"The manifest of {saved.directory} says nothing of items.")
    vectors = index.vectors(np.arange(len(catalog)))
    context = LoadContext(saved, catalog, vectors, device, dtype, moved)
    try:
        parts = _parts(content.learned, saved, context, with_language)
        sources = _sources(content, saved, context, parts)
        arrays = load(saved.read(RELATIONS)) if content.relations else {}
        relations = [
            ProfileScorer.load(_stored(one, arrays, f"{one.name}."), context) for one in content.relations
        ]
    except (KeyError, ValueError) as error:  # arrays or settings are missing, or of another shape
        raise saved.kind.error(
            f"What {saved.directory} holds does not fit its manifest or its catalogue: {error}."
        ) from error
    text = TextNeighbours(vectors, index, content.config.text_half_life, content.config.rating_gain)
    base = Retriever(catalog, text, sources, content.config, encoder, relations)
    if content.learned is None:
        return base
    learned = content.learned
    pool = ScorePool(list(parts.values()), learned.weights, learned.weights_without_language)
    if not with_language:
        pool = pool.without_language()
    return TrainedRetriever.from_retriever(base, pool, learned.provenance)


def _saved(source: CandidateSource, there: set[tuple[str, str]]) -> Stored:
    """Return what is written of a source; its name alone where it is among the parts."""
    if not isinstance(source, Storable):
        raise ModelError(
            f"The candidate source {source.name!r} cannot be saved.",
            remedy="Take it out of the retriever's sources before saving.",
        )
    if (source.kind, source.name) in there:
        return Stored(source.kind, source.name, {}, {})
    return source.save()


def _relation_files(retriever: Retriever) -> dict[str, bytes]:
    relations = [one.save() for one in retriever.relations]
    return {RELATIONS: save(_arrays(relations))} if relations else {}


def _arrays(stored: Iterable[Stored]) -> dict[str, NDArray[np.generic]]:
    return {f"{one.name}.{key}": t for one in stored for key, t in one.tensors.items()}


def _members(stored: Iterable[Stored]) -> tuple[Member, ...]:
    return tuple(Member(kind=one.kind, name=one.name, settings=dict(one.settings)) for one in stored)


def _parts(
    learned: Learned | None, saved: Artifact[BaseModel], context: LoadContext, with_language: bool
) -> dict[tuple[str, str], Part]:
    """Return the parts by kind and name, in the order of the manifest."""
    if learned is None:
        return {}
    arrays = load(saved.read(_HEADS))
    return {
        (one.kind, one.name): load_part(_stored(one, arrays, f"{one.name}/"), context)
        for one in learned.parts
        if with_language or one.kind != ItemSoftmax.kind
    }


def _sources(
    content: RetrieverContent,
    saved: Artifact[BaseModel],
    context: LoadContext,
    parts: Mapping[tuple[str, str], Part],
) -> list[CandidateSource]:
    arrays = load(saved.read(_SOURCES))
    found: list[CandidateSource] = []
    for one in content.sources:
        shared: object = parts.get((one.kind, one.name))
        if isinstance(shared, CandidateSource):
            found.append(shared)
        else:
            found.append(load_source(_stored(one, arrays, f"{one.name}."), context))
    return found


def _stored(member: Member, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Stored:
    own = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
    return Stored(member.kind, member.name, member.settings, own)
