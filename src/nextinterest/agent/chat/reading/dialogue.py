"""The list that a conversation asks for, and how each message changes it.

A message that asks for a list changes the `ListRequest`: years replace years, a category replaces or joins
the others, exclusions add up, a count stays until another is given. Other messages do not change it.
"""

from __future__ import annotations

from nextinterest.agent.chat.reading.asking import unanswered
from nextinterest.agent.chat.reading.dialogue_state import DialogueState
from nextinterest.agent.chat.reading.intents import decide, forgets_besides, looked_up
from nextinterest.agent.chat.reading.list_request import ListRequest
from nextinterest.agent.chat.reading.namesakes import chosen
from nextinterest.agent.chat.reading.numbers import changed_count
from nextinterest.agent.chat.reading.removal import excepts, in_passing
from nextinterest.agent.chat.reading.retraction import may_be_name
from nextinterest.agent.chat.reading.roles import Named
from nextinterest.agent.chat.reading.scope import counts, free_text, names_anew
from nextinterest.agent.chat.reading.small_talk import asks_who_answers, small_talk
from nextinterest.agent.chat.reading.turn import Table, Turn
from nextinterest.agent.chat.reading.years import YearRange
from nextinterest.agent.chat.schema import EVERYTHING
from nextinterest.agent.chat.understanding import (
    Remark,
    ReportedEvent,
    ReportedKind,
    Understood,
)
from nextinterest.domain import Intent, Request, Where
from nextinterest.domain.where import FIRST_YEAR, LAST_YEAR, MAX_NAMES

__all__ = ["Dialogue"]

_LONGEST_QUERY = 200
_LONGEST_TOPIC = 6  # words that a reply repeats


