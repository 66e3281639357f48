"""Continuations of one history, scored step by step by a language model that keeps its state.

The history's text is read once. A step then costs each path its new event's line, whatever the length of the
history. Scores equal those of the histories scored anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nextinterest.domain import FloatArray, History
from nextinterest.llm import Continuations
from nextinterest.prompts import PromptRenderer
from nextinterest.retrieval.item_head import ItemHead

__all__ = ["SoftmaxPaths"]


class SoftmaxPaths:
    """Scores of all items after each of n continuations, by a language model with an item head.

    Parameters
    ----------
    head
        From hidden states to scores.
    renderer
        Of the head's template, for the catalogue the head was made for.
    states
        The model's state of each path.
    length
        Events of the history that all paths continue.
    """

    def __init__(self, head: ItemHead, renderer: PromptRenderer, states: Continuations, length: int) -> None:
        self._head, self._renderer, self._states, self._length = head, renderer, states, length

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
