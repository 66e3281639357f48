"""Models that can be held to a grammar or a trie, causal ones and encoder-decoder ones alike, as protocols.

They give the log-probability of every token, which an endpoint does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from nextinterest.llm.base import Sampling, State, Tokenizer

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ConstrainedModel", "ConstrainedState"]


class ConstrainedState(State, Protocol):
    """What has been read, and how likely what follows is."""

    def log_probabilities(self, branches: Sequence[Sequence[int]]) -> Tensor:
        """Return log P(next token) behind each branch, float32, shape (len(branches), vocabulary).

        A branch follows the tokens read; the state is unchanged.
        """

    def write(self, schema: type[BaseModel], sampling: Sampling | None = None) -> str:
        """Return JSON of a schema, held to its grammar, as what follows; the state is unchanged."""


@runtime_checkable
class ConstrainedModel(Protocol):
    """A model whose states can be constrained."""

    @property
    def kind(self) -> Literal["causal", "seq2seq"]:
        """Return whether prompt and answer are one sequence, or two."""

    @property
    def name(self) -> str:
        """Return a short name."""

    @property
    def context_length(self) -> int:
        """Return the longest sequence the model reads, in tokens."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Return the model's tokenizer."""

    @property
    def writes_json(self) -> bool:
        """Return whether its vocabulary has what JSON is written with."""

    @property
    def end_token(self) -> int:
        """Return the token that ends an answer."""

    def open(self, prefix: Sequence[int] = ()) -> ConstrainedState:
        """Read `prefix` and return a state."""
