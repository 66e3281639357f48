"""The recommender that is shipped: it loads without arguments, and ranking costs one pass of the model."""

from __future__ import annotations

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.shipped import shipped_recommender
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.trained import TrainedRetriever

pytestmark = pytest.mark.model


def test_the_default_agent_is_the_trained_one_and_reads_a_history_once() -> None:
    assert shipped_recommender() is not None
    agent = RecommenderAgent.from_pretrained()
    assert isinstance(agent.retriever, TrainedRetriever)
    (part,) = (part for part in agent.retriever.pool.parts if isinstance(part, ItemSoftmax))
    result = agent.recommend(["Alien", "Blade Runner", "The Terminator"], k=10)
    assert 0 < agent.engine.tokens_used == part.tokens_read < 40  # three titles, read once
    assert sum("Sci-Fi" in item.categories for item in result.items) >= 5
    assert all(item.probability > 0 for item in result.items)
    measures = agent.retriever.provenance.validation
    assert measures["blend"]["log_loss"] < measures["without_language"]["log_loss"]
    assert measures["blend"]["ndcg@10"] > 1.2 * measures["ease"]["ndcg@10"]