class Dialogue(DialogueState):
    """Follows a conversation, message by message; see `DialogueState`."""

    def user(self, turn: Turn) -> Understood:
        """Record a user's message and return what it asks for."""
        last = self.last_reported
        self.begin()
        self.last_reported = last
        offer, self.offer = self.offer, None
        if offer is not None and self.request.asked and _agrees(turn):
            return self._accept(offer)
        turn = self.antecedent.resolved(self._answering(turn))
        back = turn.retraction
        if back is not None and not self.last_reported and (back.denies or small_talk(turn.text)):
            turn.retraction = None  # "scratch that", and nothing was noted
        intent = decide(turn, refining=self.request.asked)
        if intent == "forget":
            turn = self._known(turn)
        unsure = intent == "forget" and turn.retraction is not None and turn.retraction.unsure
        if turn.unclear:
            self.held, self._listing = turn, False
            clear = [one.item for one in turn.titled if not one.alike and one.item in turn.taken_back]
            meant = Where(only_items=self._ids(clear)) if intent == "forget" and clear else Where()
            asked = Request(intent=intent, where=meant)
            return Understood(asked, earlier=tuple(self.reported), unclear=turn.unclear, unsure=unsure)
        self._listing, self._cites = intent in {"recommend", "similar"}, intent in {"explain", "profile"}
        reported = self._reported(turn, intent)
        earlier = tuple(self.reported)
        undo = self._taken_back(turn)[1] if intent == "forget" else ()
        self._drop(turn)
        if intent in {"recommend", "similar"}:
            request = self._list(turn, intent)
        elif intent == "forget":
            request = self._forgetting(turn)
        else:
            request = self._other(turn, intent)
        self._remember(turn, reported, intent)
        self.antecedent.said(turn, intent, request.query, self.context.titles)
        return Understood(
            request,
            reported=reported,
            earlier=earlier,
            undo=undo,
            unsure=unsure,
            missing=turn.missing if intent == "forget" else (),
            kept=self._listing and forgets_besides(turn),
            all_items=turn.all_items,
            ruled_out=tuple(o.item for o in turn.titled if o.unlike) if turn.has("bans") else (),
            left_out=self.left_out if self._listing else (),
            varied=self._listing and turn.has("varied"),
            unheld=(*turn.unheld, *turn.lacking) if self._listing else (),
            unanswered=self._unanswered(turn, request),
            remark=self._remark(turn, intent),
        )

    def _unanswered(self, turn: Turn, request: Request) -> tuple[str, ...]:
        ids = request.where.only_items or ()
        item = None if request.query is None else self.context.titles.resolve(request.query)
        items = self._positions(ids) or (() if item is None else (item,))
        return unanswered(turn, items, self.context) if request.intent == "ask" and items else ()

    @staticmethod
    def _remark(turn: Turn, intent: Intent) -> Remark | None:
        if turn.drops_seen:
            return "drops_seen"
        if intent == "other" and not turn.titled and asks_who_answers(turn.text):
            return "program"
        idle = intent == "other" and not turn.named and small_talk(turn.text) == "idle"
        return "idle" if idle else None

    def _answering(self, turn: Turn) -> Turn:
        """Return the message that was held back, where this one says which item that meant; else this one."""
        held, self.held = self.held, None
        meant = () if held is None else chosen(turn.text, held.unclear, self.context)
        return turn if held is None or not meant else held.resolved(held.unclear, meant)

    def _known(self, turn: Turn) -> Turn:
        """Return a request to forget with the one of several items that this conversation reported."""
        reported = [item for item in turn.unclear if any(one.item == item for one in self.reported)]
        return turn.resolved(turn.unclear, reported) if len(reported) == 1 else turn

    def _accept(self, offer: Where) -> Understood:
        """Take over the conditions that the assistant offered."""
        self._listing = True
        self.request.include = list(offer.categories)
        self.request.exclude = list(offer.excluded_categories)
        self.request.years = YearRange(offer.year_from, offer.year_to)
        request = self.request.asks("similar" if self.request.similar_to else "recommend", self.context)
        return Understood(request, earlier=tuple(self.reported))

    def _list(self, turn: Turn, intent: Intent) -> Request:
        if turn.has("reset") or (turn.starts_with("greetings") and len(turn.text) > 6 and turn.conditions):
            self.request = ListRequest()
        unheard = None if turn.named or intent != "similar" else looked_up(turn, "similar_slots")
        if intent == "similar":
            # Another model starts another search; what was ruled out stays ruled out.
            self.request = ListRequest(
                exclude=self.request.exclude, disliked=self.request.disliked, asked=self.request.asked
            )
        request = self.request
        refining, before = request.asked, set(request.include)
        self._categories(turn, refining)
        request.leave(before, self.context)
        self._years(turn)
        count = turn.count
        if count is None and refining:
            count = changed_count(turn.text, len(self.table.shown) or request.count or 0) or request.count
        request.count = count
        liked = [one.item for one in turn.named if one.opinion == "liked" and not one.like and not one.unlike]
        models = {one.item for one in turn.named if one.like}  # "like Heat, but not Heat itself"
        unwanted = [
            one.item
            for one in turn.named
            if one.item not in models and (one.unlike or self._turned_down(one, turn))
        ]
        if intent == "similar":
            request.similar_to = self._models(turn)
            request.liked = []
        elif refining and names_anew(turn):
            if request.query is not None and not before and turn.categories.include:
                # The conditions were of something that only words said: "a present for my dad".
                request.prices, request.published, request.attributes = (None, None), (None, None), {}
            request.similar_to, request.query = [], None
        request.liked += [item for item in liked if item not in request.liked]
        request.disliked += [item for item in unwanted if item not in request.disliked]
        request.liked = [item for item in request.liked if item not in unwanted]
        request.similar_to = [item for item in request.similar_to if item not in unwanted]
        request.change(turn, self.context)
        self.left_out = request.leave_out(turn, self.context)
        if unheard is not None or (intent == "similar" and not request.similar_to):
            request.query = unheard
        else:
            request.query = free_text(turn) or request.query
        request.less_like += [o.item for o in turn.named if o.kind and o.item not in request.less_like]
        request.asked = True
        swapped = any(one.unlike and not one.by_title for one in turn.named) and not turn.reference.pronoun
        others = not swapped and turn.has("more_of_same") and before.issuperset(turn.categories.include)
        whole = any(one.unlike and not one.by_title for one in turn.named) and turn.has("all_of_them")
        again = others or whole
        known = [o.item for o in turn.titled if o.opinion == "none" and not (o.like or o.unlike)]
        left_out = [*(self.all_shown if again else ()), *known]
        return request.asks("similar" if request.similar_to else intent, self.context, left_out)

    def _models(self, turn: Turn) -> list[int]:
        named = [one.item for one in turn.named if one.like]
        if named:
            pronoun = all(not one.by_title for one in turn.named if one.like)
            if not (pronoun and turn.titled):
                return list(dict.fromkeys(named))
        if turn.titled:
            return list(
                dict.fromkeys(one.item for one in turn.titled if not one.unlike and one.opinion != "disliked")
            )
        if looked_up(turn, "similar_slots") is not None:
            return []
        if turn.reference.items:
            return list(turn.reference.items)
        return list(self.table.focus[:1] or self.table.shown[:1])

    @staticmethod
    def _turned_down(one: Named, turn: Turn) -> bool:
        if one.like or one.opinion == "liked":
            return False
        return (
            one.opinion == "disliked"
            or (one.item in turn.table.shown and one.opinion == "seen")
            or (not one.by_title and turn.has("rejects"))
        )

    def _categories(self, turn: Turn, refining: bool) -> None:
        said, request = turn.categories, self.request
        if said.include:
            adds = refining and turn.has("adding") and not turn.has("replacing")
            if (
                refining
                and not adds
                and turn.text.words[:1] in {("and",), ("plus",), ("also",), ("und",), ("et",)}
            ):
                adds = not turn.has("strong_requests") and not (turn.asks and len(turn.text) < 4)
            kept = [name for name in request.include if adds and name not in said.include]
            both = Where(categories=(*kept, *said.include)[:MAX_NAMES], match="any" if said.either else "all")
            if kept and not self.context.conditions.mask(both).any():
                kept = []  # "do you also have knives": nothing is both a knife and a pan
            request.include = [*kept, *said.include]
            request.either = said.either
        request.exclude = [
            name for name in request.exclude if name not in said.include and name not in said.allowed
        ]
        request.exclude += [name for name in said.exclude if name not in request.exclude]
        for names in said.joint:  # "a comedy but no romcoms" is one without romance
            if not set(names).isdisjoint(request.include):
                known = (*request.include, *request.exclude)
                request.exclude += [name for name in names if name not in known]
        request.include = [name for name in request.include if name not in request.exclude]
        if not refining and said.allowed and not request.include:
            request.include = list(said.allowed)

    def _years(self, turn: Turn) -> None:
        said, request = turn.years, self.request
        if said.any_year:
            request.years = YearRange()
        if said.range is not None:
            adds = turn.has("adding") and request.asked and (request.years.first or request.years.last)
            request.years = request.years.union(said.range) if adds else said.range
        elif said.direction and said.without:  # "not the 80s, something newer"
            request.years = said.without[0].moved(said.direction, (), self.context.years)
        elif said.direction:
            years = [y for item in self.table.shown if (y := self.context.catalog.years[item]) is not None]
            request.years = request.years.moved(said.direction, years, self.context.years)

    def _reported(self, turn: Turn, intent: Intent) -> tuple[ReportedEvent, ...]:
        """Return what the message says happened; a request about items is no event."""
        if intent in {"forget", "explain", "profile", "search", "other"}:
            return ()
        reported: list[ReportedEvent] = []
        for one in turn.named:
            if one.unlike and one.opinion == "none":
                continue
            kind: ReportedKind | None = one.opinion if one.opinion != "none" else None
            if one.like and kind == "liked" and turn.has("if_liked"):
                kind = None
            if kind is not None and not any(t.item == one.item for t in reported):
                reported.append(ReportedEvent(one.item, kind))
        return tuple(reported)

    def _forgetting(self, turn: Turn) -> Request:
        items, _ = self._taken_back(turn)
        where = Where(only_items=self._ids(items)) if items else Where()
        if not (turn.taken_back or not turn.part_back or turn.count or turn.years.direction):
            # By a number or by age it is asked what is meant.
            first, last = (turn.years.range or YearRange()).within(FIRST_YEAR, LAST_YEAR)
            about = turn.categories_back[:MAX_NAMES]
            where = Where(categories=about, match="any", year_from=first, year_to=last)
        return Request(intent="forget", where=where, query=self._query(turn, "forget"))

    def _other(self, turn: Turn, intent: Intent) -> Request:
        catalog = self.context.titles
        if intent == "feedback":
            by_kind = {
                kind: [one.item for one in turn.named if one.opinion == kind]
                for kind in ("liked", "disliked")
            }
            seen = next((one.item for one in turn.named if one.opinion == "seen"), None)
            names = {
                kind: tuple(dict.fromkeys(catalog.called(i) for i in items))[:MAX_NAMES]
                for kind, items in by_kind.items()
            }
            query = None
            if not names["liked"] and not names["disliked"] and not any(one.unstated for one in turn.named):
                said = seen if seen is not None else turn.titled[0].item if turn.titled else None
                query = looked_up(turn, "reported_slots") if said is None else catalog.called(said)
            return Request(intent=intent, liked=names["liked"], disliked=names["disliked"], query=query)
        if intent == "search" and counts(turn):
            wanted = turn.categories
            asked = ListRequest(
                include=list(wanted.include), either=wanted.either, exclude=list(wanted.exclude)
            )
            asked.years = turn.years.range or YearRange()
            asked.change(turn, self.context)
            return Request(intent=intent, where=asked.asks("recommend", self.context).where)
        several = self._ids(dict.fromkeys(one.item for one in turn.titled))
        where = Where(only_items=several) if len(several) > 1 and intent in {"search", "ask"} else Where()
        return Request(intent=intent, where=where, query=self._query(turn, intent))

    def _query(self, turn: Turn, intent: Intent) -> str | None:
        if intent in {"profile", "other"}:
            return None
        if intent == "forget":
            if turn.deletes_profile:
                return EVERYTHING
            if turn.asks_how or turn.all_items:
                return None
            items, undo = self._taken_back(turn)
            if items or undo:
                return self.context.titles.called(items[0] if items else undo[0].item)
            asked = turn.retraction
            if turn.missing or (turn.removal is not None and turn.removal.doubtful and turn.titled):
                return turn.missing[0][:_LONGEST_QUERY] if turn.missing else self._longer_name(turn)
            if excepts(turn.text, turn.title_positions):
                return None
            topic = "" if asked is None or asked.points or turn.part_back else asked.topic
            if not may_be_name(topic):
                return None
            return topic if 0 < len(topic.split()) <= _LONGEST_TOPIC else None
        if intent == "ask" and not turn.titled:
            known = self.antecedent.known  # "is it scary?", behind a list of several
            return self.context.titles.called(known[0]) if known else None
        if turn.named:
            chosen = turn.titled or turn.named
            return self.context.titles.called(chosen[0].item)
        if intent == "explain":
            items = self.table.focus or self.table.shown
            return self.context.titles.called(items[0]) if items else None
        found = looked_up(turn)
        return found[:_LONGEST_QUERY] if found else None

    def _longer_name(self, turn: Turn) -> str | None:
        """Return the name that starts with a title but is longer: "Toy Story 2"."""
        asked, first = turn.retraction, turn.titled[0]
        if asked is None or excepts(turn.text) or in_passing(turn.text) or first.end >= asked.end:
            return None
        rest = turn.text.words[first.end : asked.end]
        return turn.text.span(first.start, asked.end) if len(rest) == 1 else None

    def _taken_back(self, turn: Turn) -> tuple[tuple[int, ...], tuple[ReportedEvent, ...]]:
        """Return the items that a request to forget names, or else what of the last it points at."""
        if turn.deletes_profile or turn.asks_how or turn.all_items:
            return (), ()
        if turn.taken_back:
            return tuple(dict.fromkeys(turn.taken_back)), ()
        points = turn.retraction is not None and turn.retraction.points
        if points and self.last_reported:
            return (), self.last_reported
        return () if turn.reference.pronoun else turn.reference.items, ()

    def _drop(self, turn: Turn) -> None:
        """Drop conditions on categories that are taken back."""
        request, gone = self.request, turn.categories_back
        request.include = [name for name in request.include if name not in gone]
        request.exclude = [name for name in request.exclude if name not in gone]

    def _remember(self, turn: Turn, reported: tuple[ReportedEvent, ...], intent: Intent) -> None:
        if intent == "forget":
            items, undo = self._taken_back(turn)
            gone = {*items, *(one.item for one in undo)}
            self.reported = [] if turn.deletes_profile else [t for t in self.reported if t.item not in gone]
        elif reported:
            new = {t.item for t in reported}
            self.reported = [t for t in self.reported if t.item not in new] + list(reported)
        self.last_reported = reported
        if turn.titled:
            self.table = Table(self.table.shown, tuple(one.item for one in turn.titled))
        elif turn.reference.items:
            self.table = Table(self.table.shown, turn.reference.items)
        if len(turn.titled) > 1 and intent in {"ask", "search"}:  # "the first one" is the first of them
            items = tuple(dict.fromkeys(one.item for one in turn.titled))
            self.table = Table(items, items)


def _agrees(turn: Turn) -> bool:
    return (
        0 < len(turn.text) <= 5
        and turn.starts_with("affirmations")
        and not turn.named
        and not turn.conditions
    )
