"""The forward pass of Llama-family models without padding and with few operations.

All tokens of all segments stand in one matrix, so linear layers never see padding; only attention looks at
one segment at a time. Query, key and value are one product, gate and up another; results go into a
workspace that every layer uses again (fresh memory costs a CPU more than the arithmetic on it). The fused
weights replace the module's own, which become views of them: nothing is held twice.

Covers Llama, Mistral, Qwen 2 and Qwen 3 without sliding windows; `LlamaForward.why_not` says why another
model is not covered. Tested against transformers. Knows nothing of text.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nextinterest.llm.forward import KeyValues, Segment, branch_mask
from nextinterest.llm.half_weights import HalfWeights
from nextinterest.llm.metering import count

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["LlamaForward"]

FAMILIES = {"llama", "mistral", "qwen2", "qwen3"}
STATIC_ROTARY = {"default", "linear", "llama3", "yarn"}  # the others change with the length of the text


@dataclass(slots=True)
class _Layer:
    """Weights of one decoder layer."""

    qkv: Tensor | HalfWeights
    qkv_bias: Tensor | None
    out: Tensor | HalfWeights
    out_bias: Tensor | None
    gate_up: Tensor | HalfWeights
    down: Tensor | HalfWeights
    norm_in: Tensor
    norm_out: Tensor
    q_norm: Tensor | None
    k_norm: Tensor | None


class LlamaForward:
    """A `nextinterest.llm.forward.Forward` over the weights of a Llama-family body.

    Parameters
    ----------
    body
        The decoder without its head, such as ``LlamaModel``; its linear layers become views of fused ones.
    reach
        The context length.
    half_weights
        Keep the linear layers' weights in float16 (`HalfWeights`) and not in the module, which then no longer
        runs by itself.
    """

    padded = False

    def __init__(self, body: PreTrainedModel, reach: int, *, half_weights: bool = False) -> None:
        config = body.config.get_text_config()
        self.layers = int(config.num_hidden_layers)
        self.reach = reach
        self.heads = int(config.num_attention_heads)
        self.kv_heads = int(config.num_key_value_heads or self.heads)
        self.dim = int(getattr(config, "head_dim", None) or config.hidden_size // self.heads)
        self.eps = float(config.rms_norm_eps)
        self.gate_up_size = 2 * int(config.intermediate_size)
        self.scale = self.dim**-0.5
        self._embedding: Tensor = body.get_submodule("embed_tokens").get_parameter("weight")
        self._norm: Tensor = body.get_submodule("norm").get_parameter("weight")
        self._rotary = body.get_submodule("rotary_emb")
        self._layers = [_fuse(body.get_submodule(f"layers.{i}")) for i in range(self.layers)]
        if half_weights:
            for i, layer in enumerate(self._layers):
                _halve(layer, body.get_submodule(f"layers.{i}"))
        self._lock = threading.Lock()  # passes use all threads of the machine, so they take turns

    @staticmethod
    def why_not(body: PreTrainedModel) -> str:
        """Return why this body is not covered, or an empty string where it is."""
        config = body.config
        if config.model_type not in FAMILIES:
            return f"the {config.model_type} family is not covered"
        kinds = set(getattr(config, "layer_types", None) or ())
        if "sliding_attention" in kinds or (
            config.model_type == "mistral" and getattr(config, "sliding_window", None)
        ):
            return "some layers have a sliding window"
        if getattr(config, "mlp_bias", False):
            return "its feed-forward layers have biases"
        if config.hidden_act != "silu":
            return f"its activation is {config.hidden_act}"
        rotary = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
        if rotary not in STATIC_ROTARY:
            return f"its rotary embedding is {rotary}"
        for name, child in body.named_modules():
            if name.endswith("_proj") and type(child) is not nn.Linear:
                return f"{name} is a {type(child).__name__}"
        return ""

    @torch.inference_mode()
    def run(
        self, segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[Tensor], list[KeyValues | None]]:
        """Return hidden states at each segment's `want` and the keys and values it keeps."""
        count(read=sum(segment.size for segment in segments))
        with self._lock:
            return self._run(segments, layers)

    def _run(
        self, segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[Tensor], list[KeyValues | None]]:
        device = self._embedding.device
        ids = torch.tensor([t for s in segments for t in s.tokens()], device=device)
        positions = torch.tensor([p for s in segments for p in s.positions()], device=device)
        x = self._embedding[ids]
        cos, sin = self._rotary(x, positions[None])
        half = self.dim // 2
        cos, sin = cos[0, :, None, :half], sin[0, :, None, :half]
        spans: list[_Span] = []
        wanted: list[int] = []
        start = 0
        for segment in segments:
            spans.append(_Span(segment, start, self._room(segment, x), x))
            wanted.extend(start + index for index in segment.want)
            start += segment.size
        rows = torch.tensor(wanted, dtype=torch.long, device=device)
        work = _Workspace(x, self)
        caught: dict[int, Tensor] = {}
        for i, layer in enumerate(self._layers):
            if i in layers:
                caught[i] = x[rows]
            last = i + 1 == self.layers
            self._attend(i, layer, x, cos, sin, spans, work)
            if last:
                # Nothing reads the last layer's output but the caller: the rest of it is not computed.
                x = x[rows]
                if not len(rows):
                    break
                work = _Workspace(x, self)
            self._feed_forward(layer, x, work)
        caught[self.layers] = _rms_norm(x, self._norm, self.eps)
        states = (
            torch.cat([caught[layer] for layer in layers], dim=-1)
            if len(rows)
            else x.new_empty(0, len(layers) * x.shape[1])
        )
        kept: list[KeyValues | None] = []
        for span in spans:
            cache = span.cache if span.segment.keep else None
            if cache is not None:
                cache.length += len(span.segment.trunk)
            kept.append(cache)
        return list(torch.split(states, [len(s.want) for s in segments])), kept

    def _room(self, segment: Segment, like: Tensor) -> KeyValues | None:
        """Return buffers for the segment's keys and values; None where only the pass itself needs them."""
        cache = segment.past
        if cache is None and (segment.keep or segment.branches):
            cache = KeyValues.empty([(self.kv_heads, self.dim)] * self.layers, like)
        if cache is not None:
            cache.reserve(segment.size)
        return cache

    def _attend(
        self,
        i: int,
        layer: _Layer,
        x: Tensor,
        cos: Tensor,
        sin: Tensor,
        spans: Sequence[_Span],
        work: _Workspace,
    ) -> None:
        """Add the attention of layer `i` to `x`, in place."""
        n = x.shape[0]
        both = self.heads + self.kv_heads
        normed = _rms_norm(x, layer.norm_in, self.eps, work.normed)
        _linear(normed, layer.qkv, layer.qkv_bias, work.qkv)
        qk = work.qkv[:, : both * self.dim].view(n, both, self.dim)
        v = work.qkv[:, both * self.dim :].view(n, self.kv_heads, self.dim)
        if layer.q_norm is not None and layer.k_norm is not None:
            q = _rms_norm(qk[:, : self.heads], layer.q_norm, self.eps)
            k = _rms_norm(qk[:, self.heads :], layer.k_norm, self.eps)
            qk = torch.cat([q, k], dim=1)
        _rotate(qk, cos, sin, work.rotated)
        q, k = work.rotated[:, : self.heads], work.rotated[:, self.heads :]
        for span in spans:
            here = span.rows
            span.attend(i, q[here], k[here], v[here], work.mixed[here], self.scale)
        if layer.out_bias is not None:
            x.add_(layer.out_bias)
        _add(x, work.mixed.view(n, -1), layer.out)

    def _feed_forward(self, layer: _Layer, x: Tensor, work: _Workspace) -> None:
        """Add the feed-forward part of a layer to `x`, in place."""
        normed = _rms_norm(x, layer.norm_out, self.eps, work.normed)
        if isinstance(layer.gate_up, HalfWeights):  # its product comes in memory of its own
            gate, up = layer.gate_up(normed).chunk(2, dim=-1)
        else:
            torch.mm(normed, layer.gate_up.t(), out=work.gate_up)
            gate, up = work.gate_up.chunk(2, dim=-1)
        F.silu(gate, inplace=True)
        gate.mul_(up)
        _add(x, gate, layer.down)


