"""The engine: a history in, a ranking, its reasons and a forecast out.

    history (+ request) --retriever--> candidates that meet the constraints, with probabilities
        --re-ranker--> the best of them in a new order --evidence--> the events that speak for each item
        --> Recommendations

It reads whatever history it is given. It knows no users, stores nothing, holds no conversation and never
trains anything; `nextinterest.agent.agent` and `nextinterest.agent.chat` are built on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nextinterest.agent.config import AgentConfig
from nextinterest.agent.deferred import AgentModel, loaded
from nextinterest.agent.evidence import find_evidence
from nextinterest.agent.generation import (
    Generator,
    generated_queries,
    lifted,
    make_generator,
    suggested_queries,
)
from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.metered import metered
from nextinterest.agent.notes import list_notes
from nextinterest.agent.ranked import RankedItems, choices_of, reranked
from nextinterest.agent.role_models import takes
from nextinterest.agent.roles import Role
from nextinterest.agent.where_notes import where_notes
from nextinterest.domain import (
    BoolArray,
    Catalog,
    Conditions,
    Evidence,
    History,
    IntArray,
    Rankings,
    Recommendation,
    Recommendations,
    RequestMatch,
    Where,
)
from nextinterest.interests import PortraitSummary, cluster_catalog, forecast_interests, portray
from nextinterest.interests.naming import interest_catalog
from nextinterest.llm import LanguageModel, Tokenizer
from nextinterest.prompts import Asking, PromptOptions, PromptTemplate, TitleGrounder
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.named_values import NamedValues
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.requested import requested
from nextinterest.retrieval.rerank import Reranker, make_reranker
from nextinterest.retrieval.shortlist import Shortlist
from nextinterest.titles import TitleIndex
from nextinterest.tracing import step

if TYPE_CHECKING:
    from nextinterest.agent.tuned import Tuned
    from nextinterest.interests import ForecastModel, Horizon, InterestOutlook, InterestPortrait

__all__ = ["Engine"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, eq=False, repr=False)
class Engine:
    """Ranks, explains and forecasts over one catalogue; a `Recommender` for evaluation and bulk use.

    It does not change: `dataclasses.replace` makes another one of the same parts.

    Attributes
    ----------
    retriever
        Ranks the whole catalogue and holds it.
    language_model
        The model that reranks; None ranks by retrieval alone. A `DeferredModel` is loaded at first use.
    config
        The few settings.
    language_model_name, text_encoder_name
        By which the models can be loaded again; needed only to save the engine.
    forecast_model
        Weights of `forecast`, fitted for this retriever; None takes those that ship.
    roles
        Models of single roles in place of `language_model`; None leaves a role to its fallback.
    tuned
        What `language_model` was taught for this recommender; None for nothing.
    clock
        Returns the present time, in UTC.
    """

    name: ClassVar[str] = "agent"

    retriever: Retriever
    language_model: AgentModel | None = None
    config: AgentConfig = field(default_factory=AgentConfig)
    language_model_name: str | None = None
    text_encoder_name: str | None = None
    forecast_model: ForecastModel | None = None
    roles: Mapping[Role, AgentModel | None] = field(default_factory=dict)
    tuned: Tuned | None = None
    clock: Callable[[], datetime] = _now

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        return self.retriever.catalog

    @property
    def model(self) -> LanguageModel | None:
        """The language model, loaded at first use where it is deferred; None if there is none."""
        return None if self.language_model is None else loaded(self.language_model)

    def model_for(self, role: Role) -> LanguageModel | None:
        """Return the model that takes a role, loaded at first use; None where its fallback does."""
        if role in self.roles:
            model = self.roles[role]
        else:
            own = self.language_model
            reads = role == "understand" and self.tuned is not None and self.tuned.reads
            model = own if own is not None and (reads or takes(own, role)) else None
        return None if model is None else loaded(model)

    @property
    def model_name(self) -> str | None:
        """Name of the language model, which needs no loading; None if there is none."""
        return None if self.language_model is None else self.language_model.name

    @property
    def tokenizer(self) -> Tokenizer | None:
        """The language model's tokenizer, which needs no weights; None if there is no model."""
        return None if self.language_model is None else self.language_model.tokenizer

    @cached_property
    def grounder(self) -> TitleGrounder:
        """Maps exact titles to items of the catalogue."""
        return TitleGrounder(self.catalog)

    @cached_property
    def titles(self) -> TitleIndex:
        """Finds items by part of a title."""
        return TitleIndex.of(self.catalog)

    @cached_property
    def named_values(self) -> NamedValues:
        """Finds values of attributes in the words of a request."""
        return NamedValues(self.catalog)

    @cached_property
    def generator(self) -> Generator:
        """What predicts next interests by the language model."""
        style = self.config.interest_style
        return make_generator(self.model_for("generate"), self.retriever, style, self._likeliest)

    @cached_property
    def conditions(self) -> Conditions:
        """Which items of the catalogue meet constraints."""
        return Conditions(self.catalog)

    @cached_property
    def reranker(self) -> Reranker | None:
        """What chooses between the best candidates; None where nothing would ask it."""
        config = self.config
        if config.choice_weight == 0:
            return None
        model = self.model_for("rerank")
        if model is None:
            return None
        return make_reranker(
            model,
            PromptTemplate.named(config.template),
            self.catalog,
            PromptOptions(
                budget=config.max_prompt_tokens,
                max_events=config.max_events,
                summary_share=config.older_events_share,
            ),
            calibrated=config.choice_calibrated,
            summariser=PortraitSummary(self.catalog) if config.older_events == "portrait" else None,
        )

    @property
    def tokens_used(self) -> int:
        """Prompt tokens read by language models so far."""
        chosen = 0 if self.reranker is None else self.reranker.tokens_used
        return chosen + self.retriever.tokens_read

    def over(self, catalog: Catalog) -> Engine:
        """Return the engine over a changed catalogue, its new items encoded and indexed."""
        return replace(self, retriever=self.retriever.changed(catalog))

    def rank(
        self,
        histories: Sequence[History],
        k: int = 10,
        exclude_seen: bool = True,
        *,
        allowed: BoolArray | None = None,
        queries: Sequence[Sequence[Query]] | None = None,
        request: str | None = None,
        dated: bool = False,
        rerank: bool = True,
        suggested: Sequence[str] | None = None,
        open_kinds: Collection[str] = (),
    ) -> list[RankedItems]:
        """Rank the catalogue for each history, with the parts of each score.

        Parameters
        ----------
        histories
            n histories.
        k
            Length of the lists, at most.
        exclude_seen
            Leave out items of the history.
        allowed
            Which items may be ranked at all, bool, shape (n_items,); None for all.
        queries
            What to search for besides the recommender's own sources, some for each history.
        request
            What is asked for in free text: it is searched for (source ``"request"``) and moves each user's
            own distribution as far as the catalogue matches it, and stands in the reranking prompt.
        dated
            Whether a prompt that shows times says today's date: for an answer that is given now, not for
            histories that were cut off somewhere.
        rerank
            Whether the language model reranks, where there is one.
        suggested
            Items that fit the request, in words; None asks a model behind an endpoint for them
            (`AgentConfig.suggested`). They are searched for, and put before the model that reranks.
        open_kinds
            Kinds of events that leave an item open (`History.had`).
        """
        if allowed is not None and not allowed.any():  # nothing is read for it
            return [RankedItems.none() for _ in histories]
        request, k_found = (request or "").strip() or None, max(k, self.config.n_candidates)
        match: RequestMatch | None = None
        if request is not None:
            words, match = self.asked_for(request)
            if rerank and self.reranker is not None:
                asked = self.reranker.model, request, self.config.suggested, self.grounder
                words += suggested_queries(*asked, self.retriever.encoder, suggested)
                k_found = max(k_found, self.retriever.config.n_candidates)
            queries = [(*own, *words) for own in queries or [()] * len(histories)]
        found = self.retriever.shortlist(
            histories, k_found, exclude_seen, allowed=allowed, queries=queries, open_kinds=open_kinds
        )
        if rerank:
            found = [lifted(one, self.config.n_candidates) for one in found]
        reorder = self.reorder(histories, found, request, dated=dated) if rerank else None
        ranked = [reranked(one, None) for one in found] if reorder is None else reorder
        return [one.matching(match, reads=self.config.request_share > 0).at(slice(k)) for one in ranked]

    def asked_for(self, request: str) -> tuple[list[Query], RequestMatch]:
        """Return what a request in words asks for; see `nextinterest.retrieval.requested`."""
        return requested(request, self.retriever, self.named_values)

    def _likeliest(self, history: History, k: int, allowed: BoolArray, request: str | None) -> IntArray:
        """Return the k likeliest items by retrieval, the words of a request searched for."""
        queries = None if request is None else [self.asked_for(request)[0]]
        return self.retriever.shortlist([history], k, False, allowed=allowed, queries=queries)[0].items

    def reorder(
        self,
        histories: Sequence[History],
        found: Sequence[Shortlist],
        request: str | None = None,
        *,
        dated: bool = False,
    ) -> list[RankedItems]:
        """Return candidates of each history, the best reordered by the language model, where there is one."""
        today, n = self.clock().date() if dated else None, self.config.n_candidates
        opinion = self.config.opinion(requested=request is not None)
        choices = choices_of(self.reranker, n, opinion, self.catalog, histories, found, request, today)
        ranked = [reranked(one, choices.get(h), *opinion) for h, one in enumerate(found)]
        return [replace(one, unread=choices.get(h, one) is None) for h, one in enumerate(ranked)]

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history."""
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k), dtype=np.float32)
        for h, ranked in enumerate(self.rank(histories, k, exclude_seen)):
            items[h, : len(ranked.items)] = ranked.items
            probabilities[h, : len(ranked.items)] = ranked.probabilities
        return Rankings(items, probabilities)

    def rank_read(
        self,
        reads: Sequence[ReadHistory],
        k: int,
        exclude_seen: bool,
        where: Where | None,
        request: str | None,
        queries: Sequence[Query] = (),
    ) -> list[RankedItems]:
        """Rank for histories as they were read, all with the same unwanted items, as for `answer`."""
        histories, allowed = [read.history for read in reads], self._allowed(where, reads[0].unwanted)
        some = allowed is None or allowed.any()
        own = [[*queries, *(self._generated(read, request) if some else ())] for read in reads]
        asked, kinds = (histories, k, exclude_seen), self.retriever.config.open_kinds
        return self.rank(*asked, allowed=allowed, queries=own, request=request, dated=True, open_kinds=kinds)

    @metered
    def answer(
        self,
        read: ReadHistory,
        k: int,
        *,
        exclude_seen: bool = True,
        where: Where | None = None,
        queries: Sequence[Query] = (),
        request: str | None = None,
    ) -> Recommendations:
        """Return the k best items for one history that meet `where`, none of them unwanted, with evidence."""
        history, request = read.history, (request or "").strip() or None
        ranked = self.rank_read([read], k, exclude_seen, where, request, queries)[0]
        return Recommendations(
            user=history.user,
            items=self.as_recommendations(ranked, history),
            events_used=len(history),
            match=ranked.match,
            skipped=read.skipped,
            notes=where_notes(where or Where(), self.conditions)
            + list_notes(
                n_events=len(history),
                reading=read.notes,
                n_skipped=len(read.skipped),
                n_items=len(ranked.items),
                k=k,
                match=ranked.match,
                constrained=where is not None and not where.empty,
                has_model=self.language_model is not None,
                unread=ranked.unread,
                fits=ranked.fits,
            ),
        )

    def _generated(self, read: ReadHistory, request: str | None) -> list[Query]:
        """Return what the language model generates to be searched for, where the settings want it."""
        wanted = self.config.generated
        if wanted is None or not len(read.history) or self.model_for("generate") is None:
            return []
        asking = Asking(request=request, today=self.clock().date())
        said = self.generator.generate(read, wanted.titles, request=asking)
        return generated_queries(said, self.retriever.encoder, self.catalog)

    def _allowed(self, where: Where | None, unwanted: frozenset[int]) -> BoolArray | None:
        """Return which items meet constraints and are not unwanted; None where that is every item."""
        if not unwanted and (where is None or where.empty):
            return None
        with step("constrain", where=(where or Where()).model_dump(mode="json", exclude_defaults=True)) as s:
            allowed = self.conditions.mask(where or Where())
            allowed[sorted(unwanted)] = False
            s.note(unwanted=len(unwanted), items=int(allowed.sum()))
        return allowed

    def as_recommendations(self, ranked: RankedItems, history: History) -> tuple[Recommendation, ...]:
        """Return ranked items as callers get them, each with its evidence in the history."""
        found = self.evidence(history, ranked.items)
        return tuple(ranked.recommendation(index, self.catalog, one) for index, one in enumerate(found))

    def evidence(self, history: History, items: IntArray) -> list[tuple[Evidence, ...]]:
        """Return the events of a history that speak for each of some items, shape (k,)."""
        with step("evidence", by=self.config.evidence, items=len(items)) as s:
            found = find_evidence(self.retriever, self.config, history, items)
            s.note(events=sum(map(len, found)))
        return found

    def interests(self, read: ReadHistory, clusters: int = 0) -> InterestPortrait:
        """Return what the interests in a history are; `clusters` as in `RecommenderAgent.interests`."""
        catalog, notes = interest_catalog(self.catalog)
        if clusters:
            catalog, notes = cluster_catalog(self.catalog, self.retriever.item_vectors, clusters), ()
        portrait = portray(read.history, catalog)
        return portrait.model_copy(update={"notes": portrait.notes + notes + read.notes})

    def forecast(
        self, read: ReadHistory, *, horizon: Horizon = 10, n_paths: int = 0, seed: int = 0
    ) -> InterestOutlook:
        """Return how attention will be shared among interests; see `RecommenderAgent.forecast`."""
        catalog, notes = interest_catalog(self.catalog)
        outlook = forecast_interests(
            read.history,
            catalog,
            self.retriever,
            horizon=horizon,
            model=self.forecast_model,
            n_paths=n_paths,
            seed=seed,
        )
        return outlook.model_copy(update={"notes": outlook.notes + notes + read.notes})
