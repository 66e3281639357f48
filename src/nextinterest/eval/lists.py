"""Ranked lists that another library made, judged as those of any method.

A user without a list is answered by an empty one, which is a miss. Items that the catalogue does not have
stay where they are and are flaws, as duplicates and seen items are (`nextinterest.eval.answers`). Without
probabilities a list says nothing of them: log-loss is that of even chances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from nextinterest.data.splits import HeldOut
from nextinterest.domain import Catalog, FloatArray, History, IntArray, Rankings
from nextinterest.errors import DataError
from nextinterest.eval.list_files import file_digest, read_list_table

__all__ = ["GivenLists", "read_lists"]

_ANY = -1  # stands for all events of a user


class GivenLists:
    """A `Recommender` that looks its lists up by the history's user, and its length where lists have one.

    Parameters
    ----------
    name
        Name in tables.
    catalog
        The catalogue.
    lists
        Catalogue positions, best first, by user and number of events before; ``len(catalog)`` stands for an
        item that it does not have.
    probabilities
        Of the items of each list; None where there are none.
    first
        Events of each user before the first one that is asked for. What a user took since then cannot have
        been known to a list for all events of the user: such items are passed over.
    source
        The file's name and hash.
    provenance
        What was counted, for the record.
    """

    def __init__(
        self,
        name: str,
        catalog: Catalog,
        lists: Mapping[tuple[str, int], IntArray],
        probabilities: Mapping[tuple[str, int], FloatArray] | None,
        first: Mapping[str, int],
        source: str,
        provenance: Mapping[str, int],
    ) -> None:
        self.name, self.catalog, self.source, self.provenance = name, catalog, source, dict(provenance)
        self._lists, self._probabilities, self._first = lists, probabilities, first

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Return the lists of the histories' users."""
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k), dtype=np.float32)
        for row, history in enumerate(histories):
            found, chances = self._of(history, exclude_seen)
            n = min(k, len(found))
            items[row, :n], probabilities[row, :n] = found[:n], chances[:n]
        return Rankings(items, probabilities)

    def length(self, held_out: HeldOut, exclude_seen: bool) -> int:
        """Return the length that the longest list has in every case, less what is passed over in one."""
        depth = max(map(len, self._lists.values()))
        lost = (self._passed_over(history) for history in held_out.histories) if exclude_seen else iter(())
        return depth - max(lost, default=0)

    def _key(self, history: History) -> tuple[str, int]:
        own = history.user or "", len(history)
        return own if own in self._lists else (own[0], _ANY)

    def _since(self, history: History) -> IntArray:
        return history.items[self._first.get(history.user or "", len(history)) :]

    def _passed_over(self, history: History) -> int:
        user, after = self._key(history)
        if after != _ANY or (found := self._lists.get((user, after))) is None:
            return 0
        return int(np.isin(found, self._since(history)).sum())

    def _of(self, history: History, exclude_seen: bool) -> tuple[IntArray, FloatArray]:
        key = self._key(history)
        found = self._lists.get(key)
        if found is None:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        seen = len(np.unique(history.items)) if exclude_seen else 0
        even = np.float32(1.0 / max(len(self.catalog) - seen, 1))
        chances = (
            np.full(len(found), even, dtype=np.float32)
            if self._probabilities is None
            else self._probabilities[key]
        )
        if exclude_seen and key[1] == _ANY:
            kept = ~np.isin(found, self._since(history))
            found, chances = found[kept], chances[kept]
        return found, chances


def read_lists(
    path: Path, catalog: Catalog, held_out: HeldOut, columns: Mapping[str, str] | None = None
) -> GivenLists:
    """Read a file of lists, as `nextinterest.eval.list_files` states, under the file's name.

    Parameters
    ----------
    path
        The file.
    catalog
        The catalogue of the data that is evaluated on.
    held_out
        The events that are predicted.
    columns
        From a field to the name of its column, where that is not a usual one.

    Raises
    ------
    DataError
        As of `nextinterest.eval.list_files.read_list_table`, or if no user or no item is one of the data.
    """
    digest = file_digest(path)
    table = read_list_table(path, columns)
    log = held_out.histories.log
    users = {user: log.user(user) for user in table["user"].unique(maintain_order=True)}
    ids = table["item"].unique(maintain_order=True)
    positions = [catalog.position(one) if one in catalog else len(catalog) for one in ids]
    for what, given, known in (
        ("user", list(users), [index is not None for index in users.values()]),
        ("item", ids.to_list(), [one < len(catalog) for one in positions]),
    ):
        if not any(known):
            raise DataError(
                f"{path}: none of its {len(given):,} {what}s is one of the data; the first is {given[0]!r}.",
                remedy=f"Write the {what} ids of the data, not the numbers that a library gives them.",
            )
    rows = table.with_columns(
        pl.col("item").replace_strict(ids, positions, return_dtype=pl.Int32),
        pl.col("user").replace_strict(
            list(users), [user if index is None else log.user_ids[index] for user, index in users.items()]
        ),
    )
    rows = rows.sort("user", "after", maintain_order=True)  # two forms of one id are one user
    sizes = rows.group_by("user", "after", maintain_order=True).len()
    keys = list(zip(sizes["user"], sizes["after"], strict=True))
    ends = np.cumsum(sizes["len"].to_numpy())[:-1]
    lists = dict(zip(keys, np.split(rows["item"].to_numpy(), ends), strict=True))
    has_probabilities = table["probability"].null_count() == 0
    chances = rows["probability"].cast(pl.Float32).to_numpy()
    probabilities = dict(zip(keys, np.split(chances, ends), strict=True)) if has_probabilities else None
    asked, first = np.unique(held_out.users), np.full(log.n_users, np.iinfo(np.int64).max)
    np.minimum.at(first, held_out.users, held_out.histories.ends)
    with_list = {user for user, _ in lists}
    n_known = sum(index is not None for index in users.values())
    return GivenLists(
        path.stem,
        catalog,
        lists,
        probabilities,
        {log.user_ids[user]: int(first[user]) for user in asked},
        f"{path.name} sha256:{digest}",
        {
            "lists": len(lists),
            "users_without_a_list": sum(log.user_ids[user] not in with_list for user in asked),
            "unknown_users": len(users) - n_known,
            "unknown_items": sum(one == len(catalog) for one in positions),
            "probabilities": has_probabilities,
        },
    )
