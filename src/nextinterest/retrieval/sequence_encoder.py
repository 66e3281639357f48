"""The sequence encoder: self-attention over a history's item vectors, whose last state is the user's vector.

    item vector      v_i = P t_i + r_i          t_i: unit text vector, P: projection, r_i: learned residual
    user vector      h = Transformer(v_{x_1} .. v_{x_T})_T
    score            f(x, i) = h . v_i + b_i

causal and pre-normalised, as SASRec (Kang and McAuley, 2018) with gSASRec's dense cross-entropy in place of
one sampled negative. An item nobody has chosen yet has no residual and the bias of rarely chosen items, so it
ranks by its text. How the weights are learned is not known here (see `nextinterest.finetune`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from nextinterest.domain import FloatArray, History
from nextinterest.llm.batching import groups_of_like_length
from nextinterest.retrieval.catalog_change import CatalogChange

__all__ = ["SequenceEncoder", "SequenceEncoderConfig", "pad"]

_ROWS = 256  # histories encoded at once, which bounds memory


class SequenceEncoderConfig(BaseModel):
    """Shape of a `SequenceEncoder`; saved with its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: int = Field(default=64, ge=2)
    """Length of item and user vectors."""

    blocks: int = Field(default=2, ge=1)
    """Attention blocks."""

    heads: int = Field(default=2, ge=1)
    """Attention heads; they divide `dimension`."""

    expansion: int = Field(default=4, ge=1)
    """Width of the feed-forward layers, in units of `dimension`."""

    window: int = Field(default=100, ge=1)
    """Newest events that are read."""

    dropout: float = Field(default=0.3, ge=0.0, lt=1.0)
    """Dropout of inputs and of what either half of a block adds, while training."""

    text: bool = True
    """Whether item vectors have a part from text. Without it, which is a control, items that nobody chose are
    all alike and cannot be distinguished."""

    residual_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of items that train without their residual at each step, so that text alone must do as well."""


class _Block(nn.Module):
    """Attention and feed-forward, each normalised before and added after."""

    def __init__(self, config: SequenceEncoderConfig) -> None:
        super().__init__()
        d = config.dimension
        self.heads = config.heads
        self.attention_norm, self.feed_norm = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.merge = nn.Linear(d, 3 * d), nn.Linear(d, d)
        wide = config.expansion * d
        self.up, self.down = nn.Linear(d, wide), nn.Linear(wide, d)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, time, dimension) to the same shape; a position sees itself and those before it."""
        b, t, d = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(b, t, 3, self.heads, d // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.dropout(self.merge(mixed.transpose(1, 2).reshape(b, t, d)))
        return self._fed(x)

    def last(self, x: Tensor, last: Tensor) -> Tensor:
        """Return what `forward` gives at one position of each row, (batch, dimension), for less.

        Parameters
        ----------
        x
            Shape (batch, time, dimension).
        last
            The positions, shape (batch,).
        """
        b, t, d = x.shape
        rows = torch.arange(b, device=x.device)
        normed, weight, bias = self.attention_norm(x), self.qkv.weight, self.qkv.bias
        query = F.linear(normed[rows, last], weight[:d], bias[:d]).view(b, self.heads, 1, d // self.heads)
        seen = F.linear(normed, weight[d:], bias[d:]).view(b, t, 2, self.heads, d // self.heads)
        key, value = seen.permute(2, 0, 3, 1, 4)
        before = torch.arange(t, device=x.device) <= last[:, None]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=before[:, None, None])
        return self._fed(x[rows, last] + self.dropout(self.merge(mixed.reshape(b, d))))

    def _fed(self, x: Tensor) -> Tensor:
        fed: Tensor = self.dropout(self.down(F.gelu(self.up(self.feed_norm(x)))))
        return x + fed


class SequenceEncoder(nn.Module):
    """User vectors and scores of all items.

    Parameters
    ----------
    config
        Shape.
    text
        Unit text vectors of the items, float32, shape (n_items, text_dimension).
    bias
        Where the item biases start, such as log popularity, float32, shape (n_items,); zeros if None.
    """

    text: Tensor

    def __init__(
        self, config: SequenceEncoderConfig, text: FloatArray, bias: FloatArray | None = None
    ) -> None:
        super().__init__()
        self.config = config
        n, d = len(text), config.dimension
        self.register_buffer("text", torch.tensor(text, dtype=torch.float32), persistent=False)
        self.projection = nn.Linear(text.shape[1], d, bias=False)
        self.residual = nn.Parameter(torch.empty(n, d))
        self.bias = nn.Parameter(torch.zeros(n) if bias is None else torch.tensor(bias, dtype=torch.float32))
        self.position = nn.Parameter(torch.empty(config.window, d))
        self.blocks = nn.ModuleList([_Block(config) for _ in range(config.blocks)])
        self.norm = nn.LayerNorm(d)
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.residual, std=0.02)
        nn.init.normal_(self.position, std=0.02)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.residual)

    def item_vectors(self) -> Tensor:
        """Return the vectors of all items, shape (n_items, dimension)."""
        residual: Tensor = self.residual
        if self.training and self.config.residual_dropout:
            kept = torch.rand(len(residual), 1, device=residual.device) >= self.config.residual_dropout
            residual = residual * kept
        projected: Tensor = self.projection(self.text) * float(self.config.text)
        return projected + residual

    def forward(self, items: Tensor, vectors: Tensor) -> Tensor:
        """Return the state at every position.

        Parameters
        ----------
        items
            Catalogue positions, oldest first, shape (batch, time), time at most `window`; `n_items` pads
            the end of shorter rows.
        vectors
            From `item_vectors`, shape (n_items, dimension).

        Returns
        -------
        Tensor
            Shape (batch, time, dimension); the state at a position has seen the events up to it.
        """
        x = self._embedded(items, vectors)
        for block in self.blocks:
            x = block(x)
        states: Tensor = self.norm(x)
        return states

    def _embedded(self, items: Tensor, vectors: Tensor) -> Tensor:
        known = items < len(vectors)
        # The scale lets vectors small enough to be compared by inner product stand against positions.
        x = F.embedding(items.where(known, 0), vectors) * self.config.dimension**0.5
        embedded: Tensor = self.dropout(x * known[..., None] + self.position[: items.shape[1]])
        return embedded

    def _last(self, items: Tensor, vectors: Tensor, last: Tensor) -> Tensor:
        """Return the state at one position of each row, shape (batch, dimension); as `forward`."""
        x = self._embedded(items, vectors)
        *blocks, highest = [cast(_Block, block) for block in self.blocks]
        for block in blocks:
            x = block(x)
        state: Tensor = self.norm(highest.last(x, last))
        return state

    def logits(self, states: Tensor, vectors: Tensor) -> Tensor:
        """Return the scores of all items, shape (n, n_items), for states of shape (n, dimension)."""
        return states @ vectors.T + self.bias

    @torch.inference_mode()
    def user_vectors(self, histories: Sequence[History], scored: FloatArray | None = None) -> FloatArray:
        """Return the state after each history's newest event, float32, shape (n, dimension).

        An empty history has a vector of zeros, whose scores are the item biases. Whoever keeps what
        `scored_vectors` returns saves computing the item vectors for every call.
        """
        with _evaluating(self):
            return self._user_vectors(histories, scored)

    def _user_vectors(self, histories: Sequence[History], scored: FloatArray | None) -> FloatArray:
        out = np.zeros((len(histories), self.config.dimension), dtype=np.float32)
        lengths = np.array([min(len(h), self.config.window) for h in histories], dtype=np.int64)
        filled = np.flatnonzero(lengths)
        if scored is None:
            vectors = self.item_vectors()
        else:
            vectors = torch.from_numpy(scored[:, :-1]).to(self.bias.device)
        # Rows of like length share a batch; the order does not show in the result.
        for group in groups_of_like_length(lengths[filled].tolist(), _ROWS):
            part = filled[group]
            items = pad([histories[int(i)].items[-self.config.window :] for i in part], self.n_items)
            last = torch.from_numpy(lengths[part] - 1).to(vectors.device)
            states = self._last(torch.from_numpy(items).to(vectors.device), vectors, last)
            out[part] = states.float().cpu().numpy()
        return out

    @torch.inference_mode()
    def scored_vectors(self) -> FloatArray:
        """Return item vectors with their bias behind, float32, shape (n_items, dimension + 1).

        Their inner product with a user vector followed by 1 is the item's score.
        """
        with _evaluating(self):
            return torch.cat([self.item_vectors(), self.bias[:, None]], dim=1).float().cpu().numpy()

    @torch.no_grad()
    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue. Known items keep what was learned, new ones rank by their text.

        A new item's bias is the lower quartile of those learned: neither a hit nor a failure.
        """
        n, (old, new) = len(change.catalog), change.kept
        text = self.text.new_zeros(n, self.text.shape[1])
        residual = self.residual.new_zeros(n, self.config.dimension)
        bias = torch.quantile(self.bias, 0.25).repeat(n)
        text[new], residual[new], bias[new] = self.text[old], self.residual[old], self.bias[old]
        text[change.encoded] = torch.from_numpy(change.vectors).to(text)
        self.text, self.residual, self.bias = text, nn.Parameter(residual), nn.Parameter(bias)


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Switch dropout off; where it is off nothing is done, since a walk over all modules takes time."""
    if not module.training:
        yield
        return
    module.eval()
    try:
        yield
    finally:
        module.train()


def pad(rows: Sequence[NDArray[np.integer]], value: int) -> NDArray[np.int64]:
    """Return rows of different lengths as one array, int64, shape (n, longest), `value` behind their ends.

    Examples
    --------
    >>> pad([np.array([1, 2]), np.array([3])], 9).tolist()
    [[1, 2], [3, 9]]
    """
    out = np.full((len(rows), max(len(row) for row in rows)), value, dtype=np.int64)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out
