"""How large a paired difference is, and how small a one the data could have shown.

    d_z = mean(d) / sd(d)                                        (Cohen, 1988, section 2.3.5)
    MDD = (z_{1 - alpha / 2} + z_{power}) * sd(d) / sqrt(n)      (two-sided, normal approximation)

With an MDD of 0.01 a "no significant difference" rules out nothing smaller than 0.01.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

__all__ = ["cohen_dz", "minimal_detectable_difference"]


def cohen_dz(mean: float, standard_deviation: float) -> float:
    """Return Cohen's d_z of paired differences; NaN where they do not vary.

    Examples
    --------
    >>> cohen_dz(0.5, 2.0)
    0.25
    """
    return mean / standard_deviation if standard_deviation > 0 else float("nan")


def minimal_detectable_difference(
    standard_deviation: float, n_users: int, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest true difference that a test at `alpha` would find with chance `power`.

    Parameters
    ----------
    standard_deviation
        Of the per-user differences.
    n_users
        Users compared.
    alpha
        Two-sided level of the test.
    power
        Chance of finding the difference.

    Examples
    --------
    >>> round(minimal_detectable_difference(1.0, 100), 4)
    0.2802
    """
    z = float(ndtri(1.0 - alpha / 2.0) + ndtri(power))
    return z * standard_deviation / float(np.sqrt(n_users))
