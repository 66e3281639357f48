"""Models of the same files hold what no adapter changed once, and answer as if each were alone."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from support.saved_llama import save_tiny_llama

from nextinterest.llm import FloatArray, LocalModel
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.shared_weights import _LOADED

PROMPT = [1, 2, 3, 4]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("base"))


def adapter(base: Path, folder: Path, saved: list[str] | None = None) -> Path:
    """Save a random adapter of the last layer's queries."""
    import peft
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(base))
    torch.manual_seed(1)
    config = peft.LoraConfig(
        r=4,
        target_modules=["model.layers.2.self_attn.q_proj"],
        init_lora_weights=False,
        modules_to_save=saved,
    )
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        peft.get_peft_model(model, config).save_pretrained(str(folder))
    return folder


def weights(model: LocalModel) -> dict[str, int]:
    """Return where each parameter lies, by its name without PEFT's."""
    return {
        name.removeprefix("base_model.model.").replace(".base_layer.", "."): weight.data_ptr()
        for name, weight in model.module.named_parameters(remove_duplicate=False)
    }


def logits(model: LocalModel) -> FloatArray:
    return model.score(PROMPT, [[token] for token in range(8)])


def alone(
    base: Path, dtype: DtypeName, adapter: Path | None = None, n_layers: int | None = None
) -> FloatArray:
    """Return what a model answers that shares nothing."""
    _LOADED.clear()
    found = logits(LocalModel.load(base, device="cpu", dtype=dtype, adapter=adapter, n_layers=n_layers))
    _LOADED.clear()
    return found


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_no_adapter_changed_is_held_once(base: Path, tmp_path: Path, dtype: DtypeName) -> None:
    tuned = adapter(base, tmp_path / "tuned")
    expected = [alone(base, dtype), alone(base, dtype, adapter=tuned), alone(base, dtype, n_layers=1)]
    models = [
        LocalModel.load(base, device="cpu", dtype=dtype),
        LocalModel.load(base, device="cpu", dtype=dtype, adapter=tuned),
        LocalModel.load(base, device="cpu", dtype=dtype, n_layers=1),
    ]
    for model, values in zip(models, expected, strict=True):
        np.testing.assert_array_equal(logits(model), values)
    plain, adapted, cut = map(weights, models)
    assert {name: plain[name] for name in cut} == cut
    apart = {name for name in plain if plain[name] != adapted[name]}
    folded = models[1].module.dtype == torch.float32
    fused = {f"model.layers.2.self_attn.{part}_proj.weight" for part in "qkv"}  # one tensor
    assert apart == (fused if folded else set())


def test_an_adapter_with_other_weights_shares_nothing(base: Path, tmp_path: Path) -> None:
    tuned = adapter(base, tmp_path / "tuned", ["lm_head"])
    expected = alone(base, "float32", adapter=tuned)
    plain = LocalModel.load(base, device="cpu", dtype="float32")
    adapted = LocalModel.load(base, device="cpu", dtype="float32", adapter=tuned)
    assert not set(weights(plain).values()) & set(weights(adapted).values())
    np.testing.assert_array_equal(logits(adapted), expected)


def test_other_precisions_and_drawn_weights_are_apart_and_nothing_is_kept_alive(base: Path) -> None:
    _LOADED.clear()
    first = LocalModel.load(base, device="cpu", dtype="float32")
    half = LocalModel.load(base, device="cpu", dtype="bfloat16")
    drawn = LocalModel.load(base, device="cpu", dtype="float32", random_seed=0)
    held = [set(weights(one).values()) for one in (first, half, drawn)]
    assert not held[0] & held[1]
    assert not held[0] & held[2]
    second = LocalModel.load(base, device="cpu", dtype="float32")
    expected = logits(first)
    del first, half, drawn, held
    gc.collect()
    np.testing.assert_array_equal(logits(second), expected)
    LocalModel.load(base, device="cpu", dtype="float32")
    assert sum(ref() is not None for refs in _LOADED.values() for ref, _ in refs) <= 2
