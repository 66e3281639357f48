"""Cross-entropy of the next item over a catalogue: exact in bounded memory, or sampled with correction.

Works on hidden states and item vectors; knows nothing of histories or of the network that made them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["full_softmax_loss", "proposal", "sampled_softmax_loss"]

_CELLS = 1 << 18  # scores held at once: 1 MB as float32, so that they stay in the processor's cache


@torch.no_grad()
def _value_and_gradients(
    hidden: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, blocked: Tensor | None, smoothing: float
) -> tuple[float, Tensor, Tensor, Tensor]:
    """Return the mean loss and its gradients by hidden states, vectors and bias, a few targets at a time.

    Scores of all targets never exist at once, and those of a few are used for value and gradient alike.
    """
    n, n_items = len(targets), len(vectors)
    grad_hidden, grad_vectors = torch.empty_like(hidden), torch.zeros_like(vectors)
    grad_bias = torch.zeros_like(bias)
    total = 0.0
    step = max(1, _CELLS // n_items)
    for start in range(0, n, step):
        part = slice(start, start + step)
        h, t = hidden[part], targets[part, None]
        scores = torch.addmm(bias, h, vectors.T)
        own = scores.gather(1, t)
        if blocked is not None:
            rows = torch.arange(len(t), device=t.device)[:, None].expand_as(blocked[part])
            inside = blocked[part] < n_items
            scores[rows[inside], blocked[part][inside]] = -torch.inf
            scores.scatter_(1, t, own)  # a repeated target is still a target
        if smoothing:
            logits, left_in = scores.clone(), torch.isfinite(scores)
        top = scores.amax(dim=1, keepdim=True)
        p = scores.sub_(top).exp_()  # in place: becomes the gradient of the scores below
        sums = p.sum(dim=1, keepdim=True)
        log_p = own - top - sums.log()
        total -= (1.0 - smoothing) * float(log_p.double().sum())
        p /= sums
        if smoothing:
            share = smoothing / left_in.sum(dim=1, keepdim=True)
            total -= float(torch.where(left_in, (logits - top - sums.log()) * share, 0.0).double().sum())
            p -= torch.where(left_in, share, 0.0)
        p.scatter_add_(1, t, torch.full_like(own, smoothing - 1.0))
        torch.mm(p, vectors, out=grad_hidden[part])
        grad_vectors.addmm_(p.T, h)
        grad_bias += p.sum(dim=0)
    return total / n, grad_hidden / n, grad_vectors / n, grad_bias / n


def full_softmax_loss(
    hidden: Tensor,
    vectors: Tensor,
    bias: Tensor,
    targets: Tensor,
    blocked: Tensor | None = None,
    smoothing: float = 0.0,
) -> Tensor:
    """Return the mean of -log softmax(hidden vectors^T + bias) at the targets.

    Parameters
    ----------
    hidden
        Shape (n, dim).
    vectors, bias
        Item vectors, shape (n_items, dim), and biases, shape (n_items,).
    targets
        Item of each row, int64, shape (n,).
    blocked
        Items left out of each row's softmax, int64, shape (n, m); n_items or more stands for none. A row's
        own target is never left out.
    smoothing
        Share of each row's target that is spread evenly over the items not left out.
    """
    value, *gradients = _value_and_gradients(hidden, vectors, bias, targets, blocked, smoothing)
    # A sum with the loss's own gradients, moved to the loss's value: what autograd sees is exact.
    by_hidden, by_vectors, by_bias = gradients
    linear = (hidden * by_hidden).sum() + (vectors * by_vectors).sum() + (bias * by_bias).sum()
    return linear - linear.detach() + value


def proposal(counts: Tensor) -> Tensor:
    """Return how likely each item is drawn as a negative, shape (n_items,), summing to one.

    Half by popularity, since frequent items are the hard ones, half uniform, so that every item can be drawn.
    """
    return 0.5 * counts / counts.sum().clamp_min(1.0) + 0.5 / len(counts)


def sampled_softmax_loss(
    hidden: Tensor, vectors: Tensor, bias: Tensor, targets: Tensor, q: Tensor, n_negatives: int
) -> Tensor:
    """Return the mean loss with the softmax's sum estimated from negatives that all rows share.

    With q the proposal and K draws, the sum of exp(s_k) / (K q_k) over draws other than the target estimates
    the sum over all other items without bias (importance sampling; the correction is "log Q" in Bengio and
    Senecal, 2008). The target's own term is exact and needs none. Arguments as in `full_softmax_loss`;
    `q` from `proposal`. Negatives are drawn from torch's global generator.
    """
    drawn = torch.multinomial(q, n_negatives, replacement=True)
    scores = F.linear(hidden, vectors[drawn], bias[drawn] - torch.log(n_negatives * q[drawn]))
    scores = scores.masked_fill(drawn[None, :] == targets[:, None], -torch.inf)
    own = (hidden * vectors[targets]).sum(dim=1) + bias[targets]
    return (torch.logsumexp(torch.cat([own[:, None], scores], dim=1), dim=1) - own).mean()
