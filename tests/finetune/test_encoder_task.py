"""The catalogue loss without its scores is the loss with them, in value and in every gradient."""

from __future__ import annotations

import pytest
import torch

from nextinterest.finetune import encoder_task
from nextinterest.finetune.encoder_task import catalog_loss
from nextinterest.finetune.windows import WindowBatch


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("cells", [1, 37 * 3, 1 << 18])
def test_chunks_change_nothing(masked: bool, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_task, "_CELLS", cells)
    draw = torch.Generator().manual_seed(0)
    n, n_items, d = 11, 37, 8
    states, vectors = (torch.randn(k, d, generator=draw, requires_grad=True) for k in (n, n_items))
    bias = torch.randn(n_items, generator=draw, requires_grad=True)
    counts = torch.randint(1, 4, (n,), generator=draw)
    rows = torch.repeat_interleave(torch.arange(n), counts)
    columns = torch.randint(0, n_items, (len(rows),), generator=draw)
    excluded = None
    if masked:
        excluded = torch.rand(n, n_items, generator=draw) < 0.3
        excluded[rows, columns] = False
    batch = WindowBatch(torch.zeros(1, n), torch.arange(n), rows, columns, 1.0 / counts[rows], excluded)

    logits = states @ vectors.T + bias
    if excluded is not None:
        logits = logits.masked_fill(excluded, -1e9)
    shares = logits[rows, columns] * batch.shares
    whole = (torch.logsumexp(logits, dim=1).sum() - shares.sum()) / n  # a place's shares sum to one
    expected = torch.autograd.grad(whole, (states, vectors, bias))
    lean = catalog_loss(states, vectors, bias, batch) / n
    found = torch.autograd.grad(lean, (states, vectors, bias))
    assert lean.item() == pytest.approx(whole.item(), abs=1e-5)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


def test_it_stays_in_single_precision_under_autocast() -> None:
    states, vectors = torch.randn(5, 4, requires_grad=True), torch.randn(7, 4, requires_grad=True)
    bias = torch.zeros(7, requires_grad=True)
    positions = torch.arange(5)
    batch = WindowBatch(torch.zeros(1, 5), positions, positions, positions, torch.ones(5), None)
    plain = catalog_loss(states, vectors, bias, batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = catalog_loss(states, vectors, bias, batch)
    (gradient,) = torch.autograd.grad(mixed, states)
    assert mixed.item() == pytest.approx(plain.item(), abs=1e-5)
    assert gradient.dtype == torch.float32
