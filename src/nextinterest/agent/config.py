"""How the agent ranks: the few numbers that are not learned weights of a model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AgentConfig", "OnUnknown"]

OnUnknown = Literal["raise", "skip"]
"""What to do with events whose item the catalogue does not have."""


class AgentConfig(BaseModel):
    """Settings of `RecommenderAgent`; saved with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_candidates: int = Field(default=20, ge=1, le=200)
    """Items that the retriever puts forward and the language model reranks."""

    template: str = "choice"
    """Name of the prompt template in which the candidates are lettered."""

    max_prompt_tokens: int = Field(default=512, ge=64)
    """Token budget of one prompt; the oldest events fall away first."""

    max_events: int = Field(default=40, ge=1)
    """Newest events shown to the language model, where the budget allows them."""

    older_events: Literal["shares", "portrait"] = "shares"
    """What a prompt says of events that do not fit into it: ``shares`` of categories in one line, which the
    template has and models were trained with, or the ``portrait`` of those events in sentences (see
    `nextinterest.interests.PortraitSummary`). No measured gain speaks for either."""

    older_events_share: float = Field(default=0.125, ge=0.0, le=0.5)
    """Largest part of ``max_prompt_tokens`` that this may take; sentences that do not fit are left out."""

    choice_weight: float = Field(default=0.05, ge=0.0)
    """Exponent of the language model's choice probabilities in the blend; 0 leaves the model out.

    Chosen by NDCG@10 on validation events of MovieLens-100K with the untrained default model, where it makes
    no difference beyond noise and larger weights do harm; a trained model brings its own."""

    choice_calibrated: bool = True
    """Whether a letter's own attraction is divided out of the choice: right for a model that was not trained
    to choose, noise for one that was."""

    n_evidence: int = Field(default=2, ge=0)
    """Past events named as evidence for each recommendation."""

    evidence: Literal["erasure", "similarity"] = "erasure"
    """How evidence is found: ``erasure`` names the events without which the item would have been less
    probable (see `nextinterest.agent.erasure`), ``similarity`` the events whose texts are closest."""

    evidence_window: int = Field(default=30, ge=1)
    """Newest events that erasure tries, in one batch of as many histories."""
