"""Calibration: a planted temperature is found, and what the first positions promise is what they keep."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.finetune.calibration import calibration


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_planted_temperature_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (4000, 60)).astype(np.float32)
    seen = rng.random(logits.shape) < 0.1
    masked = np.where(seen, -np.inf, logits)
    targets = np.argmax(masked + rng.gumbel(size=logits.shape), axis=1)
    found = calibration(logits * np.float32(temperature), seen, targets)
    assert found["temperature"] == pytest.approx(temperature, rel=0.1)
    honest = calibration(logits, seen, targets)
    assert honest["promised@10"] == pytest.approx(honest["hr@10"], abs=0.02)
    if temperature > 1:
        assert found["promised@10"] > found["hr@10"] + 0.1
    if temperature < 1:
        assert found["promised@10"] < found["hr@10"] - 0.05


def test_a_target_that_was_seen_promises_nothing() -> None:
    scores = np.zeros((3, 20), dtype=np.float32)
    seen = np.zeros((3, 20), dtype=bool)
    seen[0, 4] = True
    found = calibration(scores, seen, np.array([4, 0, 19]))
    assert found["promised@10"] == pytest.approx(0.5)
    assert 0.0 <= found["hr@10"] <= 1.0
