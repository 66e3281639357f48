"""What a user's interests are, how they will go on, and what the language model says comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nextinterest.agent.asynchronous import threaded
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.generation import limited
from nextinterest.agent.histories import HistoryLike
from nextinterest.agent.records import AgentRecords
from nextinterest.arguments import as_flag, as_record, as_whole_number, as_words
from nextinterest.domain import NextInterests, Request, Where, traced
from nextinterest.interests import InterestOutlook, InterestPortrait
from nextinterest.interests.outlook import MOST_PATHS, Horizon

__all__ = ["AgentInterests"]


class AgentInterests(AgentRecords):
    """The methods of `nextinterest.agent.RecommenderAgent` about interests."""

    def interests(
        self,
        history: HistoryLike | None = None,
        *,
        user: str | None = None,
        on_unknown: OnUnknown = "raise",
        clusters: int = 0,
    ) -> InterestPortrait:
        """Say what a user's interests are, and which of them rise or fade beyond chance.

        Parameters
        ----------
        clusters
            Use as many learned clusters of the items' text vectors, named by the words that mark them off,
            in place of the catalogue's categories; 0 for the categories.

        Others, and exceptions, as in `recommend`.
        """
        engine, clusters = self.engine, as_whole_number(clusters, "clusters", 0)
        return engine.interests(self._read(engine, history, user, on_unknown), clusters)

    def forecast(
        self,
        history: HistoryLike | None = None,
        *,
        horizon: Horizon = 10,
        user: str | None = None,
        on_unknown: OnUnknown = "raise",
        n_paths: int = 0,
        seed: int = 0,
        trace: bool = False,
    ) -> InterestOutlook:
        """Forecast how a user's attention will be shared among interests.

        The next step is the marginal of the retriever's item distribution, seen items left out; further ahead
        that marginal is pooled with the user's own past, by weights fitted on validation events: the agent's
        own where it was saved with some, else those of a retriever that was not trained.

        Parameters
        ----------
        horizon
            Events ahead, at most 1,000, or a span of time of at most 3,650 days.
        n_paths
            Likely item paths to sample besides, at most 1,000; 0 for none.
        seed
            Of the paths.

        Others, and exceptions, as in `recommend`.
        """
        engine, trace = self.engine, as_flag(trace, "trace")
        n_paths, seed = as_whole_number(n_paths, "n_paths", 0, MOST_PATHS), as_whole_number(seed, "seed", 0)

        def answer() -> InterestOutlook:
            read = self._read(engine, history, user, on_unknown)
            return engine.forecast(read, horizon=horizon, n_paths=n_paths, seed=seed)

        with self._answering(user):
            return traced(answer, trace)

    @property
    def can_generate(self) -> bool:
        """Whether there is a language model for `generate`, which is not loaded to find out."""
        engine = self.engine
        return engine.roles.get("generate", engine.language_model) is not None

    def generate(
        self,
        history: HistoryLike | None = None,
        n: int = 10,
        *,
        user: str | None = None,
        request: str | Request | Mapping[str, object] | None = None,
        where: Where | Mapping[str, object] | None = None,
        exclude_seen: bool = True,
        on_unknown: OnUnknown = "raise",
        trace: bool = False,
    ) -> NextInterests:
        """Let the language model predict next interests and titles, held to the catalogue.

        The model always runs, and nothing else ranks. A model on this machine writes titles of the catalogue
        alone. One behind an endpoint is shown titles to choose from, all that may be named where they are 200
        at most, else the 50 likeliest; what it names is looked up, and what the catalogue does not have is
        marked ``outside``.

        Parameters
        ----------
        n
            Titles, at most; a request that has a count says it instead.
        request
            What the person asks for, in at most 300 characters: it stands in the prompt behind the history.
            Or a `Request`, or a dictionary with its fields: what it says is liked, disliked or to be
            resembled is shown too, and not named.
        where
            Constraints that every generated title's item must meet, as in `recommend`; those of a `Request`
            must be met besides. A model that is asked for titles is shown them in words.
        exclude_seen
            Leave out titles of the history's items.

        Others, and exceptions, as in `recommend`; further raises

        Raises
        ------
        ModelError
            If the agent has no language model.
        """
        engine, n = self.engine, as_whole_number(n, "n")
        exclude_seen, trace = as_flag(exclude_seen, "exclude_seen"), as_flag(trace, "trace")
        asked = None if where is None else as_record(where, Where, "where")
        whole = request if isinstance(request, Request | Mapping) else {"query": as_words(request, "request")}
        wanted = as_record(whole, Request, "request")

        def answer() -> NextInterests:
            read = self._read(engine, history, user, on_unknown)
            held, asking = limited(read, wanted, asked, engine.conditions, engine.grounder)
            return engine.generator.generate(
                held,
                wanted.count or n,
                request=replace(asking, today=engine.clock().date()),
                exclude_seen=exclude_seen and wanted.exclude_seen,
            )

        with self._answering(user):
            return traced(answer, trace)

    ainterests = threaded(interests)
    aforecast = threaded(forecast)
    agenerate = threaded(generate)
