"""One forward pass over many segments: the primitive that every function of a causal model is made of.

A `Segment` is a cached past, then a trunk of new tokens that follow it, then branches. Each branch follows
the trunk as if the others were not there: all branches start at the same position and none sees another.

    past p0 p1 p2 | trunk t3 t4 | branch a5 a6 | branch b5 b6 b7

Encoding is a segment with a trunk only, scoring candidates one with branches, a cached user state one with
a past. What several segments have before their own past (many continuations of one history) they may share
without a copy each. Two implementations exist: `forward_transformers` (any causal model) and `forward_llama`
(no padding, fewer operations, the Llama family). This module knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

GROWTH = 64  # buffers grow by this many tokens at a time

__all__ = ["Forward", "KeyValues", "Segment", "branch_mask", "resolve_layers"]


class KeyValues:
    """Keys and values of one sequence, in buffers that may be larger than it.

    A pass writes new keys and values behind the `length` first tokens and, where they are kept, moves
    `length` on. What lies behind `length` is scratch: branches are written there and forgotten. Hence one
    pass at a time per sequence; forgetting tokens is only a smaller `length`.

    Parameters
    ----------
    keys, values
        One tensor per layer, shape (kv_heads, capacity, head_dim).
    length
        Number of tokens kept.
    """

    __slots__ = ("keys", "length", "values")

    def __init__(self, keys: list[Tensor], values: list[Tensor], length: int) -> None:
        self.keys, self.values, self.length = keys, values, length

    @classmethod
    def empty(cls, shapes: Sequence[tuple[int, int]], like: Tensor) -> KeyValues:
        """Return empty buffers; `shapes` is (kv_heads, head_dim) of each layer."""
        return cls(
            [like.new_empty(heads, 0, dim) for heads, dim in shapes],
            [like.new_empty(heads, 0, dim) for heads, dim in shapes],
            0,
        )

    @property
    def capacity(self) -> int:
        """Number of tokens that the buffers can hold."""
        return int(self.keys[0].shape[1])

    @property
    def nbytes(self) -> int:
        """Size of the buffers in bytes."""
        return sum(t.numel() * t.element_size() for t in (*self.keys, *self.values))

    def reserve(self, more: int) -> None:
        """Grow the buffers to hold `more` tokens behind the kept ones."""
        needed = self.length + more
        if needed > self.capacity:
            self._resize(-(-needed // GROWTH) * GROWTH)

    def compact(self) -> None:
        """Release the part of the buffers that is not used."""
        if self.capacity > self.length:
            self._resize(self.length)

    def copy(self, length: int | None = None) -> KeyValues:
        """Return the first `length` tokens (all of them by default) in buffers of their own."""
        kept = self.length if length is None else length
        return KeyValues(
            [k[:, :kept].clone() for k in self.keys], [v[:, :kept].clone() for v in self.values], kept
        )

    def _resize(self, capacity: int) -> None:
        for tensors in (self.keys, self.values):
            for i, old in enumerate(tensors):
                new = old.new_empty(old.shape[0], capacity, old.shape[2])
                new[:, : self.length] = old[:, : self.length]
                tensors[i] = new


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
        Cached keys and values before the trunk, or None. With `keep` the trunk is added to it.
    shared
        Cached keys and values before `past`, or None. Read only, so many segments may have the same.
    want
        Positions whose hidden states are returned, as indices into trunk + all branches concatenated.
    keep
        Whether keys and values of past and trunk are returned (the same object as `past`, if there is one).
    """

    trunk: Sequence[int]
    branches: Sequence[Sequence[int]] = ()
    past: KeyValues | None = None
    want: Sequence[int] = ()
    keep: bool = False
    shared: KeyValues | None = None

    @property
    def size(self) -> int:
        """Number of new tokens."""
        return len(self.trunk) + sum(len(branch) for branch in self.branches)

    @property
    def start(self) -> int:
        """Position of the first new token."""
        return self.own_start + (0 if self.shared is None else self.shared.length)

    @property
    def own_start(self) -> int:
        """Tokens in `past`."""
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
    position = torch.arange(segment.size, device=device)
    causal = position[None, :] <= position[:, None]
    same = (owner[None, :] == owner[:, None]) | (owner[None, :] == 0)
    past = torch.ones(segment.size, segment.start, dtype=torch.bool, device=device)
    return torch.cat([past, causal & same], dim=1)
