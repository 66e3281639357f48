"""The metrics of a run by name: from saved answers to one value per case, or per set of lists.

A new metric is a function in `nextinterest.eval.metrics` and one line in `RANK_METRICS`, `LIST_METRICS` or
`SET_METRICS`.

``ndcg@10`` and its like are read from ranks, list metrics from the saved lists, coverage and its like from
all lists together. Computes nothing else; averaging and intervals are `scores`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nextinterest.counting import counted
from nextinterest.domain import FloatArray, IntArray
from nextinterest.errors import DataError
from nextinterest.eval import metrics
from nextinterest.eval.metrics.ranks import Scores
from nextinterest.eval.runs import Run

__all__ = [
    "DEFAULT_MEASURES",
    "LIST_METRICS",
    "RANK_METRICS",
    "SET_METRICS",
    "Measure",
    "RunFacts",
    "available_measures",
    "case_values",
    "measure",
]

DEFAULT_MEASURES: Final = (
    "ndcg@10",
    "hr@10",
    "ndcg@5",
    "hr@5",
    "ndcg@20",
    "hr@20",
    "mrr@20",
    "logloss",
    "ece@10",
    "coverage@10",
    "gini@10",
    "popularity@10",
    "tail@10",
    "novelty@10",
    "diversity@10",
    "embedding_diversity@10",
    "genre_kl@10",
)


@dataclass(frozen=True)
class Measure:
    """A metric at a cut-off.

    Attributes
    ----------
    name
        As it is asked for, such as ``ndcg@10``.
    title
        As it is printed.
    kind
        What it is computed from.
    k
        Cut-off, or None.
    higher_is_better
        None where neither direction is better in itself.
    """

    name: str
    title: str
    kind: Literal["ranks", "log_prob", "lists", "set"]
    k: int | None
    higher_is_better: bool | None

    @property
    def base(self) -> str:
        """The name without the cut-off."""
        return self.name.partition("@")[0]


def measure(name: str) -> Measure:
    """Return the measure of a name: a metric, and ``@k`` for its cut-off.

    Raises
    ------
    DataError
        If there is no such metric or the cut-off is not a number of at least one.

    Examples
    --------
    >>> measure("hr@5").title, measure("mrr").k
    ('HR@5', None)
    """
    base, at, cut = name.partition("@")
    if at and (not cut.isdigit() or int(cut) < 1):
        raise DataError(f"The cut-off of {name!r} is not a number of at least 1.", remedy="Write ndcg@10.")
    k = int(cut) if cut else None
    if base in RANK_METRICS:
        return Measure(name, RANK_METRICS[base][1] + (f"@{k}" if k else ""), "ranks", k, True)
    if base == "logloss":
        return Measure(name, "log-loss", "log_prob", None, False)
    if base in LIST_METRICS:
        return Measure(name, LIST_METRICS[base][1], "lists", k or 10, LIST_METRICS[base][2])
    if base in SET_METRICS:
        return Measure(name, SET_METRICS[base][1], "set", k or 10, SET_METRICS[base][2])
    known = ", ".join(
        [*(f"{n}@k" for n in RANK_METRICS), "logloss", *(f"{n}@k" for n in (*LIST_METRICS, *SET_METRICS))]
    )
    raise DataError(f"There is no metric {name!r}.", remedy=f"Choose from: {known}.")


class RunFacts:
    """What the list metrics need to know of a run's items and histories, each read once."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Training events per item, shape (n_items,)."""
        return self.run.items["count"].to_numpy().astype(np.int64)

    @cached_property
    def tail(self) -> NDArray[np.bool_]:
        """Items of the long tail, shape (n_items,)."""
        return metrics.tail_items(self.counts)

    @cached_property
    def categories(self) -> FloatArray:
        """Membership of items in categories, rows summing to one, shape (n_items, n_categories)."""
        names = self.run.items["categories"]
        lengths = names.list.len().to_numpy().astype(np.int64)
        flat = names.explode(empty_as_null=False) if lengths.any() else pl.Series([], dtype=pl.String)
        labels = sorted(flat.unique().drop_nulls().to_list())
        columns = flat.replace_strict(labels, list(range(len(labels))), return_dtype=pl.Int64).to_numpy()
        matrix = np.zeros((len(names), len(labels)), dtype=np.float32)
        rows = np.repeat(np.arange(len(names)), lengths)
        np.add.at(matrix, (rows, columns), 1.0 / np.maximum(lengths[rows], 1))
        return matrix

    @property
    def vectors(self) -> FloatArray:
        """Item embeddings, shape (n_items, dimension).

        Raises
        ------
        DataError
            If the run has none.
        """
        if self.run.vectors is None:
            raise DataError(f"The run {self.run.path} has no item embeddings.")
        return self.run.vectors

    @cached_property
    def profiles(self) -> csr_array:
        """Category shares of each history, shape (n_cases, n_categories)."""
        index, weight = self.run.cases["profile_index"], self.run.cases["profile_weight"]
        lengths = index.list.len().to_numpy().astype(np.int64)
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        some = bool(lengths.any())
        indices = index.explode(empty_as_null=False).to_numpy() if some else np.zeros(0, np.int32)
        data = weight.explode(empty_as_null=False).to_numpy() if some else np.zeros(0, np.float32)
        return csr_array((data, indices, indptr), shape=(len(index), self.categories.shape[1]))


