"""What understanding is: messages and a catalogue in, a `Request` out, in the words of the catalogue.

Two things understand: `CompositionalReader`, which needs no model, and `ModelReader`, which asks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from nextinterest.agent.chat.reading.attributes import AttributeLexicon
from nextinterest.agent.chat.reading.categories import CategoryLexicon
from nextinterest.agent.chat.reading.lacking import Lacking
from nextinterest.agent.chat.reading.years import YearRange
from nextinterest.domain import Catalog, Conditions, Event, History, Request
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import FlatPlan, attributes_for, fields_for, flags_of, flat_plan
from nextinterest.titles import TitleIndex

__all__ = [
    "ChatContext",
    "Remark",
    "ReportedEvent",
    "ReportedKind",
    "Understanding",
    "Understood",
    "reported_by",
]

ReportedKind = Literal["seen", "liked", "disliked"]
Remark = Literal["idle", "drops_seen", "nothing_to_undo", "gone", "program"]


class ChatContext:
    """What a reader must know of the catalogue; made once, shared by all conversations.

    Parameters
    ----------
    catalog
        The catalogue.

    Attributes
    ----------
    history
        The events of the person who writes, where they are known (see `about`); else None.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.history: History | None = None

    def about(self, history: History) -> ChatContext:
        """Return the same context of a conversation with somebody."""
        _ = (
            self.titles,
            self.categories,
            self.attributes,
            self.years,
            self.lacking,
        )  # made once, not once for each person
        made = copy(self)
        made.history = history
        return made

    @cached_property
    def titles(self) -> TitleIndex:
        """Finds items by what people call them."""
        return TitleIndex.of(self.catalog)

    @cached_property
    def categories(self) -> CategoryLexicon:
        """What people call the categories."""
        return CategoryLexicon(self.catalog.category_names)

    @cached_property
    def attributes(self) -> AttributeLexicon:
        """What people call the attributes and their values."""
        return AttributeLexicon(self.catalog, self.titles)

    @property
    def priced(self) -> bool:
        """Whether items have prices."""
        return self.catalog.details.prices is not None

    @cached_property
    def lacking(self) -> Lacking:
        """What people ask for that no item has a field for."""
        described = any(text for text in self.catalog.descriptions)
        return Lacking(self.attributes.names, described=described, goods=self.goods)

    @property
    def goods(self) -> bool:
        """Whether items are goods, with prices or attributes, whose titles say what they are."""
        return self.priced or bool(self.catalog.details.attributes)

    @cached_property
    def conditions(self) -> Conditions:
        """Which items meet constraints."""
        return Conditions(self.catalog)

    @cached_property
    def form(self) -> type[FlatPlan]:
        """The form in which a model writes requests: with the constraints that items can meet."""
        attributes = attributes_for(self.catalog)
        return flat_plan(fields_for(self.catalog), attributes, flags_of(self.catalog, attributes))

    @cached_property
    def years(self) -> YearRange:
        """The years the catalogue spans."""
        known = [year for year in self.catalog.years if year is not None]
        return YearRange(min(known), max(known)) if known else YearRange()


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An event that a message reports.

    Attributes
    ----------
    item
        Catalogue position.
    kind
        Its kind.
    """

    item: int
    kind: ReportedKind


@dataclass(frozen=True, slots=True)
class Understood:
    """A request, and what its reader knows of the conversation beyond it.

    Attributes
    ----------
    request
        What is asked for. Where events are to be taken back, `where` says of which items.
    reported
        Events that the newest message reports; they are recorded whatever else is asked for.
    earlier
        Events that earlier messages reported and later ones did not retract.
    confirmed
        Whether what the request destroys for good was asked back before, or by the caller, and is meant.
    corrects
        Events noted by the message before that this one takes back, whatever else it asks for.
    undo
        The events reported last, to be retracted without other events of their items.
    unclear
        Items of one title of which the message leaves open which is meant, the oldest first; until that is
        answered nothing is done.
    missing
        Names whose events are to be taken back and that the catalogue does not have.
    unsure
        Whether the words leave open that events of the items are to go, so that their removal is asked back.
    kept
        Whether nothing was removed though the message may have meant it: it left the question open, or asked
        for a list beside.
    all_items
        Whether the events of all items are to be taken back.
    ruled_out
        Items that the newest message says not to recommend.
    remark
        What the reply remarks on a message that asks for nothing else: "idle" answers a question or takes one
        back where none was asked; "drops_seen" wants left out of a list what is left out anyway.
    unread
        Characters of the conversation that were left out because it is long.
    cut
        Characters at the end of the newest message that were not read because it is long.
    unsearched
        Texts of the newest message that were not compared with misspelt titles, for being too many.
    by_rules
        Why rules read the message in place of a language model; empty where they did not.
    unheld
        Conditions of the newest message that no field of the catalogue holds: what it lacks, and the words.
    left_out
        What the newest message rules out that no field holds, each with the items left out for it.
    varied
        Whether the items of the list should differ from one another.
    unanswered
        What the newest message asks of an item that the catalogue says nothing of, as a reply calls it.
    listed
        Items of the list shown last, in its order, where a message asks about it.
    list_request
        The request for that list, where it is known.
    then
        What else the message asks for, in its order.
    """

    request: Request
    reported: tuple[ReportedEvent, ...] = ()
    earlier: tuple[ReportedEvent, ...] = ()
    corrects: tuple[ReportedEvent, ...] = ()
    undo: tuple[ReportedEvent, ...] = ()
    unclear: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    confirmed: bool = False
    unsure: bool = False
    kept: bool = False
    all_items: bool = False
    ruled_out: tuple[int, ...] = ()
    remark: Remark | None = None
    unread: int = 0
    cut: int = 0
    unsearched: int = 0
    by_rules: str = ""
    unheld: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, frozenset[int]], ...] = ()
    varied: bool = False
    unanswered: tuple[str, ...] = ()
    listed: tuple[int, ...] = ()
    list_request: Request | None = None
    then: tuple[Understood, ...] = ()


def reported_by(events: Iterable[Event], context: ChatContext) -> tuple[ReportedEvent, ...]:
    """Return events that a conversation noted, of items that the catalogue still has."""
    kinds: dict[str | None, ReportedKind] = {"seen": "seen", "liked": "liked", "disliked": "disliked"}
    return tuple(
        ReportedEvent(context.catalog.position(one.item), kinds.get(one.kind, "seen"))
        for one in events
        if one.item in context.catalog
    )


class Understanding(Protocol):
    """Anything that reads a conversation."""

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        ...

    def read(self, messages: Sequence[Message], context: ChatContext) -> Understood:
        """Return what the newest user message asks for, in the light of those before it."""
        ...
