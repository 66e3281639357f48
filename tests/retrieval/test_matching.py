"""How clearly words match a catalogue: nonsense does not, a clear topic does, and the rise is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from nextinterest.domain import Catalog, FloatArray
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.matching import MOST, Match, Noise, meaningless_strings
from nextinterest.retrieval.reading import IndexedVectors
from nextinterest.retrieval.request_words import topic_words
from nextinterest.retrieval.rest import draw_order

OTHERS = ("qwerty", "zzxx", "blorp wug", "asdf", "snorp florb")


class Letters:
    """Counts of letter pairs as unit vectors: any text is a little close to any other."""

    fingerprint = "pairs"

    def encode(self, texts: Sequence[str]) -> FloatArray:
        vectors = np.full((len(texts), 27 * 27), 0.05, dtype=np.float32)
        for row, text in enumerate(texts):
            code = [max(0, ord(letter) - 96) if letter.isalpha() else 0 for letter in f" {text.lower()} "]
            for one, two in pairwise(code):
                vectors[row, 27 * min(one, 26) + min(two, 26)] += 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def noise(texts: list[str], encoder: Encoder) -> tuple[Noise, FloatArray]:
    vectors = encoder.encode(texts)
    return Noise(IndexedVectors(vectors), draw_order(len(texts)), encoder), vectors


@pytest.fixture
def shop() -> list[str]:
    goods = (
        "filter coffee",
        "decaf coffee",
        "teapot",
        "lawn mower",
        "running shoes",
        "phone case",
        "garden hose",
    )
    return [f"{good} {size}" for good in goods for size in ("small", "medium", "large")]


def test_random_words_match_nothing_and_a_topic_clearly(shop: list[str]) -> None:
    encoder = Letters()
    judged, _ = noise(shop, encoder)
    kinds = [judged.match(vector).kind for vector in encoder.encode(["filter coffee", "garden", *OTHERS])]
    assert kinds[:2] == ["clear", "clear"]
    assert kinds.count("none") >= len(OTHERS) - 1
    assert "clear" not in kinds[2:]
    for match in map(judged.match, encoder.encode([*OTHERS, "filter coffee"])):
        assert (match.steer > 0.0) == (match.kind != "none")
    of_strings = [judged.match(vector).clearness for vector in encoder.encode(meaningless_strings())]
    assert np.mean(of_strings) == pytest.approx(0.0, abs=1e-3)
    assert np.std(of_strings, ddof=1) == pytest.approx(1.0, abs=1e-3)


def test_a_genre_is_clear_however_many_items_it_has(catalog: Catalog, encoder: Encoder) -> None:
    judged, _ = noise(catalog_texts(catalog), encoder)
    for words in ("western", "horror", "musical"):
        assert judged.match(encoder.encode([words])[0]).kind == "clear"


def test_the_closest_item_rises_by_the_bound_at_most(shop: list[str]) -> None:
    for encoder in (Letters(),):
        judged, vectors = noise(shop, encoder)
        for vector in (*vectors[:6], *encoder.encode(["coffee", "tea", "lawn"])):
            near = vectors @ vector
            assert judged.match(vector).steer * (near.max() - near.mean()) <= MOST + 1e-4


def test_weak_words_count_for_less_than_clear_ones() -> None:
    assert [Match(clearness, 0.0).kind for clearness in (-3.0, 1.0, 1.5, 2.0, 9.0)] == [
        "none", "none", "weak", "clear", "clear",
    ]  # fmt: skip


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_catalogues_of_hardly_any_item(n: int) -> None:
    encoder = Letters()
    judged, _ = noise(["coffee", "tea", "lawn mower"][:n], encoder)
    match = judged.match(encoder.encode(["tea"])[0])
    assert np.isfinite([match.clearness, match.steer]).all()
    assert match.steer >= 0.0


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("something dark and slow", "dark slow"),
        ("Hi! Can you recommend me a good western, please?", "western"),
        ("a movie", "a movie"),
        ("Up", "Up"),
        ("what\u2019s a comedy for kids?", "comedy kids"),
        ("etwas Lustiges", "etwas Lustiges"),
        ("\u6620\u753b", "\u6620\u753b"),
        ("?!", "?!"),
    ],
)
def test_words_that_only_ask_are_left_out(request_: str, words: str) -> None:
    assert topic_words(request_) == words
