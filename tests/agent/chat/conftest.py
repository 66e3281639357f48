"""What the chat tests talk about: goods beside the films, and the context of each catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nextinterest.agent.chat import ChatContext
from nextinterest.domain import Catalog, Item

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def goods() -> Catalog:
    rows = json.loads((DATA / "products.json").read_text("utf-8"))
    return Catalog.from_items(Item(i, title, tuple(names), year) for i, title, names, year in rows)


@pytest.fixture(scope="session")
def shop(goods: Catalog) -> ChatContext:
    return ChatContext(goods)


@pytest.fixture(scope="session")
def cinema(catalog: Catalog) -> ChatContext:
    return ChatContext(catalog)
