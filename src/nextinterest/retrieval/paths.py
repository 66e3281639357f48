"""Continuations of one history, scored step by step by a pool whose language model keeps its state.

The history's text is read once. A step then costs each path its new event's line, whatever the length of the
history; the other parts of the pool are cheap and score the longer histories as they are. Scores equal those
of the histories scored anew. What is drawn, and how, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch

from nextinterest.domain import Catalog, FloatArray, History, IntArray, ItemScorer
from nextinterest.llm import Continuations, LanguageModel, LocalModel
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval.item_head import ItemHead
from nextinterest.retrieval.pool import Part, ScorePool

__all__ = ["PoolPaths", "SoftmaxPaths", "TextPart"]


@runtime_checkable
class TextPart(Part, Protocol):
    """A part that scores by a language model's hidden states (`nextinterest.retrieval.item_softmax`)."""

    model: LanguageModel
    head: ItemHead
    template: PromptTemplate
    options: PromptOptions
    layers: tuple[int, ...]


class SoftmaxPaths:
    """Scores of all items after each of n continuations, by a language model with an item head.

    Parameters
    ----------
    part
        Template, options, head and layers.
    model
        Its model, which keeps states.
    catalog
        The catalogue they were made for.
    length
        Events of the history that all paths continue.
    n_paths
        Number of continuations.
    """

    def __init__(
        self, part: TextPart, model: LocalModel, catalog: Catalog, length: int, n_paths: int
    ) -> None:
        self._head, self._length = part.head, length
        self._renderer = PromptRenderer(part.template, catalog, model.tokenizer, part.options)
        self._states = Continuations(model, n_paths, part.layers)

    @torch.inference_mode()
    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return scores of all items, float32, shape (n_paths, n_items).

        Parameters
        ----------
        histories
            The history as continued by each path so far; not empty.
        """
        sequences: list[list[int]] = []
        common: list[int] = []
        for history in histories:
            prompt = self._renderer.history(history)
            sequences.append(list(prompt.tokens[: prompt.event_ends[-1] + 1]))
            # All paths have the history's own lines in common, as far as they still fit into the prompt.
            shown = self._length - prompt.first_event
            common.append(prompt.event_ends[shown - 1] + 1 if shown > 0 else 0)
        states = torch.from_numpy(self._states.read(sequences, common)).to(self._head.bias.device)
        scores: FloatArray = self._head(states).cpu().numpy()
        return scores


class PoolPaths:
    """The state of several continuations, scored by a pool.

    It is a `nextinterest.interests.paths.PathState`.

    Parameters
    ----------
    pool
        Scores histories; its language model keeps its states.
    whole
        Answers where the pool does not: for an empty history. It has the pool's catalogue.
    history, n_paths
        What is continued, and how many times.
    """

    def __init__(self, pool: ScorePool, whole: ItemScorer, history: History, n_paths: int) -> None:
        self._pool, self._whole, self._length = pool, whole, len(history)
        self._histories = [history] * n_paths
        self._texts = {
            part.name: SoftmaxPaths(part, part.model, whole.catalog, len(history), n_paths)
            for part in pool.parts
            if isinstance(part, TextPart) and isinstance(part.model, LocalModel)
        }

    def log_probabilities(self) -> FloatArray:
        """Return log P(next item) after each path, float32, shape (n_paths, n_items).

        Normalised over the whole catalogue, items seen included as they are scored.
        """
        if not all(len(history) for history in self._histories):
            return self._whole.log_probabilities(self._histories)
        total = np.zeros((len(self._histories), len(self._whole.catalog)))
        for part in self._pool.parts:
            if weight := self._pool.weights.get(part.name, 0.0):
                total += weight * self._texts.get(part.name, part).scores(self._histories)
        total -= total.max(axis=1, keepdims=True)
        total -= np.log(np.exp(total).sum(axis=1, keepdims=True))
        return total.astype(np.float32)

    def extend(self, items: IntArray) -> None:
        """Append one event to each path, shape (n_paths,); -1 appends none."""
        self._histories = [
            history.followed_by(items[i : i + 1]) if items[i] >= 0 else history
            for i, history in enumerate(self._histories)
        ]
