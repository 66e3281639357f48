"""Frozen lower layers: run once, kept on disk, so that training costs the layers above them alone.

With L of N layers frozen, an epoch costs about (N - L) / N of a full one in the forward pass and nothing of
the lower layers in the backward pass. Disk: two bytes per token and unit of width.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from nextinterest.retrieval.files import write_atomic

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["LowerLayers", "run_lower", "run_upper"]


def run_lower(body: PreTrainedModel, tokens: Sequence[int], n: int) -> Tensor:
    """Return the output of the first n layers, shape (time, hidden_size), before any final norm."""
    # One layer more is run than needed and thrown away: the last of the list is returned normalised.
    device = body.device
    with torch.inference_mode(), _layers(body, 0, n + 1):
        out = body(
            input_ids=torch.tensor([list(tokens)], device=device), output_hidden_states=True, use_cache=False
        )
    return cast(Tensor, out.hidden_states[n][0])


def run_upper(body: PreTrainedModel, hidden: Tensor, n: int) -> Tensor:
    """Return the last hidden states, final norm included, from the output of the first n layers."""
    with _layers(body, n, None):
        return cast(Tensor, body(inputs_embeds=hidden, use_cache=False).last_hidden_state)


class _layers:  # noqa: N801 - reads as the function it is used like
    """For a while, let a decoder have only some of its layers."""

    def __init__(self, body: PreTrainedModel, first: int, end: int | None) -> None:
        self.body, self.first, self.end = body, first, end
        self.whole = cast(nn.ModuleList, body.layers)

    def __enter__(self) -> None:
        self.body.layers = self.whole[self.first : self.end]

    def __exit__(self, *_: object) -> None:
        self.body.layers = self.whole


class LowerLayers:
    """Outputs of the first n layers of one model, by content, on disk.

    Parameters
    ----------
    body
        A decoder with a list ``layers`` (Llama, Qwen, Gemma, Mistral ...).
    n
        Frozen layers, below the number of layers.
    directory
        Where to keep them.
    fingerprint
        Of the model: outputs of different models or depths never mix.
    """

    def __init__(self, body: PreTrainedModel, n: int, directory: Path, fingerprint: str) -> None:
        self.body, self.n = body, n
        self.directory = directory / f"{fingerprint[:16]}-{n}"

    def read(self, key: str, tokens: Sequence[int]) -> Tensor:
        """Return the output for some tokens, float32, shape (time, hidden_size), computing it the first time.

        Parameters
        ----------
        key
            Names the file.
        tokens
            What is read; a file of the same name made from other tokens is replaced.
        """
        digest = hashlib.sha256(np.asarray(tokens, dtype=np.int64).tobytes()).hexdigest()[:16]
        path = self.directory / f"{key}-{digest}.safetensors"
        if path.is_file():
            return load(path.read_bytes())["hidden"].float()
        hidden = run_lower(self.body, tokens, self.n)
        # Half precision would overflow: some units of the first token reach tens of thousands.
        kept = hidden.to(torch.bfloat16).contiguous().cpu()
        write_atomic(path, save({"hidden": kept}))
        return kept.float()
