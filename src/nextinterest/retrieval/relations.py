"""Item-item matrices that only likeness reads: common users, and the log-lift of one item after another."""

from __future__ import annotations

import numpy as np

from nextinterest.data.log import EventLog
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.item_matrix import largest_entries
from nextinterest.retrieval.lift import log_lift
from nextinterest.retrieval.likeness import COMMON_USERS, LIFT
from nextinterest.retrieval.pairs import nearest_by_users
from nextinterest.retrieval.profile_scorer import ProfileScorer

__all__ = ["fit_relations"]

_WINDOW, _DECAY, _PRIOR = 20, 0.7, 100.0  # of the lift, as `nextinterest finetune` has them


def fit_relations(log: EventLog, n_items: int, config: RetrieverConfig) -> list[ProfileScorer]:
    """Return the matrices, in half precision as they are saved, `config.neighbours` entries of each item."""
    users = nearest_by_users(log, n_items, config.neighbours, config.common_users_shrinkage)
    lift = largest_entries(log_lift(log, n_items, _WINDOW, _DECAY, _PRIOR), config.neighbours)
    for matrix in (users, lift):
        matrix.data = matrix.data.astype(np.float16).astype(np.float32)
    return [ProfileScorer(COMMON_USERS, users, 1.0), ProfileScorer(LIFT, lift, 1.0)]
