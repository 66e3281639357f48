"""Metrics, one file each with its formula and source. All are vectorised over cases.

Accuracy metrics take ranks (see `ranks`), list metrics take lists of catalogue positions, and metrics of
all lists together (coverage, Gini) take the exposure of every item. None knows of runs or methods.
"""

from nextinterest.eval.metrics.calibration_error import (
    DEFAULT_EDGES,
    CalibrationBins,
    calibration_bins,
    calibration_error,
)
from nextinterest.eval.metrics.coverage import coverage
from nextinterest.eval.metrics.diversity import intra_list_diversity
from nextinterest.eval.metrics.exposure import exposure
from nextinterest.eval.metrics.genre_calibration import genre_calibration
from nextinterest.eval.metrics.gini import gini
from nextinterest.eval.metrics.hit_rate import hit_rate
from nextinterest.eval.metrics.log_loss import FLOOR, log_loss
from nextinterest.eval.metrics.map import average_precision
from nextinterest.eval.metrics.mrr import mrr
from nextinterest.eval.metrics.ndcg import ndcg
from nextinterest.eval.metrics.novelty import novelty
from nextinterest.eval.metrics.popularity import average_popularity
from nextinterest.eval.metrics.ranks import ABSENT, MISS, rank_table
from nextinterest.eval.metrics.recall import recall
from nextinterest.eval.metrics.tail_share import tail_items, tail_share

__all__ = [
    "ABSENT",
    "DEFAULT_EDGES",
    "FLOOR",
    "MISS",
    "CalibrationBins",
    "average_popularity",
    "average_precision",
    "calibration_bins",
    "calibration_error",
    "coverage",
    "exposure",
    "genre_calibration",
    "gini",
    "hit_rate",
    "intra_list_diversity",
    "log_loss",
    "mrr",
    "ndcg",
    "novelty",
    "rank_table",
    "recall",
    "tail_items",
    "tail_share",
]
