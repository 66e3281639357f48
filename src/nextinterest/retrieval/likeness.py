"""How alike items are: what texts, users and sequences say of it, weighted and added.

    likeness(x, i) = sum over signals s of w_s z_s(x, i)
    z_s(x, i) = (s(x, i) - mean over items j of s(x, j)) / standard deviation over items j of s(x, j)

and the mean over x for several items. The signals, as far as a retriever has them:

    text           cosine of text vectors
    cooccurrence   stood near x in sequences (`nextinterest.retrieval.cooccurrence`)
    common_users   shrunk cosine of the users of both (`nextinterest.retrieval.relations`)
    lift           how much likelier soon after x than at any time (`nextinterest.retrieval.lift`)
    attributes     cosine of the values of their attributes (`nextinterest.retrieval.shared_attributes`)
    sequence       learned item vectors along that of x (`nextinterest.retrieval.sequence_source`)

Popularity is left out. Of an item without events only text and attributes say anything, and learned vectors
by way of text.
The weights are fitted by the log-loss of the next event given the one before, so that a softmax over the
likeness is P(next = i | x) as far as likeness tells (`nextinterest.finetune.likeness_fit`).

The mean over j is the same for every i, and only `Likeness.shares` subtracts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nextinterest.domain import FloatArray, History, IntArray
from nextinterest.retrieval.pool import PoolReading
from nextinterest.retrieval.reading import Reading, RowReading, VectorReading
from nextinterest.retrieval.sources import CandidateSource
from nextinterest.tracing import step

__all__ = ["COMMON_USERS", "LIFT", "SIGNALS", "Likeness", "ReadsItems"]

COMMON_USERS, LIFT = "common_users", "lift"

SIGNALS = ("text", "cooccurrence", COMMON_USERS, LIFT, "attributes", "sequence")
"""Names of the sources that say how alike items are."""

_SAMPLE = 4096  # items over which means and standard deviations of vectors are taken, evenly spaced
_NOTHING = 1e-6  # a standard deviation below which a signal says nothing of an item


@runtime_checkable
class ReadsItems(Protocol):
    """A source whose reading of a history of one event says something else than likeness."""

    def read_items(self, items: IntArray) -> Reading:
        """Return how alike all items are to each of some, shape (n,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """The signals of one retriever and their weights.

    Attributes
    ----------
    sources
        What says how alike items are, by name.
    weights
        Weight of each signal by name; one that is not named is not read.
    """

    sources: Mapping[str, CandidateSource]
    weights: Mapping[str, float]

    @classmethod
    def of(cls, sources: Sequence[CandidateSource], weights: Mapping[str, float]) -> Likeness:
        """Return what some sources say; text alone where nothing that is there has a weight."""
        there = {source.name: source for source in sources}
        named = {name: there[name] for name in SIGNALS if name in there}
        kept = {name: weights[name] for name in named if weights.get(name, 0.0) > 0}
        return cls(named, kept or {"text": 1.0})

    def read(self, histories: Sequence[History]) -> PoolReading:
        """Read groups of items, given as histories whose order does not count, none of them empty."""
        parts: dict[str, Reading] = {}
        for name in self.weights:
            with step("embed", source=name, histories=len(histories)):
                parts[name] = self.signal(name, histories)
        return PoolReading(parts, dict(self.weights))

    def signal(self, name: str, histories: Sequence[History]) -> Reading:
        """Return s / standard deviation of the module docstring, the mean over the items of each group."""
        items = np.concatenate([history.items for history in histories]).astype(np.int32)
        source = self.sources[name]
        if isinstance(source, ReadsItems):
            each = source.read_items(items)
        else:
            each = source.read([History(items[i : i + 1]) for i in range(len(items))])
        lengths = np.array([len(history) for history in histories])
        of = np.repeat(np.arange(len(histories)), lengths)
        _, deviations = _moments(each)
        inverse = np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > _NOTHING)
        inverse *= np.repeat(1.0 / lengths, lengths)
        mean = csr_array(
            (inverse.astype(np.float32), (of, np.arange(len(items)))), shape=(len(histories), len(items))
        )
        if isinstance(each, RowReading):
            return RowReading.product(mean, each.rows)
        if not isinstance(each, VectorReading):
            raise TypeError(f"the source {name!r} does not say how alike items are")
        queries = np.asarray(mean @ each.queries, dtype=np.float32)
        return replace(each, queries=queries, names=np.asarray(queries.any(axis=1)))

    def by_events(self, items: IntArray) -> bool:
        """Return whether an event says what some items, shape (n,), are like; else only texts do."""
        readings = [self.signal(name, [History(items)]) for name in self.weights]
        return any(isinstance(one, RowReading) and one.rows.nnz for one in readings)

    def shares(self, items: IntArray, others: IntArray) -> dict[str, FloatArray]:
        """Return w_s z_s of some other items by signal, each float32, shape (m,); they sum to the likeness.

        Parameters
        ----------
        items
            Catalogue positions of the items to resemble, shape (n,).
        others
            Those of the items compared with them, shape (m,).
        """
        read = self.read([History(items)])
        shares = {}
        for name, part in read.parts.items():
            mean, _ = _moments(part)
            shares[name] = np.asarray(
                read.weights[name] * (part.of(others[None])[0] - mean[0]), dtype=np.float32
            )
        return shares


def _moments(reading: Reading) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and standard deviations over the catalogue of each row's scores, both of shape (n,)."""
    if isinstance(reading, RowReading):
        rows = reading.rows.astype(np.float64)
        mean, square = rows.mean(axis=1), rows.multiply(rows).mean(axis=1)
        return mean, np.sqrt(np.maximum(square - mean**2, 0.0))
    if not isinstance(reading, VectorReading):
        raise TypeError(f"{type(reading).__name__} has no moments")
    vectors = reading.indexed.vectors
    some = np.unique(np.linspace(0, len(vectors) - 1, _SAMPLE).astype(np.int64))
    scores = (reading.queries @ vectors[some].T).astype(np.float64)
    return scores.mean(axis=1), scores.std(axis=1)
