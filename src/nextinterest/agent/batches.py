"""Ranked lists of many histories at once, as one table.

The lists are those of single answers: the same search, scoring and reranking, for a batch in one pass. A
history that cannot be ranked costs its own list and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.ranked import RankedItems
from nextinterest.domain import Catalog, Evidence, Where
from nextinterest.domain.tables import table_schema
from nextinterest.errors import ModelError
from nextinterest.llm.metering import metering

if TYPE_CHECKING:
    from nextinterest.domain import IntArray

__all__ = ["Listed", "Query", "Table", "many_schema", "rank_batch"]

_TRIED = 3  # histories that are tried singly before a model that fails is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of every history; fields as the parameters of `RecommenderAgent.recommend`."""

    k: int
    exclude_seen: bool
    where: Where | None
    request: str | None
    evidence: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """The list of one history, and why, where that was asked for."""

    ranked: RankedItems
    evidence: Sequence[tuple[Evidence, ...]] | None


def rank_batch(
    engine: Engine,
    reads: Sequence[ReadHistory],
    query: Query,
    answering: Callable[[str | None], AbstractContextManager[object]],
) -> list[Listed | Exception]:
    """Return the list of each history, or what was raised for it.

    Parameters
    ----------
    engine
        Ranks and explains.
    reads
        n histories.
    query
        What is asked of each.
    answering
        Surrounds the answer about a single user, of whom the language model may keep what it has read.

    Raises
    ------
    Exception
        What was raised for all of several histories: then it is not one of them that is at fault.
    """
    found: list[Listed | Exception] = [LookupError()] * len(reads)
    for rows in _alike(reads):
        for row, listed in zip(
            rows, _listed([reads[row] for row in rows], engine, query, answering), strict=True
        ):
            found[row] = listed
    failed = [one for one in found if isinstance(one, Exception)]
    if len(failed) == len(found) > 1:
        raise failed[0]
    return found


def _alike(reads: Sequence[ReadHistory]) -> Iterator[list[int]]:
    """Yield the histories that may get the same items, which are ranked in one pass."""
    groups: dict[frozenset[int], list[int]] = {}
    for row, read in enumerate(reads):
        groups.setdefault(read.unwanted, []).append(row)
    yield from groups.values()


def _listed(
    reads: Sequence[ReadHistory],
    engine: Engine,
    query: Query,
    answering: Callable[[str | None], AbstractContextManager[object]],
) -> list[Listed | Exception]:
    """Return the lists of histories that may get the same items; where one fails they are asked singly."""
    try:
        if len(reads) > 1:
            return list(_ranked(reads, engine, query))
        with answering(reads[0].history.user):
            return list(_ranked(reads, engine, query))
    except Exception as error:  # whatever a source or a model raises may be about one history
        if len(reads) == 1:
            return [error]
    found: list[Listed | Exception] = []
    for read in reads:
        found += _listed([read], engine, query, answering)
        if len(found) == _TRIED and all(isinstance(one, ModelError) for one in found):
            return [found[0]] * len(reads)  # the model is at fault, and each attempt may take minutes
    return found


def _ranked(reads: Sequence[ReadHistory], engine: Engine, query: Query) -> list[Listed]:
    with metering():
        ranked = engine.rank_read(reads, query.k, query.exclude_seen, query.where, query.request)
        if not query.evidence:
            return [Listed(one, None) for one in ranked]
        return [
            Listed(one, engine.evidence(read.history, one.items))
            for one, read in zip(ranked, reads, strict=True)
        ]


def many_schema() -> pl.Schema:
    """Return the columns of a table of many users' lists with their types."""
    return pl.Schema({"index": pl.Int64(), **table_schema()})


class Table:
    """Makes tables of lists over one catalogue.

    Parameters
    ----------
    catalog
        The catalogue.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._items = pl.DataFrame(
            {
                "item_id": catalog.ids,
                "title": catalog.titles,
                "categories": _texts(catalog.categories),
                "year": pl.Series(catalog.years, dtype=pl.Int32),
            }
        )

    def of(
        self, indices: Sequence[int], users: Sequence[str | None], lists: Sequence[Listed]
    ) -> pl.DataFrame:
        """Return one row an item.

        Parameters
        ----------
        indices, users
            Number and id of each list's user.
        lists
            The lists.
        """
        lengths = np.array([len(one.ranked.items) for one in lists], dtype=np.int64)
        of = np.repeat(np.arange(len(lists)), lengths)
        rank = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
        positions = _joined([one.ranked.items for one in lists], np.int32)
        probabilities = _joined([one.ranked.probabilities for one in lists], np.float32)
        owners = pl.DataFrame(
            {"index": indices, "user": users}, schema={"index": pl.Int64, "user": pl.String}
        )
        table = owners[of].hstack(self._items[positions]).with_columns(rank=rank, probability=probabilities)
        reasons = [one for found in lists for one in found.evidence or ()]
        if lists and lists[0].evidence is not None:
            titles, ids = (
                [[e.title for e in one] for one in reasons],
                [[e.item_id for e in one] for one in reasons],
            )
            table = table.with_columns(evidence=_texts(titles), evidence_ids=_texts(ids))
        else:
            table = table.with_columns(evidence=None, evidence_ids=None)
        return table.select(pl.col(name).cast(kind) for name, kind in many_schema().items())


def _texts(lists: Sequence[Sequence[str]]) -> pl.Series:
    """Return lists of texts as a column; by way of one flat column, since polars reads lists one by one."""
    flat = pl.DataFrame(
        {
            "of": np.repeat(np.arange(len(lists)), [len(one) for one in lists]),
            "text": pl.Series([text for one in lists for text in one], dtype=pl.String),
        }
    )
    found = flat.group_by("of", maintain_order=True).agg("text")
    every = pl.DataFrame({"of": np.arange(len(lists))}).join(
        found, on="of", how="left", maintain_order="left"
    )
    return every["text"].fill_null([])


def _joined(arrays: Sequence[IntArray | np.ndarray], dtype: type[np.generic]) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype=dtype), *arrays])
