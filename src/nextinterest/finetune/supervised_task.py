"""Learning to write what comes next: cross-entropy of the answer's tokens, for causal and T5-like models.

The prompt is read and not learned. Validation ranks the retriever's candidates by the likelihood of their
answers, end token included (packed likelihood, through the serving code's own `score`), so that its NDCG@10
stands beside those of the other tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nextinterest.data import EventLog
from nextinterest.domain import FloatArray
from nextinterest.finetune.adapters import decoder_of
from nextinterest.finetune.answers import Answers
from nextinterest.finetune.batching import length_groups
from nextinterest.finetune.lower_layers import LowerLayers, layers_of
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.token_batch import TokenBatch
from nextinterest.llm.head import Head
from nextinterest.llm.loading import without_adapter

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["CausalWriter", "Seq2SeqWriter", "SupervisedTask", "WrittenExample"]

Score = Callable[[Sequence[int], Sequence[Sequence[int]]], FloatArray]
"""Log-likelihood of continuations behind a prompt, as of `nextinterest.llm.LanguageModel.score`."""

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class WrittenExample:
    """Tokens of a prompt, and of the answer with the end token behind it; `name` tells it from the others."""

    name: str
    prompt: list[int]
    answer: list[int]


class CausalWriter(nn.Module):
    """A causal model and the loss of its answers.

    Parameters
    ----------
    model
        The model, its adapters attached.
    frozen_layers
        Layers whose output a batch may bring along.
    lower
        What is kept of them, or None to run them at every step.
    """

    def __init__(
        self, model: PreTrainedModel, frozen_layers: int = 0, lower: LowerLayers | None = None
    ) -> None:
        super().__init__()
        self.model, self.frozen_layers, self.lower = model, frozen_layers, lower
        self._body = [decoder_of(model)]
        self._head = [Head(without_adapter(model))]

    @property
    def decoder_layers(self) -> nn.ModuleList:
        """All layers of the decoder."""
        return layers_of(self._body[0])

    def inputs(self, rows: Sequence[WrittenExample], device: torch.device) -> tuple[object, ...]:
        """Return the inputs of `forward`; the last token of an answer is predicted and never read."""
        sequences = [[*row.prompt, *row.answer[:-1]] for row in rows]
        marks = [range(len(row.prompt) - 1, len(row.prompt) + len(row.answer) - 1) for row in rows]
        targets = torch.tensor([token for row in rows for token in row.answer], device=device)
        keys = [f"answer-{row.name}" for row in rows]
        return TokenBatch.of(sequences, marks, device, self.lower, keys), targets

    def forward(self, batch: TokenBatch, targets: Tensor) -> Tensor:
        """Return the summed cross-entropy of the answers' tokens."""
        return F.cross_entropy(self.logits(batch), targets, reduction="sum")

    def logits(self, batch: TokenBatch) -> Tensor:
        """Return the logits of the answers' tokens, shape (n_targets, vocabulary)."""
        return self._head[0].learnable_logits(batch.states(self._body[0], self.frozen_layers))


class Seq2SeqWriter(nn.Module):
    """An encoder-decoder model and the loss of its answers: the encoder reads, the decoder writes.

    Parameters
    ----------
    model
        The model, its adapters attached.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        self._end = int(cast(int, without_adapter(model).config.eos_token_id))

    def inputs(self, rows: Sequence[WrittenExample], device: torch.device) -> tuple[object, ...]:
        """Return the inputs of `forward`: prompts ended as the family ends them, their mask, the answers."""
        read = [row.prompt if row.prompt[-1] == self._end else [*row.prompt, self._end] for row in rows]
        tokens = _padded(read, self._end)
        mask = _padded([[1] * len(own) for own in read], 0)
        answers = _padded([row.answer for row in rows], _IGNORED)
        return tokens.to(device), mask.to(device), answers.to(device)

    def forward(self, tokens: Tensor, mask: Tensor, answers: Tensor) -> Tensor:
        """Return the summed cross-entropy of the answers' tokens."""
        logits = self.model(input_ids=tokens, attention_mask=mask, labels=answers, use_cache=False).logits
        return F.cross_entropy(
            logits.float().flatten(0, 1), answers.flatten(), ignore_index=_IGNORED, reduction="sum"
        )


class SupervisedTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    objective
        Trained in place.
    answers
        Writes prompts and answers.
    end
        The token an answer ends with.
    log, events
        What is learned from: (user, events before) of each example.
    validation
        What is validated on.
    score
        Likelihoods under the model in training, by the code of serving.
    batch_size
        Examples of a micro-batch.
    """

    def __init__(
        self,
        objective: CausalWriter | Seq2SeqWriter,
        answers: Answers,
        end: int,
        log: EventLog,
        events: Sequence[tuple[int, int]],
        validation: RerankingCases,
        score: Score,
        *,
        batch_size: int,
    ) -> None:
        self.objective: CausalWriter | Seq2SeqWriter = objective
        self.answers, self.end, self.validation, self.score = answers, end, validation, score
        self.batch_size = batch_size
        self.examples = [
            WrittenExample(
                f"{user}-{end_}",
                answers.renderer.history(log.history(user, end_)).tokens,
                self._answer(int(log.items[log.offsets[user] + end_])),
            )
            for user, end_ in events
        ]

    def batches(self, rng: np.random.Generator) -> list[list[int]]:
        """Return micro-batches of examples of like length, in random order."""
        lengths = [len(row.prompt) + len(row.answer) for row in self.examples]
        return length_groups(lengths, self.batch_size, rng)

    def prepare(
        self, batch: list[int], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], float]:
        """Return the inputs of the objective and the number of answer tokens."""
        rows = [self.examples[i] for i in batch]
        return self.objective.inputs(rows, device), sum(len(row.answer) for row in rows)

    def rate_of(self, name: str) -> float:
        """Return 1: there are adapters only."""
        return 1.0

    def validate(self) -> dict[str, float]:
        """Return NDCG@10 and the like of the candidates, ranked by the likelihood of their answers."""
        return self.validation.measure(self.scores())

    def scores(self) -> list[FloatArray]:
        """Return the log-likelihood of each validation candidate's answer, in the lists' order."""
        lists = self.validation
        return [
            self.score(
                self.answers.renderer.history(history).tokens, [self._answer(int(item)) for item in items]
            )
            for history, items in zip(lists.histories, lists.items, strict=True)
        ]

    def _answer(self, item: int) -> list[int]:
        return [*self.answers.tokens(item), self.end]


def _padded(rows: Sequence[Sequence[int]], filler: int) -> Tensor:
    out = torch.full((len(rows), max(map(len, rows))), filler, dtype=torch.long)
    for i, row in enumerate(rows):
        out[i, : len(row)] = torch.tensor(list(row))
    return out
