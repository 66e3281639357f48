"""Whether a difference is more than chance: intervals, tests, corrections, effects, detectable differences.

The unit is the user: several cases of one user are averaged first, because they are not independent.
"""

from nextinterest.eval.significance.bootstrap import bootstrap_means, percentile_interval
from nextinterest.eval.significance.effect import cohen_dz, minimal_detectable_difference
from nextinterest.eval.significance.holm import holm
from nextinterest.eval.significance.jackknife import jackknife_interval
from nextinterest.eval.significance.randomisation import SignFlipResult, sign_flip_test

__all__ = [
    "SignFlipResult",
    "bootstrap_means",
    "cohen_dz",
    "holm",
    "jackknife_interval",
    "minimal_detectable_difference",
    "percentile_interval",
    "sign_flip_test",
]
