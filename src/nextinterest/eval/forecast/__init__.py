"""Forecasts of interests, judged like forecasts: cases, metrics, simple forecasters to beat, comparisons.

Imports neither torch nor the agent: whatever satisfies `nextinterest.domain.InterestForecaster` is scored
alike.
"""

from nextinterest.eval.forecast.cases import ForecastBlock, ForecastCases, ForecastSplit, hold_out_future
from nextinterest.eval.forecast.evaluation import (
    Comparison,
    ForecastScores,
    best_of,
    compare,
    score_forecaster,
)
from nextinterest.eval.forecast.report import HorizonResults, Picture, write_forecast_report
from nextinterest.eval.forecast.simple import (
    DirichletShrinkage,
    ExponentialSmoothing,
    GlobalDrift,
    LastWindow,
    LongRunMix,
    MarginalForecaster,
)

__all__ = [
    "Comparison",
    "DirichletShrinkage",
    "ExponentialSmoothing",
    "ForecastBlock",
    "ForecastCases",
    "ForecastScores",
    "ForecastSplit",
    "GlobalDrift",
    "HorizonResults",
    "LastWindow",
    "LongRunMix",
    "MarginalForecaster",
    "Picture",
    "best_of",
    "compare",
    "hold_out_future",
    "score_forecaster",
    "write_forecast_report",
]
