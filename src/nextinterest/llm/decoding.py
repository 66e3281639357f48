"""Drawing tokens one after another: greedy or sampled.

Every parameter of the draw is in `Sampling`; a model's own generation config is never read. Knows logits
and ids; nothing of how a model computes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from nextinterest.llm.base import Sampling, Tokenizer

__all__ = ["Speaker", "draw", "stream_text"]


class Speaker(Protocol):
    """A model in the middle of an answer."""

    def logits(self) -> Tensor:
        """Return float32 logits of the next token, shape (vocabulary,)."""

    def push(self, tokens: list[int]) -> None:
        """Append `tokens`."""

    @property
    def ends(self) -> frozenset[int]:
        """Return the ids that end an answer."""

    @property
    def device(self) -> torch.device:
        """Return where the logits are."""


@torch.inference_mode()
def draw(logits: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """Return one token id drawn from float32 logits of shape (vocabulary,).

    Examples
    --------
    >>> draw(torch.tensor([0.0, 2.0, 1.0]), Sampling(), torch.Generator())
    1
    """
    if sampling.temperature == 0.0:
        return int(logits.argmax())
    scaled = logits / sampling.temperature
    if sampling.top_k:
        least = scaled.topk(min(sampling.top_k, len(scaled))).values[-1]
        scaled = scaled.masked_fill(scaled < least, -torch.inf)
    probabilities = torch.softmax(scaled, dim=-1)
    if sampling.top_p < 1.0:
        ordered, order = probabilities.sort(descending=True)
        # A token stays while the mass before it is below top_p: the first always stays.
        beyond = ordered.cumsum(0) - ordered >= sampling.top_p
        probabilities[order[beyond]] = 0.0
    return int(torch.multinomial(probabilities.cpu(), 1, generator=generator))


def stream_text(speaker: Speaker, tokenizer: Tokenizer, budget: int, sampling: Sampling) -> Iterator[str]:
    """Yield an answer in pieces that are whole characters, at most `budget` tokens long."""
    generator = torch.Generator().manual_seed(sampling.seed)
    ids: list[int] = []
    said = ""
    for _ in range(min(sampling.max_tokens, budget)):
        token = draw(speaker.logits(), sampling, generator)
        if token in speaker.ends:
            break
        ids.append(token)
        text = tokenizer.decode(ids)
        cut = min((text.index(stop) for stop in sampling.stop if stop in text), default=-1)
        if cut >= 0:
            if cut > len(said):
                yield text[len(said) : cut]
            return
        ready = text[: len(text) - _half_said(text, sampling.stop)]
        # Half a character decodes to U+FFFD: wait for the other half.
        if not ready.endswith("�") and len(ready) > len(said):
            yield ready[len(said) :]
            said = ready
        speaker.push([token])
    text = tokenizer.decode(ids)
    if len(text) > len(said):
        yield text[len(said) :]


def _half_said(text: str, stops: tuple[str, ...]) -> int:
    """Return how many characters at the end of `text` may be the start of a stop string."""
    starts = (n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n]))
    return max(starts, default=0)
