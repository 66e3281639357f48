"""Directories of nextinterest 0.1 brought into the form of this version, no byte of what was learned changed.

There a recommender had up to four manifests (``recommender.json``, ``retriever.json``, ``trained.json``,
``index.json``) and a tuned model one named after its task. Only manifests are written anew: weights,
adapters and tables are checked against their old hashes and stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load

from nextinterest.agent.artifact import RECOMMENDER, RecommenderContent
from nextinterest.artifact_files import Kind, MadeFrom, invalid, kind_of, read_verified, write_artifact
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.cooccurrence import CoOccurrence
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import PopularityPart
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.sequence_source import SequenceSource

__all__ = ["upgrade"]

_README, _FORECAST = "README.md", "forecast.json"
_Fields = dict[str, JsonValue]
_OldForm = TypeVar("_OldForm", bound="_Old")


class _Old(BaseModel):
    model_config = ConfigDict(extra="allow")
    format: str


class _OldRecommender(_Old):
    version: str
    config: _Fields
    text_encoder: _Fields
    language_model: _Fields | None
    template_hash: str
    choice: _Fields | None = None
    sha256: dict[str, str]


class _OldRetriever(_Old):
    config: _Fields
    catalog: str
    encoder: str
    sources: list[str]
    items_from: _Fields | None = None
    sha256: dict[str, str]


class _OldIndex(_Old):
    kind: str
    dimension: int
    n_items: int
    sha256: str


class _OldTrained(_Old):
    encoders: dict[str, _Fields]
    half_lives: dict[str, float]
    language: _Fields | None = None
    weights: dict[str, float]
    weights_without_language: dict[str, float] | None = None
    provenance: _Fields
    sha256: dict[str, str]


def upgrade(directory: Path) -> Kind[BaseModel]:
    """Write the manifest of this version in place of those of version 0.1; return what the directory holds.

    Parameters
    ----------
    directory
        A recommender directory of version 0.1.

    Raises
    ------
    IntegrityError
        If it is no such directory, or a file is missing or changed.
    """
    known: dict[str, tuple[Kind[BaseModel], Callable[[Path], None]]] = {
        "recommender.json": (RECOMMENDER, _recommender),
    }
    for name, (kind, make) in known.items():
        if (directory / name).is_file():
            try:
                make(directory)
            except ValidationError as error:
                raise kind.error(f"What {directory / name} names cannot be read: {invalid(error)}") from error
            return kind
        if kind_of(directory / kind.manifest) == kind.name:
            return kind
    raise IntegrityError(
        f"{directory} holds no recommender of nextinterest 0.1.",
        remedy=f"Give a folder with one of these files: {', '.join(known)}.",
    )


def _recommender(directory: Path) -> None:
    old = _read(directory / "recommender.json", _OldRecommender)
    retriever = _verified(directory, "retriever.json", old.sha256, _OldRetriever)
    hashes = {name: old.sha256[name] for name in (_FORECAST,) if name in old.sha256} | retriever.sha256
    index: _Fields | None = None
    if retriever.items_from is None:
        shape = _read(directory / "index.json", _OldIndex)
        index = {"kind": shape.kind, "dimension": shape.dimension, "n_items": shape.n_items}
        hashes["index.faiss"] = shape.sha256
    trained: _OldTrained | None = None
    if "trained.json" in old.sha256:
        trained = _verified(directory, "trained.json", old.sha256, _OldTrained)
        hashes |= trained.sha256 | _under("adapter", (trained.language or {}).get("adapter"))
    files = {name: read_verified(directory / name, digest) for name, digest in hashes.items()}
    if old.choice is not None:
        raise RECOMMENDER.error(f"{directory} has a tuned choice of version 0.1, which is not read any more.")
    learned = None if trained is None else _learned(trained, files["heads.safetensors"])
    content = RecommenderContent.model_validate(
        {
            "config": old.config,
            "text_encoder": old.text_encoder,
            "language_model": old.language_model,
            "template_hash": old.template_hash,
            "retriever": {
                "config": retriever.config,
                "catalog": retriever.catalog,
                "encoder": retriever.encoder,
                "sources": _sources(retriever, trained, directory),
                "items_from": retriever.items_from,
                "index": index,
                "learned": learned,
            },
        }
    )
    if (directory / _README).is_file():  # people edit it
        files[_README] = (directory / _README).read_bytes().rstrip() + _NOTE.encode()
    provenance = {} if trained is None else trained.provenance
    made = MadeFrom(
        data=str(provenance.get("data", "")),
        data_fingerprint=str(provenance.get("data_fingerprint", "")),
        versions={"nextinterest": old.version},
    )
    write_artifact(directory, RECOMMENDER, content, files, made, said_only=True)


def _learned(trained: _OldTrained, heads: bytes) -> _Fields:
    parts: list[JsonValue] = [
        {"kind": SequenceSource.kind, "name": name, "settings": settings}
        for name, settings in trained.encoders.items()
    ]
    parts += [
        {"kind": ProfileScorer.kind, "name": name, "settings": {"half_life": half_life}}
        for name, half_life in trained.half_lives.items()
    ]
    try:
        named = load(heads)
    except SafetensorError as error:
        raise RECOMMENDER.error(f"heads.safetensors cannot be read: {error}.") from error
    if f"{PopularityPart.name}/counts" in named:
        parts.append({"kind": PopularityPart.kind, "name": PopularityPart.name})
    if trained.language is not None:
        settings = {**trained.language, "adapter": bool(trained.language.get("adapter"))}
        parts.append({"kind": ItemSoftmax.kind, "name": ItemSoftmax.name, "settings": settings})
    return {
        "parts": parts,
        "weights": dict(trained.weights),
        "weights_without_language": None
        if trained.weights_without_language is None
        else dict(trained.weights_without_language),
        "provenance": trained.provenance,
    }


def _sources(retriever: _OldRetriever, trained: _OldTrained | None, directory: Path) -> list[JsonValue]:
    """Return the candidate sources after the text vectors, of which only the names were written."""
    config = retriever.config
    weighted = {"half_life": config["cooccurrence_half_life"], "rating_gain": config["rating_gain"]}
    known: dict[str, JsonValue] = {
        PopularItems.name: {"kind": PopularItems.kind, "name": PopularItems.name},
        CoOccurrence.name: {"kind": CoOccurrence.kind, "name": CoOccurrence.name, "settings": weighted},
    }
    for name in () if trained is None else trained.encoders:
        known[name] = {"kind": SequenceSource.kind, "name": name}
    names = retriever.sources[1:]
    if unknown := [name for name in names if name not in known]:
        raise RECOMMENDER.error(f"{directory} has the candidate sources {unknown}, which it does not hold.")
    return [known[name] for name in names]


def _read(path: Path, form: type[_OldForm]) -> _OldForm:
    try:
        return form.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError) as error:
        said = invalid(error) if isinstance(error, ValidationError) else f"{error}."
        raise RECOMMENDER.error(f"{path} cannot be read: {said}") from error


def _verified(directory: Path, name: str, hashes: Mapping[str, str], form: type[_OldForm]) -> _OldForm:
    read_verified(directory / name, hashes.get(name, ""), RECOMMENDER)
    return _read(directory / name, form)


def _under(folder: str, hashes: JsonValue) -> dict[str, str]:
    given = hashes if isinstance(hashes, dict) else {}
    return {f"{folder}/{name}" if folder else name: str(digest) for name, digest in given.items()}


_NOTE = """

## Form of the files

Written by nextinterest 0.1 and brought into the form of later versions, no weight changed, with

```sh
nextinterest upgrade DIRECTORY  # this one
```
"""
