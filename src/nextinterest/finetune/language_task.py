"""Training the language model to predict the next item: dense targets at every event line, adapters by LoRA.

A window of a history is rendered by the template that serving uses; the hidden states at the end of each
event line are scored against every item (see `nextinterest.retrieval.item_head`), and the loss is that of the
sequence encoder: ties share, seen items are left out.

The lower layers may be frozen and their outputs kept on disk (`LowerLayers`): they are the same at every
epoch, so a step then costs the upper layers alone, or, with all of them frozen, the head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from nextinterest.data import EventLog, HeldOut
from nextinterest.domain import Catalog, FloatArray
from nextinterest.finetune.encoder_task import catalog_loss
from nextinterest.finetune.language_windows import (
    PromptWindow,
    all_windows,
    newest_windows,
    shown_history,
)
from nextinterest.finetune.lower_layers import LowerLayers, layers_of, run_layers, run_upper
from nextinterest.finetune.validation import rank_scores
from nextinterest.finetune.windows import Window, WindowBatch, Windows
from nextinterest.prompts import Prompt, PromptRenderer
from nextinterest.retrieval.item_head import ItemHead

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["LanguageInputs", "LanguageObjective", "LanguageTask"]


@dataclass(frozen=True, slots=True, eq=False)
class LanguageInputs:
    """What one forward pass reads.

    Attributes
    ----------
    tokens
        Token ids, int64, shape (batch, time), padded at the end.
    hidden
        Output of the frozen layers, shape (batch, time, hidden_size), or None to run every layer.
    read
        What the head reads of the frozen layers at the prediction positions, shape (n, some); None where
        nothing is kept of them.
    ends
        Index of each prediction position in the flattened (batch, time), int64, shape (n,).
    n_tokens
        Tokens that layers read, without padding; 0 where what all of them make is kept.
    """

    tokens: Tensor
    hidden: Tensor | None
    read: Tensor | None
    ends: Tensor
    n_tokens: int = 0


class LanguageObjective(nn.Module):
    """Model and head with their loss.

    Parameters
    ----------
    model
        A causal model, its adapters (if any) attached.
    body
        Its decoder without the output embedding, cut to the layers that are needed.
    head
        The item head.
    layers
        Numbers of the layers that the head reads, rising; the last is that of the whole decoder.
    frozen_layers
        Layers that `LanguageInputs.hidden` stands for.
    """

    def __init__(
        self,
        model: nn.Module,
        body: PreTrainedModel,
        head: ItemHead,
        layers: Sequence[int],
        frozen_layers: int = 0,
    ) -> None:
        super().__init__()
        self.model, self.head, self.frozen_layers = model, head, frozen_layers
        self.layers = tuple(layers)
        self._body = [body]  # in a list, so that its parameters are not registered twice

    @property
    def decoder_layers(self) -> nn.ModuleList:
        """All layers of the decoder."""
        return layers_of(self._body[0])

    def states(self, inputs: LanguageInputs) -> Tensor:
        """Return what the head reads at the prediction positions, shape (n, n_layers * hidden_size)."""
        body = self._body[0]
        if inputs.hidden is not None and inputs.read is not None:
            above = [layer for layer in self.layers if layer > self.frozen_layers]
            outputs = run_upper(body, inputs.hidden.to(body.dtype), self.frozen_layers)
            caught = [outputs[layer - self.frozen_layers].flatten(0, 1)[inputs.ends] for layer in above]
            return torch.cat([inputs.read, *(states.float() for states in caught)], dim=1)
        if inputs.read is not None:
            return inputs.read
        outputs = run_layers(body, input_ids=inputs.tokens)
        return torch.cat([outputs[layer].flatten(0, 1)[inputs.ends] for layer in self.layers], dim=1)

    def forward(self, inputs: LanguageInputs, batch: WindowBatch) -> Tensor:
        """Return the summed loss of a micro-batch."""
        users = self.head.user_vectors(self.states(inputs))
        return catalog_loss(users, self.head.item_vectors(), self.head.bias, batch)


class LanguageTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    objective
        Trained in place.
    renderer
        Renders histories; its template is that of serving.
    log, validation, catalog
        What is learned from, what is validated on, and the items.
    window, batch_size
        Events of a window, prompts of a micro-batch.
    newest
        Whether only the newest `window` events of each history are learned from.
    exchangeable_ties
        See `nextinterest.finetune.windows.Windows`.
    lower
        Outputs of the frozen layers on disk, or None to compute them at every step.
    head_rate, vector_rate
        Learning rates, as multiples of the adapters', of the head and of its item vectors.
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
        newest: bool = True,
        exchangeable_ties: bool = True,
        lower: LowerLayers | None = None,
        head_rate: float = 1.0,
        vector_rate: float = 1.0,
    ) -> None:
        self.objective: LanguageObjective = objective
        self.renderer, self.log, self.validation, self.batch_size = renderer, log, validation, batch_size
        self.lower, self.head_rate, self.vector_rate = lower, head_rate, vector_rate
        self.targets = Windows(log, len(catalog), window, exchangeable_ties=exchangeable_ties)
        self.shown = newest_windows(log, validation) if newest else all_windows(log, window)

    def batches(self, rng: np.random.Generator) -> list[list[int]]:
        """Return micro-batches of prompts of like length, in random order."""
        jitter = rng.normal(0.0, 0.1, len(self.shown))
        longest = self.targets.window
        sizes = np.log([min(s.end - s.first, longest) for s in self.shown]) + jitter
        order = np.argsort(sizes, kind="stable")
        groups = [order[i : i + self.batch_size].tolist() for i in range(0, len(order), self.batch_size)]
        return [groups[int(i)] for i in rng.permutation(len(groups))]

    def prepare(
        self, batch: list[int], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], int]:
        """Return the inputs of `LanguageObjective` and the number of positions."""
        chosen: list[tuple[PromptWindow, Prompt, int]] = []
        trained: list[Window] = []
        for i in batch:
            window = self.shown[i]
            prompt = self._prompt(window)
            if window.first + prompt.first_event >= window.end:  # nothing but validation events fits
                window = window._replace(shown=window.end)
                prompt = self._prompt(window)
            begin = window.first + prompt.first_event  # what did not fit the budget is no position
            chosen.append((window, prompt, window.end - begin))
            trained.append(Window(window.user, begin, window.end))
        cut = self.targets.batch(trained, rng, shuffle_ties=False)
        return (self._inputs(chosen, device), cut.to(device)), len(cut)

    def rate_of(self, name: str) -> float:
        """Return 1 for adapters, the head's and the item vectors' multiples."""
        if name.startswith(("head.projection.", "head.residual", "head.bias")):
            return self.vector_rate
        return self.head_rate if name.startswith("head.") else 1.0

    def validate(self) -> dict[str, float]:
        """Return NDCG@10, HR@10 and log-loss on validation."""
        return rank_scores(self.validation_scores(), self.validation)

    @torch.no_grad()
    def validation_scores(self) -> Iterator[FloatArray]:
        """Yield scores of a user's cases at a time: one pass reads them all off the newest one's prompt."""
        head = self.objective.head
        users, starts = np.unique(self.validation.users, return_index=True)
        bounds = [*starts.tolist(), len(self.validation)]
        ends = self.validation.histories.ends
        for user, lo, hi in zip(users.tolist(), bounds, bounds[1:], strict=False):
            window = PromptWindow(user, 0, int(ends[hi - 1]), 0)
            prompt = self._prompt(window)
            inputs = self._inputs([(window, prompt, len(prompt.event_ends))], head.bias.device)
            # An empty history has no event to read, nor has a position before the oldest shown one.
            positions = [int(ends[i]) - 1 - prompt.first_event for i in range(lo, hi)]
            states = self.objective.states(inputs)[[max(position, 0) for position in positions]]
            yield head(states).float().cpu().numpy()

    @torch.no_grad()
    def standardise(self, n: int, seed: int = 0) -> None:
        """Set the head's mean and spread of hidden states from n windows, evenly drawn."""
        head = self.objective.head
        rng = np.random.default_rng(seed)
        some = rng.permutation(len(self.shown))[:n].tolist()
        states = []
        for i in some:
            inputs, _ = self.prepare([i], rng, head.bias.device)
            first = inputs[0]
            assert isinstance(first, LanguageInputs)  # noqa: S101 - prepare's own
            states.append(self.objective.states(first))
        head.standardise(torch.cat(states))

    def _prompt(self, window: PromptWindow) -> Prompt:
        return self.renderer.history(shown_history(self.log, self.validation.histories.log, window))

    def _inputs(
        self, chosen: Sequence[tuple[PromptWindow, Prompt, int]], device: torch.device
    ) -> LanguageInputs:
        """Return prompts, each cut behind its last position, with what is kept of the frozen layers."""
        cuts = [prompt.event_ends[positions - 1] + 1 for _, prompt, positions in chosen]
        time = max(cuts)
        tokens = torch.zeros(len(chosen), time, dtype=torch.long)
        ends: list[int] = []
        for i, (_, prompt, positions) in enumerate(chosen):
            tokens[i, : cuts[i]] = torch.tensor(prompt.tokens[: cuts[i]])
            ends += [i * time + end for end in prompt.event_ends[:positions]]
        hidden = read = None
        if self.lower is not None:
            kept = [
                self.lower.of(f"{s.user}-{s.first}-{s.shown}", prompt.tokens, prompt.event_ends)
                for s, prompt, _ in chosen
            ]
            read = torch.cat([k.read[:positions] for k, (_, _, positions) in zip(kept, chosen, strict=True)])
            read = read.to(device)
            above = [k.hidden for k in kept if k.hidden is not None]
            if above:
                hidden = torch.zeros(len(chosen), time, above[0].shape[1])
                for i, states in enumerate(above):
                    hidden[i, : cuts[i]] = states[: cuts[i]]
                hidden = hidden.to(device)
        run = sum(cuts) if read is None or hidden is not None else 0
        return LanguageInputs(tokens.to(device), hidden, read, torch.tensor(ends, device=device), run)
