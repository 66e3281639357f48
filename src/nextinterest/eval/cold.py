"""Cold items and cold users, held out on purpose: what a method does with what it never learned from.

Takes events out of the training part of a split; the events to predict and the histories stay as they are.
A cold item can then be asked for though nothing was learned of it, and a cold user's history is known when
asking, as of a person who signed up today. The breakdowns ``cold_item`` and ``cold_user`` show them apart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nextinterest.data.splits import Split
from nextinterest.errors import DataError

__all__ = ["hold_out_cold"]


def hold_out_cold(split: Split, *, items: float = 0.0, users: float = 0.0, seed: int = 0) -> Split:
    """Return the split with a share of items and of users taken out of its training events.

    Parameters
    ----------
    split
        Any split.
    items
        Share of the items with training events that become cold.
    users
        Share of the users with training events that become cold.
    seed
        Draws them.

    Raises
    ------
    DataError
        If a share is not within 0 and 1, or no training event is left.

    Examples
    --------
    >>> from nextinterest.data.log import EventLog
    >>> from nextinterest.data.splits import leave_one_out
    >>> events = np.tile(np.arange(4, dtype=np.int32), 2)
    >>> log = EventLog(("ann", "bob"), np.array([0, 4, 8]), events)
    >>> cold = hold_out_cold(leave_one_out(log), users=0.5)
    >>> sorted(cold.train.lengths.tolist()), len(cold.test)
    ([0, 2], 2)
    """
    for what, share in (("items", items), ("users", users)):
        if not 0.0 <= share < 1.0:
            raise DataError(f"The share of cold {what} is {share}.", remedy="Give 0 <= share < 1.")
    train = split.train
    rng = np.random.default_rng(seed)
    known_items = np.unique(train.items)
    known_users = np.flatnonzero(train.lengths)
    cold_items = rng.choice(known_items, size=round(items * len(known_items)), replace=False)
    cold_users = rng.choice(known_users, size=round(users * len(known_users)), replace=False)
    keep = ~(np.isin(train.items, cold_items) | np.isin(train.users, cold_users))
    if not keep.any():
        raise DataError("No training event is left.", remedy="Hold out smaller shares of items and users.")
    name = f"{split.name}, cold(items={items}, users={users}, seed={seed})"
    return replace(split, name=name, train=train.keep(keep))
