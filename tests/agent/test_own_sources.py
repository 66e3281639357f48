"""A candidate source of the caller's own beside those of an agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import Catalog, History, Item
from nextinterest.errors import DataError, ModelError
from nextinterest.profiles import open_store
from nextinterest.retrieval import CandidateSource, CatalogChange
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.reading import Reading, SharedReading
from nextinterest.retrieval.trained import TrainedRetriever


class Last:
    """Names the items of the catalogue from its end, the same for everybody."""

    name = "last"

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def read(self, histories: Sequence[History]) -> Reading:
        n = len(self.catalog)
        return SharedReading(
            np.arange(n, dtype=np.float32), np.arange(n, dtype=np.int32)[::-1], len(histories)
        )

    def follow(self, change: CatalogChange) -> None:
        self.catalog = change.catalog


def plain(agent: RecommenderAgent) -> RecommenderAgent:
    return RecommenderAgent(replace(agent.engine, language_model=None), agent.log)


def test_its_items_are_candidates_and_its_weight_counts(agent: RecommenderAgent) -> None:
    before = plain(agent)
    after = before.with_sources(Last(agent.catalog), weights={"last": 100.0})
    unseen = [i for i in agent.catalog.ids[::-1] if i not in "abd"]
    found = after.recommend(user="ann", k=3)
    assert [item.item_id for item in found.items] == unseen[:3]
    assert [item.sources["last"] for item in found.items] == [1, 2, 3]
    assert before.recommend(user="ann", k=3) != found
    assert "last" not in before.recommend(user="ann", k=1).items[0].sources
    assert before.with_sources(Last(agent.catalog), weights={"last": 0.0}).recommend(user="ann", k=3).items[
        0
    ].probability == pytest.approx(before.recommend(user="ann", k=3).items[0].probability)


def test_a_trained_ranking_scores_what_it_names(agent: RecommenderAgent) -> None:
    counts = np.arange(len(agent.catalog), dtype=np.float32)[::-1].copy()
    pool = ScorePool([PopularityPart(counts)], {PopularityPart.name: 1.0})
    trained = TrainedRetriever.from_retriever(agent.retriever, pool)
    mine = RecommenderAgent(replace(plain(agent).engine, retriever=trained), agent.log)
    found = mine.with_sources(Last(agent.catalog)).recommend(user="ann", k=3)
    assert [item.item_id for item in found.items] == [
        item.item_id for item in mine.recommend(user="ann", k=3).items
    ]
    assert all("last" in item.sources for item in found.items)


def test_it_follows_the_catalogue_and_a_store_comes_after_it(agent: RecommenderAgent, tmp_path: Path) -> None:
    source = Last(agent.catalog)
    store = open_store(str(tmp_path / "profiles.db"))
    mine = plain(agent).with_sources(source, weights={"last": 100.0}).with_store(store)
    mine.put_items(Item("z", "Zulu", ("War",)))
    assert mine.recommend([], k=1).items[0].item_id == "z"
    assert source.catalog is agent.catalog  # the agent's own copy has followed
    with pytest.raises(DataError, match="has a store already") as raised:
        mine.with_sources(Last(mine.catalog))
    assert "with_sources(...).with_store(...)" in raised.value.remedy
    store.close()


def test_what_is_no_source_is_refused(agent: RecommenderAgent, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Last is no candidate source"):
        agent.with_sources(cast(CandidateSource, Last))
    with pytest.raises(DataError, match="Catalog is no candidate source"):
        agent.with_sources(cast(CandidateSource, agent.catalog))
    mine = agent.with_sources(Last(agent.catalog))
    with pytest.raises(DataError, match="'last' already"):
        mine.with_sources(Last(agent.catalog))
    with pytest.raises(DataError, match="'last' already"):
        agent.with_sources(Last(agent.catalog), Last(agent.catalog))
    for weights in ({"lost": 1.0}, {"last": -1.0}, {"last": float("nan")}, {"popularity": 1.0}):
        with pytest.raises(DataError, match="below 0, or there is no such source") as raised:
            agent.with_sources(Last(agent.catalog), weights=weights)
        assert raised.value.remedy.endswith("names: last.")
    with pytest.raises(ModelError, match="'last' cannot be saved"):
        RecommenderAgent(
            replace(mine.engine, language_model=None, text_encoder_name="all-minilm-l6-v2")
        ).save_pretrained(tmp_path / "saved")
