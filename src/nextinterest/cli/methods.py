"""The methods ``nextinterest evaluate`` knows by name, each built when its turn comes.

Baselines come from `nextinterest.eval.baselines`, tuned on validation and cached by their inputs; retrieval
and the agent are built on the training part of the split. Nothing here is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nextinterest.agent.roles import Saved
from nextinterest.cli.console import err
from nextinterest.cli.costs import announce
from nextinterest.cli.models import Models
from nextinterest.cli.progress import training_progress
from nextinterest.data.assets import DEFAULT_LANGUAGE_MODEL, DEFAULT_TEXT_ENCODER
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.agent import RecommenderAgent
    from nextinterest.data import Dataset, HeldOut, Split
    from nextinterest.domain import Catalog, FloatArray, History, IntArray, Rankings, Recommender
    from nextinterest.eval import Method
    from nextinterest.eval.baselines import Trainer
    from nextinterest.finetune.loop import Report
    from nextinterest.retrieval import Retriever

__all__ = ["AgentMethod", "Workshop"]

_ALIASES = {"recent": "recent-popularity"}


class AgentMethod:
    """The agent's ranking as evaluation asks for it: over the catalogue, and over given candidates.

    Given candidates are ranked by the same formula as the agent's own: their retrieval probabilities, and the
    language model's choice between all of them.
    """

    def __init__(self, agent: RecommenderAgent, name: str = "agent") -> None:
        self.engine = agent.engine
        self.name = name
        self.provenance: dict[str, object] = {
            "language_model": agent.engine.language_model_name,
            "text_encoder": agent.engine.text_encoder_name,
            "config": agent.engine.config.model_dump(mode="json"),
        }

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        return self.engine.catalog

    @property
    def tokens_used(self) -> int:
        """Prompt tokens read by the language model so far."""
        return self.engine.tokens_used

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history."""
        return self.engine.recommend(histories, k, exclude_seen)

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items); seen items are not masked.

        The language model's choice is between the best items not seen, as when recommending.
        """
        from nextinterest.retrieval.rerank import redistribute

        every = self.engine.retriever.log_probabilities(histories)
        if self.engine.reranker is None or self.engine.config.choice_weight == 0:
            return every
        every = every.copy()
        for row, ranked in enumerate(self.engine.rank(histories, self.engine.config.n_candidates)):
            chosen = ranked.parts.get("choice")
            if chosen is None:
                continue
            there = np.isfinite(chosen)
            # The retriever's shares of the candidates, dealt out anew among them.
            retrieval = ranked.parts["retrieval"][there]
            log = redistribute(retrieval, chosen[there], *self.engine.config.opinion())
            total = np.logaddexp.reduce(every[row, ranked.items[there]])
            every[row, ranked.items[there]] = log - np.logaddexp.reduce(log) + total
        return every

    def candidate_log_probabilities(self, histories: Sequence[History], candidates: IntArray) -> FloatArray:
        """Return log P(item | history, candidates), float32, of candidates (n, m), -1 filling up."""
        from nextinterest.retrieval.rerank import redistribute

        every = self.engine.retriever.log_probabilities(histories)
        scores = np.full(candidates.shape, -np.inf, dtype=np.float32)
        offered = [row[row >= 0] for row in candidates]
        reranker, opinion = self.engine.reranker, self.engine.config.opinion()
        asked = [h for h, row in enumerate(offered) if len(histories[h]) and len(row) > 1]
        choices: dict[int, FloatArray] = {}
        if reranker is not None and opinion[0] > 0 and asked:
            found = reranker.log_probabilities([histories[h] for h in asked], [offered[h] for h in asked])
            choices = {h: one for h, one in zip(asked, found, strict=True) if one is not None}
        for h, items in enumerate(offered):
            log = every[h, items]
            log = log - np.logaddexp.reduce(log)
            chosen = choices.get(h)
            mixed = log if chosen is None else redistribute(log, chosen, *opinion)
            scores[h, candidates[h] >= 0] = mixed
        return scores


class Workshop:
    """Builds methods on one split, each when its turn comes, the encoder at most once.

    `max_seconds` bounds the search and training of each baseline; what is kept in the cache knows it.
    `models` says which language models the agents have; what an endpoint is asked about `n_cases` (None: all
    of those asked), and `n_timed` of them once more, is announced, and asked back unless `yes`.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: Split,
        asked: HeldOut,
        *,
        max_seconds: float | None = None,
        models: Models | None = None,
        n_cases: int | None = None,
        n_timed: int = 0,
        yes: bool = False,
    ) -> None:
        from nextinterest.eval import baselines

        self.dataset, self.split, self.asked = dataset, split, asked
        self.max_seconds = max_seconds
        self.models = models or Models()
        n_cases = len(asked) if n_cases is None else min(n_cases, len(asked))
        self.n_asked, self.yes = n_cases + min(n_timed, n_cases), yes
        self._report: Report | None = None
        baselines.register("sasrec", self._sasrec)
        self.retriever: Callable[[], Retriever] = cache(self._retriever)

    def methods(self, names: list[str], seeds: list[int]) -> list[Method]:
        """Return the methods of these names, trained ones once for each seed."""
        from nextinterest.eval import Method, baselines

        bounds = {} if self.max_seconds is None else {"max_seconds": self.max_seconds}
        found: list[Method] = []
        for given in names:
            name = _ALIASES.get(given, given)
            if name in baselines.trained_names():  # chance enters, so several seeds train several
                found += [
                    Method(name, lambda name=name, seed=seed: self._baseline(name, seed), seed, bounds)  # type: ignore[misc]
                    for seed in seeds
                ]
            elif self._is_folder(name):
                found.append(Method(Path(name).name, self._builder(name), arguments={"path": name}))
            else:
                found.append(
                    Method(name, self._builder(name), None, bounds if name in baselines.names() else {})
                )
        return found

    def vectors_at_hand(self, methods: list[Method]) -> FloatArray | None:
        """Return item embeddings for diversity where a method needs the encoder anyway."""
        if not any(method.name in ("text", "retrieval", "agent") for method in methods):
            return None
        with err.status("Embedding item texts"):
            return self.retriever().item_vectors

    def _builder(self, name: str) -> Callable[[], Recommender]:
        from nextinterest.eval import baselines

        if name == "retrieval":
            return self.retriever
        if name == "agent":
            return self._agent
        if name in baselines.names():
            return lambda: self._baseline(name, 0)
        if self._is_folder(name):
            return lambda: self._saved(Path(name))
        known = ", ".join((*baselines.names(), "retrieval", "agent"))
        raise DataError(f"There is no method {name!r}.", remedy=f"Choose from {known}, or give a folder.")

    @staticmethod
    def _is_folder(name: str) -> bool:
        """Whether it is a path and no method's name; a folder called like one is given as ./NAME."""
        from nextinterest.eval import baselines

        return name not in (*baselines.names(), "retrieval", "agent") and Path(name).is_dir()

    def _baseline(self, name: str, seed: int) -> Recommender:
        from nextinterest.data.assets import home
        from nextinterest.eval import baselines

        vectors = self.retriever().item_vectors if name == "text" else None
        with self._shown(name):
            return baselines.build(
                name,
                self.split,
                self.dataset.catalog,
                seed=seed,
                cache_dir=home(),
                item_vectors=vectors,
                max_seconds=self.max_seconds,
            )

    def _sasrec(self) -> Trainer:
        from nextinterest.finetune import SASRecTrainer

        return SASRecTrainer(report=self._report)

    @contextmanager
    def _shown(self, name: str) -> Iterator[None]:
        """Show how far training is for the time of a block, where someone is watching."""
        from nextinterest.eval import baselines

        if name not in baselines.trained_names() or not err.is_terminal:
            yield
            return
        from nextinterest.finetune.sasrec import TRAINING

        with training_progress(TRAINING.epochs, name) as self._report:
            yield
        self._report = None

    def _retriever(self) -> Retriever:
        from nextinterest.retrieval import Retriever
        from nextinterest.retrieval.encoder_assets import open_encoder

        encoder = open_encoder(self.models.text_encoder or DEFAULT_TEXT_ENCODER)
        return Retriever.build(self.dataset.catalog, self.split.train, encoder)

    def _agent(self) -> Recommender:
        from nextinterest.agent import RecommenderAgent

        named = self.models.named_model()
        agent = RecommenderAgent.from_dataset(
            self.dataset,
            train=self.split.train,
            language_model=DEFAULT_LANGUAGE_MODEL if isinstance(named, Saved) else named,
            roles=self.models.roles(),
            text_encoder=self.models.text_encoder or DEFAULT_TEXT_ENCODER,
        )
        announce(agent.engine, self.asked.histories, self.n_asked, yes=self.yes)
        return AgentMethod(agent)

    def _saved(self, path: Path) -> Recommender:
        from nextinterest.agent import RecommenderAgent
        from nextinterest.cli.leaks import refuse_leak

        agent = RecommenderAgent.from_pretrained(
            path,
            language_model=self.models.named_model(),
            roles=self.models.roles(),
            text_encoder=self.models.text_encoder,
        )
        method = AgentMethod(agent, path.name)
        leak = refuse_leak(path.name, agent.retriever, self.dataset, self.asked)
        method.provenance["learned_from_cases"] = leak
        announce(agent.engine, self.asked.histories, self.n_asked, yes=self.yes)
        return method
