"""One forward pass over many segments: the primitive that every function of a causal model is made of.

A `Segment` is a cached past, then a trunk of new tokens that follow it, then branches. Each branch follows
the trunk as if the others were not there: all branches start at the same position and none sees another.

    past p0 p1 p2 | trunk t3 t4 | branch a5 a6 | branch b5 b6 b7

Encoding is a segment with a trunk only, scoring candidates one with branches, a cached user state one with
a past. Two implementations exist: `forward_transformers` (any causal model) and `forward_llama` (no
padding, fewer operations, the Llama family). This module knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Forward", "KeyValues", "Segment", "branch_mask", "resolve_layers"]


@dataclass(slots=True)
class KeyValues:
    """Keys and values of one sequence, after rotary embedding.

    Attributes
    ----------
    keys, values
        One tensor per layer, shape (kv_heads, length, head_dim).
    """

    keys: list[Tensor]
    values: list[Tensor]

    @property
    def length(self) -> int:
        """Number of tokens kept."""
        return int(self.keys[0].shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return sum(t.numel() * t.element_size() for t in (*self.keys, *self.values))

    def first(self, length: int) -> KeyValues:
        """Return a copy of the first `length` tokens, without the memory of the rest."""
        return KeyValues(
            [k[:, :length].clone() for k in self.keys], [v[:, :length].clone() for v in self.values]
        )


@dataclass(slots=True)
class Segment:
    """What one sequence adds to a pass.

    Attributes
    ----------
    trunk
        New tokens that follow the past; may be empty where there is a past and there are branches.
    branches
        Token lists that each follow the trunk.
    past
        Cached keys and values before the trunk, or None.
    want
        Places whose hidden states are returned, as indices into trunk + all branches concatenated.
    keep
        Whether keys and values of past and trunk are returned.
    """

    trunk: Sequence[int]
    branches: Sequence[Sequence[int]] = ()
    past: KeyValues | None = None
    want: Sequence[int] = ()
    keep: bool = False

    @property
    def size(self) -> int:
        """Number of new tokens."""
        return len(self.trunk) + sum(len(branch) for branch in self.branches)

    @property
    def start(self) -> int:
        """Position of the first new token."""
        return 0 if self.past is None else self.past.length

    @property
    def reach(self) -> int:
        """One past the largest position in the segment."""
        return self.start + len(self.trunk) + max((len(b) for b in self.branches), default=0)

    def tokens(self) -> list[int]:
        """Return trunk and branches concatenated."""
        return [*self.trunk, *(token for branch in self.branches for token in branch)]

    def positions(self) -> list[int]:
        """Return the position of each token of `tokens`."""
        after = self.start + len(self.trunk)
        trunk = list(range(self.start, after))
        return trunk + [after + j for branch in self.branches for j in range(len(branch))]


class Forward(Protocol):
    """A causal model's forward pass."""

    @property
    def layers(self) -> int:
        """Return the number of decoder layers."""

    @property
    def reach(self) -> int:
        """Return the longest past + trunk + branch for which segments with branches or a past are exact."""

    @property
    def padded(self) -> bool:
        """Return whether short segments cost as much as the longest of their batch."""

    def run(
        self, segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[Tensor], list[KeyValues | None]]:
        """Return hidden states at each segment's `want` and what it asked to keep.

        Parameters
        ----------
        segments
            Any mixture of lengths.
        layers
            Resolved layer numbers, 0 (embedding) to n (after the final norm).

        Returns
        -------
        tuple
            Hidden states, one tensor per segment of shape (len(want), len(layers) * hidden); keys and
            values, one per segment, None where not kept.
        """


def resolve_layers(layers: Sequence[int], n_layers: int) -> list[int]:
    """Return layer numbers counted from 0; negative ones count from the last.

    Raises
    ------
    ValueError
        If the model has no such layer.

    Examples
    --------
    >>> resolve_layers((20, -1), n_layers=30)
    [20, 30]
    """
    resolved = [layer + n_layers + 1 if layer < 0 else layer for layer in layers]
    for asked, layer in zip(layers, resolved, strict=True):
        if not 0 <= layer <= n_layers:
            raise ValueError(f"Layer {asked} does not exist: the model has layers 0 to {n_layers}.")
    return resolved


def branch_mask(segment: Segment, device: torch.device | str = "cpu") -> Tensor:
    """Return which keys each new token may look at.

    Keys are past, trunk and branches in that order. A trunk token sees the past and the trunk up to
    itself; a branch token sees the past, the whole trunk, and its own branch up to itself.

    Returns
    -------
    Tensor
        Bool, shape (segment.size, past + segment.size).

    Examples
    --------
    >>> branch_mask(Segment([7], [[8, 9], [5]])).int().tolist()
    [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1]]
    """
    trunk = len(segment.trunk)
    owner = torch.zeros(segment.size, dtype=torch.long, device=device)
    lengths = torch.tensor([len(b) for b in segment.branches], dtype=torch.long, device=device)
    owner[trunk:] = torch.repeat_interleave(torch.arange(1, len(lengths) + 1, device=device), lengths)
    place = torch.arange(segment.size, device=device)
    causal = place[None, :] <= place[:, None]
    same = (owner[None, :] == owner[:, None]) | (owner[None, :] == 0)
    past = torch.ones(segment.size, segment.start, dtype=torch.bool, device=device)
    return torch.cat([past, causal & same], dim=1)
