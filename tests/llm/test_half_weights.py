"""Weights in 16 bits: nearly the same answers, half the bytes, and models outside the family say so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from nextinterest.errors import ModelError
from nextinterest.llm import LocalModel
from nextinterest.llm.devices import keeps_half, pick_dtype
from nextinterest.llm.half_weights import HalfWeights, half_weights_supported

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

pytestmark = pytest.mark.skipif(not half_weights_supported(), reason="torch was built without FBGEMM")
TOKENS = [(7 * i * i + 3 * i) % 250 for i in range(60)]


@pytest.fixture
def folder(
    tmp_path: Path,
    tiny_module: Callable[..., PreTrainedModel],
    byte_tokenizer: PreTrainedTokenizerFast,
    request: pytest.FixtureRequest,
) -> Path:
    """A tiny model of a family on disk."""
    tiny_module(getattr(request, "param", "qwen2")).save_pretrained(tmp_path)
    byte_tokenizer.save_pretrained(tmp_path)
    return tmp_path


def test_a_product_is_that_of_the_rounded_weights() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, x = torch.randn(24, 40, generator=generator), torch.randn(5, 40, generator=generator)
    exact = x @ weight.half().float().T
    assert torch.allclose(HalfWeights(weight)(x), exact, rtol=1e-5, atol=1e-5)


def test_weights_beyond_float16_are_refused() -> None:
    with pytest.raises(ModelError, match="too large for float16"):
        HalfWeights(torch.full((8, 8), 1e5))


@pytest.mark.parametrize("folder", ["llama", "qwen2", "qwen3"], indirect=True)
def test_answers_are_nearly_those_of_float32(folder: Path) -> None:
    whole, half = LocalModel.load(folder, dtype="float32"), LocalModel.load(folder, dtype="float16-weights")
    assert half.half_weights
    assert not whole.half_weights
    a, b = (m.encode([TOKENS], [range(len(TOKENS))])[0] for m in (whole, half))
    assert 0 < np.abs(a - b).max() < 5e-3 * np.abs(a).max()
    state = half.open(TOKENS[:50])
    np.testing.assert_allclose(state.extend(TOKENS[50:], at=[9])[0], b[-1], rtol=1e-3, atol=1e-4)


def test_the_weights_are_held_once_and_the_model_keeps_its_name(folder: Path) -> None:
    whole, half = LocalModel.load(folder, dtype="float32"), LocalModel.load(folder, dtype="float16-weights")
    projections = [p for name, p in half.module.named_parameters() if name.endswith("_proj.weight")]
    assert projections
    assert all(p.numel() == 0 for p in projections)
    assert half.fingerprint == whole.fingerprint


@pytest.mark.parametrize("folder", ["gemma3_text"], indirect=True)
def test_other_families_say_so_and_stay_exact(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        half = LocalModel.load(folder, dtype="float16-weights")
    assert "float16-weights is for the Llama family" in caplog.text
    assert not half.half_weights
    a, b = (m.encode([TOKENS], [[59]])[0] for m in (LocalModel.load(folder, dtype="float32"), half))
    assert np.array_equal(a, b)


def test_it_is_asked_for_by_name_or_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, meta = torch.device("cpu"), torch.device("meta")
    monkeypatch.delenv("NEXTINTEREST_DTYPE", raising=False)
    assert keeps_half("float16-weights", cpu)
    assert not keeps_half("float16-weights", meta)
    assert not keeps_half("auto", cpu)
    assert pick_dtype("float16-weights", cpu) is torch.float32
    monkeypatch.setenv("NEXTINTEREST_DTYPE", "float16-weights")
    assert keeps_half("auto", cpu)
    assert not keeps_half("float32", cpu)
