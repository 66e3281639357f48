"""A live agent: an agent and a profile store, so that an event changes the next recommendation.

Every answer is computed from what the store holds at that moment, which makes a crash harmless. All that is
kept of users beside it is what the language model has read of their histories: in memory, bounded in bytes,
and dropped by `forget`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from nextinterest.agent.chat.waiting import WaitingQuestions
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.exclusion import ReadWriteLock
from nextinterest.agent.histories import HistoryLike, ReadHistory, read_history
from nextinterest.agent.lookup import TitleIndex
from nextinterest.agent.profiles import AppendResult, ProfileEvent, ProfileStore, read_profile
from nextinterest.agent.profiles.store import checked_user
from nextinterest.agent.recommender import RecommenderAgent
from nextinterest.domain import Catalog, Event, History, Item, Recommendations
from nextinterest.errors import UnknownItemError

if TYPE_CHECKING:
    from nextinterest.agent.chat import ChatReply
    from nextinterest.agent.chat.messages import MessageLike
    from nextinterest.agent.interests import Horizon, InterestOutlook, InterestPortrait

__all__ = ["STATE_BYTES", "ItemChange", "LiveAgent"]

STATE_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class ItemChange:
    """How many items were new, how many known, and how many the catalogue has now."""

    added: int
    replaced: int
    total: int


class LiveAgent:
    """Recommends to users whose events live in a store.

    Parameters
    ----------
    agent
        Ranks and explains.
    store
        Users' events.
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
        self.agent = agent
        agent.retriever.remember(state_bytes)
        self.store = store
        self.clock = clock
        # Answers share the catalogue; a change of it waits for them and holds back new ones.
        self._lock = ReadWriteLock()
        self._titles = TitleIndex(agent.catalog)
        self._questions = WaitingQuestions()

    def add_events(
        self, user: str, events: Sequence[ProfileEvent], *, key: str | None = None
    ) -> AppendResult:
        """Write events; they are durable and count for the next answer when this returns.

        Raises
        ------
        UnknownItemError
            If an item is not in the catalogue; nothing is written then.
        IdempotencyError
            If the key was used with other events.
        """
        with self._lock.reading():
            for event in events:
                if event.item_id not in self.agent.catalog:
                    raise UnknownItemError(
                        f"Item id {event.item_id!r} is not in the catalogue.", remedy="No event was written."
                    )
        return self.store.append(user, events, received=self.clock(), key=key)

    def import_history(self, history: History) -> AppendResult:
        """Write a known user's history into the store, once.

        Raises
        ------
        DataError
            If the history names no user.
        """
        events = [
            ProfileEvent(item_id=event.item_id, time=event.time, rating=event.rating)
            for event in history.events(self.agent.catalog)
        ]
        return self.add_events(checked_user(history.user or ""), events, key="import")

    def history(self, user: str) -> ReadHistory:
        """Return the events that speak for what comes next; items no longer in the catalogue are skipped."""
        return self._profile(user)[0]

    def unwanted(self, user: str) -> frozenset[str]:
        """Return ids of the items a user hid or dislikes."""
        return read_profile(self.store.events(user)).unwanted

    def _profile(self, user: str) -> tuple[ReadHistory, frozenset[str]]:
        """Return history and unwanted items of one state of the store."""
        told = read_profile(self.store.events(user))
        events = [Event(event.item_id, event.time, event.rating) for event in told.events]
        read = read_history(events, self.agent.catalog, self.agent.grounder, user=user, on_unknown="skip")
        return read, told.unwanted

    def recommend(self, user: str, k: int = 10, *, exclude_seen: bool = True) -> Recommendations:
        """Recommend k items to a user, none of them hidden or disliked."""
        with self._lock.reading():
            read, unwanted = self._profile(user)
            k_all = k + len(unwanted)
            result = self.agent.recommend(read.history, k_all, user=user, exclude_seen=exclude_seen)
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
        with self._lock.reading():
            return self.agent.recommend(history, k, exclude_seen=exclude_seen, on_unknown=on_unknown)

    def interests(self, user: str) -> InterestPortrait:
        """Say what a user's interests are, and which rise or fade."""
        with self._lock.reading():
            return self.agent.interests(self.history(user).history)

    def interests_of(self, history: HistoryLike, *, on_unknown: OnUnknown = "raise") -> InterestPortrait:
        """Say what the interests in a history are that no store holds."""
        with self._lock.reading():
            return self.agent.interests(history, on_unknown=on_unknown)

    def forecast(
        self, user: str, *, horizon: Horizon = 10, n_paths: int = 0, seed: int = 0
    ) -> InterestOutlook:
        """Forecast a user's interests; see `RecommenderAgent.forecast`."""
        with self._lock.reading():
            return self.agent.forecast(
                self.history(user).history, horizon=horizon, n_paths=n_paths, seed=seed
            )

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
        with self._lock.reading():
            return self.agent.forecast(
                history, horizon=horizon, n_paths=n_paths, seed=seed, on_unknown=on_unknown
            )

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
        """
        from nextinterest.agent.chat.live_profile import StoredProfile
        from nextinterest.agent.chat.messages import read_messages

        with self._lock.reading():
            if user is None:
                return self.agent.chat(messages)
            checked_user(user)
            said, now = read_messages(messages), self.clock()
            conversation = self.agent.conversation
            waiting = self._questions.take(user, said, now)
            understood = conversation.understand(said, waiting, confirmed=confirm_forget)
            profile = StoredProfile(self.agent, self.store, user, now)
            reply = conversation.answer(understood, profile, said)
            self._questions.put(user, said, reply.question, now)
        if reply.confirmation is not None and reply.confirmation.kind != "told":
            with self._lock.writing():  # behind every answer that had read the history before
                self.agent.retriever.forget(user)
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
        with self._lock.reading():
            return self.agent.catalog[self.agent.catalog.position(item_id)]

    def items(self, item_ids: Iterable[str]) -> list[Item]:
        """Return the items that the catalogue has of these ids, each once."""
        with self._lock.reading():
            catalog = self.agent.catalog
            return [
                catalog[catalog.position(item_id)]
                for item_id in dict.fromkeys(item_ids)
                if item_id in catalog
            ]

    def find_items(self, text: str, limit: int = 10) -> list[Item]:
        """Return items whose titles fit what somebody typed, the best fit first."""
        with self._lock.reading():
            return [self.agent.catalog[position] for position in self._titles.find(text, limit)]

    def put_items(self, items: Sequence[Item]) -> ItemChange:
        """Add items, or replace those whose id exists; the index follows before this returns."""
        with self._lock.writing():
            before = self.agent.catalog
            after = before.with_items(items)
            self._change(after)
        added = len(after) - len(before)
        return ItemChange(added, len({item.id for item in items}) - added, len(after))

    def remove_items(self, item_ids: Sequence[str]) -> int:
        """Remove items and return how many are left; events of them stay in profiles and are skipped.

        Raises
        ------
        UnknownItemError
            If there is none of an id; nothing is removed then.
        """
        with self._lock.writing():
            self._change(self.agent.catalog.without(item_ids))
            return len(self.agent.catalog)

    def _change(self, catalog: Catalog) -> None:
        self.agent.retriever.update(catalog)
        self.agent = self.agent.renewed()
        self._titles = TitleIndex(catalog)

    def forget(self, user: str) -> int:
        """Remove everything known about a user and return how many events that were."""
        with self._lock.writing():  # no answer under way can bring back what is dropped here
            removed = self.store.forget(user)
            self.agent.retriever.forget(user)
        self._questions.drop(user)
        return removed
