"""What the language model read of a user's history is kept: same scores, only new lines read, forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from support.tiny_item_softmax import tiny_item_softmax

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, History
from nextinterest.llm import StateStore
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.trained import TrainedRetriever


@pytest.fixture
def part(catalog: Catalog, encoder: Encoder) -> ItemSoftmax:
    return tiny_item_softmax(catalog, encoder)


def _history(n: int, user: str | None = "ann", first: int = 0) -> History:
    return History(np.arange(first, first + n, dtype=np.int32) % 7, user=user)


def test_a_growing_history_scores_as_if_read_whole(part: ItemSoftmax) -> None:
    fresh = [part.scores([_history(n)])[0] for n in range(8)]
    part.remember(1 << 20)
    for n in range(8):  # past max_events the oldest fall out, and the prompt starts elsewhere
        np.testing.assert_allclose(part.scores([_history(n)])[0], fresh[n], atol=1e-4)


def test_only_the_new_line_is_read(part: ItemSoftmax) -> None:
    part.remember(1 << 20)
    part.scores([_history(3)])
    before = part.tokens_read
    part.scores([_history(4)])
    line = part.tokens_read - before
    part.scores([_history(4)])
    assert part.tokens_read == before + line, "a known history is not read again"
    part.forget("ann")
    part.scores([_history(4)])
    assert part.tokens_read - before - line > 2 * line, "after forgetting all of it is"


def test_users_do_not_share_and_nameless_histories_are_not_kept(part: ItemSoftmax) -> None:
    apart = {first: part.scores([_history(3, None, first)])[0] for first in (0, 2)}
    part.remember(1 << 20)
    states = part._states
    assert isinstance(states, StateStore)
    for user, first in [("ann", 0), ("bob", 2), ("ann", 0), ("bob", 2)]:
        np.testing.assert_allclose(part.scores([_history(3, user, first)])[0], apart[first], atol=1e-4)
    part.scores([_history(3, None, 1)])
    assert len(states) == 2
    part.forget("ann")
    assert "ann" not in states
    assert "bob" in states
    part.remember(0)
    assert part._states is None


def test_a_trained_retriever_passes_it_on(
    part: ItemSoftmax, catalog: Catalog, log: EventLog, encoder: Encoder
) -> None:
    counts = log.item_counts(len(catalog)).astype(np.float32)
    pool = ScorePool([part, PopularityPart(counts)], {"item_softmax": 2.0, "popularity": 0.5})
    retriever = TrainedRetriever.from_retriever(Retriever.build(catalog, log, encoder), pool)
    retriever.remember(1 << 20)
    retriever.recommend([_history(3)], 3)
    assert part._states is not None
    assert "ann" in part._states
    retriever.forget("ann")
    assert len(part._states) == 0
