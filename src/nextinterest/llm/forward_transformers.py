"""The forward pass of any causal transformers model, by padding and explicit masks.

Plain segments (a trunk, nothing else) are padded on the right and share a pass: behind a causal mask what
stands on the right cannot change what stands on the left, so no attention mask is needed and none is
materialised. A segment with branches or a past has a pass of its own, under a 4-D mask with position ids.
Knows nothing of text; trusts the caller to stay within `reach`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from nextinterest.errors import ModelError
from nextinterest.llm.forward import KeyValues, Segment, branch_mask
from nextinterest.llm.metering import count

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

__all__ = ["TransformersForward", "decoder_layers"]


def decoder_layers(body: nn.Module, n_layers: int) -> nn.ModuleList:
    """Return the list of decoder layers inside a transformers body, whatever its family calls it.

    Raises
    ------
    ModelError
        If there is no such list.
    """
    for child in body.children():
        if isinstance(child, nn.ModuleList) and len(child) == n_layers:
            return child
    raise ModelError(
        f"{type(body).__name__} has no list of {n_layers} layers at its top, so its states cannot be read.",
        remedy="Use a decoder-only model of a usual family (Llama, Qwen, Gemma, Mistral, GPT-2, ...).",
    )


class TransformersForward:
    """A `nextinterest.llm.forward.Forward` over a transformers body (the model without its head).

    Parameters
    ----------
    body
        The decoder, such as ``LlamaModel``.
    reach
        Positions up to which every layer sees everything (the smallest sliding window, or the context).
    """

    padded = True

    def __init__(self, body: PreTrainedModel, reach: int) -> None:
        self.body = body
        self.layers = int(body.config.get_text_config().num_hidden_layers)
        self.reach = reach
        self._list = decoder_layers(body, self.layers)
        self._lock = threading.Lock()  # hooks belong to the module, so passes take turns

    @torch.inference_mode()
    def run(
        self, segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[Tensor], list[KeyValues | None]]:
        """Return hidden states at each segment's `want` and the keys and values it keeps."""
        count(read=sum(segment.size for segment in segments))
        hidden: list[Tensor | None] = [None] * len(segments)
        kept: list[KeyValues | None] = [None] * len(segments)
        plain = [i for i, s in enumerate(segments) if not s.branches and not s.start and not s.keep]
        with self._lock:
            if plain:
                states = self._padded([segments[i] for i in plain], layers)
                for i, state in zip(plain, states, strict=True):
                    hidden[i] = state
            for i, segment in enumerate(segments):
                if hidden[i] is None:
                    hidden[i], kept[i] = self._alone(segment, layers)
        return [state for state in hidden if state is not None], kept

    def _padded(self, segments: Sequence[Segment], layers: Sequence[int]) -> list[Tensor]:
        width = max(segment.size for segment in segments)
        ids = torch.zeros(len(segments), width, dtype=torch.long)
        for row, segment in enumerate(segments):
            ids[row, : segment.size] = torch.tensor(segment.trunk, dtype=torch.long)
        rows = torch.tensor([r for r, s in enumerate(segments) for _ in s.want], dtype=torch.long)
        columns = torch.tensor([w for s in segments for w in s.want], dtype=torch.long)
        states = self._states(ids, rows, columns, layers, None, None, None)
        return list(torch.split(states, [len(segment.want) for segment in segments]))

    def _alone(self, segment: Segment, layers: Sequence[int]) -> tuple[Tensor, KeyValues | None]:
        from transformers import DynamicCache

        device = self.body.device
        cache = DynamicCache()
        past = segment.past
        for known in (segment.shared, past):
            if known is not None:
                for i, (key, value) in enumerate(zip(known.keys, known.values, strict=True)):
                    cache.update(key[None, :, : known.length], value[None, :, : known.length], i)
        allowed = branch_mask(segment, device)
        # An additive mask: the one form that both the sdpa and the eager attention take.
        mask = torch.zeros(allowed.shape, dtype=self.body.dtype, device=device)
        mask.masked_fill_(~allowed, torch.finfo(self.body.dtype).min)
        columns = torch.tensor(list(segment.want), dtype=torch.long)
        states = self._states(
            torch.tensor([segment.tokens()]),
            torch.zeros_like(columns),
            columns,
            layers,
            mask[None, None],
            torch.tensor([segment.positions()]),
            cache,
        )
        if not segment.keep:
            return states, None
        start, length = segment.start, segment.start + len(segment.trunk)
        news: list[tuple[Tensor, Tensor]] = []
        for layer in cache.layers:
            k, v = getattr(layer, "keys", None), getattr(layer, "values", None)
            if not isinstance(k, Tensor) or not isinstance(v, Tensor):
                raise ModelError(
                    f"{type(self.body).__name__} does not fill its cache.",
                    remedy="Use a model with a key-value cache for cached states.",
                )
            news.append((k[0, :, start:length], v[0, :, start:length]))
        if past is None:
            past = KeyValues.empty([(k.shape[0], k.shape[2]) for k, _ in news], news[0][0])
        past.reserve(length - start)
        own = slice(past.length, past.length + length - start)
        for (k, v), key, value in zip(news, past.keys, past.values, strict=True):
            key[:, own], value[:, own] = k, v
        past.length = own.stop
        return states, past

    def _states(
        self,
        ids: Tensor,
        rows: Tensor,
        columns: Tensor,
        layers: Sequence[int],
        mask: Tensor | None,
        positions: Tensor | None,
        cache: Cache | None,
    ) -> Tensor:
        """Run the body once; return states at (row, column) pairs, layers concatenated."""
        device = self.body.device
        rows, columns = rows.to(device), columns.to(device)
        caught: dict[int, Tensor] = {}
        hooks = []
        for layer in set(layers):
            if layer == self.layers:
                continue
            if layer == 0:
                hooks.append(self._list[0].register_forward_pre_hook(_CatchInput(caught, rows, columns)))
            else:
                hooks.append(
                    self._list[layer - 1].register_forward_hook(_CatchOutput(caught, layer, rows, columns))
                )
        try:
            output = self.body(
                input_ids=ids.to(device),
                attention_mask=mask,
                position_ids=None if positions is None else positions.to(device),
                past_key_values=cache,
                use_cache=cache is not None,
            )
        finally:
            for hook in hooks:
                hook.remove()
        caught[self.layers] = output.last_hidden_state[rows, columns]
        return torch.cat([caught[layer] for layer in layers], dim=-1)


class _CatchInput:
    """A forward-pre hook that keeps rows of the layer's input."""

    def __init__(self, caught: dict[int, Tensor], rows: Tensor, columns: Tensor) -> None:
        self.caught, self.rows, self.columns = caught, rows, columns

    def __call__(self, module: nn.Module, args: tuple[Tensor, ...]) -> None:
        self.caught[0] = args[0][self.rows, self.columns]


class _CatchOutput:
    """A forward hook that keeps rows of the layer's output."""

    def __init__(self, caught: dict[int, Tensor], layer: int, rows: Tensor, columns: Tensor) -> None:
        self.caught, self.layer, self.rows, self.columns = caught, layer, rows, columns

    def __call__(
        self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]
    ) -> None:
        states = output if isinstance(output, Tensor) else output[0]
        self.caught[self.layer] = states[self.rows, self.columns]
