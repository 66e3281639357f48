"""Comparisons of methods on the same users, and of two runs on the cases they share.

Every difference comes with a paired interval, a randomisation test, Holm's correction over all pairs of a
measure, an effect size, the number of users, and the smallest difference those users could have shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.errors import DataError
from nextinterest.eval.numbers import FEWEST_USERS
from nextinterest.eval.runs import Run
from nextinterest.eval.scores import ScoreTable, score
from nextinterest.eval.significance import (
    cohen_dz,
    holm,
    minimal_detectable_difference,
    percentile_interval,
    sign_flip_test,
)

__all__ = ["Comparison", "compare_methods", "compare_runs", "shared_cases"]

_MOST_LEVELS = 2_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """One method against another on one measure.

    Attributes
    ----------
    first, second
        Names.
    measure
        Name of the measure.
    difference
        Mean over users of first minus second, with the interval `low` to `high`.
    p_value, p_holm
        Of the randomisation test, two-sided; corrected for all pairs compared on this measure.
    n_permutations
        Sign flips drawn; 0 where the normal limit was used.
    effect
        Cohen's d_z.
    n_users
        Users with a value of both.
    detectable
        Smallest true difference found with chance 0.8 at 5 %, before correction.
    """

    first: str
    second: str
    measure: str
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    n_permutations: int
    effect: float
    n_users: int
    detectable: float


def compare_methods(
    table: ScoreTable,
    measure: str = "ndcg@10",
    pairs: list[tuple[str, str]] | None = None,
    n_permutations: int = 10_000,
) -> list[Comparison]:
    """Compare methods pairwise on one measure.

    Parameters
    ----------
    table
        Scores.
    measure
        A measure of the table that is a mean over users.
    pairs
        Pairs of names; every pair, the better first, where None.
    n_permutations
        Sign flips of each test.

    Returns
    -------
    list of Comparison
        One per pair; none for pairs of which fewer than `FEWEST_USERS` users have both values.
    """
    if pairs is None:
        pairs = list(combinations(table.ranking(measure), 2))
    j = table.measure_index(measure)
    columns = {name: _Column(table.column(name, measure)) for pair in pairs for name in pair}
    found: list[Comparison] = []
    for first, second in pairs:
        a, b = table.methods.index(first), table.methods.index(second)
        differences, counts = columns[first].minus(columns[second])
        n = int(counts.sum())
        if n < FEWEST_USERS:
            continue
        mean = float(differences @ counts / n)
        variance = float(((differences - mean) ** 2) @ counts / max(n - 1, 1))
        low, high = percentile_interval(
            (table.resampled[:, a, j] - table.resampled[:, b, j])[:, None], table.level
        )[:, 0]
        test = sign_flip_test(differences, n_permutations, table.seed, counts)
        deviation = float(np.sqrt(variance))
        found.append(
            Comparison(
                first,
                second,
                measure,
                mean,
                float(low),
                float(high),
                test.p_value,
                test.p_value,
                test.n_permutations,
                cohen_dz(mean, deviation),
                n,
                minimal_detectable_difference(deviation, n),
            )
        )
    adjusted = holm([one.p_value for one in found])
    return [replace(one, p_holm=float(p)) for one, p in zip(found, adjusted, strict=True)]


class _Column:
    """Values of one method per user; as codes into their few distinct levels where they are few."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        self.values = values
        levels = np.unique(values[~np.isnan(values)])
        self.levels = levels.astype(np.float64) if len(levels) <= _MOST_LEVELS else None
        self.codes = None
        if self.levels is not None and not np.isnan(values).any():
            self.codes = np.searchsorted(levels, values).astype(np.int64)

    def minus(self, other: _Column) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return distinct differences and the users that have each."""
        if self.codes is None or other.codes is None or self.levels is None or other.levels is None:
            d = self.values.astype(np.float64) - other.values
            d = d[~np.isnan(d)]
            return d, np.ones(len(d), dtype=np.int64)
        width = len(other.levels)
        joint = np.bincount(self.codes * width + other.codes, minlength=len(self.levels) * width)
        d = (self.levels[:, None] - other.levels[None, :]).ravel()
        return d[joint > 0], joint[joint > 0]


def shared_cases(first: Run, second: Run) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the cases two runs share and their users.

    A case is shared where user and target are the same (and, where one user meets one target repeatedly,
    its turn).

    Returns
    -------
    tuple
        Positions in the first run, positions in the second, and users as numbers from 0, each shape (n,).

    Raises
    ------
    DataError
        If no case is shared, or the runs predict different parts.
    """
    a, b = first.manifest.protocol, second.manifest.protocol
    if a.part != b.part or a.exclude_seen != b.exclude_seen:
        raise DataError(
            f"{first.name} predicts {a.part} events and {second.name} {b.part} events, or only one of them "
            "masks seen items.",
            remedy="Compare runs of one protocol.",
        )
    turn = pl.int_range(pl.len()).over("user_id", "target_id").alias("turn")
    left, right = (
        run.cases.select("user_id", "target_id", pl.col("case").alias(name)).with_columns(turn)
        for run, name in ((first, "first"), (second, "second"))
    )
    joined = left.join(right, on=["user_id", "target_id", "turn"], how="inner", maintain_order="left")
    if not len(joined):
        raise DataError(
            f"{first.name} and {second.name} share no case.", remedy="Compare runs on one data set."
        )
    groups = joined["user_id"].rank("dense").to_numpy().astype(np.int64) - 1
    order = np.argsort(groups, kind="stable")
    return (
        joined["first"].to_numpy().astype(np.int64)[order],
        joined["second"].to_numpy().astype(np.int64)[order],
        groups[order],
    )


def compare_runs(
    first: Run, second: Run, measures: tuple[str, ...] = ("ndcg@10", "hr@10"), n_resamples: int = 1000
) -> ScoreTable:
    """Return the scores of both runs' methods on the cases they share, under ``run/method`` names.

    Raises
    ------
    DataError
        If they share no case.
    """
    where_first, where_second, groups = shared_cases(first, second)
    tables = [
        score(run, measures, where=where, user_groups=groups, n_resamples=n_resamples)
        for run, where in ((first, where_first), (second, where_second))
    ]
    labels = (first.name, second.name) if first.name != second.name else (str(first.path), str(second.path))
    methods = tuple(
        f"{label}/{method}" for label, table in zip(labels, tables, strict=True) for method in table.methods
    )
    values = np.concatenate([table.values for table in tables], axis=1)
    return ScoreTable(methods, tables[0].measures, values, n_resamples=n_resamples)