class _Workspace:
    """Memory that every layer of one pass writes over."""

    def __init__(self, x: Tensor, model: LlamaForward) -> None:
        n, heads, kv_heads, dim = x.shape[0], model.heads, model.kv_heads, model.dim
        self.normed = torch.empty_like(x)
        self.qkv = x.new_empty(n, (heads + 2 * kv_heads) * dim)
        self.rotated = x.new_empty(n, heads + kv_heads, dim)
        self.mixed = x.new_empty(n, heads, dim)
        self.gate_up = x.new_empty(n, model.gate_up_size)


class _Span:
    """Where one segment stands in the matrix of all tokens, and how its tokens look at each other."""

    def __init__(self, segment: Segment, start: int, cache: KeyValues | None, x: Tensor) -> None:
        self.segment, self.cache = segment, cache
        self.rows = slice(start, start + segment.size)
        past, trunk, size = segment.start, len(segment.trunk), segment.size
        # Queries of one kind: (first, one past the last, number of keys, mask); None is plainly causal.
        self.parts: list[tuple[int, int, int, Tensor | None, bool]] = []
        if past == 0 and trunk:
            self.parts.append((0, trunk, trunk, None, True))
        first = trunk if past == 0 else 0
        if first < size:
            alone = size == 1  # a single new token sees everything: no mask
            mask = None if alone else _additive(branch_mask(segment, x.device)[first:], x.dtype)
            self.parts.append((first, size, past + size, mask, False))

    def attend(self, i: int, q: Tensor, k: Tensor, v: Tensor, out: Tensor, scale: float) -> None:
        """Write the attention of layer `i` to `out`; all tensors are (tokens, heads, head_dim)."""
        keys, values = k.transpose(0, 1), v.transpose(0, 1)
        if self.cache is not None:
            past = self.segment.own_start
            end = past + self.segment.size
            self.cache.keys[i][:, past:end] = keys
            self.cache.values[i][:, past:end] = values
            keys, values = self.cache.keys[i][:, :end], self.cache.values[i][:, :end]
        if (shared := self.segment.shared) is not None:
            # Copied for one layer at a time: small beside what the linear layers do, and nothing is kept.
            keys = torch.cat([shared.keys[i][:, : shared.length], keys], dim=1)
            values = torch.cat([shared.values[i][:, : shared.length], values], dim=1)
        group = q.shape[1] // keys.shape[0]
        for first, last, width, mask, causal in self.parts:
            k_here, v_here = keys[None, :, :width], values[None, :, :width]
            if mask is not None and q.is_cuda:
                # CUDA's fused kernels take a mask or grouped heads, not both.
                k_here, v_here = (t.repeat_interleave(group, dim=1) for t in (k_here, v_here))
            mixed = F.scaled_dot_product_attention(
                q[first:last].transpose(0, 1)[None],
                k_here,
                v_here,
                attn_mask=mask,
                is_causal=causal,
                scale=scale,
                enable_gqa=k_here.shape[1] != q.shape[1],
            )
            out[first:last] = mixed[0].transpose(0, 1)


