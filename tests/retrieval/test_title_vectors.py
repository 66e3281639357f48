from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from nextinterest.domain import Catalog, FloatArray
from nextinterest.retrieval import CachedEncoder, Encoder, ItemIndex, TitleVectors
from nextinterest.retrieval.item_text import catalog_texts


def over_items(catalog: Catalog, encoder: Encoder) -> TitleVectors:
    """As a recommender makes it: over the index of its item texts."""
    return TitleVectors(catalog, ItemIndex.from_vectors(encoder.encode(catalog_texts(catalog))), encoder)


def test_nearest_title_and_its_cosine(catalog: Catalog, encoder: Encoder) -> None:
    index = over_items(catalog, encoder)
    items, cosines = index(["Comedy number21", "horror", "zzz"])
    assert items[0, 0] == 21
    assert cosines[0, 0] > 0.999  # of the bare titles, whatever else an item's text has
    assert items[1, 0] % 4 == 0
    assert 0.5 < cosines[1, 0] < 0.9
    assert cosines[2, 0] < 0.5
    assert items.shape == cosines.shape
    assert (np.diff(cosines, axis=1) <= 0).all()
    several, _ = index.nearest(["western number2"], 3)
    assert several.shape == (1, 3)
    assert several[0, 0] == 2


def test_what_is_asked_is_not_written_to_the_cache(
    catalog: Catalog, encoder: Encoder, tmp_path: Path
) -> None:
    cached = CachedEncoder(encoder, tmp_path)
    index = over_items(catalog, cached)
    index(["something private"])
    index(["horror number0"])
    found, _ = cached.cache.lookup(["something private", "horror number0"])
    assert found.tolist() == [False, True]


def test_no_titles(encoder: Encoder) -> None:
    empty = ItemIndex.from_vectors(encoder.encode(["x"])[:0])
    items, cosines = TitleVectors(Catalog([], []), empty, encoder)(["x"])
    assert (items == -1).all()
    assert (cosines == -1.0).all()


def test_no_title_is_encoded_that_is_not_near(catalog: Catalog, encoder: Encoder) -> None:
    class Counting:
        fingerprint = encoder.fingerprint
        texts: ClassVar[list[str]] = []

        def encode(self, texts: Sequence[str]) -> FloatArray:
            self.texts.extend(texts)
            return encoder.encode(texts)

    index = TitleVectors(catalog, ItemIndex.from_vectors(encoder.encode(catalog_texts(catalog))), Counting())
    index(["Comedy number21"])
    assert len(Counting.texts) <= 33
