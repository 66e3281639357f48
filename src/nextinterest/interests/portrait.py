"""The portrait: what a user's interests are and were, which rise, which fade, and on what evidence.

A pure function of history and catalogue (and of a seed, for the permutations). It forecasts nothing; see
`nextinterest.interests.outlook`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import beta

from nextinterest.counting import counted
from nextinterest.data.features import SESSION_GAP
from nextinterest.data.interests import event_interests, smooth
from nextinterest.domain import Catalog, History
from nextinterest.domain.portraits import (
    Breadth,
    Direction,
    EventRef,
    InterestChange,
    InterestPortrait,
    InterestShare,
    InterestWindow,
    Novelty,
)
from nextinterest.interests.drift import LEAST_EVENTS, TEST_IN_WORDS, Drift, measure_drift
from nextinterest.interests.pace import measure_pace
from nextinterest.interests.signals import Shares
from nextinterest.interests.windows import own_pace_windows

__all__ = ["PortraitConfig", "portray"]


class PortraitConfig(BaseModel):
    """Settings of the portrait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: float = Field(default=2.0, gt=0.0)
    """Prior weight of the population's mix in every smoothed share, in events."""

    recent_share: float = Field(default=0.25, gt=0.0, lt=1.0)
    """Part of the history that counts as recent, within `min_recent` and `max_recent`."""

    min_recent: int = Field(default=10, ge=2)
    """Least number of recent events, where the history has as many."""

    max_recent: int = Field(default=60, ge=2)
    """Largest number of recent events."""

    block: int = Field(default=5, ge=1)
    """Consecutive events moved together by the permutation test."""

    draws: int = Field(default=1999, ge=99)
    """Permutations and bootstrap samples."""

    false_discovery_rate: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Expected part of false claims among the changes reported."""

    level: float = Field(default=0.8, gt=0.0, lt=1.0)
    """Level of the intervals."""

    n_evidence: int = Field(default=3, ge=0)
    """Events named for each claim."""

    target_events: int = Field(default=15, ge=2)
    """Events per window, about."""

    max_windows: int = Field(default=12, ge=1)
    """Largest number of windows."""

    session_gap_seconds: int = Field(default=SESSION_GAP, ge=1)
    """Pause that ends a session."""

    seed: int = 0
    """Seed of permutations and bootstrap."""

    def n_recent(self, n_events: int) -> int:
        """Return how many newest events count as recent."""
        wanted = int(np.clip(round(self.recent_share * n_events), self.min_recent, self.max_recent))
        return min(wanted, n_events)


def portray(
    history: History, catalog: Catalog, population: Shares | None = None, config: PortraitConfig | None = None
) -> InterestPortrait:
    """Describe a user's interests over time.

    Parameters
    ----------
    history
        The user's events; may be empty.
    catalog
        Gives the interests of items.
    population
        The mix that shares are smoothed towards, shape (n_interests,); the catalogue's own where None.
    config
        Settings.
    """
    config = config or PortraitConfig()
    matrix = catalog.interest_matrix
    if population is None:
        population = matrix.mean(axis=0, dtype=np.float64) if len(catalog) else np.zeros(0)
    interests = event_interests(history, catalog)
    n, n_recent = len(history), config.n_recent(len(history))
    # A generator of its own for every portrait: equal histories get equal portraits, in any order of calls.
    drift = measure_drift(
        interests,
        n_recent,
        np.random.default_rng(config.seed),
        block=config.block,
        draws=config.draws,
        level=config.level,
    )
    windows = [
        _window(history, interests, first, stop, catalog, population, config)
        for first, stop in own_pace_windows(history, config.target_events, config.max_windows)
    ]
    notes = []
    if n == 0:
        notes.append("The history is empty: all shares are the population's.")
    elif drift is None:
        notes.append(f"{counted(n, 'event is', 'events are')} too few to test for change.")
    overall = _shares(interests, catalog, population, config)
    return InterestPortrait(
        user=history.user,
        events=n,
        recent_events=n_recent,
        level=config.level,
        false_discovery_rate=config.false_discovery_rate,
        test=TEST_IN_WORDS.format(block=config.block, least=LEAST_EVENTS),
        interests=_largest_first(overall),
        current=_largest_first(_shares(interests[n - n_recent :], catalog, population, config)),
        long_standing=_long_standing(overall, windows),
        changes=() if drift is None else _changes(drift, history, interests, catalog, n_recent, config),
        windows=tuple(windows),
        breadth=_breadth(interests, n_recent, drift, config),
        novelty=_novelty(interests, n_recent, catalog, population, config),
        pace=measure_pace(history, config.session_gap_seconds),
        notes=tuple(notes),
    )


def _shares(
    interests: Shares, catalog: Catalog, population: Shares, config: PortraitConfig
) -> tuple[InterestShare, ...]:
    counts = interests.sum(axis=0)
    shares = smooth(counts, population, config.strength)
    weight = counts.sum() + config.strength
    tail = (1.0 - config.level) / 2.0
    a, b = np.maximum(weight * shares, 1e-9), np.maximum(weight * (1.0 - shares), 1e-9)
    lower, upper = beta.ppf(tail, a, b), beta.ppf(1.0 - tail, a, b)
    return tuple(
        InterestShare(
            interest=name,
            events=max(float(counts[j]), 0.0),
            share=float(np.clip(shares[j], 0.0, 1.0)),
            lower=float(np.clip(min(lower[j], shares[j]), 0.0, 1.0)),
            upper=float(np.clip(max(upper[j], shares[j]), 0.0, 1.0)),
        )
        for j, name in enumerate(catalog.interest_names)
    )


def _largest_first(shares: tuple[InterestShare, ...]) -> tuple[InterestShare, ...]:
    return tuple(sorted(shares, key=lambda share: (-share.share, share.interest)))


def _window(
    history: History,
    interests: Shares,
    first: int,
    stop: int,
    catalog: Catalog,
    population: Shares,
    config: PortraitConfig,
) -> InterestWindow:
    return InterestWindow(
        first=first,
        last=stop - 1,
        start=_time(history, first),
        end=_time(history, stop - 1),
        interests=_shares(interests[first:stop], catalog, population, config),
    )


def _time(history: History, index: int) -> datetime | None:
    return None if history.times is None else datetime.fromtimestamp(int(history.times[index]), UTC)


def _long_standing(overall: tuple[InterestShare, ...], windows: list[InterestWindow]) -> tuple[str, ...]:
    """Name interests with at least an event in three of four windows; none for a history of one window."""
    if len(windows) < 2:
        return ()
    present = {
        share.interest: sum(window.interests[j].events >= 1.0 for window in windows)
        for j, share in enumerate(windows[0].interests)
    }
    return tuple(
        share.interest for share in _largest_first(overall) if 4 * present[share.interest] >= 3 * len(windows)
    )


def _changes(
    drift: Drift,
    history: History,
    interests: Shares,
    catalog: Catalog,
    n_recent: int,
    config: PortraitConfig,
) -> tuple[InterestChange, ...]:
    changes = []
    n = len(history)
    for j, name in enumerate(catalog.interest_names):
        if np.isnan(drift.p_values[j]):
            continue
        change = float(drift.after[j] - drift.before[j])
        supported = drift.q_values[j] <= config.false_discovery_rate and change != 0.0
        direction: Direction = "steady" if not supported else "rising" if change > 0 else "fading"
        # What rises shows in recent events; what fades, in the earlier ones it is missed from.
        part = range(n - n_recent, n) if change >= 0 else range(n - n_recent)
        carrying = sorted(
            (i for i in part if interests[i, j] > 0), key=lambda i: (interests[i, j], i), reverse=True
        )[: config.n_evidence]
        changes.append(
            InterestChange(
                interest=name,
                direction=direction,
                before=float(np.clip(drift.before[j], 0.0, 1.0)),
                after=float(np.clip(drift.after[j], 0.0, 1.0)),
                change=float(np.clip(change, -1.0, 1.0)),
                lower=float(drift.lower[j]),
                upper=float(drift.upper[j]),
                p_value=float(drift.p_values[j]),
                q_value=float(drift.q_values[j]),
                evidence=tuple(event_ref(history, catalog, i) for i in sorted(carrying, reverse=True)),
            )
        )
    return tuple(sorted(changes, key=lambda c: (c.q_value, c.p_value, -abs(c.change), c.interest)))


def event_ref(history: History, catalog: Catalog, index: int) -> EventRef:
    """Return an event of a history as a claim names it."""
    position = int(history.items[index])
    return EventRef(
        index=index,
        item_id=catalog.ids[position],
        title=catalog.titles[position],
        time=_time(history, index),
    )


def _breadth(interests: Shares, n_recent: int, drift: Drift | None, config: PortraitConfig) -> Breadth | None:
    if len(interests) == 0:
        return None
    entropy = _entropy(interests.mean(axis=0))
    recent = _entropy(interests[len(interests) - n_recent :].mean(axis=0))
    if drift is None:
        expected, p_value = recent, 1.0
    else:
        recent, expected, p_value = drift.entropy, drift.expected_entropy, drift.entropy_p_value
    named = "broadening" if recent > expected else "narrowing"
    return Breadth.model_validate(
        {
            "entropy": max(entropy, 0.0),
            "effective_interests": max(2.0**entropy, 1.0),
            "recent_entropy": max(recent, 0.0),
            "expected_entropy": max(expected, 0.0),
            "direction": named if p_value <= config.false_discovery_rate else "steady",
            "p_value": p_value,
        }
    )


def _entropy(shares: Shares) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log2(positive)).sum())


def _novelty(
    interests: Shares, n_recent: int, catalog: Catalog, population: Shares, config: PortraitConfig
) -> Novelty | None:
    n = len(interests)
    if n == 0:
        return None
    so_far = np.concatenate([np.zeros((1, interests.shape[1])), np.cumsum(interests, axis=0)[:-1]])
    known = smooth(so_far, population, config.strength)
    given = np.maximum((known * interests).sum(axis=1), 1e-9)
    surprise = np.maximum(-np.log2(given), 0.0)
    earlier = interests[: n - n_recent].sum(axis=0)
    recent = interests[n - n_recent :].sum(axis=0)
    new = np.flatnonzero((earlier == 0) & (recent > 0) & (n > n_recent))
    return Novelty(
        surprise=float(surprise.mean()),
        recent_surprise=float(surprise[n - n_recent :].mean()),
        new_interests=tuple(catalog.interest_names[j] for j in new),
    )
