"""A retriever that has learned: the whole catalogue ranked by a pool of trained scorers.

It is a `Retriever` with the same text vectors and candidate sources, the sequence encoder among them, but its
ranking and its probabilities come from the pool (see `nextinterest.retrieval.pool`) instead of the fusion of
ranks. An empty history is answered as by a `Retriever`, by popularity.

The pool's parts and the other sources name candidates, and the pool scores them. Where it holds an item
softmax, `recommend` costs one pass of a language model for each history.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, History
from nextinterest.retrieval.candidates import Asked
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.parts import Part
from nextinterest.retrieval.paths import PoolPaths
from nextinterest.retrieval.pool import ScorePool
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.retriever import Retriever
from nextinterest.retrieval.scoring import PooledScores
from nextinterest.retrieval.shortlist import Shortlist, rank_candidates
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.text_source import TextNeighbours

__all__ = ["TrainedRetriever"]


class TrainedRetriever(Retriever):
    """A `Retriever` whose ranking is a trained pool's.

    Parameters
    ----------
    catalog, text, others, config, encoder, relations
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
        relations: Sequence[ProfileScorer] = (),
    ) -> None:
        super().__init__(catalog, text, others, config, encoder, relations)
        self.pool, self.provenance = pool, provenance or Provenance()

    @classmethod
    def from_retriever(
        cls, base: Retriever, pool: ScorePool, provenance: Provenance | None = None
    ) -> TrainedRetriever:
        """Return a retriever of the same sources with a trained ranking."""
        return cls(
            base.catalog,
            base._text,
            base.sources[1:],
            base.config,
            base.encoder,
            pool,
            provenance,
            base.relations,
        )

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

    def _signals(self) -> list[CandidateSource]:
        return [*self.pool.parts, *super()._signals()]

    def _rank(self, asked: Asked) -> list[Shortlist]:
        """Rank by the pool; empty histories, of which it knows nothing, as by a `Retriever`."""
        read = [h for h, history in enumerate(asked.histories) if len(history)]
        pooled = PooledScores(self.sources, self.pool, self.config)
        ranked = dict(
            zip(read, rank_candidates(pooled, asked.at(read), self._text.indexed, self._orders), strict=True)
        )
        empty = [h for h in range(len(asked.histories)) if h not in ranked]
        ranked |= zip(empty, super()._rank(asked.at(empty)), strict=True)
        return [ranked[h] for h in range(len(asked.histories))]

    def _logits(self, histories: Sequence[History]) -> NDArray[np.float64]:
        """Return the pool's scores, those of an empty history as of a `Retriever`.

        Seen items are as improbable as the least probable of the others: the parts were trained on what
        follows for the first time and say nothing of repeats.
        """
        read = [h for h, history in enumerate(histories) if len(history)]
        empty = [h for h, history in enumerate(histories) if not len(history)]
        logits = np.empty((len(histories), len(self.catalog)))
        if empty:
            logits[empty] = super()._logits([histories[h] for h in empty])
        if read:
            logits[read] = self.pool.read([histories[h] for h in read]).all()
            floor = logits.min(axis=1)
            for h in read:
                logits[h, histories[h].items] = floor[h]
        return logits

    def open(self, history: History, n_paths: int) -> PoolPaths:
        """Return the state of `n_paths` continuations of a history, whose text is read once.

        It makes this a `nextinterest.interests.StatefulItemScorer`.
        """
        return PoolPaths(self.pool, self, history, n_paths)

    def update(self, catalog: Catalog) -> None:
        """Take over a changed catalogue; see `Retriever.update`. New items rank by their text."""
        change = CatalogChange.between(self._catalog, catalog, self.encoder)
        followed: list[CandidateSource | Part] = []
        members: list[CandidateSource | Part] = [*self.sources, *self.pool.parts, *self.relations]
        for member in members:
            if not any(member is done for done in followed):  # the encoder is a source and a part
                member.follow(change)
                followed.append(member)
        self._take_over(catalog)
