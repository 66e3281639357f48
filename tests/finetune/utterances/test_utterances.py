"""The generator: valid actions, disjoint wordings, any catalogue, nothing of what was written by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import Catalog, Item
from nextinterest.finetune.utterances import Split, generate, patterns
from nextinterest.finetune.utterances.invented import THINGS, invented
from nextinterest.finetune.utterances.noise import as_typed, mistyped, shortened
from nextinterest.prompts.flat_request import flat_form

DATA = Path(__file__).parents[2] / "data"
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@pytest.fixture(scope="module")
def goods() -> Catalog:
    rows = json.loads((DATA / "products.json").read_text("utf-8"))
    return Catalog.from_items(Item(i, title, tuple(names), year) for i, title, names, year in rows)


def test_wordings_belong_to_one_split_each() -> None:
    assert len(patterns()) == len({pattern.turns for pattern in patterns()}) > 120
    counts = Counter(pattern.split for pattern in patterns())
    assert set(counts) == set(SPLITS)
    assert counts["train"] > 2 * counts["test"]
    for split in ("train", "test"):
        held = {pattern.intent for pattern in patterns() if pattern.split == split}
        assert held >= {"recommend", "similar", "feedback", "explain", "search", "profile"}, split


@pytest.mark.parametrize("split", SPLITS)
def test_actions_are_valid_and_name_the_catalogue(goods: Catalog, split: Split) -> None:
    made = list(generate(goods, split, 300, np.random.default_rng(1), ("products", "things")))
    assert len(made) == 300
    for utterance in made:
        request = flat_form().model_validate(utterance.request).request()
        assert {*request.where.categories, *request.where.excluded_categories} <= set(goods.category_names)
        assert {*request.liked, *request.disliked, *request.similar_to} <= set(goods.titles)
        assert request.query in {None, "everything", *goods.titles}
        assert utterance.messages[-1][0] == "user"
        assert not re.search(r"[{}]", "".join(text for _, text in utterance.messages))
        assert utterance.pattern.split == split


def test_equal_seeds_generate_equal_utterances(goods: Catalog) -> None:
    one, two, other = (list(generate(goods, "train", 40, np.random.default_rng(s))) for s in (5, 5, 6))
    assert one == two != other


def test_no_hand_written_utterance_follows_a_wording() -> None:
    """Wordings of one message only; a slot alone would match anything, and there is no such wording."""
    said = [
        row["messages"][-1]["content"].casefold().strip(" .!?")
        for row in map(json.loads, (DATA / "utterances.jsonl").read_text("utf-8").splitlines())
        if len(row["messages"]) == 1
    ]
    for pattern in patterns():
        if len(pattern.turns) > 1:
            continue
        fixed = re.split(r"\{\w+\}", pattern.turns[0].casefold())
        assert sum(map(len, fixed)) > 3, pattern
        whole = re.compile("(.+)".join(map(re.escape, fixed)))
        assert not [text for text in said if whole.fullmatch(text)], pattern


def test_a_catalogue_without_years_and_categories() -> None:
    bare = Catalog.from_items(Item(str(i), f"Wonderful Thing Number {i}") for i in range(10))
    made = list(generate(bare, "train", 50, np.random.default_rng(0)))
    assert {utterance.request["intent"] for utterance in made} >= {"feedback", "search", "other"}
    assert not any("year_from" in u.request or "categories" in u.request for u in made)
    assert list(generate(Catalog([], []), "train", 5, np.random.default_rng(0)))


@given(st.text(max_size=60), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_noise_takes_any_text(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert abs(len(mistyped(text, rng)) - len(text)) <= 1
    assert bool(shortened(text, rng)) == bool(text)
    assert isinstance(as_typed(text, rng), str)


@pytest.mark.parametrize("split", SPLITS)
def test_what_was_typed_stands_in_the_messages(goods: Catalog, split: Split) -> None:
    """A model that copies words can write the written form; the lists hold as much as the action's."""
    rng = np.random.default_rng(4)
    for source in (goods, invented(goods, rng)):
        for utterance in generate(source, split, 150, rng, THINGS):
            told = "\n".join(text for _, text in utterance.messages)
            assert utterance.written.keys() == utterance.request.keys()
            for name, value in utterance.written.items():
                other = utterance.request[name]
                if isinstance(value, list):
                    assert isinstance(other, list)
                    assert len(value) == len(other)
                    assert all(words in told for words in value), (name, value, told)
                elif name == "query" and value != "everything":
                    assert str(value) in told
                elif name != "query":
                    assert value == other


def test_an_invented_catalogue_is_of_the_words_it_was_given(goods: Catalog) -> None:
    made = invented(goods, np.random.default_rng(0))
    words = {word for title in goods.titles for word in title.split()}
    assert {word for title in made.titles for word in title.split()} <= words
    assert made.titles == invented(goods, np.random.default_rng(0)).titles
    assert len(set(made.titles) - set(goods.titles)) > 0.8 * len(made)
    assert len(invented(Catalog([], []), np.random.default_rng(0))) == len(made)
