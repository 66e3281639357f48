"""What holds for every baseline: both protocols, normalised probabilities, exact lists, saved state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nextinterest.data.splits import Split
from nextinterest.domain import Catalog, History, ItemScorer, Recommender
from nextinterest.errors import DataError
from nextinterest.eval.baselines import (
    EASE,
    Baseline,
    BaselineConfig,
    ItemKNN,
    Markov,
    Popularity,
    RecentPopularity,
    TextSimilarity,
)
from nextinterest.eval.baselines.base import log_softmax

Fit = Callable[[Split, Catalog], object]


def _text(split: Split, catalog: Catalog) -> TextSimilarity:
    vectors = np.random.default_rng(0).normal(size=(len(catalog), 5)).astype(np.float32)
    return TextSimilarity.fit(split.train, catalog, item_vectors=vectors)


FITS: dict[str, Fit] = {
    "popularity": lambda s, c: Popularity.fit(s.train, c),
    "recent-popularity": lambda s, c: RecentPopularity.fit(s.train, c),
    "markov": lambda s, c: Markov.fit(s.train, c),
    "itemknn": lambda s, c: ItemKNN.fit(s.train, c),
    "ease": lambda s, c: EASE.fit(s.train, c),
    "text": _text,
}


@pytest.fixture(params=sorted(FITS))
def fitted(request: pytest.FixtureRequest, split: Split, catalog: Catalog) -> Baseline[BaselineConfig]:
    model = FITS[request.param](split, catalog)
    assert isinstance(model, Baseline)
    assert model.name == request.param
    return model


def _cases(split: Split, catalog: Catalog) -> list[History]:
    everything = History(np.arange(len(catalog), dtype=np.int32))
    most = History(np.arange(len(catalog) - 3, dtype=np.int32))
    nothing = History(np.zeros(0, dtype=np.int32))
    return [*split.test.histories, nothing, most, everything]


def test_is_a_recommender_and_a_scorer(fitted: Baseline[BaselineConfig], catalog: Catalog) -> None:
    assert isinstance(fitted, Recommender)
    assert isinstance(fitted, ItemScorer)
    assert fitted.catalog is catalog


def test_probabilities_are_normalised(
    fitted: Baseline[BaselineConfig], split: Split, catalog: Catalog
) -> None:
    log_p = fitted.log_probabilities(_cases(split, catalog))
    assert log_p.dtype == np.float32
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p.astype(np.float64)).sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("exclude_seen", [True, False])
def test_lists_are_the_sorted_probabilities(
    fitted: Baseline[BaselineConfig], split: Split, catalog: Catalog, exclude_seen: bool
) -> None:
    cases = _cases(split, catalog)
    log_p = fitted.log_probabilities(cases).astype(np.float64)
    ranked = fitted.recommend(cases, k=5, exclude_seen=exclude_seen)
    for row, history in enumerate(cases):
        p = np.exp(log_p[row])
        if exclude_seen:
            p[history.items] = 0.0
        length = min(5, int((p > 0).sum()))
        listed = ranked.items[row]
        assert (listed[:length] >= 0).all()
        assert (listed[length:] == -1).all()
        assert (ranked.probabilities[row, length:] == 0).all()
        assert len(set(listed[:length].tolist())) == length
        if length:
            p /= p.sum()
            np.testing.assert_allclose(
                ranked.probabilities[row, :length], np.sort(p)[::-1][:length], rtol=1e-3
            )
            np.testing.assert_allclose(ranked.probabilities[row, :length], p[listed[:length]], rtol=1e-3)


def test_one_by_one_equals_all_at_once(
    fitted: Baseline[BaselineConfig], split: Split, catalog: Catalog
) -> None:
    cases = _cases(split, catalog)[-8:]
    together = fitted.log_probabilities(cases)
    alone = np.concatenate([fitted.log_probabilities([case]) for case in cases])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert fitted.log_probabilities([]).shape == (0, len(catalog))
    assert fitted.recommend([], k=3).items.shape == (0, 3)


def test_state_restores_the_same_scores(
    fitted: Baseline[BaselineConfig], split: Split, catalog: Catalog
) -> None:
    state = fitted.state()
    assert all(array.dtype != np.object_ for array in state.values())
    again = type(fitted).restore(catalog, fitted.config, state)
    np.testing.assert_array_equal(
        again.log_probabilities(split.test.histories), fitted.log_probabilities(split.test.histories)
    )


def test_a_list_needs_a_place(fitted: Baseline[BaselineConfig]) -> None:
    with pytest.raises(DataError, match="k=0"):
        fitted.recommend([], k=0)


def test_log_softmax_of_large_scores() -> None:
    out = log_softmax(np.array([[1e4, 1e4, -np.inf]], dtype=np.float32))
    np.testing.assert_allclose(out[0, :2], np.log(0.5), rtol=1e-6)
    assert out[0, 2] == -np.inf
