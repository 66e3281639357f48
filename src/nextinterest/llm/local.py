"""A causal language model on this machine, by transformers.

Loads weights and tokenizer, chooses device and precision, attaches an adapter, and answers every function
of `nextinterest.llm.base.LanguageModel` with forward passes of `nextinterest.llm.forward`.
Knows nothing of items, users or templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from pydantic import BaseModel

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray, Sampling
from nextinterest.llm.batching import batches_by_length
from nextinterest.llm.decoding import stream_text
from nextinterest.llm.forward import Segment, resolve_layers
from nextinterest.llm.forward_llama import LlamaForward
from nextinterest.llm.forward_transformers import TransformersForward
from nextinterest.llm.grammar import JsonMatcher, stream_json
from nextinterest.llm.half_weights import half_weights_supported
from nextinterest.llm.head import Head
from nextinterest.llm.loading import weights_digest, without_adapter
from nextinterest.llm.local_base import TOKENS_PER_BATCH, ModuleModel
from nextinterest.llm.metering import count
from nextinterest.llm.scoring import choose_after, score_after
from nextinterest.llm.state import CausalState
from nextinterest.llm.tokenizer import LocalTokenizer
from nextinterest.messages import Message
from nextinterest.tracing import sent

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from nextinterest.llm.forward import Forward

__all__ = ["LocalModel"]


class LocalModel(ModuleModel):
    """A `nextinterest.llm.base.LanguageModel` over a transformers causal model.

    Parameters
    ----------
    module, tokenizer, name, fingerprint, tokens_per_batch, half_weights
        As in `ModuleModel`.
    lean
        Whether to use this package's own forward pass where it covers the model; else transformers'.
    """

    kind = "causal"

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str = "local",
        fingerprint: str | None = None,
        tokens_per_batch: int = TOKENS_PER_BATCH,
        half_weights: bool = False,
        lean: bool = True,
    ) -> None:
        plain = without_adapter(module)
        body = cast("PreTrainedModel", getattr(plain, plain.base_model_prefix))
        self._lean = lean and not LlamaForward.why_not(body)
        super().__init__(
            module,
            tokenizer,
            name=name,
            fingerprint=fingerprint,
            tokens_per_batch=tokens_per_batch,
            half_weights=half_weights,
        )
        config = plain.config.get_text_config()
        self.hidden_size = int(config.hidden_size)
        self.context_length = int(getattr(config, "max_position_embeddings", 0) or 1 << 20)
        eos = plain.config.eos_token_id
        ids = [eos] if isinstance(eos, int) else list(eos or [])
        self.tokenizer = LocalTokenizer(tokenizer, ids)
        self.head = Head(plain)
        window = getattr(config, "sliding_window", None)
        reach = min(self.context_length, int(window)) if window else self.context_length
        self.forward: Forward
        if self.half_weights and self._fingerprint is None:
            self._fingerprint = weights_digest(module)  # while the module still has them
        if self._lean:
            self.forward = LlamaForward(body, self.context_length, half_weights=self.half_weights)
        else:
            self.forward = TransformersForward(body, reach)

    def _halves(self) -> bool:
        return self._lean and self.module.dtype == torch.float32 and half_weights_supported()

    def encode(
        self, tokens: Sequence[Sequence[int]], at: Sequence[Sequence[int]], *, layers: Sequence[int] = (-1,)
    ) -> list[FloatArray]:
        """Return hidden states at marked positions; see `nextinterest.llm.base.LanguageModel.encode`.

        Raises
        ------
        ModelError
            If a sequence is empty or longer than the context, or a position lies outside its sequence.
        """
        which = resolve_layers(layers, self.forward.layers)
        segments = []
        for i, (sequence, positions) in enumerate(zip(tokens, at, strict=True)):
            self.check_length(len(sequence))
            segments.append(Segment(sequence, want=_resolved(positions, len(sequence), i)))
        return [
            np.asarray(states.float().cpu().numpy(), dtype=np.float32)
            for states in self._run(segments, which)
        ]

    def choose(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[str]], *, normalize: bool = True
    ) -> list[FloatArray]:
        """Return log-probabilities of short choices; see `nextinterest.llm.base.LanguageModel.choose`.

        Choices that are one token each are read off one pass over all prompts; longer ones are scored as
        continuations.

        Raises
        ------
        ModelError
            If a prompt is empty or longer than the context, or a choice is empty.
        """
        for prompt in prompts:
            sent(partial(self.tokenizer.decode, prompt))
        return choose_after(self, prompts, choices, normalize=normalize)

    def score(self, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | prefix); see `nextinterest.llm.base.LanguageModel.score`.

        Raises
        ------
        ModelError
            If the prefix is empty, or prefix and a continuation together exceed the context.
        """
        return score_after(self, prefix, continuations)

    def open(self, prefix: Sequence[int] = ()) -> CausalState:
        """Read `prefix` and return a state that grows by new tokens only."""
        state = CausalState(self)
        if len(prefix):
            state.extend(prefix, at=())
        return state

    def stream(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[str]:
        """Yield an answer piece by piece; with `schema` the whole is JSON of that schema."""
        text = self.tokenizer.render(messages)
        sent(text)
        prompt = self.tokenizer.encode(text)
        self.check_length(len(prompt))
        state = self.open(prompt)
        if schema is not None:
            return self._json(state, schema, sampling or Sampling())
        budget = self.context_length - len(prompt)
        return stream_text(_Speaking(state), self.tokenizer, budget, sampling or Sampling())

    def write(self, state: CausalState, schema: type[BaseModel], sampling: Sampling) -> str:
        """Return JSON of a schema as the answer to what a state has read; it goes on reading the answer."""
        return "".join(self._json(state, schema, sampling))

    def _json(self, state: CausalState, schema: type[BaseModel], sampling: Sampling) -> Iterator[str]:
        matcher = JsonMatcher(self.tokenizer, self.head.vocabulary, schema)
        return stream_json(_Speaking(state), matcher, self.context_length - len(state), sampling)

    def check_length(self, length: int) -> None:
        """Refuse what the model cannot read.

        Raises
        ------
        ModelError
            If a sequence of this length is empty or longer than the context.
        """
        if length < 1:
            raise ModelError("An empty sequence cannot be read.", remedy="Give at least one token.")
        if length > self.context_length:
            raise ModelError(
                f"A sequence has {length:,} tokens; {self.name} reads {self.context_length:,}.",
                remedy="Render the prompt within a smaller token budget.",
            )

    def _run(self, segments: Sequence[Segment], layers: Sequence[int]) -> list[torch.Tensor]:
        """Run plain segments in batches by length; order and content of the result do not show it."""
        out: dict[int, torch.Tensor] = {}
        sizes = [segment.size for segment in segments]
        for group in batches_by_length(sizes, self.tokens_per_batch, padded=self.forward.padded):
            states, _ = self.forward.run([segments[i] for i in group], layers)
            out.update(zip(group, states, strict=True))
        return [out[i] for i in range(len(segments))]

    def last_states(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the hidden state at the end of each prompt, shape (n, hidden_size)."""
        for prompt in prompts:
            self.check_length(len(prompt))
        segments = [Segment(prompt, want=[len(prompt) - 1]) for prompt in prompts]
        if not segments:
            return torch.empty(0, self.hidden_size, device=self.device, dtype=self.dtype)
        return torch.cat(self._run(segments, [self.forward.layers]))


class _Speaking:
    """A `nextinterest.llm.decoding.Speaker` over a cached state."""

    def __init__(self, state: CausalState) -> None:
        self.state = state

    def logits(self) -> torch.Tensor:
        return self.state.model.head.logits(self.state.last()[None])[0]

    def push(self, tokens: list[int]) -> None:
        # Written, although the model reads them to go on.
        count(read=-len(tokens), written=len(tokens))
        self.state.extend(tokens, at=())

    @property
    def ends(self) -> frozenset[int]:
        return self.state.model.tokenizer.eos_ids

    @property
    def device(self) -> torch.device:
        return self.state.model.device


def _resolved(positions: Sequence[int], length: int, row: int) -> list[int]:
    resolved = [position + length if position < 0 else position for position in positions]
    for asked, position in zip(positions, resolved, strict=True):
        if not 0 <= position < length:
            raise ModelError(f"Position {asked} is outside sequence {row}, which has {length} tokens.")
    return resolved
