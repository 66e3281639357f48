"""Retrieve, rerank, blend: the agent's ranking as a `Recommender`.

The retriever gives every item a probability; the language model redistributes the probability that the
retriever gave to its best candidates among those candidates:

    log P(i) = log P_r(i) + w log P_c(i) + const   for candidates, with the same total as under P_r,
    P(i)     = P_r(i)                              for every other item,

with P_c the choice probabilities and w their weight, fitted on validation events. So probabilities over
the catalogue sum to one whatever the language model says, and a list of k sums to at most one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nextinterest.domain import Catalog, FloatArray, History, IntArray, Rankings
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.rerank.choice import ChoiceReranker

__all__ = ["Ranked", "RetrieveAndRerank", "blend"]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The ranked list of one history, with the parts of each score.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n,), best first; n is at most the k asked for.
    probabilities
        float32, shape (n,), non-increasing.
    parts
        Log-scores by name, each float32, shape (n,); NaN where a part did not score the item.
    """

    items: IntArray
    probabilities: FloatArray
    parts: dict[str, FloatArray]


def blend(retrieval: FloatArray, choice: FloatArray, weight: float) -> FloatArray:
    """Redistribute the candidates' retrieval probability by the formula of the module.

    Parameters
    ----------
    retrieval
        log P_r of the candidates, shape (n,).
    choice
        log P_c of the candidates, shape (n,).
    weight
        w of the formula.

    Returns
    -------
    array
        log P, shape (n,), with the same sum of probabilities as `retrieval`.

    Examples
    --------
    >>> import numpy as np
    >>> before = np.log(np.array([0.4, 0.2], dtype=np.float32))
    >>> after = np.exp(blend(before, np.log(np.array([0.2, 0.8], dtype=np.float32)), 1.0))
    >>> [round(float(p), 3) for p in after]
    [0.2, 0.4]
    """
    raw = retrieval + weight * choice
    return np.asarray(raw - np.logaddexp.reduce(raw) + np.logaddexp.reduce(retrieval), dtype=np.float32)


class RetrieveAndRerank:
    """A `Recommender` of two stages.

    Parameters
    ----------
    retriever
        Ranks the whole catalogue.
    reranker
        Chooses between the retriever's best candidates; None leaves the retriever's order.
    n_candidates
        How many are reranked.
    weight
        Weight of the choice log-probabilities in the blend.
    """

    def __init__(
        self, retriever: Retriever, reranker: ChoiceReranker | None, n_candidates: int, weight: float
    ) -> None:
        self.retriever = retriever
        self.reranker = reranker
        self.n_candidates = n_candidates
        self.weight = weight

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        return "agent"

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        return self.retriever.catalog

    @property
    def tokens_used(self) -> int:
        """Prompt tokens read by language models so far."""
        chosen = 0 if self.reranker is None else self.reranker.tokens_used
        return chosen + self.retriever.tokens_read

    def rank(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> list[Ranked]:
        """Rank the catalogue for each history, with the parts of each score."""
        found = self.retriever.recommend(histories, max(k, self.n_candidates), exclude_seen)
        items = [row[row >= 0] for row in found.items]
        with np.errstate(divide="ignore"):
            retrieval = [
                np.log(row[: len(kept)]) for row, kept in zip(found.probabilities, items, strict=True)
            ]
        # An empty history tells the language model nothing, so its choice would be a prior over titles.
        asked = [h for h, history in enumerate(histories) if len(history) and len(items[h]) > 1]
        choices: dict[int, FloatArray] = {}
        if self.reranker is not None and self.weight > 0 and asked:
            offered = [items[h][: self.n_candidates] for h in asked]
            chosen = self.reranker.log_probabilities([histories[h] for h in asked], offered)
            choices = dict(zip(asked, chosen, strict=True))
        return [self._blend(items[h], retrieval[h], choices.get(h), k) for h in range(len(histories))]

    def _blend(self, items: IntArray, retrieval: FloatArray, choice: FloatArray | None, k: int) -> Ranked:
        log = retrieval.copy()
        parts = {"retrieval": retrieval}
        if choice is not None:
            n = len(choice)
            log[:n] = blend(retrieval[:n], choice, self.weight)
            parts["choice"] = np.full(len(items), np.nan, dtype=np.float32)
            parts["choice"][:n] = choice
        order = np.lexsort((np.arange(len(items)), -log))[:k]
        return Ranked(
            items[order],
            np.exp(log[order]).astype(np.float32),
            {name: part[order] for name, part in parts.items()},
        )

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history."""
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k), dtype=np.float32)
        for h, ranked in enumerate(self.rank(histories, k, exclude_seen)):
            items[h, : len(ranked.items)] = ranked.items
            probabilities[h, : len(ranked.items)] = ranked.probabilities
        return Rankings(items, probabilities)
