"""A choice inside a recommender directory: added, loaded, exchanged, and refused where it does not belong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.tiny import films, save_tiny, walks

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.additions import add_choice
from nextinterest.agent.artifact import RECOMMENDER, load_engine
from nextinterest.artifact_files import MANIFEST, MadeFrom, read_artifact, update_artifact
from nextinterest.data import leave_last_out
from nextinterest.errors import IntegrityError
from nextinterest.finetune.backbone import open_backbone
from nextinterest.finetune.reading import read_options
from nextinterest.finetune.task_config import ChoiceConfig
from nextinterest.finetune.tune_choice import tune_choice
from nextinterest.llm import LocalModel
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.rerank.choice import ChoiceReranker
from nextinterest.retrieval.rerank.tuned_choice import FOLDER
from nextinterest.retrieval.saving import Learned
from nextinterest.retrieval.tuned import CHOICE

OPTIONS = [
    "examples=16",
    "min_history=2",
    "max_events=4",
    "n_candidates=5",
    "dtype=float32",
    "lora.rank=2",
    "training.epochs=1",
    "training.learning_rate=0.01",
    "training.warmup_steps=0",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``base``, ``tuned`` and ``recommender``, the last without a choice."""
    folder = tmp_path_factory.mktemp("made")
    base = save_tiny(folder / "base", "causal")
    split = leave_last_out(walks(), 1, 1)
    retriever = Retriever.build(films(), split.train, WordEncoder())
    config = read_options(ChoiceConfig, None, [*OPTIONS, f"model={base}"])
    tune_choice(
        split,
        retriever,
        open_backbone(base, config),
        config,
        folder / "tuned",
        made_from=MadeFrom(data="walks"),
    )
    _weigh(folder / "tuned", 1.5)
    agent = RecommenderAgent(Engine(retriever, text_encoder_name="words"))
    agent.save_pretrained(folder / "recommender")
    return folder


@pytest.fixture
def directory(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    return Path(shutil.copytree(made / "recommender", tmp_path / "recommender"))


def _weigh(tuned: Path, weight: float) -> None:
    """Give the choice a say, whatever the fit found for a random model."""
    found = read_artifact(tuned, CHOICE)
    update_artifact(found, content=found.content.model_copy(update={"choice_weight": weight}))


def _edit(directory: Path, **changes: object) -> None:
    path = directory / MANIFEST
    raw = json.loads(path.read_text())
    raw["content"]["choice"] |= changes
    path.write_text(json.dumps(raw))


def test_added_it_ranks_as_it_was_tuned(made: Path, directory: Path) -> None:
    settings = add_choice(made / "tuned", directory)
    assert (settings.choice_weight, settings.choice_calibrated, settings.n_candidates) == (1.5, False, 5)
    agent = RecommenderAgent.from_pretrained(directory, dtype="float32")
    assert agent.engine.model is None  # what explains and talks is another model, here none
    assert agent.engine.config == settings
    model = LocalModel.load(made / "base", adapter=made / "tuned" / "adapter", dtype="float32")
    alone = ChoiceReranker(
        model,
        PromptTemplate.named("choice"),
        films(),
        ChoiceConfig(max_events=4).prompts,
        calibrated=False,
    )
    history = walks().history(0, 4)
    (ranked,) = agent.engine.rank([history], 5)
    (expected,) = alone.log_probabilities([history], [ranked.items])
    assert ranked.parts["choice"].tolist() == pytest.approx(expected.tolist(), abs=1e-4)
    assert "## Choice between candidates" in (directory / "README.md").read_text()
    assert "Ranked by retrieval alone" not in " ".join(agent.recommend([films()[0].title], k=3).notes)


def test_saved_again_and_renewed_it_is_still_there(made: Path, directory: Path, tmp_path: Path) -> None:
    add_choice(made / "tuned", directory)
    agent = RecommenderAgent.from_pretrained(directory, dtype="float32")
    RecommenderAgent(agent.engine, walks()).save_pretrained(tmp_path / "again")
    again = RecommenderAgent.from_pretrained(tmp_path / "again", dtype="float32")
    history = walks().history(1, 4)
    assert (
        again.engine.rank([history], 5)[0].items.tolist() == agent.engine.rank([history], 5)[0].items.tolist()
    )
    assert again.engine.choice is not None


def test_another_takes_its_place_and_one_without_weight_is_not_loaded(
    made: Path, directory: Path, tmp_path: Path
) -> None:
    add_choice(made / "tuned", directory)
    other = Path(shutil.copytree(made / "tuned", tmp_path / "other"))
    _weigh(other, 0.0)
    add_choice(other, directory)
    assert len(list(directory.glob("choice*"))) == 1
    assert (directory / "README.md").read_text().count("## Choice between candidates") == 1
    assert load_engine(directory, dtype="float32").choice is None


def test_what_does_not_belong_together_is_refused_by_name(made: Path, directory: Path) -> None:
    add_choice(made / "tuned", directory)
    whole = (directory / MANIFEST).read_text()
    for changes, told in (
        ({"template_hash": "0" * 64}, "template 'choice'"),
        ({"base": {"name": str(made / "base"), "fingerprint": "0" * 64}}, "language model"),
        ({"catalog": "0" * 64}, "catalogue"),
    ):
        _edit(directory, **changes)
        with pytest.raises(IntegrityError, match=told):
            load_engine(directory, dtype="float32")
        (directory / MANIFEST).write_text(whole)
    weights = directory / FOLDER / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(IntegrityError, match=r"adapter_model\.safetensors has SHA-256"):
        load_engine(directory, dtype="float32")


def test_a_damaged_choice_is_not_added_and_nothing_changes(
    made: Path, directory: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(made / "tuned", tmp_path / "other"))
    (other / "adapter" / "adapter_config.json").write_text("{}")
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    with pytest.raises(IntegrityError, match="adapter_config"):
        add_choice(other, directory)
    assert before == {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_choice_tuned_on_another_split_is_not_added(made: Path, directory: Path) -> None:
    found = read_artifact(directory, RECOMMENDER)
    provenance = Provenance(data="walks", split="leave-last-out(test=10, validation=5)")
    learned = Learned(parts=(), weights={}, provenance=provenance)
    retriever = found.content.retriever.model_copy(update={"learned": learned})
    update_artifact(found, content=found.content.model_copy(update={"retriever": retriever}))
    with pytest.raises(IntegrityError, match="tuned on"):
        add_choice(made / "tuned", directory)
    assert not (directory / FOLDER).exists()
