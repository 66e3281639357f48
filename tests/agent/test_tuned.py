"""A tuned language model inside a recommender directory: its roles, its one copy, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.taught import config, teach

from nextinterest import RecommenderAgent
from nextinterest.agent.additions import add_tuned
from nextinterest.agent.artifact import RECOMMENDER
from nextinterest.agent.chat import TunedReader
from nextinterest.agent.chat.reading.reader import CompositionalReader
from nextinterest.agent.tuned import FOLDER
from nextinterest.artifact_files import MANIFEST, read_artifact, update_artifact
from nextinterest.data import leave_last_out, load
from nextinterest.errors import IntegrityError
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.llm import LocalModel, ScriptedLanguageModel
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval.rerank.choice import ChoiceReranker

TASKS = ["generate", "rerank", "understand"]
TUNED_SETTINGS = {"choice_calibrated": False, "n_candidates": 5, "max_events": 4}  # as of support.taught
HISTORY = ["1", "2", "3", "4"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
        teach(folder, TASKS)
    return folder


@pytest.fixture
def directory(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    return Path(shutil.copytree(made / "recommender", tmp_path / "recommender"))


def decide(directory: Path, task: str, *, weight: float = 0.0) -> None:
    """Have a task done by default, whatever validation found for a random model."""
    found = read_artifact(directory, RECOMMENDER)
    tuned = found.content.tuned
    assert tuned is not None
    tasks = {name: own.model_copy(update={"default": name == task}) for name, own in tuned.tasks.items()}
    changed = {
        "tuned": tuned.model_copy(update={"tasks": tasks}),
        "config": found.content.config.model_copy(update=TUNED_SETTINGS | {"choice_weight": weight}),
    }
    update_artifact(found, content=found.content.model_copy(update=changed))


def edit(directory: Path, **changes: object) -> None:
    path = directory / MANIFEST
    raw = json.loads(path.read_text())
    raw["content"]["tuned"] |= changes
    path.write_text(json.dumps(raw))


def test_it_reranks_as_it_was_tuned(made: Path, directory: Path) -> None:
    decide(directory, "rerank", weight=1.5)
    agent = RecommenderAgent.from_pretrained(directory, dtype="float32")
    settings = agent.engine.config
    assert (settings.choice_calibrated, settings.n_candidates, settings.max_events) == (False, 5, 4)
    model = LocalModel.load(made / "base", adapter=directory / FOLDER, dtype="float32")
    options = config(["rerank"]).tasks.rerank
    assert options is not None
    template = PromptTemplate.named("choice")
    alone = ChoiceReranker(model, template, agent.catalog, options.prompts, calibrated=False)
    dataset = load(str(made / "data"))
    history = dataset.log.history(0, 6)
    (ranked,) = agent.engine.rank([history], 5)
    (expected,) = alone.log_probabilities([history], [ranked.items])
    assert ranked.parts["choice"].tolist() == pytest.approx(expected.tolist(), abs=1e-4)
    split = leave_last_out(dataset.log, 1, 2)
    lists = RerankingCases.of(agent.engine.retriever, split.validation, 5, most=40)
    served = lists.measure(alone.log_probabilities(lists.histories, lists.items))
    tuned = agent.engine.tuned
    assert tuned is not None
    measured = tuned.record.tasks["rerank"].validation["tuned"]
    assert measured["log_loss"] == pytest.approx(served["log_loss"], rel=1e-3)


def test_nothing_is_loaded_that_no_default_asks_and_one_model_serves_all(directory: Path) -> None:
    decide(directory, "generate")
    agent = RecommenderAgent.from_pretrained(directory, dtype="float32")
    agent.recommend(HISTORY, k=3)
    deferred = agent.engine.language_model
    assert deferred is not None
    assert vars(deferred)["_model"] is None
    assert isinstance(agent.conversation.understanding, CompositionalReader)
    model = agent.engine.model_for("generate")
    assert model is agent.engine.model_for("rerank") is agent.engine.model


def test_it_reads_messages_where_it_beat_the_rules_and_where_it_is_asked_to(directory: Path) -> None:
    decide(directory, "understand")
    reader = RecommenderAgent.from_pretrained(directory, dtype="float32").conversation.understanding
    assert isinstance(reader, TunedReader)
    decide(directory, "generate")
    base = json.loads((directory / MANIFEST).read_text())["content"]["language_model"]["name"]
    agent = RecommenderAgent.from_pretrained(directory, roles={"understand": base}, dtype="float32")
    assert isinstance(agent.conversation.understanding, TunedReader)
    assert agent.engine.model_for("understand") is agent.engine.model_for("generate")
    assert agent.chat([{"role": "user", "content": "two dramas please"}]).request.intent


def test_another_model_takes_its_place_without_its_settings(directory: Path) -> None:
    decide(directory, "rerank", weight=1.5)
    other = ScriptedLanguageModel([])
    agent = RecommenderAgent.from_pretrained(directory, language_model=other)
    assert agent.engine.model is other
    assert agent.engine.tuned is None
    assert agent.engine.config.choice_weight != 1.5


def test_saved_again_and_taught_again(directory: Path, tmp_path: Path) -> None:
    agent = RecommenderAgent.from_pretrained(directory, dtype="float32")
    agent.save_pretrained(tmp_path / "copy")
    again = RecommenderAgent.from_pretrained(tmp_path / "copy", dtype="float32")
    assert agent.engine.tuned is not None
    assert again.engine.tuned is not None
    assert again.engine.tuned.record == agent.engine.tuned.record
    assert again.engine.tuned.files() == agent.engine.tuned.files()
    assert again.recommend(HISTORY).items == agent.recommend(HISTORY).items
    record = agent.engine.tuned.record.model_copy(update={"steps": 7})
    card = "## Tasks of the language model\n\nanother"
    add_tuned(directory, record, agent.engine.tuned.files(), {}, card)
    assert (directory / "README.md").read_text().count("## Tasks of the language model") == 1
    renewed = RecommenderAgent.from_pretrained(directory, dtype="float32").engine.tuned
    assert renewed is not None
    assert renewed.record.steps == 7


@pytest.mark.parametrize("task", TASKS)
def test_another_template_is_refused_by_the_task_that_learned_under_it(directory: Path, task: str) -> None:
    content = json.loads((directory / MANIFEST).read_text())["content"]
    tasks = content["tuned"]["tasks"]
    name = next(iter(tasks[task]["templates"]))
    tasks[task]["templates"][name] = "0" * 64
    edit(directory, tasks=tasks)
    with pytest.raises(IntegrityError, match=f"learned to {task} under another version") as refused:
        RecommenderAgent.from_pretrained(directory)
    assert "nextinterest finetune" in refused.value.remedy
    RecommenderAgent.from_pretrained(directory, language_model=None)  # nothing of it is needed


def test_another_base_or_file_is_refused(directory: Path) -> None:
    path = directory / MANIFEST
    whole = path.read_text()
    raw = json.loads(whole)
    raw["content"]["language_model"]["fingerprint"] = "f" * 64
    path.write_text(json.dumps(raw))
    with pytest.raises(IntegrityError, match="fingerprint ffffffffffff"):
        _ = RecommenderAgent.from_pretrained(directory).engine.model
    path.write_text(whole)
    file = directory / FOLDER / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(IntegrityError, match="SHA-256"):
        RecommenderAgent.from_pretrained(directory)


def test_a_directory_of_before_loads_and_one_with_a_tuned_choice_is_refused(directory: Path) -> None:
    path = directory / MANIFEST
    raw = json.loads(path.read_text())
    raw["content"] |= {"choice": None, "tuned": None}
    path.write_text(json.dumps(raw))
    assert RecommenderAgent.from_pretrained(directory).engine.tuned is None
    raw["content"]["choice"] = {"template": "choice"}
    path.write_text(json.dumps(raw))
    with pytest.raises(IntegrityError, match="choice"):
        RecommenderAgent.from_pretrained(directory)
