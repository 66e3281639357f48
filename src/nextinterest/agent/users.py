"""Users whose events live in a store: reading them, writing them, forgetting them.

Every answer is computed from what the store holds at that moment, which makes a crash harmless. No lock is
held while one is computed. All that is kept of users beside the store is what the language model has read of
their histories: in memory, bounded in bytes, and dropped when a user is forgotten, here or by another process
on the same store (`nextinterest.agent.remembered`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import get_args
from unicodedata import normalize

from nextinterest.agent.catalogue import Snapshot
from nextinterest.agent.chat.conversing import Conversation
from nextinterest.agent.chat.schema import EVERYTHING, ChatReply
from nextinterest.agent.chat.stored_profile import StoredProfile, events_of
from nextinterest.agent.chat.understanding import Understood
from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import ReadHistory, read_history
from nextinterest.agent.remembered import RememberedUsers
from nextinterest.agent.sessions import Sessions
from nextinterest.arguments import as_records
from nextinterest.domain import Catalog, Event, History, Outcome
from nextinterest.domain.items import utc
from nextinterest.errors import UnknownItemError
from nextinterest.messages import Message
from nextinterest.profiles import AppendResult, ProfileEvent, ProfileStore, read_profile
from nextinterest.profiles.faults import checked_seconds
from nextinterest.profiles.kinds import EventKind
from nextinterest.profiles.store import checked_user
from nextinterest.retrieval import Retriever

__all__ = ["ProfileEventsLike", "StoredUsers"]

ProfileEventsLike = (
    ProfileEvent | Event | Mapping[str, object] | Sequence[ProfileEvent | Event | Mapping[str, object]]
)

_FROM_HISTORY = frozenset({"recommend", "similar", "explain", "profile"})


class StoredUsers:
    """The users of an agent with a store.

    Parameters
    ----------
    store
        Users' events.
    clock
        Returns the present time, in UTC.
    retriever
        Returns the present retriever, which keeps what its language model has read of users.
    sessions
        Conversations of the agent.
    """

    def __init__(
        self,
        store: ProfileStore,
        clock: Callable[[], datetime],
        retriever: Callable[[], Retriever],
        sessions: Sessions,
    ) -> None:
        self.store, self.clock = store, clock
        self.remembered = RememberedUsers(store, retriever, sessions)
        self._retriever = retriever

    # Names are compared in Unicode's composed form, as they are stored and as HTTP reads them.
    def read(self, user: str, engine: Engine) -> ReadHistory:
        """Return the events that count for what comes next, and unwanted items, of one state of the store.

        Items that are no longer in the catalogue are skipped.
        """
        user = normalize("NFC", user)
        profile, catalog = read_profile(self.store.events(user)), engine.catalog
        read = read_history(events_of(profile), catalog, engine.grounder, user=user, on_unknown="skip")
        unwanted = frozenset(catalog.position(item) for item in profile.unwanted if item in catalog)
        return replace(read, unwanted=unwanted)

    def add(self, user: str, given: ProfileEventsLike, catalog: Catalog, key: str | None) -> AppendResult:
        """Write events of items of a catalogue; see `RecommenderAgent.add_events`."""
        events = as_records(given, ProfileEvent, "events", _as_reported)
        for index, event in enumerate(events):
            if event.item_id not in catalog:
                raise UnknownItemError(
                    f"Item id {event.item_id!r} is not in the catalogue. No event was written.",
                    argument="events",
                    index=index,
                )
        # Under the catalogue's form of each id, by which items are hidden and taken back.
        ids = [catalog.ids[catalog.position(event.item_id)] for event in events]
        events = [
            event if event.item_id == item_id else event.model_copy(update={"item_id": item_id})
            for event, item_id in zip(events, ids, strict=True)
        ]
        return self.store.append(user, events, received=self.clock(), key=key)

    def import_history(self, history: History, of: Catalog, catalog: Catalog) -> AppendResult:
        """Write a history whose positions are those of one catalogue, once; its items must be in another."""
        return self.add(checked_user(history.user or ""), _as_profile(history, of), catalog, key="import")

    def import_histories(self, histories: Iterable[History], of: Catalog) -> int:
        """Write histories into a store that holds no events, all or none; return how many were written."""
        ready = {checked_user(history.user or ""): _as_profile(history, of) for history in histories}
        return self.store.fill(ready, received=self.clock())

    def chat(
        self,
        served: Snapshot,
        user: str,
        messages: Sequence[Message],
        session: str | None = None,
        *,
        confirm_forget: bool,
        absent: str | None = None,
    ) -> Iterator[str | ChatReply]:
        """Answer the newest message of a user; see `RecommenderAgent.chat_stream`.

        An answer that rests on the history has the note `absent`, if any, where the store has no events.
        """
        user = checked_user(user)
        conversation, remembered = served.conversation, self.remembered
        questions = remembered.questions
        with remembered.answering(user) as number:
            now, opened = self.clock(), None
            if session is not None:
                opened = remembered.sessions.open(user, session, messages, now, number)
                messages = opened.messages
            waiting = questions.take(user, messages, now)
            known = self.read(user, conversation.engine).history if conversation.reads_history else None
            understood = conversation.understand(messages, waiting, confirmed=confirm_forget, history=known)
            outcome = self._done(conversation, understood, user, now, number, absent)
            questions.put(user, messages, outcome.asked_back, now)
            if opened is not None:
                outcome = outcome.model_copy(update={"notes": (*outcome.notes, *opened.notes)})
                opened.number = remembered.number(user)
            if _deleted(outcome):
                remembered.sessions.drop(user)
        # Everything is written by now; a stream that is broken off changes nothing.
        pieces = conversation.worded(outcome, messages)
        if opened is None:
            yield from pieces
        else:
            number_now = partial(remembered.number, user)
            yield from remembered.sessions.recorded(opened, outcome, pieces, self.clock, number_now)

    def carry_out(
        self,
        served: Snapshot,
        user: str,
        understood: Callable[[tuple[Message, ...]], Understood],
        session: str | None = None,
        *,
        absent: str | None = None,
    ) -> Outcome:
        """Do what a request of a user asks for; see `RecommenderAgent.carry_out`.

        `understood` returns the request, read in the light of the session's messages.
        """
        user = checked_user(user)
        sessions, opened = self.remembered.sessions, None
        with self.remembered.answering(user) as number:
            now = self.clock()
            if session is not None:
                opened = sessions.open(user, session, (), now, number)
            read = understood(() if opened is None else opened.messages)
            outcome = self._done(served.conversation, read, user, now, number, absent)
        if opened is not None:
            opened.number = self.remembered.number(user)
            sessions.close(opened, outcome, "", self.clock(), opened.number)
        return outcome

    def _done(
        self,
        conversation: Conversation,
        understood: Understood,
        user: str,
        now: datetime,
        number: int | None,
        absent: str | None,
    ) -> Outcome:
        profile = StoredProfile(conversation.engine.catalog, self.store, user, now, number)
        outcome = conversation.carry_out(understood, profile)
        done = [one.confirmation for one in outcome.every if one.confirmation is not None]
        if any(one.kind == "forgotten" for one in done):
            self._retriever().forget(user)  # it has read what was taken back
        if absent and understood.request.intent in _FROM_HISTORY and not profile.size():
            outcome = outcome.model_copy(update={"notes": (*outcome.notes, absent)})
        return outcome

    def retract(self, user: str, item_id: str) -> int:
        """Remove a user's events of one item and return how many there were."""
        user = normalize("NFC", user)
        try:
            return self.store.retract(user, item_id)
        finally:
            self._retriever().forget(user)  # it has read them

    def forget(self, user: str) -> int:
        """Remove everything known about a user and return how many events that were."""
        user = normalize("NFC", user)
        try:
            return self.store.forget(user)
        finally:
            self.remembered.drop(user)


def _deleted(outcome: Outcome) -> bool:
    """Whether everything about a user was to be deleted and is, so that no session is kept."""
    asked = outcome.request.intent == "forget" and outcome.request.query == EVERYTHING
    return asked and outcome.question is None


def _as_reported(one: object) -> object:
    """Return an event of a history as one of a profile, which names the item otherwise."""
    if isinstance(one, Event):
        time = None if one.time is None else utc(one.time)
        said = {"item_id": one.item, "time": time, "rating": one.rating, "kind": one.kind}
        return {name: value for name, value in said.items() if value is not None}
    if isinstance(one, Mapping) and "item" in one and "item_id" not in one:
        return {("item_id" if name == "item" else name): value for name, value in one.items()}
    return one


def _as_profile(history: History, catalog: Catalog) -> list[ProfileEvent]:
    checked_seconds(() if history.times is None else history.times.tolist())
    return [
        ProfileEvent(item_id=event.item, time=event.time, rating=event.rating, kind=_stored_kind(event))
        for event in history.events(catalog)
    ]


def _stored_kind(event: Event) -> EventKind:
    """Return the kind that a store has for an event; of others, only that it happened."""
    return next((kind for kind in get_args(EventKind) if kind == event.kind), "seen")
