"""What an endpoint will cost is said before it is asked; answers are kept; a weight is fitted on request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from support.endpoint import Endpoint, clever, serving
from support.films import WordEncoder

from nextinterest import RecommenderAgent
from nextinterest.cli.main import main
from nextinterest.data import leave_one_out, load

Run = Callable[..., str]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    for name in ("NEXTINTEREST_ANSWERS", "NEXTINTEREST_MAX_COST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(clever(lambda schema, prompt: {"ranking": ["B", "A", "C"], "sure": 60})) as server:
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng, rows = np.random.default_rng(3), ["user_id,item_id,timestamp"]
    for user in range(12):
        for step, item in enumerate(rng.choice(14, 7, replace=False)):
            rows.append(f"u{user},f{item},{1_700_000_000 + 3600 * step}")
    (tmp_path / "events.csv").write_text("\n".join(rows), encoding="utf-8")
    titles = ["item_id,title", *(f"f{n},Film number {n}" for n in range(14))]
    (tmp_path / "items.csv").write_text("\n".join(titles), encoding="utf-8")
    return tmp_path / "events.csv"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def tell(*arguments: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        assert int(ended.value.code or 0) == code, captured.err
        return " ".join((captured.out + captured.err).split())

    return tell


def test_an_evaluation_says_its_cost_first_and_goes_on_where_it_stood(
    run: Run, endpoint: Endpoint, data: Path
) -> None:
    command = ("evaluate", "--data", str(data), "--methods", "agent", "--sample", "5", "--cost-sample", "0")
    named = ("--lists-only", "--language-model", f"openai:m@{endpoint.url}", "--answers", "answers.db")
    said = run(*command, *named, "--out", "one")
    assert "m is asked up to 5 times: about" in said
    assert "the price is not known: give --input-price and --output-price" in said
    asked = len(endpoint.bodies)
    assert asked >= 5
    said = run(*command, *named, "--out", "two", "--input-price", "3", "--output-price", "15")
    assert "in the money of the prices" in said
    assert len(endpoint.bodies) == asked  # every answer was there


def test_no_estimate_where_nothing_costs(run: Run, data: Path) -> None:
    command = ("evaluate", "--data", str(data), "--methods", "agent", "--sample", "3", "--cost-sample", "0")
    assert "is asked up to" not in run(*command, "--language-model", "none", "--out", "one")


def test_a_weight_is_fitted_saved_and_used(run: Run, endpoint: Endpoint, data: Path) -> None:
    dataset = load(data)
    made = RecommenderAgent.from_dataset(dataset, train=leave_one_out(dataset.log).train, language_model=None)
    made.save_pretrained("saved")
    spec = f"openai:m@{endpoint.url}"
    said = run("fit-choice", "saved", "--data", str(data), "--language-model", spec, "--cases", "9")
    assert "m is asked up to 9 times" in said
    content = json.loads(Path("saved/manifest.json").read_text(encoding="utf-8"))["content"]
    assert content["language_model"]["name"] == spec
    weight = content["config"]["choice_weight"]
    assert f"Weight {weight:g}" in said
    assert RecommenderAgent.from_pretrained("saved").engine.config.choice_weight == weight


def test_without_a_model_there_is_no_weight_to_fit(run: Run, data: Path) -> None:
    RecommenderAgent.from_dataset(load(data), language_model=None).save_pretrained("saved")
    said = run("fit-choice", "saved", "--data", str(data), code=1)
    assert "Name one with --language-model" in said
