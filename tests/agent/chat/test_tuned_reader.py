"""A reader that was tuned: its prompt, its schema, and what it refuses to load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tiny import films, save_tiny
from support.written import written

from nextinterest.agent.chat import (
    ChatContext,
    TunedReader,
)
from nextinterest.artifact_files import MANIFEST, MadeFrom
from nextinterest.domain import Request
from nextinterest.errors import IntegrityError
from nextinterest.finetune.backbone import open_backbone
from nextinterest.finetune.task_config import UnderstandingConfig
from nextinterest.finetune.tune_understanding import tune_understanding
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message


def said(*messages: str) -> list[Message]:
    return [Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(messages)]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a reader that has learned next to nothing."""
    folder = tmp_path_factory.mktemp("tuned")
    base = save_tiny(folder / "base", "causal")
    training = {"epochs": 1, "batch_size": 4, "metric": "log_likelihood"}
    config = UnderstandingConfig.model_validate(
        {"model": str(base), "examples": 8, "validation_cases": 4, "training": training}
    )
    tune_understanding(
        films(), open_backbone(base, config), config, folder / "out", made_from=MadeFrom(data="films")
    )
    return folder / "out"


def test_the_prompt_holds_the_conversation_and_nothing_else(cinema: ChatContext) -> None:
    model = ScriptedLanguageModel([written(Request(intent="similar", similar_to=("blade runer",)))])
    read = TunedReader(model).read(said("films please", "1. Alien (1979)", "like blade runer"), cinema)
    assert read.request == Request(intent="similar", similar_to=("Blade Runner",))
    (system, user) = model.calls[0].messages
    assert user[1] == "U: films please\nA: 1. Alien (1979)\nU: like blade runer"
    assert len(system[1]) < 60
    assert model.calls[0].schema == "FlatRequest"


def test_whatever_a_tuned_model_says_is_an_action(tuned: Path, cinema: ChatContext) -> None:
    reader = TunedReader.from_pretrained(tuned, device="cpu")
    assert reader.read(said("two horror films"), cinema).request.intent
    assert reader.name.endswith("tuned to read")


def rewrite(path: Path, key: str, changes: dict[str, object]) -> None:
    raw = json.loads(path.read_text())
    raw[key] |= changes
    path.write_text(json.dumps(raw))


def test_another_template_base_or_file_is_refused(tuned: Path) -> None:
    path = tuned / MANIFEST
    whole = path.read_text()
    try:
        rewrite(path, "content", {"template_hash": "0" * 64})
        with pytest.raises(IntegrityError, match="under template 'flat-request' 000000000000"):
            TunedReader.from_pretrained(tuned)
        path.write_text(whole)
        other = json.loads(whole)["content"]["base_model"] | {"fingerprint": "f" * 64}
        rewrite(path, "content", {"base_model": other})
        with pytest.raises(IntegrityError, match="fingerprint ffffffffffff"):
            TunedReader.from_pretrained(tuned, device="cpu")
        path.write_text(whole)
        name, entry = next(iter(json.loads(whole)["files"].items()))
        rewrite(path, "files", {name: entry | {"sha256": "1" * 64}})
        with pytest.raises(IntegrityError, match="SHA-256"):
            TunedReader.from_pretrained(tuned)
        path.write_text(json.dumps({"kind": "tuned reader"}))
        with pytest.raises(IntegrityError, match="cannot be read as the manifest of a tuned reader"):
            TunedReader.from_pretrained(tuned)
    finally:
        path.write_text(whole)
