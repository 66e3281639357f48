"""A small shop, and a log of users for any few items."""

from __future__ import annotations

import numpy as np

from nextinterest import Item
from nextinterest.data import Dataset, EventLog
from nextinterest.data.report import CleaningReport
from nextinterest.domain import Catalog

__all__ = ["SHOP", "dataset"]


def dataset(items: tuple[Item, ...]) -> Dataset:
    """Thirty users who take six of the items each, most of them from the front of the catalogue."""
    catalog, rng = Catalog.from_items(items), np.random.default_rng(5)
    weights = 1.0 / np.arange(1, len(items) + 1)
    taken = [rng.choice(len(items), 6, replace=False, p=weights / weights.sum()) for _ in range(30)]
    users = np.repeat(np.arange(30, dtype=np.int32), 6)
    log = EventLog.from_arrays(
        tuple(f"u{n}" for n in range(30)),
        users,
        np.concatenate(taken).astype(np.int32),
        np.arange(180, dtype=np.int64) * 3600,
    )
    report = CleaningReport(
        files=(),
        events_read=180,
        events_kept=180,
        users_read=30,
        users_kept=30,
        items_read=len(items),
        items_kept=len(items),
        items_without_title=0,
        items_without_events=0,
        tied_events=0,
        users_tied_at_the_end=0,
    )
    return Dataset("made", catalog, log, None, report)


SHOP = tuple(
    Item(f"p{n}", f"{kind} {n} " + "with a very long name of many words " * (n % 7), (kind,))
    for n, kind in enumerate(("Lamp", "Chair", "Desk", "Rug", "Shelf", "Vase") * 7)
)
