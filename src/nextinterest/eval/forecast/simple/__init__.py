"""Simple forecasts of interests, each fitted on validation cases: what a better one has to beat."""

from nextinterest.eval.forecast.simple.base import Fitted, SimpleForecaster
from nextinterest.eval.forecast.simple.dirichlet import DirichletShrinkage
from nextinterest.eval.forecast.simple.drift import GlobalDrift
from nextinterest.eval.forecast.simple.last_window import LastWindow
from nextinterest.eval.forecast.simple.long_run import LongRunMix
from nextinterest.eval.forecast.simple.marginal import MarginalForecaster
from nextinterest.eval.forecast.simple.smoothing import ExponentialSmoothing

__all__ = [
    "DirichletShrinkage",
    "ExponentialSmoothing",
    "Fitted",
    "GlobalDrift",
    "LastWindow",
    "LongRunMix",
    "MarginalForecaster",
    "SimpleForecaster",
]
