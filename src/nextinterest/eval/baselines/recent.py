"""Recent popularity: items are as likely as they were popular just before the user's last event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import DataError
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import UNKNOWN_TIME, HistoryColumns

__all__ = ["RecentPopularity", "RecentPopularityConfig"]

_DAY = 86_400


class RecentPopularityConfig(BaselineConfig):
    """Options of `RecentPopularity`."""

    half_life_days: float = Field(
        default=30.0, gt=0, description="Days after which a training event counts half."
    )
    smoothing: float = Field(
        default=1.0,
        gt=0,
        description="Decayed events added in all, spread over the items by all-time popularity.",
    )
    max_snapshots: int = Field(
        default=256,
        ge=1,
        description="Moments between the first and the last training event at which popularity is kept.",
    )


class RecentPopularity(Baseline[RecentPopularityConfig]):
    """P(i | now) grows with the sum of 2^-((now - t_e) / half-life) over training events e of i before now.

    `now` is the time of the history's last event, so nothing of a user's future is counted, whatever the
    split; a history without times is taken to stand at the end of the training events. Popularity is kept
    at evenly spaced moments and the latest one not after `now` is read, which bounds memory at
    ``max_snapshots * n_items`` floats. All-time popularity, by `smoothing`, takes over where little or
    nothing has happened yet.

    Raises
    ------
    DataError
        If the training events have no times.
    """

    NAME: ClassVar[str] = "recent-popularity"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "half_life_days": (1.0, 3.0, 7.0, 14.0, 30.0, 90.0, 365.0),
        "smoothing": (0.1, 1.0, 10.0, 100.0, 1000.0),
    }
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"smoothing"})

    def __init__(
        self,
        catalog: Catalog,
        config: RecentPopularityConfig,
        moments: NDArray[np.int64],
        snapshots: FloatArray,
        prior: FloatArray,
    ) -> None:
        super().__init__(catalog, config)
        self._moments, self._snapshots, self._prior = moments, snapshots, prior

    @classmethod
    def fit(cls, train: EventLog, catalog: Catalog, config: RecentPopularityConfig | None = None) -> Self:
        """Sweep once over the training events in time and keep the decayed counts at each moment."""
        config = config or RecentPopularityConfig()
        if train.times is None or not train.n_events:
            raise DataError(
                "Recent popularity needs training events with times, and these have none.",
                remedy="Use the baseline 'popularity' instead.",
            )
        first, last = int(train.times.min()), int(train.times.max())
        # The last moment is rounded up so that it covers the last event.
        step = max(1, -(-(last - first) // config.max_snapshots))
        moments = np.arange(first, last + step, step, dtype=np.int64) if last > first else np.array([last])
        half_life = config.half_life_days * _DAY
        slot = np.searchsorted(moments, train.times, side="left")  # the first moment not before the event
        weight = np.exp2(-(moments[slot] - train.times) / half_life)
        n_items = len(catalog)
        arrived = np.bincount(
            slot * n_items + train.items, weights=weight, minlength=len(moments) * n_items
        ).reshape(len(moments), n_items)
        for m in range(1, len(moments)):  # a recurrence over moments, not over users
            arrived[m] += arrived[m - 1] * np.exp2(-(moments[m] - moments[m - 1]) / half_life)
        prior = (train.item_counts(n_items) + 1.0) / (train.n_events + n_items)
        return cls(catalog, config, moments, arrived.astype(np.float32), prior.astype(np.float32))

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return log decayed counts at each history's moment, float32, shape (n, n_items)."""
        now = np.where(columns.now == UNKNOWN_TIME, self._moments[-1], columns.now)
        at = np.searchsorted(self._moments, now, side="right") - 1
        counts = self._snapshots[np.maximum(at, 0)]
        counts[at < 0] = 0.0
        smoothed: FloatArray = np.log(counts + np.float32(self.config.smoothing) * self._prior)
        return smoothed

    def state(self) -> Arrays:
        """Return the moments, the decayed counts at each and the all-time shares."""
        return {"moments": self._moments, "snapshots": self._snapshots, "prior": self._prior}

    @classmethod
    def restore(cls, catalog: Catalog, config: RecentPopularityConfig, state: Arrays) -> Self:
        """Return a baseline from what `state` gave."""
        return cls(
            catalog,
            config,
            state["moments"].astype(np.int64),
            state["snapshots"].astype(np.float32),
            state["prior"].astype(np.float32),
        )
