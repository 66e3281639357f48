"""One function from data to a recommender directory: each task, all of them, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.films import WordEncoder
from support.taught import config, options, teach, write_data

from nextinterest import RecommenderAgent
from nextinterest.agent.tuned import FOLDER
from nextinterest.artifact_files import MANIFEST
from nextinterest.data import load
from nextinterest.errors import AssetError, DataError, IntegrityError
from nextinterest.finetune import FinetuneConfig, finetune, read_config, with_tasks
from nextinterest.finetune.config import tasks_of
from nextinterest.finetune.task_config import TASKS
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.retrieval.item_softmax import ItemSoftmax

ADAPTER = f"{FOLDER}/adapter_model.safetensors"


@pytest.fixture(autouse=True)
def small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())


def content(directory: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((directory / MANIFEST).read_text())["content"]
    return found


@pytest.mark.parametrize("task", TASKS)
def test_each_task_alone(task: str, tmp_path: Path) -> None:
    done = teach(tmp_path, [task])
    learned = {part.name for part in done.retriever.pool.parts}
    assert (ItemSoftmax.name in done.retriever.provenance.validation) == (task == "rank")
    assert learned
    if task == "rank":
        assert done.tuned is None
        assert content(done.directory)["tuned"] is None
        return
    assert done.tuned is not None
    assert list(done.tuned.tasks) == [task]
    assert (done.directory / ADAPTER).is_file()
    agent = RecommenderAgent.from_pretrained(done.directory, dtype="float32")
    assert len(agent.recommend(["1", "2", "3"], k=3).items) == 3
    assert agent.engine.model is not None
    assert agent.engine.tuned is not None
    assert agent.engine.tuned.record == done.tuned


def test_all_tasks_with_one_model_beside_the_item_softmax(tmp_path: Path) -> None:
    done = teach(tmp_path, TASKS)
    assert done.tuned is not None
    assert set(done.tuned.tasks) == {"generate", "rerank", "understand"}
    manifest = content(done.directory)
    assert manifest["tuned"] == json.loads(done.tuned.model_dump_json())
    assert manifest["language_model"] == json.loads(done.tuned.base.model_dump_json())
    for own in done.tuned.tasks.values():
        assert {"untuned", "tuned"} <= set(own.validation)
        assert own.templates
        assert all(len(digest) == 64 for digest in own.templates.values())
    assert "weight" in done.tuned.tasks["rerank"].validation["gain"]
    assert "rules" in done.tuned.tasks["understand"].validation
    card = (done.directory / "README.md").read_text()
    assert "## Tasks of the language model" in card
    assert "generate, rerank, understand" in card
    agent = RecommenderAgent.from_pretrained(done.directory, dtype="float32")
    model = agent.engine.model_for("generate")
    assert isinstance(model, LocalModel)
    assert model is agent.engine.model_for("rerank")  # one model, one adapter
    alone = LocalModel.load(tmp_path / "base", dtype="float32", adapter=done.directory / FOLDER)
    assert model.fingerprint == alone.fingerprint


def test_an_encoder_decoder_model_learns_the_same_tasks(tmp_path: Path) -> None:
    done = teach(tmp_path, ["generate", "rerank", "understand"], kind="seq2seq")
    agent = RecommenderAgent.from_pretrained(done.directory, dtype="float32")
    assert isinstance(agent.engine.model, Seq2SeqModel)


def test_a_base_model_without_a_chat_template_learns_them(tmp_path: Path) -> None:
    from support.tiny import save_tiny

    base = save_tiny(tmp_path / "base", "causal")
    (base / "chat_template.jinja").unlink()
    done = teach(tmp_path, ["generate", "rerank", "understand"])
    agent = RecommenderAgent.from_pretrained(done.directory, dtype="float32")
    assert agent.engine.tokenizer is not None
    assert not agent.engine.tokenizer.has_chat_template


def test_an_interrupted_run_goes_on_and_another_is_not_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nextinterest.finetune.run.write_recommender", stop)
        with pytest.raises(KeyboardInterrupt):
            teach(tmp_path, ["rerank"])
    work = tmp_path / "recommender.work"
    saved = (work / "tasks" / "checkpoint.safetensors").stat().st_mtime_ns
    data = load(str(tmp_path / "data"))
    with pytest.raises(IntegrityError, match="other options or data") as refused:
        teach(tmp_path, ["rerank"], "tasks.rerank.max_events=3", data=data)
    assert "--no-resume" in refused.value.command
    done = teach(tmp_path, ["rerank"], data=data)
    assert (work / "tasks" / "checkpoint.safetensors").stat().st_mtime_ns == saved  # nothing learned twice
    assert (done.directory / ADAPTER).is_file()


def test_tasks_are_taught_for_a_retriever_that_is_there(tmp_path: Path) -> None:
    first = teach(tmp_path, ["rerank"])
    data, before = load(str(tmp_path / "data")), content(first.directory)
    for out in (first.directory, tmp_path / "other"):
        done = finetune(
            data,
            out,
            language_model=str(tmp_path / "base"),
            tasks=["generate"],
            config=config(["generate"]),
            retriever=first.directory,
            work=tmp_path / f"{out.name}.again",
        )
        after = content(out)
        assert after["retriever"] == before["retriever"]
        assert done.tuned is not None
        assert list(done.tuned.tasks) == ["generate"]
        assert (out / "README.md").read_text().count("## Tasks of the language model") == 1
        assert RecommenderAgent.from_pretrained(out, dtype="float32").engine.tuned is not None


def test_a_retriever_that_saw_the_validation_events_or_other_data_is_refused(tmp_path: Path) -> None:
    first = teach(tmp_path, ["rerank"])
    data = load(str(tmp_path / "data"))
    arguments = {"config": config(["rerank"]), "tasks": ["rerank"], "language_model": str(tmp_path / "base")}
    refitted = finetune(data, tmp_path / "refitted", config=read_config(None, options([])))
    with pytest.raises(DataError, match="refitted on all events") as refused:
        finetune(data, tmp_path / "out", retriever=refitted.directory, **arguments)  # type: ignore[arg-type]
    assert "--keep-split" in refused.value.command
    other = shutil.copytree(tmp_path / "data", tmp_path / "other")
    events = (other / "ratings.csv").read_text().splitlines()
    (other / "ratings.csv").write_text("\n".join(events[:-1]) + "\n")
    with pytest.raises(DataError, match="has the fingerprint"):
        finetune(load(str(other)), tmp_path / "out", retriever=first.directory, **arguments)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="not taught to rank again"):
        finetune(data, tmp_path / "out", retriever=first.directory, **{**arguments, "tasks": ["rank"]})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_tasks_and_model_of_a_configuration() -> None:
    assert tasks_of(with_tasks(FinetuneConfig(), None)) == ()
    assert tasks_of(with_tasks(FinetuneConfig(), "gemma3-270m")) == TASKS
    made = with_tasks(read_config(None, ["tasks.rerank.n_candidates=7"]), "gemma3-270m")
    assert tasks_of(made) == ("rerank",)
    assert made.tasks.model == "gemma3-270m"
    again = with_tasks(made, None, ["rank", "rerank"])
    assert again.tasks.rerank == made.tasks.rerank
    with pytest.raises(DataError, match="no task 'rerunk'") as refused:
        with_tasks(FinetuneConfig(), None, ["rerunk"])
    assert "rank, generate, rerank, understand" in refused.value.remedy


@pytest.mark.parametrize("task", ["rank", "rerank"])
def test_a_model_that_is_not_there_is_refused_before_anything_is_trained(task: str, tmp_path: Path) -> None:
    data = load(str(write_data(tmp_path / "data")))
    with pytest.raises(AssetError, match="nowhere"):
        finetune(data, tmp_path / "out", language_model=str(tmp_path / "nowhere"), tasks=[task])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
