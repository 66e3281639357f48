"""The retriever: candidate sources fused into one ranking of the whole catalogue, with probabilities.

Each source names its best items for a history, reciprocal ranks are fused to a score f (0 for an item that no
source named), and

    P(next = i | history) = exp(g_i) / sum over all items j of exp(g_j),
    g = log(1 + f / floor) / temperature,

a softmax over log-scores, that is a power law over scores: fused scores fall like 1 / rank, and so, about, do
the chances of a hit (a softmax over the scores themselves loses 0.7 nats on validation). The sum runs over
the whole catalogue, less what may not be returned: named items one by one and the unnamed ones as their
number. A list therefore sums to at most 1.

An empty history is answered by popularity, a catalogue without a log by text alone. Knows no language model.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.log import EventLog
from nextinterest.domain import BoolArray, Catalog, FloatArray, History, IntArray, Rankings, with_titles
from nextinterest.retrieval.candidates import Asked
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.cooccurrence import CoOccurrence, fit_similarity
from nextinterest.retrieval.index import IndexKind, ItemIndex
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.likeness import Likeness
from nextinterest.retrieval.lists import rounded_down, seen_items
from nextinterest.retrieval.matching import Match, Noise
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.ranks import log_totals
from nextinterest.retrieval.relations import fit_relations
from nextinterest.retrieval.rest import draw_order
from nextinterest.retrieval.scoring import FusedScores, PooledScores
from nextinterest.retrieval.shared_attributes import SharedAttributes, value_vectors
from nextinterest.retrieval.shortlist import Orders, Shortlist, rank_candidates
from nextinterest.retrieval.sources import CandidateSource, check_sources
from nextinterest.retrieval.text_encoder import Encoder
from nextinterest.retrieval.text_source import TextNeighbours
from nextinterest.tracing import step

__all__ = ["Retriever"]

_ROWS = 512  # histories ranked at once
_SHOWN = 10  # of the histories, and of the items of each, in a trace


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
    relations
        What only `likeness` reads.
    """

    name = "retriever"

    def __init__(
        self,
        catalog: Catalog,
        text: TextNeighbours,
        others: Sequence[CandidateSource],
        config: RetrieverConfig,
        encoder: Encoder,
        relations: Sequence[ProfileScorer] = (),
    ) -> None:
        self._catalog, self._text, self.config, self.encoder = catalog, text, config, encoder
        self.sources: list[CandidateSource] = [text, *others]
        self.relations = list(relations)

    @classmethod
    def build(
        cls,
        catalog: Catalog,
        log: EventLog | None,
        encoder: Encoder,
        config: RetrieverConfig | None = None,
    ) -> Retriever:
        """Encode the catalogue and learn from a log, where there is one.

        Parameters
        ----------
        catalog
            The items.
        log
            Events to learn popularity and co-occurrence from; None leaves text.
        encoder
            Gives the item vectors; a `CachedEncoder` encodes only what it has not seen.
        config
            Options; None takes the defaults.
        """
        config = config or RetrieverConfig()
        if log is not None and log.kinds is not None and "open_kinds" not in config.model_fields_set:
            config = config.model_copy(update={"open_kinds": log.kinds.left_open()})
        vectors = encoder.encode(catalog_texts(catalog))
        index = ItemIndex.from_vectors(vectors, cast(IndexKind, config.index))
        text = TextNeighbours(vectors, index, config.text_half_life, config.rating_gain)
        shared = SharedAttributes(value_vectors(catalog), config.attributes_half_life)
        known: list[CandidateSource] = [shared] if shared.vectors.nnz else []
        learned: list[CandidateSource] = []
        relations: list[ProfileScorer] = []
        if log is not None:
            similarity = fit_similarity(log, len(catalog), config.window, config.neighbours, config.shrinkage)
            learned = [
                PopularItems.fit(log, len(catalog), config.popularity_half_life_days),
                CoOccurrence(similarity, config.cooccurrence_half_life, config.rating_gain),
            ]
            relations = fit_relations(log, len(catalog), config)
        return cls(catalog, text, [*learned, *known], config, encoder, relations)

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        return self._catalog

    @property
    def item_vectors(self) -> FloatArray:
        """Unit text vectors of the items, float32, shape (n_items, dimension)."""
        return self._text.indexed.vectors

    @property
    def index(self) -> ItemIndex:
        """The index over `item_vectors`."""
        return self._text.indexed.index

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

    def with_sources(self, sources: Sequence[CandidateSource], weights: Mapping[str, float]) -> Self:
        """Return a retriever that asks further sources, too; this one stays as it is.

        Parameters
        ----------
        sources
            Over the same catalogue. They name candidates; a trained ranking scores them as it does others.
        weights
            Fusion weights of some of them by name; the others weigh 1.

        Raises
        ------
        DataError
            If one has no member of the protocol, a name that another has, or a weight that is below 0 or of
            no source given.
        """
        check_sources(sources, weights, [source.name for source in self.sources])
        made = copy.copy(self)
        made.sources = [*self.sources, *sources]
        made.config = self.config.model_copy(update={"weights": self.config.weights | dict(weights)})
        return made

    def update(self, catalog: Catalog) -> None:
        """Take over a changed catalogue: items added, removed, or with other texts.

        Only new texts are encoded and only their vectors are touched; nothing is learned again, so new items
        are found by text. Positions are those of the new catalogue from then on. No other thread may use
        the retriever meanwhile.
        """
        change = CatalogChange.between(self._catalog, catalog, self.encoder)
        for source in (*self.sources, *self.relations):
            source.follow(change)
        self._take_over(catalog)

    def _take_over(self, catalog: Catalog) -> None:
        self._catalog = catalog
        for derived in ("_orders", "_noise"):
            self.__dict__.pop(derived, None)

    def changed(self, catalog: Catalog) -> Self:
        """Return a retriever that has taken over a changed catalogue as by `update`; this one stays as it is.

        Both may be used at the same time. What depends on no catalogue is shared: the encoder, the language
        model, and what `remember` keeps. The copy of the rest takes as much memory as this retriever's items.
        """
        shared: dict[int, object] = {id(one): one for one in (self.encoder, self._catalog, self.config)}
        made = copy.deepcopy(self, shared)
        made.update(catalog)
        return made

    def shortlist(
        self,
        histories: Sequence[History],
        k: int = 10,
        exclude_seen: bool = True,
        *,
        allowed: BoolArray | None = None,
        queries: Sequence[Sequence[Query]] | None = None,
        open_kinds: Collection[str] = (),
    ) -> list[Shortlist]:
        """Return the k best candidates of each history; see `nextinterest.retrieval.shortlist`.

        Parameters
        ----------
        histories
            n histories.
        k
            Length of the lists, at most.
        exclude_seen
            Leave out items of the history.
        allowed
            Which items may be returned, bool, shape (n_items,); None for all. It holds before candidates
            are chosen, and probabilities are those among the items that may be returned.
        queries
            What to search for besides, one sequence per history.
        open_kinds
            Kinds of events that leave an item open, such as those of `RetrieverConfig.open_kinds`.
        """
        found: list[Shortlist] = []
        for start in range(0, len(histories), _ROWS):
            some = slice(start, start + _ROWS)
            asked = Asked(
                histories[some],
                k,
                seen_items(histories[some], exclude_seen, open_kinds),
                allowed,
                None if queries is None else queries[some],
            )
            with step("retrieve", histories=len(asked.histories)) as s:
                ranked = self._rank(asked)
                if s:
                    s.note(best=[self._shown(one) for one in ranked[:_SHOWN]])
            found += ranked
        return found

    def match(self, vector: FloatArray) -> Match:
        """Return how clearly the catalogue matches words of this unit vector, shape (dimension,)."""
        return self._noise.match(vector)

    def places(self, items: IntArray) -> IntArray:
        """Return the places of some items, shape (n,), in the order that fills lists: popular ones first."""
        fill = self._orders.fill
        place = np.empty(len(fill), dtype=np.int32)
        place[fill] = np.arange(len(fill))
        return place[items]

    @cached_property
    def _noise(self) -> Noise:
        return Noise(self._text.indexed, self._orders.draw, self.encoder)

    @property
    def likeness(self) -> Likeness:
        """How alike items are."""
        return Likeness.of(self._signals(), self.config.likeness)

    def _signals(self) -> list[CandidateSource]:
        return [*self.sources, *self.relations]

    def alike(
        self,
        items: IntArray,
        k: int = 10,
        *,
        allowed: BoolArray | None = None,
        queries: Sequence[Query] = (),
    ) -> Shortlist:
        """Return the k items most like some others, most alike first, by `likeness`.

        Parameters
        ----------
        items
            Catalogue positions of the items to resemble, int32, shape (n,), at least one; none of them is
            returned.
        k
            Length of the list, at most.
        allowed
            As in `shortlist`. Probabilities are of being the next event after one of the items, as far as
            likeness tells.
        queries
            What else is a candidate.
        """
        asked = Asked([History(items)], k, [items], allowed, [queries])
        scoring = PooledScores([], self.likeness, self.config)
        with step("retrieve", histories=1) as s:
            found = rank_candidates(scoring, asked, self._text.indexed, self._orders)[0]
            if s:
                s.note(best=[self._shown(found)])
        return found

    def _shown(self, found: Shortlist) -> list[dict[str, object]]:
        """Return the head of a list as a trace names it."""
        return with_titles(self.catalog, found.items, found.log_probabilities, found.ranks, _SHOWN)

    def _rank(self, asked: Asked) -> list[Shortlist]:
        scoring = FusedScores(self.sources, self.config)
        return rank_candidates(scoring, asked, self._text.indexed, self._orders)

    @property
    def popular(self) -> IntArray | None:
        """Catalogue positions, the most popular first; None without a log."""
        return next((source.order for source in self.sources if isinstance(source, PopularItems)), None)

    @cached_property
    def _orders(self) -> Orders:
        """The orders of unnamed items: by popularity, or by position without a log; and at random."""
        positions = np.arange(len(self.catalog), dtype=np.int32)
        return Orders(positions if self.popular is None else self.popular, draw_order(len(self.catalog)))

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history.

        Items that no source named come last, by popularity (catalogue order without a log).
        """
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k))
        for h, found in enumerate(self.shortlist(histories, k, exclude_seen)):
            items[h, : len(found.items)] = found.items
            probabilities[h, : len(found.items)] = np.exp(found.log_probabilities)
        return Rankings(items, rounded_down(probabilities))

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items): the whole catalogue ranked.

        Seen items are scored like items that no source named; masked and renormalised, the distribution
        is that of `recommend`. For evaluation, and for what needs whole distributions.
        """
        out = np.empty((len(histories), len(self.catalog)), dtype=np.float32)
        for start in range(0, len(histories), _ROWS):
            some = histories[start : start + _ROWS]
            logits = self._logits(some)
            out[start : start + len(some)] = logits - log_totals(logits)
        return out

    def _logits(self, histories: Sequence[History]) -> NDArray[np.float64]:
        asked = Asked(histories, 1, seen_items(histories, True))
        every = np.broadcast_to(
            np.arange(len(self.catalog), dtype=np.int32), (len(histories), len(self.catalog))
        )
        return FusedScores(self.sources, self.config).read(asked, self._text.indexed).of(every)
