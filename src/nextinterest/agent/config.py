"""How the agent ranks: the few numbers that are not learned weights of a model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.llm import Capabilities

__all__ = ["AgentConfig", "GeneratedSource", "InterestStyle", "OnUnknown"]

PRIOR_WEIGHT = 0.75
"""Weight of the choice of a model that follows instructions, where none was fitted: a model that is 90 % sure
of one of 20 candidates puts it into the first three, from whatever rank.

The candidate at rank r gets there where w > (log P(3) - log P(r)) / log(.9 / (.1 / 19)), P from retrieval.
On 120 validation events of MovieLens-100K that takes a w of .20 at the median of rank 20, .59 at the 99th
percentile and .71 at most under the trained ranking, and .30 at most under the untrained one
(bench/choice_prior.py)."""

PRIOR_SHARE = 0.5
"""Share of the candidates' probability that such a model decides by itself when it is certain (see
`nextinterest.retrieval.rerank.redistribution`): however sharp retrieval is, 90 % sure of one of 20 candidates
puts it into the first three (a c = .40, more than 1/4 is enough), and so does 75 %."""

REQUEST_WEIGHT = 2.0
"""Least weight of the choice where `REQUEST_SHARE` applies."""

REQUEST_SHARE = 0.9
"""`PRIOR_SHARE` where the model has read a request: retrieval knows it by its words alone, the model by
what it means, so the choice decides (55 % sure of one of 20 is enough for the first three) and retrieval
breaks ties."""

REQUEST_CERTAIN = 0.3
"""How far from even a choice that has read a request must be to count by the whole `REQUEST_SHARE`: several
candidates fit a request, so that a model which is sure of what fits is not sure of one. A prior: letters of
.40, .25 and .10 are then the first three in that order, unless retrieval is all but certain."""

PRIOR_TOKENS = 2048
"""Token budget of one prompt for such a model."""

ENDPOINT_CANDIDATES = 26
"""Candidates that a model behind an endpoint reranks: as many as there are letters."""

OnUnknown = Literal["raise", "skip"]
"""What to do with events whose item the catalogue does not have."""


InterestStyle = Literal["written", "scored"]
"""How a model that can be constrained says interests: JSON that it writes, or the likelihoods of names."""


class GeneratedSource(BaseModel):
    """What the language model generates, as a source of candidates beside the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    titles: int = Field(default=10, ge=1, le=100)
    """Titles that are generated."""

    validation: dict[str, float] = Field(default_factory=dict)
    """Figures on validation that decided for it, by name, as ``bench/generation.py`` prints them."""


class AgentConfig(BaseModel):
    """Settings of `RecommenderAgent`; saved with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_candidates: int = Field(default=20, ge=1, le=200)
    """Items that the retriever puts forward and the language model reranks; for a model behind an endpoint
    `ENDPOINT_CANDIDATES`, where no other number is given."""

    template: str = "choice"
    """Prompt template in which the candidates are lettered: the name of a shipped one, or the path of a file
    that ends in ``.jinja``. A saved recommender names the path and the file's hash."""

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
    no difference beyond noise and larger weights do harm; a trained model brings its own, and one that
    follows instructions gets `PRIOR_WEIGHT`."""

    choice_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the candidates' probability that the choice decides by itself where it is certain; 0 for a
    weight that was fitted or given. A model that follows instructions gets `PRIOR_SHARE`."""

    request_share: float = Field(default=0.0, ge=0.0, le=1.0)
    """The same where the model has read a request; the choice's weight is then at least `REQUEST_WEIGHT`."""

    choice_calibrated: bool = True
    """Whether a letter's own attraction is divided out of the choice: right for a model that was not trained
    to choose, noise for one that was."""

    n_evidence: int = Field(default=2, ge=0)
    """Past events named as evidence for each recommendation."""

    evidence: Literal["erasure", "similarity"] = "erasure"
    """How evidence is found: ``erasure`` names the events without which the item would have been less
    probable (see `nextinterest.agent.erasure`), ``similarity`` the events whose texts are closest."""

    generated: GeneratedSource | None = None
    """Whether what the language model generates is searched for in every `recommend`; None for no, the
    default: it costs seconds, and on validation of MovieLens-100K it found nothing that others do not."""

    suggested: int = Field(default=8, ge=0, le=50)
    """Items that a model behind an endpoint which reranks is first asked to name for a request in words; 0
    asks for none. Half of the candidates that it then reranks are such items, at most."""

    interest_style: InterestStyle = "written"
    """How `RecommenderAgent.generate` gets interests of a model on this machine."""

    evidence_window: int = Field(default=30, ge=1)
    """Newest events that erasure tries, in one batch of as many histories."""

    def for_model(self, can: Capabilities | None) -> AgentConfig:
        """Return these settings with what fits the model that reranks, where nothing else was given.

        Parameters
        ----------
        can
            What the model can do; None where there is none.
        """
        fitting: dict[str, object] = {}
        if can is not None and can.instructed:
            fitting["max_prompt_tokens"] = PRIOR_TOKENS
            if "choice_weight" not in self.model_fields_set:
                shares = {"choice_share": PRIOR_SHARE, "request_share": REQUEST_SHARE}
                fitting |= {"choice_weight": PRIOR_WEIGHT} | shares
        if can is not None and can.remote:  # blank candidates would be a request that nobody reads
            fitting |= {"choice_calibrated": False, "n_candidates": ENDPOINT_CANDIDATES}
        new = {name: value for name, value in fitting.items() if name not in self.model_fields_set}
        # Copied without marking the fields as given, so that another model's may still take their place.
        return AgentConfig.model_construct(_fields_set=set(self.model_fields_set), **(dict(self) | new))

    def opinion(self, *, requested: bool = False) -> tuple[float, float, float]:
        """Return how much the choice counts: weight, share and certainty for `redistribute`.

        Parameters
        ----------
        requested
            Whether the model has read a request.
        """
        if requested and self.request_share > 0.0:
            return max(self.choice_weight, REQUEST_WEIGHT), self.request_share, REQUEST_CERTAIN
        return self.choice_weight, self.choice_share, 1.0

    def without_model(self) -> AgentConfig:
        """Return these settings as if nothing had been given of what depends on the model."""
        kept = {name: getattr(self, name) for name in self.model_fields_set - _OF_THE_MODEL}
        return AgentConfig(**kept)


_OF_THE_MODEL = {
    "generated",
    "interest_style",
    "choice_weight",
    "choice_share",
    "request_share",
    "choice_calibrated",
    "max_prompt_tokens",
    "template",
}