RankMetric = Callable[[NDArray[np.integer], int | None], Scores]
"""From ranks, shape (n_cases,), and a cut-off to the value of each case."""
ListMetric = Callable[[IntArray, RunFacts], Scores]
"""From lists, shape (n_cases, k), -1 where a position is empty, to the value of each case."""
ExposureMetric = Callable[[Scores], float]
"""From how often each item was listed, shape (n_items,), to one number."""

RANK_METRICS: Final[dict[str, tuple[RankMetric, str]]] = {
    "ndcg": (metrics.ndcg, "NDCG"),
    "hr": (metrics.hit_rate, "HR"),
    "recall": (metrics.recall, "Recall"),
    "mrr": (metrics.mrr, "MRR"),
    "map": (metrics.average_precision, "MAP"),
}
"""Metrics of ranks by name, with their titles; the higher the better."""

LIST_METRICS: Final[dict[str, tuple[ListMetric, str, bool | None]]] = {
    "popularity": (lambda lists, facts: metrics.average_popularity(lists, facts.counts), "popularity", None),
    "tail": (lambda lists, facts: metrics.tail_share(lists, facts.tail), "tail share", None),
    "novelty": (lambda lists, facts: metrics.novelty(lists, facts.counts), "novelty (bits)", None),
    "diversity": (
        lambda lists, facts: metrics.intra_list_diversity(lists, facts.categories),
        "diversity (categories)",
        None,
    ),
    "embedding_diversity": (
        lambda lists, facts: metrics.intra_list_diversity(lists, facts.vectors),
        "diversity (embeddings)",
        None,
    ),
    "genre_kl": (
        lambda lists, facts: metrics.genre_calibration(lists, facts.profiles, facts.categories),
        "genre miscalibration",
        False,
    ),
}
"""Metrics of lists by name, with their titles and whether the higher is the better."""

SET_METRICS: Final[dict[str, tuple[ExposureMetric | None, str, bool | None]]] = {
    "coverage": (metrics.coverage, "coverage", None),
    "gini": (metrics.gini, "Gini", None),
    "ece": (None, "calibration error", False),
}
"""Metrics of all lists together by name, likewise. They read how often each item was listed; the calibration
error, which reads probabilities, is computed in `nextinterest.eval.set_numbers`."""


def available_measures(run: Run, names: tuple[str, ...] = DEFAULT_MEASURES) -> list[Measure]:
    """Return the measures of these names that the run has the facts for, in order.

    Raises
    ------
    DataError
        If a list metric is cut deeper than the saved lists.
    """
    has_categories = bool((run.items["categories"].list.len() > 0).any())
    found = []
    for one in map(measure, names):
        if one.kind in ("lists", "set") and (one.k or 0) > run.manifest.protocol.list_length:
            if names is DEFAULT_MEASURES:
                continue
            raise DataError(
                f"{one.name} looks at {counted(one.k or 0, 'position')} "
                f"and the run kept {run.manifest.protocol.list_length}.",
                remedy="Evaluate with a longer --list-length.",
            )
        if one.base in ("diversity", "genre_kl") and not has_categories:
            continue
        if one.base == "embedding_diversity" and run.vectors is None:
            continue
        found.append(one)
    return found


def case_values(one: Measure, answers: pl.DataFrame, facts: RunFacts) -> Scores:
    """Return the value of each case, shape (n_cases,); NaN where a case has none.

    Parameters
    ----------
    one
        A measure that is not of kind ``set``.
    answers
        `Run.answers`, with the columns the measure needs.
    facts
        Of the same run.
    """
    if one.kind == "ranks":
        return RANK_METRICS[one.base][0](answers["rank"].to_numpy(), one.k)
    if one.kind == "log_prob":
        return metrics.log_loss(answers["log_prob"].to_numpy())
    return LIST_METRICS[one.base][0](lists_of(answers)[:, : one.k], facts)


def lists_of(answers: pl.DataFrame) -> IntArray:
    """Return the saved lists, int32, shape (n_cases, list_length), -1 where a position is empty."""
    return answers["items"].to_numpy()
