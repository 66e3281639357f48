"""What a model generated as something to search for, among the other sources of candidates."""

from __future__ import annotations

import numpy as np

from nextinterest.domain import Catalog, NextInterests
from nextinterest.retrieval.item_text import title_text
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.text_encoder import Encoder

__all__ = ["TITLES", "generated_queries"]

TITLES = "generated titles"
"""Name of the source that generated titles are."""


def generated_queries(generated: NextInterests, encoder: Encoder, catalog: Catalog) -> list[Query]:
    """Return what to search for: each interest by its name's embedding, and the titles as items.

    Titles outside of the catalogue are left out. An interest weighs its share, the titles one.

    Parameters
    ----------
    generated
        What was generated.
    encoder
        The encoder of the item texts that are searched.
    catalog
        The catalogue that positions refer to.
    """
    shares = {one.name: one.share for one in generated.interests if one.share > 0}
    vectors = encoder.encode([title_text(name) for name in shares])
    queries = [
        Query(f"generated: {name}", vector, weight=share)
        for (name, share), vector in zip(shares.items(), vectors, strict=True)
    ]
    inside = [one.item_id for one in generated.items if one.item_id is not None]
    if inside:
        items = np.array([catalog.position(item_id) for item_id in inside], dtype=np.int32)
        queries.append(Query(TITLES, items=items))
    return queries
