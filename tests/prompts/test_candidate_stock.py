"""What is left of a candidate is a fact of its line; of an event of the past it is none."""

from __future__ import annotations

import numpy as np

from nextinterest.domain import Availability, Catalog, History, Item
from nextinterest.domain.kinds import Kinds
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.prompts.tokenizing import TextTokenizer


def test_who_ranks_is_shown_the_stock_of_candidates_not_of_events(base_tokenizer: TextTokenizer) -> None:
    goods = [
        Item("a", "Jacket", ("Jackets",), price=129.0, available=Availability(stock=5)),
        Item("b", "Parka", ("Jackets",), available=Availability(stock=0)),
        Item("c", "Vest"),
    ]
    history = History(np.array([0], dtype=np.int32), kinds=Kinds.of(["buy"]))
    template = PromptTemplate.named("ranking")
    renderer = PromptRenderer(template, Catalog.from_items(goods), base_tokenizer, PromptOptions())
    text = renderer.choice(history, np.arange(3, dtype=np.int32)).text
    assert "- Jacket [Jackets] (price 129), bought\n" in text
    assert "A. Jacket [Jackets] (price 129; in stock: 5)\n" in text
    assert "B. Parka [Jackets] (sold out)\n" in text
    assert "C. Vest\n" in text
