"""Frozen lower layers: run once, kept on disk, so that training costs the layers above them alone.

With n of L layers frozen, an epoch costs about (L - n) / L of a full one in the forward pass and nothing of
the lower layers in the backward pass. With all of them frozen nothing is left to run but the head. Disk: four
bytes per token and unit of width where layers stand above, and per event and unit for each layer that the
head reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from nextinterest.errors import ModelError
from nextinterest.files import write_atomic

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Lower", "LowerLayers", "layers_of", "run_layers", "run_lower", "run_upper"]


@dataclass(frozen=True, slots=True, eq=False)
class Lower:
    """What the frozen layers made of some tokens.

    Attributes
    ----------
    hidden
        Output of the highest frozen layer, float32, shape (time, hidden_size); None where no layer follows.
    read
        Outputs of the frozen layers that the head reads, one behind the other, at the ends of the events,
        float32, shape (n_events, n_read * hidden_size).
    """

    hidden: Tensor | None
    read: Tensor


def layers_of(body: PreTrainedModel) -> nn.ModuleList:
    """Return a decoder's layers, whatever its family calls them; none where it has no list of them."""
    own = getattr(body, "layers", None)
    if isinstance(own, nn.ModuleList):
        return own
    lists = [part for part in body.modules() if isinstance(part, nn.ModuleList)]
    return max(lists, key=len, default=nn.ModuleList())


def depth(body: PreTrainedModel) -> int:
    """Return how many layers a decoder has."""
    return len(layers_of(body))


def run_layers(body: PreTrainedModel, **inputs: Tensor) -> list[Tensor]:
    """Return the input of a decoder's first layer and the output of each, the last with the final norm.

    Each has shape (batch, time, hidden_size). (transformers' own ``output_hidden_states`` listens to the
    layers it finds at its first call, which here are not those of the next.)
    """
    caught: list[Tensor] = []
    layers = list(layers_of(body))

    def before(_: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        caught.append(args[0] if args else kwargs["hidden_states"])

    def after(_: nn.Module, __: object, output: Tensor | tuple[Tensor, ...]) -> None:
        caught.append(output[0] if isinstance(output, tuple) else output)

    handles = [layers[0].register_forward_pre_hook(before, with_kwargs=True)]
    handles += [layer.register_forward_hook(after) for layer in layers]
    try:
        last = body(**inputs, use_cache=False).last_hidden_state
    finally:
        for handle in handles:
            handle.remove()
    return [*caught[: len(layers)], cast(Tensor, last)]


def run_lower(body: PreTrainedModel, tokens: Sequence[int], n: int) -> list[Tensor]:
    """Return the outputs of 0 to n layers, each of shape (time, hidden_size).

    They are as the next layer reads them; only that of all layers has the decoder's final norm.
    """
    # One layer more is run than needed and thrown away: the last of the list is returned normalised.
    with torch.no_grad(), _layers(body, 0, n + 1):
        outputs = run_layers(body, input_ids=torch.tensor([list(tokens)], device=body.device))
    return [states[0] for states in outputs[: n + 1]]


def run_upper(body: PreTrainedModel, hidden: Tensor, n: int) -> list[Tensor]:
    """Return the outputs of n to all layers, the last with the final norm, from that of the first n.

    Parameters
    ----------
    hidden
        Shape (batch, time, hidden_size).
    """
    with _layers(body, n, None):
        return run_layers(body, inputs_embeds=hidden)


class _layers:  # noqa: N801 - reads as the function it is used like
    """For a while, let a decoder have only some of its layers, and its configuration their kinds."""

    def __init__(self, body: PreTrainedModel, first: int, end: int | None) -> None:
        self.body, self.first, self.end = body, first, end
        self.whole = layers_of(body)
        self.kinds: list[str] | None = getattr(body.config, "layer_types", None)

    def __enter__(self) -> None:
        self.body.layers = self.whole[self.first : self.end]
        if self.kinds is not None:  # by a layer's position, not by the layer: sliding or full attention
            self.body.config.layer_types = self.kinds[self.first : self.end]

    def __exit__(self, *_: object) -> None:
        self.body.layers = self.whole
        if self.kinds is not None:
            self.body.config.layer_types = self.kinds


class LowerLayers:
    """Outputs of the first n layers of one model, by content, on disk.

    Parameters
    ----------
    body
        A decoder with a list ``layers`` (Llama, Qwen, Gemma, Mistral ...).
    n
        Frozen layers.
    read
        Numbers of the layers that the head reads; those above n are not frozen and not kept.
    directory
        Where to keep them.
    fingerprint
        Of the model: outputs of different models or depths never mix.

    Raises
    ------
    ModelError
        If the decoder keeps its layers in no list ``layers``: others add positions to what enters the first.
    """

    def __init__(
        self, body: PreTrainedModel, n: int, read: Sequence[int], directory: Path, fingerprint: str
    ) -> None:
        if not isinstance(getattr(body, "layers", None), nn.ModuleList):
            raise ModelError(
                f"The layers of {type(body).__name__} cannot be run apart, so no output of them can be kept.",
                remedy="Set cached to false: the frozen layers then run at every step.",
            )
        self.body, self.n, self.layers = body, n, tuple(layer for layer in read if layer <= n)
        whole = n == depth(body)
        self.onward = not whole
        kept = "-".join(str(layer) for layer in (n, *self.layers))
        self.directory = directory / f"{fingerprint[:16]}-{kept}{'-top' if whole else ''}"

    def of(self, key: str, tokens: Sequence[int], ends: Sequence[int]) -> Lower:
        """Return the outputs for some tokens, computing them the first time.

        Parameters
        ----------
        key
            Names the file.
        tokens
            What is read; a file of the same name made from other tokens is not used.
        ends
            Where the events end.
        """
        content = np.asarray([*tokens, -1, *ends], dtype=np.int64)
        digest = hashlib.sha256(content.tobytes()).hexdigest()[:16]
        path = self.directory / f"{key}-{digest}.safetensors"
        if not path.is_file():
            outputs = run_lower(self.body, tokens, self.n)
            at = torch.tensor(list(ends), device=outputs[0].device)
            # In full precision: half would overflow (some units of the first token reach tens of thousands),
            # and the head tells states apart by units whose spread is far below their size.
            kept = {f"{layer}": outputs[layer][at].float() for layer in self.layers}
            if self.onward:
                kept["hidden"] = outputs[self.n].float()
            write_atomic(path, save({name: t.contiguous().cpu() for name, t in kept.items()}))
        found = load(path.read_bytes())
        read = [found[f"{layer}"] for layer in self.layers]
        empty = torch.empty(len(ends), 0)
        return Lower(found.get("hidden"), torch.cat(read, dim=1) if read else empty)
