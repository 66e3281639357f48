"""Paired randomisation test: whether the labels of two methods could be swapped user by user.

Under the null hypothesis the sign of each user's difference d_u is a fair coin. The p-value is the share of
sign flips whose absolute sum is at least the one observed, the observed one counted in:

    p = (1 + #{ b : |sum_u s_bu d_u| >= |sum_u d_u| }) / (1 + B)

Source: Fisher 1935; Smucker, Allan & Carterette, A Comparison of Statistical Significance Tests for
Information Retrieval Evaluation, CIKM 2007.

Metrics of one relevant item take few values, so users are grouped by |d|: a fair sum of signs over a group
of c users is ``2 Binomial(c, 1/2) - c``, which is the same distribution at a fraction of the cost. Where
nearly all differences are distinct and the users so many that sampling is out of reach, the normal limit of
the sum is used instead, and the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from nextinterest.errors import DataError

__all__ = ["SignFlipResult", "sign_flip_test"]

_MOST_DRAWS = 400_000_000  # signs drawn for differences that are all distinct
_MOST_GROUPS = 20_000
_CELLS = 1 << 23


@dataclass(frozen=True, slots=True)
class SignFlipResult:
    """Outcome of a test.

    Attributes
    ----------
    p_value
        Two-sided; at least ``1 / (1 + n_permutations)`` where sampled.
    n_permutations
        Sign flips drawn; 0 where the normal limit was used.
    """

    p_value: float
    n_permutations: int


def sign_flip_test(
    differences: NDArray[np.floating],
    n_permutations: int = 10_000,
    seed: int = 0,
    counts: NDArray[np.integer] | None = None,
) -> SignFlipResult:
    """Test whether paired differences have mean zero.

    Parameters
    ----------
    differences
        One per user, shape (n_users,); or distinct values, with `counts`.
    n_permutations
        Sign flips to draw.
    seed
        Draws them.
    counts
        Users that have each difference; one each where None.

    Raises
    ------
    DataError
        If there is no difference or one is NaN.

    Examples
    --------
    All eight of eight users better: 2 of the 256 sign patterns are as extreme, so p is near 1/128.

    >>> result = sign_flip_test(np.full(8, 0.1), n_permutations=100_000)
    >>> bool(abs(result.p_value - 1 / 128) < 0.001)
    True
    """
    d = np.asarray(differences, dtype=np.float64)
    users = np.ones(len(d), dtype=np.int64) if counts is None else np.asarray(counts, dtype=np.int64)
    if not users.sum() or np.isnan(d).any():
        raise DataError("A paired test needs at least one user and no missing value.")
    if len(d) > _MOST_GROUPS and len(d) * n_permutations > _MOST_DRAWS and _mostly_distinct(d):
        return _normal_limit(abs(float(d @ users)), float(d**2 @ users))
    # Differences that are equal but for rounding are one value.
    step = max(float(np.abs(d).max()), 1e-300) * 1e-12
    size, group = np.unique(np.round(np.abs(d) / step).astype(np.int64), return_inverse=True)
    level = size * step
    net = np.bincount(group, weights=np.sign(d) * users, minlength=len(level))
    total = np.bincount(group, weights=users, minlength=len(level)).astype(np.int64)
    kept = level > 0
    level, net, total = level[kept], net[kept], total[kept]
    observed = abs(float(level @ net))
    spread = float(level**2 @ total)
    if not len(level):
        return SignFlipResult(1.0, n_permutations)
    if len(level) > _MOST_GROUPS and len(level) * n_permutations > _MOST_DRAWS:
        return _normal_limit(observed, spread)
    rng = np.random.default_rng(seed)
    threshold = observed - 1e-9 * sqrt(spread)  # sums equal but for rounding are as extreme
    extreme = 0
    block = max(1, _CELLS // len(level))
    for start in range(0, n_permutations, block):
        rows = min(block, n_permutations - start)
        sums = np.zeros(rows)
        single = total == 1
        if single.any():
            ones = int(single.sum())
            bits = np.unpackbits(rng.integers(256, size=(rows, (ones + 7) // 8), dtype=np.uint8), axis=1)
            sums += 2.0 * (bits[:, :ones] @ level[single]) - level[single].sum()
        for value, users_in_group in zip(level[~single], total[~single], strict=True):
            sums += value * (2.0 * rng.binomial(users_in_group, 0.5, size=rows) - users_in_group)
        extreme += int((np.abs(sums) >= threshold).sum())
    return SignFlipResult((1 + extreme) / (1 + n_permutations), n_permutations)


def _mostly_distinct(d: NDArray[np.float64]) -> bool:
    """Judge by the first differences whether grouping equal ones would save anything."""
    first = np.abs(d[:_MOST_GROUPS])
    return len(np.unique(first)) > len(first) // 2


def _normal_limit(observed: float, spread: float) -> SignFlipResult:
    return SignFlipResult(erfc(observed / sqrt(2.0 * spread)) if spread > 0 else 1.0, 0)
