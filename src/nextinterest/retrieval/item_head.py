"""The item head: hidden states of a language model, against every item's vector.

    score(x, i) = g(z) . v_i + b_i          z = (h - mean) / scale          v_i = P t_i + r_i

g is linear, or has one hidden layer. h holds the model's hidden states at the last token of the newest
event's line, of one layer or of several, one behind the other. A few units of such states are a thousand
times larger than the others, so each is brought to its own mean and spread over the training events. v_i is
an item vector of the same form as the sequence encoder's (text embedding projected, plus a learned residual)
and may start as that. How head and adapter are learned is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from nextinterest.domain import FloatArray
from nextinterest.retrieval.catalog_change import CatalogChange

if TYPE_CHECKING:
    from nextinterest.retrieval.sequence_encoder import SequenceEncoder

__all__ = ["ItemHead", "ItemHeadConfig"]

_REACH = 8.0  # standard deviations at which a unit is cut off


class ItemHeadConfig(BaseModel):
    """Shape of an `ItemHead`; saved with its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_size: int = Field(ge=1)
    """Width of the hidden states, all layers together."""

    dimension: int = Field(default=64, ge=2)
    """Length of an item vector."""

    hidden: int = Field(default=0, ge=0)
    """Width of the hidden layer between states and item vectors; 0 for none."""

    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout of hidden states and hidden layer, while training."""


class ItemHead(nn.Module):
    """From hidden states to scores of all items.

    Parameters
    ----------
    config
        Shape.
    text
        Unit text vectors of the items, float32, shape (n_items, text_dimension).
    bias
        Where the item biases start, float32, shape (n_items,); zeros if None.
    """

    text: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, config: ItemHeadConfig, text: FloatArray, bias: FloatArray | None = None) -> None:
        super().__init__()
        self.config = config
        n, d = len(text), config.dimension
        self.register_buffer("text", torch.tensor(text, dtype=torch.float32), persistent=False)
        self.register_buffer("mean", torch.zeros(config.state_size))
        self.register_buffer("scale", torch.ones(config.state_size))
        self.dropout = nn.Dropout(config.dropout)
        self.state: nn.Module = nn.Linear(config.state_size, d)
        if config.hidden:
            self.state = nn.Sequential(
                nn.Linear(config.state_size, config.hidden),
                nn.GELU(),
                nn.Dropout(config.dropout),
                nn.Linear(config.hidden, d),
            )
        self.projection = nn.Linear(text.shape[1], d, bias=False)
        self.residual = nn.Parameter(torch.randn(n, d) * 0.02)
        self.bias = nn.Parameter(torch.zeros(n) if bias is None else torch.tensor(bias, dtype=torch.float32))

    @torch.no_grad()
    def start_from(self, encoder: SequenceEncoder) -> None:
        """Take over the item vectors and biases of a trained encoder of the same catalogue and dimension."""
        self.projection.weight.copy_(encoder.projection.weight * float(encoder.config.text))
        self.residual.copy_(encoder.residual)
        self.bias.copy_(encoder.bias)

    @torch.no_grad()
    def standardise(self, states: Tensor) -> None:
        """Take mean and spread from hidden states of training events, shape (n, state_size)."""
        self.mean.copy_(states.float().mean(dim=0))
        self.scale.copy_(states.float().std(dim=0) + 1e-3)

    def item_vectors(self) -> Tensor:
        """Return the vectors of all items, shape (n_items, dimension)."""
        projected: Tensor = self.projection(self.text)
        return projected + self.residual

    def user_vectors(self, states: Tensor) -> Tensor:
        """Return g(z), shape (n, dimension), for hidden states of shape (n, state_size)."""
        unit = ((states.float() - self.mean) / self.scale).clamp(-_REACH, _REACH)
        users: Tensor = self.state(self.dropout(unit))
        return users

    @torch.inference_mode()
    def scored_vectors(self) -> FloatArray:
        """Return item vectors with their bias behind, float32, shape (n_items, dimension + 1)."""
        scored: FloatArray = torch.cat([self.item_vectors(), self.bias[:, None]], dim=1).float().cpu().numpy()
        return scored

    def forward(self, states: Tensor, vectors: Tensor | None = None) -> Tensor:
        """Return scores, shape (n, n_items), for hidden states of shape (n, state_size).

        Whoever keeps the item vectors, shape (n_items, dimension), saves computing them for every call.
        """
        vectors = self.item_vectors() if vectors is None else vectors
        return self.user_vectors(states) @ vectors.T + self.bias

    @torch.no_grad()
    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue; new items have no residual and a bias of the lower quartile."""
        n, (old, new) = len(change.catalog), change.kept
        text = self.text.new_zeros(n, self.text.shape[1])
        residual = self.residual.new_zeros(n, self.residual.shape[1])
        bias = torch.quantile(self.bias, 0.25).repeat(n)
        text[new], residual[new], bias[new] = self.text[old], self.residual[old], self.bias[old]
        text[change.encoded] = torch.from_numpy(change.vectors).to(text)
        self.text, self.residual, self.bias = text, nn.Parameter(residual), nn.Parameter(bias)
