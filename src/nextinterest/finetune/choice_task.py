"""Learning to choose: cross-entropy between the letters of candidates, at the prompt's last position.

The prompt is the one serving writes (a `PromptRenderer` under the template ``choice``), the candidates in an
order drawn anew, so that neither a letter nor a position says anything of its candidate (LlamaRec, Yue et al.
2023, trains the same way). Only the letters' rows of the output embedding are computed, at one position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nextinterest.data import EventLog
from nextinterest.domain import FloatArray
from nextinterest.errors import ModelError
from nextinterest.finetune.adapters import decoder_of
from nextinterest.finetune.batching import length_groups
from nextinterest.finetune.choice_examples import ChoiceExample
from nextinterest.finetune.lower_layers import LowerLayers, layers_of
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.token_batch import EncoderBatch, TokenBatch
from nextinterest.llm.batching import groups_of_like_length
from nextinterest.llm.head import Head
from nextinterest.llm.loading import without_adapter
from nextinterest.prompts import Prompt, PromptRenderer, TextTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["ChoiceObjective", "ChoicePrompt", "ChoiceTask", "Seq2SeqChooser", "letter_tokens"]

_MANY = 1 << 62


def letter_tokens(tokenizer: TextTokenizer, labels: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the tokens that all labels start with, and the one token that tells each from the others.

    Behind the shared start the letters' logits, normalised over the letters, are the choice probabilities of
    `nextinterest.llm.LanguageModel.choose`.

    Raises
    ------
    ModelError
        If one token does not tell a label from the others.

    Examples
    --------
    >>> from nextinterest.llm.tokenizer import ByteTokenizer
    >>> letter_tokens(ByteTokenizer(), (" A", " B"))
    ((32,), (65, 66))
    """
    ids = [tuple(tokenizer.encode(label)) for label in labels]
    shared = 0
    while all(len(own) > shared + 1 for own in ids) and len({own[shared] for own in ids}) == 1:
        shared += 1
    letters = tuple(own[shared] for own in ids if len(own) == shared + 1)
    if len(set(letters)) < len(labels):
        raise ModelError(
            f"The labels {', '.join(map(repr, labels))} are not distinguished by one token each.",
            remedy="Use letters that the model's tokenizer has as tokens in the template's 'target' section.",
        )
    return ids[0][:shared], letters


@dataclass(frozen=True, slots=True, eq=False)
class ChoicePrompt:
    """A prompt, the tokens that all letters start with, and the one token of each that follows them."""

    tokens: list[int]
    shared: tuple[int, ...]
    letters: tuple[int, ...]


class ChoiceObjective(nn.Module):
    """A causal model as a chooser between letters.

    Parameters
    ----------
    model
        The model, its adapters (if any) attached.
    frozen_layers
        Layers whose output a batch may bring along.
    """

    def __init__(self, model: PreTrainedModel, frozen_layers: int = 0) -> None:
        super().__init__()
        self.model, self.frozen_layers = model, frozen_layers
        # Not modules of this one: the model holds their parameters already.
        self._body = [decoder_of(model)]
        self._head = [Head(without_adapter(model))]

    @property
    def decoder_layers(self) -> nn.ModuleList:
        """All layers of the decoder."""
        return layers_of(self._body[0])

    def inputs(
        self,
        rows: Sequence[ChoicePrompt],
        device: torch.device,
        lower: LowerLayers | None = None,
        keys: Sequence[str] = (),
    ) -> tuple[TokenBatch, Tensor]:
        """Return what `logits` reads; `lower` and `keys` as of `TokenBatch.of`."""
        sequences = [[*row.tokens, *row.shared] for row in rows]
        ends = [[len(tokens) - 1] for tokens in sequences]
        return TokenBatch.of(sequences, ends, device, lower, keys), _letters(rows, device)

    def logits(self, batch: TokenBatch, letters: Tensor) -> Tensor:
        """Return logits of each row's letters, float32, shape (batch, k); ``-inf`` where `letters` is -1."""
        states = batch.states(self._body[0], self.frozen_layers)
        logits = self._head[0].rows(states, letters.clamp(min=0))
        return logits.masked_fill(letters < 0, float("-inf"))

    def forward(self, batch: TokenBatch, letters: Tensor, chosen: Tensor) -> Tensor:
        """Return the summed cross-entropy of the chosen letters, positions of shape (batch,)."""
        return F.cross_entropy(self.logits(batch, letters), chosen, reduction="sum")


class Seq2SeqChooser(nn.Module):
    """An encoder-decoder model as a chooser between letters: the encoder reads, the decoder writes one.

    Parameters
    ----------
    model
        The model, its adapters attached.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def inputs(
        self,
        rows: Sequence[ChoicePrompt],
        device: torch.device,
        lower: LowerLayers | None = None,
        keys: Sequence[str] = (),
    ) -> tuple[EncoderBatch, Tensor]:
        """Return what `logits` reads; nothing of an encoder is kept."""
        prompts, written = [row.tokens for row in rows], [row.shared for row in rows]
        return EncoderBatch.of(prompts, written, self.model, device), _letters(rows, device)

    def logits(self, batch: EncoderBatch, letters: Tensor) -> Tensor:
        """Return logits of each row's letters, as `ChoiceObjective.logits` does."""
        rows = torch.arange(len(letters), device=letters.device)
        logits = batch.logits(self.model)[rows, batch.ends].gather(1, letters.clamp(min=0))
        return logits.masked_fill(letters < 0, float("-inf"))

    def forward(self, batch: EncoderBatch, letters: Tensor, chosen: Tensor) -> Tensor:
        """Return the summed cross-entropy of the chosen letters, positions of shape (batch,)."""
        return F.cross_entropy(self.logits(batch, letters), chosen, reduction="sum")


