"""`RecommenderAgent`: the object people call.

It knows a catalogue and users (`nextinterest.agent.records`) and asks the engine
(`nextinterest.agent.engine`) about their histories. It knows neither HTTP nor the command
line, and never trains anything. Each method reads the present snapshot of engine and conversation once, so
that an answer ends on the catalogue it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from nextinterest.agent.artifact import load_engine, save_engine
from nextinterest.agent.asynchronous import threaded
from nextinterest.agent.building import build_engine
from nextinterest.agent.catalogue import ServedCatalogue
from nextinterest.agent.chat.conversing import Conversation
from nextinterest.agent.config import AgentConfig, OnUnknown
from nextinterest.agent.histories import HistoryLike
from nextinterest.agent.many import AgentMany
from nextinterest.agent.roles import SAVED, Role, Saved
from nextinterest.agent.shipped import shipped_recommender
from nextinterest.arguments import as_flag, as_record, as_whole_number, as_words
from nextinterest.data import Dataset, EventLog
from nextinterest.data import load as load_dataset
from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_LANGUAGE_MODEL, DEFAULT_TEXT_ENCODER
from nextinterest.data.dataset import as_data_set
from nextinterest.domain import Recommendations, Where, traced
from nextinterest.errors import DataError
from nextinterest.llm import LanguageModelLike
from nextinterest.llm.devices import DtypeName
from nextinterest.profiles import ProfileStore
from nextinterest.retrieval import CandidateSource

__all__ = ["RecommenderAgent"]


class RecommenderAgent(AgentMany):
    """Recommends what a user will want next.

    Most callers use `from_pretrained` or `from_dataset`. With a store (`with_store`) users' events are kept,
    and every answer about a user counts the newest; without one the agent knows the users of `log` and keeps
    nothing.

    Parameters
    ----------
    engine
        Ranks, explains and forecasts.
    log
        Events of known users, so that ``recommend(user=...)`` needs no history; never saved.

    Examples
    --------
    >>> from nextinterest import RecommenderAgent  # doctest: +SKIP
    >>> agent = RecommenderAgent.from_pretrained()  # doctest: +SKIP
    >>> agent.recommend(["Alien", "Blade Runner", "The Terminator"], k=3)  # doctest: +SKIP
    """

    @classmethod
    def from_dataset(
        cls,
        dataset: Dataset,
        *,
        train: EventLog | None = None,
        language_model: LanguageModelLike | None = DEFAULT_LANGUAGE_MODEL,
        roles: Mapping[Role, LanguageModelLike | None] | None = None,
        text_encoder: str | Path = DEFAULT_TEXT_ENCODER,
        config: AgentConfig | None = None,
        device: str = "auto",
        dtype: DtypeName = "auto",
        store: ProfileStore | str | Path | None = None,
    ) -> Self:
        """Build an agent from data, nothing trained.

        Parameters
        ----------
        dataset
            Catalogue and events.
        train
            The events that the retriever may learn from; all of the data set's by default. Pass the
            training part of a split when the agent is to be evaluated.
        language_model
            An asset's name, a folder, a hub id, ``"openai:MODEL@URL"``, a model object, or a pair of
            transformers' model and tokenizer (see `nextinterest.llm.open_model`); None for no language model.
        roles
            Who understands, generates, reranks or words in its place, by role (see
            `nextinterest.agent.roles`).
        text_encoder
            Asset's name, folder or hub id of the model that embeds item texts.
        config
            Settings; what is not given fits the language model.
        device, dtype
            Passed on to `LocalModel.load`.
        store
            As in `with_store`.
        """
        dataset = as_data_set(dataset, "from_dataset")
        log = dataset.log if train is None else train
        engine = build_engine(
            dataset.catalog,
            log,
            language_model,
            text_encoder,
            config,
            roles=roles,
            device=device,
            dtype=dtype,
        )
        made = cls(engine, dataset.log)
        return made if store is None else made.with_store(store)

    @classmethod
    def from_pretrained(
        cls,
        path: str | Path | None = None,
        *,
        language_model: LanguageModelLike | Saved | None = SAVED,
        roles: Mapping[Role, LanguageModelLike | None] | None = None,
        text_encoder: str | Path | None = None,
        device: str = "auto",
        dtype: DtypeName = "auto",
        store: ProfileStore | str | Path | None = None,
    ) -> Self:
        """Load a recommender directory, or the default: the trained one that is shipped, on the default data.

        Parameters
        ----------
        path
            A directory that `save_pretrained` or fine-tuning wrote; None for the default, which is built from
            the default data without any training where no trained one is shipped.
        language_model
            The saved one by default. Else where that lies now, or another model as in `from_dataset`, which
            takes the roles; what a trained ranking was fitted with stays part of it. None: no language model
            is loaded, and a trained ranking is the one that was fitted without.
        roles
            As in `from_dataset`.
        text_encoder
            Where the text encoder lies now; None for the name that was saved.
        device, dtype
            Passed on to `LocalModel.load`.
        store
            As in `with_store`.

        Raises
        ------
        IntegrityError
            If a file does not match the manifest, or belongs to another model, template or catalogue.
        NextInterestError
            If a model is not found; the message names the argument that says where it lies.
        """
        directory = shipped_recommender() if path is None else Path(path)
        if directory is None:
            return cls.from_dataset(
                load_dataset(DEFAULT_DATA),
                language_model=DEFAULT_LANGUAGE_MODEL
                if isinstance(language_model, Saved)
                else language_model,
                roles=roles,
                text_encoder=text_encoder or DEFAULT_TEXT_ENCODER,
                device=device,
                dtype=dtype,
                store=store,
            )
        made = cls(
            load_engine(
                directory,
                language_model=language_model,
                roles=roles,
                text_encoder=text_encoder,
                device=device,
                dtype=dtype,
            )
        )
        if path is None:
            made = made.with_log(load_dataset(DEFAULT_DATA))
        return made if store is None else made.with_store(store)

    def with_sources(self, *sources: CandidateSource, weights: Mapping[str, float] | None = None) -> Self:
        """Return this agent with further candidate sources; a store (`with_store`) comes after them.

        `weights` are their fusion weights by name, 1 by default; a trained ranking scores what they name by
        itself. Only sources with a file form (`nextinterest.retrieval.kinds`) can be saved.

        Raises
        ------
        DataError
            As of `nextinterest.retrieval.Retriever.with_sources`, or if the agent has a store.
        """
        if self._users is not None:
            remedy = "Add sources first: agent.with_sources(...).with_store(...)."
            raise DataError("This agent has a store already.", remedy=remedy)
        made = self._copied()
        made._served = ServedCatalogue(self._served.now.with_sources(sources, weights or {}))
        return made

    def save_pretrained(self, path: str | Path) -> None:
        """Write a recommender directory, in place of one that is there; users' events are not part of it."""
        save_engine(self.engine, Path(path))

    @property
    def conversation(self) -> Conversation:
        """What `chat` works with. Rules read messages; put in another `Conversation` for a model to do so."""
        return self._served.now.conversation

    @conversation.setter
    def conversation(self, conversation: Conversation) -> None:
        self._served.use(conversation.understanding)

    def recommend(
        self,
        history: HistoryLike | None = None,
        k: int = 10,
        *,
        user: str | None = None,
        exclude_seen: bool = True,
        on_unknown: OnUnknown = "raise",
        where: Where | Mapping[str, object] | None = None,
        query: str | None = None,
        trace: bool = False,
    ) -> Recommendations:
        """Recommend k items.

        Parameters
        ----------
        history
            Item ids, titles or `Event` objects, oldest first, or a `History`; None takes the events of
            the known user `user`. An empty list is a user of whom nothing is known.
        k
            Length of the list; it is shorter where the catalogue has fewer items left.
        user
            The user's id, kept in the result. A given history replaces the user's known events, with a note;
            the command line and HTTP, where no program has decided that, take one of the two.
        exclude_seen
            Leave out items of the history.
        on_unknown
            What to do with ids and titles that the catalogue does not have: ``"raise"`` or ``"skip"``.
        where
            Constraints that every item must meet: a `Where`, or a dictionary with its fields.
        query
            What is asked for, in free text of at most 300 characters: "something dark and slow". Items
            whose texts are close to it become likelier, and those with a value of an attribute that it
            names ("by Wes Anderson"); with an empty history it alone decides.
        trace
            Return each step of the answer with it: prompts, what was found, tokens, time and cost.

        Raises
        ------
        UnknownItemError
            For an id or title the catalogue does not have, unless skipped.
        DataError
            If k is below one, neither history nor user is given, or the user is not known.
        """
        engine, k = self.engine, as_whole_number(k, "k")
        exclude_seen, trace = as_flag(exclude_seen, "exclude_seen"), as_flag(trace, "trace")

        asked = None if where is None else as_record(where, Where, "where")
        words = as_words(query, "query")

        def answer() -> Recommendations:
            read = self._read(engine, history, user, on_unknown)
            return engine.answer(read, k, exclude_seen=exclude_seen, where=asked, request=words)

        with self._answering(user):
            return traced(answer, trace)

    arecommend = threaded(recommend)
