"""Titles out of a model, held to a trie, by beams. Whatever comes out is a row of it.

The trie says what may follow, the model how likely it is; a row that is a prefix of another competes with
it through the end token. Every parameter is explicit. Knows rows and tokens, nothing of items.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from nextinterest.errors import ModelError
from nextinterest.llm.trie import Node, TokenTrie

if TYPE_CHECKING:
    from nextinterest.llm.constrained import ConstrainedState

__all__ = ["Found", "beam_search"]

Positions = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the trie, and log P(its tokens and the end token | what the state has read)."""

    row: int
    log_probability: float


@dataclass(frozen=True, slots=True)
class _Beam:
    node: Node
    tokens: tuple[int, ...]
    score: float


@torch.inference_mode()
def beam_search(
    state: ConstrainedState,
    trie: TokenTrie,
    k: int,
    *,
    end: int,
    beams: int | None = None,
    excluded: Iterable[int] = (),
) -> list[Found]:
    """Return the k likeliest rows that beams of this width meet, likeliest first, no row twice.

    Parameters
    ----------
    state
        What has been read; it is left as it was.
    trie
        The rows.
    k
        How many rows; fewer come back only where fewer are left.
    end
        The token that ends a row, such as a newline or the model's end token.
    beams
        Width; None takes ``k``. At least ``k`` wide, so that k rows are found.
    excluded
        Rows that must not come back.

    Raises
    ------
    ModelError
        If `k` or `beams` is below one.
    """
    width = max(k, beams or k)
    if k < 1:
        raise ModelError(f"A search for {k} rows has no answer.", remedy="Ask for at least one.")
    rows = sorted(set(excluded))
    positions = trie.positions(rows)
    found: list[Found] = []
    while len(found) < k and trie.alive(trie.root, positions):
        # A beam may run dry below a prefix that many rows share: then search again without what was found.
        new = _search(state, trie, k - len(found), width, end, positions)
        found.extend(new)
        positions = trie.positions([*rows, *(f.row for f in found)])
    return sorted(found, key=lambda f: (-f.log_probability, f.row))


def _search(
    state: ConstrainedState,
    trie: TokenTrie,
    k: int,
    width: int,
    end: int,
    positions: Positions,
) -> list[Found]:
    live = [_Beam(trie.root, (), 0.0)]
    done: list[Found] = []
    while live:
        logp = state.log_probabilities([beam.tokens for beam in live])
        grown: list[_Beam] = []
        whole: list[tuple[_Beam, int]] = []
        for beam, row_logp in zip(live, logp, strict=True):
            children = trie.children(beam.node, positions)
            if children.ends:
                row = trie.row(beam.node, positions)
                if row is not None:
                    done.append(Found(row, beam.score + float(row_logp[end])))
            scores = row_logp[torch.from_numpy(children.tokens).long().to(row_logp.device)].cpu().numpy()
            for i in np.argsort(-scores, kind="stable")[:width]:
                node = children.node(int(i))
                step = _Beam(node, (*beam.tokens, int(children.tokens[i])), beam.score + float(scores[i]))
                grown.append(step)
        grown.sort(key=lambda b: -b.score)
        live = []
        for beam in grown[:width]:
            only = trie.only(beam.node, positions)
            if only is None:
                live.append(beam)
            else:
                whole.append((beam, only))
        if whole:
            # One row is left below: its remaining tokens are not a choice, they are scored in one pass.
            rests = [[*beam.tokens, *trie.rest(beam.node, position), end] for beam, position in whole]
            totals = state.score(rests)
            for (_, position), total in zip(whole, totals, strict=True):
                done.append(Found(trie.row_at(position), float(total)))
        done = sorted(done, key=lambda f: (-f.log_probability, f.row))[:width]
        if len(done) >= k:
            # A beam only falls: those below the k-th finished row cannot overtake it.
            live = [beam for beam in live if beam.score > done[k - 1].log_probability]
    return done[:k]
