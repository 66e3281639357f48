"""What a person's events say of an item: what was done with it, how it was rated, whether it was liked.

An event of a negative kind, or a rating below the middle of the scale, speaks against its item: such an item
is no reason for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from nextinterest.domain import NEGATIVE_KINDS, History
from nextinterest.prompts.lines import rating_band

__all__ = ["Verdict", "verdicts"]

_MOST_SAYING = ("buy", "borrow", "like", "share", "save", "cart", "play", "read", "rate", "click", "view")
_JUDGING = frozenset({"buy", "borrow", "like", "save", "share", "cart"}) | NEGATIVE_KINDS
_SCALES = (5.0, 10.0, 100.0)


class VerdictFields(TypedDict):
    """Fields of an `Evidence` that say what was done."""

    kind: str | None
    rating: float | None
    best_rating: float | None
    liked: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the events of one item say of it.

    Attributes
    ----------
    kind
        What was done; of several kinds the one that says most. None where none is known.
    rating
        The newest rating.
    best_rating
        The end of the scale it is on.
    liked
        Whether it was said to be liked, or rated highly.
    against
        Whether it was returned, skipped, disliked or the like, or rated low.
    """

    kind: str | None = None
    rating: float | None = None
    best_rating: float | None = None
    liked: bool = False
    against: bool = False

    def fields(self) -> VerdictFields:
        """Return it as the fields of an `Evidence`."""
        return {
            "kind": self.kind,
            "rating": self.rating,
            "best_rating": self.best_rating,
            "liked": self.liked,
        }


def verdicts(history: History) -> Mapping[int, Verdict]:
    """Return what a history says of each of its items, by catalogue position.

    The newest event that judges decides: what was bought and then returned is returned. The scale of the
    ratings is 1 to 5, or 10, or 100, by the highest one in the history.
    """
    highest = 0.0 if history.ratings is None else float(np.nanmax([0.0, *history.ratings]))
    best = next((end for end in _SCALES if highest <= end), highest)
    kinds: dict[int, list[str]] = {}
    ratings: dict[int, float] = {}
    for i, item in enumerate(history.items.tolist()):
        kind = None if history.kinds is None else history.kinds.name(i)
        kinds.setdefault(item, []).extend([] if kind is None else [kind])
        if history.ratings is not None and not np.isnan(history.ratings[i]):
            ratings[item] = round(float(history.ratings[i]), 4)
    return {item: _verdict(done, ratings.get(item), best) for item, done in kinds.items()}


def _verdict(done: list[str], rating: float | None, best: float) -> Verdict:
    judged = next((kind for kind in reversed(done) if kind in _JUDGING), None)
    band = None if rating is None else rating_band(rating, (1.0 if best == _SCALES[0] else 0.0, best))
    against = judged in NEGATIVE_KINDS or band == "disliked"
    kind = judged if judged in NEGATIVE_KINDS else next((one for one in _MOST_SAYING if one in done), None)
    if kind is None and done:
        kind = done[-1]
    liked = not against and ("like" in done or band == "liked")
    return Verdict(kind, rating, None if rating is None else best, liked, against)
