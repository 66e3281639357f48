"""From histories to ranked candidates: the one path of every recommendation.

    read -> search -> merge -> score -> mass of the rest -> rank

Sources read the histories and name items, by FAISS where they hold vectors; the merged candidates are scored
exactly; what all other items are worth together is summed or estimated (`nextinterest.retrieval.rest`), so
that probabilities are those of the whole catalogue, less what may not be returned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import BoolArray, IntArray
from nextinterest.retrieval.candidates import Asked, Gathered
from nextinterest.retrieval.lists import PAD
from nextinterest.retrieval.reading import IndexedVectors
from nextinterest.retrieval.rest import SAMPLE, Mass
from nextinterest.retrieval.scoring import Scoring
from nextinterest.retrieval.sequence_encoder import pad
from nextinterest.retrieval.steering import Steering
from nextinterest.tracing import step

__all__ = ["Orders", "Shortlist", "rank_candidates"]


@dataclass(frozen=True, slots=True, eq=False)
class Shortlist:
    """The best candidates of one history.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n,), best first; n is at most the k asked for.
    log_probabilities
        Of being the next item among all that may be returned, float64, shape (n,).
    ranks
        Rank of each item in each source that named one of them, from 1, by name of the source, int32, shape
        (n,); 0 where it did not name the item.
    n_candidates
        How many candidates there were.
    rest
        Probability of all items that are not candidates, where it was estimated as estimated.
    rest_least, rest_most
        Bounds that it lies between; see `nextinterest.retrieval.rest`.
    """

    items: IntArray
    log_probabilities: NDArray[np.float64]
    ranks: dict[str, IntArray]
    n_candidates: int
    rest: float
    rest_least: float
    rest_most: float

    def at(self, order: NDArray[np.integer]) -> Shortlist:
        """Return the same candidates in another order, given as indices, shape (n,)."""
        ranks = {name: own[order] for name, own in self.ranks.items()}
        log_probabilities = self.log_probabilities[order]
        return replace(self, items=self.items[order], log_probabilities=log_probabilities, ranks=ranks)


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Two orders of the catalogue, both int32, shape (n_items,).

    Attributes
    ----------
    fill
        In which unnamed items lengthen a list that the sources leave short.
    draw
        In which unnamed items are drawn for the mass of the rest; a random one.
    """

    fill: IntArray
    draw: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _Items:
    """The items of one history that are scored, and how many are not: candidates, named ones cut, a draw."""

    candidates: IntArray
    cut: IntArray
    drawn: IntArray
    n_unnamed: int

    @classmethod
    def of(cls, named: IntArray, free: BoolArray, width: int, k: int, orders: Orders, sample: int) -> _Items:
        """Divide up the items that are free to be returned.

        Parameters
        ----------
        named
            What the sources named, best first.
        free
            Which items may be returned, bool, shape (n_items,); it is changed.
        width, k
            How many named items are candidates at most, and how many candidates there are at least.
        sample
            Unnamed items that are drawn, at most.
        """
        free[named] = False
        candidates = named[:width]
        if len(candidates) < k:
            more = orders.fill[free[orders.fill]][: k - len(candidates)]
            free[more] = False
            candidates = np.concatenate([candidates, more])
        drawn = orders.draw[free[orders.draw]][:sample] if sample else orders.draw[:0]
        return cls(candidates, named[width:], drawn, int(np.count_nonzero(free)))


def rank_candidates(scoring: Scoring, asked: Asked, text: IndexedVectors, orders: Orders) -> list[Shortlist]:
    """Return the best candidates of each history.

    Parameters
    ----------
    scoring
        Finds and scores candidates.
    asked
        Histories and what may be returned.
    text
        The items' text vectors.
    orders
        In which unnamed items come.
    """
    if not asked.histories:
        return []
    scores = scoring.read(asked, text)
    steering = Steering(asked, scores.gathered, text)
    constant = None if steering else scores.unnamed
    n_drawn = SAMPLE if constant is None else 0
    scored = [
        _Items.of(row[row >= 0], asked.free(h, len(orders.draw)), scores.width, asked.k, orders, n_drawn)
        for h, row in enumerate(scores.gathered.fused.items)
    ]
    rows = [np.concatenate([one.candidates, one.cut, one.drawn]) for one in scored]
    items = pad(rows, PAD).astype(np.int32)
    with step("score", candidates=sum(len(one.candidates) for one in scored)) as s:
        logits = steering.of(scores.of(items), items)
        ceiling = steering.ceiling(scores.ceiling)
        ranked = [
            _ranked(one, logits[h], constant, float(ceiling[h]), scores.gathered, h, asked.k)
            for h, one in enumerate(scored)
        ]
        s.note(rest=[one.rest for one in ranked], at_most=[one.rest_most for one in ranked])
    return ranked


def _ranked(
    scored: _Items,
    logits: NDArray[np.float64],
    constant: float | None,
    ceiling: float,
    gathered: Gathered,
    h: int,
    k: int,
) -> Shortlist:
    """Return the list of history h, whose scored items have these log-scores."""
    n, n_cut, n_drawn = len(scored.candidates), len(scored.cut), len(scored.drawn)
    own, cut, drawn = np.split(logits[: n + n_cut + n_drawn], [n, n + n_cut])
    shift = own.max(initial=0.0)
    if constant is None:
        unnamed = Mass.of(drawn - shift, scored.n_unnamed, ceiling - shift)
    else:
        unnamed = Mass.exactly(scored.n_unnamed * float(np.exp(constant - shift)))
    rest, total = unnamed.plus(float(np.exp(cut - shift).sum())), float(np.exp(own - shift).sum())
    best = np.argsort(-own, kind="stable")[:k]
    fused = gathered.fused
    there = best < fused.items.shape[1]  # a list that was lengthened ends with items that no source named
    ranks = np.zeros((len(best), len(gathered.names[h])), dtype=np.int32)
    ranks[there] = fused.ranks[h, best[there], : ranks.shape[1]]
    return Shortlist(
        items=scored.candidates[best],
        log_probabilities=own[best] - shift - np.log(total + rest.value if n else 1.0),
        ranks={name: ranks[:, c] for c, name in enumerate(gathered.names[h]) if ranks[:, c].any()},
        n_candidates=n,
        rest=rest.value / (total + rest.value) if n else 0.0,
        rest_least=rest.least / (total + rest.least) if n else 0.0,
        rest_most=rest.most / (total + rest.most) if n else 0.0,
    )
