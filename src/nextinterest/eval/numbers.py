"""A value with its interval, and a value over seeds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FEWEST_USERS", "Number", "Spread"]

FEWEST_USERS = 10
"""Users below which no interval is given and no difference tested: a bootstrap of one user has no width, and
the sign flips of fewer than six give no p-value below 0.05 whatever the data say."""


@dataclass(frozen=True, slots=True)
class Number:
    """A value with its interval; NaN ends where there is none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over the seeds of one method."""

    n: int
    mean: float
    deviation: float
    low: float
    high: float
