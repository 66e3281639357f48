"""Titles by meaning: the nearest catalogue title to any text, which grounds what a model wrote.

Titles are encoded bare, without the categories and descriptions of item texts, since what is looked up is a
bare title too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.domain import Catalog, FloatArray, IntArray
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.item_text import title_text
from nextinterest.retrieval.text_encoder import CachedEncoder, Encoder

__all__ = ["TitleVectors"]


class TitleVectors:
    """The titles of a catalogue as vectors.

    Parameters
    ----------
    index
        Vectors of the titles by catalogue position.
    encoder
        The encoder that made them. It should not be a cached one: what people ask is not written to disk.
    """

    def __init__(self, index: ItemIndex, encoder: Encoder) -> None:
        self.index, self.encoder = index, encoder

    @classmethod
    def build(cls, catalog: Catalog, encoder: Encoder) -> TitleVectors:
        """Encode every title; an encoder with a cache does so once per title."""
        titles = [title_text(title) for title in catalog.titles]
        live = encoder.encoder if isinstance(encoder, CachedEncoder) else encoder
        return cls(ItemIndex.from_vectors(encoder.encode(titles)), live)

    def nearest(self, texts: Sequence[str], k: int) -> tuple[IntArray, FloatArray]:
        """Return the k closest titles of each text: positions and cosines, both of shape (n, k)."""
        return self.index.search(self.encoder.encode([title_text(text) for text in texts]), k)

    def __call__(self, texts: Sequence[str]) -> tuple[IntArray, FloatArray]:
        """Return the closest title of each text: positions and cosines, both of shape (n,).

        The position is -1 and the cosine -1 where the catalogue is empty.
        """
        items, scores = self.nearest(texts, 1)
        return items[:, 0], np.clip(scores[:, 0], -1.0, 1.0)
