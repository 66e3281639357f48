"""A cached state of one sequence: read once, extended by new tokens at their own cost.

Knows tokens and tensors; nothing of whose sequence it is (`nextinterest.llm.store` keeps states apart).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray, Sampling
from nextinterest.llm.forward import KeyValues, Segment, resolve_layers
from nextinterest.llm.scoring import CausalModel, score_after, score_branches, single_tokens

__all__ = ["CausalState", "StatefulModel"]

logger = logging.getLogger(__name__)


class StatefulModel(CausalModel, Protocol):
    """What a state needs of the model that reads."""

    hidden_size: int

    @property
    def device(self) -> torch.device:
        """Return where it computes."""

    def write(self, state: CausalState, schema: type[BaseModel], sampling: Sampling) -> str:
        """Return JSON of a schema as the answer to what a state has read."""


class CausalState:
    """A `nextinterest.llm.base.State` of a causal model.

    Where a sequence grows past what the model's layers see at once (a sliding window), the cache is given
    up and the sequence is read again at each call, which is said once in the log; results stay exact.

    Parameters
    ----------
    model
        The model that reads.
    """

    def __init__(self, model: StatefulModel) -> None:
        self.model = model
        self._tokens: list[int] = []
        self._past: KeyValues | None = None
        self._last: Tensor | None = None
        self._plain = False
        self._marks: dict[int, FloatArray] = {}
        self._mark_layers: tuple[int, ...] = ()

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens read so far."""
        return tuple(self._tokens)

    @property
    def nbytes(self) -> int:
        """Bytes this state keeps."""
        last = 0 if self._last is None else self._last.numel() * self._last.element_size()
        marks = sum(mark.nbytes for mark in self._marks.values())
        return (0 if self._past is None else self._past.nbytes) + last + marks + 8 * len(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    @torch.inference_mode()
    def extend(
        self, tokens: Sequence[int], *, at: Sequence[int] | None = None, layers: Sequence[int] = (-1,)
    ) -> FloatArray:
        """Read `tokens` and return hidden states at the positions `at` of them; see `base.State.extend`.

        Raises
        ------
        ModelError
            If there is nothing to read or the sequence would exceed the context.
        """
        total = len(self._tokens) + len(tokens)
        if not len(tokens):
            raise ModelError("There are no tokens to read.", remedy="Extend a state by at least one token.")
        self.model.check_length(total)
        which = resolve_layers(layers, self.model.forward.layers)
        positions = [p + len(tokens) if p < 0 else p for p in (range(len(tokens)) if at is None else at)]
        if any(not 0 <= p < len(tokens) for p in positions):
            raise ModelError(f"A position of {list(at or ())} is outside the {len(tokens)} new tokens.")
        columns = resolve_layers((-1,), self.model.forward.layers)
        if total > self.model.forward.reach and not self._plain:
            logger.warning(
                "%s sees at most %d tokens at once in some layer: "
                "from here on this state is read anew each time.",
                self.model.name,
                self.model.forward.reach,
            )
            self._plain, self._past = True, None
        if self._plain:
            offset = len(self._tokens)
            want = [*(offset + p for p in positions), total - 1]
            segment = Segment([*self._tokens, *tokens], want=want)
        else:
            segment = Segment(tokens, past=self._past, want=[*positions, len(tokens) - 1], keep=True)
        (states,), (kept,) = self.model.forward.run([segment], [*which, *columns])
        hidden = self.model.hidden_size
        self._past = kept
        self._last = states[-1, -hidden:].clone()
        self._tokens.extend(tokens)
        return np.asarray(states[:-1, :-hidden].float().cpu().numpy(), dtype=np.float32)

    def trim(self, length: int) -> None:
        """Forget everything behind the first `length` tokens.

        Raises
        ------
        ModelError
            If the state is shorter than that.
        """
        if not 0 <= length <= len(self._tokens):
            raise ModelError(f"A state of {len(self._tokens)} tokens cannot be trimmed to {length}.")
        if length == len(self._tokens):
            return
        del self._tokens[length:]
        self._marks = {position: mark for position, mark in self._marks.items() if position < length}
        self._last = None
        if self._past is not None:
            self._past.length = length

    def read(
        self, tokens: Sequence[int], *, at: Sequence[int] = (), layers: Sequence[int] = (-1,)
    ) -> FloatArray:
        """Make this the state of exactly `tokens` and return hidden states at the positions `at` of them.

        What the old and the new sequence have in common at their start is not read again, and hidden
        states asked for before are remembered. Where the new sequence differs early (the oldest events
        have fallen out of a window), what follows is read anew: keys hold positions, so nothing behind a
        changed token can be kept exactly.

        Returns
        -------
        FloatArray
            Shape (len(at), len(layers) * hidden_size).
        """
        which = tuple(resolve_layers(layers, self.model.forward.layers))
        positions = [p + len(tokens) if p < 0 else p for p in at]
        if any(not 0 <= p < len(tokens) for p in positions):
            raise ModelError(f"A position of {list(at)} is outside the {len(tokens)} tokens.")
        if which != self._mark_layers:
            self._marks, self._mark_layers = {}, which
        keep = _common(self._tokens, tokens)
        unknown = [p for p in positions if p < keep and p not in self._marks]
        keep = min([keep, *unknown])
        if keep < len(self._tokens):
            self.trim(keep)
        if keep < len(tokens):
            new = sorted({p for p in positions if p >= keep})
            states = self.extend(tokens[keep:], at=[p - keep for p in new], layers=which)
            self._marks.update(zip(new, states, strict=True))
        rows = [self._marks[p] for p in positions]
        return np.array(rows, dtype=np.float32).reshape(len(rows), len(which) * self.model.hidden_size)

    def shared_with(self, tokens: Sequence[int]) -> int:
        """Return how many tokens at the start of `tokens` this state has read already."""
        return 0 if self._plain else _common(self._tokens, tokens)

    def fork(self) -> CausalState:
        """Return a state of the same tokens that goes its own way."""
        twin = CausalState(self.model)
        twin._tokens = list(self._tokens)
        twin._past = None if self._past is None else self._past.copy()
        twin._last = None if self._last is None else self._last.clone()
        twin._plain = self._plain
        twin._marks, twin._mark_layers = dict(self._marks), self._mark_layers
        return twin

    @contextmanager
    def excursion(self) -> Iterator[None]:
        """Forget on the way out whatever is read within."""
        length, last = len(self._tokens), self._last
        marks = dict(self._marks)
        try:
            yield
        finally:
            if len(self._tokens) > length:
                self.trim(length)
            self._last, self._marks = last, marks

    def compact(self) -> None:
        """Release the memory reserved for growth."""
        if self._past is not None:
            self._past.compact()

    @torch.inference_mode()
    def branch_states(self, branches: Sequence[Sequence[int]]) -> Tensor:
        """Return hidden states at the end of each branch, shape (len(branches), hidden_size).

        The branches follow the tokens read, side by side in one pass; the state is unchanged. An empty
        branch is the state itself.
        """
        filled = [list(branch) for branch in branches if len(branch)]
        longest = max(map(len, filled), default=0)
        self.model.check_length(len(self._tokens) + longest)
        if not filled:
            return self.last().expand(len(branches), -1)
        if self._plain or len(self._tokens) + longest > self.model.forward.reach:
            ends = self.model.last_states([[*self._tokens, *branch] for branch in filled])
        else:
            want = list(np.cumsum([len(branch) for branch in filled]) - 1)
            segment = Segment((), filled, self._past, [int(w) for w in want])
            (ends,), _ = self.model.forward.run([segment], [self.model.forward.layers])
        rows = iter(ends)
        return torch.stack([next(rows) if len(branch) else self.last() for branch in branches])

    @torch.inference_mode()
    def log_probabilities(self, branches: Sequence[Sequence[int]]) -> Tensor:
        """Return log P(next token) behind each branch; see `nextinterest.llm.search.SearchState`."""
        return torch.log_softmax(self.model.head.logits(self.branch_states(branches)), dim=-1)

    def score(self, continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | tokens read) of each; the state is unchanged."""
        longest = max((len(c) for c in continuations), default=0)
        if self._plain or len(self._tokens) + longest > self.model.forward.reach:
            return score_after(self.model, self._tokens, continuations)
        self.model.check_length(len(self._tokens) + max(longest - 1, 0))
        return score_branches(self.model, self._past, (), self.last(), continuations)

    def write(self, schema: type[BaseModel], sampling: Sampling | None = None) -> str:
        """Return JSON of a schema, held to its grammar, as what follows; the state is unchanged."""
        with self.excursion():
            return self.model.write(self, schema, sampling or Sampling())

    def choose(self, choices: Sequence[str], *, normalize: bool = True) -> FloatArray:
        """Return log-probabilities of short choices after the tokens read; the state is unchanged."""
        ids, single = single_tokens(self.model.tokenizer, choices)
        if single:
            scores = self.model.head.log_probabilities(self.last()[None], [[own[0] for own in ids]])[0]
        else:
            scores = torch.from_numpy(self.score(ids))
        if normalize:
            scores = torch.log_softmax(scores, dim=-1)
        return np.asarray(scores.numpy(), dtype=np.float32)

    @torch.inference_mode()
    def last(self) -> Tensor:
        """Return the hidden state after the last token, shape (hidden_size,).

        Raises
        ------
        ModelError
            If nothing has been read.
        """
        if self._last is None:
            if not self._tokens:
                raise ModelError("An empty state has no last token.", remedy="Extend it first.")
            # After a trim the state behind the new end is unknown; read that one token again.
            tokens, past = (self._tokens, None) if self._past is None else (self._tokens[-1:], self._past)
            if past is not None:
                past.length = len(self) - 1
            segment = Segment(tokens, past=past, want=[len(tokens) - 1], keep=past is not None)
            (states,), _ = self.model.forward.run([segment], [self.model.forward.layers])
            self._last = states[0].clone()
        return self._last


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Return how many tokens two sequences share at their start."""
    n = min(len(a), len(b))
    different = np.flatnonzero(np.array(a[:n]) != np.array(b[:n]))
    return int(different[0]) if len(different) else n
