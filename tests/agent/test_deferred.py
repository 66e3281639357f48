"""A language model that no list asks for is loaded when it is used, and checked then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.saved_llama import save_tiny_llama

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.agent.deferred import DeferredModel
from nextinterest.agent.role_models import open_roles
from nextinterest.artifact_files import MANIFEST
from nextinterest.data import EventLog
from nextinterest.domain import Catalog
from nextinterest.errors import AssetError, IntegrityError
from nextinterest.llm import LanguageModel, LocalModel
from nextinterest.messages import Message
from nextinterest.retrieval import Retriever


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the folders whose weights are read, in order."""
    done: list[str] = []
    real = LocalModel.load

    def load(path: str | Path, **options: object) -> LocalModel:
        done.append(Path(path).name)
        return real(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalModel, "load", load)
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    return done


def agent(catalog: Catalog, log: EventLog, model: Path, weight: float) -> RecommenderAgent:
    engine = Engine(
        Retriever.build(catalog, log, WordEncoder()),
        DeferredModel(str(model)),
        AgentConfig(n_candidates=3, choice_weight=weight, max_prompt_tokens=900),
        language_model_name=str(model),
        text_encoder_name="words",
    )
    return RecommenderAgent(engine, log)


def test_a_model_of_weight_zero_is_named_and_not_loaded(
    catalog: Catalog, log: EventLog, tmp_path: Path, loads: list[str]
) -> None:
    model = save_tiny_llama(tmp_path / "tiny")
    agent(catalog, log, model, 0.0).save_pretrained(tmp_path / "saved")
    assert loads == ["tiny"]  # for its fingerprint
    loaded = RecommenderAgent(RecommenderAgent.from_pretrained(tmp_path / "saved").engine, log)
    loaded.recommend(["a", "b"])
    loaded.forecast(["a", "b"])
    loaded.interests(["a", "b"])
    usage = loaded.chat([Message(role="user", content="two crime films please")]).usage
    assert usage.total_tokens == 0  # rules read it, and no list needed the model
    assert (loaded.engine.model_name, str(loaded)) == (str(model), f"RecommenderAgent(9 items, {model})")
    loaded.save_pretrained(tmp_path / "again")
    assert loads == ["tiny"]
    assert isinstance(loaded.engine.model, LanguageModel)
    assert loaded.engine.model is replace(loaded.engine).model
    assert loads == ["tiny", "tiny"]


def test_a_model_that_ranks_is_loaded_with_the_agent(
    catalog: Catalog, log: EventLog, tmp_path: Path, loads: list[str]
) -> None:
    agent(catalog, log, save_tiny_llama(tmp_path / "tiny"), 0.5).save_pretrained(tmp_path / "saved")
    loads.clear()
    loaded = RecommenderAgent.from_pretrained(tmp_path / "saved")
    assert loads == ["tiny"]
    assert "choice" in loaded.recommend(["a", "b"]).items[0].scores
    assert loads == ["tiny"]


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_another_model_under_the_name_is_refused_where_it_is_loaded(
    catalog: Catalog, log: EventLog, tmp_path: Path, loads: list[str], weight: float
) -> None:
    model = save_tiny_llama(tmp_path / "tiny")
    agent(catalog, log, model, weight).save_pretrained(tmp_path / "saved")
    save_tiny_llama(model, shift=1.0)
    with pytest.raises(IntegrityError, match=r"saved with the language model .*tiny"):
        _ = RecommenderAgent.from_pretrained(tmp_path / "saved").engine.model
    named = json.loads((tmp_path / "saved" / MANIFEST).read_text())["content"]["language_model"]
    assert named["name"] == "../tiny"  # both can be moved together


def test_a_trace_shows_when_the_weights_are_read(catalog: Catalog, log: EventLog, tmp_path: Path) -> None:
    asked = agent(catalog, log, save_tiny_llama(tmp_path / "tiny"), 0.1)
    traces = [asked.recommend(["a", "b"], trace=True).trace for _ in range(2)]
    loads = [[] if trace is None else trace.named("load") for trace in traces]
    assert [len(steps) for steps in loads] == [1, 0]
    assert str(loads[0][0].details["model"]).endswith("tiny")


@pytest.mark.parametrize("word", ["none", "None", " none "])
def test_the_word_none_is_no_model(word: str) -> None:
    assert open_roles(word, {"word": word}) == (None, {"word": None})


def test_a_misspelt_asset_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(AssetError, match=r"Did you mean 'smollm2-135m-instruct'\?"):
        open_roles("smolm2-135m")
    with pytest.raises(AssetError, match=r"Did you mean 'smollm2-135m-instruct'\?"):
        open_roles(None, {"rerank": "smolm2-135m"})
