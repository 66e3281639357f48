"""`nextinterest finetune` from files to a directory that answers, with a small encoder of words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from support.films import WordEncoder
from support.taught import options, write_data
from support.tiny import save_tiny
from typer.testing import CliRunner, Result

from nextinterest.agent import RecommenderAgent
from nextinterest.artifact_files import MANIFEST
from nextinterest.cli.main import app
from nextinterest.errors import DataError, StorageError

CONFIG = """\
# Run: nextinterest finetune
split: {n_test: 1, n_validation: 1}
copy_items: false
encoder: {dimension: 16, blocks: 1, window: 8}
training: {epochs: 2, validate_every: 1, warmup_steps: 2}
ease: {neighbours: 10}
lift: {neighbours: 10}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(3)
    items = "".join(
        f"{n},{('horror', 'comedy')[n % 2]} part{n} (19{50 + n}),{('Drama', 'War')[n % 2]}\n"
        for n in range(1, 31)
    )
    (folder / "movies.csv").write_text("movieId,title,genres\n" + items)
    events = "".join(
        f"{user},{1 + int(item)},4,{100 + place // 2}\n"
        for user in range(1, 41)
        for place, item in enumerate(rng.permutation(30)[:12])
    )
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + events)
    return folder


@pytest.fixture(autouse=True)
def small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["finetune", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_from_files_to_a_directory_that_answers(data: Path, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    out = tmp_path / "saved"
    told = run(
        *("--data", str(data), "--config", str(tmp_path / "c.yaml"), "--out", str(out)),
        *("--k-core", "2", "--ties", "item", "--override", "training.epochs=1"),
    )
    assert "blend" in told
    assert (tmp_path / "saved.work" / "sequence" / "checkpoint.safetensors").is_file()
    named = json.loads((out / MANIFEST).read_text())["content"]["retriever"]["items_from"]
    assert named["cleaning"]["min_user_events"] == 2
    assert named["cleaning"]["ties"] == "item"
    card = (out / "README.md").read_text()
    assert "leave-one-out" in card
    assert "learned anew from all events" in card
    assert "No language model takes part" in card
    agent = RecommenderAgent.from_pretrained(out)
    assert agent.engine.forecast_model is not None
    assert "validation events of leave-one-out; 1 event ahead" in agent.engine.forecast_model.fitted_on
    assert agent.engine.forecast_model.horizons[0].cases == 40
    ids = {item.item_id for item in agent.recommend(["1", "2", "3"], k=5).items}
    assert len(ids) == 5
    assert not ids & {"1", "2", "3"}


def provenance(directory: Path) -> dict[str, object]:
    content = json.loads((directory / MANIFEST).read_text())["content"]
    found: dict[str, object] = content["retriever"]["learned"]["provenance"]
    return found


def evaluate(data: Path, directory: Path, out: Path) -> Result:
    arguments = ["evaluate", "--data", str(data), "--methods", str(directory), "--out", str(out)]
    return CliRunner().invoke(app, [*arguments, "--cost-sample", "0", "--resamples", "100"])


def test_defaults_of_training_and_of_evaluation_agree(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "saved"
    arguments = ("--data", str(data), "--out", str(out), "--override", "training.epochs=2")
    told = " ".join(run(*arguments, "--override", "encoder.dimension=16").split())
    assert "Refitted on all 480 events" in told
    learned = provenance(out)
    assert (learned["refitted"], learned["n_events"], learned["split"]) == (True, 480, "leave-one-out")
    refused = evaluate(data, out, tmp_path / "run")
    assert isinstance(refused.exception, DataError)
    assert "the 40 events to predict are among what it learned from" in refused.exception.message
    assert "--keep-split" in refused.exception.command
    assert "--work" in refused.exception.command
    assert not (tmp_path / "run").exists()
    kept = tmp_path / "kept"
    followed = ("--data", str(data), "--out", str(kept), "--keep-split", "--work", f"{out}.work")
    run(*followed, "--override", "training.epochs=2", "--override", "encoder.dimension=16")
    learned = provenance(kept)
    assert (learned["refitted"], learned["n_events"]) == (False, 400)
    assert "Held-out events were never trained on" in (kept / "README.md").read_text()
    evaluated = evaluate(data, kept, tmp_path / "run")
    assert evaluated.exit_code == 0, evaluated.output
    fitted = CliRunner().invoke(app, ["finetune", *arguments[:2], "--retriever", str(out), "--out", str(out)])
    assert isinstance(fitted.exception, DataError)
    assert "--keep-split" in fitted.exception.command


def test_a_recommender_of_another_run_is_not_replaced_unasked(data: Path, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    out = tmp_path / "saved"
    arguments = [
        "--data",
        str(data),
        "--config",
        str(tmp_path / "c.yaml"),
        "--out",
        str(out),
        "--no-forecast",
    ]
    arguments += ["--override", "copy_items=true"]
    run(*arguments)
    before = (out / MANIFEST).read_bytes()
    run(*arguments)  # the same run, resumed
    more = "".join(f"99,{item},4,{200 + item}\n" for item in range(1, 13))
    other_data = tmp_path / "more"
    other_data.mkdir()
    for name, text in (("movies.csv", ""), ("ratings.csv", more)):
        (other_data / name).write_text((data / name).read_text() + text)
    for change in (
        ["--keep-split"],
        ["--override", "training.epochs=1"],
        ["--no-resume"],
        ["--data", str(other_data)],
    ):
        refused = CliRunner().invoke(app, ["finetune", *arguments, *change]).exception
        assert isinstance(refused, StorageError)
        assert "holds a recommender made from data by another run" in refused.message
        assert "--overwrite" in refused.command
        assert "overwrite=True" in refused.remedy
        assert json.loads((out / MANIFEST).read_bytes())["content"] == json.loads(before)["content"]
    run(*arguments, "--keep-split", "--overwrite")
    assert provenance(out)["refitted"] is False


def test_a_handful_of_users_is_too_little_to_train_on(data: Path, tmp_path: Path) -> None:
    lines = (data / "ratings.csv").read_text().splitlines(keepends=True)
    (data / "ratings.csv").write_text("".join(lines[: 1 + 3 * 12]))
    arguments = ["finetune", "--data", str(data), "--out", str(tmp_path / "saved")]
    refused = CliRunner().invoke(app, arguments).exception
    assert isinstance(refused, DataError)
    assert "3 of its users have the 3 events" in refused.message
    assert "30 events are left to learn from" in refused.message
    assert "training needs 30 such users and 200 such events" in refused.message
    assert "from_dataset" in refused.remedy
    assert "nextinterest recommend --data" in refused.command
    assert not (tmp_path / "saved").exists()
    small = ("--override", "training.epochs=1", "--override", "encoder.dimension=16")
    overrides = re.findall(r"--override \S+=\d+", refused.command)
    assert len(overrides) == 2
    run(*arguments[1:], *small, *" ".join(overrides).split())


def test_an_order_of_ties_that_does_not_exist_is_refused(data: Path, tmp_path: Path) -> None:
    arguments = ["finetune", "--data", str(data), "--out", str(tmp_path / "saved"), "--ties", "time"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code != 0
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize("option", ["--out", "--work"])
def test_nothing_is_written_among_other_files(data: Path, tmp_path: Path, option: str) -> None:
    mine = tmp_path / "mine"
    (mine / "sequence").mkdir(parents=True)
    (mine / "thesis.txt").write_text("years of work")
    folders = {"--out": tmp_path / "saved", "--work": tmp_path / "work"} | {option: mine}
    arguments = ["finetune", "--data", str(data)]
    result = CliRunner().invoke(app, [*arguments, *(str(x) for pair in folders.items() for x in pair)])
    assert isinstance(result.exception, StorageError)
    assert "mine holds other files (sequence, thesis.txt)" in result.exception.message
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        *("data", "mine", "movies.csv", "ratings.csv", "sequence", "thesis.txt")
    ]


def test_a_training_that_fails_leaves_no_folders(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DataError("no")

    monkeypatch.setattr("nextinterest.finetune.recipe.train", fail)
    out = tmp_path / "new" / "saved"
    result = CliRunner().invoke(app, ["finetune", "--data", str(data), "--out", str(out)])
    assert isinstance(result.exception, DataError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize("given", [True, False])
def test_a_run_is_not_written_among_other_files(
    data: Path, tmp_path: Path, given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine" if given else tmp_path / "runs" / "data-validation"
    mine.mkdir(parents=True)
    (mine / "cases.parquet").write_text("mine")  # also where its name is that of a file of ours
    arguments = ["evaluate", "--data", str(data), "--methods", "popularity"]
    result = CliRunner().invoke(app, [*arguments, *(["--out", str(mine)] if given else [])])
    assert isinstance(result.exception, StorageError)
    assert "holds other files (cases.parquet) and no run" in result.exception.message
    assert [(path.name, path.read_text()) for path in mine.iterdir()] == [("cases.parquet", "mine")]


@pytest.mark.parametrize("methods", ["nonsense", "popularity,nonsense"])
def test_a_refused_evaluation_leaves_no_folder(data: Path, tmp_path: Path, methods: str) -> None:
    out = tmp_path / "runs" / "one"
    result = CliRunner().invoke(
        app, ["evaluate", "--data", str(data), "--methods", methods, "--out", str(out)]
    )
    assert isinstance(result.exception, DataError)
    assert not out.parent.exists()


def test_a_run_of_one_user_says_so_in_the_singular(data: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "--data", str(data), "--methods", "popularity", "--sample", "1"]
    out = tmp_path / "run"
    result = CliRunner().invoke(app, [*arguments, "--out", str(out), "--resamples", "100"])
    assert result.exit_code == 0, result.output
    assert "1 user" in result.output
    assert "1 users" not in result.output
    assert "1 user, 1 case, 30 items" in (out / "report.md").read_text()
    assert "1 user, 1 case, 30 items" in (out / "report.html").read_text()


def test_a_language_model_is_taught_its_tasks_by_the_same_command(tmp_path: Path) -> None:
    base, out = save_tiny(tmp_path / "base", "causal"), tmp_path / "saved"
    told = run(
        *("--data", str(write_data(tmp_path / "films")), "--out", str(out), "--keep-split"),
        *("--language-model", str(base), "--tasks", "generate,rerank"),
        *(f"--override={change}" for change in options(["generate", "rerank"])),
    )
    assert "Tasks of the language model, on validation" in told
    assert "generate" in told
    assert "rerank" in told
    agent = RecommenderAgent.from_pretrained(out, dtype="float32")
    assert agent.engine.tuned is not None
    assert list(agent.engine.tuned.record.tasks) == ["generate", "rerank"]


def test_a_task_that_does_not_exist_is_named_before_the_data_are_read(tmp_path: Path) -> None:
    arguments = ["finetune", "--data", "nowhere", "--out", str(tmp_path / "saved"), "--tasks", "rank,talk"]
    refused = CliRunner().invoke(app, arguments).exception
    assert isinstance(refused, DataError)
    assert "'talk'" in refused.message
    assert "--tasks" in refused.command
