"""Learning to write: cross-entropy of an answer's tokens behind a prompt, for causal and T5-like models.

Of the prompt, a causal model may learn the lines of the history too, which predict one event after the other
in one pass; the rest is read and not learned. Validation says how likely the right answers are, and how many
of them greedy decoding would write exactly. Knows nothing of what is asked and answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nextinterest.errors import DataError
from nextinterest.finetune.adapters import decoder_of
from nextinterest.finetune.batching import length_groups
from nextinterest.finetune.lower_layers import LowerLayers, layers_of
from nextinterest.finetune.token_batch import EncoderBatch, TokenBatch, padded
from nextinterest.llm.head import Head
from nextinterest.llm.loading import without_adapter

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["CausalWriter", "Seq2SeqWriter", "Writer", "WritingTask", "WrittenExample"]

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class WrittenExample:
    """A prompt and the right answer to it.

    Attributes
    ----------
    name
        Distinguishes it from the others.
    prompt, answer
        Tokens; the answer's end token is among them.
    lines
        Positions in the prompt that are learned too: lines of a history, each predicted from those before.
    """

    name: str
    prompt: list[int]
    answer: list[int]
    lines: range = range(0)


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
    lines
        What the learned lines of a batch's prompts count together, where its answers count one.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        frozen_layers: int = 0,
        lower: LowerLayers | None = None,
        lines: float = 0.0,
    ) -> None:
        super().__init__()
        self.model, self.frozen_layers, self.lower, self.lines = model, frozen_layers, lower, lines
        self._body = [decoder_of(model)]
        self._head = [Head(without_adapter(model))]

    @property
    def decoder_layers(self) -> nn.ModuleList:
        """All layers of the decoder."""
        return layers_of(self._body[0])

    def inputs(
        self, rows: Sequence[WrittenExample], device: torch.device
    ) -> tuple[TokenBatch, Tensor, Tensor]:
        """Return the inputs of `forward`; the last token of an answer is predicted and never read."""
        answers = sum(len(row.answer) for row in rows)
        n_lines = sum(len(row.lines) for row in rows) if self.lines else 0
        each = self.lines * answers / max(n_lines, 1)
        marks: list[list[int]] = []
        targets: list[int] = []
        weights: list[float] = []
        for row in rows:
            lines = row.lines if self.lines else range(0)
            last = len(row.prompt) - 1
            marks.append([*(position - 1 for position in lines), *range(last, last + len(row.answer))])
            targets += [*(row.prompt[position] for position in lines), *row.answer]
            weights += [*([each] * len(lines)), *([1.0] * len(row.answer))]
        sequences = [[*row.prompt, *row.answer[:-1]] for row in rows]
        keys = [f"answer-{row.name}" for row in rows]
        batch = TokenBatch.of(sequences, marks, device, self.lower, keys)
        return batch, torch.tensor(targets, device=device), torch.tensor(weights, device=device)

    def forward(self, batch: TokenBatch, targets: Tensor, weights: Tensor) -> Tensor:
        """Return the weighted sum of the cross-entropies; those of answers weigh 1."""
        return (F.cross_entropy(self._logits(batch), targets, reduction="none") * weights).sum()

    def answers(self, rows: Sequence[WrittenExample], device: torch.device) -> tuple[Tensor, Tensor]:
        """Return float32 logits of the answers' tokens, shape (n, vocabulary), and the tokens."""
        batch, targets, _ = self.inputs([replace(row, lines=range(0)) for row in rows], device)
        return self._logits(batch), targets

    def _logits(self, batch: TokenBatch) -> Tensor:
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

    def inputs(self, rows: Sequence[WrittenExample], device: torch.device) -> tuple[EncoderBatch, Tensor]:
        """Return the inputs of `forward`: prompts with the answers behind them, and the answers."""
        before = [row.answer[:-1] for row in rows]
        batch = EncoderBatch.of([row.prompt for row in rows], before, self.model, device)
        return batch, padded([row.answer for row in rows], _IGNORED).to(device)

    def forward(self, batch: EncoderBatch, answers: Tensor) -> Tensor:
        """Return the summed cross-entropy of the answers' tokens."""
        return F.cross_entropy(*self._answers(batch, answers), reduction="sum")

    def answers(self, rows: Sequence[WrittenExample], device: torch.device) -> tuple[Tensor, Tensor]:
        """Return float32 logits of the answers' tokens, shape (n, vocabulary), and the tokens."""
        return self._answers(*self.inputs(rows, device))

    def _answers(self, batch: EncoderBatch, answers: Tensor) -> tuple[Tensor, Tensor]:
        real = answers != _IGNORED
        return batch.logits(self.model)[real], answers[real]


Writer = CausalWriter | Seq2SeqWriter


class WritingTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    objective
        Trained in place.
    draw
        Returns the examples of an epoch.
    validation
        What is validated on.
    batch_size
        Examples of a micro-batch.

    Raises
    ------
    DataError
        If there is nothing to validate on.
    """

    def __init__(
        self,
        objective: Writer,
        draw: Callable[[np.random.Generator], Sequence[WrittenExample]],
        validation: Sequence[WrittenExample],
        *,
        batch_size: int,
    ) -> None:
        if not validation:
            raise DataError(
                "There is no answer to validate on.",
                remedy="Raise the validation cases, and use a catalogue with titles.",
            )
        self.objective: Writer = objective
        self.draw, self.validation, self.batch_size = draw, validation, batch_size

    def batches(self, rng: np.random.Generator) -> list[list[WrittenExample]]:
        """Return micro-batches of examples of like length, in random order."""
        rows = self.draw(rng)
        lengths = [len(row.prompt) + len(row.answer) for row in rows]
        return [[rows[i] for i in group] for group in length_groups(lengths, self.batch_size, rng)]

    def prepare(
        self, batch: list[WrittenExample], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], float]:
        """Return the inputs of the objective and the number of answer tokens."""
        return self.objective.inputs(batch, device), sum(len(row.answer) for row in batch)

    def rate_of(self, name: str) -> float:
        """Return 1: there are adapters only."""
        return 1.0

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Return the share of exact answers, of right tokens, and the mean log-likelihood of a token.

        An answer is exact where every token is the likeliest one after those before it, which is when greedy
        decoding would write just that answer.
        """
        exact = right = tokens = 0
        likelihood = 0.0
        device = next(self.objective.parameters()).device
        order = sorted(range(len(self.validation)), key=lambda i: len(self.validation[i].prompt))
        for at in range(0, len(order), self.batch_size):
            rows = [self.validation[i] for i in order[at : at + self.batch_size]]
            logits, targets = self.objective.answers(rows, device)
            hit = logits.argmax(dim=-1) == targets
            likelihood -= float(F.cross_entropy(logits, targets, reduction="sum"))
            right += int(hit.sum())
            tokens += len(targets)
            exact += sum(bool(own.all()) for own in torch.split(hit, [len(row.answer) for row in rows]))
        return {
            "exact": exact / len(self.validation),
            "right_tokens": right / tokens,
            "log_likelihood": likelihood / tokens,
        }
