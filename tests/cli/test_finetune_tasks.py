"""Tuning from the command line: an adapter, a table, and a refusal of a retriever that learned from more."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.films import WordEncoder
from support.tiny import films, save_tiny, walks

from nextinterest.agent import AgentConfig
from nextinterest.agent.artifact import write_recommender
from nextinterest.artifact_files import MANIFEST
from nextinterest.cli.main import main
from nextinterest.data import load
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.trained import TrainedRetriever


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the walks as a file, and let words stand for the text encoder."""
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    log, titles = walks(), films().titles
    assert log.times is not None
    rows = [
        f"{log.user_ids[user]},{titles[item]},{time}"
        for user, item, time in zip(log.users, log.items, log.times + 1_000_000_000, strict=True)
    ]
    path = tmp_path / "walks.csv"
    path.write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n")
    return path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["finetune-task", *arguments])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("task", ["choice", "supervised"])
def test_a_task_is_tuned_and_its_measures_are_told(
    task: str, events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = save_tiny(tmp_path / "base", "causal")
    changes = {
        "model": base,
        "split.n_test": 1,
        "split.n_validation": 1,
        "examples": 16,
        "min_history": 2,
        "max_events": 4,
        "n_candidates": 4,
        "validation_cases": 10,
        "training.epochs": 1,
    }
    told = [f"--override={name}={value}" for name, value in changes.items()]
    assert run(task, "--data", str(events), "--out", str(tmp_path / "out"), *told) == 0
    shown = capsys.readouterr()
    assert "retrieval" in shown.out
    assert "NDCG@10" in shown.out
    assert "epoch 1: " in shown.err
    assert ("less that of retrieval" in shown.err) == (task == "choice")
    raw = json.loads((tmp_path / "out" / MANIFEST).read_text())
    manifest = raw["content"]
    assert raw["made_from"]["data_fingerprint"] == load(str(events)).fingerprint
    measured = manifest["validation"][task]["ndcg@10"]
    assert f"{measured:.4f}" in shown.out
    assert manifest["split"] == "leave-one-out"
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").is_file()


def test_a_retriever_of_another_split_is_refused(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = load(str(events))
    base = Retriever.build(dataset.catalog, dataset.log, WordEncoder())
    pool = ScorePool([PopularityPart(np.ones(len(dataset.catalog), dtype=np.float32))], {"popularity": 1.0})
    learned = Provenance(data=dataset.name, data_fingerprint=dataset.fingerprint, split="leave-one-out")
    trained = TrainedRetriever.from_retriever(base, pool, learned)
    write_recommender(
        tmp_path / "retriever", trained, AgentConfig(), text_encoder="words", language_model=None
    )
    arguments = (
        "--data",
        str(events),
        "--out",
        str(tmp_path / "tuned"),
        "--retriever",
        str(tmp_path / "retriever"),
    )
    assert run("choice", *arguments, "--override=split.n_test=2", "--override=split.n_validation=1") == 1
    assert "learned from leave-one-out" in " ".join(capsys.readouterr().err.split())


def test_an_option_that_does_not_exist_is_named(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("choice", "--data", str(events), "--out", str(tmp_path / "tuned"), "--override=epochs=3") == 1
    assert "There is no option 'epochs'. Nearest: training.epochs." in capsys.readouterr().err


def test_understanding_is_tuned_from_a_catalogue_alone(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = save_tiny(tmp_path / "base", "causal")
    changes = {"model": base, "examples": 8, "validation_cases": 4, "training.epochs": 1}
    told = [f"--override={name}={value}" for name, value in changes.items()]
    assert run("understanding", "--data", str(events), "--out", str(tmp_path / "out"), *told) == 0
    shown = capsys.readouterr()
    assert "wordings not learned from" in shown.out
    assert "tokens right" in shown.out
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())["content"]
    measured = manifest["validation"]["understanding"]["log_likelihood"]
    assert f"{measured:.4f}" in shown.out
    assert manifest["base_model"]["name"] == str(base)
