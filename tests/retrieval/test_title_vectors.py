from __future__ import annotations

from pathlib import Path

import numpy as np

from nextinterest.domain import Catalog
from nextinterest.retrieval import CachedEncoder, Encoder, TitleVectors


def test_nearest_title_and_its_cosine(catalog: Catalog, encoder: Encoder) -> None:
    index = TitleVectors.build(catalog, encoder)
    items, cosines = index(["Comedy number21", "horror", "zzz"])
    assert items[0] == 21
    assert cosines[0] > 0.999
    assert items[1] % 4 == 0
    assert 0.5 < cosines[1] < 0.9
    assert cosines[2] < 0.5
    assert items.shape == cosines.shape == (3,)
    several, _ = index.nearest(["western number2"], 3)
    assert several.shape == (1, 3)
    assert several[0, 0] == 2


def test_what_is_asked_is_not_written_to_the_cache(
    catalog: Catalog, encoder: Encoder, tmp_path: Path
) -> None:
    cached = CachedEncoder(encoder, tmp_path)
    index = TitleVectors.build(catalog, cached)
    index(["something private"])
    found, _ = cached.cache.lookup(["something private", "horror number0"])
    assert found.tolist() == [False, True]


def test_no_titles(encoder: Encoder) -> None:
    items, cosines = TitleVectors.build(Catalog([], []), encoder)(["x"])
    assert items.tolist() == [-1]
    assert np.array_equal(cosines, [-1.0])
