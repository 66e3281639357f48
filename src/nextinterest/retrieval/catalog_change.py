"""What changed from one catalogue to another, in positions, and the vectors of what is new.

Sources follow a change instead of being built again (see `nextinterest.retrieval.sources`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, FloatArray
from nextinterest.retrieval.item_text import item_text
from nextinterest.retrieval.text_encoder import Encoder

__all__ = ["CatalogChange"]


@dataclass(frozen=True, eq=False)
class CatalogChange:
    """From one catalogue to another, as positions.

    Attributes
    ----------
    catalog
        The new catalogue.
    new_of_old
        New position of each old one, int64, shape (n_old,); -1 where the item was removed.
    encoded
        New positions of items that were added or whose text changed, int64, shape (n_encoded,).
    vectors
        Text vectors of those, float32, shape (n_encoded, dimension).
    """

    catalog: Catalog
    new_of_old: NDArray[np.int64]
    encoded: NDArray[np.int64]
    vectors: FloatArray

    @classmethod
    def between(cls, old: Catalog, new: Catalog, encoder: Encoder) -> CatalogChange:
        """Compare two catalogues by item id and encode the items whose text is new."""
        before = {item_id: position for position, item_id in enumerate(old.ids)}
        new_of_old = np.full(len(old), -1, dtype=np.int64)
        encoded: list[int] = []
        for position, item_id in enumerate(new.ids):
            was = before.get(item_id)
            if was is not None:
                new_of_old[was] = position
            if was is None or old[was] != new[position]:
                encoded.append(position)
        vectors = encoder.encode([item_text(new[position]) for position in encoded])
        return cls(new, new_of_old, np.array(encoded, dtype=np.int64), vectors)

    @property
    def kept(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Old and new positions of the items that stayed."""
        old = np.flatnonzero(self.new_of_old >= 0)
        return old, self.new_of_old[old]
