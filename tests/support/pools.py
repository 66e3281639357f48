"""A trained retriever without training: random parts of every kind over any catalogue, with fixed weights."""

from __future__ import annotations

import numpy as np
import torch
from support.tiny_item_softmax import tiny_item_softmax

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog
from nextinterest.retrieval import Encoder, Retriever, RetrieverConfig
from nextinterest.retrieval.lift import log_lift
from nextinterest.retrieval.parts import Part
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.trained import TrainedRetriever

WEIGHTS = {"sequence": 0.7, "lift": 1.0, "popularity": 0.5, "item_softmax": 0.4}


def pooled(
    catalog: Catalog, log: EventLog, encoder: Encoder, *, language: bool = True, n_candidates: int = 500
) -> TrainedRetriever:
    """Return one whose pool has a sequence encoder, a lift matrix, popularity and, if asked, a tiny model."""
    config = RetrieverConfig(depth=n_candidates, n_candidates=n_candidates)
    base = Retriever.build(catalog, log, encoder, config)
    torch.manual_seed(0)
    shape = SequenceEncoderConfig(dimension=8, blocks=1, window=8)
    parts: list[Part] = [
        SequenceSource(SequenceEncoder(shape, base.item_vectors)),
        ProfileScorer("lift", log_lift(log, len(catalog), 3, 0.5, 10.0), 2.0),
        PopularityPart(log.item_counts(len(catalog)).astype(np.float32)),
    ]
    if language:
        parts.append(tiny_item_softmax(catalog, encoder))
    weights = {part.name: WEIGHTS[part.name] for part in parts}
    return TrainedRetriever.from_retriever(base, ScorePool(parts, weights))
