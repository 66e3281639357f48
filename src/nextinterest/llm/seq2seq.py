"""An encoder-decoder language model on this machine (T5 and its family), by transformers.

The prompt is the encoder's input, read in both directions; choices, continuations and answers are the
decoder's. Since the encoder is not causal, a longer prompt is a new prompt: a state keeps tokens and the
encoder's output, and reads anew when tokens are added. Knows nothing of items, users or templates.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray, Sampling
from nextinterest.llm.batching import batches_by_length
from nextinterest.llm.decoding import stream_text
from nextinterest.llm.forward import resolve_layers
from nextinterest.llm.grammar import JsonMatcher, stream_json
from nextinterest.llm.loading import without_adapter
from nextinterest.llm.local_base import TOKENS_PER_BATCH, ModuleModel
from nextinterest.llm.metering import count
from nextinterest.llm.scoring import single_tokens
from nextinterest.llm.tokenizer import LocalTokenizer
from nextinterest.messages import Message
from nextinterest.tracing import sent

if TYPE_CHECKING:
    from transformers import EncoderDecoderCache, PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Seq2SeqModel", "Seq2SeqState"]

logger = logging.getLogger(__name__)


class Seq2SeqModel(ModuleModel):
    """A `nextinterest.llm.base.LanguageModel` over a transformers encoder-decoder model.

    Parameters are those of `ModuleModel`.
    """

    kind = "seq2seq"

    def __init__(
        self,
        module: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str = "seq2seq",
        fingerprint: str | None = None,
        tokens_per_batch: int = TOKENS_PER_BATCH,
        half_weights: bool = False,
    ) -> None:
        super().__init__(
            module,
            tokenizer,
            name=name,
            fingerprint=fingerprint,
            tokens_per_batch=tokens_per_batch,
            half_weights=half_weights,
        )
        plain = without_adapter(module)
        config = plain.config
        self.hidden_size = int(config.hidden_size)
        positions = getattr(config, "n_positions", None) or getattr(config, "max_position_embeddings", None)
        self.context_length = int(positions or 512)
        self.tokenizer = LocalTokenizer(tokenizer, [int(config.eos_token_id)])
        self._eos = int(config.eos_token_id)
        self._start = int(config.decoder_start_token_id)
        self._encoder = cast("PreTrainedModel", plain.get_encoder())
        blocks = [m for m in self._encoder.children() if isinstance(m, nn.ModuleList)]
        if not blocks:
            raise ModelError(f"The encoder of {type(plain).__name__} has no list of layers at its top.")
        self._blocks = max(blocks, key=len)

    @torch.inference_mode()
    def encode(
        self, tokens: Sequence[Sequence[int]], at: Sequence[Sequence[int]], *, layers: Sequence[int] = (-1,)
    ) -> list[FloatArray]:
        """Return the encoder's hidden states at marked positions.

        Unlike a causal model's they know what stands to their right: for one position per prefix, give
        each prefix as a sequence of its own.

        Raises
        ------
        ModelError
            If a sequence is empty or longer than the context, or a position lies outside its sequence.
        """
        which = resolve_layers(layers, len(self._blocks))
        out: list[FloatArray] = [np.empty(0, np.float32)] * len(tokens)
        for group in self._groups(tokens):
            states, _ = self._encoded([tokens[i] for i in group], which)
            for row, i in enumerate(group):
                positions = [p + len(tokens[i]) if p < 0 else p for p in at[i]]
                if any(not 0 <= p < len(tokens[i]) for p in positions):
                    raise ModelError(f"A position of {list(at[i])} is outside sequence {i}.")
                out[i] = states[row, positions].float().cpu().numpy()
        return out

    @torch.inference_mode()
    def choose(
        self, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[str]], *, normalize: bool = True
    ) -> list[FloatArray]:
        """Return log-probabilities of short choices as the decoder's first words; see `base`."""
        for prompt in prompts:
            sent(partial(self.tokenizer.decode, prompt))
        plans = [single_tokens(self.tokenizer, own) for own in choices]
        out: list[FloatArray] = [np.empty(0, np.float32)] * len(prompts)
        for group in self._groups(prompts):
            states, mask = self._encoded([prompts[i] for i in group], [len(self._blocks)])
            begin = torch.full((len(group), 1), self._start, device=states.device)
            rows = torch.log_softmax(self._decode(states, mask, begin)[:, 0], dim=-1)
            for row, i in enumerate(group):
                ids, single = plans[i]
                if single:
                    scores = rows[row, [own[0] for own in ids]]
                else:
                    scores = self._score(states[row : row + 1], mask[row : row + 1], ids)
                if normalize:
                    scores = torch.log_softmax(scores, dim=-1)
                out[i] = scores.cpu().numpy()
        return out

    @torch.inference_mode()
    def score(self, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | prefix) of each, the encoder run once."""
        self._check(prefix)
        states, mask = self._encoded([prefix], [len(self._blocks)])
        return np.asarray(self._score(states, mask, continuations).cpu().numpy(), dtype=np.float32)

    def open(self, prefix: Sequence[int] = ()) -> Seq2SeqState:
        """Return a state that keeps the prefix; see `Seq2SeqState` for what it cannot reuse."""
        state = Seq2SeqState(self)
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
        text = "\n".join(message.content for message in messages)
        sent(text)
        prompt = self.tokenizer.encode(text)
        state = self.open(prompt)
        if schema is not None:
            return self._json(state, schema, sampling or Sampling())
        speaker = _Decoding(self, *state._read())
        return stream_text(speaker, self.tokenizer, self.context_length, sampling or Sampling())

    def _json(self, state: Seq2SeqState, schema: type[BaseModel], sampling: Sampling) -> Iterator[str]:
        matcher = JsonMatcher(self.tokenizer, int(self.module.config.vocab_size), schema)
        return stream_json(_Decoding(self, *state._read()), matcher, self.context_length, sampling)

    def _groups(self, sequences: Sequence[Sequence[int]]) -> list[list[int]]:
        for sequence in sequences:
            self._check(sequence)
        return batches_by_length([len(s) for s in sequences], self.tokens_per_batch)

    def _check(self, sequence: Sequence[int]) -> None:
        if not 1 <= len(sequence) <= self.context_length:
            raise ModelError(
                f"A sequence has {len(sequence):,} tokens; {self.name} reads 1 to {self.context_length:,}.",
                remedy="Render the prompt within a smaller token budget.",
            )

    @torch.inference_mode()
    def _encoded(self, rows: Sequence[Sequence[int]], layers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Run the encoder; return states (n, width, len(layers) * hidden) and the mask (n, width)."""
        device = self.module.device
        # The family is trained on inputs that end in the end token; it stands behind every marked position.
        ended = [list(row) if row[-1] == self._eos else [*row, self._eos] for row in rows]
        width = max(map(len, ended))
        count(read=sum(map(len, ended)))
        ids = torch.full((len(ended), width), self._eos)
        mask = torch.zeros(len(ended), width, dtype=torch.long)
        for i, row in enumerate(ended):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        ids, mask = ids.to(device), mask.to(device)
        output = self._encoder(
            input_ids=ids, attention_mask=mask, output_hidden_states=list(layers) != [len(self._blocks)]
        )
        if output.hidden_states is None:
            return output.last_hidden_state, mask
        return torch.cat([output.hidden_states[layer] for layer in layers], dim=-1), mask

    def _decode(self, states: Tensor, mask: Tensor, ids: Tensor) -> Tensor:
        """Return float32 logits of the decoder, shape (n, width, vocabulary)."""
        from transformers.modeling_outputs import BaseModelOutput

        output = self.module(
            encoder_outputs=BaseModelOutput(last_hidden_state=states),
            attention_mask=mask,
            decoder_input_ids=ids,
            use_cache=False,
        )
        return cast("Tensor", output.logits).float()

    @torch.inference_mode()
    def _score(self, states: Tensor, mask: Tensor, continuations: Sequence[Sequence[int]]) -> Tensor:
        """Score continuations of one encoded prompt, batched as decoder rows over the same states."""
        scores = torch.zeros(len(continuations), device=states.device)
        vocabulary = int(self.module.config.vocab_size)
        # Logits are what fills memory here: bound the padded tokens by them.
        budget = max(1, min(self.tokens_per_batch, (256 << 20) // (4 * vocabulary)))
        lengths = [len(c) for c in continuations]
        for group in batches_by_length(lengths, budget):
            width = max(lengths[i] for i in group)
            if width == 0:
                continue
            ids = torch.full((len(group), width), self._start)
            targets = torch.zeros(len(group), width, dtype=torch.long)
            real = torch.zeros(len(group), width)
            for row, i in enumerate(group):
                ids[row, 1 : lengths[i]] = torch.tensor(list(continuations[i][:-1]), dtype=torch.long)
                targets[row, : lengths[i]] = torch.tensor(list(continuations[i]), dtype=torch.long)
                real[row, : lengths[i]] = 1.0
            n = len(group)
            logits = self._decode(states.expand(n, -1, -1), mask.expand(n, -1), ids.to(states.device))
            logp = torch.log_softmax(logits, dim=-1)
            picked = logp.gather(-1, targets.to(states.device)[..., None])[..., 0]
            scores[group] = (picked * real.to(states.device)).sum(dim=1)
        return scores


class Seq2SeqState:
    """A `nextinterest.llm.base.State` of an encoder-decoder model.

    The encoder reads in both directions, so nothing of a shorter prompt can be reused for a longer one:
    `extend` re-reads the whole sequence. What is kept is the encoder's output, so that scoring and
    choosing again cost the decoder only.
    """

    def __init__(self, model: Seq2SeqModel) -> None:
        self.model = model
        self._tokens: list[int] = []
        self._encoded: tuple[Tensor, Tensor] | None = None

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens read so far."""
        return tuple(self._tokens)

    @property
    def nbytes(self) -> int:
        """Bytes this state keeps."""
        kept = self._encoded or ()
        return sum(t.numel() * t.element_size() for t in kept) + 8 * len(self._tokens)

    def extend(
        self, tokens: Sequence[int], *, at: Sequence[int] | None = None, layers: Sequence[int] = (-1,)
    ) -> FloatArray:
        """Read `tokens` behind the others and return the encoder's states at the positions `at` of them."""
        if not len(tokens):
            raise ModelError("There are no tokens to read.", remedy="Extend a state by at least one token.")
        if self._tokens:
            logger.info("%s is an encoder-decoder model: a longer prompt is read anew.", self.model.name)
        offset = len(self._tokens)
        positions = [p + len(tokens) if p < 0 else p for p in (range(len(tokens)) if at is None else at)]
        sequence = [*self._tokens, *tokens]
        self.model._check(sequence)
        self._tokens, self._encoded = sequence, None
        if not positions:
            return np.empty((0, len(layers) * self.model.hidden_size), dtype=np.float32)
        return self.model.encode([sequence], [[offset + p for p in positions]], layers=layers)[0]

    def trim(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""
        if not 0 <= length <= len(self._tokens):
            raise ModelError(f"A state of {len(self._tokens)} tokens cannot be trimmed to {length}.")
        del self._tokens[length:]
        self._encoded = None

    def score(self, continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | tokens read) of each; the state is unchanged."""
        states, mask = self._read()
        return np.asarray(self.model._score(states, mask, continuations).cpu().numpy(), dtype=np.float32)

    def write(self, schema: type[BaseModel], sampling: Sampling | None = None) -> str:
        """Return JSON of a schema, held to its grammar, as what follows; the state is unchanged."""
        return "".join(self.model._json(self, schema, sampling or Sampling()))

    @torch.inference_mode()
    def log_probabilities(self, branches: Sequence[Sequence[int]]) -> Tensor:
        """Return log P(next token) behind each branch; see `nextinterest.llm.search.SearchState`."""
        states, mask = self._read()
        n, width = len(branches), 1 + max(map(len, branches), default=0)
        ids = torch.full((n, width), self.model._start)
        for row, branch in enumerate(branches):
            ids[row, 1 : 1 + len(branch)] = torch.tensor(list(branch), dtype=torch.long)
        logits = self.model._decode(states.expand(n, -1, -1), mask.expand(n, -1), ids.to(states.device))
        ends = torch.tensor([len(branch) for branch in branches], device=states.device)
        return torch.log_softmax(logits[torch.arange(n, device=states.device), ends], dim=-1)

    def choose(self, choices: Sequence[str], *, normalize: bool = True) -> FloatArray:
        """Return log-probabilities of short choices after the tokens read; the state is unchanged."""
        ids, _ = single_tokens(self.model.tokenizer, choices)
        scores = torch.from_numpy(self.score(ids))
        return (torch.log_softmax(scores, dim=-1) if normalize else scores).numpy()

    def _read(self) -> tuple[Tensor, Tensor]:
        if not self._tokens:
            raise ModelError("An empty state has nothing to go on.", remedy="Extend it first.")
        if self._encoded is None:
            self._encoded = self.model._encoded([self._tokens], [len(self.model._blocks)])
        return self._encoded


class _Decoding:
    """A `nextinterest.llm.decoding.Speaker` over the decoder and its cache."""

    def __init__(self, model: Seq2SeqModel, states: Tensor, mask: Tensor) -> None:
        self.model, self.states, self.mask = model, states, mask
        self.cache: EncoderDecoderCache | None = None
        self.pending = [model._start]

    @torch.inference_mode()
    def logits(self) -> Tensor:
        from transformers.modeling_outputs import BaseModelOutput

        output = self.model.module(
            encoder_outputs=BaseModelOutput(last_hidden_state=self.states),
            attention_mask=self.mask,
            decoder_input_ids=torch.tensor([self.pending], device=self.states.device),
            past_key_values=self.cache,
            use_cache=True,
        )
        self.cache = output.past_key_values
        return cast("Tensor", output.logits)[0, -1].float()

    def push(self, tokens: list[int]) -> None:
        count(written=len(tokens))
        self.pending = tokens

    @property
    def ends(self) -> frozenset[int]:
        return self.model.tokenizer.eos_ids

    @property
    def device(self) -> torch.device:
        return self.states.device
