"""`InterestTracker`: one user's interests, kept up to date event by event.

What an event changes is updated in place (counts, decayed counts, interests of events); portrait and outlook
are made from that when asked for, and kept until the next event. After any sequence of events the tracker
says exactly what is said of the whole history read at once.
"""

from __future__ import annotations

import numpy as np

from nextinterest.domain import Catalog, Event, History, ItemScorer
from nextinterest.domain.portraits import InterestOutlook, InterestPortrait
from nextinterest.errors import DataError
from nextinterest.interests.model import ForecastModel
from nextinterest.interests.outlook import Horizon, forecast_interests
from nextinterest.interests.portrait import PortraitConfig, portray
from nextinterest.interests.signals import HALF_LIVES, RunningCounts, Shares

__all__ = ["InterestTracker"]


class InterestTracker:
    """Follows one user.

    Parameters
    ----------
    catalog
        Gives the interests of items.
    population
        The mix shares are smoothed towards, shape (n_interests,); the catalogue's own where None.
    config
        Settings of the portrait.
    history
        Events to start from.
    """

    def __init__(
        self,
        catalog: Catalog,
        population: Shares | None = None,
        config: PortraitConfig | None = None,
        history: History | None = None,
    ) -> None:
        self.catalog, self.population, self.config = catalog, population, config or PortraitConfig()
        width = len(catalog.interest_names)
        self.counts = RunningCounts(np.zeros((1, width)), np.zeros((len(HALF_LIVES), 1, width)))
        self.user: str | None = None
        self._items: list[int] = []
        self._times: list[int] | None = None
        self._nanoseconds = 0  # of the newest event, beyond its second
        self._portrait: InterestPortrait | None = None
        if history is not None:
            self.user = history.user
            self._items = history.items.tolist()
            self._times = None if history.times is None else history.times.tolist()
            if history.nanoseconds is not None and len(history):
                self._nanoseconds = int(history.nanoseconds[-1])
            self.counts = RunningCounts.of([history], catalog)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def history(self) -> History:
        """The events so far, at whole seconds (ratings are not tracked)."""
        times = None if self._times is None else np.array(self._times, dtype=np.int64)
        return History(np.array(self._items, dtype=np.int32), times, user=self.user)

    def add(self, event: Event) -> None:
        """Take in one event, which may not be older than the newest one.

        Raises
        ------
        UnknownItemError
            If the catalogue does not have its item.
        DataError
            If it is older than the newest event, or has a time where others have none (or the reverse).
        """
        position = self.catalog.position(event.item)
        time = None if event.time is None else int(event.time.timestamp())
        if self._items and (time is None) != (self._times is None):
            raise DataError(
                f"Event of item {event.item!r} {'has no time' if time is None else 'has a time'}, unlike "
                "the events before it.",
                remedy="Give every event of a user a time, or none.",
            )
        if time is not None:
            nanoseconds = 1000 * event.time.microsecond if event.time is not None else 0
            if self._times and (time, nanoseconds) < (self._times[-1], self._nanoseconds):
                older = self._times[-1] - time + (self._nanoseconds - nanoseconds) / 1e9
                raise DataError(
                    f"The event of item {event.item!r} is older than the newest one, by {older:g} s.",
                    remedy="Add events in order of time, or start anew from the sorted history.",
                )
            if self._times is None:
                self._times = []
            self._times.append(time)
            self._nanoseconds = nanoseconds
        self._items.append(position)
        interests = self.catalog.interest_matrix[position].astype(np.float64)
        self.counts = self.counts.plus(interests[None, :])
        self._portrait = None

    def portrait(self) -> InterestPortrait:
        """Return the portrait after the newest event."""
        if self._portrait is None:
            self._portrait = portray(self.history, self.catalog, self.population, self.config)
        return self._portrait

    def outlook(
        self, items: ItemScorer, horizon: Horizon = 10, model: ForecastModel | None = None, seed: int = 0
    ) -> InterestOutlook:
        """Return the outlook after the newest event; only the item model reads the history again."""
        return forecast_interests(
            self.history,
            self.catalog,
            items,
            horizon=horizon,
            model=model,
            population=self.population,
            counts=self.counts,
            seed=seed,
        )
