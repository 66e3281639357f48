"""`RecommenderAgent`: the object people call.

It reads whatever history it is given, ranks the catalogue (see `nextinterest.agent.ranking`), and answers
with a validated `Recommendations`. It knows neither HTTP nor the command line, and never trains anything.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nextinterest.agent.chat.talking import Talking
from nextinterest.agent.config import AgentConfig, OnUnknown
from nextinterest.agent.deferred import DeferredModel
from nextinterest.agent.evidence import find_evidence
from nextinterest.agent.forecasting import Forecasting
from nextinterest.agent.histories import HistoryLike, ReadHistory, read_history
from nextinterest.agent.notes import list_notes
from nextinterest.agent.ranking import Ranked, RetrieveAndRerank
from nextinterest.agent.reranking import choice_reranker
from nextinterest.agent.shipped import shipped_recommender
from nextinterest.arguments import as_whole_number
from nextinterest.counting import counted
from nextinterest.data import Dataset, EventLog
from nextinterest.data import load as load_dataset
from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_LANGUAGE_MODEL, DEFAULT_TEXT_ENCODER, home, locate
from nextinterest.data.dataset import as_data_set
from nextinterest.domain import Catalog, Evidence, History, Recommendation, Recommendations
from nextinterest.errors import DataError, IntegrityError
from nextinterest.llm import LanguageModel, Tokenizer
from nextinterest.llm.devices import DtypeName
from nextinterest.prompts import TitleGrounder
from nextinterest.retrieval import CachedEncoder, Retriever, TextEncoder

if TYPE_CHECKING:
    from nextinterest.interests import ForecastModel
    from nextinterest.retrieval.rerank.tuned_choice import TunedChoice

__all__ = ["RecommenderAgent"]


class RecommenderAgent(Talking, Forecasting):
    """Recommends what a user will want next.

    Most callers use `from_pretrained` or `from_dataset`.

    Parameters
    ----------
    retriever
        Ranks the whole catalogue and holds it.
    model
        The language model that reranks; None ranks by retrieval alone. One that is named only is loaded when
        it is first needed.
    config
        The few settings.
    log
        Events of known users, so that ``recommend(user=...)`` needs no history; never saved.
    language_model_name, text_encoder_name
        By which the models can be loaded again; needed only to save the agent.
    forecast_model
        Weights of `forecast`, fitted for this retriever; None takes those that ship.
    choice
        A model tuned to choose, which reranks in place of `model`.

    Examples
    --------
    >>> from nextinterest import RecommenderAgent  # doctest: +SKIP
    >>> agent = RecommenderAgent.from_pretrained()  # doctest: +SKIP
    >>> agent.recommend(["Alien", "Blade Runner", "The Terminator"], k=3)  # doctest: +SKIP
    """

    def __init__(
        self,
        retriever: Retriever,
        model: LanguageModel | DeferredModel | None,
        config: AgentConfig | None = None,
        log: EventLog | None = None,
        *,
        language_model_name: str | None = None,
        text_encoder_name: str | None = None,
        forecast_model: ForecastModel | None = None,
        choice: TunedChoice | None = None,
    ) -> None:
        self.retriever = retriever
        self._model = model
        self.config = config or AgentConfig()
        self.log = log
        self.language_model_name = language_model_name
        self.text_encoder_name = text_encoder_name
        self.forecast_model = forecast_model
        self.choice = choice

    @classmethod
    def from_dataset(
        cls,
        dataset: Dataset,
        *,
        train: EventLog | None = None,
        language_model: str | Path | None = DEFAULT_LANGUAGE_MODEL,
        text_encoder: str | Path = DEFAULT_TEXT_ENCODER,
        config: AgentConfig | None = None,
        device: str = "auto",
        dtype: DtypeName = "auto",
    ) -> RecommenderAgent:
        """Build an agent from data, nothing trained.

        Parameters
        ----------
        dataset
            Catalogue and events.
        train
            The events that the retriever may learn from; all of the data set's by default. Pass the
            training part of a split when the agent is to be evaluated.
        language_model
            An asset's name, a folder or a hub id; None ranks by retrieval alone.
        text_encoder
            The same, for the model that embeds item texts.
        config
            Settings.
        device, dtype
            Passed on to `LocalModel.load`.
        """
        dataset = as_data_set(dataset, "from_dataset")
        encoder = open_encoder(text_encoder, device)
        log = dataset.log if train is None else train
        retriever = Retriever.build(dataset.catalog, log, encoder)
        model: DeferredModel | None = None
        if language_model is not None:
            model = DeferredModel(str(language_model), device=device, dtype=dtype)
            if (config or AgentConfig()).choice_weight > 0:  # every list asks it
                model.load()
        return cls(
            retriever,
            model,
            config,
            dataset.log,
            language_model_name=None if language_model is None else str(language_model),
            text_encoder_name=str(text_encoder),
        )

    @classmethod
    def from_pretrained(
        cls,
        path: str | Path | None = None,
        *,
        with_language: bool = True,
        device: str = "auto",
        dtype: DtypeName = "auto",
    ) -> RecommenderAgent:
        """Load a recommender directory, or the default: the trained one that is shipped, on the default data.

        Parameters
        ----------
        path
            A directory that `save_pretrained` or fine-tuning wrote; None for the default, which is built from
            the default data without any training where no trained one is shipped.
        with_language
            Whether language models take part. Without, none is loaded, and a trained ranking is the one that
            was fitted without.
        device, dtype
            Passed on to `LocalModel.load`.

        Raises
        ------
        IntegrityError
            If a file does not match the manifest, or belongs to another model, template or catalogue.
        """
        from nextinterest.agent.saving import load_agent

        if path is None:
            data, shipped = load_dataset(DEFAULT_DATA), shipped_recommender()
            if shipped is None:
                name = DEFAULT_LANGUAGE_MODEL if with_language else None
                return cls.from_dataset(data, language_model=name, device=device, dtype=dtype)
            return load_agent(shipped, with_language=with_language, device=device, dtype=dtype).with_log(data)
        return load_agent(Path(path), with_language=with_language, device=device, dtype=dtype)

    def save_pretrained(self, path: str | Path) -> None:
        """Write a recommender directory; the events of known users stay behind."""
        from nextinterest.agent.saving import save_agent

        save_agent(self, Path(path))

    def with_log(self, dataset: Dataset) -> RecommenderAgent:
        """Return this agent knowing the users of a data set that has the same catalogue.

        Raises
        ------
        IntegrityError
            If the data set's catalogue is not the agent's.
        """
        dataset = as_data_set(dataset, "with_log")
        if dataset.catalog.fingerprint != self.catalog.fingerprint:
            raise IntegrityError(
                f"The catalogue of {dataset.name!r} ({counted(len(dataset.catalog), 'item')}) is not the "
                f"one this "
                f"recommender was built with ({counted(len(self.catalog), 'item')}).",
                remedy="Load the data the recommender was made from, with the same cleaning options.",
                command="Give the data that the recommender was made from with --data, or leave --model out.",
            )
        return self.renewed(dataset.log)

    def renewed(self, log: EventLog | None = None, *, retriever: Retriever | None = None) -> RecommenderAgent:
        """Return an agent of the same parts, or with another retriever, that has computed nothing yet.

        Needed where the catalogue has changed; the positions of the old log no longer hold then.
        """
        made = RecommenderAgent(
            retriever or self.retriever,
            self._model,
            self.config,
            log,
            language_model_name=self.language_model_name,
            text_encoder_name=self.text_encoder_name,
            forecast_model=self.forecast_model,
            choice=self.choice,
        )
        if "conversation" in self.__dict__:  # it was made, perhaps with another reader of messages
            made.conversation = self.conversation.of(made)
        return made

    @property
    def catalog(self) -> Catalog:
        """The catalogue that is recommended from."""
        return self.retriever.catalog

    @property
    def model(self) -> LanguageModel | None:
        """The language model, loaded at first use where the agent only names it; None if there is none."""
        return self._model.load() if isinstance(self._model, DeferredModel) else self._model

    @model.setter
    def model(self, model: LanguageModel | None) -> None:
        self._model = model

    @property
    def model_name(self) -> str | None:
        """Name of the language model, which needs no loading; None if there is none."""
        return None if self._model is None else self._model.name

    @property
    def model_fingerprint(self) -> str | None:
        """Hash of the language model's weights; None if there is none."""
        return None if self._model is None else self._model.fingerprint

    @property
    def tokenizer(self) -> Tokenizer | None:
        """The language model's tokenizer, which needs no weights; None if there is no model."""
        return None if self._model is None else self._model.tokenizer

    @cached_property
    def grounder(self) -> TitleGrounder:
        """Maps titles to items of the catalogue."""
        return TitleGrounder(self.catalog)

    @cached_property
    def ranker(self) -> RetrieveAndRerank:
        """The ranking behind `recommend`, as a `Recommender` for evaluation and bulk use."""
        reranker = None
        if self.config.choice_weight > 0:  # else nothing would ask it
            model = self.model if self.choice is None else self.choice.model
            reranker = None if model is None else choice_reranker(self.config, model, self.catalog)
        return RetrieveAndRerank(
            self.retriever, reranker, self.config.n_candidates, self.config.choice_weight
        )

    def history(self, user: str) -> History:
        """Return the events of a known user; a number is read as its digits.

        Raises
        ------
        DataError
            If the agent holds no events, or none of this user.
        """
        if self.log is None:
            raise DataError(
                f"This agent holds no users' events, so it does not know user {user!r}: a recommender "
                "directory does not store them.",
                remedy="Give it the data it was made from, agent.with_log(nextinterest.data.load(...)), or "
                "pass the user's history.",
                command="Give the data it was made from with --data.",
            )
        index = self.log.user(str(user))
        if index is None:
            raise DataError(
                f"User {user!r} is not among the {counted(self.log.n_users, 'user')} this agent knows.",
                remedy="Choose one of the user ids in the data, or pass the user's history.",
                command="Choose one of the user ids in the data.",
            )
        return self.log.history(index)

    def recommend(
        self,
        history: HistoryLike | None = None,
        k: int = 10,
        *,
        user: str | None = None,
        exclude_seen: bool = True,
        on_unknown: OnUnknown = "raise",
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
            The user's id, kept in the result.
        exclude_seen
            Leave out items of the history.
        on_unknown
            What to do with ids and titles that the catalogue does not have: ``"raise"`` or ``"skip"``.

        Raises
        ------
        UnknownItemError
            For an id or title the catalogue does not have, unless skipped.
        DataError
            If k is below one, neither history nor user is given, or the user is not known.
        """
        k = as_whole_number(k, "k")
        read = self._read(history, user, on_unknown)
        ranked = self.ranker.rank([read.history], k, exclude_seen)[0]
        return Recommendations(
            user=read.history.user if user is None else str(user),
            items=self.as_recommendations(ranked, read.history),
            events_used=len(read.history),
            skipped=read.skipped,
            notes=list_notes(
                n_events=len(read.history),
                reading=read.notes,
                n_skipped=len(read.skipped),
                n_items=len(ranked.items),
                k=k,
                has_model=self._model is not None or self.choice is not None,
            ),
        )

    def _read(self, history: HistoryLike | None, user: str | None, on_unknown: OnUnknown) -> ReadHistory:
        user = None if user is None else str(user)  # data frames hold ids as numbers
        if history is None:
            if user is None:
                raise DataError(
                    "Neither a history nor a user was given.",
                    remedy="Pass a list of items (an empty one for a new user), or user=... of a known user.",
                    command="Give --user, or --history once per event.",
                )
            history = self.history(user)
        return read_history(history, self.catalog, self.grounder, user=user, on_unknown=on_unknown)

    def as_recommendations(self, ranked: Ranked, history: History) -> tuple[Recommendation, ...]:
        """Return ranked items as callers get them, each with its evidence in the history."""
        found = find_evidence(self.retriever, self.config, history, ranked.items)
        return tuple(self._recommendation(ranked, place, evidence) for place, evidence in enumerate(found))

    def _recommendation(self, ranked: Ranked, place: int, evidence: tuple[Evidence, ...]) -> Recommendation:
        position = int(ranked.items[place])
        item = self.catalog[position]
        return Recommendation(
            rank=place + 1,
            item_id=item.id,
            title=item.title,
            categories=item.categories,
            year=item.year,
            probability=float(ranked.probabilities[place]),
            scores={
                name: float(part[place]) for name, part in ranked.parts.items() if np.isfinite(part[place])
            },
            evidence=evidence,
        )

    def __repr__(self) -> str:
        model = self.model_name or "no language model"
        return f"RecommenderAgent({counted(len(self.catalog), 'item')}, {model})"


def open_encoder(name: str | Path, device: str = "auto") -> CachedEncoder:
    """Open a text encoder by asset, folder or hub id; vectors it has made before come from the cache."""
    found = TextEncoder.load(locate(str(name), "text-encoder"), device=None if device == "auto" else device)
    return CachedEncoder(found, home() / "vectors")
