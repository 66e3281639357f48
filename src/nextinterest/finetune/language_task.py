"""Training the language model to predict the next item: dense targets at every event line, adapters by LoRA.

A window of a history is rendered by the template that serving uses; the hidden state at the end of each
event line is scored against every item (see `nextinterest.retrieval.item_head`), and the loss is that of the
sequence encoder: ties share, seen items are left out.

The lower layers may be frozen and their outputs kept on disk (`LowerLayers`): they are the same at every
epoch, so a step then costs the upper layers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from nextinterest.data import EventLog, HeldOut
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.finetune.encoder_task import softmax_loss
from nextinterest.finetune.lower_layers import LowerLayers, run_upper
from nextinterest.finetune.validation import rank_scores
from nextinterest.finetune.windows import Window, WindowBatch, Windows
from nextinterest.prompts import Prompt, PromptRenderer
from nextinterest.retrieval.item_head import ItemHead

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["LanguageInputs", "LanguageObjective", "LanguageTask", "fixed_windows"]


@dataclass(frozen=True, slots=True, eq=False)
class LanguageInputs:
    """What one forward pass reads.

    Attributes
    ----------
    tokens
        Token ids, int64, shape (batch, time), padded at the end.
    hidden
        Outputs of the frozen layers, shape (batch, time, hidden_size), or None to run every layer.
    ends
        Index of each prediction position in the flattened (batch, time), int64, shape (n,).
    """

    tokens: Tensor
    hidden: Tensor | None
    ends: Tensor


class LanguageObjective(nn.Module):
    """Model and head with their loss.

    Parameters
    ----------
    model
        A causal model, its adapters (if any) attached.
    body
        Its decoder without the output embedding.
    head
        The item head.
    frozen_layers
        Layers that `LanguageInputs.hidden` stands for.
    """

    def __init__(self, model: nn.Module, body: PreTrainedModel, head: ItemHead, frozen_layers: int) -> None:
        super().__init__()
        self.model, self.head, self.frozen_layers = model, head, frozen_layers
        self._body = [body]  # in a list, so that its parameters are not registered twice

    def states(self, inputs: LanguageInputs) -> Tensor:
        """Return the hidden states at the prediction positions, shape (n, hidden_size)."""
        body = self._body[0]
        if inputs.hidden is not None:
            hidden = run_upper(body, inputs.hidden.to(body.dtype), self.frozen_layers)
        else:
            hidden = cast(Tensor, body(input_ids=inputs.tokens, use_cache=False).last_hidden_state)
        return hidden.flatten(0, 1)[inputs.ends]

    def forward(self, inputs: LanguageInputs, batch: WindowBatch) -> Tensor:
        """Return the summed loss of a micro-batch."""
        return softmax_loss(self.head(self.states(inputs)), batch)


def fixed_windows(lengths: Sequence[int], window: int, overlap: int) -> list[Window]:
    """Return windows that cover every place but each user's last, the newest ones aligned to the end.

    Examples
    --------
    >>> fixed_windows([4, 8], window=4, overlap=1)
    [(0, 0, 3), (1, 3, 7), (1, 0, 4)]
    """
    rows: list[Window] = []
    for user, length in enumerate(lengths):
        end = length - 1
        while end > 0:
            rows.append((user, max(0, end - window), end))
            end = 0 if end <= window else end - window + overlap
    return rows


class LanguageTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    objective
        Trained in place.
    renderer
        Renders windows and validation histories; its template is that of serving.
    log, validation, catalog
        What is learned from, what is validated on, and the items.
    window, batch_size
        Events of a window, windows of a micro-batch.
    exchangeable_ties
        See `nextinterest.finetune.windows.Windows`.
    lower
        Outputs of the frozen layers on disk, or None to compute them at every step.
    head_rate
        Learning rate of the head as a multiple of the adapters'.
    """

    def __init__(
        self,
        objective: LanguageObjective,
        renderer: PromptRenderer,
        log: EventLog,
        validation: HeldOut,
        catalog: Catalog,
        *,
        window: int,
        batch_size: int,
        exchangeable_ties: bool = True,
        lower: LowerLayers | None = None,
        head_rate: float = 1.0,
    ) -> None:
        self.objective: LanguageObjective = objective
        self.renderer, self.log, self.validation, self.batch_size = renderer, log, validation, batch_size
        self.lower, self.head_rate = lower, head_rate
        self.targets = Windows(log, len(catalog), window, exchangeable_ties=exchangeable_ties)
        self.windows = fixed_windows(log.lengths.tolist(), window, window // 3)

    def batches(self, rng: np.random.Generator) -> list[list[int]]:
        """Return micro-batches of windows of like length, in random order."""
        jitter = rng.normal(0.0, 0.1, len(self.windows))
        sizes = np.log([end - first for _, first, end in self.windows]) + jitter
        order = np.argsort(sizes, kind="stable")
        groups = [order[i : i + self.batch_size].tolist() for i in range(0, len(order), self.batch_size)]
        return [groups[int(i)] for i in rng.permutation(len(groups))]

    def prepare(
        self, batch: list[int], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], int]:
        """Return the inputs of `LanguageObjective` and the number of places."""
        rows = [self.windows[i] for i in batch]
        prompts: list[Prompt] = []
        trained: list[Window] = []
        for user, first, end in rows:
            whole = self.log.history(user, end)
            prompt = self.renderer.history(History(whole.items[first:], None, None, whole.user))
            prompts.append(prompt)
            trained.append((user, first + prompt.first_event, end))  # what did not fit the budget is no place
        cut = self.targets.batch(trained, rng, shuffle_ties=False)
        keys = [f"{user}-{first}-{end}" for user, first, end in rows]
        return (self._inputs(prompts, keys, device), cut.to(device)), len(cut)

    def _inputs(self, prompts: Sequence[Prompt], keys: Sequence[str], device: torch.device) -> LanguageInputs:
        time = max(len(prompt.tokens) for prompt in prompts)
        tokens = torch.zeros(len(prompts), time, dtype=torch.long)
        for i, prompt in enumerate(prompts):
            tokens[i, : len(prompt.tokens)] = torch.tensor(prompt.tokens)
        ends = [i * time + end for i, prompt in enumerate(prompts) for end in prompt.event_ends]
        hidden = None
        if self.lower is not None:
            read = [self.lower.read(key, p.tokens) for key, p in zip(keys, prompts, strict=True)]
            hidden = torch.zeros(len(prompts), time, read[0].shape[1])
            for i, states in enumerate(read):
                hidden[i, : len(states)] = states
            hidden = hidden.to(device)
        return LanguageInputs(tokens.to(device), hidden, torch.tensor(ends, device=device))

    def rate_of(self, name: str) -> float:
        """Return the head's multiple, 1 for adapters."""
        return self.head_rate if name.startswith("head.") else 1.0

    def validate(self) -> dict[str, float]:
        """Return NDCG@10, HR@10 and log-loss on validation."""
        return rank_scores(self._scores(), self.validation)

    @torch.inference_mode()
    def _scores(self) -> Iterator[FloatArray]:
        """Yield scores of a user's cases at a time: one pass reads them all off the newest one's prompt."""
        device = self.objective.head.bias.device
        users, starts = np.unique(self.validation.users, return_index=True)
        bounds = [*starts.tolist(), len(self.validation)]
        for user, lo, hi in zip(users.tolist(), bounds, bounds[1:], strict=False):
            newest = self.validation.histories[hi - 1]
            prompt = self.renderer.history(newest)
            inputs = self._inputs([prompt], [f"validation-{user}"], device)
            scores = self.objective.head(self.objective.states(inputs)).float().cpu().numpy()
            places = [len(self.validation.histories[i]) - 1 - prompt.first_event for i in range(lo, hi)]
            yield scores[places]
