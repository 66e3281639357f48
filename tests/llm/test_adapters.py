"""Adapters with tokens of their own, with biases, and ones that are damaged or do not belong."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import cast

import pytest
import torch
from support.saved_llama import save_tiny_llama

from nextinterest.errors import IntegrityError, ModelError
from nextinterest.llm import LocalModel
from nextinterest.llm.adapters import adapter_files

PROMPT = [1, 2, 3]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("base"))


def trained(
    base: Path,
    folder: Path,
    rows: int | None = None,
    *,
    modules_to_save: list[str] | None = None,
    lora_bias: bool = False,
) -> list[float]:
    """Save a random adapter; return three logits of the model with it."""
    import peft
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(base))
    if rows is not None:
        model.resize_token_embeddings(rows, mean_resizing=False)
    torch.manual_seed(1)
    config = peft.LoraConfig(
        r=4,
        target_modules=["q_proj"],
        init_lora_weights=False,
        modules_to_save=modules_to_save,
        lora_bias=lora_bias,
    )
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        tuned = peft.get_peft_model(model, config).eval()
        if rows is not None:
            tuned.get_input_embeddings().weight.normal_()
        tuned.save_pretrained(str(folder))
        return cast("list[float]", tuned(torch.tensor([PROMPT])).logits[0, -1, :3].tolist())


def found(base: Path, adapter: Path, dtype: str = "float32") -> tuple[LocalModel, list[float]]:
    model = LocalModel.load(base, device="cpu", dtype=dtype, adapter=adapter)  # type: ignore[arg-type]
    return model, model.head.logits(model.last_states([PROMPT]))[0, :3].tolist()


def tokenizer_beside(folder: Path, extra: tuple[str, ...]) -> None:
    whole = save_tiny_llama(folder.parent / f"{folder.name}-tokenizer", extra=extra)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(whole / name, folder / name)


@pytest.mark.parametrize(
    ("rows", "saved"),
    [
        (266, ["embed_tokens", "lm_head"]),
        (266, ["embed_tokens"]),
        (266, None),  # PEFT then writes the embeddings by itself
        (260, ["embed_tokens", "lm_head"]),  # the base model's padding rows were cut off
        (260, ["embed_tokens"]),
    ],
)
def test_tokens_of_an_adapter(base: Path, tmp_path: Path, rows: int, saved: list[str] | None) -> None:
    adapter = tmp_path / "tokens"
    wanted = trained(base, adapter, rows=rows, modules_to_save=saved)
    tokenizer_beside(adapter, ("<|a|>", "<|b|>"))
    model, logits = found(base, adapter)
    assert logits == pytest.approx(wanted, abs=1e-4)
    assert model.head.vocabulary == rows
    assert model.tokenizer.encode("<|a|>") == [257]
    _, half = found(base, adapter, "bfloat16")
    assert half == pytest.approx(wanted, abs=0.05)


def test_tokens_without_their_tokenizer_are_refused(base: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "tokens"
    wanted = trained(base, adapter, rows=266, modules_to_save=["embed_tokens", "lm_head"])
    with pytest.raises(IntegrityError, match="266 rows, the model's 264") as caught:
        found(base, adapter)
    assert "with its tokenizer beside it" in caught.value.remedy
    tokenizer_beside(adapter, ("<|a|>",))  # the remedy
    assert found(base, adapter)[1] == pytest.approx(wanted, abs=1e-4)


def test_the_tokenizer_of_an_adapter_is_part_of_its_identity(base: Path, tmp_path: Path) -> None:
    trained(base, tmp_path / "plain")
    plain, _ = found(base, tmp_path / "plain")
    assert len(adapter_files(tmp_path / "plain")) == 2
    tokenizer_beside(tmp_path / "plain", ("<|a|>",))
    other, _ = found(base, tmp_path / "plain")
    assert plain.fingerprint != other.fingerprint
    assert len(adapter_files(tmp_path / "plain")) == 4


def test_biases_stay_beside_the_weights(base: Path, tmp_path: Path) -> None:
    wanted = trained(base, tmp_path / "bias", lora_bias=True)
    model, logits = found(base, tmp_path / "bias")
    assert logits == pytest.approx(wanted, abs=1e-4)
    words = [model.tokenizer.encode(word) for word in ("Heat", "Alien")]
    together = model.score(PROMPT, words)
    assert together[0] == pytest.approx(model.score(PROMPT, words[:1])[0], abs=1e-4)


@pytest.mark.parametrize("kind", ["empty", "cut", "text", "list", "no kind"])
def test_a_damaged_configuration_is_named_before_anything_is_loaded(tmp_path: Path, kind: str) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    content = json.dumps({"peft_type": "LORA", "r": 4})
    text = {"empty": "", "cut": content[:20], "text": "hello", "list": "[1]", "no kind": "{}"}[kind]
    (adapter / "adapter_config.json").write_text(text)
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"adapter_config\.json (is no JSON|holds|names no)") as caught:
        LocalModel.load(tmp_path / "no base", adapter=adapter)
    assert caught.value.remedy


@pytest.mark.parametrize("keep", [0, 5, 200, -8])
def test_cut_weights_are_named_before_anything_is_loaded(base: Path, tmp_path: Path, keep: int) -> None:
    adapter = tmp_path / "adapter"
    trained(base, adapter)
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors is cut off"):
        LocalModel.load(tmp_path / "no base", adapter=adapter)


def test_weights_that_are_incomplete_are_refused(base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    adapter = tmp_path / "adapter"
    trained(base, adapter)
    weights = adapter / "adapter_model.safetensors"
    tensors = load_file(str(weights))
    save_file(dict(list(tensors.items())[1:]), str(weights))
    with pytest.raises(IntegrityError, match="does not fit"):
        found(base, adapter)


def test_other_kinds_are_refused_by_name(base: Path, tmp_path: Path) -> None:
    import peft
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(base))
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    peft.get_peft_model(model, config).save_pretrained(str(tmp_path / "prompt"))
    with pytest.raises(ModelError, match=r"PROMPT_TUNING\) changes prompts"):
        found(base, tmp_path / "prompt")
