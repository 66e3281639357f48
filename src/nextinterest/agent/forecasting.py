"""What makes a `RecommenderAgent` one that says what interests rise and fall, and where they go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from nextinterest.agent.config import OnUnknown
from nextinterest.agent.histories import HistoryLike, ReadHistory
from nextinterest.retrieval import Retriever

if TYPE_CHECKING:
    from nextinterest.interests import ForecastModel, InterestOutlook, InterestPortrait

__all__ = ["Forecasting"]


class Forecasting:
    """The forecasting half of `RecommenderAgent`; nothing else derives from it."""

    retriever: Retriever
    forecast_model: ForecastModel | None

    def _read(self, history: HistoryLike | None, user: str | None, on_unknown: OnUnknown) -> ReadHistory:
        """Return a history that the caller gave, or that of a known user."""
        raise TypeError("Forecasting is a part of RecommenderAgent and cannot be used alone.")

    def interests(
        self,
        history: HistoryLike | None = None,
        *,
        user: str | None = None,
        on_unknown: OnUnknown = "raise",
        clusters: int = 0,
    ) -> InterestPortrait:
        """Say what a user's interests are, and which of them rise or fade beyond chance.

        Parameters
        ----------
        clusters
            Speak of as many learned clusters of the items' text vectors, named by the words that mark them
            off, in place of the catalogue's categories; 0 for the categories.

        Others, and exceptions, as in `recommend`.
        """
        from nextinterest.interests import cluster_catalog, portray

        read = self._read(history, user, on_unknown)
        catalog = self.retriever.catalog
        if clusters:
            catalog = cluster_catalog(catalog, self.retriever.item_vectors, clusters)
        portrait = portray(read.history, catalog)
        return portrait.model_copy(update={"notes": portrait.notes + read.notes})

    def forecast(
        self,
        history: HistoryLike | None = None,
        *,
        horizon: int | timedelta = 10,
        user: str | None = None,
        on_unknown: OnUnknown = "raise",
        n_paths: int = 0,
        seed: int = 0,
    ) -> InterestOutlook:
        """Forecast how a user's attention will be shared among interests.

        The next step is the marginal of the retriever's item distribution, seen items left out; further ahead
        that marginal is pooled with the user's own past, by weights fitted on validation events: the agent's
        own where it was saved with some, else those of a retriever that was not trained.

        Parameters
        ----------
        horizon
            Events ahead, or a span of time.
        n_paths
            Likely item paths to sample besides; 0 for none.
        seed
            Of the paths.

        Others, and exceptions, as in `recommend`.
        """
        from nextinterest.interests import forecast_interests

        read = self._read(history, user, on_unknown)
        model, items = self.forecast_model, self.retriever
        outlook = forecast_interests(
            read.history, items.catalog, items, horizon=horizon, model=model, n_paths=n_paths, seed=seed
        )
        return outlook.model_copy(update={"notes": outlook.notes + read.notes})
