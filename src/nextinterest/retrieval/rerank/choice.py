"""Reranking by choice: candidates are lettered, and the letters' probabilities are the ranking.

One forward pass per group of letters, no decoding, no text to parse. Three things make the result a
property of the candidates rather than of the prompt:

- candidates are listed in an order of their own (catalogue position), never the order they came in;
- a letter's own attraction is divided out, measured with blank candidates and no history (contextual
  calibration; Zhao et al. 2021, "Calibrate Before Use"). A model trained on shuffled candidates has no
  such attraction left, and blank candidates would only add noise: it is asked without;
- more candidates than letters form several groups that share one anchor candidate, and every candidate is
  measured by its log-odds against the anchor, which puts the groups on one scale if choices follow Luce's
  axiom (log-odds of two options do not depend on the others offered).

This module does not know where candidates come from or what their retrieval scores are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from nextinterest.domain import Catalog, FloatArray, History, IntArray
from nextinterest.errors import DataError
from nextinterest.llm import LanguageModel
from nextinterest.prompts import LETTERS, Prompt, PromptOptions, PromptRenderer, PromptTemplate, Summariser

__all__ = ["ChoiceReranker", "anchored_groups"]

_BLANK_TITLE = "N/A"
_EMPTY = History(np.empty(0, dtype=np.int32))


def anchored_groups(n: int, size: int, anchor: int) -> list[IntArray]:
    """Split candidates 0 .. n - 1 into groups of at most `size` that all contain the anchor.

    Every other candidate is in exactly one group; groups differ in size by one at most; each is sorted.

    Examples
    --------
    >>> [group.tolist() for group in anchored_groups(5, 3, anchor=2)]
    [[0, 1, 2], [2, 3, 4]]
    >>> [group.tolist() for group in anchored_groups(3, 26, anchor=0)]
    [[0, 1, 2]]
    """
    if n <= size:
        return [np.arange(n, dtype=np.int32)]
    others = np.delete(np.arange(n, dtype=np.int32), anchor)
    n_groups = -(-len(others) // (size - 1))
    return [np.sort(np.append(part, anchor)).astype(np.int32) for part in np.array_split(others, n_groups)]


class ChoiceReranker:
    """Probabilities of candidates from a language model's choice between letters.

    Parameters
    ----------
    model
        The language model.
    template
        A template with lettered candidates.
    catalog
        The catalogue.
    options
        Token budget of one prompt, newest events shown, and the like.
    calibrated
        Whether a letter's own attraction is divided out: right for a model not trained to choose.
    summariser
        Describes events that do not fit into a prompt; None for the template's line of shares.
    """

    def __init__(
        self,
        model: LanguageModel,
        template: PromptTemplate,
        catalog: Catalog,
        options: PromptOptions | None = None,
        *,
        calibrated: bool = True,
        summariser: Summariser | None = None,
    ) -> None:
        self.model = model
        self.template = template
        self.calibrated = calibrated
        self.options = options or PromptOptions()
        self._renderer = PromptRenderer(
            template, catalog, model.tokenizer, self.options, summariser=summariser
        )
        self.tokens_used = 0
        self.forward_passes = 0
        self._letter_bias: dict[int, FloatArray] = {}

    def log_probabilities(
        self,
        histories: Sequence[History],
        candidates: Sequence[IntArray],
        request: str | None = None,
        today: date | None = None,
    ) -> list[FloatArray]:
        """Return log P(candidate | history, candidates) for each history, normalised over its candidates.

        Parameters
        ----------
        histories
            n histories.
        candidates
            Catalogue positions to choose from, without duplicates, one array per history, in any order;
            the first one serves as anchor where several groups are needed.
        request
            What is asked for in free text, for all histories; it stands in the prompt before the candidates.
        today
            The day, for templates that say it where a history has times; None leaves it out.

        Returns
        -------
        list
            n float32 arrays in the order of the candidates given.
        """
        prompts: list[Prompt] = []
        positions: list[tuple[int, IntArray]] = []  # which history, which of its sorted candidates
        orders: list[IntArray] = []
        for h, (history, offered) in enumerate(zip(histories, candidates, strict=True)):
            if len(np.unique(offered)) != len(offered):
                raise DataError("A candidate is offered twice to the language model; offer each once.")
            order = np.argsort(offered, kind="stable").astype(np.int32)
            orders.append(order)
            if len(offered) == 0:
                continue
            anchor = int(np.flatnonzero(order == 0)[0])
            for group in anchored_groups(len(offered), len(LETTERS), anchor):
                prompts.append(
                    self._renderer.choice(history, offered[order][group], request=request, today=today)
                )
                positions.append((h, group))
        logs = self._choose(prompts)
        result: list[FloatArray] = []
        groups_of: dict[int, list[tuple[IntArray, FloatArray]]] = {}
        for (h, group), log in zip(positions, logs, strict=True):
            groups_of.setdefault(h, []).append((group, log - self._bias(len(group))))
        for h, offered in enumerate(candidates):
            by_position = np.zeros(len(offered), dtype=np.float32)
            anchor = int(np.flatnonzero(orders[h] == 0)[0]) if len(offered) else 0
            for group, log in groups_of.get(h, []):
                by_position[group] = log - log[int(np.flatnonzero(group == anchor)[0])]
            given = np.empty_like(by_position)
            given[orders[h]] = by_position
            result.append(_log_softmax(given))
        return result

    def _choose(self, prompts: Sequence[Prompt]) -> Sequence[FloatArray]:
        if not prompts:
            return []
        self.tokens_used += sum(len(prompt.tokens) for prompt in prompts)
        self.forward_passes += 1
        return self.model.choose([prompt.tokens for prompt in prompts], [prompt.labels for prompt in prompts])

    def _bias(self, n: int) -> FloatArray:
        """Log-probabilities of n letters before blank candidates; measured once, kept."""
        if not self.calibrated:
            return np.zeros(n, dtype=np.float32)
        if n not in self._letter_bias:
            blank = Catalog([str(i) for i in range(n)], [_BLANK_TITLE] * n)
            renderer = PromptRenderer(self.template, blank, self.model.tokenizer, self.options)
            self._letter_bias[n] = self._choose([renderer.choice(_EMPTY, np.arange(n, dtype=np.int32))])[0]
        return self._letter_bias[n]


def _log_softmax(x: FloatArray) -> FloatArray:
    if len(x) == 0:
        return x
    shifted = x - x.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float32)
