"""Looking items up: by title, by conditions, and beside one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.agent.chat.lists import filtered, ordered
from nextinterest.agent.chat.naming import N_FOUND, Naming
from nextinterest.agent.chat.ordering import order_values
from nextinterest.agent.chat.past import past_events
from nextinterest.agent.chat.profile import ChatProfile
from nextinterest.agent.engine import Engine
from nextinterest.agent.notes import unordered
from nextinterest.agent.where_notes import where_notes
from nextinterest.domain import Conditions, FoundItem, Outcome, Past, Request, Where

__all__ = ["Looking"]


class Looking:
    """Looks up what requests name.

    Parameters
    ----------
    engine
        Ranks items.
    conditions
        Of its catalogue.
    naming
        Finds items by their names.
    """

    def __init__(self, engine: Engine, conditions: Conditions, naming: Naming) -> None:
        self.engine, self.conditions, self.naming = engine, conditions, naming

    def compare(self, request: Request, profile: ChatProfile) -> Outcome:
        """Return the items that are compared, the one that fits best first."""
        items, unknown = self.naming.resolved(request.compared)
        close = tuple(found for words in unknown for found in self.naming.look_up(words))[:N_FOUND]
        if len(items) < 2:
            found = (*map(self.naming.found, items), *close)
            return Outcome(request=request, found=found, unknown=unknown)
        among = np.zeros(len(self.engine.catalog), dtype=bool)
        among[items] = True
        by = order_values(self.engine, request.order, among)
        history = profile.history()
        made = filtered(self.engine, history.without(items), among, len(items), request.query, None, by)
        return Outcome(
            request=request,
            recommendations=made.model_copy(update={"user": history.user}),
            notes=made.notes + unordered(request.order, known=by is not None),
            unknown=unknown,
        )

    def search(self, request: Request, profile: ChatProfile) -> Outcome:
        """Return the items that a request looks up or asks about; without a title, how many meet it."""
        named = self.naming.positions(request.where.only_items or ())
        if request.query is None and not request.suggested:
            return self._count(request, profile) if not request.where.empty else Outcome(request=request)
        items = list(named)
        found: tuple[FoundItem, ...] = ()
        if not named and request.query is not None:
            items = list(self.naming.series(request.query)) if request.intent == "search" else []
            found = () if items else self.naming.look_up(request.query)
        items += [item for item in self.naming.resolved(request.suggested)[0] if item not in items]
        found = (*found, *(self.naming.found(item, request.query or "") for item in items))
        found = tuple({one.item_id: one for one in found}.values())
        past = self._past(request, found, profile) if len(found) == 1 or named else None
        return Outcome(
            request=request, past=past, found=found, unknown=() if found else (request.query or "",)
        )

    def _past(self, request: Request, found: Sequence[FoundItem], profile: ChatProfile) -> Past | None:
        """Return the events of the items that a question is about; None where there are none."""
        if request.intent != "ask":
            return None
        of_them = Where(only_items=tuple(one.item_id for one in found))
        past = past_events(Request(where=of_them), profile, self.naming, self.conditions)
        return past if past.matching else None

    def _count(self, request: Request, profile: ChatProfile) -> Outcome:
        """Return how many items meet the conditions, and the first of them for this person."""
        fits = self.conditions.mask(request.where)
        by = order_values(self.engine, request.order, fits)
        n = request.count or N_FOUND
        ranked = self.engine.rank(
            [profile.history()], n if by is None else len(fits), False, allowed=fits, rerank=False
        )[0]
        items = ranked.items if by is None else ordered(ranked, by, n).items
        return Outcome(
            request=request,
            matches=int(fits.sum()),
            found=tuple(self.naming.found(int(item)) for item in items),
            notes=where_notes(request.where, self.conditions)
            + unordered(request.order, known=by is not None),
        )
