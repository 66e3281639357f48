"""A cached state of one sequence: read once, extended by new tokens at their own cost.

Knows tokens and tensors; nothing of whose sequence it is (`nextinterest.llm.store` keeps states apart).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from nextinterest.errors import ModelError
from nextinterest.llm.base import FloatArray
from nextinterest.llm.forward import KeyValues, Segment, resolve_layers
from nextinterest.llm.scoring import score_after, score_branches, single_tokens

if TYPE_CHECKING:
    from nextinterest.llm.local import LocalModel

__all__ = ["CausalState"]

logger = logging.getLogger(__name__)


class CausalState:
    """A `nextinterest.llm.base.State` of a causal model.

    Where a sequence grows past what the model's layers see at once (a sliding window), the cache is given
    up and the sequence is read again at each call, which is said once in the log; results stay exact.

    Parameters
    ----------
    model
        The model that reads.
    """

    def __init__(self, model: LocalModel) -> None:
        self.model = model
        self._tokens: list[int] = []
        self._past: KeyValues | None = None
        self._last: Tensor | None = None
        self._plain = False

    @property
    def tokens(self) -> tuple[int, ...]:
        """Tokens read so far."""
        return tuple(self._tokens)

    @property
    def nbytes(self) -> int:
        """Bytes this state keeps."""
        last = 0 if self._last is None else self._last.numel() * self._last.element_size()
        return (0 if self._past is None else self._past.nbytes) + last + 8 * len(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    @torch.inference_mode()
    def extend(
        self, tokens: Sequence[int], *, at: Sequence[int] | None = None, layers: Sequence[int] = (-1,)
    ) -> FloatArray:
        """Read `tokens` and return hidden states at the places `at` of them; see `base.State.extend`.

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
        places = [p + len(tokens) if p < 0 else p for p in (range(len(tokens)) if at is None else at)]
        if any(not 0 <= p < len(tokens) for p in places):
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
            want = [*(offset + p for p in places), total - 1]
            segment = Segment([*self._tokens, *tokens], want=want)
        else:
            segment = Segment(tokens, past=self._past, want=[*places, len(tokens) - 1], keep=True)
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
        self._last = None
        if self._past is not None:
            self._past.length = length

    def score(self, continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log P(continuation | tokens read) of each; the state is unchanged."""
        longest = max((len(c) for c in continuations), default=0)
        if self._plain or len(self._tokens) + longest > self.model.forward.reach:
            return score_after(self.model, self._tokens, continuations)
        self.model.check_length(len(self._tokens) + max(longest - 1, 0))
        return score_branches(self.model, self._past, (), self.last(), continuations)

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