def _additive(allowed: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(~allowed, -torch.inf)


def _linear(x: Tensor, weight: Tensor | HalfWeights, bias: Tensor | None, out: Tensor) -> None:
    if isinstance(weight, HalfWeights):
        out.copy_(weight(x))
        if bias is not None:
            out.add_(bias)
    elif bias is None:
        torch.mm(x, weight.t(), out=out)
    else:
        torch.addmm(bias, x, weight.t(), out=out)


def _add(x: Tensor, y: Tensor, weight: Tensor | HalfWeights) -> None:
    """Add ``y @ weight.T`` to `x`, in place."""
    if isinstance(weight, HalfWeights):
        x.add_(weight(y.contiguous()))
    else:
        x.addmm_(y, weight.t())


def _rms_norm(x: Tensor, weight: Tensor, eps: float, out: Tensor | None = None) -> Tensor:
    """Return x / sqrt(mean(x^2) + eps) * weight over the last axis; the scale is fp32, as in transformers."""
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    scale = norm.square_().mul_(1.0 / x.shape[-1]).add_(eps).rsqrt_()
    if x.dtype == torch.float32:
        return torch.mul(x, scale, out=out).mul_(weight)
    scaled = (x.float() * scale).to(x.dtype)
    return torch.mul(scaled, weight, out=out)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor, out: Tensor) -> None:
    """Rotate each pair (j, j + dim/2) of `x` by its angle into `out`, shape (tokens, heads, dim)."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    low, high = out[..., :half], out[..., half:]
    torch.mul(a, cos, out=low).addcmul_(b, sin, value=-1.0)
    torch.mul(b, cos, out=high).addcmul_(a, sin)


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Return the rows of all parts as one tensor: no copy where they are views of one already (shared)."""
    first, row = parts[0], 0
    for part in parts:
        at = first.storage_offset() + row * first.shape[1]
        same = part.untyped_storage().data_ptr() == first.untyped_storage().data_ptr()
        if not (same and part.is_contiguous() and part.storage_offset() == at):
            return torch.cat(list(parts))
        row += part.shape[0]
    return first.as_strided((row, first.shape[1]), first.stride(), first.storage_offset())


