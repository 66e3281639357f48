"""A live agent: an agent and a profile store, so that an event changes the next recommendation.

Every answer is computed from what the store holds at that moment, which makes a crash harmless. Nothing
waits for an answer under way: no lock is held while one is computed. All that is kept of users beside the
store is what the language model has read of their histories: in memory, bounded in bytes, and dropped when
a user is forgotten, here or by another process on the same store (`nextinterest.agent.remembered`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from nextinterest.agent.config import OnUnknown
from nextinterest.agent.histories import HistoryLike, ReadHistory, read_history
from nextinterest.agent.live_catalogue import ItemChange, LiveCatalogue
from nextinterest.agent.recommender import RecommenderAgent
from nextinterest.agent.remembered import RememberedUsers
from nextinterest.domain import Catalog, Event, History, Item, Recommendations
from nextinterest.errors import UnknownItemError
from nextinterest.llm.metering import metered
from nextinterest.profiles import AppendResult, ProfileEvent, ProfileStore, read_profile
from nextinterest.profiles.faults import checked_seconds
from nextinterest.profiles.store import checked_user

if TYPE_CHECKING:
    from nextinterest.agent.chat import ChatReply
    from nextinterest.agent.chat.messages import MessageLike
    from nextinterest.interests import Horizon, InterestOutlook, InterestPortrait

__all__ = ["STATE_BYTES", "ItemChange", "LiveAgent"]

STATE_BYTES = 512 << 20


class LiveAgent:
    """Recommends to users whose events live in a store.

    Parameters
    ----------
    agent
        Ranks and explains. Changes of the catalogue that the store holds are applied to it.
    store
        Users' events, and changes of the catalogue.
    clock
        Returns the present time, in UTC.
    state_bytes
        Memory for what the language model has read of users' histories, so that a new event costs its own
        line and not the whole history; 0 reads all of it for every answer.
    """

    def __init__(
        self,
        agent: RecommenderAgent,
        store: ProfileStore,
        clock: Callable[[], datetime],
        *,
        state_bytes: int = STATE_BYTES,
    ) -> None:
        agent.retriever.remember(state_bytes)
        self.store = store
        self.clock = clock
        self._catalogue = LiveCatalogue(agent, store)
        self._remembered = RememberedUsers(store, lambda: self.agent.retriever)

    @property
    def agent(self) -> RecommenderAgent:
        """The agent as it is now. It does not change; after a change of the catalogue it is another one."""
        return self._catalogue.now.agent

    def add_events(
        self, user: str, events: Sequence[ProfileEvent], *, key: str | None = None
    ) -> AppendResult:
        """Write events; they are durable and count for the next answer when this returns.

        Raises
        ------
        UnknownItemError
            If an item is not in the catalogue; nothing is written then.
        EventTimeError
            If a time lies before 1970 or more than a day ahead; nothing is written then.
        IdempotencyError
            If the key was used with other events.
        StoreError
            If the store cannot be written.
        """
        catalog = self.agent.catalog
        for event in events:
            if event.item_id not in catalog:
                raise UnknownItemError(
                    f"Item id {event.item_id!r} is not in the catalogue. No event was written."
                )
        # Under the catalogue's form of each id, by which items are hidden and taken back.
        ids = [catalog.ids[catalog.position(event.item_id)] for event in events]
        events = [
            event if event.item_id == item_id else event.model_copy(update={"item_id": item_id})
            for event, item_id in zip(events, ids, strict=True)
        ]
        return self.store.append(user, events, received=self.clock(), key=key)

    def import_history(self, history: History, catalog: Catalog | None = None) -> AppendResult:
        """Write a known user's history into the store, once.

        Parameters
        ----------
        history
            What the user did.
        catalog
            The catalogue of the history's positions; None for the present one.

        Raises
        ------
        DataError
            If the history names no user; others as `add_events`.
        """
        events = _as_profile(history, catalog or self.agent.catalog)
        return self.add_events(checked_user(history.user or ""), events, key="import")

    def import_histories(self, histories: Iterable[History], catalog: Catalog | None = None) -> int:
        """Write known users' histories into a store that holds no events, all or none.

        Parameters
        ----------
        histories, catalog
            As in `import_history`.

        Returns
        -------
        int
            Users written; 0 where the store holds events already.

        Raises
        ------
        DataError
            If a history names no user; as `EventTimeError`, if a time is outside the limits of `add_events`.
        """
        catalog = catalog or self.agent.catalog
        ready = {checked_user(history.user or ""): _as_profile(history, catalog) for history in histories}
        return self.store.fill(ready, received=self.clock())

    def history(self, user: str) -> ReadHistory:
        """Return the events that speak for what comes next; items no longer in the catalogue are skipped."""
        return self._profile(user, self.agent)[0]

    def unwanted(self, user: str) -> frozenset[str]:
        """Return ids of the items a user hid or dislikes."""
        return read_profile(self.store.events(user)).unwanted

    def _profile(self, user: str, agent: RecommenderAgent) -> tuple[ReadHistory, frozenset[str]]:
        """Return history and unwanted items of one state of the store."""
        told = read_profile(self.store.events(user))
        events = [Event(event.item_id, event.time, event.rating) for event in told.events]
        read = read_history(events, agent.catalog, agent.grounder, user=user, on_unknown="skip")
        return read, told.unwanted

    def synchronise(self) -> None:
        """Take over what other processes have written to the store: changed items, and users to forget.

        The server calls it every few seconds (`nextinterest.agent.following`); other long-lived programs that
        share a store do as well.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        self._catalogue.follow()
        self._remembered.synchronise(self.clock())

    def recommend(self, user: str, k: int = 10, *, exclude_seen: bool = True) -> Recommendations:
        """Recommend k items to a user, none of them hidden or disliked."""
        agent = self.agent
        with self._remembered.answering(user):
            read, unwanted = self._profile(user, agent)
            k_all = k + len(unwanted)
            result = agent.recommend(read.history, k_all, user=user, exclude_seen=exclude_seen)
        shown = [item for item in result.items if item.item_id not in unwanted][:k]
        return result.model_copy(
            update={
                "items": tuple(
                    item.model_copy(update={"rank": rank}) for rank, item in enumerate(shown, start=1)
                ),
                "skipped": read.skipped,
            }
        )

    def recommend_for(
        self, history: HistoryLike, k: int = 10, *, exclude_seen: bool = True, on_unknown: OnUnknown = "raise"
    ) -> Recommendations:
        """Recommend k items for a history that no store holds."""
        return self.agent.recommend(history, k, exclude_seen=exclude_seen, on_unknown=on_unknown)

    def interests(self, user: str) -> InterestPortrait:
        """Say what a user's interests are, and which rise or fade."""
        agent = self.agent
        return agent.interests(self._profile(user, agent)[0].history)

    def interests_of(self, history: HistoryLike, *, on_unknown: OnUnknown = "raise") -> InterestPortrait:
        """Say what the interests in a history are that no store holds."""
        return self.agent.interests(history, on_unknown=on_unknown)

    def forecast(
        self, user: str, *, horizon: Horizon = 10, n_paths: int = 0, seed: int = 0
    ) -> InterestOutlook:
        """Forecast a user's interests; see `RecommenderAgent.forecast`."""
        agent = self.agent
        with self._remembered.answering(user):
            history = self._profile(user, agent)[0].history
            return agent.forecast(history, horizon=horizon, n_paths=n_paths, seed=seed)

    def forecast_of(
        self,
        history: HistoryLike,
        *,
        horizon: Horizon = 10,
        n_paths: int = 0,
        seed: int = 0,
        on_unknown: OnUnknown = "raise",
    ) -> InterestOutlook:
        """Forecast the interests of a history that no store holds."""
        return self.agent.forecast(
            history, horizon=horizon, n_paths=n_paths, seed=seed, on_unknown=on_unknown
        )

    @metered
    def chat(
        self, messages: Sequence[MessageLike], user: str | None, *, confirm_forget: bool = False
    ) -> ChatReply:
        """Answer the newest user message; what it tells or takes back changes the user's profile for good.

        A message that asks to delete the whole profile, and nothing else, is answered by a question
        (``reply.question``). The profile is deleted if the user's next message, within ten minutes, means
        only yes, or once the caller says so with `confirm_forget`.

        Parameters
        ----------
        messages
            The conversation so far, oldest first, as in `RecommenderAgent.chat`. Only the newest user message
            changes anything.
        user
            Whose profile; no message can name another's. With None the conversation is all that is known,
            and nothing of it is kept.
        confirm_forget
            Whether the user has confirmed, say by a button, that a deletion which the newest message asks
            for is meant. It changes nothing for any other message.

        Raises
        ------
        DataError
            If no store may keep such a user id, or a message is none.
        ForgottenError
            If the message told something and the user was forgotten in the meantime; nothing is written.
        """
        from nextinterest.agent.chat.live_profile import StoredProfile
        from nextinterest.agent.chat.messages import read_messages

        if user is None:
            return self.agent.chat(messages)
        checked_user(user)
        agent, questions = self.agent, self._remembered.questions
        with self._remembered.answering(user) as number:
            said, now = read_messages(messages), self.clock()
            waiting = questions.take(user, said, now)
            understood = agent.conversation.understand(said, waiting, confirmed=confirm_forget)
            profile = StoredProfile(agent, self.store, user, now, number)
            reply = agent.conversation.answer(understood, profile, said)
            questions.put(user, said, reply.question, now)
        if reply.confirmation is not None and reply.confirmation.kind == "forgotten":
            agent.retriever.forget(user)  # it has read what was taken back
        return reply

    def chat_stream(
        self, messages: Sequence[MessageLike], user: str | None, *, confirm_forget: bool = False
    ) -> Iterator[str | ChatReply]:
        """Yield the text of the answer of `chat` piece by piece, and last the whole reply."""
        from nextinterest.agent.chat.conversing import pieces

        yield from pieces(self.chat(messages, user, confirm_forget=confirm_forget))

    def item(self, item_id: str) -> Item:
        """Return an item of the catalogue.

        Raises
        ------
        UnknownItemError
            If there is none of that id.
        """
        catalog = self.agent.catalog
        return catalog[catalog.position(item_id)]

    def items(self, item_ids: Iterable[str]) -> list[Item]:
        """Return the items that the catalogue has of these ids, each once."""
        catalog = self.agent.catalog
        return [
            catalog[catalog.position(item_id)] for item_id in dict.fromkeys(item_ids) if item_id in catalog
        ]

    def find_items(self, text: str, limit: int = 10) -> list[Item]:
        """Return items whose titles fit what somebody typed, the best fit first."""
        titles = self._catalogue.now.titles
        return [titles.catalog[position] for position in titles.search(text, limit)]

    def put_items(self, items: Sequence[Item]) -> ItemChange:
        """Add items, or replace those whose id exists.

        They are durable and the index has them when this returns; it waits for no answer, only for other
        changes of the catalogue.
        """
        return self._catalogue.put(items)

    def remove_items(self, item_ids: Sequence[str]) -> int:
        """Remove items and return how many are left; events of them stay in profiles and are skipped.

        Durable as `put_items`.

        Raises
        ------
        UnknownItemError
            If there is none of an id; nothing is removed then.
        """
        return self._catalogue.remove(item_ids)

    def retract(self, user: str, item_id: str) -> int:
        """Remove a user's events of one item and return how many there were."""
        try:
            return self.store.retract(user, item_id)
        finally:
            self.agent.retriever.forget(user)  # it has read them

    def forget(self, user: str) -> int:
        """Remove everything known about a user and return how many events that were.

        Answers under way are not waited for; what they had read of the profile goes when they end.
        """
        try:
            return self.store.forget(user)
        finally:
            self._remembered.drop(user)


def _as_profile(history: History, catalog: Catalog) -> list[ProfileEvent]:
    checked_seconds(() if history.times is None else history.times.tolist())
    return [
        ProfileEvent(item_id=event.item, time=event.time, rating=event.rating)
        for event in history.events(catalog)
    ]
