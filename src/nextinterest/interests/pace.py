"""Pace: sessions, how often they come, and how many events the next days will bring.

Sessions are taken as a Poisson process whose rate has a gamma prior, and the size of a session as geometric
around the user's mean; together they give a distribution of the number of events in any span of days,
wide where little is known. A user seen once has the prior's rate, and the interval says so. Source: Gelman
et al., Bayesian Data Analysis, 3rd ed., section 2.6 (gamma-Poisson).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextinterest.data.features import SESSION_GAP
from nextinterest.domain import History
from nextinterest.domain.portraits import Pace
from nextinterest.errors import DataError
from nextinterest.interests.windows import session_starts

__all__ = ["EventCount", "events_in_days", "measure_pace"]

DAY = 86_400.0
PRIOR_SESSIONS = 0.5
PRIOR_DAYS = 7.0
"""The prior's weight: half a session in a week."""


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events to expect: the mean, and the ends of an interval."""

    mean: float
    lower: float
    upper: float


def measure_pace(history: History, gap_seconds: int = SESSION_GAP) -> Pace | None:
    """Describe how often the user acts; None where times are unknown or there are no events."""
    if history.times is None or len(history) == 0:
        return None
    starts = session_starts(history, gap_seconds)
    days = float(history.times[-1] - history.times[0]) / DAY
    between = np.diff(history.times[starts]) / DAY
    return Pace(
        sessions=len(starts),
        session_gap_minutes=gap_seconds / 60.0,
        events_per_session=len(history) / len(starts),
        days_between_sessions=float(np.median(between)) if len(between) else None,
        days=days,
        events_per_day=len(history) / days if days >= 1.0 else None,
    )


def events_in_days(
    history: History,
    days: float,
    generator: np.random.Generator,
    *,
    level: float = 0.8,
    draws: int = 2000,
    gap_seconds: int = SESSION_GAP,
) -> EventCount:
    """Estimate how many events the `days` after the newest one will bring, by simulation.

    Raises
    ------
    DataError
        If the history has no times, or `days` is not positive.
    """
    if history.times is None or len(history) == 0:
        raise DataError(
            "A forecast in days needs the times of past events, and this history has none.",
            remedy="Give a horizon in events, or events with times.",
        )
    if not days > 0:
        raise DataError(f"A horizon must be positive, not {days:g}.", remedy="Give one of at least an hour.")
    starts = session_starts(history, gap_seconds)
    span = float(history.times[-1] - history.times[0]) / DAY
    # The first session starts the clock, so it tells nothing of the rate.
    rate = generator.gamma(len(starts) - 1 + PRIOR_SESSIONS, 1.0 / (span + PRIOR_DAYS), size=draws)
    sessions = generator.poisson(rate * days)
    size = max(len(history) / len(starts), 1.0)
    extra = np.zeros(draws)
    active = sessions > 0
    if size > 1.0 and active.any():
        extra[active] = generator.negative_binomial(sessions[active], 1.0 / size)
    events = sessions + extra
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(events, [tail, 1.0 - tail])
    return EventCount(float(events.mean()), float(lower), float(upper))
