"""Continuations scored from cached states: the numbers of the longer histories scored anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from support.tiny import tiny_llama

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.llm import LocalModel
from nextinterest.llm.forward import KeyValues, Segment
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptOptions, PromptTemplate
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.trained import TrainedRetriever

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

N_PATHS = 5


@pytest.fixture
def model() -> LocalModel:
    module = tiny_llama(vocab_size=300, spread=0.2)
    found = LocalModel(module, cast("PreTrainedTokenizerBase", _NoTokenizer()))
    found.tokenizer = ByteTokenizer()  # type: ignore[assignment]
    return found


class _NoTokenizer:
    eos_token_id = None


def _retriever(
    model: LocalModel, catalog: Catalog, log: EventLog, encoder: Encoder, options: PromptOptions
) -> TrainedRetriever:
    torch.manual_seed(1)
    text: FloatArray = encoder.encode(catalog_texts(catalog))
    head = ItemHead(ItemHeadConfig(state_size=64, dimension=16), text)
    softmax = ItemSoftmax(model, head, catalog, PromptTemplate.named("item-softmax"), options, layers=(1, -1))
    counts = log.item_counts(len(catalog)).astype(np.float32)
    pool = ScorePool([softmax, PopularityPart(counts)], {"item_softmax": 2.0, "popularity": 0.5})
    return TrainedRetriever.from_retriever(Retriever.build(catalog, log, encoder), pool)


def _unseen(log_p: FloatArray, histories: list[History]) -> FloatArray:
    """Log-probabilities over unseen items: what is drawn from."""
    p = np.exp(log_p.astype(np.float64))
    for row, history in zip(p, histories, strict=True):
        row[history.items] = 0.0
    p /= p.sum(axis=1, keepdims=True)
    return p.astype(np.float32)


@pytest.mark.parametrize(
    "options",
    [
        PromptOptions(budget=512, summarise=False),
        PromptOptions(budget=512, max_events=6, drop_stride=2, summarise=False),  # the window moves on
        PromptOptions(budget=120, drop_stride=2),  # what falls out, paths' events too, is summarised
        PromptOptions(budget=512, max_events=2, drop_stride=1, summarise=False),  # the history is gone soon
    ],
)
@pytest.mark.parametrize("length", [0, 1, 5])
def test_steps_equal_fresh_passes(
    model: LocalModel,
    catalog: Catalog,
    log: EventLog,
    encoder: Encoder,
    options: PromptOptions,
    length: int,
) -> None:
    retriever = _retriever(model, catalog, log, encoder, options)
    rng = np.random.default_rng(3)
    history = History(rng.choice(len(catalog), length, replace=False).astype(np.int32))
    paths = retriever.open(history, N_PATHS)
    histories = [history] * N_PATHS
    for _ in range(5):
        fresh = retriever.log_probabilities(histories)
        cached = paths.log_probabilities()
        np.testing.assert_allclose(np.exp(cached.astype(np.float64)).sum(axis=1), 1.0, atol=1e-5)
        np.testing.assert_allclose(_unseen(cached, histories), _unseen(fresh, histories), atol=1e-5)
        items = np.array([rng.choice(np.setdiff1d(np.arange(40), h.items)) for h in histories], np.int32)
        paths.extend(items)
        histories = [h.followed_by(items[i : i + 1]) for i, h in enumerate(histories)]
    assert np.ptp(fresh, axis=0).max() > 1e-3  # the paths do differ


def test_the_history_is_read_once(
    model: LocalModel,
    catalog: Catalog,
    log: EventLog,
    encoder: Encoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retriever = _retriever(model, catalog, log, encoder, PromptOptions(budget=512, summarise=False))
    read: list[int] = []
    real = model.forward.run

    def run(
        segments: Sequence[Segment], layers: Sequence[int]
    ) -> tuple[list[torch.Tensor], list[KeyValues | None]]:
        read.append(sum(s.size for s in segments))
        return real(segments, layers)

    monkeypatch.setattr(model.forward, "run", run)
    paths = retriever.open(History(np.arange(12, dtype=np.int32)), N_PATHS)
    paths.log_probabilities()
    paths.extend(np.arange(20, 25, dtype=np.int32))
    paths.log_probabilities()
    paths.extend(np.full(N_PATHS, -1, dtype=np.int32))
    paths.log_probabilities()
    whole, step = read
    assert step == sum(len(catalog.titles[i]) + 1 for i in range(20, 25))
    assert whole > 12 * 10
