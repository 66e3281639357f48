"""Learning to write: only the answer is learned, causal and encoder-decoder models alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.tiny import END, brief, films, tiny_llama, tiny_t5, walks

from nextinterest.errors import DataError
from nextinterest.finetune.adapters import add_lora
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import train
from nextinterest.finetune.token_batch import TokenBatch
from nextinterest.finetune.writing_task import CausalWriter, Seq2SeqWriter, WritingTask, WrittenExample
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import GenerationPrompts

CPU = torch.device("cpu")
LORA = LoraOptions(rank=4, dropout=0.0)


class _Bytes:
    """The least a tokenizer must have to be part of a served model."""

    eos_token_id = END


def rows(n: int) -> list[WrittenExample]:
    log, prompts = walks(), GenerationPrompts(films(), ByteTokenizer())
    made = []
    for user in range(n):
        example = prompts.example("title", log.history(user, 5), log.items[8 * user + 5 : 8 * user + 8])
        made.append(WrittenExample(f"{user}", example.prompt.tokens, [*example.answer, END]))
    return made


def world(kind: str, n: int = 16) -> WritingTask:
    examples = rows(n)
    if kind == "causal":
        writer: CausalWriter | Seq2SeqWriter = CausalWriter(add_lora(tiny_llama(), LORA))
    else:
        writer = Seq2SeqWriter(add_lora(tiny_t5(), LORA))
    return WritingTask(writer, lambda _: examples, examples[:6], batch_size=8)


def test_the_loss_of_a_causal_model_is_of_the_answer_alone() -> None:
    task, some = world("causal"), [rows(6)[i] for i in (0, 5, 2)]
    inputs, count = task.prepare(some, np.random.default_rng(0), CPU)
    expected = 0.0
    with torch.no_grad():
        loss = task.objective(*inputs)
        for row in some:
            whole = torch.tensor([[*row.prompt, *row.answer]])
            logits = task.objective.model(input_ids=whole[:, :-1]).logits[0]
            behind = logits[len(row.prompt) - 1 :]
            expected += float(F.cross_entropy(behind, torch.tensor(row.answer), reduction="sum"))
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    assert count == sum(len(row.answer) for row in some)


def test_lines_of_the_history_count_together_what_their_answers_do() -> None:
    some = [replace(row, lines=range(5, 5 + 4 * (i + 1))) for i, row in enumerate(rows(2))]
    writer = CausalWriter(add_lora(tiny_llama(), LORA), lines=0.5)
    batch, targets, weights = writer.inputs(some, CPU)
    assert targets.tolist() == [t for row in some for t in (*row.prompt[5 : row.lines.stop], *row.answer)]
    answers = sum(len(row.answer) for row in some)
    assert float(weights.sum()) == pytest.approx(1.5 * answers)
    expected = 0.0
    with torch.no_grad():
        for row in some:
            whole = torch.tensor([[*row.prompt, *row.answer]])
            logits = writer.model(input_ids=whole[:, :-1]).logits[0]
            lines = torch.tensor(row.prompt[5 : row.lines.stop])
            each = 0.5 * answers / 12
            expected += each * float(F.cross_entropy(logits[4 : row.lines.stop - 1], lines, reduction="sum"))
            behind = logits[len(row.prompt) - 1 :]
            expected += float(F.cross_entropy(behind, torch.tensor(row.answer), reduction="sum"))
        assert float(writer(batch, targets, weights)) == pytest.approx(expected, rel=1e-4)
        assert writer.answers(some, CPU)[1].tolist() == [t for row in some for t in row.answer]


def test_no_prompt_token_is_learned_from_unasked() -> None:
    (row,) = rows(1)
    row = replace(row, lines=range(3, 9))
    inputs = world("causal").objective.inputs([row], CPU)
    batch, targets, weights = cast("tuple[TokenBatch, torch.Tensor, torch.Tensor]", inputs)
    assert weights.tolist() == [1.0] * len(row.answer)
    assert batch.tokens[0].tolist() == [*row.prompt, *row.answer[:-1]]
    assert targets.tolist() == row.answer
    assert int(batch.marks[0]) == len(row.prompt) - 1


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_likelihoods_are_those_that_serving_scores(kind: str) -> None:
    task, tokenizer = world(kind), cast("object", _Bytes())
    if kind == "causal":
        score = LocalModel(task.objective.model, tokenizer, lean=False).score  # type: ignore[arg-type]
    else:
        score = Seq2SeqModel(task.objective.model, tokenizer).score  # type: ignore[arg-type]
    task.objective.eval()
    served = [float(score(row.prompt, [row.answer])[0]) for row in task.validation]
    tokens = sum(len(row.answer) for row in task.validation)
    assert task.validate()["log_likelihood"] == pytest.approx(sum(served) / tokens, rel=1e-4)


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_it_learns_by_adapters_alone(tmp_path: Path, kind: str) -> None:
    task = world(kind)
    before = task.validate()["log_likelihood"]
    done = train(task, brief(epochs=4, learning_rate=2e-2, metric="log_likelihood"), tmp_path)
    assert done.metrics["log_likelihood"] > before
    trained = {name for name, p in task.objective.named_parameters() if p.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)


def test_exact_means_that_greedy_decoding_writes_the_answer() -> None:
    """An answer that the model itself writes is exact; one letter off is not."""
    task = world("causal")
    model = LocalModel(task.objective.model, cast("object", _Bytes()), lean=False)  # type: ignore[arg-type]
    prompt = task.validation[0].prompt
    state, written = model.open(prompt), list[int]()
    for _ in range(6):
        written.append(int(model.head.logits(state.last()[None])[0].argmax()))
        state.extend([written[-1]], at=())
    own = WrittenExample("own", prompt, written)
    off = WrittenExample("off", prompt, [*written[:-1], (written[-1] + 1) % 250])
    measures = WritingTask(task.objective, task.draw, [own, off], batch_size=2).validate()
    assert measures["exact"] == 0.5
    assert measures["right_tokens"] == pytest.approx(11 / 12)


def test_nothing_to_validate_on_is_refused() -> None:
    task = world("causal")
    with pytest.raises(DataError, match="no answer to validate on"):
        WritingTask(task.objective, task.draw, [], batch_size=2)
