"""Expected calibration error: whether items given probability p come next in a share p of the cases.

    ECE = sum over bins b of  n_b / n * | mean outcome in b - mean probability in b |

Source: Naeini, Cooper & Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI
2015; bins as in Guo et al., On Calibration of Modern Neural Networks, ICML 2017. Predictions are every
position of the recommended lists, so bins are on a logarithmic scale by default: next-item probabilities
crowd near zero, and equal-width bins would put nearly all of them into the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextinterest.errors import DataError
from nextinterest.eval.metrics.ranks import Scores

__all__ = ["DEFAULT_EDGES", "CalibrationBins", "calibration_bins", "calibration_error"]

DEFAULT_EDGES: Final[Scores] = np.concatenate([[0.0], np.logspace(-4, 0, 17)])
"""Edges of the default bins: everything below 1e-4, then four bins a decade up to 1."""


@dataclass(frozen=True, eq=False)
class CalibrationBins:
    """Sums within bins of probability; sums of several sets of predictions add up.

    Attributes
    ----------
    count, probability, outcome
        Predictions, their summed probabilities and their hits per bin, float64, shape (n_bins,).
    """

    count: Scores
    probability: Scores
    outcome: Scores

    @property
    def error(self) -> float:
        """Expected calibration error; NaN without predictions."""
        total = self.count.sum()
        return float(np.abs(self.outcome - self.probability).sum() / total) if total else float("nan")


def calibration_bins(
    probabilities: ArrayLike, outcomes: ArrayLike, edges: Scores | None = None
) -> CalibrationBins:
    """Sum predictions into bins; edges increase from 0 to 1, the last bin includes 1.

    Parameters
    ----------
    probabilities
        Between 0 and 1, shape (n,).
    outcomes
        Whether each came true, shape (n,).
    edges
        Shape (n_bins + 1,); `DEFAULT_EDGES` where None.

    Raises
    ------
    DataError
        If a probability is outside [0, 1] or the arrays differ in shape.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    hit = np.asarray(outcomes, dtype=np.float64)
    if p.shape != hit.shape or (p.size and not (p.min() >= 0.0 and p.max() <= 1.0 + 1e-5)):
        raise DataError(
            f"Calibration needs one outcome per probability within [0, 1]; got shapes {p.shape}, {hit.shape}."
        )
    bounds = DEFAULT_EDGES if edges is None else edges
    n_bins = len(bounds) - 1
    where: NDArray[np.intp] = np.clip(np.searchsorted(bounds, p, side="right") - 1, 0, n_bins - 1)
    return CalibrationBins(
        np.bincount(where, minlength=n_bins).astype(np.float64),
        np.bincount(where, weights=p, minlength=n_bins).astype(np.float64),
        np.bincount(where, weights=hit, minlength=n_bins).astype(np.float64),
    )


def calibration_error(probabilities: ArrayLike, outcomes: ArrayLike, edges: Scores | None = None) -> float:
    """Return the expected calibration error.

    Examples
    --------
    >>> calibration_error([0.5, 0.5, 0.9], [1, 0, 0]).__round__(3)
    0.3
    """
    return calibration_bins(probabilities, outcomes, edges).error
