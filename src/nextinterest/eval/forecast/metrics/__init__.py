"""Metrics of interest forecasts, one small file each: shares in, one number per case out."""

from nextinterest.eval.forecast.metrics.change import change_error, direction_accuracy
from nextinterest.eval.forecast.metrics.interest_ndcg import interest_ndcg
from nextinterest.eval.forecast.metrics.interval import interval_coverage, interval_score, interval_width
from nextinterest.eval.forecast.metrics.reliability import Reliability, share_reliability
from nextinterest.eval.forecast.metrics.share_brier import share_brier
from nextinterest.eval.forecast.metrics.share_log_loss import share_log_loss

__all__ = [
    "Reliability",
    "change_error",
    "direction_accuracy",
    "interest_ndcg",
    "interval_coverage",
    "interval_score",
    "interval_width",
    "share_brier",
    "share_log_loss",
    "share_reliability",
]
