"""Retrieval: item and history vectors, the FAISS index, candidate sources and their fusion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.retrieval.catalog_change import CatalogChange
    from nextinterest.retrieval.config import RetrieverConfig
    from nextinterest.retrieval.index import ItemIndex
    from nextinterest.retrieval.retriever import Retriever
    from nextinterest.retrieval.sources import CandidateSource
    from nextinterest.retrieval.text_encoder import CachedEncoder, Encoder, TextEncoder
    from nextinterest.retrieval.title_vectors import TitleVectors

__all__ = [
    "CachedEncoder",
    "CandidateSource",
    "CatalogChange",
    "Encoder",
    "ItemIndex",
    "Retriever",
    "RetrieverConfig",
    "TextEncoder",
    "TitleVectors",
]

_HOMES = {
    "CachedEncoder": "text_encoder",
    "CandidateSource": "sources",
    "CatalogChange": "catalog_change",
    "Encoder": "text_encoder",
    "ItemIndex": "index",
    "Retriever": "retriever",
    "RetrieverConfig": "config",
    "TextEncoder": "text_encoder",
    "TitleVectors": "title_vectors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
