"""Numbers of all lists of a method together: coverage, Gini, calibration, with intervals by the jackknife.

They are no means over users, so users are dealt into groups, and each group is left out once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.domain import FloatArray, IntArray
from nextinterest.eval import metrics
from nextinterest.eval.measures import SET_METRICS, Measure, lists_of
from nextinterest.eval.metrics.ranks import Scores
from nextinterest.eval.numbers import FEWEST_USERS, Number
from nextinterest.eval.runs import Run
from nextinterest.eval.significance import jackknife_interval

__all__ = ["calibration_curve", "numbers_of_lists"]

_GROUPS = 100  # of users
_GROUP_CELLS = 20_000_000


def numbers_of_lists(
    measures: Sequence[Measure],
    answers: pl.DataFrame,
    run: Run,
    groups: NDArray[np.int64],
    where: NDArray[np.int64] | None,
    seed: int,
    level: float,
) -> list[Number]:
    """Return the numbers of a method's lists taken together, with jackknife intervals over groups of users.

    Parameters
    ----------
    measures
        Measures of kind ``set``.
    answers
        The method's answers, one row a case.
    run
        The run they belong to.
    groups
        User of each case, counted from 0, shape (n_cases,).
    where
        Cases that count; all where None.
    seed, level
        Of the deal of users into groups, and of the interval.
    """
    n_items, n_users = run.manifest.n_items, int(groups.max()) + 1 if len(groups) else 0
    n_groups = min(n_users, _GROUPS, max(10, _GROUP_CELLS // n_items))
    dealt = np.random.default_rng(seed).permutation(n_users) % n_groups
    group = dealt[groups]
    exposures: dict[int | None, Scores] = {}  # by cut-off: coverage and Gini read the same sums
    numbers = []
    for one in measures:
        lists = lists_of(answers)[:, : one.k]
        lists = lists if where is None else lists[where]
        statistic = SET_METRICS[one.base][0]
        if statistic is None:
            numbers.append(_calibration_number(answers, lists, run, where, group, n_groups, level))
            continue
        if one.k not in exposures:
            exposures[one.k] = _group_exposure(lists, group, n_groups, n_items)
        numbers.append(_jackknifed(exposures[one.k], statistic, level))
    return numbers


def _jackknifed(sums: Scores, statistic: Callable[[Scores], float], level: float) -> Number:
    """Return a share with its interval, kept within 0 and 1; no interval where users are too few."""
    if len(sums) < FEWEST_USERS:  # there are as many groups as users then
        return Number(statistic(sums.sum(axis=0)))
    value, low, high = jackknife_interval(sums, statistic, level)
    return Number(value, max(low, 0.0), min(high, 1.0))


def _group_exposure(
    lists: IntArray, group: NDArray[np.int64], n_groups: int, n_items: int
) -> NDArray[np.float64]:
    sums = np.zeros(n_groups * n_items)
    for position in range(lists.shape[1]):
        items = lists[:, position]
        filled = items >= 0
        sums += np.bincount(group[filled] * n_items + items[filled], minlength=n_groups * n_items)
    return sums.reshape(n_groups, n_items)


def _listed_outcomes(
    answers: pl.DataFrame, lists: IntArray, run: Run, where: NDArray[np.int64] | None
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return probability, outcome and whether filled of every position of the lists."""
    probabilities = answers["probabilities"].to_numpy()[:, : lists.shape[1]]
    targets = run.cases["target"].to_numpy()
    if where is not None:
        probabilities, targets = probabilities[where], targets[where]
    return probabilities, lists == targets[:, None], lists >= 0


def _calibration_number(
    answers: pl.DataFrame,
    lists: IntArray,
    run: Run,
    where: NDArray[np.int64] | None,
    group: NDArray[np.int64],
    n_groups: int,
    level: float,
) -> Number:
    p, hit, filled = _listed_outcomes(answers, lists, run, where)
    n_bins = len(metrics.DEFAULT_EDGES) - 1
    bins = np.clip(np.searchsorted(metrics.DEFAULT_EDGES, p, side="right") - 1, 0, n_bins - 1)
    cell = (group[:, None] * n_bins + bins)[filled]
    parts = [
        np.bincount(cell, weights=w, minlength=n_groups * n_bins).reshape(n_groups, n_bins)
        for w in (None, p[filled], hit[filled])
    ]
    sums = np.concatenate(parts, axis=1).astype(np.float64)

    def error(total: Scores) -> float:
        return metrics.CalibrationBins(*np.split(total, 3)).error

    return _jackknifed(sums, error, level)


def calibration_curve(run: Run, key: str, k: int = 10) -> metrics.CalibrationBins:
    """Return the calibration bins of a method's first k positions; `key` is one of `Run.records`."""
    answers = run.answers(key, ["items", "probabilities"])
    lists = lists_of(answers)[:, :k]
    p, hit, filled = _listed_outcomes(answers, lists, run, None)
    return metrics.calibration_bins(np.minimum(p[filled], 1.0), hit[filled])
