"""Candidate lists read from a file, so that published candidate sets are scored on exactly the same lists.

Two layouts, recognised by the first character:

JSON lines
    ``{"user": "196", "candidates": ["242", "302", "51"], "target": "242"}``, one user a line; ``target`` may
    be left out. Where it is given it must be the event held out by the split (a user with several cases has
    one line for each), so that a split that differs from the published one is found and not averaged over.
LLMRank
    ``196<tab>242 302 51``, one user a line (RUCAIBox/LLMRank, ``*.random``, ``*.bm25`` and others).

Files that need unpickling (LlamaRec's ``retrieved.pkl``) are not read; write them out as JSON lines.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from nextinterest.counting import counted
from nextinterest.data.splits import HeldOut
from nextinterest.domain import Catalog, IntArray
from nextinterest.errors import DataError

__all__ = ["CandidateLists", "read_candidates"]


@dataclass(frozen=True, eq=False)
class CandidateLists:
    """Candidates per user, in the order of the file.

    Attributes
    ----------
    users
        User id of each list.
    lists
        Catalogue positions of each list.
    targets
        Catalogue position each list was made for, or None.
    source
        File name and SHA-256, for the manifest.
    """

    users: tuple[str, ...]
    lists: tuple[IntArray, ...]
    targets: tuple[int | None, ...]
    source: str = "given"

    def for_cases(self, held_out: HeldOut, missing_target: Literal["miss", "insert"]) -> IntArray:
        """Return one row of candidates per case, int32, shape (n, m), filled up with -1.

        Raises
        ------
        DataError
            If a case has no list, or none made for its target.
        """
        by_user: dict[str, int] = {}
        by_case: dict[tuple[str, int], int] = {}
        for row, (user, target) in enumerate(zip(self.users, self.targets, strict=True)):
            if target is None:
                by_user[user] = row
            else:
                by_case[user, target] = row
        ids = held_out.histories.log.user_ids
        width = max(len(row) for row in self.lists)
        table = np.full((len(held_out), width), -1, dtype=np.int32)
        for i, (u, target) in enumerate(zip(held_out.users, held_out.targets, strict=True)):
            chosen = by_case.get((ids[u], int(target)), by_user.get(ids[u]))
            if chosen is None:
                raise DataError(
                    f"The candidates of user {ids[u]!r} ({self.source}) were made for another target than "
                    f"the held-out event of this split.",
                    remedy="Use the split the candidates were published with, or leave 'target' out.",
                )
            items = self.lists[chosen]
            table[i, : len(items)] = items
            if missing_target == "insert" and target not in items:
                table[i, len(items) - 1] = target
        return table


def read_candidates(path: Path, catalog: Catalog) -> CandidateLists:
    """Read a candidates file.

    Raises
    ------
    DataError
        If the file is empty, a line cannot be read, an item is not in the catalogue, or a list is empty or
        names an item twice; the message says in which line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"The candidates file {path} cannot be read: {error.strerror}.") from error
    users: list[str] = []
    lists: list[IntArray] = []
    targets: list[int | None] = []
    for number, line in enumerate(data.decode("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        user, items, target = _json_line(line) if line[0] == "{" else _tab_line(line)
        if not user or not items:
            raise DataError(
                f"{path}, line {number}: no user or no candidates in {line[:60]!r}.",
                remedy='Write {"user": ..., "candidates": [...]} or user<tab>items separated by spaces.',
            )
        if len(set(items)) != len(items):
            raise DataError(f"{path}, line {number}: an item stands twice among the candidates.")
        unknown = [item for item in (*items, *([target] if target else [])) if item not in catalog]
        if unknown:
            raise DataError(
                f"{path}, line {number}: {unknown[0]!r} is not in the catalogue of "
                f"{counted(len(catalog), 'item')}.",
                remedy="Load the data the candidates were made from, without filtering items away.",
            )
        users.append(user)
        lists.append(np.array([catalog.position(item) for item in items], dtype=np.int32))
        targets.append(catalog.position(target) if target else None)
    if not lists:
        raise DataError(f"The candidates file {path} holds no list.")
    source = f"{path.name} sha256:{hashlib.sha256(data).hexdigest()}"
    return CandidateLists(tuple(users), tuple(lists), tuple(targets), source)


def _json_line(line: str) -> tuple[str, list[str], str | None]:
    try:
        row = json.loads(line)
        items = [str(item) for item in row["candidates"]]
        target = row.get("target")
        return str(row["user"]), items, None if target is None else str(target)
    except (ValueError, KeyError, TypeError):
        return "", [], None  # the caller reports the line


def _tab_line(line: str) -> tuple[str, list[str], str | None]:
    user, _, items = line.partition("\t")
    return user.strip(), items.split(), None
