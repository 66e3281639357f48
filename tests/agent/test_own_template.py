"""A prompt template in a file of the caller's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.films import WordEncoder

from nextinterest.agent import RecommenderAgent
from nextinterest.errors import IntegrityError, PromptError
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.prompts import PromptTemplate

CHOICE = PromptTemplate.named("choice").source


def test_it_is_named_by_its_path_and_loads_only_as_it_was(
    agent: RecommenderAgent, model: ScriptedLanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(CHOICE.replace("Chosen so far", "Bought so far"))
    config = agent.engine.config.model_copy(update={"template": str(path)})
    RecommenderAgent(replace(agent.engine, config=config), agent.log).recommend(user="ann", k=1)
    asked = next(call for call in model.calls if call.function == "choose")
    assert "Bought so far" in model.tokenizer.decode(asked.tokens[0])
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    engine = replace(agent.engine, config=config, language_model=None, text_encoder_name="words")
    RecommenderAgent(engine).save_pretrained(tmp_path / "saved")
    assert RecommenderAgent.from_pretrained(tmp_path / "saved").engine.config.template == str(path)
    path.write_text(CHOICE)
    with pytest.raises(IntegrityError, match="another version of the template"):
        RecommenderAgent.from_pretrained(tmp_path / "saved")
    path.unlink()
    with pytest.raises(PromptError, match=r"mine\.jinja cannot be read"):
        RecommenderAgent.from_pretrained(tmp_path / "saved")
