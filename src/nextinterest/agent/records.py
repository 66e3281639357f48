"""What an agent knows: its catalogue, and its users, from a data set or from a store.

Without a store the users are those of `log`, and nothing is kept of them. With one, every answer about a user
counts the newest events, and changes of the catalogue outlast restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self, get_args
from unicodedata import normalize

from nextinterest.agent.catalogue import ItemChange, ServedCatalogue, Snapshot
from nextinterest.agent.config import OnUnknown
from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import HistoryLike, ReadHistory, read_history
from nextinterest.agent.near import meant, near_id
from nextinterest.agent.new_items import checked_items
from nextinterest.agent.notes import absent_note
from nextinterest.agent.sessions import Sessions
from nextinterest.agent.users import ProfileEventsLike, StoredUsers
from nextinterest.arguments import as_choice, as_id, as_records, as_text, as_texts, as_whole_number
from nextinterest.counting import counted
from nextinterest.data import Dataset, EventLog
from nextinterest.data.dataset import as_data_set
from nextinterest.domain import Catalog, History, Item
from nextinterest.errors import DataError, IntegrityError, UnknownUserError
from nextinterest.profiles import AppendResult, ProfileStore, open_store
from nextinterest.profiles.store import checked_user
from nextinterest.retrieval import Retriever

__all__ = ["STATE_BYTES", "AgentRecords"]

STATE_BYTES = 512 << 20


class AgentRecords:
    """The catalogue and the users of a `RecommenderAgent`, which derives from it.

    Parameters
    ----------
    engine
        Ranks, explains and forecasts.
    log
        Events of known users; never saved.
    """

    def __init__(self, engine: Engine, log: EventLog | None = None) -> None:
        self._served = ServedCatalogue(Snapshot(engine))
        self._log_catalog = engine.catalog
        self._users: StoredUsers | None = None
        self.log = log
        self.sessions = Sessions()

    def _copied(self) -> Self:
        """Return a copy with sessions of its own, since its users may be others."""
        made = copy(self)
        made.sessions = Sessions(self.sessions.seconds, self.sessions.most)
        return made

    def with_log(self, dataset: Dataset) -> Self:
        """Return this agent knowing the users of a data set that has the same catalogue.

        Raises
        ------
        IntegrityError
            If the data set's catalogue is not the agent's.
        """
        dataset = as_data_set(dataset, "with_log")
        if dataset.catalog.fingerprint != self.catalog.fingerprint:
            raise IntegrityError(
                f"The catalogue of {dataset.name!r} ({counted(len(dataset.catalog), 'item')}) is not the "
                f"one this recommender was built with ({counted(len(self.catalog), 'item')}).",
                remedy="Load the data the recommender was made from, with the same cleaning options.",
                command="Give the data that the recommender was made from with --data, or leave --model out.",
            )
        made = self._copied()
        made.log, made._log_catalog = dataset.log, self.catalog
        return made

    def with_store(
        self,
        store: ProfileStore | str | Path,
        *,
        clock: Callable[[], datetime] | None = None,
        state_bytes: int = STATE_BYTES,
    ) -> Self:
        """Return this agent with users whose events live in a store, in place of those of the log.

        A user of the log has no events here until `import_history` writes them; where the store has none
        of such a user, a note of the answer says so.

        Changes of the catalogue that the store holds are applied. Whoever opens a store closes it
        (``agent.store.close()``).

        Parameters
        ----------
        store
            A store, or where it is: a path or a ``postgresql://`` URL.
        clock
            Returns the present time, in UTC; None for the engine's.
        state_bytes
            Memory for what the language model has read of users' histories, so that a new event costs its
            own line and not the whole history; 0 reads all of it for every answer.
        """
        opened = open_store(str(store)) if isinstance(store, str | Path) else store
        made = self._copied()
        made.engine.retriever.remember(state_bytes)
        served = self._served.now
        if clock is not None:
            served = replace(served, engine=replace(served.engine, clock=clock))
        made._served = ServedCatalogue(served, opened)
        made._users = StoredUsers(opened, served.engine.clock, lambda: made.engine.retriever, made.sessions)
        return made

    @property
    def engine(self) -> Engine:
        """What ranks, explains and forecasts now; after a change of the catalogue it is another one."""
        return self._served.now.engine

    @property
    def catalog(self) -> Catalog:
        """The catalogue that is recommended from."""
        return self.engine.catalog

    @property
    def retriever(self) -> Retriever:
        """The engine's retriever."""
        return self.engine.retriever

    @property
    def store(self) -> ProfileStore:
        """The store of users' events.

        Raises
        ------
        DataError
            If the agent has none.
        """
        return self._stored().store

    @property
    def clock(self) -> Callable[[], datetime]:
        """What returns the present time, in UTC, by which events are stored."""
        return self._stored().clock

    def _stored(self) -> StoredUsers:
        if self._users is None:
            raise DataError(
                "This agent has no profile store, so it keeps no events.",
                remedy="Give it one: agent.with_store('profiles.db').",
            )
        return self._users

    def history(self, user: str) -> History:
        """Return the events of a user that count for what comes next; a number is read as its digits.

        Items that the catalogue has no more are left out.

        Raises
        ------
        DataError
            Without a store, if the agent holds no events, or none of this user.
        """
        return self._known(self.engine, str(user)).history

    def unwanted(self, user: str) -> frozenset[str]:
        """Return ids of the items a user hid or dislikes, as far as the catalogue has them."""
        engine = self.engine
        return frozenset(engine.catalog.ids[item] for item in self._known(engine, str(user)).unwanted)

    def add_events(self, user: str, events: ProfileEventsLike, *, key: str | None = None) -> AppendResult:
        """Write events to the store; they are durable and count for the next answer when this returns.

        Parameters
        ----------
        user
            The user's id.
        events
            `ProfileEvent` or `Event` objects, or dictionaries with the fields of either; one or several.
        key
            The same key with the same events writes once.

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
        return self._stored().add(checked_user(as_id(user, "user")), events, self.catalog, key)

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
        if not isinstance(history, History):
            raise DataError(
                f"import_history takes one user's History, not a {type(history).__name__}.",
                remedy="Give data.log.history(data.log.user('42')); import_histories takes a whole data set.",
                command="Give the data with --data.",
            )
        present = self.catalog
        return self._stored().import_history(history, catalog or present, present)

    def import_histories(
        self, histories: Iterable[History] | Dataset | EventLog, catalog: Catalog | None = None
    ) -> int:
        """Write known users' histories into a store that holds no events, all or none.

        A data set or a log stands for the histories of all its users. Parameters are those of
        `import_history`. Returns how many users were written; 0 where the store holds
        events already.

        Raises
        ------
        DataError
            If a history names no user; as `EventTimeError`, if a time is outside the limits of `add_events`.
        """
        if isinstance(histories, Dataset):
            catalog = catalog or histories.catalog
            histories = histories.log
        if isinstance(histories, EventLog):
            histories = [histories.history(user) for user in range(histories.n_users)]
        return self._stored().import_histories(histories, catalog or self.catalog)

    def retract(self, user: str, item_id: str) -> int:
        """Remove a user's events of one item from the store and return how many there were."""
        return self._stored().retract(as_id(user, "user"), as_text(item_id, "item_id"))

    def forget(self, user: str) -> int:
        """Remove everything that the store holds of a user and return how many events that were.

        Answers under way are not waited for; what they had read of the profile goes when they end.
        """
        return self._stored().forget(as_id(user, "user"))

    def synchronise(self) -> None:
        """Take over what other processes have written to the store: changed items, and users to forget.

        The server calls it every few seconds (`nextinterest.agent.following`); other long-lived programs that
        share a store do as well.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        users = self._stored()
        self._served.follow()
        users.remembered.synchronise(users.clock())

    def item(self, item_id: str) -> Item:
        """Return an item of the catalogue.

        Raises
        ------
        UnknownItemError
            If there is none of that id.
        """
        catalog = self.catalog
        return catalog[catalog.position(as_text(item_id, "item_id"))]

    def items(self, item_ids: Iterable[str]) -> list[Item]:
        """Return the items that the catalogue has of these ids, each once."""
        catalog = self.catalog
        ids = dict.fromkeys(as_texts(item_ids, "item_ids"))
        return [catalog[catalog.position(one)] for one in ids if one in catalog]

    def find_items(self, text: str, limit: int = 10) -> list[Item]:
        """Return items whose titles fit what somebody typed, the best fit first."""
        text, limit = as_text(text, "text"), as_whole_number(limit, "limit")
        titles = self.engine.titles
        return [titles.catalog[position] for position in titles.search(text, limit)]

    def put_items(self, items: Item | Iterable[Item | Mapping[str, object]]) -> ItemChange:
        """Add items, or replace those whose id exists; they are served, and in the store, when this returns.

        Each is an `Item` or a dictionary with its fields. It waits for no answer, only for other changes of
        the catalogue.

        Raises
        ------
        DataError
            If one of them is beyond the limits that ``PUT /v1/items`` has too (docs/http.md): control
            characters, a year before 1, a price below 0, lengths. Nothing is changed then.
        """
        return self._served.put(checked_items(as_records(items, Item, "items")))

    def remove_items(self, item_ids: Sequence[str]) -> int:
        """Remove items and return how many are left; events of them stay in profiles and are skipped.

        Durable as `put_items`.

        Raises
        ------
        UnknownItemError
            If there is none of an id; nothing is removed then.
        """
        return self._served.remove(as_texts(item_ids, "item_ids"))

    def _read(
        self, engine: Engine, history: HistoryLike | None, user: str | None, on_unknown: OnUnknown
    ) -> ReadHistory:
        """Return a history that was given, or that of a known user, for the engine's catalogue."""
        as_choice(on_unknown, "on_unknown", get_args(OnUnknown))
        user = None if user is None else str(user)  # data frames hold ids as numbers
        if history is not None:
            read = read_history(history, engine.catalog, engine.grounder, user=user, on_unknown=on_unknown)
            return self._instead_of_known(engine, read, user)
        if user is None:
            raise DataError(
                "Neither a history nor a user was given.",
                remedy="Pass a list of items (an empty one for a new user), or user=... of a known user.",
                command="Give --user, or --history once per event.",
            )
        return self._known(engine, user)

    def _instead_of_known(self, engine: Engine, read: ReadHistory, user: str | None) -> ReadHistory:
        """Return a given history, with a note where it replaces other events of a user of the log."""
        if user is None or self.log is None or self._users is not None or self.log.user(user) is None:
            return read
        known = self._known(engine, user).history.items.tolist()
        if known == read.history.items.tolist():
            return read
        note = f"The given history replaces the known events of user {user!r} ({len(known):,})."
        return replace(read, notes=(*read.notes, note))

    def _known(self, engine: Engine, user: str) -> ReadHistory:
        if self._users is not None:
            read = self._users.read(user, engine)
            if len(read.history) or read.skipped or read.unwanted:
                return read
            note = self._absent(user) or f"User {user!r} is not known to the store."
            return replace(read, notes=(*read.notes, note))
        log = self._held(f"user {user!r}")
        index = log.user(user)
        if index is None:
            near = meant(near_id(user, log.user_ids))
            raise UnknownUserError(
                f"User {user!r} is not among the {counted(log.n_users, 'user')} this agent knows.",
                remedy=f"{near}Choose one of agent.log.user_ids, or pass the user's history.",
                command=f"{near}Choose one of the user ids in the data ('nextinterest data users DATA').",
            )
        history = log.history(index)
        if engine.catalog is self._log_catalog:
            return ReadHistory(history)
        events = history.events(self._log_catalog)
        return read_history(events, engine.catalog, engine.grounder, user=user, on_unknown="skip")

    def _held(self, asked: str) -> EventLog:
        """Return the log, or raise that the agent without one does not know what was asked for."""
        if self.log is None:
            raise DataError(
                f"This agent holds no users' events, so it does not know {asked}: a recommender "
                "directory does not store them.",
                remedy="Give it the data it was made from, agent.with_log(nextinterest.data.load(...)), or "
                "pass the user's history.",
                command="Give the data it was made from with --data.",
            )
        return self.log

    def _absent(self, user: str) -> str | None:
        """Return the note that a store may lack the events of a user, who is one of the log's; else None."""
        return None if self.log is None or self.log.user(user) is None else absent_note(user)

    def _answering(self, user: str | None) -> AbstractContextManager[object]:
        """Return what surrounds an answer about a user, so that forgetting the user reaches it."""
        if self._users is None or user is None:
            return nullcontext()
        return self._users.remembered.answering(normalize("NFC", str(user)))

    def __repr__(self) -> str:
        model = self.engine.model_name or "no language model"
        return f"{type(self).__name__}({counted(len(self.catalog), 'item')}, {model})"
