"""Log-probabilities of given text after a prefix: choices in one pass, continuations side by side.

Works on token ids and a causal model's forward pass; knows nothing of what is being compared.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray, Tokenizer
from nextinterest.llm.forward import Forward, KeyValues, Segment
from nextinterest.llm.head import Head

__all__ = ["CausalModel", "choose_after", "score_after", "score_branches", "single_tokens"]

logger = logging.getLogger(__name__)


class CausalModel(Protocol):
    """What scoring needs of a causal model."""

    name: str
    forward: Forward
    head: Head
    tokens_per_batch: int

    @property
    def tokenizer(self) -> Tokenizer:
        """Return the model's tokenizer."""

    def check_length(self, length: int) -> None:
        """Raise where a sequence of this length cannot be read."""

    def last_states(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Return the hidden state at the end of each prompt."""


def single_tokens(tokenizer: Tokenizer, choices: Sequence[str]) -> tuple[list[list[int]], bool]:
    """Return the ids of each choice, and whether each is one token and all differ.

    Raises
    ------
    ModelError
        If there is no choice or one of them has no tokens.
    """
    ids = [tokenizer.encode(choice) for choice in choices]
    if not ids or not all(ids):
        raise ModelError("Each prompt needs choices, and none of them may be empty text.")
    firsts = {own[0] for own in ids}
    return ids, all(len(own) == 1 for own in ids) and len(firsts) == len(ids)


def _finish(scores: Tensor, normalize: bool) -> FloatArray:
    scores = scores.float()
    if normalize:
        scores = torch.log_softmax(scores, dim=-1)
    return np.asarray(scores.cpu().numpy(), dtype=np.float32)


@torch.inference_mode()
def choose_after(
    model: CausalModel,
    prompts: Sequence[Sequence[int]],
    choices: Sequence[Sequence[str]],
    *,
    normalize: bool,
) -> list[FloatArray]:
    """Return log-probabilities of each prompt's choices, shape (len(choices[i]),) each."""
    if len(prompts) != len(choices):
        raise ModelError(f"{len(prompts)} prompts were given {len(choices)} lists of choices.")
    plans = [single_tokens(model.tokenizer, own) for own in choices]
    quick = [i for i, (_, single) in enumerate(plans) if single]
    out: dict[int, FloatArray] = {}
    states = model.last_states([prompts[i] for i in quick])
    if normalize:
        # Only the rows of the head that belong to the choices: the normaliser cancels.
        for i, state in zip(quick, states, strict=True):
            ids = torch.tensor([[own[0] for own in plans[i][0]]], device=state.device)
            out[i] = _finish(model.head.rows(state[None], ids)[0], normalize=True)
    elif quick:
        rows = model.head.log_probabilities(states, [[own[0] for own in plans[i][0]] for i in quick])
        out.update((i, _finish(row, normalize=False)) for i, row in zip(quick, rows, strict=True))
    for i, (own_ids, single) in enumerate(plans):
        if not single:
            scores = torch.from_numpy(score_after(model, prompts[i], own_ids))
            out[i] = _finish(scores, normalize)
    return [out[i] for i in range(len(prompts))]


def score_after(
    model: CausalModel, prefix: Sequence[int], continuations: Sequence[Sequence[int]]
) -> FloatArray:
    """Return log P(continuation | prefix), shape (len(continuations),), the prefix read once."""
    longest = max((len(c) for c in continuations), default=0)
    model.check_length(len(prefix))
    model.check_length(len(prefix) + max(longest - 1, 0))
    if len(prefix) + longest > model.forward.reach:
        return _score_rows(model, prefix, continuations)
    return score_branches(model, None, prefix, None, continuations)


@torch.inference_mode()
def score_branches(
    model: CausalModel,
    past: KeyValues | None,
    trunk: Sequence[int],
    last: Tensor | None,
    continuations: Sequence[Sequence[int]],
) -> FloatArray:
    """Score continuations side by side, each behind past + trunk and blind to the others.

    Parameters
    ----------
    model
        The model.
    past, trunk
        What comes before: cached tokens, then tokens to read now.
    last
        Hidden state at the end of the past, needed where the trunk is empty.
    continuations
        What to score. The last token of each is never read: nothing follows it.
    """
    scores = np.zeros(len(continuations), dtype=np.float32)
    waiting = [i for i, c in enumerate(continuations) if len(c)]
    trunk = list(trunk)
    while waiting:
        group: list[int] = []
        size = len(trunk)
        while waiting and (not group or size + len(continuations[waiting[0]]) <= model.tokens_per_batch):
            group.append(waiting.pop(0))
            size += len(continuations[group[-1]]) - 1
        branches = [list(continuations[i][:-1]) for i in group]
        total = sum(map(len, branches))
        want = [len(trunk) + j for j in range(total)]
        if trunk:
            want = [len(trunk) - 1, *want]
        segment = Segment(trunk, branches, past, want, keep=bool(waiting))
        if segment.size:
            (states,), (kept,) = model.forward.run([segment], [model.forward.layers])
        else:
            states, kept = torch.empty(0), past
        if trunk:
            last, states = states[0], states[1:]
        if last is None:
            raise ModelError("An empty prefix gives no probabilities.", remedy="Read a token first.")
        scores[group] = _sum_log_probabilities(model.head, last, states, [continuations[i] for i in group])
        if waiting:
            past, trunk = kept, []
    return scores


def _sum_log_probabilities(
    head: Head, last: Tensor, states: Tensor, continuations: Sequence[Sequence[int]]
) -> FloatArray:
    """Sum log P over tokens: the first of each continuation behind `last`, the others behind `states`."""
    firsts = head.log_probabilities(last[None], [[c[0] for c in continuations]])[0]
    rest = [[token] for c in continuations for token in c[1:]]
    totals = firsts.clone()
    if rest:
        picked = torch.cat(head.log_probabilities(states, rest))
        owner = torch.repeat_interleave(
            torch.arange(len(continuations)), torch.tensor([len(c) - 1 for c in continuations])
        )
        totals.index_add_(0, owner, picked)
    return np.asarray(totals.numpy(), dtype=np.float32)


@torch.inference_mode()
def _score_rows(
    model: CausalModel, prefix: Sequence[int], continuations: Sequence[Sequence[int]]
) -> FloatArray:
    """Score with the whole prefix in front of each continuation: right for any model, and slow."""
    logger.warning(
        "%s sees at most %d tokens at once in some layer: "
        "%d continuations of a prefix of %d are scored one by one.",
        model.name,
        model.forward.reach,
        len(continuations),
        len(prefix),
    )
    scores = np.zeros(len(continuations), dtype=np.float32)
    for i, continuation in enumerate(continuations):
        if not len(continuation):
            continue
        tokens = [*prefix, *continuation[:-1]]
        want = list(range(len(prefix) - 1, len(tokens)))
        (states,), _ = model.forward.run([Segment(tokens, want=want)], [model.forward.layers])
        rows = model.head.log_probabilities(states, [[token] for token in continuation])
        scores[i] = float(torch.cat(rows).sum())
    return scores
