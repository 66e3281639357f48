"""Many sequences that begin alike, each growing its own way: the common start is read and kept once.

What sampled continuations of one history need. The start's keys and values are shared by all sequences and
copied for none, so a step costs every sequence its new tokens and memory grows by those alone. Knows tokens
and tensors; nothing of what is drawn or why.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray
from nextinterest.llm.batching import batches_by_length
from nextinterest.llm.forward import KeyValues, Segment, resolve_layers
from nextinterest.llm.local import LocalModel

__all__ = ["Continuations"]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Start:
    """A common start as read: its keys and values, and the hidden state at its end."""

    past: KeyValues
    last: Tensor


@dataclass(slots=True)
class _Sequence:
    """What is known of one sequence behind its start."""

    start: tuple[int, ...] | None = None
    tokens: list[int] = field(default_factory=list)
    past: KeyValues | None = None
    last: Tensor | None = None


class Continuations:
    """Cached states of n sequences.

    Parameters
    ----------
    model
        The model that reads.
    n
        Number of sequences.
    layers
        The layers whose hidden states are returned (see `nextinterest.llm.LanguageModel.encode`).
    """

    def __init__(self, model: LocalModel, n: int, layers: Sequence[int] = (-1,)) -> None:
        self.model, self.layers = model, tuple(layers)
        self._which = resolve_layers(layers, model.forward.layers)
        self._starts: dict[tuple[int, ...], _Start] = {}
        self._sequences = [_Sequence() for _ in range(n)]
        self._plain = False

    @property
    def nbytes(self) -> int:
        """Bytes of keys and values kept."""
        starts = sum(start.past.nbytes for start in self._starts.values())
        return starts + sum(s.past.nbytes for s in self._sequences if s.past is not None)

    @torch.inference_mode()
    def read(self, sequences: Sequence[Sequence[int]], common: Sequence[int]) -> FloatArray:
        """Make these the n sequences and return the hidden state at the end of each.

        A sequence that goes on from what it was costs its new tokens, one that does not is read again behind
        its start, and a start that any sequence had before costs nothing. Where a sequence grows past what
        the model's layers see at once, all are read anew each time, which is said once in the log.

        Parameters
        ----------
        sequences
            n token sequences.
        common
            How many tokens at the start of each may be shared with others; 0 shares none.

        Returns
        -------
        FloatArray
            Shape (n, len(layers) * hidden_size); equal to those of `LanguageModel.encode`.

        Raises
        ------
        ModelError
            If the number of sequences is another, or one is empty or longer than the context.
        """
        if len(sequences) != len(self._sequences):
            raise ModelError(f"There are {len(self._sequences)} sequences, and {len(sequences)} were given.")
        for tokens in sequences:
            self.model.check_length(len(tokens))
        longest = max(map(len, sequences), default=0)
        if self._plain or longest > self.model.forward.reach:
            if not self._plain:
                logger.warning("%s: from here on continuations are read anew each time.", self.model.name)
                self._plain = True
                self._starts.clear()
                self._sequences = [_Sequence() for _ in sequences]
            ends = self.model.encode(sequences, [[-1]] * len(sequences), layers=self.layers)
            return np.concatenate(ends) if ends else self._nothing()
        starts = [tuple(tokens[:n]) for tokens, n in zip(sequences, common, strict=True)]
        self._read_starts(set(starts))
        waiting: dict[int, Segment] = {}
        for i, (start, tokens) in enumerate(zip(starts, sequences, strict=True)):
            known = self._sequences[i]
            behind = list(tokens[len(start) :])
            if known.start != start or behind[: len(known.tokens)] != known.tokens:
                known = self._sequences[i] = _Sequence(start)
            new = behind[len(known.tokens) :]
            if new:
                shared = self._starts[start].past if start else None
                waiting[i] = Segment(new, past=known.past, want=[len(new) - 1], keep=True, shared=shared)
            elif known.last is None:
                known.last = self._starts[start].last
        self._run(waiting)
        rows = [s.last.float().cpu().numpy() for s in self._sequences if s.last is not None]
        return np.asarray(np.stack(rows) if rows else self._nothing(), dtype=np.float32)

    def _nothing(self) -> FloatArray:
        return np.zeros((0, len(self.layers) * self.model.hidden_size), dtype=np.float32)

    def _read_starts(self, needed: set[tuple[int, ...]]) -> None:
        """Read the starts that are new and forget those that no sequence has any more."""
        self._starts = {start: read for start, read in self._starts.items() if start in needed}
        for start in sorted(needed - set(self._starts) - {()}):
            segment = Segment(start, want=[len(start) - 1], keep=True)
            (states,), (past,) = self.model.forward.run([segment], self._which)
            if past is None:
                raise ModelError(f"{self.model.name} keeps no keys and values.")
            past.compact()
            self._starts[start] = _Start(past, states[-1].clone())

    def _run(self, waiting: dict[int, Segment]) -> None:
        """Read what is new, in batches."""
        order = list(waiting)
        sizes = [waiting[i].size for i in order]
        groups = batches_by_length(sizes, self.model.tokens_per_batch, padded=self.model.forward.padded)
        for group in groups:
            chosen = [order[index] for index in group]
            states, kept = self.model.forward.run([waiting[i] for i in chosen], self._which)
            for i, state, past in zip(chosen, states, kept, strict=True):
                known = self._sequences[i]
                known.past, known.last = past, state[-1].clone()
                known.tokens.extend(waiting[i].trunk)
