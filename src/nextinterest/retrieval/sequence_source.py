"""Candidates by the sequence encoder: items whose vector lies furthest along the user's vector, by FAISS.

The index holds each item's vector with its bias behind, the query is the user's vector with a 1 behind, so
that the inner product is the encoder's score.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch

from nextinterest.domain import History, IntArray
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.index import IndexKind
from nextinterest.retrieval.parts import BasePart, LoadContext, Stored
from nextinterest.retrieval.reading import IndexedVectors, Reading
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig

__all__ = ["SequenceSource"]


class SequenceSource(BasePart):
    """A candidate source and a scorer of all items.

    Parameters
    ----------
    encoder
        A trained encoder over the same catalogue.
    name
        Name of the source, and of its part in a blend.
    kind
        Kind of index; see `nextinterest.retrieval.index`.
    """

    kind: ClassVar[str] = "sequence encoder"

    def __init__(self, encoder: SequenceEncoder, name: str = "sequence", kind: IndexKind = "auto") -> None:
        self.encoder, self._name = encoder.eval(), name
        # Projecting every item's text costs more than a history.
        self._indexed = IndexedVectors(encoder.scored_vectors(), kind=kind)

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._name

    def read(self, histories: Sequence[History]) -> Reading:
        """Return the encoder's scores; an empty history names nothing and scores by the biases."""
        users = self.encoder.user_vectors(histories, self._indexed.vectors)
        queries = np.concatenate([users, np.ones((len(users), 1), dtype=np.float32)], axis=1)
        return self._indexed.read(queries, np.array([len(history) > 0 for history in histories], dtype=bool))

    def read_items(self, items: IntArray) -> Reading:
        """Return how far each item's vector lies along those of some, shape (n,); biases do not count."""
        vectors = self._indexed.vectors[items]
        vectors[:, -1] = 0.0
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return self._indexed.read(vectors, np.asarray(vectors.any(axis=1)))

    def follow(self, change: CatalogChange) -> None:
        """Rename, remove and add; vectors are computed again only where the text is new."""
        self.encoder.follow(change)
        self._indexed.follow(change, self.encoder.scored_vectors())

    def save(self) -> Stored:
        """Return shape and weights of the encoder, in half precision."""
        tensors = {key: t.cpu().numpy().astype(np.float16) for key, t in self.encoder.state_dict().items()}
        return Stored(self.kind, self.name, self.encoder.config.model_dump(mode="json"), tensors)

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> SequenceSource:
        """Return what `save` was called on.

        Raises
        ------
        IntegrityError
            If the weights do not fit the settings or the catalogue.
        """
        encoder = SequenceEncoder(SequenceEncoderConfig.model_validate(stored.settings), context.text)
        weights = {key: torch.from_numpy(t.astype(np.float32)) for key, t in stored.tensors.items()}
        try:
            encoder.load_state_dict(weights)
        except RuntimeError as error:
            raise IntegrityError(
                f"The sequence encoder {stored.name!r} in {context.saved.directory} does not fit its "
                f"manifest or its catalogue: {error}",
                remedy="Train and save it again.",
            ) from error
        return cls(encoder, stored.name)