@torch.no_grad()
def _fuse(layer: nn.Module) -> _Layer:
    """Join weights that read the same input; the layer's own become views, so the module still works."""
    attention, mlp = layer.get_submodule("self_attn"), layer.get_submodule("mlp")

    def join(parent: nn.Module, names: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        parts = [parent.get_submodule(name) for name in names]
        weight = _joined([part.get_parameter("weight") for part in parts])
        biased = getattr(parts[0], "bias", None) is not None
        bias = torch.cat([part.get_parameter("bias") for part in parts]) if biased else None
        row = 0
        for part in parts:
            own = part.get_parameter("weight")
            own.data = weight[row : row + own.shape[0]]
            row += own.shape[0]
        return weight, bias

    def norm_of(name: str) -> Tensor | None:
        norm = getattr(attention, name, None)
        return None if norm is None else norm.get_parameter("weight")

    qkv, qkv_bias = join(attention, ("q_proj", "k_proj", "v_proj"))
    gate_up, _ = join(mlp, ("gate_proj", "up_proj"))
    out = attention.get_submodule("o_proj")
    return _Layer(
        qkv,
        qkv_bias,
        out.get_parameter("weight"),
        getattr(out, "bias", None),
        gate_up,
        mlp.get_submodule("down_proj").get_parameter("weight"),
        layer.get_submodule("input_layernorm").get_parameter("weight"),
        layer.get_submodule("post_attention_layernorm").get_parameter("weight"),
        norm_of("q_norm"),
        norm_of("k_norm"),
    )


def _halve(layer: _Layer, module: nn.Module) -> None:
    """Pack a layer's linear weights in float16, and let go of the module's."""
    for name in ("qkv", "out", "gate_up", "down"):
        setattr(layer, name, HalfWeights(getattr(layer, name)))
    for name, child in module.named_modules():
        if name.endswith("_proj"):
            own = child.get_parameter("weight")
            own.data = own.new_empty(0)
