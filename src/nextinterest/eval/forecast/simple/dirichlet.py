"""Dirichlet-multinomial shrinkage: the long-run mix drawn towards the population's by a fitted weight.

    p = (counts + a mix) / (n + a)

the posterior mean under a Dirichlet(a mix) prior; a is picked by log-loss on validation cases (empirical
Bayes). Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.4.
"""

from __future__ import annotations

from nextinterest.eval.forecast.simple.base import STRENGTHS
from nextinterest.eval.forecast.simple.long_run import LongRunMix

__all__ = ["DirichletShrinkage"]


class DirichletShrinkage(LongRunMix):
    """Forecasts the posterior mean of the user's long-run mix."""

    name = "Dirichlet shrinkage"
    strengths = STRENGTHS
