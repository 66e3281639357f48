"""The weight of a model's choice beside retrieval, fitted on validation events: for models nobody tunes here.

The model is asked once for each event whose target is among the candidates; the weight is the one under which
those targets are most probable (`RerankingCases.fit_weight`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextinterest.agent import Engine
from nextinterest.data import HeldOut
from nextinterest.errors import ModelError
from nextinterest.finetune.reranking_cases import RerankingCases

__all__ = ["ChoiceFit", "choice_cases", "fit_choice"]


@dataclass(frozen=True, slots=True)
class ChoiceFit:
    """What fitting found.

    Attributes
    ----------
    weight
        For `AgentConfig.choice_weight`; 0 where the choice says nothing that retrieval does not.
    cases, asked
        Validation events, and those of them that the model was asked about.
    retrieval, choice, blend
        Measures of retrieval's order, of the choice alone and of both together (see
        `RerankingCases.measure`); the last is fitted, by one number, on the events it is measured on.
    gain
        NDCG@10 of the blend above retrieval's, and its standard error.
    """

    weight: float
    cases: int
    asked: int
    retrieval: dict[str, float]
    choice: dict[str, float]
    blend: dict[str, float]
    gain: tuple[float, float]


def choice_cases(engine: Engine, held_out: HeldOut, most: int | None = None) -> RerankingCases:
    """Return the held-out events whose target is offered, with their candidates; `most` events are drawn."""
    found = RerankingCases.of(engine.retriever, held_out, engine.config.n_candidates, most=most)
    return found.answerable()


def fit_choice(engine: Engine, cases: RerankingCases) -> ChoiceFit:
    """Ask the engine's model about the cases and fit the weight.

    Raises
    ------
    ModelError
        If no model reranks.
    DataError
        If there are no cases.
    """
    if engine.reranker is None:
        raise ModelError(
            "No language model reranks here, so there is no weight to fit.",
            remedy="Name one with language_model=...",
            command="Name one with --language-model.",
        )
    found = engine.reranker.log_probabilities(cases.histories, cases.items)
    even = [np.full(len(items), -np.log(len(items)), dtype=np.float32) for items in cases.items]
    scores = [other if one is None else one for one, other in zip(found, even, strict=True)]
    weight = round(cases.fit_weight(scores), 4)
    blend = cases.weighted(scores, weight)
    return ChoiceFit(
        weight=weight,
        cases=cases.n_cases,
        asked=len(cases),
        retrieval=cases.measure(cases.log_p),
        choice=cases.measure(scores),
        blend=cases.measure(blend),
        gain=cases.gain(blend, cases.log_p),
    )
