"""The real default agent, end to end: real data, real embedder, real language model, saved and loaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nextinterest.agent import AgentConfig, RecommenderAgent
from nextinterest.artifact_files import MANIFEST
from nextinterest.data import load
from nextinterest.errors import IntegrityError
from nextinterest.retrieval.rerank import ChoiceReranker

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def real() -> RecommenderAgent:
    # A weight that shows: what the language model says must reach the ranking.
    return RecommenderAgent.from_dataset(load("ml-100k"), config=AgentConfig(choice_weight=1.0))


def test_a_science_fiction_history(real: RecommenderAgent) -> None:
    result = real.recommend(["Alien", "Blade Runner", "The Terminator", "Star Wars"], k=10)
    sci_fi = sum("Sci-Fi" in item.categories for item in result.items)
    share = np.mean(["Sci-Fi" in names for names in real.catalog.categories])
    assert sci_fi >= 3 > 10 * share
    assert all(np.isfinite(item.scores["choice"]) for item in result.items)
    assert 0 < sum(item.probability for item in result.items) <= 1
    assert isinstance(real.engine.reranker, ChoiceReranker)
    assert real.engine.reranker.forward_passes == 2  # the choice, and once the letters' own attraction


def test_the_order_of_candidates_does_not_matter(real: RecommenderAgent) -> None:
    history = real.history("7")
    offered = real.retriever.recommend([history], 20).items[0]
    assert real.engine.reranker is not None
    (one,) = real.engine.reranker.log_probabilities([history], [offered])
    (two,) = real.engine.reranker.log_probabilities([history], [offered[::-1]])
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(one, two[::-1], atol=1e-5)


def test_saved_and_loaded_it_says_the_same(real: RecommenderAgent, tmp_path: Path) -> None:
    real.save_pretrained(tmp_path)
    loaded = RecommenderAgent.from_pretrained(tmp_path)
    history = ["Fargo", "Heat"]
    assert loaded.recommend(history) == real.recommend(history)
    assert loaded.with_log(load("ml-100k")).history("7").user == "7"


def test_a_changed_directory_is_refused(real: RecommenderAgent, tmp_path: Path) -> None:
    real.save_pretrained(tmp_path)
    manifest = tmp_path / MANIFEST
    saved = manifest.read_text()

    def with_change(key: str, value: object) -> None:
        raw = json.loads(saved)
        raw["content"][key] = value
        manifest.write_text(json.dumps(raw))

    with_change("template_hash", "0" * 64)
    with pytest.raises(IntegrityError, match="another version of the template 'choice'"):
        RecommenderAgent.from_pretrained(tmp_path)
    with_change("language_model", {"name": "smollm2-135m-instruct", "fingerprint": "0" * 64})
    with pytest.raises(IntegrityError, match="language model 'smollm2-135m-instruct'"):
        RecommenderAgent.from_pretrained(tmp_path)
    manifest.write_text(saved)
    index = tmp_path / "index.faiss"
    index.write_bytes(index.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=r"index\.faiss"):
        RecommenderAgent.from_pretrained(tmp_path)
    manifest.unlink()
    with pytest.raises(IntegrityError, match=r"manifest\.json"):
        RecommenderAgent.from_pretrained(tmp_path)
