"""What reranks, as one protocol, and which of them a model is reranked by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from nextinterest.domain import Catalog, FloatArray, History, IntArray
from nextinterest.llm import LanguageModel
from nextinterest.prompts import PromptOptions, PromptTemplate, Summariser
from nextinterest.retrieval.rerank.choice import ChoiceReranker
from nextinterest.retrieval.rerank.listing import ANSWER_TOKENS, EndpointReranker

__all__ = ["Reranker", "make_reranker"]


class Reranker(Protocol):
    """Says how probable each of some candidates is next."""

    model: LanguageModel

    @property
    def tokens_used(self) -> int:
        """Prompt tokens so far."""

    def log_probabilities(
        self,
        histories: Sequence[History],
        candidates: Sequence[IntArray],
        request: str | None = None,
        today: date | None = None,
    ) -> Sequence[FloatArray | None]:
        """Return log P(candidate | history, candidates, request) for each history, in their order.

        Where `today` is given, prompts that show times say it. None where the model's answer could not be
        read.
        """


def make_reranker(
    model: LanguageModel,
    template: PromptTemplate,
    catalog: Catalog,
    options: PromptOptions,
    *,
    calibrated: bool,
    summariser: Summariser | None = None,
) -> Reranker:
    """Return what reranks by a model: the choice of a letter, or for an endpoint what it can do.

    Prompt and answer together stay within the model's context. Parameters are those of `ChoiceReranker`.
    """
    can = model.capabilities
    most = model.context_length - 1
    if can.remote:
        most = max(model.context_length - ANSWER_TOKENS, model.context_length // 2)
    options = options.model_copy(update={"budget": min(options.budget, most)})
    kind = EndpointReranker if can.remote else ChoiceReranker
    return kind(model, template, catalog, options, calibrated=calibrated, summariser=summariser)
