"""Forecast weights travel with a recommender: old directories get them, damaged ones are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.films import WordEncoder
from support.full_disk import full_disk
from typer.testing import CliRunner, Result

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.additions import add_forecast_model
from nextinterest.artifact_files import MANIFEST
from nextinterest.cli.main import app
from nextinterest.data import load
from nextinterest.errors import DataError, IntegrityError, StorageError
from nextinterest.interests import default_model

CONFIG = """\
# Run: nextinterest finetune
split: {n_test: 1, n_validation: 2}
encoder: {dimension: 16, blocks: 1, window: 8}
training: {epochs: 6, validate_every: 1, warmup_steps: 2}
ease: {neighbours: 10}
lift: {neighbours: 10}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    genres = ("Drama", "Comedy|War", "War")
    items = "".join(f"{n},part{n} (19{50 + n}),{genres[n % 3]}\n" for n in range(1, 31))
    (folder / "movies.csv").write_text("movieId,title,genres\n" + items)
    events = "".join(
        f"{user},{1 + int(item)},4,{100 + place}\n"
        for user in range(1, 41)
        for place, item in enumerate((rng.integers(30) + np.arange(14)) % 30)
    )
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + events)
    return folder


@pytest.fixture(autouse=True)
def small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())


@pytest.fixture
def old(data: Path, tmp_path: Path) -> Path:
    """Return a directory as finetune wrote it before it fitted a forecast."""
    (tmp_path / "c.yaml").write_text(CONFIG)
    out = tmp_path / "saved"
    arguments = ["finetune", "--data", str(data), "--config", str(tmp_path / "c.yaml"), "--out", str(out)]
    result = CliRunner().invoke(app, [*arguments, "--no-forecast", "--keep-split"])
    assert result.exit_code == 0, result.output
    return out


def again(directory: Path, data: Path) -> Result:
    """Fit the forecast alone, for the retriever of a directory."""
    arguments = ["--data", str(data), "--retriever", str(directory), "--out", str(directory)]
    return CliRunner().invoke(app, ["finetune", *arguments])


def test_an_old_directory_gets_weights_of_its_own(old: Path, data: Path, tmp_path: Path) -> None:
    history = [str(n) for n in range(1, 10)]
    before = RecommenderAgent.from_pretrained(old)
    assert before.engine.forecast_model is None
    manifest = json.loads((old / MANIFEST).read_text())

    result = again(old, data)
    assert result.exit_code == 0, result.output
    after = RecommenderAgent.from_pretrained(old)
    assert after.engine.forecast_model is not None
    assert after.engine.forecast_model.horizons[0].cases == 40
    assert "leave-last-out(test=1, validation=2)" in after.engine.forecast_model.fitted_on
    first, then = (agent.forecast(history, horizon=1).interests for agent in (before, after))
    assert first != then
    assert before.recommend(history).items == after.recommend(history).items
    # Nothing else of the manifest changes; settings that it did not say it still does not say.
    written = json.loads((old / MANIFEST).read_text())
    assert written["files"].pop("forecast.json")
    assert written == manifest

    # The weights go where the agent goes.
    after.save_pretrained(tmp_path / "copy")
    assert (
        RecommenderAgent.from_pretrained(tmp_path / "copy").engine.forecast_model
        == after.engine.forecast_model
    )
    before.save_pretrained(tmp_path / "copy")
    assert not (tmp_path / "copy" / "forecast.json").exists()
    assert RecommenderAgent.from_pretrained(tmp_path / "copy").engine.forecast_model is None


def test_other_data_are_refused(old: Path, data: Path, tmp_path: Path) -> None:
    other = shutil.copytree(data, tmp_path / "other")
    events = (other / "ratings.csv").read_text().splitlines()
    (other / "ratings.csv").write_text("\n".join(events[:-1]) + "\n")
    result = again(old, other)
    assert isinstance(result.exception, DataError)
    assert "--k-core" in str(result.exception)
    assert not (old / "forecast.json").exists()


def test_a_directory_that_was_not_trained_is_refused(old: Path, data: Path) -> None:
    RecommenderAgent.from_dataset(load(data), language_model=None).save_pretrained(old)
    result = again(old, data)
    assert isinstance(result.exception, DataError | IntegrityError)


def test_a_changed_file_is_refused_and_an_exchange_never_leaves_one(
    old: Path,
) -> None:
    add_forecast_model(old, default_model())
    assert RecommenderAgent.from_pretrained(old).engine.forecast_model == default_model()
    path = old / "forecast.json"
    path.write_text(path.read_text().replace("long_run", "long_ran", 1))
    with pytest.raises(IntegrityError, match=r"forecast\.json"):
        RecommenderAgent.from_pretrained(old)

    other = default_model().model_copy(update={"fitted_on": "elsewhere"})

    add_forecast_model(old, default_model())  # the remedy
    with pytest.raises(StorageError), full_disk(0):
        add_forecast_model(old, other)
    assert RecommenderAgent.from_pretrained(old).engine.forecast_model == default_model()
    add_forecast_model(old, other)
    assert RecommenderAgent.from_pretrained(old).engine.forecast_model == other
