"""The retriever: candidate sources fused into one ranking of the whole catalogue, with probabilities.

Each source names its best items for a history, reciprocal ranks are fused to a score f (0 for an item that no
source named), and

    P(next = i | history) = exp(g_i) / sum over all items j of exp(g_j),
    g = log(1 + f / floor) / temperature,

a softmax over log-scores, that is a power law over scores: fused scores fall like 1 / rank, and so, about, do
the chances of a hit (a softmax over the scores themselves loses 0.7 nats on validation). The sum runs over
the whole catalogue, less what the history holds where seen items are excluded: named items one by one and
the unnamed ones as their number, so nothing of the size of the catalogue is computed per history. A list
therefore sums to at most 1.

An empty history is answered by popularity, a catalogue without a log by text alone. Knows no language model.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.log import EventLog
from nextinterest.domain import Candidate, Catalog, FloatArray, History, IntArray, Rankings
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.cooccurrence import CoOccurrence, fit_similarity
from nextinterest.retrieval.fusion import Fused, reciprocal_rank_fusion
from nextinterest.retrieval.index import IndexKind, ItemIndex
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.lists import drop_excluded, rounded_down, seen_items
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.vector_source import TextNeighbours

__all__ = ["Retriever"]


class Retriever:
    """A `Recommender` made of candidate sources. Build one with `build`.

    Parameters
    ----------
    catalog
        The items.
    text
        The source that holds the items' text vectors.
    others
        Further sources, in the order in which their ranks are reported.
    config
        Options.
    encoder
        The encoder of the text vectors, needed only to encode new items.
    """

    name = "retriever"

    def __init__(
        self,
        catalog: Catalog,
        text: TextNeighbours,
        others: Sequence[CandidateSource],
        config: RetrieverConfig,
        encoder: Encoder,
    ) -> None:
        self._catalog, self._text, self.config, self.encoder = catalog, text, config, encoder
        self.sources: list[CandidateSource] = [text, *others]

    @classmethod
    def build(
        cls,
        catalog: Catalog,
        log: EventLog | None,
        encoder: Encoder,
        config: RetrieverConfig | None = None,
        extra_sources: Sequence[CandidateSource] = (),
    ) -> Retriever:
        """Encode the catalogue and learn from a log, where there is one.

        Parameters
        ----------
        catalog
            The items.
        log
            Events to learn popularity and co-occurrence from; None leaves text (and `extra_sources`).
        encoder
            Gives the item vectors; a `CachedEncoder` encodes only what it has not seen.
        config
            Options; None takes the defaults.
        extra_sources
            Sources made elsewhere, such as a trained sequence encoder.
        """
        config = config or RetrieverConfig()
        vectors = encoder.encode(catalog_texts(catalog))
        index = ItemIndex.from_vectors(vectors, cast(IndexKind, config.index))
        text = TextNeighbours(vectors, index, config.text_half_life, config.rating_gain)
        learned: list[CandidateSource] = []
        if log is not None:
            similarity = fit_similarity(log, len(catalog), config.window, config.neighbours, config.shrinkage)
            learned = [
                PopularItems.fit(log, len(catalog), config.popularity_half_life_days),
                CoOccurrence(similarity, config.cooccurrence_half_life, config.rating_gain),
            ]
        return cls(catalog, text, [*learned, *extra_sources], config, encoder)

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        return self._catalog

    @property
    def item_vectors(self) -> FloatArray:
        """Unit text vectors of the items, float32, shape (n_items, dimension)."""
        return self._text.vectors

    @property
    def index(self) -> ItemIndex:
        """The index over `item_vectors`."""
        return self._text.index

    @property
    def tokens_read(self) -> int:
        """Prompt tokens that language models have read for this ranking so far: none."""
        return 0

    def remember(self, max_bytes: int) -> None:
        """Keep what is costly to read of named users' histories, if anything is; here nothing is."""

    def forget(self, user: str) -> None:
        """Drop what `remember` kept of a user."""

    def remembered(self) -> frozenset[str]:
        """Return the users of whom `remember` keeps something now: nobody."""
        return frozenset()

    def without_language(self) -> Retriever:
        """Return a retriever whose ranking runs no language model: this one."""
        return self

    def update(self, catalog: Catalog) -> None:
        """Take over a changed catalogue: items added, removed, or with other texts.

        Only new texts are encoded and only their vectors are touched; nothing is learned again, so new items
        are found by text. Positions are those of the new catalogue from then on. No other thread may use
        the retriever meanwhile.
        """
        change = CatalogChange.between(self._catalog, catalog, self.encoder)
        for source in self.sources:
            source.follow(change)
        self._catalog = catalog

    def changed(self, catalog: Catalog) -> Self:
        """Return a retriever that has taken over a changed catalogue as by `update`; this one stays as it is.

        Both may be used at the same time. What depends on no catalogue is shared: the encoder, the language
        model, and what `remember` keeps. The copy of the rest takes as much memory as this retriever's items.
        """
        shared: dict[int, object] = {id(one): one for one in (self.encoder, self._catalog, self.config)}
        made = copy.deepcopy(self, shared)
        made.update(catalog)
        return made

    def candidates(
        self, histories: Sequence[History], k: int, exclude_seen: bool = True
    ) -> list[list[Candidate]]:
        """Return the k best items of each history with their fused score and their rank in each source."""
        fused = self._filled(histories, k, exclude_seen)
        names = [source.name for source in self.sources]
        return [
            [
                Candidate(int(item), float(score), {n: int(r) for n, r in zip(names, rank, strict=True) if r})
                for item, score, rank in zip(*row, strict=True)
                if item >= 0
            ]
            for row in zip(fused.items, fused.scores, fused.ranks, strict=True)
        ]

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history.

        Items that no source named come last, by popularity (catalogue order without a log).
        """
        fused = self._fuse(histories, exclude_seen)
        filled = self._fill(fused, histories, k, exclude_seen)
        log_p = self._logits(filled.scores) - self._log_normaliser(fused, histories, exclude_seen)[:, None]
        exact = np.where(filled.items >= 0, np.exp(log_p), 0.0)
        return Rankings(filled.items, rounded_down(exact))

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items).

        Seen items are scored like items that no source named; masked and renormalised, the distribution
        is that of `recommend`.
        """
        fused = self._fuse(histories, exclude_seen=True)
        logits = np.zeros((len(histories), len(self.catalog)))
        row, position = np.nonzero(fused.items >= 0)
        logits[row, fused.items[row, position]] = self._logits(fused.scores[row, position])
        return (logits - self._log_normaliser(fused, histories, False)[:, None]).astype(np.float32)

    def _fuse(self, histories: Sequence[History], exclude_seen: bool) -> Fused:
        depth = min(self.config.depth, len(self.catalog))
        lists = [source.candidates(histories, depth, exclude_seen)[0] for source in self.sources]
        weights = [self.config.weights.get(source.name, 1.0) for source in self.sources]
        return reciprocal_rank_fusion(lists, weights, self.config.rrf_constant)

    def _filled(self, histories: Sequence[History], k: int, exclude_seen: bool) -> Fused:
        return self._fill(self._fuse(histories, exclude_seen), histories, k, exclude_seen)

    def _fill(self, fused: Fused, histories: Sequence[History], k: int, exclude_seen: bool) -> Fused:
        """Cut to k, and lengthen shorter lists with the unnamed items."""
        n, width = len(histories), min(k, fused.items.shape[1])
        items = np.full((n, k), -1, dtype=np.int32)
        scores = np.zeros((n, k))
        ranks = np.zeros((n, k, len(self.sources)), dtype=np.int32)
        items[:, :width] = fused.items[:, :width]
        scores[:, :width] = fused.scores[:, :width]
        ranks[:, :width] = fused.ranks[:, :width]
        short = np.flatnonzero((items < 0).any(axis=1))
        if len(short):
            out = [fused.items[i][fused.items[i] >= 0] for i in short]
            seen = seen_items([histories[int(i)] for i in short], exclude_seen)
            if seen is not None:
                out = [np.concatenate(pair) for pair in zip(out, seen, strict=True)]
            order = self._rest_order()[: k + max(len(row) for row in out)]
            rest, _ = drop_excluded(
                np.broadcast_to(order, (len(short), len(order))),
                np.zeros((len(short), len(order)), dtype=np.float32),
                out,
                k,
            )
            gap = np.cumsum(items[short] < 0, axis=1) - 1
            items[short] = np.where(
                items[short] < 0, np.take_along_axis(rest, np.maximum(gap, 0), 1), items[short]
            )
        return Fused(items, scores, ranks)

    def _logits(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return g of the module docstring: 0 for what no source named, and otherwise above."""
        return np.asarray(np.log1p(scores / self.config.floor) / self.config.temperature)

    def _rest_order(self) -> IntArray:
        for source in self.sources:
            if isinstance(source, PopularItems):
                return source.order
        return np.arange(len(self.catalog), dtype=np.int32)

    def _log_normaliser(
        self, fused: Fused, histories: Sequence[History], exclude_seen: bool
    ) -> NDArray[np.float64]:
        """Return the log of the softmax's denominator, shape (n,)."""
        named = fused.items >= 0
        logits = np.where(named, self._logits(fused.scores), -np.inf)
        seen = seen_items(histories, exclude_seen)
        gone = np.zeros(len(histories)) if seen is None else np.array([len(row) for row in seen], float)
        unnamed = len(self.catalog) - gone - named.sum(axis=1)
        with np.errstate(divide="ignore"):
            tail = np.log(np.maximum(unnamed, 0.0))
        total = np.logaddexp.reduce(np.column_stack([logits, tail]), axis=1)
        return np.asarray(np.where(np.isfinite(total), total, 0.0))  # every item seen: nothing to normalise
