"""The numbers of a run: per user, per method, per measure; then means with intervals.

The unit is the user. Several cases of one user are averaged first and every user counts the same; seeds of
one method are averaged next, and their spread is kept. Reads saved answers one method at a time, so memory
grows with users and measures, not with the lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import FloatArray
from nextinterest.errors import DataError
from nextinterest.eval.measures import (
    DEFAULT_MEASURES,
    Measure,
    RunFacts,
    available_measures,
    case_values,
)
from nextinterest.eval.metrics.ranks import Scores
from nextinterest.eval.numbers import FEWEST_USERS, Number, Spread
from nextinterest.eval.runs import Run
from nextinterest.eval.set_numbers import numbers_of_lists
from nextinterest.eval.significance import bootstrap_means, percentile_interval

__all__ = [
    "ScoreTable",
    "average_by_user",
    "score",
    "values_per_case",
]


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of several methods on the same users.

    Attributes
    ----------
    methods
        Names, n_methods of them.
    measures
        Measures that are means over users, n_measures of them.
    values
        float32, shape (n_users, n_methods, n_measures); NaN where a user has no value.
    set_numbers
        Numbers of all lists together, by (method, measure name).
    set_measures
        Their measures.
    spreads
        Over seeds, by (method, measure name), for methods with more than one.
    n_resamples, seed, level
        Of the bootstrap behind every interval.
    """

    methods: tuple[str, ...]
    measures: tuple[Measure, ...]
    values: FloatArray
    set_measures: tuple[Measure, ...] = ()
    set_numbers: dict[tuple[str, str], Number] = field(default_factory=dict)
    spreads: dict[tuple[str, str], Spread] = field(default_factory=dict)
    n_resamples: int = 1000
    seed: int = 0
    level: float = 0.95

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.values)

    @cached_property
    def means(self) -> Scores:
        """Mean over users, shape (n_methods, n_measures); NaN where no user has a value."""
        known = ~np.isnan(self.values)
        count = known.sum(axis=0)
        total = np.where(known, self.values, 0.0).sum(axis=0, dtype=np.float64)
        means: Scores = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        return means

    @cached_property
    def resampled(self) -> Scores:
        """Means in each bootstrap resample of users, shape (n_resamples, n_methods, n_measures)."""
        flat = self.values.reshape(self.n_users, -1)
        means = bootstrap_means(flat, self.n_resamples, self.seed)
        return means.reshape(self.n_resamples, *self.values.shape[1:])

    @cached_property
    def _intervals(self) -> Scores:
        flat = self.resampled.reshape(self.n_resamples, -1)
        users = (~np.isnan(self.values)).sum(axis=0).ravel()
        known = ~np.isnan(flat).any(axis=0) & (users >= FEWEST_USERS)
        ends = np.full((2, flat.shape[1]), np.nan)
        ends[:, known] = percentile_interval(flat[:, known], self.level)
        return ends.reshape(2, *self.values.shape[1:])

    def measure_index(self, name: str) -> int:
        """Return the position of a measure in `measures`.

        Raises
        ------
        DataError
            If it is not there.
        """
        names = [one.name for one in self.measures]
        if name not in names:
            raise DataError(f"The scores have no {name!r}.", remedy=f"They have: {', '.join(names)}.")
        return names.index(name)

    def number(self, method: str, name: str) -> Number:
        """Return the number of a method with its interval; without one below `FEWEST_USERS` users."""
        if (method, name) in self.set_numbers:
            return self.set_numbers[method, name]
        i, j = self.methods.index(method), self.measure_index(name)
        low, high = self._intervals[:, i, j]
        return Number(float(self.means[i, j]), float(low), float(high))

    def column(self, method: str, name: str) -> NDArray[np.float32]:
        """Return the values of a method per user, shape (n_users,)."""
        return self.values[:, self.methods.index(method), self.measure_index(name)]

    def ranking(self, name: str) -> list[str]:
        """Return the methods, best first by a measure."""
        j = self.measure_index(name)
        sign = 1.0 if self.measures[j].higher_is_better is False else -1.0
        keyed = np.where(np.isnan(self.means[:, j]), np.inf, sign * self.means[:, j])
        return [self.methods[i] for i in np.argsort(keyed, kind="stable")]


