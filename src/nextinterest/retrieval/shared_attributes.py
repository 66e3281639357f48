"""Candidates by shared attributes: the same author, cast, brand or maker as the history's items.

    u_i  =  unit vector of the values of item i, each weighing log(N / n)     n of the N items have it
    s(x, i)  =  sum over events j of 2 ** (-(T - j) / half_life) u_xj . u_i

A value is a text whatever the attribute's name, so that a writer who directs is one person. Values of more
than a tenth of the items tell little and would tie nearly everything to everything; they are left out, as are
numbers, truth values and what one item alone has. It is known of new items as soon as they are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array

from nextinterest.domain import Catalog, History
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.history_vector import event_weights
from nextinterest.retrieval.named_values import text_values
from nextinterest.retrieval.parts import BasePart, LoadContext, Stored
from nextinterest.retrieval.reading import Reading, RowReading

__all__ = ["SharedAttributes", "value_vectors"]

_MOST = 0.1  # share of the items above which a value is left out
_FEW = 20  # items that may share a value however small the catalogue is


class SharedAttributes(BasePart):
    """Items that share values of attributes with the history's items.

    Parameters
    ----------
    vectors
        From `value_vectors`, shape (n_items, n_values).
    half_life
        Events after which an event counts half.
    """

    name = "attributes"
    kind: ClassVar[str] = "shared attributes"

    def __init__(self, vectors: csr_array, half_life: float) -> None:
        self.half_life = half_life
        self._take(vectors)

    def _take(self, vectors: csr_array) -> None:
        self.vectors, self._across = vectors, csr_array(vectors.T)

    def read(self, histories: Sequence[History]) -> Reading:
        """Return s of the module docstring."""
        weights = event_weights(histories, self.vectors.shape[0], self.half_life)
        return RowReading.product(csr_array(weights @ self.vectors), self._across)

    def follow(self, change: CatalogChange) -> None:
        """Read the values of the changed catalogue."""
        self._take(value_vectors(change.catalog))

    def save(self) -> Stored:
        """Return the half-life; the values are in the catalogue."""
        return Stored(self.kind, self.name, {"half_life": self.half_life}, {})

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> SharedAttributes:
        """Return what `save` was called on."""
        return cls(value_vectors(context.catalog), stored.number("half_life"))


def value_vectors(catalog: Catalog) -> csr_array:
    """Return u of the module docstring, float32, shape (n_items, n_values); rows of no values are zero.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> books = [Item(one, one, attributes={"author": one[0]}) for one in ("X1", "X2", "Y1")]
    >>> value_vectors(Catalog.from_items(books)).toarray().tolist()
    [[1.0], [1.0], [0.0]]
    """
    column: dict[str, int] = {}
    pairs = {
        (item, column.setdefault(value.casefold(), len(column))) for _, item, value in text_values(catalog)
    }
    rows, columns = (
        np.array(side, dtype=np.int64) for side in (zip(*pairs, strict=True) if pairs else ((), ()))
    )
    n, counts = len(catalog), np.bincount(columns, minlength=len(column))
    kept = np.flatnonzero((counts > 1) & (counts <= max(_MOST * n, _FEW)))
    weight = np.zeros(len(column))
    weight[kept] = np.log((n + 1) / counts[kept])
    values = coo_array((weight[columns], (rows, columns)), shape=(n, len(column))).tocsr()[:, kept]
    norms = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
    inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    return csr_array(diags_array(inverse) @ values).astype(np.float32)
