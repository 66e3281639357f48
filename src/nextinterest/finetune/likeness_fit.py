"""The weights of likeness, fitted on validation events: which item came next after the newest one before it.

    P(next = i | x) = exp(sum over signals s of w_s z_s(x, i)) / sum over items j of the same

by `nextinterest.finetune.log_linear`, popularity left out: two items are not alike because both are popular.
Of a large catalogue each event is compared with a uniform sample, from which the weights are estimated
without bias (McFadden, 1978).
"""

from __future__ import annotations

import numpy as np

from nextinterest.data import HeldOut, Split
from nextinterest.domain import History
from nextinterest.finetune.log_linear import fit_log_linear
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.likeness import Likeness
from nextinterest.retrieval.relations import fit_relations

__all__ = ["LEAST_TEXT", "fit_likeness", "learn_likeness"]

LEAST_TEXT = 0.05
"""Weight of text at least: of items without events nothing else may say anything."""

_ITEMS = 5000  # compared for each event, at most


def fit_likeness(
    likeness: Likeness, n_items: int, validation: HeldOut, n_events: int = 2000
) -> dict[str, float]:
    """Return the weight of each signal.

    Parameters
    ----------
    likeness
        The signals, learned without these events.
    n_items
        Size of the catalogue.
    validation
        Events to fit on.
    n_events
        At most so many of them are used, drawn evenly.

    Raises
    ------
    DataError
        If there are no events.
    """
    cases = validation.take(np.unique(np.linspace(0, len(validation) - 1, n_events).astype(np.int64)))
    before = np.array([history.items[-1] for history in cases.histories], dtype=np.int32)
    items = _compared(cases.targets, n_items)
    empty = (items == before[:, None]) | (items == cases.targets[:, None])
    empty[:, 0] = cases.targets == before
    groups = [History(before[i : i + 1]) for i in range(len(before))]
    scores = {
        name: np.where(empty, np.float32(-np.inf), likeness.signal(name, groups).of(items))
        for name in likeness.sources
    }
    fit = fit_log_linear(scores, np.where(empty[:, 0], -1, 0))
    weights = {name: round(weight, 4) for name, weight in fit.weights.items()}
    return weights | {"text": max(weights.get("text", 0.0), LEAST_TEXT)}


def learn_likeness(retriever: Retriever, split: Split) -> None:
    """Give a retriever that learned from a split's training part the relations and weights of likeness."""
    n_items = len(retriever.catalog)
    retriever.relations = fit_relations(split.train, n_items, retriever.config)
    weights = fit_likeness(retriever.likeness, n_items, split.validation)
    retriever.config = retriever.config.model_copy(update={"likeness": weights})


def _compared(
    targets: np.ndarray[tuple[int], np.dtype[np.int32]], n_items: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Return the items that each event is compared with, its target first, shape (n, m)."""
    drawn = np.arange(n_items, dtype=np.int32)
    if n_items > _ITEMS:
        drawn = np.random.default_rng(0).choice(drawn, _ITEMS, replace=False)
    rest = np.broadcast_to(drawn, (len(targets), len(drawn)))
    return np.concatenate([targets[:, None], rest], axis=1)
