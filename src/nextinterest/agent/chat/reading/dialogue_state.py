"""What a conversation has come to: the list it asks for, items listed or named, events it reported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nextinterest.agent.chat.reading.antecedent import Antecedent
from nextinterest.agent.chat.reading.list_request import ListRequest
from nextinterest.agent.chat.reading.turn import Table, Turn
from nextinterest.agent.chat.understanding import ChatContext, ReportedEvent, reported_by
from nextinterest.domain import Answer, Event, Where, events_after

__all__ = ["DialogueState"]


class DialogueState:
    """What a conversation has come to.

    Parameters
    ----------
    context
        What is known of the catalogue.
    """

    def __init__(self, context: ChatContext) -> None:
        self.context = context
        self.request = ListRequest()
        self.table = Table()
        self.all_shown: list[int] = []
        self.reported: list[ReportedEvent] = []
        self.last_reported: tuple[ReportedEvent, ...] = ()  # by the message before
        self.offer: Where | None = None
        self.held: Turn | None = None  # a message of which it was asked which item it means
        self.antecedent = Antecedent()
        self.left_out: tuple[tuple[str, frozenset[int]], ...] = ()  # by the newest list's message
        self._listing = False
        self._cites = False  # whether the reply names items as evidence only
        self._before: tuple[Event, ...] = ()  # what was reported before the newest message

    def assistant(self, items: tuple[int, ...], listed: bool, offer: Where | None = None) -> None:
        """Record the items that the assistant named, and the conditions that it offered instead."""
        self.offer = offer
        if not items or self._cites or self.held is not None:  # evidence, or items that it asked back about
            return
        self.antecedent.shown(items)
        shown = items if listed or self._listing else self.table.shown
        self.table = Table(shown, items if len(items) == 1 or not listed else (items[0],))
        if listed or self._listing:
            self.all_shown += [item for item in items if item not in self.all_shown]

    def answered(self, answer: Answer) -> None:
        """Record what a reply did, which holds whatever was read of the message before it."""
        if answer.request is not None:
            self.request = ListRequest.of(answer.request, self.context, self.request.left_out)
            self._listing = True
        self.offer = None if answer.offer is None else answer.offer.where
        self._before = events_after(self._before, answer)
        self.reported = list(reported_by(self._before, self.context))
        self.last_reported = reported_by(answer.noted, self.context)
        if answer.question is not None and answer.question.kind == "which_item":
            return
        self.held = None
        shown, named = self._positions(answer.shown), self._positions(answer.named)
        if shown or named:
            self.antecedent.shown(shown or named)
            self.table = Table(shown or self.table.shown, shown[:1] or named)
            self.all_shown += [item for item in shown if item not in self.all_shown]

    def begin(self) -> None:
        """Begin a message."""
        ids = self.context.catalog.ids
        self._before = tuple(Event(ids[one.item], kind=one.kind) for one in self.reported)
        self.last_reported, self._listing, self._cites = (), False, False

    def restore(self, request: ListRequest | None, gone: Sequence[ReportedEvent]) -> None:
        """Return to an earlier list, if one is given, and take events back."""
        self.reported = [one for one in self.reported if one not in gone]
        if request is not None:
            self.request, self._listing = request, True

    def note(self, events: tuple[ReportedEvent, ...]) -> None:
        """Record events in place of others of their items."""
        new = {one.item for one in events}
        self.reported = [one for one in self.reported if one.item not in new] + list(events)
        self.last_reported = events
        self.table = Table(self.table.shown, tuple(one.item for one in events))
        self.antecedent.meant(events[-1].item)

    def points_to(self, item: int) -> None:
        """Record a message that only points to an item."""
        self.table = Table(self.table.shown, (item,))
        self.antecedent.meant(item)

    def _ids(self, items: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.context.catalog.ids[item] for item in items)

    def _positions(self, ids: Iterable[str]) -> tuple[int, ...]:
        catalog = self.context.catalog
        return tuple(catalog.position(one) for one in ids if one in catalog)
