"""Examples to learn choosing from: an event, and what a real retriever would have offered beside it.

Three things keep the task honest:

- Only events whose target the retriever offers are examples. A target put in by hand would be the odd one
  out of its list, and recognisable by that alone.
- Items chosen at the same time as the target are no negatives: which of them came first is noise.
- Users take turns, so that long histories do not fill the examples.

The negatives are the retriever's best items, which is what serving asks about. The retriever has learned
from the event itself, so it offers training targets more often than unseen ones; the list's order, where
that would show, is not shown to the model. Knows no prompts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from nextinterest.counting import counted
from nextinterest.data import EventLog
from nextinterest.domain import History, IntArray, Recommender
from nextinterest.errors import DataError

__all__ = ["ChoiceExample", "draw_choices", "draw_events"]

_ROWS = 256  # histories the retriever is asked about at once


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceExample:
    """A choice to learn from.

    Attributes
    ----------
    user, end
        The history is the first `end` events of user index `user`.
    candidates
        What is offered, catalogue positions, int32, shape (k,).
    position
        Where the item that was chosen stands among them.
    """

    user: int
    end: int
    candidates: IntArray
    position: int

    def history(self, log: EventLog) -> History:
        """Return the events before the choice."""
        return log.history(self.user, self.end)


def draw_events(log: EventLog, min_history: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield (user, events before) of all events with history enough: one of each user, then another, ...

    Examples
    --------
    >>> log = EventLog(("ann", "bob"), np.array([0, 3, 5]), np.array([1, 2, 3, 4, 5], dtype=np.int32))
    >>> sorted(draw_events(log, 1, np.random.default_rng(0)))
    [(0, 1), (0, 2), (1, 1)]
    """
    orders = [
        min_history + rng.permutation(max(0, int(length) - min_history)).astype(int) for length in log.lengths
    ]
    for turn in range(max(map(len, orders), default=0)):
        for user in rng.permutation(len(orders)).tolist():
            if turn < len(orders[user]):
                yield user, int(orders[user][turn])


def draw_choices(
    log: EventLog,
    retriever: Recommender,
    n: int,
    n_candidates: int,
    rng: np.random.Generator,
    *,
    min_history: int = 5,
    exchangeable_ties: bool = True,
) -> list[ChoiceExample]:
    """Draw n examples, fewer where the log has no more.

    Parameters
    ----------
    log
        Events to learn from; the retriever must have learned from no others.
    retriever
        Offers the candidates.
    n
        Number of examples.
    n_candidates
        Length of a list.
    rng
        Draws the events.
    min_history
        Events there are before the target at least.
    exchangeable_ties
        Whether events of one time have no order, so that what is tied with the target is left out.

    Raises
    ------
    DataError
        If the retriever offers no target of the log.
    """
    events = draw_events(log, min_history, rng)
    examples: list[ChoiceExample] = []
    while len(examples) < n and (some := list(islice(events, _ROWS))):
        found = retriever.recommend([log.history(user, end) for user, end in some], n_candidates)
        for (user, end), row in zip(some, found.items, strict=True):
            target = int(log.items[log.offsets[user] + end])
            offered = row[row >= 0]
            if exchangeable_ties:
                tied = _tied(log, user, end)
                offered = offered[~np.isin(offered, tied) | (offered == target)]
            position = np.flatnonzero(offered == target)
            if len(position) and len(offered) > 1 and len(examples) < n:
                examples.append(ChoiceExample(user, end, offered, int(position[0])))
    if not examples:
        raise DataError(
            f"The retriever offers none of the log's own events among its "
            f"{counted(n_candidates, 'candidate')}.",
            remedy="Offer more candidates, or use a retriever that was built on this log.",
        )
    return examples


def _tied(log: EventLog, user: int, end: int) -> IntArray:
    """Return the items of one time with event `end` of a user."""
    lo, hi = int(log.offsets[user]), int(log.offsets[user + 1])
    if log.moments is None:
        return log.items[lo + end : lo + end + 1]
    times = log.moments[lo:hi]
    same: IntArray = log.items[lo:hi][times == times[end]]
    return same
