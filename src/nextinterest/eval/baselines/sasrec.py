"""SASRec: causal self-attention over the events of a history (Kang and McAuley, 2018), as a baseline.

The network and the recommender around it. Training is in `sasrec_training`, the choice of a config in
`sasrec_search`; neither text nor ratings nor times are known here, only the order of items.
"""

from __future__ import annotations

from typing import ClassVar, Self, cast

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from nextinterest.domain import Catalog, FloatArray
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns, IndexArray

__all__ = ["SASRec", "SASRecConfig", "SASRecNet", "left_aligned"]

_ROWS_PER_PASS = 256  # histories encoded at once at prediction time


class SASRecConfig(BaselineConfig):
    """Options of `SASRec`: of the network first, then of its training."""

    dim: int = Field(default=64, ge=1, description="Width of item vectors and hidden states.")
    layers: int = Field(default=2, ge=1, description="Self-attention blocks.")
    heads: int = Field(default=2, ge=1, description="Attention heads; must divide `dim`.")
    max_len: int = Field(default=100, ge=1, description="Newest events that are read.")
    expand: int = Field(default=1, ge=1, description="Width of the feed-forward layer, in units of `dim`.")
    dropout: float = Field(
        default=0.3, ge=0, lt=1, description="On embeddings and on what either branch of a block adds."
    )
    cosine: bool = Field(
        default=False, description="Score by cosine times a learned scale instead of by inner product."
    )
    temperature: float = Field(default=1.0, gt=0, description="Scores are divided by it before the softmax.")
    learning_rate: float = Field(default=2e-3, gt=0, description="Peak learning rate of AdamW.")
    weight_decay: float = Field(default=0.01, ge=0, description="Decoupled weight decay, on matrices only.")
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="Share of the target spread over all items (full softmax only)."
    )
    mask_seen: bool = Field(
        default=True,
        description="Leave the items of the window's past out of the training softmax, as ranking does "
        "(full softmax only).",
    )
    item_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Share of the events read in training that are blanked out."
    )
    ema_decay: float = Field(
        default=0.99, ge=0, lt=1, description="Decay per step of the averaged weights that are kept; 0: none."
    )
    overlap: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="Share of a training window that is context for its later targets.",
    )
    batch_size: int = Field(default=64, ge=1, description="Windows per step.")
    warmup_steps: int = Field(default=100, ge=0, description="Steps over which the learning rate rises.")
    epochs: int = Field(default=100, ge=1, description="Passes over the training targets at most.")
    eval_every: int = Field(default=2, ge=1, description="Epochs between two looks at validation.")
    patience: int = Field(
        default=8, ge=1, description="Looks without a better NDCG@10 after which training stops."
    )
    sampled_above: int = Field(
        default=30_000,
        ge=0,
        description="Catalogue size above which the softmax is sampled, corrected for how it is.",
    )
    negatives: int = Field(default=4_096, ge=1, description="Items sampled per step, shared by its targets.")


def left_aligned(columns: HistoryColumns, width: int, start: int) -> tuple[IndexArray, IndexArray]:
    """Return what the network reads: each history's newest events, behind `start` where none are cut off.

    Returns
    -------
    inputs
        Item positions, int64, shape (n, width or fewer), filled with `start` at the end.
    last
        Index of the newest event in each row, int64, shape (n,).

    Examples
    --------
    >>> from nextinterest.domain import History
    >>> h = [History(np.array([4, 5, 6])), History(np.array([7])), History(np.array([], dtype=np.int32))]
    >>> inputs, last = left_aligned(HistoryColumns.of(h, 8), 3, start=8)
    >>> inputs.tolist(), last.tolist()
    ([[4, 5, 6], [8, 7, 8], [8, 8, 8]], [2, 1, 0])
    """
    lengths = columns.lengths
    n_read = np.minimum(lengths + 1, width)  # the start counts as one
    first = columns.offsets[1:] - n_read  # one before the history's first event where the start is read
    width = int(n_read.max()) if len(n_read) else 1
    index = first[:, None] + np.arange(width)
    inside = (index >= columns.offsets[:-1, None]) & (index < columns.offsets[1:, None])
    inputs = np.full(index.shape, start, dtype=np.int64)
    inputs[inside] = columns.items[index[inside]]
    return inputs, n_read - 1


