"""Which layers are adapted: found by looking at the model, whatever its architecture calls them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import torch
from support.tiny import tiny_llama, tiny_t5

from nextinterest.errors import ModelError
from nextinterest.finetune.adapters import add_lora, decoder_of, linear_layers, save_adapter
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.lower_layers import LowerLayers, layers_of
from nextinterest.llm.adapters import attach_adapter

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FEED_FORWARD = {"gate_proj", "up_proj", "down_proj"}
ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
LAYERS = {
    "llama": ATTENTION | FEED_FORWARD,
    "qwen2": ATTENTION | FEED_FORWARD,
    "gemma3": ATTENTION | FEED_FORWARD,
    "gpt2": {"c_attn", "c_proj", "c_fc"},
    "neox": {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"},
    "t5": {"q", "k", "v", "o", "wi", "wo"},
    "bart": {"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"},
}


SHAPES = {
    "qwen2": ("qwen2", {"num_key_value_heads": 2}),
    "gemma3": ("gemma3_text", {"num_key_value_heads": 2, "head_dim": 8}),
    "neox": ("gpt_neox", {}),
    "gpt2": ("gpt2", {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64}),
    "bart": ("bart", {"d_model": 32, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "encoder_layers": 2}),
}
USUAL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
HEADS = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "decoder_layers": 2}


def model_of(name: str) -> PreTrainedModel:
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    if name in ("llama", "t5"):
        return tiny_llama() if name == "llama" else tiny_t5()
    kind, own = SHAPES[name]
    usual = {"gpt2": {}, "bart": HEADS}.get(name, USUAL)
    torch.manual_seed(0)
    auto = AutoModelForSeq2SeqLM if name == "bart" else AutoModelForCausalLM
    config = AutoConfig.for_model(kind, vocab_size=264, **usual, **own)
    made = auto.from_config(config)  # type: ignore[no-untyped-call]
    made.train(mode=False)
    return cast("PreTrainedModel", made)


def logits(model: PreTrainedModel) -> torch.Tensor:
    tokens = torch.tensor([[5, 6, 7]])
    inputs = {"input_ids": tokens}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = tokens
    return cast(torch.Tensor, model(**inputs, use_cache=False).logits)


@pytest.mark.parametrize("name", LAYERS)
def test_every_linear_layer_of_the_blocks_is_adapted_learns_and_is_loaded_again(
    name: str, tmp_path: Path
) -> None:
    model = model_of(name)
    names = linear_layers(model)
    assert {layer.rpartition(".")[2] for layer in names} == LAYERS[name]
    assert not [layer for layer in names if "lm_head" in layer or "embed" in layer]
    adapted = add_lora(model, LoraOptions(rank=2, dropout=0.0))
    logits(adapted).sum().backward()  # type: ignore[no-untyped-call]
    learning = {key: p for key, p in adapted.named_parameters() if p.requires_grad}
    assert len(learning) == 2 * len(names)
    assert all("lora_" in key and p.grad is not None for key, p in learning.items())
    with torch.no_grad():
        for p in learning.values():
            p.add_(0.05)
        expected = logits(adapted)
    save_adapter(adapted, tmp_path, "base")
    with torch.no_grad():
        again = logits(cast("PreTrainedModel", attach_adapter(model_of(name), tmp_path)))
    torch.testing.assert_close(again, expected)


@pytest.mark.parametrize("name", ["llama", "qwen2", "gemma3", "gpt2", "neox"])
def test_lower_layers_stay_frozen(name: str) -> None:
    model = model_of(name)
    above = linear_layers(model, 2)
    assert 0 < len(above) == len(linear_layers(model)) / 3
    assert all(".2." in layer for layer in above)
    assert len(layers_of(decoder_of(model))) == 3
    with pytest.raises(ModelError, match="3 layers and 3 are frozen"):
        linear_layers(model, 3)


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_freezing_half_an_encoder_decoder_model_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="Set frozen_layers to 0"):
        add_lora(model_of(name), LoraOptions(), 1)


def test_targets_that_do_not_exist_are_named_with_those_that_do() -> None:
    with pytest.raises(ModelError, match="there are c_attn, c_fc, c_proj") as refused:
        add_lora(model_of("gpt2"), LoraOptions(targets=("q_proj",)))
    assert "lora.targets" in refused.value.remedy
    add_lora(model_of("gpt2"), LoraOptions(targets=("c_attn",)))  # the remedy


def test_outputs_of_layers_that_add_positions_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Set cached to false"):
        LowerLayers(decoder_of(model_of("gpt2")), 1, (), tmp_path, "f" * 64)
