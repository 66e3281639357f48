"""Language models as functions on tokens: the contract every provider keeps.

A model here turns token ids into hidden states, log-probabilities and text. It knows nothing of items,
users, catalogues or templates; callers render text and count tokens with the model's own `tokenizer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nextinterest.errors import OutputParseError
from nextinterest.llm.capabilities import Capabilities
from nextinterest.messages import Message

__all__ = [
    "THINKING",
    "Capabilities",
    "FloatArray",
    "LanguageModel",
    "Sampling",
    "State",
    "Tokenizer",
    "validated",
]

FloatArray = NDArray[np.float32]
SchemaT = TypeVar("SchemaT", bound=BaseModel)


def validated(text: str, schema: type[SchemaT]) -> SchemaT:
    """Return the object that `text` is JSON of.

    Raises
    ------
    OutputParseError
        If it is not; where the text followed the JSON schema, by a rule of the class that no schema says.
    """
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        fault = f"{where}: {first['msg']}" if where else first["msg"]
        if first["type"] == "json_invalid":
            fault = "it is not one whole JSON object and nothing else"
        raise OutputParseError(
            f"The answer does not have the form that was asked for: {fault}.",
            remedy="Ask again, or loosen the class.",
            answer=text,
        ) from error


THINKING = 4096
"""`Sampling.thinking` of the package's own requests."""


class Sampling(BaseModel):
    """How text is drawn from a model. Always explicit: a model's own generation config is never read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.0, ge=0.0, description="0 takes the likeliest token each time.")
    top_k: int = Field(default=0, ge=0, description="Draw from the k likeliest tokens only; 0 for all.")
    top_p: float = Field(
        default=1.0, gt=0.0, le=1.0, description="Draw from the smallest set of tokens holding this mass."
    )
    max_tokens: int = Field(default=256, ge=1, description="Longest answer, in tokens.")
    stop: tuple[str, ...] = Field(default=(), description="The answer ends before any of these strings.")
    seed: int = Field(default=0, description="Seed of the draw; equal seeds draw equal text.")
    thinking: int = Field(
        default=0,
        ge=0,
        description="Tokens that a model behind an endpoint may reason for besides, from the first answer on "
        "that its thoughts have used up; that one is asked for again. 0 leaves it an error.",
    )


class Tokenizer(Protocol):
    """Text to token ids and back, and the chat template of an instruct model."""

    @property
    def special_tokens(self) -> frozenset[str]:
        """Return every control token the vocabulary has, as text."""

    @property
    def has_chat_template(self) -> bool:
        """Return whether `render_chat` can be used."""

    @property
    def eos_ids(self) -> frozenset[int]:
        """Return the ids that end an answer."""

    def encode(self, text: str) -> list[int]:
        """Return ids of `text`; special tokens written in it are parsed, none are added."""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, special tokens included."""

    def render_chat(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the conversation as the model was trained to read it."""


class State(Protocol):
    """What a model remembers of the tokens it has read, so that more can be read at their own cost."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """Return the tokens read so far."""

    @property
    def nbytes(self) -> int:
        """Return the bytes this state keeps."""

    def extend(
        self, tokens: Sequence[int], *, at: Sequence[int] | None = None, layers: Sequence[int] = (-1,)
    ) -> FloatArray:
        """Read `tokens` and return hidden states at the positions `at` of them.

        Parameters
        ----------
        tokens
            What comes next.
        at
            Positions within `tokens` (negative ones count from the end); None for every position.
        layers
            As in `LanguageModel.encode`.

        Returns
        -------
        FloatArray
            Shape (len(at), len(layers) * hidden_size).
        """

    def trim(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""

    def score(self, continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | tokens read) of each; the state is unchanged."""

    def choose(self, choices: Sequence[str], *, normalize: bool = True) -> FloatArray:
        """Return log-probabilities of short choices after the tokens read; the state is unchanged."""


@runtime_checkable
class LanguageModel(Protocol):
    """What every provider offers. Log-probabilities are natural logarithms."""

    @property
    def name(self) -> str:
        """Return a short name for tables and logs."""

    @property
    def fingerprint(self) -> str:
        """Return a hash of weights and adapter: equal fingerprints give equal answers."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what the model can do; the other methods raise `ModelError`."""

    @property
    def hidden_size(self) -> int:
        """Return the width of one hidden state."""

    @property
    def context_length(self) -> int:
        """Return the longest sequence the model reads, in tokens."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Return the model's tokenizer."""

    def encode(
        self, tokens: Sequence[Sequence[int]], at: Sequence[Sequence[int]], *, layers: Sequence[int] = (-1,)
    ) -> list[FloatArray]:
        """Return hidden states at marked positions, one forward pass per batch.

        Parameters
        ----------
        tokens
            n token sequences of any lengths.
        at
            Positions within each sequence (negative ones count from its end).
        layers
            Which layers, concatenated in this order: 0 is the embedding, i the output of layer i, -1 the
            last after the final norm (the numbering of transformers' ``hidden_states``).

        Returns
        -------
        list of FloatArray
            One per sequence, shape (len(at[i]), len(layers) * hidden_size). No row depends on which
            sequences shared its batch.
        """

    def choose(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[str]], *, normalize: bool = True
    ) -> list[FloatArray]:
        """Return log-probabilities of short choices as the next thing after each prompt.

        Parameters
        ----------
        prompts
            n token sequences.
        choices
            For each prompt its choices, exactly as they would follow it (such as ``" A"``).
        normalize
            Whether the probabilities of one prompt's choices sum to one; else they are the model's own,
            over its whole vocabulary.

        Returns
        -------
        list of FloatArray
            One per prompt, shape (len(choices[i]),).
        """

    def score(self, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | prefix) of each continuation, the prefix computed once.

        Returns
        -------
        FloatArray
            Shape (len(continuations),), sums over tokens; an empty continuation scores 0.
        """

    def open(self, prefix: Sequence[int] = ()) -> State:
        """Read `prefix` and return a state that grows by new tokens only."""

    @overload
    def generate(
        self, messages: Sequence[Message], *, schema: None = None, sampling: Sampling | None = None
    ) -> str: ...

    @overload
    def generate(
        self, messages: Sequence[Message], *, schema: type[SchemaT], sampling: Sampling | None = None
    ) -> SchemaT: ...

    def generate(
        self,
        messages: Sequence[Message],
        *,
        schema: type[SchemaT] | None = None,
        sampling: Sampling | None = None,
    ) -> str | SchemaT:
        """Return an answer as text, or as a validated object of `schema`."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield the same answer piece by piece; with `schema` the whole is JSON of that schema."""
