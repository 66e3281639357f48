"""What the items that are not candidates are worth together: summed, or estimated with a stated bound.

A distribution over the catalogue needs the sum over all items. With x_j = exp(log-score of j), the rest is

    R = sum over named items that were cut of x_j  +  U,    U = sum over the N unnamed items of x_j

The first sum is computed, and U too where N is at most `SAMPLE`. Else m = `SAMPLE` unnamed items are drawn
without replacement, by a permutation of the catalogue that a seed fixes, and

    U^ = N mean(x),    |U^ - U| <= N (s sqrt(2 L / m) + 7 b L / (3 (m - 1))),    L = ln (4 / DELTA)

where the bound holds with probability 1 - `DELTA` at least (empirical Bernstein bound: Maurer and Pontil,
2009; samples without replacement deviate less than those with: Hoeffding, 1963). s is the sample's standard
deviation; b bounds every x_j from above: no source scores an item that it did not name higher than the last
one that it named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["DELTA", "SAMPLE", "Mass", "draw_order"]

SAMPLE = 2048
"""Unnamed items that are scored."""

DELTA = 0.05
"""Probability with which the bound may fail."""

_Floats = NDArray[np.float64]


def draw_order(n_items: int) -> NDArray[np.int32]:
    """Return the permutation by which unnamed items are drawn, int32, shape (n_items,)."""
    return np.random.default_rng(0).permutation(n_items).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Mass:
    """A sum of many x_j, relative to ``exp(shift)``.

    Attributes
    ----------
    value
        The sum, or its estimate.
    least, most
        Bounds between which the sum lies, at the probability of the module docstring; equal where it was
        computed.
    """

    value: float
    least: float
    most: float

    @classmethod
    def exactly(cls, value: float) -> Self:
        """Return a mass that was computed."""
        return cls(value, value, value)

    @classmethod
    def of(cls, logits: _Floats, n: int, ceiling: float) -> Self:
        """Return the sum over n items, of which some were scored.

        Parameters
        ----------
        logits
            Log-scores of the items drawn, less the shift, shape (m,).
        n
            How many items there are.
        ceiling
            What none of their log-scores exceeds, less the shift.

        Examples
        --------
        >>> Mass.of(np.zeros(3), 3, 0.0)
        Mass(value=3.0, least=3.0, most=3.0)
        """
        x, m = np.exp(logits), len(logits)
        if m == n:
            return cls.exactly(float(x.sum()))
        value = float(n * x.mean())
        highest = float(np.exp(min(ceiling, 700.0)))
        logarithm = np.log(4 / DELTA)
        error = n * (x.std(ddof=1) * np.sqrt(2 * logarithm / m) + 7 * highest * logarithm / (3 * (m - 1)))
        # What was drawn is there, and no other item is worth more than the highest.
        seen = float(x.sum())
        return cls(value, max(seen, value - error), min(value + error, seen + (n - m) * highest))

    def plus(self, known: float) -> Mass:
        """Return the mass with a known sum added."""
        return Mass(self.value + known, self.least + known, self.most + known)
