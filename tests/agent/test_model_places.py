"""Models that a saved recommender names: where they lie may change, and what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.films import WordEncoder
from support.saved_llama import save_tiny_llama
from support.shop import SHOP, dataset

from nextinterest import RecommenderAgent
from nextinterest.agent import AgentConfig
from nextinterest.errors import AssetError


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())


def test_models_that_are_not_found_name_the_argument_and_the_option(tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "tiny")
    data = dataset(SHOP)
    config = AgentConfig(choice_weight=0.3, max_prompt_tokens=900)
    made = RecommenderAgent.from_dataset(data, language_model=folder, config=config)
    made.save_pretrained(tmp_path / "saved")
    assert '"../tiny"' in (tmp_path / "saved" / "manifest.json").read_text()
    folder.rename(tmp_path / "moved")
    with pytest.raises(AssetError) as caught:
        RecommenderAgent.from_pretrained(tmp_path / "saved")
    assert "language_model=" in caught.value.remedy
    assert "--language-model" in caught.value.command
    found = RecommenderAgent.from_pretrained(tmp_path / "saved", language_model=tmp_path / "moved")
    assert found.recommend(["p1", "p2"]) == made.recommend(["p1", "p2"])
    assert RecommenderAgent.from_pretrained(tmp_path / "saved", language_model=None).recommend(["p1"])


def test_a_directory_and_the_models_beside_it_move_together(tmp_path: Path) -> None:
    (tmp_path / "here" / "models").mkdir(parents=True)
    folder = save_tiny_llama(tmp_path / "here" / "models" / "tiny")
    config = AgentConfig(choice_weight=0.3, max_prompt_tokens=900)
    made = RecommenderAgent.from_dataset(dataset(SHOP), language_model=folder, config=config)
    wanted = made.recommend(["p1", "p2"])
    made.save_pretrained(tmp_path / "here" / "saved")
    (tmp_path / "here").rename(tmp_path / "there")
    moved = RecommenderAgent.from_pretrained(tmp_path / "there" / "saved")
    assert moved.recommend(["p1", "p2"]) == wanted
    assert str(tmp_path) not in (tmp_path / "there" / "saved" / "manifest.json").read_text()
    moved.save_pretrained(tmp_path / "again")
    assert '"../there/models/tiny"' in (tmp_path / "again" / "manifest.json").read_text()
