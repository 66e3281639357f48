"""An exponential average of weights over the steps of a training (Polyak and Juditsky, 1992).

    a <- a + (1 - d) (w - a),   d = min(decay, t / (t + 9)) after step t

so that the average forgets its start: early on it is close to the plain mean of the steps so far. It is what
is validated and kept, while the weights themselves go on from where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["WeightAverage"]


class WeightAverage:
    """The average of some weights.

    Parameters
    ----------
    weights
        What is averaged, by name.
    decay
        Of the module docstring, from 0 (no average) to below 1.
    """

    def __init__(self, weights: Mapping[str, nn.Parameter], decay: float) -> None:
        self._weights: list[Tensor] = list(weights.values())
        self._decay = decay
        self.tensors: dict[str, Tensor] = {name: p.detach().clone() for name, p in weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step `step`, counted from 1."""
        decay = min(self._decay, step / (step + 9))
        torch._foreach_lerp_(list(self.tensors.values()), self._weights, 1.0 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the average in the place of the weights for the time of a block."""
        own = [p.detach().clone() for p in self._weights]
        self._write(list(self.tensors.values()))
        try:
            yield
        finally:
            self._write(own)

    @torch.no_grad()
    def _write(self, values: list[Tensor]) -> None:
        for p, value in zip(self._weights, values, strict=True):
            p.copy_(value)
