"""A retriever that has learned: the whole catalogue ranked by a pool of trained scorers.

It is a `Retriever` with the same text vectors and candidate sources, the sequence encoder among them, but its
ranking and its probabilities come from the pool (see `nextinterest.retrieval.pool`) instead of the fusion of
ranks. An empty history is answered as by a `Retriever`, by popularity.

Every item is scored for every history: a few million multiplications at some ten thousand items, which is
less than one pass of any language model. Where the pool holds an item softmax, `recommend` costs one such
pass for each history.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Candidate, Catalog, FloatArray, History, Rankings
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.lists import rounded_down, seen_items
from nextinterest.retrieval.parts import Part
from nextinterest.retrieval.paths import PoolPaths
from nextinterest.retrieval.pool import ScorePool
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.ranks import top_k
from nextinterest.retrieval.retriever import Retriever
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.vector_source import TextNeighbours

__all__ = ["TrainedRetriever"]

_ROWS = 512  # histories scored at once


class TrainedRetriever(Retriever):
    """A `Retriever` whose ranking is a trained pool's.

    Parameters
    ----------
    catalog, text, others, config, encoder
        As of `Retriever`.
    pool
        Scores the catalogue.
    provenance
        What the pool was learned from.
    """

    name = "trained"

    def __init__(
        self,
        catalog: Catalog,
        text: TextNeighbours,
        others: Sequence[CandidateSource],
        config: RetrieverConfig,
        encoder: Encoder,
        pool: ScorePool,
        provenance: Provenance | None = None,
    ) -> None:
        super().__init__(catalog, text, others, config, encoder)
        self.pool, self.provenance = pool, provenance or Provenance()

    @classmethod
    def from_retriever(
        cls, base: Retriever, pool: ScorePool, provenance: Provenance | None = None
    ) -> TrainedRetriever:
        """Return a retriever of the same sources with a trained ranking."""
        return cls(base.catalog, base._text, base.sources[1:], base.config, base.encoder, pool, provenance)

    @property
    def tokens_read(self) -> int:
        """Prompt tokens that the pool's language model has read so far."""
        return sum(part.tokens_read for part in self.pool.parts)

    def remember(self, max_bytes: int) -> None:
        """Let the parts keep what they read of named users; see `Part.remember`."""
        for part in self.pool.parts:
            part.remember(max_bytes)

    def forget(self, user: str) -> None:
        """Drop what is kept of a user."""
        for part in self.pool.parts:
            part.forget(user)

    def remembered(self) -> frozenset[str]:
        """Return the users of whom something is kept now."""
        return frozenset().union(*(part.remembered() for part in self.pool.parts))

    def without_language(self) -> TrainedRetriever:
        """Return the same retriever with the ranking that was fitted without a language model.

        It shares everything else. For what asks for many distributions and can do with slightly worse ones,
        such as the effect of each event of a history.
        """
        return self.from_retriever(self, self.pool.without_language(), self.provenance)

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history; ties go to the smaller position."""
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k), dtype=np.float32)
        empty = [i for i, history in enumerate(histories) if not len(history)]
        if empty:
            found = super().recommend([histories[i] for i in empty], k, exclude_seen)
            items[empty], probabilities[empty] = found.items, found.probabilities
        filled = [i for i, history in enumerate(histories) if len(history)]
        for start in range(0, len(filled), _ROWS):
            rows = filled[start : start + _ROWS]
            part = [histories[i] for i in rows]
            log_p = self._log_p(part, exclude_seen)
            items[rows] = best = top_k(log_p, k)
            exact = np.where(best >= 0, np.exp(np.take_along_axis(log_p, np.maximum(best, 0), axis=1)), 0.0)
            probabilities[rows] = rounded_down(exact)
        return Rankings(items, probabilities)

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items).

        Seen items are as improbable as the least probable of the others: the parts were trained on what
        follows for the first time and say nothing of repeats. Masked and renormalised, the distribution is
        that of `recommend`.
        """
        out = np.empty((len(histories), len(self.catalog)), dtype=np.float32)
        empty = [i for i, history in enumerate(histories) if not len(history)]
        if empty:
            out[empty] = super().log_probabilities([histories[i] for i in empty])
        filled = [i for i, history in enumerate(histories) if len(history)]
        for start in range(0, len(filled), _ROWS):
            rows = filled[start : start + _ROWS]
            out[rows] = self._log_p([histories[i] for i in rows], exclude_seen=False)
        return out

    def open(self, history: History, n_paths: int) -> PoolPaths:
        """Return the state of `n_paths` continuations of a history, whose text is read once.

        It makes this a `nextinterest.interests.StatefulItemScorer`.
        """
        return PoolPaths(self.pool, self, history, n_paths)

    def candidates(
        self, histories: Sequence[History], k: int, exclude_seen: bool = True
    ) -> list[list[Candidate]]:
        """Return the k best items, their log-probability, and their rank in each source naming them."""
        ranked = self.recommend(histories, k, exclude_seen)
        fused = self._fuse(histories, exclude_seen)
        names = [source.name for source in self.sources]
        result: list[list[Candidate]] = []
        for row, (items, probabilities) in enumerate(zip(ranked.items, ranked.probabilities, strict=True)):
            position = {int(item): i for i, item in enumerate(fused.items[row]) if item >= 0}
            chosen: list[Candidate] = []
            for item, probability in zip(items.tolist(), probabilities.tolist(), strict=True):
                if item < 0:
                    continue
                ranks = fused.ranks[row, position[item]] if item in position else ()
                by_source = {n: int(r) for n, r in zip(names, ranks, strict=False) if r}
                chosen.append(Candidate(item, float(np.log(max(probability, 1e-38))), by_source))
            result.append(chosen)
        return result

    def update(self, catalog: Catalog) -> None:
        """Take over a changed catalogue; see `Retriever.update`. New items rank by their text."""
        change = CatalogChange.between(self._catalog, catalog, self.encoder)
        followed: list[CandidateSource | Part] = []
        members: list[CandidateSource | Part] = [*self.sources, *self.pool.parts]
        for member in members:
            if not any(member is done for done in followed):  # the encoder is a source and a part
                member.follow(change)
                followed.append(member)
        self._catalog = catalog

    def _log_p(self, histories: Sequence[History], exclude_seen: bool) -> NDArray[np.float64]:
        """Return log-probabilities in double precision, ``-inf`` for seen items where they are excluded."""
        logits = self.pool.logits(histories).astype(np.float64)
        floor = logits.min(axis=1)
        for row, seen in enumerate(seen_items(histories, True) or ()):
            logits[row, seen] = -np.inf if exclude_seen else floor[row]
        top = logits.max(axis=1, keepdims=True)
        top = np.where(np.isfinite(top), top, 0.0)  # every item seen
        with np.errstate(divide="ignore"):
            total = np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        return logits - top - np.where(np.isfinite(total), total, 0.0)