def score(
    run: Run,
    measures: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    *,
    where: NDArray[np.int64] | None = None,
    user_groups: NDArray[np.integer] | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> ScoreTable:
    """Compute measures of a run's methods from its saved answers.

    Parameters
    ----------
    run
        The run.
    measures
        Names such as ``ndcg@10``; all the run has the facts for where None.
    methods
        Method names; all where None.
    where
        Cases to use, in this order; all where None.
    user_groups
        User of each of these cases, as numbers from 0 without gaps; the run's own users where None.
    n_resamples, seed, level
        Of the bootstrap.

    Raises
    ------
    DataError
        If the run has no finished method, or not these.
    """
    families = run.families()
    chosen = list(families) if methods is None else list(methods)
    unknown = [name for name in chosen if name not in families]
    if unknown or not chosen:
        raise DataError(
            f"The run {run.path} has no answers of {unknown[0]!r}."
            if unknown
            else f"The run {run.path} has no finished method.",
            remedy=f"It has: {', '.join(families) or 'none yet; evaluate first'}.",
        )
    asked = available_measures(run, DEFAULT_MEASURES if measures is None else tuple(measures))
    per_user = [one for one in asked if one.kind != "set"]
    of_sets = [one for one in asked if one.kind == "set"]
    facts = RunFacts(run)
    if user_groups is None:
        users = run.cases["user"].to_numpy()
        users = users if where is None else users[where]
        user_groups = np.unique(users, return_inverse=True)[1]
    averages = _UserAverages(user_groups)
    columns = _columns(asked)
    values = np.zeros((averages.n_users, len(chosen), len(per_user)), dtype=np.float32)
    set_numbers: dict[tuple[str, str], Number] = {}
    spreads: dict[tuple[str, str], Spread] = {}
    for i, name in enumerate(chosen):
        by_seed: list[list[float]] = []
        sets_by_seed: list[list[Number]] = []
        keys = families[name]
        for key in keys:
            answers = run.answers(key, columns)
            seed_values = []
            for j, one in enumerate(per_user):
                cases = case_values(one, answers, facts)
                column = averages.of(cases if where is None else cases[where])
                values[:, i, j] += column / len(keys)
                seed_values.append(_mean(column))
            by_seed.append(seed_values)
            sets_by_seed.append(numbers_of_lists(of_sets, answers, run, averages.groups, where, seed, level))
        for j, one in enumerate(of_sets):
            set_numbers[name, one.name] = _mean_number([row[j] for row in sets_by_seed])
        if len(keys) > 1:
            for j, one in enumerate(per_user):
                spreads[name, one.name] = _spread([row[j] for row in by_seed])
            for j, one in enumerate(of_sets):
                spreads[name, one.name] = _spread([row[j].value for row in sets_by_seed])
    return ScoreTable(
        tuple(chosen), tuple(per_user), values, tuple(of_sets), set_numbers, spreads, n_resamples, seed, level
    )


def values_per_case(run: Run, name: str, methods: Sequence[str]) -> FloatArray:
    """Return a measure of each case by each method, averaged over seeds, shape (n_cases, n_methods).

    Raises
    ------
    DataError
        If the measure belongs to all lists together, or the run lacks what it needs.
    """
    (one,) = available_measures(run, (name,)) or (None,)
    if one is None or one.kind == "set":
        raise DataError(f"{name} is no mean over users of this run.", remedy="Take one such as ndcg@10.")
    families, facts = run.families(), RunFacts(run)
    values = np.zeros((run.manifest.n_cases, len(methods)), dtype=np.float32)
    for i, method in enumerate(methods):
        for key in families[method]:
            values[:, i] += case_values(one, run.answers(key, _columns([one])), facts) / len(families[method])
    return values


def average_by_user(values: FloatArray, groups: NDArray[np.integer]) -> FloatArray:
    """Return the mean of each user's cases, shape (n_users, n_methods); `groups` counts users from 0."""
    averages = _UserAverages(groups)
    columns = [averages.of(column.astype(np.float64)) for column in values.T]
    return np.stack(columns, axis=1).astype(np.float32)


class _UserAverages:
    """Averages cases of one user."""

    def __init__(self, groups: NDArray[np.integer]) -> None:
        self.groups = groups.astype(np.int64)
        self.n_users = int(self.groups.max()) + 1 if len(groups) else 0
        # One case per user in order of users: nothing to average.
        self.single = len(groups) == self.n_users and bool((self.groups == np.arange(len(groups))).all())

    def of(self, values: Scores) -> Scores:
        """Return the mean of each user's values that are known, shape (n_users,)."""
        if self.single:
            return values
        known = ~np.isnan(values)
        total = np.bincount(self.groups[known], weights=values[known], minlength=self.n_users)
        count = np.bincount(self.groups[known], minlength=self.n_users)
        means: Scores = np.divide(total, count, out=np.full(self.n_users, np.nan), where=count > 0)
        return means


def _columns(measures: Sequence[Measure]) -> list[str]:
    needed = {"rank"}
    for one in measures:
        needed |= {"log_prob"} if one.kind == "log_prob" else set()
        needed |= {"items"} if one.kind in ("lists", "set") else set()
        needed |= {"probabilities"} if one.base == "ece" else set()
    return sorted(needed)


def _mean(values: Scores) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _spread(values: list[float]) -> Spread:
    column = np.array(values)
    return Spread(
        len(column), float(column.mean()), float(column.std(ddof=1)), float(column.min()), float(column.max())
    )


def _mean_number(numbers: list[Number]) -> Number:
    return Number(
        float(np.mean([n.value for n in numbers])),
        float(np.mean([n.low for n in numbers])),
        float(np.mean([n.high for n in numbers])),
    )