def _letters(rows: Sequence[ChoicePrompt], device: torch.device) -> Tensor:
    letters = torch.full((len(rows), max(len(row.letters) for row in rows)), -1)
    for i, row in enumerate(rows):
        letters[i, : len(row.letters)] = torch.tensor(row.letters)
    return letters.to(device)


class ChoiceTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    objective
        Trained in place.
    renderer
        Renders choices; template, tokenizer and options are those of serving.
    log
        The events that the examples point into.
    examples
        What is learned from.
    validation
        What is validated on.
    batch_size
        Examples of a micro-batch.
    orders
        Orders in which the candidates of one example are shown over all epochs; 0 draws a new one each time.
    lower
        What is kept of the frozen layers, or None. Validation's prompts return at every epoch, so it is used
        there, and in training where `orders` is not 0: an order that never returns is not worth keeping.
    """

    def __init__(
        self,
        objective: ChoiceObjective | Seq2SeqChooser,
        renderer: PromptRenderer,
        log: EventLog,
        examples: Sequence[ChoiceExample],
        validation: RerankingCases,
        *,
        batch_size: int,
        orders: int = 0,
        lower: LowerLayers | None = None,
    ) -> None:
        self.objective: ChoiceObjective | Seq2SeqChooser = objective
        self.renderer, self.log, self.examples, self.validation = renderer, log, examples, validation
        self.batch_size, self.orders, self.lower = batch_size, orders, lower
        self._letters = cache(lambda labels: letter_tokens(renderer.tokenizer, labels))
        # Lines are tokenised one by one, so a prompt's length does not depend on the candidates' order.
        rows = [self._render(renderer.choice(one.history(log), one.candidates)) for one in examples]
        self._lengths = [len(row.tokens) + len(row.shared) for row in rows]

    def batches(self, rng: np.random.Generator) -> list[list[tuple[int, int]]]:
        """Return micro-batches of (example, which of its orders), of like length, in random order."""
        groups = length_groups(self._lengths, self.batch_size, rng)
        return [[(i, int(rng.integers(self.orders or _MANY))) for i in group] for group in groups]

    def prepare(
        self, batch: list[tuple[int, int]], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], float]:
        """Return the inputs of `ChoiceObjective` and the number of examples."""
        rows: list[ChoicePrompt] = []
        chosen: list[int] = []
        for i, order in batch:
            example = self.examples[i]
            shown = np.random.default_rng((order, i)).permutation(len(example.candidates))
            prompt = self.renderer.choice(example.history(self.log), example.candidates[shown])
            rows.append(self._render(prompt))
            chosen.append(int(np.flatnonzero(shown == example.position)[0]))
        keys = [f"choice-{i}-{order}" for i, order in batch]
        lower = self.lower if self.orders else None
        inputs = self.objective.inputs(rows, device, lower, keys)
        return (*inputs, torch.tensor(chosen, device=device)), len(batch)

    def rate_of(self, name: str) -> float:
        """Return 1: there are adapters only."""
        return 1.0

    def validate(self) -> dict[str, float]:
        """Return NDCG@10 and the like of the reranked candidates (see `RerankingCases.measure`)."""
        measures = self.validation.measure(self.scores())
        return measures | {"log_likelihood": -measures["log_loss"]}

    @torch.inference_mode()
    def scores(self) -> list[FloatArray]:
        """Return log-probabilities of the validation candidates, in the lists' order.

        Candidates are shown in the order of the catalogue, as serving shows them, all in one prompt.
        """
        device = next(self.objective.parameters()).device
        lists = self.validation
        shown = [np.argsort(items, kind="stable") for items in lists.items]
        rows = {
            i: self._render(self.renderer.choice(lists.histories[i], items[shown[i]]))
            for i, items in enumerate(lists.items)
            if len(items)
        }
        out: list[FloatArray] = [np.empty(0, dtype=np.float32)] * len(lists)
        asked = list(rows)
        for group in groups_of_like_length([len(rows[i].tokens) for i in asked], self.batch_size):
            positions = [asked[i] for i in group]
            keys = [f"choice-validation-{i}" for i in positions]
            inputs = self.objective.inputs([rows[i] for i in positions], device, self.lower, keys)
            log_p = torch.log_softmax(self.objective.logits(*inputs), dim=1).cpu().numpy()
            for row, i in enumerate(positions):
                out[i] = np.empty(len(shown[i]), dtype=np.float32)
                out[i][shown[i]] = log_p[row, : len(shown[i])]
        return out

    def _render(self, prompt: Prompt) -> ChoicePrompt:
        return ChoicePrompt(prompt.tokens, *self._letters(prompt.labels))
