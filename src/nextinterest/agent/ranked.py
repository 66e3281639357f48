"""The ranked list of one history, and how the language model's choice reorders it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import (
    Catalog,
    Evidence,
    FloatArray,
    History,
    IntArray,
    Recommendation,
    RequestMatch,
    with_titles,
)
from nextinterest.retrieval.lists import rounded_down
from nextinterest.retrieval.rerank import Reranker, redistribute
from nextinterest.retrieval.shortlist import Shortlist
from nextinterest.tracing import step

_EVEN = 1e-4  # nats

__all__ = ["RankedItems", "choices_of", "reranked"]


@dataclass(frozen=True, slots=True, eq=False)
class RankedItems:
    """The ranked list of one history, with the parts of each score.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n,), best first; n is at most the k asked for.
    probabilities
        float32, shape (n,), non-increasing.
    parts
        Log-scores by name, each float32, shape (n,); NaN where a part did not score the item.
    ranks
        Rank of each item in each candidate source, from 1, by name of the source, each int32, shape (n,); 0
        where the source did not name it.
    unread
        Whether the language model was asked and its answer could not be read.
    match
        How clearly the catalogue matches the words of the request; None without one.
    fits
        How many items a language model that read the request put before all others; None without it.
    """

    items: IntArray
    probabilities: FloatArray
    parts: dict[str, FloatArray]
    ranks: dict[str, IntArray] = field(default_factory=dict)
    unread: bool = False
    match: RequestMatch | None = None
    fits: int | None = None

    @classmethod
    def none(cls) -> RankedItems:
        """Return a list of no items."""
        return cls(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32), {})

    def at(self, indices: NDArray[np.integer] | slice) -> RankedItems:
        """Return the items at some indices of the list, in that order."""
        parts = {name: part[indices] for name, part in self.parts.items()}
        ranks = {name: ranks[indices] for name, ranks in self.ranks.items()}
        items, probabilities = self.items[indices], self.probabilities[indices]
        return replace(self, items=items, probabilities=probabilities, parts=parts, ranks=ranks)

    def matching(self, match: RequestMatch | None, *, reads: bool) -> RankedItems:
        """Return the list with how the catalogue matches a request; `reads`: the model that chose read it.

        Of an even choice no candidate fits: what is close by its words is then a weak match at most.
        """
        choice = self.parts.get("choice")
        if match and reads and choice is not None:
            even = np.ptp(choice[np.isfinite(choice)]) < _EVEN
            match = "read" if not even else "none" if match == "none" else "weak"
            fits = int((choice > np.nanmin(choice) + _EVEN).sum())
            return replace(self, match=match, fits=fits if match == "read" else None)
        return replace(self, match=match)

    def recommendation(self, index: int, catalog: Catalog, evidence: tuple[Evidence, ...]) -> Recommendation:
        """Return the item at an index as callers get it, with the events that speak for it."""
        item = catalog[int(self.items[index])]
        return Recommendation(
            rank=index + 1,
            item_id=item.id,
            title=item.title,
            categories=item.categories,
            year=item.year,
            probability=float(self.probabilities[index]),
            scores={
                name: float(part[index]) for name, part in self.parts.items() if np.isfinite(part[index])
            },
            sources={name: int(ranks[index]) for name, ranks in self.ranks.items() if ranks[index]},
            evidence=evidence,
        )


def reranked(
    found: Shortlist,
    choice: FloatArray | None,
    weight: float = 0.0,
    share: float = 0.0,
    certain: float = 1.0,
) -> RankedItems:
    """Return a shortlist whose first items were reordered by the log-probabilities of a choice between them.

    Parameters
    ----------
    found
        The candidates.
    choice
        Log-probabilities of the first m candidates among each other, shape (m,); None leaves the order.
    weight, share, certain
        How much the choice counts; see `nextinterest.retrieval.rerank.redistribute`.
    """
    log, parts = found.log_probabilities.copy(), {"retrieval": found.log_probabilities.astype(np.float32)}
    if choice is not None:
        n = len(choice)
        log[:n] = redistribute(parts["retrieval"][:n], choice, weight, share, certain)
        if certain < 1.0:  # a request was read: nothing that the model has not seen goes before what it has
            log[n:] = np.minimum(log[n:], log[:n].min())
        parts["choice"] = np.full(len(log), np.nan, dtype=np.float32)
        parts["choice"][:n] = choice
    order = np.argsort(-log, kind="stable")
    return RankedItems(found.items, rounded_down(np.exp(log)), parts, found.ranks).at(order)


def choices_of(
    reranker: Reranker | None,
    n: int,
    opinion: tuple[float, float, float],
    catalog: Catalog,
    histories: Sequence[History],
    found: Sequence[Shortlist],
    request: str | None,
    today: date | None,
) -> dict[int, FloatArray | None]:
    """Return log-probabilities of the n best candidates by history; None where an answer was not read.

    Histories of which nothing is asked are missing. `opinion` is how much a choice counts, for a trace.
    """
    # From nothing the language model could only answer with a prior over titles.
    known = [len(history) > 0 or request is not None for history in histories]
    asked = [h for h, one in enumerate(found) if known[h] and len(one.items) > 1]
    if reranker is None or not asked:
        return {}
    offered = [found[h].items[:n] for h in asked]
    with step(
        "rerank", model=reranker.model.name, weight=opinion[0], share=opinion[1], certain=opinion[2]
    ) as s:
        chosen = reranker.log_probabilities([histories[h] for h in asked], offered, request, today)
        if s:
            pairs = [(i, one) for i, one in zip(offered, chosen, strict=True) if one is not None]
            s.note(chosen=[with_titles(catalog, *pair) for pair in pairs])
    return dict(zip(asked, chosen, strict=True))
