"""Weights in 16 bits, arithmetic in 32: what a few new tokens on a CPU are bound by is reading the weights.

FBGEMM, which torch carries, keeps a matrix packed in float16 and widens it inside its product, so that
activations, sums and results stay float32. A weight keeps 11 bits (bf16 keeps 8). Knows one product.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from nextinterest.errors import ModelError

__all__ = ["HalfWeights", "half_weights_supported"]

_LARGEST = torch.finfo(torch.float16).max


@cache
def half_weights_supported() -> bool:
    """Return whether this build of torch and this processor have the product."""
    try:
        weight = torch.ops.quantized.linear_prepack_fp16(torch.ones(8, 8), None)
        one = torch.ops.quantized.linear_dynamic_fp16(torch.ones(1, 8), weight)
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return bool((one == 8.0).all())


class HalfWeights:
    """A matrix of weights, packed.

    Parameters
    ----------
    weight
        float32 on the CPU, shape (outputs, inputs); not kept.

    Raises
    ------
    ModelError
        If a weight is beyond what float16 can hold.

    Examples
    --------
    >>> HalfWeights(torch.full((2, 3), 0.5))(torch.ones(1, 3)).tolist()
    [[1.5, 1.5]]
    """

    __slots__ = ("_packed", "outputs")

    def __init__(self, weight: Tensor) -> None:
        if weight.abs().max() > _LARGEST:
            raise ModelError(
                "A weight of this model is too large for float16.",
                remedy="Load it with dtype='float32' (or unset NEXTINTEREST_DTYPE).",
                command="Unset NEXTINTEREST_DTYPE.",
            )
        self.outputs = int(weight.shape[0])
        self._packed = torch.ops.quantized.linear_prepack_fp16(weight.float().contiguous(), None)

    def __call__(self, x: Tensor) -> Tensor:
        """Return ``x @ weight.T``, float32, shape (n, outputs)."""
        product: Tensor = torch.ops.quantized.linear_dynamic_fp16(x, self._packed)
        return product
