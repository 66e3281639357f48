"""The average of weights: its formula, and that the weights come back."""

from __future__ import annotations

import torch
from torch import nn

from nextinterest.finetune.averaging import WeightAverage


def test_the_average_is_the_formula_and_gives_the_weights_back() -> None:
    weights = {"a": nn.Parameter(torch.tensor([1.0, 2.0])), "b": nn.Parameter(torch.tensor(3.0))}
    average = WeightAverage(weights, 0.5)
    expected = {name: p.detach().clone() for name, p in weights.items()}
    for step in range(1, 30):
        with torch.no_grad():
            for p in weights.values():
                p.add_(1.0)
        average.update(step)
        decay = min(0.5, step / (step + 9))
        expected = {name: decay * t + (1 - decay) * weights[name].detach() for name, t in expected.items()}
    for name, tensor in average.tensors.items():
        torch.testing.assert_close(tensor, expected[name])
    own = {name: p.detach().clone() for name, p in weights.items()}
    with average.applied():
        assert all(torch.equal(p, average.tensors[name]) for name, p in weights.items())
    assert all(torch.equal(p, own[name]) for name, p in weights.items())
