"""The catalogue of a live agent: it changes while answers run, outlasts restarts, and processes share it.

What serves is a snapshot that never changes. A change prepares the next snapshot beside it, writes what was
changed to the store, and puts the new snapshot in place of the old one; answers under way end on the one
they began with, so that neither waits for the other. Changes hold over whatever catalogue the agent is made
with: at a start, and when another process has written some, they are applied to it by item id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from pydantic import TypeAdapter

from nextinterest.agent.recommender import RecommenderAgent
from nextinterest.domain import Catalog, Item
from nextinterest.profiles import ItemRecord, ProfileStore
from nextinterest.titles import TitleIndex

__all__ = ["ItemChange", "LiveCatalogue", "Snapshot"]

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """How many items were new, how many known, and how many the catalogue has now."""

    added: int
    replaced: int
    total: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An agent and the titles of its catalogue, which belong together and do not change."""

    agent: RecommenderAgent
    titles: TitleIndex

    @classmethod
    def of(cls, agent: RecommenderAgent) -> Snapshot:
        """Return the snapshot of an agent."""
        return cls(agent, TitleIndex.of(agent.catalog))

    def changed(self, catalog: Catalog) -> Snapshot:
        """Return a snapshot with another catalogue, its new items encoded and indexed."""
        return self.of(self.agent.renewed(retriever=self.agent.retriever.changed(catalog)))


class LiveCatalogue:
    """The present snapshot, and changes of it.

    Parameters
    ----------
    agent
        Whose catalogue the changes apply to.
    store
        Keeps the changes.
    """

    def __init__(self, agent: RecommenderAgent, store: ProfileStore) -> None:
        self._store = store
        self._change = Lock()  # held by changes only: reading `now` waits for nothing
        self._version = 0
        self.now = Snapshot.of(agent)
        self.follow()

    def put(self, items: Sequence[Item]) -> ItemChange:
        """Add items, or replace those whose id exists; durable and served when this returns."""
        with self._change:
            self._follow()
            before = self.now.agent.catalog
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
            after = self.now.agent.catalog.without(item_ids)
            self._make(after, [ItemRecord(item_id, None) for item_id in item_ids])
            return len(after)

    def follow(self) -> None:
        """Apply what other processes have written to the store since the last look."""
        with self._change:
            self._follow()

    def _make(self, catalog: Catalog, records: Sequence[ItemRecord]) -> None:
        """Write a change and serve it; what cannot be encoded is not written, and neither is then served."""
        ready = self.now.changed(catalog)
        if self._store.change_items(records) == self._version + 1:
            self.now, self._version = ready, self._version + 1
        else:  # another process came in between: its change and this one are read back together
            self._follow()

    def _follow(self) -> None:
        version, records = self._store.items_since(self._version)
        catalog = with_records(self.now.agent.catalog, records)
        if catalog is not self.now.agent.catalog:
            self.now = self.now.changed(catalog)
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
