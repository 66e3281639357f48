"""Forecast weights for a recommender, fitted on the validation events it was not learned from.

Each user is one case per horizon: the history before the user's first validation event, and how attention was
shared over the next ones. The item distribution is computed once for all horizons. The recommender's own
choices (epochs, weights of its parts) were made on the same events, which flatters its signal a little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.counting import counted
from nextinterest.data.splits import HeldOut, PrefixHistories
from nextinterest.domain import ItemScorer
from nextinterest.errors import DataError
from nextinterest.interests.forecaster import fit_horizon
from nextinterest.interests.model import ForecastModel
from nextinterest.interests.outlook import ITEMS, default_model, population_of
from nextinterest.interests.signals import RunningCounts, history_signals, model_signals

__all__ = ["HORIZONS", "MIN_CASES", "fit_forecast_model"]

HORIZONS = (1, 5, 10, 20)
MIN_CASES = 30
"""Users without which a horizon is not fitted: there are six weights and two numbers of the spread."""


def fit_forecast_model(
    items: ItemScorer,
    validation: HeldOut,
    *,
    fitted_on: str,
    horizons: Sequence[int] = HORIZONS,
    level: float = 0.8,
    fallback: ForecastModel | None = None,
) -> ForecastModel:
    """Fit pool weights and dispersions for an item model.

    Parameters
    ----------
    items
        The item model; it must not have learned from the validation events.
    validation
        Those events, consecutive for each user; what a user has of them bounds that user's horizons.
    fitted_on
        What they are, in words; kept with the model.
    horizons
        Numbers of events ahead to fit for, where at least `MIN_CASES` users have as many.
    level
        Level at which the spread is made to cover.
    fallback
        Where horizons beyond the fitted ones are taken from; the weights that ship where None.

    Raises
    ------
    DataError
        If no horizon has users enough, or the catalogue has fewer than two interests to tell apart.
    """
    log, catalog = validation.histories.log, items.catalog
    if len(catalog.interest_names) < 2:
        raise DataError(
            f"The catalogue has {counted(len(catalog.interest_names), 'interest')}: there is nothing to "
            f"forecast.",
            remedy="Give its items categories.",
        )
    users, counts = np.unique(validation.users, return_counts=True)
    starts = np.full(log.n_users, np.iinfo(np.int64).max)
    np.minimum.at(starts, validation.users, validation.histories.ends)
    ahead = [h for h in sorted(set(horizons)) if int((counts >= h).sum()) >= MIN_CASES]
    if not ahead:
        raise DataError(
            f"{counted(len(users), 'user has', 'users have')} validation events; forecast weights need "
            f"{MIN_CASES} at least.",
            remedy="Keep the weights that ship, or hold out validation events of more users.",
        )
    histories = PrefixHistories(log, users, starts[users])
    population = population_of(items)
    signals = history_signals(RunningCounts.of(histories, catalog), population)
    signals |= model_signals({ITEMS: items}, histories)
    seen = np.concatenate([history.items for history in histories])
    named = np.array([max(len(names), 1) for names in catalog.categories], dtype=np.float64)
    draws = float(named[seen].mean()) if len(seen) else 1.0
    first = log.offsets[users] + starts[users]
    fits = []
    for horizon in ahead:
        has = counts >= horizon
        events = log.items[first[has][:, None] + np.arange(horizon)]
        truth = catalog.interest_matrix[events].mean(axis=1, dtype=np.float64)
        fits.append(fit_horizon({k: s[has] for k, s in signals.items()}, truth, horizon, draws, level))
    other = fallback or default_model()
    beyond = [fit for fit in other.horizons if fit.horizon > ahead[-1]]
    words = f"{fitted_on}; {', '.join(str(h) for h in ahead)} {'event' if ahead == [1] else 'events'} ahead"
    if beyond:
        words += f"; beyond, as in: {other.fitted_on}"
    return ForecastModel(fitted_on=words, draws_per_event=draws, horizons=(*fits, *beyond))
