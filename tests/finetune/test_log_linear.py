"""The blend: finds known weights, ignores noise, is never worse than its best part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.errors import DataError
from nextinterest.finetune import fit_log_linear


def draws(
    seed: int, weights: tuple[float, ...], n: int = 4000, c: int = 12
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return random parts and targets drawn from their blend."""
    rng = np.random.default_rng(seed)
    parts = {f"part{i}": rng.normal(size=(n, c)) for i in range(len(weights))}
    logits = sum(w * part for w, part in zip(weights, parts.values(), strict=True))
    gumbel = rng.gumbel(size=(n, c))
    return parts, np.argmax(logits + gumbel, axis=1)


def test_known_weights_are_found() -> None:
    parts, targets = draws(1, (1.5, 0.0, 0.4))
    fit = fit_log_linear(parts, targets, ridge=1e-6)
    assert list(fit.weights.values()) == pytest.approx([1.5, 0.0, 0.4], abs=0.08)
    assert fit.n_events == 4000


@given(st.integers(0, 10_000), st.lists(st.floats(0, 2), min_size=1, max_size=4))
@settings(deadline=None, max_examples=25)
def test_never_worse_than_its_best_part(seed: int, weights: list[float]) -> None:
    fit = fit_log_linear(*draws(seed, tuple(weights), n=200))
    # The ridge may cost up to half of itself times the distance it pulls; beyond that, convexity decides.
    assert fit.log_loss <= min(fit.log_loss_of.values()) + 1e-3
    assert min(fit.weights.values()) >= 0.0


def test_events_without_their_target_and_empty_places_do_not_count() -> None:
    parts, targets = draws(2, (1.0, 0.5), n=500)
    padded = {name: np.pad(part, ((0, 3), (0, 2)), constant_values=-np.inf) for name, part in parts.items()}
    for part in padded.values():
        part[500:, :12] = 0.0
    longer = np.append(targets, [-1, -1, -1])
    assert fit_log_linear(padded, longer).weights == pytest.approx(fit_log_linear(parts, targets).weights)


def test_what_cannot_be_fitted_is_said() -> None:
    with pytest.raises(DataError, match="at least one part"):
        fit_log_linear({}, np.array([0]))
    with pytest.raises(DataError, match="differ in shape"):
        fit_log_linear({"a": np.zeros((2, 3)), "b": np.zeros((2, 4))}, np.array([0, 0]))
    with pytest.raises(DataError, match="No event"):
        fit_log_linear({"a": np.zeros((2, 3))}, np.array([-1, -1]))
    with pytest.raises(DataError, match="empty position"):
        fit_log_linear({"a": np.array([[0.0, -np.inf]])}, np.array([1]))
