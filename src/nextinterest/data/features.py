"""What can be said of a history's events beside which items they are: gaps, sessions, categories, ratings.

Each function looks only at the history it is given. Cutting a history at an event never changes what was said
of the events before it, but for `rating_bands`, which is relative to the ratings given so far. Pure arrays;
how any of it is put into words is the business of `nextinterest.prompts`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, History, IntArray

__all__ = ["SESSION_GAP", "RatingBand", "event_categories", "gaps", "rating_bands", "sessions"]

SESSION_GAP = 30 * 60
"""Seconds of silence that end a session; half an hour is the convention of web analytics."""


class RatingBand(IntEnum):
    """What a rating says, against what this user usually gives."""

    UNRATED = 0
    LOW = 1
    USUAL = 2
    HIGH = 3


def gaps(history: History) -> NDArray[np.float64] | None:
    """Return the seconds since the previous event, shape (n_events,), NaN for the first; None without times.

    Examples
    --------
    >>> gaps(History(np.array([4, 2, 7]), np.array([100, 160, 160]))).tolist()
    [nan, 60.0, 0.0]
    """
    if history.times is None:
        return None
    result = np.full(len(history), np.nan)
    result[1:] = np.diff(history.times)
    return result


def sessions(history: History, gap: int = SESSION_GAP) -> IntArray | None:
    """Return the session of each event, counted from 0, shape (n_events,); None without times.

    A session ends where more than `gap` seconds pass before the next event.

    Examples
    --------
    >>> sessions(History(np.array([4, 2, 7]), np.array([0, 60, 60 + 1801]))).tolist()
    [0, 0, 1]
    """
    since = gaps(history)
    if since is None:
        return None
    return np.cumsum(since > gap, dtype=np.int32)  # NaN compares false, so the first session is 0


def event_categories(history: History, catalog: Catalog) -> list[tuple[str, ...]]:
    """Return the categories of each event's item."""
    return [catalog.categories[int(position)] for position in history.items]


def rating_bands(history: History, margin: float = 0.5) -> NDArray[np.int8] | None:
    """Return the `RatingBand` of each event, shape (n_events,); None where the history has no ratings.

    A rating is HIGH or LOW if it is more than `margin` standard deviations of the user's ratings above or
    below the user's mean: people use scales differently, and a 3 of one who gives 4s and 5s says something
    else than a 3 of one who gives 2s. Where all ratings are equal they are USUAL.

    Examples
    --------
    >>> rated = History(np.array([4, 2, 7, 1]), ratings=np.array([5, 3, 1, np.nan]))
    >>> [RatingBand(band).name for band in rating_bands(rated)]
    ['HIGH', 'USUAL', 'LOW', 'UNRATED']
    """
    if history.ratings is None:
        return None
    ratings = history.ratings.astype(np.float64)
    rated = ~np.isnan(ratings)
    bands = np.full(len(history), RatingBand.UNRATED, dtype=np.int8)
    if rated.any():
        mean, width = ratings[rated].mean(), margin * ratings[rated].std()
        bands[rated] = RatingBand.USUAL
        bands[rated & (ratings > mean + width)] = RatingBand.HIGH
        bands[rated & (ratings < mean - width)] = RatingBand.LOW
    return bands
