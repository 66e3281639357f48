"""A purchase says more than a view: which event of a pair stays, and what may still be recommended."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.films import WordEncoder

from nextinterest import RecommenderAgent
from nextinterest.data import load
from nextinterest.domain import Event

SHOP = """user,item,kind,time,title
ann,boots,view,2026-01-01,Hiking boots
ann,boots,buy,2026-01-03,Hiking boots
ann,tent,view,2026-01-02,Family tent
ann,tent,view,2026-01-05,Family tent
bob,tent,buy,2026-01-04,Family tent
bob,boots,buy,2026-01-02,Hiking boots
bob,stove,cart,2026-01-05,Camping stove
cem,stove,buy,2026-01-02,Camping stove
cem,tent,buy,2026-01-06,Family tent
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(SHOP)
    return path


@pytest.fixture
def agent(shop: Path, monkeypatch: pytest.MonkeyPatch) -> RecommenderAgent:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    return RecommenderAgent.from_dataset(load(shop), language_model=None)


def kinds_of_ann(path: Path) -> list[str | None]:
    log = load(path).log
    user = log.user("ann")
    assert user is not None
    kinds = log.history(user).kinds
    assert kinds is not None
    return [kinds.name(i) for i in range(len(kinds))]


def test_of_a_view_and_a_purchase_the_purchase_stays(shop: Path) -> None:
    assert kinds_of_ann(shop) == ["view", "buy"]  # the tent first, then the boots
    clicks = shop.with_name("clicks.csv")
    clicks.write_text(SHOP.replace("buy", "click"))
    assert kinds_of_ann(clicks) == ["view", "view"]  # nothing is had: the first stays


def test_what_was_only_viewed_may_be_recommended_and_what_was_bought_not(agent: RecommenderAgent) -> None:
    assert {item.item_id for item in agent.recommend(user="ann").items} == {"tent", "stove"}
    assert {item.item_id for item in agent.recommend(user="bob").items} == {"stove"}
    assert {item.item_id for item in agent.similar("boots", user="ann").items} == {"tent", "stove"}
    reply = agent.chat([{"role": "user", "content": "what should I buy next?"}], user="ann")
    assert reply.recommendations is not None
    assert {item.item_id for item in reply.recommendations.items} == {"tent", "stove"}


def test_an_item_that_is_viewed_and_bought_later_is_had(agent: RecommenderAgent) -> None:
    history = [Event("tent", kind="view"), Event("stove", kind="view"), Event("tent", kind="buy")]
    assert {item.item_id for item in agent.recommend(history).items} == {"stove", "boots"}


def test_evaluation_masks_all_that_is_in_a_history(agent: RecommenderAgent) -> None:
    history = agent.history("ann")
    lists = agent.engine.recommend([history], 3)
    assert {agent.engine.catalog.ids[i] for i in lists.items[0] if i >= 0} == {"stove"}


def test_a_saved_recommender_knows_the_kinds(agent: RecommenderAgent, tmp_path: Path) -> None:
    agent.save_pretrained(tmp_path / "saved")
    again = RecommenderAgent.from_pretrained(tmp_path / "saved")
    assert again.engine.retriever.config.open_kinds == ("view", "cart")
    assert again.recommend([Event("tent", kind="view")]).items
