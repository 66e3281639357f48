"""Learning to read chat: cross-entropy of the tokens of a request's JSON, behind the conversation.

Every epoch draws new utterances, so that what repeats is the wordings and never what fills them. Validation
is on wordings of their own: an utterance counts as exact where every token of the answer is the likeliest
one after those before it, which is when greedy decoding would write just that answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F

from nextinterest.domain import Catalog
from nextinterest.errors import DataError, ModelError
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.batching import length_groups
from nextinterest.finetune.supervised_task import CausalWriter, WrittenExample
from nextinterest.finetune.task_config import UnderstandingConfig
from nextinterest.finetune.token_batch import TokenBatch
from nextinterest.finetune.utterances import Split, Utterance, generate
from nextinterest.finetune.utterances.invented import THINGS, invented
from nextinterest.llm.tokenizer import LocalTokenizer
from nextinterest.prompts.flat_request import request_answer, request_prompt

__all__ = ["Draw", "UnderstandingTask", "utterance_drawer", "written_example"]

Draw = Callable[[Split, int, np.random.Generator], list[WrittenExample]]


def written_example(name: str, utterance: Utterance, tokenizer: LocalTokenizer, end: int) -> WrittenExample:
    """Return the tokens that are read and learned, the same that serving reads and decodes."""
    prompt = request_prompt(utterance.messages, tokenizer.special_tokens)
    return WrittenExample(
        name,
        tokenizer.encode(tokenizer.render(prompt)),
        [*tokenizer.encode(request_answer(utterance.written)), end],
    )


def utterance_drawer(catalog: Catalog, backbone: Backbone, config: UnderstandingConfig) -> Draw:
    """Return what draws examples of a split: some of the data's catalogue, the others of invented ones.

    Raises
    ------
    ModelError
        If the model has no token that ends an answer.
    """
    end = backbone.tokenizer.inner.eos_token_id
    if not isinstance(end, int):
        raise ModelError(
            f"The tokenizer of {backbone.name} names no end token.", remedy="Use a model that has one."
        )

    def draw(split: Split, n: int, rng: np.random.Generator) -> list[WrittenExample]:
        n_invented = round(config.invented * n)
        made = [
            *generate(catalog, split, n - n_invented, rng, config.things),
            *generate(invented(catalog, rng), split, n_invented, rng, THINGS),
        ]
        return [written_example(f"{split}-{i}", one, backbone.tokenizer, end) for i, one in enumerate(made)]

    return draw


class UnderstandingTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    objective
        Trained in place.
    draw
        Draws examples.
    examples
        Examples of an epoch.
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
        objective: CausalWriter,
        draw: Draw,
        examples: int,
        validation: Sequence[WrittenExample],
        *,
        batch_size: int,
    ) -> None:
        if not validation:
            raise DataError(
                "No wording of validation can be filled from this catalogue.",
                remedy="Set invented above 0, or use a catalogue with titles.",
            )
        self.objective = objective
        self.draw, self.examples, self.validation, self.batch_size = draw, examples, validation, batch_size

    def batches(self, rng: np.random.Generator) -> list[list[WrittenExample]]:
        """Return micro-batches of new examples of like length, in random order."""
        rows = self.draw("train", self.examples, rng)
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
        """Return the share of exact answers, of right tokens, and the mean log-likelihood of a token."""
        exact = right = tokens = 0
        likelihood = 0.0
        device = next(self.objective.parameters()).device
        order = sorted(range(len(self.validation)), key=lambda i: len(self.validation[i].prompt))
        for at in range(0, len(order), self.batch_size):
            rows = [self.validation[i] for i in order[at : at + self.batch_size]]
            batch, targets = cast("tuple[TokenBatch, torch.Tensor]", self.objective.inputs(rows, device))
            logits = self.objective.logits(batch).float()
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
