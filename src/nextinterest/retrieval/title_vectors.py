"""Titles by meaning: the nearest catalogue title to any text, which grounds what a model wrote.

The index of item texts, which the recommender searches anyway, names a few items for each text. Only their
titles are then encoded, bare as the text is: an item's text has categories and a description besides, and how
close it lies to a title says little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.domain import Catalog, FloatArray, IntArray
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.item_text import title_text
from nextinterest.retrieval.lists import PAD, empty_lists
from nextinterest.retrieval.text_encoder import Encoder, uncached

__all__ = ["TitleVectors"]

_LOOKED_AT = 32  # items by their texts, whose titles are compared


class TitleVectors:
    """The titles of a catalogue by their closeness to a text.

    Parameters
    ----------
    catalog
        The catalogue.
    index
        Vectors of its item texts, by catalogue position.
    encoder
        The encoder that made them. What is looked up is not kept where it is a cached one; titles are.
    """

    def __init__(self, catalog: Catalog, index: ItemIndex, encoder: Encoder) -> None:
        self.catalog, self.index, self.encoder = catalog, index, encoder

    def nearest(self, texts: Sequence[str], k: int) -> tuple[IntArray, FloatArray]:
        """Return the k closest titles of each text: positions and cosines, both of shape (n, k).

        Behind the end of a short list the position is -1 and the cosine -1.
        """
        found, cosines = empty_lists(len(texts), k)
        vectors = uncached(self.encoder).encode([title_text(text) for text in texts])
        items, _ = self.index.search(vectors, max(k, _LOOKED_AT))
        named = np.unique(items[items != PAD])
        titles = self.encoder.encode([title_text(self.catalog.titles[int(item)]) for item in named])
        for row, (vector, fetched) in enumerate(zip(vectors, items, strict=True)):
            own = np.sort(fetched[fetched != PAD])
            near = titles[np.searchsorted(named, own)] @ vector
            order = np.argsort(-near, kind="stable")[:k]
            found[row, : len(order)], cosines[row, : len(order)] = own[order], near[order]
        return found, np.clip(cosines, -1.0, 1.0)

    def __call__(self, texts: Sequence[str]) -> tuple[IntArray, FloatArray]:
        """Return the few closest titles of each text, as `nearest` does."""
        return self.nearest(texts, 8)
