"""Carrying out a request: from an `Understood` to a structured result; the text is written elsewhere.

Everything in a result comes from the catalogue, the history or the ranking; titles that the catalogue does
not have lead to a note, never to an item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import numpy as np

from nextinterest.agent.alike import nearest_items
from nextinterest.agent.chat.background import with_background
from nextinterest.agent.chat.grounding import queries_words
from nextinterest.agent.chat.known import with_known
from nextinterest.agent.chat.lists import filtered, neighbours, spread
from nextinterest.agent.chat.looking import Looking
from nextinterest.agent.chat.naming import N_FOUND, Naming
from nextinterest.agent.chat.ordering import order_values
from nextinterest.agent.chat.past import past_events
from nextinterest.agent.chat.profile import ChatProfile, extended
from nextinterest.agent.chat.relaxing import relaxation
from nextinterest.agent.chat.remarks import remarks
from nextinterest.agent.chat.schema import EVERYTHING
from nextinterest.agent.chat.understanding import ChatContext, Understood
from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.notes import unordered
from nextinterest.agent.where_notes import where_notes
from nextinterest.domain import (
    BoolArray,
    Confirmation,
    Explanation,
    FoundItem,
    History,
    Outcome,
    Question,
    Request,
)
from nextinterest.interests import Horizon

__all__ = ["DEFAULT_COUNT", "Executor"]

DEFAULT_COUNT = 5
DEFAULT_HORIZON = 10
_VARIED = 6  # a list of items that differ is chosen from so many times its length
N_CLOSE = 10
_GIVEN = "Nothing was removed: what the data has about {titles} is not changed by chat and still counts."
_NOTHING = "Nothing is stored about you, so nothing was deleted."


class Executor:
    """Carries out requests with one engine.

    Parameters
    ----------
    engine
        Ranks, explains and forecasts.
    context
        Looks titles up.
    """

    def __init__(self, engine: Engine, context: ChatContext) -> None:
        self.engine = engine
        self.context = context
        self.conditions = context.conditions
        self.naming = Naming(context)
        self.looking = Looking(engine, self.conditions, self.naming)

    def carry_out(self, understood: Understood, profile: ChatProfile) -> Outcome:
        """Return the result of all requests of a message, one after the other."""
        first, *others = (self._carry_out(one, profile) for one in (understood, *understood.then))
        return first.model_copy(update={"also": tuple(others)})

    def _carry_out(self, understood: Understood, profile: ChatProfile) -> Outcome:
        """Return the result of a request; the events that it reports are recorded first."""
        if understood.unclear:
            return self._which(understood, profile)
        recorded = self._record(understood, profile)
        doing: dict[str, Callable[[Understood, ChatProfile], Outcome]] = {
            "recommend": self._list,
            "similar": self._list,
            "explain": self._explain,
            "feedback": self._feedback,
            "profile": self._portray,
            "search": self._search,
            "ask": self._search,
            "forget": self._forget,
        }
        request = understood.request
        if len(request.compared) > 1:
            outcome = self.looking.compare(request, profile)
        elif request.intent in doing:
            outcome = doing[request.intent](understood, profile)
        else:
            outcome = Outcome(request=request)
        outcome = with_known(outcome, self.engine.catalog, self.engine.clock())
        outcome = with_background(outcome, self.engine, profile)
        notes = (*outcome.notes, *remarks(understood, self.context.titles))
        outcome = outcome.model_copy(update={"notes": notes})
        return outcome if recorded is None else outcome.model_copy(update={"confirmation": recorded})

    def _which(self, understood: Understood, profile: ChatProfile) -> Outcome:
        """Ask which of several items is meant, unless all of them are looked for, or only one is recorded."""
        request, items = understood.request, understood.unclear
        if request.intent == "search":
            return Outcome(request=request, found=tuple(self.naming.found(item) for item in items))
        if request.intent == "forget":
            held = tuple(item for item in items if item in profile.held())
            if len(held) < 2:
                clear = self.naming.positions(request.where.only_items or ())
                return self._remove(understood, profile, (*clear, *(held or items)))
            items = held
        found = tuple(self.naming.found(item) for item in items)
        return Outcome(request=request, question=Question(kind="which_item", items=found))

    def _record(self, understood: Understood, profile: ChatProfile) -> Confirmation | None:
        for wrong in understood.corrects:
            profile.take_back(wrong.item, wrong.kind)
        taken_back = tuple(self.naming.found(one.item) for one in understood.corrects)
        if not understood.reported:
            return _taken_back(taken_back, profile)
        written = profile.record(understood.reported)
        by_kind = {
            kind: tuple(self.naming.found(one.item) for one in understood.reported if one.kind == kind)
            for kind in ("seen", "liked", "disliked")
        }
        return Confirmation(
            kind="reported",
            seen=by_kind["seen"],
            liked=by_kind["liked"],
            disliked=by_kind["disliked"],
            forgotten=taken_back,
            events=len(written),
            written=tuple(self.engine.catalog.ids[one.item] for one in written),
            durable=profile.durable,
        )

    def _list(self, understood: Understood, profile: ChatProfile) -> Outcome:
        request = understood.request
        liked, unknown = self.naming.resolved(request.liked)
        disliked, more = self.naming.resolved(request.disliked)
        models, still = self.naming.resolved(request.similar_to)
        fewer, less = self.naming.resolved(request.less_like)
        seen, few = self.naming.resolved(request.seen)
        unknown = (*unknown, *more, *still, *less, *few)
        words = request.query if queries_words(request) else None
        if request.query and not (words or models) and self.context.titles.resolve(request.query) is None:
            unknown = (*unknown, request.query)
        if request.intent == "similar" and not models and request.suggested:
            words = words or f"like {', '.join(request.similar_to)}"  # what the model knows to be like it
        elif request.intent == "similar" and not models:
            close = tuple(f for words in unknown for f in self.naming.look_up(words))[:N_FOUND]
            note = () if unknown else ("Name an item, so that others like it can be found.",)
            return Outcome(request=request, found=close, unknown=unknown, notes=note)
        known = set(profile.history().items.tolist())
        history = extended(profile.history(), [item for item in liked if item not in known], "like")
        open_items = self._open(profile, [*disliked, *seen, *models, *liked], fewer)
        if request.exclude_seen:
            open_items[history.had(self.engine.retriever.config.open_kinds)] = False
        count = request.count or DEFAULT_COUNT
        pool = _VARIED if understood.varied and request.order is None else 1
        allowed = open_items & self.conditions.mask(request.where)
        by = order_values(self.engine, request.order, allowed)
        made = (
            neighbours(self.engine, history, models, allowed, count, words, by, request.suggested)
            if models
            else filtered(self.engine, history, allowed, count * pool, words, request.suggested or None, by)
        )
        made = made if models or by is not None else spread(made, count)
        nearest = None
        notes = made.notes
        if len(made.items) < (request.count or 1):
            nearest = relaxation(self.conditions, request, open_items)
            notes += self._had(request, history, len(made.items))
        return Outcome(
            request=request,
            recommendations=made.model_copy(update={"user": history.user}),
            relaxation=nearest,
            matches=None if request.where.empty else int(self.conditions.mask(request.where).sum()),
            notes=notes + self._list_notes(request, len(made.items), by is not None),
            unknown=unknown,
        )

    def _had(self, request: Request, history: History, n: int) -> tuple[str, ...]:
        """Say which items of the history meet the conditions of a list that has none."""
        meets = self.conditions.mask(request.where)
        had = [item for item in dict.fromkeys(history.items.tolist()) if meets[item]]
        if n or not had or request.where.empty or not request.exclude_seen:
            return ()
        titles = ", ".join(self.context.titles.called(item) for item in had[:N_FOUND])
        more = f" and {len(had) - N_FOUND} more" if len(had) > N_FOUND else ""
        return (f"In your history already: {titles}{more}.",)

    def _open(self, profile: ChatProfile, named: Sequence[int], less_like: Sequence[int]) -> BoolArray:
        """Return which items may be recommended before any condition, bool, shape (n_items,)."""
        allowed = np.ones(len(self.engine.catalog), dtype=bool)
        closed = {*profile.unwanted(), *named}
        for item in less_like:
            closed |= nearest_items(self.engine, item, N_CLOSE)
        allowed[sorted(closed)] = False
        return allowed

    def _list_notes(self, request: Request, n: int, ordered: bool) -> tuple[str, ...]:
        notes = [*where_notes(request.where, self.conditions), *unordered(request.order, known=ordered)]
        if request.references:
            numbers = ", ".join(map(str, request.references))
            notes.append(f"No list shown before has number {numbers}.")
        if request.others and not request.where.excluded_items:
            notes.append("Others were asked for, but no list was shown before.")
        if request.where.match == "any" and len(request.where.categories) > 1:
            notes.append("Any one of these categories is enough here.")
        if request.count is not None and 0 < n < request.count:
            notes.append(f"{f'Only {n}' if n else 'None'} fit; {request.count} were asked for.")
        if request.less_like:
            notes.append(f"The {N_CLOSE} items most like what you want less of are left out.")
        return tuple(notes)

    def _explain(self, understood: Understood, profile: ChatProfile) -> Outcome:
        request = understood.request
        if request.query is None:
            return Outcome(request=request)
        found = self.naming.look_up(request.query)
        if not found:
            return Outcome(request=request, unknown=(request.query,))
        item = self.engine.catalog.position(found[0].item_id)
        history = profile.history()
        # A language model reranks the best few alone, which need not hold this item.
        ranked = self.engine.rank([history], len(self.engine.catalog), rerank=False)[0]
        indices = np.flatnonzero(ranked.items == item)
        seen = item in history.had(self.engine.retriever.config.open_kinds)
        index = int(indices[0]) if len(indices) else None
        counts = {
            name: sum(name in self.engine.catalog.categories[int(i)] for i in history.items)
            for name in self.engine.catalog.categories[item]
        }
        scores = {} if index is None else {n: float(part[index]) for n, part in ranked.parts.items()}
        explanation = Explanation(
            item=found[0],
            rank=None if index is None else index + 1,
            probability=None if index is None else float(ranked.probabilities[index]),
            scores={name: value for name, value in scores.items() if np.isfinite(value)},
            evidence=self.engine.evidence(history, np.array([item], dtype=np.int32))[0],
            seen=seen,
            place=understood.listed.index(item) + 1 if item in understood.listed else None,
            listed=understood.list_request if item in understood.listed else None,
            shared_categories={name: n for name, n in counts.items() if n},
            events=len(history),
        )
        return Outcome(request=request, explanation=explanation)

    def _feedback(self, understood: Understood, profile: ChatProfile) -> Outcome:
        request = understood.request
        said = (*request.liked, *request.disliked, *request.seen)
        words = (*said, *(() if request.query is None else (request.query,)))
        _, unknown = self.naming.resolved(words)
        found = tuple(one for text in unknown for one in self.naming.look_up(text))[:N_FOUND]
        return Outcome(request=request, unknown=unknown, found=found)

    def _portray(self, understood: Understood, profile: ChatProfile) -> Outcome:
        request = understood.request
        past = past_events(request, profile, self.naming, self.conditions)
        if request.past or not request.where.empty:
            return Outcome(request=request, past=past)
        history = profile.history()
        portrait = self.engine.interests(ReadHistory(history))
        outlook = None
        if len(history):
            outlook = self.engine.forecast(ReadHistory(history), horizon=_horizon(request))
        return Outcome(request=request, past=past, portrait=portrait, outlook=outlook)

    def _search(self, understood: Understood, profile: ChatProfile) -> Outcome:
        return self.looking.search(understood.request, profile)

    def _forget(self, understood: Understood, profile: ChatProfile) -> Outcome:
        request = understood.request
        if request.query == EVERYTHING:
            return self._forget_everything(understood, profile)
        where = request.where
        if understood.all_items:
            return self._forget_items(understood, profile)
        if where.only_items is None and (where.categories or (request.query is None and not where.empty)):
            return self._forget_part(understood, profile)
        named = self.naming.positions(where.only_items or ())
        items = named or tuple(one.item for one in understood.undo)
        if not items and understood.missing:
            found = tuple(one for name in understood.missing for one in self.naming.look_up(name))[:N_FOUND]
            return Outcome(request=request, unknown=understood.missing, found=found)
        if not items and request.query is not None:
            item = self.context.titles.resolve(request.query)
            if item is None:
                return Outcome(
                    request=request, unknown=(request.query,), found=self.naming.look_up(request.query)
                )
            items = (item,)
        return self._remove(understood, profile, items) if items else Outcome(request=request)

    def _remove(self, understood: Understood, profile: ChatProfile, items: Sequence[int]) -> Outcome:
        """Retract the events of items, once confirmed where the words leave open that this is meant."""
        if understood.unsure and not understood.confirmed and (held := _of(profile.held(), items)):
            return self._ask_to_remove(understood, held)
        return self._take_back(understood, profile, items)

    def _forget_everything(self, understood: Understood, profile: ChatProfile) -> Outcome:
        if profile.durable and not understood.confirmed and not profile.size():
            return Outcome(request=understood.request, notes=(_NOTHING,))
        if profile.durable and not understood.confirmed:
            asked = Question(kind="forget_everything", events=profile.size())
            return Outcome(request=understood.request, question=asked)
        done = Confirmation(kind="forgotten_everything", events=profile.forget(), durable=profile.durable)
        return Outcome(request=understood.request, confirmation=done)

    def _forget_items(self, understood: Understood, profile: ChatProfile) -> Outcome:
        """Retract the events of all items, once confirmed."""
        held = profile.held()
        if held and profile.durable and not understood.confirmed:
            return self._ask_to_remove(understood, held)
        if held:
            return self._take_back(understood, profile, tuple(held))
        return Outcome(request=understood.request, notes=(_NOTHING,))

    def _forget_part(self, understood: Understood, profile: ChatProfile) -> Outcome:
        """Retract the events of items of some categories or years, once confirmed."""
        request, held = understood.request, profile.held()
        where = request.where
        meant = self.conditions.mask(where.model_copy(update={"match": "any"}))
        items = tuple(item for item in held if meant[item])
        if not items:
            years = f"{where.year_from or ''}-{where.year_to or ''}"
            return Outcome(request=request, unknown=where.categories or (years,))
        if profile.durable and not understood.confirmed:
            return self._ask_to_remove(understood, _of(held, items))
        return self._take_back(understood, profile, items)

    def _ask_to_remove(self, understood: Understood, held: dict[int, int]) -> Outcome:
        items = tuple(self.naming.found(item) for item in held)
        asked = Question(kind="forget_items", items=items, events=sum(held.values()))
        return Outcome(request=understood.request, question=asked)

    def _take_back(self, understood: Understood, profile: ChatProfile, items: Sequence[int]) -> Outcome:
        held = profile.held()
        events = sum(profile.take_back(one.item, one.kind) for one in understood.undo)
        events += 0 if understood.undo else sum(profile.take_back(item) for item in items)
        given = set() if events else {*items} & {*profile.history().items.tolist()}
        if given:
            titles = ", ".join(self.context.titles.called(item) for item in sorted(given))
            return Outcome(request=understood.request, notes=(_GIVEN.format(titles=titles),))
        gone = tuple(item for item in items if item in held) if events and not understood.undo else items
        done = Confirmation(
            kind="forgotten",
            forgotten=tuple(self.naming.found(item) for item in gone),
            events=events,
            durable=profile.durable,
        )
        absent = tuple(self.context.titles.called(item) for item in items if item not in gone)
        return Outcome(request=understood.request, confirmation=done, unknown=(*absent, *understood.missing))


def _taken_back(items: tuple[FoundItem, ...], profile: ChatProfile) -> Confirmation | None:
    """Return what is said of events that were taken back beside a request; None for none."""
    if not items:
        return None
    return Confirmation(kind="forgotten", forgotten=items, events=len(items), durable=profile.durable)


def _horizon(request: Request) -> Horizon:
    if request.horizon_days is not None:
        return timedelta(days=request.horizon_days)
    return request.horizon_events or DEFAULT_HORIZON


def _of(held: dict[int, int], items: Sequence[int]) -> dict[int, int]:
    return {item: held[item] for item in items if item in held}
