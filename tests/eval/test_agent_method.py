"""The agent as an evaluation asks it: given candidates are ranked by the agent's own blend."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from support.films import FILMS, WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.config import AgentConfig
from nextinterest.cli.methods import AgentMethod, Workshop
from nextinterest.data import Dataset, EventLog, leave_one_out
from nextinterest.domain import Catalog, FloatArray, History, IntArray
from nextinterest.eval import CandidateScorer
from nextinterest.eval.baselines import TrainedBaseline
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.rerank import redistribute


class _Retriever:
    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        weights = np.arange(1, 11, dtype=np.float32)
        return np.tile(np.log(weights / weights.sum()), (len(histories), 1))


class _Reranker:
    tokens_used = 12

    def __init__(self) -> None:
        self.offered: list[list[int]] = []

    def log_probabilities(
        self, histories: Sequence[History], offered: Sequence[IntArray], request: str | None = None
    ) -> list[FloatArray]:
        self.offered += [row.tolist() for row in offered]
        return [
            np.log(np.arange(len(row), 0, -1) / sum(range(len(row) + 1))).astype(np.float32)
            for row in offered
        ]


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_candidates_are_offered_to_the_model_and_blended(weight: float) -> None:
    reranker = _Reranker()
    engine = SimpleNamespace(
        retriever=_Retriever(),
        reranker=reranker,
        tokens_used=12,
        language_model_name="m",
        text_encoder_name="e",
        config=AgentConfig(choice_weight=weight),
    )
    method = AgentMethod(cast("RecommenderAgent", SimpleNamespace(engine=engine)))
    assert hasattr(CandidateScorer, "candidate_log_probabilities")
    histories = [History(np.array([1, 2])), History(np.zeros(0, dtype=np.int32))]
    candidates = np.array([[9, 0, 4], [3, 5, -1]], dtype=np.int32)
    found = method.candidate_log_probabilities(histories, candidates)
    assert reranker.offered == ([] if weight == 0 else [[9, 0, 4]])
    retrieval = np.log(np.array([10, 1, 5]) / 16).astype(np.float32)
    choice = np.log(np.array([3, 2, 1]) / 6).astype(np.float32)
    np.testing.assert_allclose(found[0], redistribute(retrieval, choice, weight), atol=1e-5)
    np.testing.assert_allclose(np.exp(found[1]), [4 / 10, 6 / 10, 0.0], atol=1e-5)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1.0, atol=1e-5)


def test_a_folder_called_like_a_method_is_not_mistaken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "popularity").mkdir()
    (tmp_path / "tuned").mkdir()
    monkeypatch.chdir(tmp_path)
    log = EventLog(("a",), np.array([0, 4]), np.array([0, 1, 2, 3], dtype=np.int32))
    catalog = Catalog([str(i) for i in range(4)], ["t"] * 4)
    dataset = cast("Dataset", SimpleNamespace(catalog=catalog, log=log))
    split = leave_one_out(log)
    methods = Workshop(dataset, split, split.test).methods(["popularity", "tuned", "sasrec"], [3, 4])
    assert [method.name for method in methods] == ["popularity", "tuned", "sasrec", "sasrec"]
    assert [dict(method.arguments) for method in methods] == [{}, {"path": "tuned"}, {}, {}]
    assert [method.seed for method in methods] == [None, None, 3, 4]


def test_time_for_baselines_bounds_their_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTINTEREST_HOME", str(tmp_path))
    users = np.repeat(np.arange(6, dtype=np.int32), 4)
    items = np.random.default_rng(0).integers(0, 8, 24).astype(np.int32)
    log = EventLog.from_arrays(tuple("abcdef"), users, items, None)
    catalog = Catalog([str(i) for i in range(8)], [f"t{i}" for i in range(8)])
    split = leave_one_out(log)
    dataset = cast("Dataset", SimpleNamespace(catalog=catalog, log=log))
    [method] = Workshop(dataset, split, split.test, max_seconds=0.0).methods(["sasrec"], [0])
    built = method.build()
    assert isinstance(built, TrainedBaseline)
    tried = cast("list[dict[str, object]]", built.provenance["tried"])
    assert {one["stopped"] for one in tried} == {"time"}
    assert dict(method.arguments) == {"max_seconds": 0.0}


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_scores_of_all_items_rank_them_as_the_agent_does(weight: float) -> None:
    catalog = Catalog.from_items(FILMS)
    users = np.repeat(np.arange(3, dtype=np.int32), 4)
    items = np.array([0, 1, 3, 2, 2, 4, 6, 5, 7, 0, 8, 3], dtype=np.int32)
    log = EventLog.from_arrays(("ann", "bob", "cem"), users, items, None)
    engine = Engine(
        Retriever.build(catalog, log, WordEncoder()),
        ScriptedLanguageModel(),
        AgentConfig(n_candidates=4, max_prompt_tokens=4096, choice_weight=weight),
    )
    method = AgentMethod(RecommenderAgent(engine))
    histories = [log.history(u).first(3) for u in range(3)]
    scores = method.log_probabilities(histories)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1.0, atol=1e-4)
    lists = method.recommend(histories, k=4)
    for row, history in enumerate(histories):
        masked = scores[row].copy()
        masked[history.items] = -np.inf
        masked -= np.logaddexp.reduce(masked)
        assert np.argsort(-masked, kind="stable")[:4].tolist() == lists.items[row].tolist()
        np.testing.assert_allclose(np.exp(masked[lists.items[row]]), lists.probabilities[row], rtol=2e-3)
