"""From a hidden state to log-probabilities, computing only the rows that are asked for.

The head of a small model is a fifth of its weights; logits of the whole vocabulary at every position would
cost as much as many layers. Knows nothing of text or of how the states came about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nextinterest.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Head"]

CHUNK_BYTES = 64 << 20


class Head:
    """The output embedding of a causal model and what its family does to logits.

    Parameters
    ----------
    module
        A transformers causal model.

    Raises
    ------
    ModelError
        If it has no output embedding.
    """

    def __init__(self, module: PreTrainedModel) -> None:
        output = module.get_output_embeddings()  # type: ignore[no-untyped-call]
        if not isinstance(getattr(output, "weight", None), Tensor):
            raise ModelError(
                f"{type(module).__name__} has no output embedding, so it gives no probabilities.",
                remedy="Load a causal language model.",
            )
        self._output = output
        config = module.config.get_text_config()
        # Gemma 2 and 3 squash logits, Cohere multiplies, Granite divides.
        self._softcap = _number(config, "final_logit_softcapping", 0.0)
        self._scale = _number(config, "logit_scale", 1.0) / _number(config, "logits_scaling", 1.0)

    @property
    def vocabulary(self) -> int:
        """Number of rows, padding rows of the vocabulary included."""
        return int(self._output.weight.shape[0])

    @torch.inference_mode()
    def logits(self, states: Tensor) -> Tensor:
        """Return float32 logits of the whole vocabulary, shape (n, vocabulary)."""
        return self.learnable_logits(states)

    def learnable_logits(self, states: Tensor) -> Tensor:
        """Return what `logits` does, with gradients where the states have them."""
        return self._finish(torch.nn.functional.linear(states, self._output.weight, self._output.bias))

    def rows(self, states: Tensor, ids: Tensor) -> Tensor:
        """Return float32 logits of each state's own tokens, with gradients where the states have them.

        Parameters
        ----------
        states
            Shape (n, hidden).
        ids
            Token ids, shape (n, k).
        """
        weight = self._output.weight[ids]  # (n, k, hidden)
        logits = torch.einsum("nh,nkh->nk", states, weight)
        if self._output.bias is not None:
            logits = logits + self._output.bias[ids]
        return self._finish(logits)

    @torch.inference_mode()
    def log_probabilities(self, states: Tensor, ids: Sequence[Sequence[int]]) -> list[Tensor]:
        """Return log P(id | state) over the whole vocabulary for each state's own ids.

        Parameters
        ----------
        states
            Shape (n, hidden).
        ids
            n lists of token ids.

        Returns
        -------
        list of Tensor
            One per state, float32 on the CPU, shape (len(ids[i]),).
        """
        out: list[Tensor] = []
        step = max(1, CHUNK_BYTES // (4 * self.vocabulary))
        for start in range(0, len(ids), step):
            logits = self.logits(states[start : start + step])
            normalizer = torch.logsumexp(logits, dim=-1)
            part = ids[start : start + step]
            rows = torch.tensor([r for r, own in enumerate(part) for _ in own], dtype=torch.long)
            flat = torch.tensor([i for own in part for i in own], dtype=torch.long)
            rows, flat = rows.to(logits.device), flat.to(logits.device)
            picked = (logits[rows, flat] - normalizer[rows]).cpu()
            out.extend(torch.split(picked, [len(own) for own in part]))
        return out

    def _finish(self, logits: Tensor) -> Tensor:
        logits = logits.float()
        if self._scale != 1.0:
            logits = logits * self._scale
        if self._softcap:
            logits = torch.tanh(logits / self._softcap) * self._softcap
        return logits


def _number(config: object, name: str, default: float) -> float:
    value = getattr(config, name, None)
    return float(value) if isinstance(value, int | float) and value else default
