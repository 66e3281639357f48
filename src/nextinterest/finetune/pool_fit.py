"""The weights of a pool, fitted on validation events, its calibration, and what its language model adds.

Each part scores the cases once. The weights are fitted on all of them. Calibration and what the language
model adds are measured by folds of users, weights fitted on the others; the latter is given with the standard
error of the paired difference over users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.data import HeldOut
from nextinterest.domain import FloatArray
from nextinterest.finetune.calibration import calibration
from nextinterest.finetune.log_linear import fit_log_linear
from nextinterest.finetune.validation import CaseMeasures, rank_one_by_one, seen_mask
from nextinterest.retrieval.parts import Part
from nextinterest.retrieval.pool import ScorePool

__all__ = ["BESIDE_PARTS", "Measures", "fit_pool", "fit_weights", "measure", "mix"]

Measures = dict[str, dict[str, float]]
Scores = dict[str, NDArray[np.float32]]

BESIDE_PARTS = ("calibration", "calibration_before", "language_adds")
"""Measures that are no row of a table of parts."""

_FOLDS = 3
_ROWS = 512


def fit_pool(
    parts: Sequence[Part],
    validation: HeldOut,
    n_events: int,
    language: str | None = None,
    known: Mapping[str, FloatArray] | None = None,
) -> tuple[ScorePool, Measures]:
    """Fit the weights of the parts; return the pool, and the measures of each part and of the blend.

    Parameters
    ----------
    parts
        The parts.
    validation
        Events to fit and to measure on.
    n_events
        At most so many of them are used, drawn evenly.
    language
        Name of the part that runs a language model. The pool is then fitted without it as well, and the
        measures say what it adds: ``without_language``, and under ``language_adds`` the paired differences
        and their standard errors. `calibration` is of the blend, weights fitted on other users, and
        ``calibration_before`` that of the first part as it was trained.
    known
        Scores of all validation events, shape (n, n_items), of parts that have computed them before.

    Notes
    -----
    Seen items are left out, as they are when ranking.
    """
    some = np.unique(np.linspace(0, len(validation) - 1, n_events).astype(np.int64))
    cases = validation.take(some)
    there = known or {}
    scores = {
        part.name: there[part.name][some] if part.name in there else _all_scores(part, cases)
        for part in parts
    }
    seen = seen_mask(cases, next(iter(scores.values())).shape[1])
    every = np.arange(len(cases))
    weights = fit_weights(scores, seen, cases, every)
    measures = {name: measure(score, seen, cases).means() for name, score in scores.items()}
    measures["blend"] = measure(mix(scores, weights, every), seen, cases).means()
    blended = _cross_fitted(scores, seen, cases)
    measures["calibration"] = calibration(blended, seen, cases.targets)
    measures["calibration_before"] = calibration(next(iter(scores.values())), seen, cases.targets)
    if language is None or len(parts) == 1:
        return ScorePool(parts, weights), measures
    others = {name: score for name, score in scores.items() if name != language}
    without = fit_weights(others, seen, cases, every)
    measures["without_language"] = measure(mix(others, without, every), seen, cases).means()
    measures["language_adds"] = _gain(
        measure(blended, seen, cases), measure(_cross_fitted(others, seen, cases), seen, cases), cases.users
    )
    return ScorePool(parts, weights, without), measures


def _all_scores(part: Part, cases: HeldOut) -> NDArray[np.float32]:
    chunks = [part.scores(cases.histories[i : i + _ROWS]) for i in range(0, len(cases), _ROWS)]
    return np.concatenate(chunks)


def fit_weights(
    scores: Scores, seen: NDArray[np.bool_], cases: HeldOut, rows: NDArray[np.int64]
) -> dict[str, float]:
    """Fit the weights on some cases.

    Scores are brought to a spread of one before the fit, so that its ridge means the same for each, whatever
    their order and size, and the weights returned are those of the raw scores.
    """
    hidden, targets = seen[rows], cases.targets[rows]
    spread = {name: float(score[rows][~hidden].std()) or 1.0 for name, score in scores.items()}
    scale = {name: 1.0 / value for name, value in spread.items()}
    possible = ~hidden[np.arange(len(rows)), targets]
    masked = {
        name: np.where(hidden, np.float32(-np.inf), score[rows] * np.float32(scale[name]))
        for name, score in scores.items()
    }
    fit = fit_log_linear(masked, np.where(possible, targets, -1))
    return {name: round(weight * scale[name], 6) for name, weight in fit.weights.items()}


def mix(scores: Scores, weights: dict[str, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the weighted sum of the parts' scores of some cases."""
    total = np.zeros((len(rows), next(iter(scores.values())).shape[1]), dtype=np.float32)
    for name, weight in weights.items():
        total += np.float32(weight) * scores[name][rows]
    return total


def measure(score: NDArray[np.float32], seen: NDArray[np.bool_], cases: HeldOut) -> CaseMeasures:
    """Return how each case went by scores of shape (n, n_items), items masked by `seen` left out."""
    parts = [
        rank_one_by_one(score[i : i + _ROWS], seen[i : i + _ROWS], cases.targets[i : i + _ROWS])
        for i in range(0, len(cases), _ROWS)
    ]
    return CaseMeasures.joined(parts)


def _cross_fitted(scores: Scores, seen: NDArray[np.bool_], cases: HeldOut) -> NDArray[np.float32]:
    """Return the blend of each case by weights that were fitted on other users."""
    fold = np.random.default_rng(0).permutation(int(cases.users.max()) + 1)[cases.users] % _FOLDS
    mixed = np.empty_like(next(iter(scores.values())))
    for k in range(min(_FOLDS, len(np.unique(cases.users)))):
        rows, rest = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        mixed[rows] = mix(scores, fit_weights(scores, seen, cases, rest), rows)
    return mixed


def _gain(with_it: CaseMeasures, without: CaseMeasures, users: NDArray[np.integer]) -> dict[str, float]:
    """Return paired differences of two ways of ranking the same cases."""
    both = with_it.possible & without.possible
    gain = with_it.gains - without.gains
    loss = np.where(both, with_it.losses - without.losses, 0.0)
    return {
        "ndcg@10": float(gain.mean()),
        "ndcg@10_se": _error(gain, users),
        "log_loss": float(loss[both].mean()),
        "log_loss_se": _error(loss[both], users[both]),
    }


def _error(values: NDArray[np.float64], users: NDArray[np.integer]) -> float:
    """Return the standard error of a mean whose cases come in users (linearised ratio estimator)."""
    total, count = np.bincount(users, values), np.bincount(users)
    return float(np.sqrt(((total - values.mean() * count) ** 2).sum()) / len(values))
