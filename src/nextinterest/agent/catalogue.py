"""The catalogue that an agent serves: it changes while answers run, and processes share it through a store.

What serves is a snapshot that never changes. A change prepares the next snapshot beside it, writes what was
changed to the store, and puts the new snapshot in place of the old one; answers under way end on the one
they began with, so that neither waits for the other. Changes hold over whatever catalogue the agent is made
with: at a start, and when another process has written some, they are applied to it by item id. Without a
store they are kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

from pydantic import TypeAdapter

from nextinterest.agent.chat.conversing import Conversation
from nextinterest.agent.chat.understanding import Understanding
from nextinterest.agent.engine import Engine
from nextinterest.domain import Catalog, Item
from nextinterest.profiles import ItemRecord, ProfileStore
from nextinterest.retrieval import CandidateSource

__all__ = ["ItemChange", "ServedCatalogue", "Snapshot"]

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """How many items were new, how many known, and how many the catalogue has now."""

    added: int
    replaced: int
    total: int


@dataclass(frozen=True)
class Snapshot:
    """An engine, and the conversation on it, which belong together and do not change.

    Attributes
    ----------
    engine
        Answers.
    understanding
        Reads messages; None for the rules.
    """

    engine: Engine
    understanding: Understanding | None = None

    @cached_property
    def conversation(self) -> Conversation:
        """What chats with the engine."""
        return Conversation(self.engine, self.understanding)

    def over(self, catalog: Catalog) -> Snapshot:
        """Return a snapshot with another catalogue, its new items encoded and indexed."""
        return Snapshot(self.engine.over(catalog), self.understanding)

    def with_sources(self, sources: Sequence[CandidateSource], weights: Mapping[str, float]) -> Snapshot:
        """Return a snapshot whose retriever asks further sources (see `Retriever.with_sources`)."""
        retriever = self.engine.retriever.with_sources(sources, weights)
        return Snapshot(replace(self.engine, retriever=retriever), self.understanding)


class ServedCatalogue:
    """The present snapshot, and changes of it.

    Parameters
    ----------
    snapshot
        Whose catalogue the changes apply to.
    store
        Keeps the changes; None keeps them in memory.
    """

    def __init__(self, snapshot: Snapshot, store: ProfileStore | None = None) -> None:
        self._store = store
        self._change = Lock()  # held by changes only: reading `now` waits for nothing
        self._version = 0
        self.now = snapshot
        self.follow()

    def put(self, items: Sequence[Item]) -> ItemChange:
        """Add items, or replace those whose id exists; durable and served when this returns."""
        with self._change:
            self._follow()
            before = self.now.engine.catalog
            after = before.with_items(items)
            self._make(after, [ItemRecord(item.id, _ITEM.dump_json(item).decode()) for item in items])
        added = len(after) - len(before)
        return ItemChange(added, len({item.id for item in items}) - added, len(after))

    def remove(self, item_ids: Sequence[str]) -> int:
        """Remove items and return how many are left; durable and served when this returns.

        Raises
        ------
        UnknownItemError
            If there is none of an id; nothing is removed then.
        """
        with self._change:
            self._follow()
            after = self.now.engine.catalog.without(item_ids)
            self._make(after, [ItemRecord(item_id, None) for item_id in item_ids])
            return len(after)

    def follow(self) -> None:
        """Apply what other processes have written to the store since the last look."""
        with self._change:
            self._follow()

    def use(self, understanding: Understanding) -> None:
        """Let something else read messages from now on."""
        with self._change:
            self.now = Snapshot(self.now.engine, understanding)

    def _make(self, catalog: Catalog, records: Sequence[ItemRecord]) -> None:
        """Write a change and serve it; what cannot be encoded is not written, and neither is then served."""
        ready = self.now.over(catalog)
        if self._store is None:
            self.now = ready
        elif self._store.change_items(records) == self._version + 1:
            self.now, self._version = ready, self._version + 1
        else:  # another process came in between: its change and this one are read back together
            self._follow()

    def _follow(self) -> None:
        if self._store is None:
            return
        version, records = self._store.items_since(self._version)
        catalog = with_records(self.now.engine.catalog, records)
        if catalog is not self.now.engine.catalog:
            self.now = self.now.over(catalog)
        self._version = version


def with_records(catalog: Catalog, records: Iterable[ItemRecord]) -> Catalog:
    """Return a catalogue after changes of it: the same object where they change nothing."""
    newest = {record.item_id: record.body for record in records}
    put = [_ITEM.validate_json(body) for body in newest.values() if body is not None]
    fresh = [item for item in put if item.id not in catalog or catalog[catalog.position(item.id)] != item]
    gone = [item_id for item_id, body in newest.items() if body is None and item_id in catalog]
    if fresh:
        catalog = catalog.with_items(fresh)
    return catalog.without(gone) if gone else catalog
