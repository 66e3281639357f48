"""Measured once, remembered, not swayed by small differences; and the two corrections of scores."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nextinterest.llm import tuning as module
from nextinterest.llm.tuning import Tuning, measure, tuned


def test_threads_are_left_as_they_were() -> None:
    before = torch.get_num_threads()
    found = measure(repeats=1, bf16=False)
    assert torch.get_num_threads() == before
    assert found.dtype == "float32"
    assert all(speed > 0 for speed in found.gflops.values())


@pytest.mark.parametrize(("factor", "dtype"), [(0.95, "float32"), (0.5, "bfloat16"), (2.0, "float32")])
def test_another_choice_must_win_clearly(monkeypatch: pytest.MonkeyPatch, factor: float, dtype: str) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    now = 0.0

    def clock() -> float:
        return now

    def linear(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        nonlocal now
        now += factor if a.dtype is torch.bfloat16 else 1.0
        return a

    monkeypatch.setattr(torch.nn.functional, "linear", linear)
    assert measure(repeats=1, clock=clock, bf16=True).dtype == dtype


def test_a_machine_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tuned(tmp_path)
    assert Tuning.model_validate_json((tmp_path / "tuning.json").read_text()) == first
    monkeypatch.setattr(module, "measure", lambda: pytest.fail("measured again"))
    assert tuned(tmp_path) == first
    monkeypatch.setattr(module, "machine", lambda: "another")
    other = first.model_copy(update={"machine": "another"})
    monkeypatch.setattr(module, "measure", lambda: other)
    assert tuned(tmp_path) == other
    (tmp_path / "tuning.json").write_text("{broken")
    assert tuned(tmp_path) == other


def test_a_folder_that_cannot_be_written_to_costs_a_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("")
    fresh = tuned(tmp_path)
    monkeypatch.setattr(module, "measure", lambda: fresh)
    assert tuned(tmp_path / "home") == tuned(tmp_path / "home") == fresh
    (record,) = caplog.records
    assert "Measurements of this machine are not kept" in record.getMessage()
    assert "NEXTINTEREST_HOME" in record.getMessage()
