"""The weights of likeness: they go to what foretells the next event, by a sample or the whole catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import saved_retriever
from support.shop import SHOP, dataset

from nextinterest.agent.additions import add_likeness
from nextinterest.agent.artifact import load_trained_retriever
from nextinterest.data import EventLog, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.finetune import finetune, likeness_fit
from nextinterest.finetune.config import read_config
from nextinterest.finetune.likeness_fit import LEAST_TEXT, fit_likeness
from nextinterest.finetune.recipe import train_retriever
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.likeness import Likeness

SMALL = ["encoder.dimension=8", "training.epochs=1", "min_users=10", "min_events=10", "encoder.blocks=1"]


def test_weights_go_to_what_foretells_and_a_sample_is_enough(
    catalog: Catalog, log: EventLog, words: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = leave_last_out(log, 1, 1)
    retriever = Retriever.build(catalog, split.train, words)
    weights = fit_likeness(retriever.likeness, len(catalog), split.validation)
    assert list(weights) == list(retriever.likeness.sources)
    assert weights["text"] >= LEAST_TEXT
    assert sum(weights.values()) - weights["text"] > 0.2
    monkeypatch.setattr(likeness_fit, "_ITEMS", 25)
    sampled = fit_likeness(retriever.likeness, len(catalog), split.validation)
    for name, weight in weights.items():
        assert sampled[name] == pytest.approx(weight, rel=0.3, abs=0.5)
    # Popularity is not likeness, and what is not there has no weight.
    assert set(weights) == {"text", "cooccurrence", "common_users", "lift"}


def test_a_trained_recommender_has_its_own(words: Encoder, tmp_path: Path) -> None:
    data = dataset(SHOP)
    config = read_config(None, SMALL)
    made = train_retriever(data, words, config, tmp_path / "work").retriever
    assert set(made.config.likeness) == {"text", "cooccurrence", "common_users", "lift", "sequence"}
    saved_retriever.save(made, tmp_path / "made")
    read = saved_retriever.load(tmp_path / "made", words)
    assert read.config.likeness == made.config.likeness
    for item in (0, 5):
        models = np.array([item], dtype=np.int32)
        assert read.alike(models).items.tolist() == made.alike(models).items.tolist()
    assert isinstance(made.likeness, Likeness)


def test_a_directory_of_an_earlier_version_gets_what_it_lacks(
    words: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: words)
    data, out = dataset(SHOP), tmp_path / "out"
    config = read_config(None, SMALL)
    finetune(data, out, config=config, keep_split=True, forecast=False)
    new = load_trained_retriever(out, words)
    old = load_trained_retriever(out, words)
    old.relations = []
    add_likeness(out, old)
    stripped = load_trained_retriever(out, words)
    assert stripped.relations == []
    finetune(data, out, config=config, retriever=out, forecast=False)
    again = load_trained_retriever(out, words)
    assert again.config.likeness == pytest.approx(new.config.likeness, rel=1e-2, abs=1e-2)
    assert [one.name for one in again.relations] == [one.name for one in new.relations]
    item = np.array([3], dtype=np.int32)
    assert again.alike(item).items.tolist() == new.alike(item).items.tolist()
    history = [data.log.history(0)]
    np.testing.assert_array_equal(again.log_probabilities(history), new.log_probabilities(history))
