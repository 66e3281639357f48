"""Training the sequence encoder: dense cross-entropy over the catalogue, NDCG@10 on validation.

Full softmax, its gradient taken a few positions at a time so that scores stay in the processor's cache and
memory does not grow with the batch; or, on large catalogues, a sampled one: the normaliser is estimated from
the batch's own targets and uniformly drawn negatives, each logit corrected by the log of its expected count
in the sample (Bengio and Senecal, 2008), which makes the gradient right in the limit of many negatives.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from nextinterest.data import EventLog, HeldOut
from nextinterest.domain import FloatArray
from nextinterest.finetune.validation import rank_scores
from nextinterest.finetune.windows import Window, WindowBatch, Windows
from nextinterest.retrieval.sequence_encoder import SequenceEncoder

__all__ = [
    "EncoderObjective",
    "EncoderTask",
    "catalog_loss",
    "encoder_scores",
    "sampled_loss",
]

_NEGATIVES = 4096
_CELLS = 1 << 18  # scores held at once on a CPU: 1 MB as float32
_CELLS_CUDA = 1 << 26
_EMPTY = -1e9  # a finite stand-in for minus infinity, so that its gradient is zero and not NaN


@torch.no_grad()
def _value_and_gradients(
    states: Tensor, vectors: Tensor, bias: Tensor, batch: WindowBatch
) -> tuple[float, Tensor, Tensor, Tensor]:
    by_states, by_vectors, by_bias = (torch.zeros_like(x) for x in (states, vectors, bias))
    total = 0.0
    step = max(1, (_CELLS_CUDA if states.is_cuda else _CELLS) // len(vectors))
    firsts = range(0, len(states), step)
    # Targets stand in the order of their positions.
    cuts = torch.searchsorted(batch.rows, torch.tensor([*firsts, len(states)], device=batch.rows.device))
    for first, lo, hi in zip(firsts, cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        part = slice(first, first + step)
        scores = torch.addmm(bias, states[part], vectors.T)
        rows, columns, shares = batch.rows[lo:hi] - first, batch.columns[lo:hi], batch.shares[lo:hi]
        if batch.excluded is not None:
            scores.masked_fill_(batch.excluded[part], _EMPTY)
        own = scores[rows, columns]
        top = scores.amax(dim=1, keepdim=True)
        p = scores.sub_(top).exp_()
        sums = p.sum(dim=1, keepdim=True)
        total += float((top + sums.log()).double().sum() - (own * shares).double().sum())
        p /= sums
        p.index_put_((rows, columns), -shares, accumulate=True)
        torch.mm(p, vectors, out=by_states[part])
        by_vectors.addmm_(p.T, states[part])
        by_bias += p.sum(dim=0)
    return total, by_states, by_vectors, by_bias


def catalog_loss(states: Tensor, vectors: Tensor, bias: Tensor, batch: WindowBatch) -> Tensor:
    """Return the summed cross-entropy of ``states @ vectors.T + bias`` without holding these scores.

    Parameters
    ----------
    states
        float32, shape (n, dimension).
    vectors, bias
        Of all items, float32, shapes (n_items, dimension) and (n_items,).
    batch
        Targets.
    """
    with torch.autocast(states.device.type, enabled=False):
        value, *gradients = _value_and_gradients(states.float(), vectors.float(), bias.float(), batch)
    # A sum with the loss's own gradients, moved to the loss's value: what autograd sees is exact.
    linear = sum(
        ((x * g).sum() for x, g in zip((states, vectors, bias), gradients, strict=True)), 0 * bias[0]
    )
    return linear - linear.detach() + value


def sampled_loss(
    states: Tensor, vectors: Tensor, bias: Tensor, batch: WindowBatch, negatives: Tensor
) -> Tensor:
    """Return an estimate of `catalog_loss` that touches only targets and some negatives.

    Parameters
    ----------
    states
        Shape (n, dimension).
    vectors, bias
        Of all items, shapes (n_items, dimension) and (n_items,).
    batch
        Targets.
    negatives
        Items drawn uniformly with replacement, shape (m,).
    """
    n_items = len(vectors)
    logits = states @ vectors[negatives].T + bias[negatives]
    logits = logits - float(np.log(len(negatives) / n_items))
    if batch.excluded is not None:
        logits = logits.masked_fill(batch.excluded[:, negatives], _EMPTY)
    own = (states[batch.rows] * vectors[batch.columns]).sum(1) + bias[batch.columns]
    # A negative that is the target would be counted twice.
    hits = negatives[None, :] == batch.columns[:, None]
    drawn = logits[batch.rows].masked_fill(hits, _EMPTY)
    loss = torch.logsumexp(torch.cat([own[:, None], drawn], dim=1), dim=1) - own
    return (loss * batch.shares).sum()


class EncoderObjective(nn.Module):
    """The encoder with its loss, as one module that a data-parallel wrapper can hold."""

    def __init__(self, encoder: SequenceEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, batch: WindowBatch, negatives: Tensor | None) -> Tensor:
        """Return the summed loss of a batch: exact, or sampled where negatives are given."""
        vectors = self.encoder.item_vectors()
        states = self.encoder(batch.items, vectors).flatten(0, 1)[batch.positions]
        if negatives is not None:
            return sampled_loss(states, vectors, self.encoder.bias, batch, negatives)
        return catalog_loss(states.float(), vectors.float(), self.encoder.bias.float(), batch)


class EncoderTask:
    """What the training loop needs to know of the encoder (see `nextinterest.finetune.loop.Task`).

    Parameters
    ----------
    encoder
        Trained in place.
    log
        Events to learn from.
    validation
        Events to validate on.
    batch_size
        Windows of one micro-batch.
    overlap, exchangeable_ties, exclude_seen
        See `nextinterest.finetune.windows.Windows`.
    sampled
        Whether the softmax is over a sample of the items.
    """

    def __init__(
        self,
        encoder: SequenceEncoder,
        log: EventLog,
        validation: HeldOut,
        batch_size: int,
        *,
        overlap: float | None = None,
        exchangeable_ties: bool = True,
        exclude_seen: bool = True,
        sampled: bool = False,
    ) -> None:
        self.sampled = sampled
        self.encoder, self.validation, self.batch_size = encoder, validation, batch_size
        self.objective: nn.Module = EncoderObjective(encoder)
        self.windows = Windows(
            log,
            encoder.n_items,
            encoder.config.window,
            overlap=overlap,
            exchangeable_ties=exchangeable_ties,
            exclude_seen=exclude_seen,
        )

    def batches(self, rng: np.random.Generator) -> list[list[Window]]:
        """Return the micro-batches of an epoch, as windows still to be cut."""
        rows = self.windows.epoch(rng)
        return [rows[i : i + self.batch_size] for i in range(0, len(rows), self.batch_size)]

    def prepare(
        self, batch: list[Window], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], int]:
        """Return the inputs of `EncoderObjective` and the number of positions."""
        cut = self.windows.batch(batch, rng).to(device)
        negatives = None
        if self.sampled:
            drawn = rng.integers(0, self.encoder.n_items, _NEGATIVES)
            negatives = torch.from_numpy(drawn).to(device)
        return (cut, negatives), len(cut)

    def rate_of(self, name: str) -> float:
        """Return 1: everything learns at one rate."""
        return 1.0

    def validate(self) -> dict[str, float]:
        """Return NDCG@10, HR@10 and log-loss on validation."""
        return rank_scores(encoder_scores(self.encoder, self.validation), self.validation)


def encoder_scores(encoder: SequenceEncoder, held_out: HeldOut, rows: int = 512) -> Iterator[FloatArray]:
    """Yield the scores of all items for chunks of held-out cases."""
    vectors = encoder.scored_vectors()
    for start in range(0, len(held_out), rows):
        users = encoder.user_vectors(held_out.histories[start : start + rows])
        yield users @ vectors[:, :-1].T + vectors[:, -1]
