"""Whether reasons are reasons: what leaving the named events out does to what they are said to explain.

Comprehensiveness (DeYoung et al., ERASER: A Benchmark to Evaluate Rationalized NLP Models, ACL 2020):

    drop(x, i, E) = log P(i | x) - log P(i | x without E)

for the named events E, and for as many others drawn from the same events, so that what erasing anything does
is taken off. P is the distribution of whatever is judged, over the items not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nextinterest.domain import FloatArray, History, IntArray, ItemScorer
from nextinterest.eval.significance.randomisation import SignFlipResult, sign_flip_test

__all__ = ["ErasureResult", "erase", "erasure_drops"]


@dataclass(frozen=True, slots=True, eq=False)
class ErasureResult:
    """Drops in nats, one row for each explained item.

    Attributes
    ----------
    named, others
        Drop when the named events are left out, and when others are, float32, shape (n,).
    """

    named: FloatArray
    others: FloatArray

    def test(self, n_permutations: int = 10_000, seed: int = 0) -> SignFlipResult:
        """Return the paired test of the difference."""
        return sign_flip_test(self.named - self.others, n_permutations=n_permutations, seed=seed)


def erase(
    scorer: ItemScorer, histories: Sequence[History], items: IntArray, erased: Sequence[Sequence[int]]
) -> FloatArray:
    """Return the drop of log P(item) when events are left out of each history, nats, float32, shape (n,).

    Parameters
    ----------
    scorer
        What is judged.
    histories
        What was known, n of them.
    items
        Catalogue position of the explained item, shape (n,).
    erased
        Catalogue positions whose events are left out of each history.
    """
    fewer = [history.without(list(gone)) for history, gone in zip(histories, erased, strict=True)]
    log_p = [scorer.log_probabilities(part).astype(np.float64) for part in (list(histories), fewer)]
    drops = np.empty(len(histories), dtype=np.float32)
    for row, (history, item) in enumerate(zip(histories, items.tolist(), strict=True)):
        unseen = np.ones(log_p[0].shape[1], dtype=bool)
        unseen[history.items] = False
        before, after = (p[row, item] - np.logaddexp.reduce(p[row, unseen]) for p in log_p)
        drops[row] = before - after
    return drops


def erasure_drops(
    scorer: ItemScorer,
    histories: Sequence[History],
    items: IntArray,
    named: Sequence[Sequence[int]],
    *,
    window: int,
    seed: int = 0,
) -> ErasureResult:
    """Return the drops for the named events, and for as many others of the same newest events.

    Parameters
    ----------
    scorer, histories, items
        As of `erase`.
    named
        Catalogue positions of the events that are said to be the reasons, per history.
    window
        Newest events that reasons could have been named from.
    seed
        Draws the others.
    """
    rng = np.random.default_rng(seed)
    others = []
    for history, reasons in zip(histories, named, strict=True):
        pool = np.setdiff1d(history.last(window).items, np.asarray(reasons, dtype=np.int32))
        others.append(rng.permutation(pool)[: len(reasons)].tolist())
    return ErasureResult(erase(scorer, histories, items, named), erase(scorer, histories, items, others))
