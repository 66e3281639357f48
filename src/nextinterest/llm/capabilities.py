"""What a language model can do, for callers to ask in place of its class."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Capabilities"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a `nextinterest.llm.base.LanguageModel` can do.

    Attributes
    ----------
    hidden_states
        `encode` and `open` work.
    choose
        `choose` gives log-probabilities of choices. An endpoint that reports none is found out by the first
        request, and says False from then on.
    score
        `score` gives the log-probability of any text.
    constrained
        Answers are held to a schema, or to a trie of titles, token by token.
    tool_calls
        Schemas are stated as tools, which the model was trained to call.
    instructed
        It is taken to follow instructions that it was not tuned to. Such a model takes every role of an agent
        unless the caller says otherwise (see `nextinterest.agent.roles`).
    remote
        Each call is a request, which takes a while, can fail, and may cost money.
    concurrency
        Calls that are worth making side by side.
    """

    hidden_states: bool = False
    choose: bool = False
    score: bool = False
    constrained: bool = False
    tool_calls: bool = False
    instructed: bool = False
    remote: bool = False
    concurrency: int = 1
