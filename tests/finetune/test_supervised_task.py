"""Learning to write the next item: only the answer is learned, causal and encoder-decoder models alike."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.tiny import END, PROMPTS, brief, films, tiny_llama, tiny_t5, walks

from nextinterest.data import leave_last_out
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import ModelError
from nextinterest.finetune.adapters import add_lora
from nextinterest.finetune.answers import Answers
from nextinterest.finetune.backbone import add_seq2seq_lora
from nextinterest.finetune.choice_examples import draw_events
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import train
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.supervised_task import CausalWriter, Seq2SeqWriter, SupervisedTask
from nextinterest.finetune.task_config import SupervisedConfig
from nextinterest.finetune.token_batch import TokenBatch
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import NextItemAnswer, parse_output
from nextinterest.retrieval import Encoder, Retriever

CPU = torch.device("cpu")
LORA = LoraOptions(rank=4, dropout=0.0)


class _Bytes:
    """The least a tokenizer must have to be part of a served model."""

    eos_token_id = END


def world(words: Encoder, kind: str, form: str = "title", n: int = 16) -> SupervisedTask:
    catalog, split = films(), leave_last_out(walks(), 1, 1)
    retriever = Retriever.build(catalog, split.train, words)
    answers = Answers("json" if form == "json" else "title", catalog, ByteTokenizer(), PROMPTS)
    objective: CausalWriter | Seq2SeqWriter
    tokenizer = cast("object", _Bytes())
    if kind == "causal":
        model = add_lora(tiny_llama(), LORA)
        objective = CausalWriter(model)
        score = LocalModel(model, tokenizer, lean=False).score  # type: ignore[arg-type]
    else:
        model = add_seq2seq_lora(tiny_t5(), SupervisedConfig(lora=LORA))
        objective = Seq2SeqWriter(model)
        score = Seq2SeqModel(model, tokenizer).score  # type: ignore[arg-type]
    some = split.validation.take(np.arange(8))
    events = list(draw_events(split.train, 2, np.random.default_rng(0)))[:n]
    lists = RerankingCases.of(retriever, some, 5)
    return SupervisedTask(objective, answers, END, split.train, events, lists, score, batch_size=8)


@pytest.mark.parametrize("form", ["title", "json"])
def test_the_loss_of_a_causal_model_is_of_the_answer_alone(words: Encoder, form: str) -> None:
    task = world(words, "causal", form)
    inputs, count = task.prepare([0, 5, 2], np.random.default_rng(0), CPU)
    expected = 0.0
    with torch.no_grad():
        loss = task.objective(*inputs)
        for i in (0, 5, 2):
            row = task.examples[i]
            whole = torch.tensor([[*row.prompt, *row.answer]])
            logits = task.objective.model(input_ids=whole[:, :-1]).logits[0]
            behind = logits[len(row.prompt) - 1 :]
            expected += float(F.cross_entropy(behind, torch.tensor(row.answer), reduction="sum"))
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    assert count == sum(len(task.examples[i].answer) for i in (0, 5, 2))
    assert task.examples[0].answer[-1] == END


def test_the_loss_of_an_encoder_decoder_model_is_what_serving_scores(words: Encoder) -> None:
    task = world(words, "seq2seq")
    inputs, _ = task.prepare([0, 5, 2], np.random.default_rng(0), CPU)
    with torch.no_grad():
        loss = float(task.objective(*inputs))
    rows = [task.examples[i] for i in (0, 5, 2)]
    served = sum(float(task.score(row.prompt, [row.answer])[0]) for row in rows)
    assert loss == pytest.approx(-served, rel=1e-4)


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_it_learns_and_ranks_the_candidates(words: Encoder, tmp_path: Path, kind: str) -> None:
    task = world(words, kind)
    before = task.scores()
    done = train(task, brief(epochs=4, learning_rate=2e-2), tmp_path)
    assert np.mean(done.losses[-2:]) < 0.8 * np.mean(done.losses[:2])
    assert set(done.metrics) == {"ndcg@10", "hr@10", "offered", "log_loss"}
    after = task.scores()
    assert _target(task, after) > _target(task, before)
    trained = {name for name, p in task.objective.named_parameters() if p.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)


def _target(task: SupervisedTask, scores: list[FloatArray]) -> float:
    """Return the mean log-likelihood of the offered targets."""
    positions = task.validation.positions
    return float(np.mean([row[i] for row, i in zip(scores, positions, strict=True) if i >= 0]))


def test_structured_answers_are_of_the_schema() -> None:
    catalog = Catalog(["a", "b"], ['Schindler\'s "List" & co', "<|im_end|>"], years=[1993, None])
    answers = Answers("json", catalog, ByteTokenizer())
    texts = [bytes(answers.tokens(item)).decode() for item in (0, 1)]
    assert parse_output(texts[0], NextItemAnswer).title == 'Schindler\'s "List" & co (1993)'
    assert parse_output(texts[1], NextItemAnswer).title == "b"


def test_no_prompt_token_is_learned_from(words: Encoder) -> None:
    task = world(words, "causal")
    inputs, _ = task.prepare([3], np.random.default_rng(0), CPU)
    batch, targets = cast("tuple[TokenBatch, torch.Tensor]", inputs)
    row = task.examples[3]
    assert batch.tokens[0].tolist() == [*row.prompt, *row.answer[:-1]]
    assert targets.tolist() == row.answer
    assert int(batch.marks[0]) == len(row.prompt) - 1


def test_freezing_half_an_encoder_decoder_model_is_refused() -> None:
    with pytest.raises(ModelError, match="frozen_layers"):
        add_seq2seq_lora(tiny_t5(), SupervisedConfig(frozen_layers=1))
    with pytest.raises(ModelError, match="T5 or BART"):
        add_seq2seq_lora(torch.nn.Sequential(), SupervisedConfig())  # type: ignore[arg-type]
