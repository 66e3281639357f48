"""Token sequences as one padded batch: of a causal model, and of an encoder and its decoder.

Padding stands at the end, where a causal model's other positions cannot see it, so that only an encoder needs
a mask. Knows nothing of what is predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from nextinterest.finetune.lower_layers import LowerLayers, run_upper
from nextinterest.llm.loading import without_adapter

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["EncoderBatch", "TokenBatch", "padded"]


@dataclass(frozen=True, slots=True, eq=False)
class TokenBatch:
    """What one forward pass of a causal model reads.

    Attributes
    ----------
    tokens
        Token ids, int64, shape (batch, time), zeros behind the end of a sequence.
    marks
        Marked positions in the flattened (batch, time), int64, shape (n,).
    hidden
        Output of the frozen layers, shape (batch, time, hidden_size); None runs every layer.
    n_tokens
        Tokens without padding.
    """

    tokens: Tensor
    marks: Tensor
    hidden: Tensor | None = None
    n_tokens: int = 0

    @classmethod
    def of(
        cls,
        sequences: Sequence[Sequence[int]],
        marks: Sequence[Sequence[int]],
        device: torch.device,
        lower: LowerLayers | None = None,
        keys: Sequence[str] = (),
    ) -> TokenBatch:
        """Pad sequences, each with its marked positions.

        Parameters
        ----------
        sequences, marks
            One per row.
        device
            Where to put the batch.
        lower, keys
            What is kept of frozen layers, and the name of each sequence there; None keeps nothing.
        """
        tokens = padded(sequences, 0)
        time = tokens.shape[1]
        flat = [row * time + position for row, positions in enumerate(marks) for position in positions]
        hidden = None
        if lower is not None:
            for row, (key, sequence) in enumerate(zip(keys, sequences, strict=True)):
                states = lower.of(key, sequence, ()).hidden
                assert states is not None  # noqa: S101 - adapters stand in a layer above the frozen ones
                if hidden is None:
                    hidden = torch.zeros(len(sequences), time, states.shape[1])
                hidden[row, : len(states)] = states
        where = torch.tensor(flat, dtype=torch.long, device=device)
        n_tokens = sum(map(len, sequences))
        return cls(tokens.to(device), where, None if hidden is None else hidden.to(device), n_tokens)

    def states(self, body: PreTrainedModel, frozen_layers: int = 0) -> Tensor:
        """Return the hidden states at the marks, shape (n, hidden_size), final norm included.

        Parameters
        ----------
        body
            A decoder without its output embedding.
        frozen_layers
            Layers that `hidden` stands for.
        """
        if self.hidden is not None:
            states = run_upper(body, self.hidden.to(body.dtype), frozen_layers)[-1]
        else:
            states = cast(Tensor, body(input_ids=self.tokens, use_cache=False).last_hidden_state)
        return states.flatten(0, 1)[self.marks]


@dataclass(frozen=True, slots=True, eq=False)
class EncoderBatch:
    """What one forward pass of an encoder-decoder model reads, and what its decoder has written.

    Attributes
    ----------
    tokens, mask
        Prompts ended as the family ends them, and where they are, shape (batch, time).
    written
        The decoder's tokens behind its start token, shape (batch, n), start tokens behind the end of a row.
    ends
        Where each row of it ends, shape (batch,).
    """

    tokens: Tensor
    mask: Tensor
    written: Tensor
    ends: Tensor

    @classmethod
    def of(
        cls,
        prompts: Sequence[list[int]],
        written: Sequence[Sequence[int]],
        model: PreTrainedModel,
        device: torch.device,
    ) -> EncoderBatch:
        """Pad prompts, each behind the end token of a model's family, and what is written after each."""
        config = without_adapter(model).config
        end, start = cast(int, config.eos_token_id), cast(int, config.decoder_start_token_id)
        read = [row if row[-1] == end else [*row, end] for row in prompts]
        tokens, mask = padded(read, end), padded([[1] * len(own) for own in read], 0)
        begun = padded([[start, *row] for row in written], start)
        ends = torch.tensor([len(row) for row in written], device=device)
        return cls(tokens.to(device), mask.to(device), begun.to(device), ends)

    def logits(self, model: PreTrainedModel) -> Tensor:
        """Return float32 logits of the token behind each of `written`, shape (batch, n, vocabulary)."""
        output = model(
            input_ids=self.tokens, attention_mask=self.mask, decoder_input_ids=self.written, use_cache=False
        )
        return cast(Tensor, output.logits).float()


def padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Return rows of different length as one tensor, int64, shape (n, longest)."""
    out = torch.full((len(rows), max(map(len, rows))), filler, dtype=torch.long)
    for i, row in enumerate(rows):
        out[i, : len(row)] = torch.tensor(list(row))
    return out
