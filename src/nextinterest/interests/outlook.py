"""The outlook: interests at the next step, over the next events or days, with intervals and likely paths.

The next step is the marginal of the item distribution, so items and interests agree exactly. Further ahead
that marginal is one signal among several (`nextinterest.interests.pool`). A forecast for days is one
for as many events as the user's pace makes likely, its intervals widened by not knowing how many.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

import numpy as np

from nextinterest.arguments import as_whole_number
from nextinterest.data.interests import interest_marginal
from nextinterest.domain import Catalog, History, ItemScorer
from nextinterest.domain.portraits import ForecastShare, InterestOutlook, ItemPath, PathStep
from nextinterest.errors import DataError
from nextinterest.interests.dispersion import Dispersion
from nextinterest.interests.forecaster import PooledForecaster
from nextinterest.interests.model import ForecastModel
from nextinterest.interests.pace import events_in_days
from nextinterest.interests.paths import SampledPaths, sample_paths
from nextinterest.interests.signals import RunningCounts, Shares, history_signals, positive

__all__ = ["ITEMS", "Horizon", "default_model", "forecast_interests", "population_of"]

Horizon = int | timedelta
"""Events ahead, or a span of time."""

ITEMS = "items"
"""Name of the signal that the item model gives."""

KEPT_PATHS = 5
MOST_EVENTS, MOST_DAYS = 1000, 3650
"""How far ahead a forecast is made, at every interface."""
MOST_PATHS = 1000


@cache
def default_model() -> ForecastModel:
    """Return the weights that ship; ``fitted_on`` says what they were fitted on."""
    text = files("nextinterest.interests").joinpath("default_model.json").read_text(encoding="utf-8")
    return ForecastModel.model_validate_json(text)


def population_of(items: ItemScorer, catalog: Catalog | None = None) -> Shares:
    """Return the interest mix that an item model expects of an unknown user, shape (n_interests,).

    `catalog` gives the interests of items; the model's own where None.
    """
    empty = History(np.zeros(0, dtype=np.int32))
    mix = interest_marginal(items.log_probabilities([empty]), catalog or items.catalog)[0]
    floored = np.maximum(mix, 1e-4)
    return np.asarray(floored / floored.sum())


def forecast_interests(
    history: History,
    catalog: Catalog,
    items: ItemScorer,
    *,
    horizon: Horizon = 10,
    model: ForecastModel | None = None,
    population: Shares | None = None,
    counts: RunningCounts | None = None,
    n_paths: int = 0,
    path_steps: int = 10,
    level: float = 0.8,
    seed: int = 0,
) -> InterestOutlook:
    """Forecast one user's interests.

    Parameters
    ----------
    history
        What the user did; may be empty.
    catalog
        Gives the interests of items.
    items
        The item distribution.
    horizon
        Number of coming events, or a span of time after the newest event.
    model
        Fitted pool; the one that ships where None.
    population
        The population's mix, shape (n_interests,); the item model's for an empty history where None.
    counts
        Running counts of this history where they are at hand (see `InterestTracker`).
    n_paths, path_steps
        Continuations to sample, and their events; 0 samples none.
    level
        Nominal coverage of the intervals.
    seed
        Seed of paths and of the number of events in a span of time.

    Raises
    ------
    DataError
        If the horizon is not positive, or is a span of time and the history has no times.
    """
    generator = np.random.default_rng(seed)
    n_events, days, spread = _events_ahead(history, horizon, generator, level)
    population = population_of(items, catalog) if population is None else population
    model = default_model() if model is None else model
    forecaster = PooledForecaster(catalog, population, model, level=level)
    counts = RunningCounts.of([history], catalog) if counts is None else counts
    next_step = interest_marginal(items.log_probabilities([history]), catalog, [history])
    signals = history_signals(counts, population) | {ITEMS: positive(next_step)}

    forecast = forecaster.from_signals(signals, n_events)
    shares = forecast.shares[0]
    dispersion = model.at(n_events).dispersion
    if spread is not None:
        dispersion = _widened(model, n_events, spread)
    lower, upper = dispersion.interval(shares, level)
    usual = signals["long_run"][0]
    above = dispersion.probability_above(shares, usual)
    rows = [
        ForecastShare(
            interest=name,
            share=float(shares[j]),
            lower=float(lower[j]),
            upper=float(upper[j]),
            usual=float(usual[j]),
            probability_above_usual=float(np.clip(above[j], 0.0, 1.0)),
        )
        for j, name in enumerate(catalog.interest_names)
    ]
    paths: tuple[ItemPath, ...] = ()
    if n_paths:
        paths = _likely(sample_paths(items, [history], n_paths, path_steps, generator), catalog)
    made_at = (
        None
        if history.times is None or len(history) == 0
        else datetime.fromtimestamp(int(history.times[-1]), UTC)
    )
    return InterestOutlook(
        user=history.user,
        events=len(history),
        made_at=made_at,
        level=level,
        next_step=dict(zip(catalog.interest_names, next_step[0].tolist(), strict=True)),
        horizon_events=n_events,
        horizon_days=days,
        events_lower=None if spread is None else spread[0],
        events_upper=None if spread is None else spread[1],
        interests=tuple(sorted(rows, key=lambda row: (-row.share, row.interest))),
        paths=paths,
        n_paths=n_paths,
        notes=("The history is empty: this is what is expected of anybody.",) if len(history) == 0 else (),
    )


def _events_ahead(
    history: History, horizon: Horizon, generator: np.random.Generator, level: float
) -> tuple[float, float | None, tuple[float, float] | None]:
    """Return the number of events, and for a span of time its days and the interval of the number."""
    if isinstance(horizon, timedelta):
        days = horizon.total_seconds() / 86_400.0
        if not 0 < days <= MOST_DAYS:
            raise DataError(
                f"horizon is {days:,.3g} days; it is more than 0 and at most {MOST_DAYS:,} days.",
                remedy="Give such a span of time, or a number of events.",
            )
        count = events_in_days(history, days, generator, level=level)
        return max(count.mean, 1.0), days, (count.lower, count.upper)
    return float(as_whole_number(horizon, "horizon", most=MOST_EVENTS)), None, None


def _widened(model: ForecastModel, n_events: float, spread: tuple[float, float]) -> Dispersion:
    """Return the dispersion averaged over few, as expected, and many events."""
    few, expected, many = (model.at(max(n, 1.0)).dispersion for n in (spread[0], n_events, spread[1]))
    mean_factor = np.mean([np.exp(d.log_variance) for d in (few, expected, many)])
    return expected.model_copy(
        update={
            "trials": min(few.trials, expected.trials),
            "log_variance": float(np.log(mean_factor)),
            "slope": float(np.mean([d.slope for d in (few, expected, many)])),
        }
    )


def _likely(sampled: SampledPaths, catalog: Catalog) -> tuple[ItemPath, ...]:
    """Return the likeliest distinct paths."""
    totals = sampled.log_probabilities[0].sum(axis=1)
    kept: dict[bytes, ItemPath] = {}
    for path in np.argsort(-totals, kind="stable"):
        items = sampled.items[0, path]
        if len(kept) == KEPT_PATHS or items[0] < 0:
            break
        steps = tuple(
            PathStep(
                item_id=catalog.ids[int(item)],
                title=catalog.titles[int(item)],
                probability=float(np.exp(sampled.log_probabilities[0, path, step])),
            )
            for step, item in enumerate(items)
            if item >= 0
        )
        kept.setdefault(items.tobytes(), ItemPath(steps=steps, log_probability=min(float(totals[path]), 0.0)))
    return tuple(kept.values())
