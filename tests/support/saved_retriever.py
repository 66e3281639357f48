"""A retriever alone as a directory, and back; the package writes it as a part of a recommender."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import JsonValue

from nextinterest.artifact_files import MANIFEST, Kind, read_artifact, write_artifact
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.saved_items import ItemsFrom
from nextinterest.retrieval.saving import RetrieverContent, restore_retriever, retriever_files
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["change", "load", "load_trained", "save"]

KIND = Kind("retriever", RetrieverContent, remedy="Save it again.", among_others=True)


def save(retriever: Retriever, directory: Path, items_from: ItemsFrom | None = None) -> None:
    """Write it."""
    write_artifact(directory, KIND, *retriever_files(retriever, items_from))


def load(directory: Path, encoder: Encoder) -> Retriever:
    """Read it."""
    saved = read_artifact(directory, KIND)
    return restore_retriever(saved.content, saved, encoder)


def load_trained(directory: Path, encoder: Encoder) -> TrainedRetriever:
    """Read one that was trained."""
    found = load(directory, encoder)
    assert isinstance(found, TrainedRetriever)
    return found


def change(directory: Path, *keys: str | int, value: JsonValue) -> None:
    """Give the manifest's content another value below some keys."""
    path = directory / MANIFEST
    raw = json.loads(path.read_bytes())
    inner = raw["content"]
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(raw))
