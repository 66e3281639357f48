"""A measure by group of cases: history length, popularity of the target, activity, cold or not, user columns.

Groups are read from the run's cases table, so any column of the users table becomes one. Within a group the
unit is again the user, with bootstrap intervals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.domain import FloatArray
from nextinterest.eval.frames import USER_PREFIX
from nextinterest.eval.measures import measure as named_measure
from nextinterest.eval.numbers import Number
from nextinterest.eval.runs import Run
from nextinterest.eval.scores import ScoreTable, average_by_user, values_per_case

__all__ = ["GroupNumber", "Grouping", "breakdown", "groupings"]

_LENGTH_EDGES = (1, 6, 11, 21, 51, 101, 201)
_COUNT_EDGES = (1, 6, 21, 51, 101, 201, 501, 1001, 10_001)
_AGE_EDGES = (18, 25, 35, 45, 50, 56)  # MovieLens's own bands
_MOST_VALUES = 25  # of a user column, beyond which its values are no groups
_DRAWS = 200_000_000  # users times resamples, per group


@dataclass(frozen=True, eq=False)
class Grouping:
    """A way to group cases.

    Attributes
    ----------
    name
        Name, such as ``history_length`` or ``user.gender``.
    title
        As printed.
    labels
        Names of the groups, in order.
    codes
        Group of each case, shape (n_cases,); -1 for none.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    codes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GroupNumber:
    """A method's number in a group."""

    group: str
    method: str
    number: Number
    n_users: int
    n_cases: int


def groupings(run: Run) -> list[Grouping]:
    """Return every way a run's cases can be grouped; ways with a single group are left out."""
    cases = run.cases
    found = [
        _banded("history_length", "history length", cases["history_length"], _LENGTH_EDGES),
        _banded("target_popularity", "training events of the target", cases["target_count"], _COUNT_EDGES),
        _quartiles("activity", "activity of the user (training events)", cases["user_events"]),
        _flag("cold_item", "cold item", cases["target_cold"], ("warm item", "cold item")),
        _flag("cold_user", "cold user", cases["user_cold"], ("warm user", "cold user")),
        _flag("repeat", "target already in the history", cases["target_seen"], ("new", "seen before")),
    ]
    for column in cases.columns:
        if column.startswith(USER_PREFIX):
            one = _user_column(column, cases[column])
            if one is not None:
                found.append(one)
    return [one for one in found if len(one.labels) > 1]


def breakdown(
    run: Run,
    grouping: Grouping,
    measure: str = "ndcg@10",
    methods: Sequence[str] | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    values: FloatArray | None = None,
) -> list[GroupNumber]:
    """Return the measure of each method in each group, groups in order.

    Parameters
    ----------
    run
        The run.
    grouping
        One of `groupings`.
    measure
        A measure that is a mean over users.
    methods
        Method names; all where None.
    n_resamples, seed
        Of the bootstrap; large groups get fewer resamples, 200 at least.
    values
        `scores.values_per_case` of these methods, where several breakdowns share them.

    Raises
    ------
    DataError
        If the measure belongs to all lists together.
    """
    chosen = tuple(run.families() if methods is None else methods)
    if values is None:
        values = values_per_case(run, measure, chosen)
    users = run.cases["user"].to_numpy()
    found: list[GroupNumber] = []
    for code, label in enumerate(grouping.labels):
        where = np.flatnonzero(grouping.codes == code)
        per_user = average_by_user(values[where], np.unique(users[where], return_inverse=True)[1])
        resamples = int(np.clip(_DRAWS // max(len(where), 1), 200, n_resamples))
        table = ScoreTable(
            chosen, (named_measure(measure),), per_user[:, :, None], n_resamples=resamples, seed=seed
        )
        found += [
            GroupNumber(label, method, table.number(method, measure), table.n_users, len(where))
            for method in chosen
        ]
    return found


def _coded(name: str, title: str, labels: Sequence[str], codes: NDArray[np.integer]) -> Grouping:
    """Leave out labels no case has."""
    used = [code for code in range(len(labels)) if (codes == code).any()]
    renumbered = np.full(len(labels) + 1, -1, dtype=np.int64)
    renumbered[used] = np.arange(len(used))
    return Grouping(name, title, tuple(labels[code] for code in used), renumbered[codes])


def _banded(name: str, title: str, values: pl.Series, edges: Sequence[int]) -> Grouping:
    labels = ["0" if edges[0] == 1 else f"under {edges[0]}"]
    for low, high in pairwise(edges):
        labels.append(str(low) if high == low + 1 else f"{low}-{high - 1}")
    labels.append(f"{edges[-1]}+")
    return _coded(name, title, labels, np.searchsorted(edges, values.to_numpy(), side="right"))


def _quartiles(name: str, title: str, values: pl.Series) -> Grouping:
    numbers = values.to_numpy().astype(np.float64)
    known = ~np.isnan(numbers)
    if not known.any():
        return Grouping(name, title, (), np.full(len(numbers), -1))
    cuts = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75]))
    codes = np.where(known, np.searchsorted(cuts, numbers, side="left"), -1)
    labels = []
    for code in range(len(cuts) + 1):
        inside = numbers[codes == code]
        labels.append(f"{inside.min():g}-{inside.max():g}" if len(inside) else "")
    return _coded(name, title, labels, codes)


def _flag(name: str, title: str, values: pl.Series, labels: tuple[str, str]) -> Grouping:
    return _coded(name, title, labels, values.to_numpy().astype(np.int64))


def _user_column(column: str, values: pl.Series) -> Grouping | None:
    title = column.removeprefix(USER_PREFIX).replace("_", " ")
    numbers = values.cast(pl.Float64, strict=False)
    numeric = numbers.null_count() == values.null_count() and numbers.count() > 0
    if numeric and re.search(r"\bage\b", title):
        banded = _banded(column, title, numbers.fill_null(-1), _AGE_EDGES)
        return Grouping(column, title, banded.labels, np.where(numbers.is_null(), -1, banded.codes))
    distinct = values.drop_nulls().unique().sort()
    if len(distinct) <= _MOST_VALUES:
        position = {value: code for code, value in enumerate(distinct.to_list())}
        codes = np.array([position.get(value, -1) for value in values.to_list()], dtype=np.int64)
        return Grouping(column, title, tuple(str(value) for value in distinct), codes)
    # Many numbers are a scale and fall into quartiles; many words, such as postal codes, are no groups.
    return _quartiles(column, title, numbers.fill_null(float("nan"))) if numeric else None
