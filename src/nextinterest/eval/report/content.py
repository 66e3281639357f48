"""What a report says, gathered from a run: numbers only, no layout.

Everything here is computed from the run's saved answers; no model is loaded and no data set read.
"""

from __future__ import annotations

from dataclasses import dataclass

from nextinterest.counting import counted
from nextinterest.eval.breakdowns import Grouping, GroupNumber, breakdown, groupings
from nextinterest.eval.comparisons import Comparison, compare_methods
from nextinterest.eval.metrics import CalibrationBins
from nextinterest.eval.numbers import FEWEST_USERS
from nextinterest.eval.run_manifests import MethodRecord
from nextinterest.eval.runs import Run
from nextinterest.eval.scores import ScoreTable, score, values_per_case
from nextinterest.eval.set_numbers import calibration_curve

__all__ = ["ALPHA", "Content", "gather", "too_few"]

ALPHA = 0.05
"""Level at which a difference is called significant, after Holm's correction."""


@dataclass(frozen=True, eq=False)
class Content:
    """Everything a report shows.

    Attributes
    ----------
    run
        The run.
    table
        Scores with intervals.
    primary
        Name of the measure methods are ordered by.
    order
        Methods, best first by the primary measure.
    tests
        Comparisons of every pair, by measure name.
    breakdowns
        The primary measure by group.
    curves
        Calibration bins by method; the first seed's.
    records
        Records by method; the first seed's.
    seeds
        Number of seeds by method.
    """

    run: Run
    table: ScoreTable
    primary: str
    order: tuple[str, ...]
    tests: dict[str, list[Comparison]]
    breakdowns: list[tuple[Grouping, list[GroupNumber]]]
    curves: dict[str, CalibrationBins]
    records: dict[str, MethodRecord]
    seeds: dict[str, int]

    @property
    def caution(self) -> str:
        """What is to be said where users are too few for intervals and tests; else nothing."""
        return too_few(self.table.n_users)

    def mark(self, method: str, measure: str) -> str:
        """Return how a method stands to the best by a tested measure.

        ``best``; ``worse``, significantly; ``even``, not distinguishable from it; or nothing where untested.
        """
        if measure not in self.tests:
            return ""
        best = self.table.ranking(measure)[0]
        if method == best:
            return "best"
        for one in self.tests[measure]:
            if {one.first, one.second} == {method, best}:
                return "worse" if one.p_holm < ALPHA else "even"
        return ""


def too_few(n_users: int) -> str:
    """Return a sentence where users are too few for intervals and tests, else nothing.

    Examples
    --------
    >>> too_few(1)
    '1 user is too few for intervals and tests, which need 10: these numbers tell no method from another.'
    >>> too_few(10)
    ''
    """
    if n_users >= FEWEST_USERS:
        return ""
    users = counted(n_users, "user is", "users are")
    return (
        f"{users} too few for intervals and tests, which need {FEWEST_USERS}: these numbers tell no method "
        "from another."
    )


def gather(
    run: Run,
    *,
    primary: str = "ndcg@10",
    tested: tuple[str, ...] = ("ndcg@10", "hr@10"),
    measures: tuple[str, ...] | None = None,
    n_resamples: int = 1000,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Content:
    """Compute everything a report shows.

    Parameters
    ----------
    run
        A run with at least one finished method.
    primary
        Measure that orders the methods and is broken down by group.
    tested
        Measures on which every pair of methods is tested.
    measures
        Measures of the leaderboard; all the run has the facts for where None.
    n_resamples, n_permutations, seed
        Of intervals and tests.
    """
    table = score(run, measures, n_resamples=n_resamples, seed=seed)
    names = {one.name for one in table.measures}
    tests = {
        name: compare_methods(table, name, n_permutations=n_permutations)
        for name in dict.fromkeys((primary, *tested))
        if name in names and len(table.methods) > 1 and table.n_users >= FEWEST_USERS
    }
    families, records = run.families(), run.records()
    per_case = values_per_case(run, primary, table.methods)
    return Content(
        run,
        table,
        primary,
        tuple(table.ranking(primary)),
        tests,
        [
            (one, breakdown(run, one, primary, table.methods, n_resamples, seed, per_case))
            for one in groupings(run)
        ],
        {name: calibration_curve(run, families[name][0]) for name in table.methods},
        {name: records[families[name][0]] for name in table.methods},
        {name: len(families[name]) for name in table.methods},
    )