class _Block(nn.Module):
    """Pre-norm self-attention and feed-forward, each added to what it read."""

    def __init__(self, dim: int, heads: int, expand: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attention_norm, self.feed_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.query_key_value, self.output = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.widen, self.narrow = nn.Linear(dim, expand * dim), nn.Linear(expand * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        n, length, dim = x.shape
        split = self.query_key_value(self.attention_norm(x)).view(n, length, 3, self.heads, dim // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each (n, heads, length, dim / heads)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        mixed = mixed.transpose(1, 2).reshape(n, length, dim)
        x = x + F.dropout(self.output(mixed), self.dropout, self.training)
        fed = self.narrow(F.relu(self.widen(self.feed_norm(x))))
        return x + F.dropout(fed, self.dropout, self.training)


class SASRecNet(nn.Module):
    """The network: item and position embeddings, pre-norm blocks, and scores by the same item embeddings.

    Rows are aligned to the left, so the causal mask alone keeps padding (which is at the end) out of sight.
    Item index ``n_items`` is the start of a history.
    """

    def __init__(self, n_items: int, config: SASRecConfig) -> None:
        super().__init__()
        self.n_items, self.config = n_items, config
        with torch.random.fork_rng(devices=[]):  # `initialise` draws the weights; nothing global is used up
            self.items = nn.Embedding(n_items + 1, config.dim)
            self.positions = nn.Embedding(config.max_len, config.dim)
            self.blocks = nn.ModuleList(
                _Block(config.dim, config.heads, config.expand, config.dropout) for _ in range(config.layers)
            )
        self.norm = nn.LayerNorm(config.dim)
        self.bias = nn.Parameter(torch.zeros(n_items))
        # exp(2.5) = 12, about the largest score of inner products after training.
        self.log_scale = nn.Parameter(torch.tensor(2.5)) if config.cosine else None

    def initialise(self, generator: torch.Generator, log_counts: Tensor) -> None:
        """Draw the weights; the item bias starts at log popularity, shape (n_items,)."""
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.ndim >= 2:
                    std = 0.02 if name.startswith(("items", "positions")) else weight.shape[1] ** -0.5
                    weight.normal_(0.0, std, generator=generator)
                elif name.endswith("bias"):
                    weight.zero_()
            for block in self.blocks:
                assert isinstance(block, _Block)  # noqa: S101 - for the type checker
                for last in (block.output, block.narrow):
                    last.weight.mul_((2 * self.config.layers) ** -0.5)
            self.bias.copy_(log_counts - log_counts.mean())

    def encode(self, inputs: Tensor, keep: Tensor | None = None) -> Tensor:
        """Return hidden states, shape (n, length, dim), of item indices, shape (n, length).

        `keep` (bool, same shape) blanks out the items where it is false; their positions stay.
        """
        x = self.items(inputs) * self.config.dim**0.5
        if keep is not None:
            x = x * keep.unsqueeze(-1)
        x = x + self.positions.weight[: inputs.shape[1]]
        x = F.dropout(x, self.config.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        return cast("Tensor", self.norm(x))

    def compared(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is multiplied: hidden states, shape (n, dim), and item vectors, (n_items, dim)."""
        vectors = self.items.weight[: self.n_items]
        if self.log_scale is not None:
            return F.normalize(hidden, dim=-1) * self.log_scale.exp(), F.normalize(vectors, dim=-1)
        return hidden, vectors

    def score(self, hidden: Tensor) -> Tensor:
        """Return log-scores of all items, shape (n, n_items), for hidden states, shape (n, dim)."""
        return F.linear(*self.compared(hidden), self.bias)


class SASRec(Baseline[SASRecConfig]):
    """A trained SASRec; scores are the network's over the temperature."""

    NAME: ClassVar[str] = "sasrec"
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"temperature"})

    def __init__(self, catalog: Catalog, config: SASRecConfig, net: SASRecNet) -> None:
        super().__init__(catalog, config)
        self._net = net.eval()

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return log-scores from one forward pass per batch of histories, float32, shape (n, n_items)."""
        inputs, last = left_aligned(columns, self.config.max_len, start=len(self.catalog))
        out = np.empty((len(columns), len(self.catalog)), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(columns), _ROWS_PER_PASS):
                rows = slice(start, start + _ROWS_PER_PASS)
                ends = torch.from_numpy(last[rows])
                width = int(ends.max()) + 1
                hidden = self._net.encode(torch.from_numpy(inputs[rows, :width]))
                newest = hidden[torch.arange(len(ends)), ends]
                out[rows] = (self._net.score(newest) / self.config.temperature).numpy()
        return out

    def state(self) -> Arrays:
        """Return the network's weights by name."""
        return {name: weight.numpy() for name, weight in self._net.state_dict().items()}

    @classmethod
    def restore(cls, catalog: Catalog, config: SASRecConfig, state: Arrays) -> Self:
        """Return a baseline from its weights."""
        net = SASRecNet(len(catalog), config)
        net.load_state_dict({name: torch.from_numpy(np.asarray(array)) for name, array in state.items()})
        return cls(catalog, config, net)
