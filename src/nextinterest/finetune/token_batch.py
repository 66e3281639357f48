"""Token sequences as one padded batch, and a causal model's hidden states at marked places of it.

Padding stands at the end, where a causal model's other places cannot see it, so no mask is needed. Knows
nothing of what is predicted at the places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["TokenBatch"]


@dataclass(frozen=True, slots=True, eq=False)
class TokenBatch:
    """What one forward pass of a causal model reads.

    Attributes
    ----------
    tokens
        Token ids, int64, shape (batch, time), zeros behind the end of a sequence.
    marks
        Marked places in the flattened (batch, time), int64, shape (n,).
    """

    tokens: Tensor
    marks: Tensor

    @classmethod
    def of(
        cls,
        sequences: Sequence[Sequence[int]],
        marks: Sequence[Sequence[int]],
        device: torch.device,
    ) -> TokenBatch:
        """Pad sequences, each with its marked places.

        Parameters
        ----------
        sequences, marks
            One per row.
        device
            Where to put the batch.
        """
        time = max(map(len, sequences))
        tokens = torch.zeros(len(sequences), time, dtype=torch.long)
        for row, sequence in enumerate(sequences):
            tokens[row, : len(sequence)] = torch.tensor(list(sequence))
        flat = [row * time + place for row, places in enumerate(marks) for place in places]
        return cls(tokens.to(device), torch.tensor(flat, dtype=torch.long, device=device))

    def states(self, body: PreTrainedModel) -> Tensor:
        """Return the hidden states at the marks, shape (n, hidden_size), final norm included.

        Parameters
        ----------
        body
            A decoder without its output embedding.
        """
        states = cast(Tensor, body(input_ids=self.tokens, use_cache=False).last_hidden_state)
        return states.flatten(0, 1)[self.marks]
