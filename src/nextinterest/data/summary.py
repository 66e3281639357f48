"""The size and shape of a data set in a few numbers."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nextinterest.data.dataset import Dataset
from nextinterest.data.report import CleaningReport
from nextinterest.domain import Catalog

__all__ = ["Summary", "summarise"]


class Summary(BaseModel):
    """The size and shape of a data set, and what cleaning it dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name of the data set.")
    users: int = Field(description="Users in the log.", ge=0)
    items: int = Field(description="Items in the catalogue.", ge=0)
    events: int = Field(description="Events in the log.", ge=0)
    density: float = Field(description="Distinct (user, item) pairs of all that there could be.", ge=0, le=1)
    mean_length: float = Field(description="Mean number of events per user.", ge=0)
    median_length: float = Field(description="Median number of events per user.", ge=0)
    longest: int = Field(description="Events of the user with the most.", ge=0)
    first_event: datetime | None = Field(description="Time of the oldest event (UTC).")
    last_event: datetime | None = Field(description="Time of the newest event (UTC).")
    categories: int = Field(description="Categories in the catalogue.", ge=0)
    uncategorised: int = Field(description="Items without a category.", ge=0)
    mean_rating: float | None = Field(description="Mean of the ratings there are.")
    user_columns: tuple[str, ...] = Field(description="What is known of the users.")
    fingerprint: str = Field(description="SHA-256 over catalogue and log.")
    kinds: dict[str, int] = Field(description="Events of each kind, the most frequent first.")
    attributes: tuple[str, ...] = Field(description="What else is known of the items.")
    report: CleaningReport = Field(description="What was read, kept and dropped.")


def summarise(dataset: Dataset) -> Summary:
    """Describe a data set."""
    log, catalog = dataset.log, dataset.catalog
    pairs = np.unique(log.users.astype(np.int64) * len(catalog) + log.items).size
    times = log.times if log.times is not None and log.n_events else None
    rated = None if log.ratings is None else log.ratings[~np.isnan(log.ratings)]
    return Summary(
        name=dataset.name,
        users=log.n_users,
        items=len(catalog),
        events=log.n_events,
        density=pairs / (log.n_users * len(catalog)),
        mean_length=float(log.lengths.mean()),
        median_length=float(np.median(log.lengths)),
        longest=int(log.lengths.max()),
        first_event=None if times is None else datetime.fromtimestamp(int(times.min()), UTC),
        last_event=None if times is None else datetime.fromtimestamp(int(times.max()), UTC),
        categories=len(catalog.category_names),
        uncategorised=sum(not names for names in catalog.categories),
        mean_rating=None if rated is None or not rated.size else float(rated.mean(dtype=np.float64)),
        user_columns=() if dataset.users is None else tuple(dataset.users.columns[1:]),
        fingerprint=dataset.fingerprint,
        kinds={} if log.kinds is None else log.kinds.counts(),
        attributes=_attributes(catalog),
        report=dataset.report,
    )


def _attributes(catalog: Catalog) -> tuple[str, ...]:
    """Return what is known of items beside titles, categories, years and descriptions."""
    known = [name for name, column in catalog.details.arrays() if column is not None]
    return (*known, *catalog.details.attributes)
