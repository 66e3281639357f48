"""The weights of likeness: they go to what foretells the next event, by a sample or the whole catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import saved_retriever
from support.shop import SHOP, dataset

from nextinterest.data import EventLog, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.finetune import likeness_fit
from nextinterest.finetune.config import read_config
from nextinterest.finetune.likeness_fit import LEAST_TEXT, fit_likeness
from nextinterest.finetune.recipe import train_retriever
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.likeness import Likeness


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
    config = read_config(
        None,
        ["encoder.dimension=8", "training.epochs=1", "min_users=10", "min_events=10", "encoder.blocks=1"],
    )
    made = train_retriever(data, words, config, tmp_path / "work").retriever
    assert set(made.config.likeness) == {"text", "cooccurrence", "common_users", "lift", "sequence"}
    saved_retriever.save(made, tmp_path / "made")
    read = saved_retriever.load(tmp_path / "made", words)
    assert read.config.likeness == made.config.likeness
    for item in (0, 5):
        models = np.array([item], dtype=np.int32)
        assert read.alike(models).items.tolist() == made.alike(models).items.tolist()
    assert isinstance(made.likeness, Likeness)
