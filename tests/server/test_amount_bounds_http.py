"""A rating beyond the bound does not come in over HTTP; one that an older version kept is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from nextinterest.agent import RecommenderAgent
from nextinterest.errors import NextInterestError
from nextinterest.profiles import ProfileEvent, open_store


@pytest.mark.parametrize("rating", [1e300, -1e300, 2e9])
def test_a_rating_beyond_the_bound_is_422(
    serve: Callable[..., TestClient], agent: RecommenderAgent, rating: float
) -> None:
    client = serve()
    item = agent.catalog.ids[0]
    event = {"item_id": item, "rating": rating}
    assert client.post("/v1/users/zoe/events", json={"events": [event]}).status_code == 422
    history = [{"item": item, "rating": rating}]
    assert client.post("/v1/recommend", json={"history": history}).status_code == 422
    assert client.post("/v1/users/zoe/events", json={"events": [event | {"rating": 1e9}]}).status_code == 200


def test_an_agent_refuses_it(agent: RecommenderAgent, tmp_path: Path) -> None:
    live = agent.with_store(tmp_path / "profiles.db")
    with pytest.raises((NextInterestError, ValidationError)):
        live.add_events("zoe", {"item_id": agent.catalog.ids[0], "rating": 1e300})


def test_what_an_older_version_kept_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "profiles.db"
    store = open_store(str(path))
    events = [ProfileEvent(item_id="a", rating=4.0), ProfileEvent(item_id="b", rating=5.0)]
    store.append("zoe", events, received=datetime(2026, 1, 2, tzinfo=UTC))
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE events SET rating = 1e300 WHERE item_id = 'a'"))
    engine.dispose()
    assert [event.rating for event in store.events("zoe")] == [None, 5.0]
    store.close()
