"""The weights of a pool do not depend on which part comes first, nor on how large its numbers are."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.data import EventLog, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.finetune.pool_fit import fit_weights
from nextinterest.finetune.validation import seen_mask


@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
def test_neither_order_nor_size_of_parts_matters(catalog: Catalog, log: EventLog, size: float) -> None:
    cases = leave_last_out(log, 1, 3).validation
    seen = seen_mask(cases, len(catalog))
    rng = np.random.default_rng(0)
    told = np.zeros(seen.shape)
    told[np.arange(len(cases)), cases.targets] = 1.0
    clear = (told + rng.normal(0, 0.5, seen.shape)).astype(np.float32) * np.float32(size)
    vague = (told + rng.normal(0, 1.0, seen.shape)).astype(np.float32)
    every = np.arange(len(cases))
    one = fit_weights({"clear": clear, "vague": vague}, seen, cases, every)
    other = fit_weights({"vague": vague, "clear": clear}, seen, cases, every)
    assert other["clear"] == pytest.approx(one["clear"], rel=0.02)
    assert other["vague"] == pytest.approx(one["vague"], rel=0.05)
    same = fit_weights({"clear": clear / np.float32(size), "vague": vague}, seen, cases, every)
    assert one["clear"] * size == pytest.approx(same["clear"], rel=0.02)
