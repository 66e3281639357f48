"""Tiny random models of several families and a tokenizer of bytes: no weights are fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
END, START = 256, 257
VOCABULARY = 264


@pytest.fixture(scope="session")
def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token per byte, two control tokens, a chat template."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(
        [AddedToken("<|im_end|>", special=True), AddedToken("<|im_start|>", special=True)]
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    tokenizer.chat_template = CHATML
    return tokenizer


def _config(family: str) -> dict[str, object]:
    common: dict[str, object] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": None,
        "eos_token_id": END,
        "pad_token_id": END,
        "tie_word_embeddings": True,
    }
    if family in {"qwen3", "gemma2", "gemma3_text", "mistral"}:
        common["head_dim"] = 16
    if family in {"gemma2", "gemma3_text"}:
        common |= {"sliding_window": 64, "query_pre_attn_scalar": 16}
    if family == "mistral":
        common["sliding_window"] = 24
    return common


@pytest.fixture(scope="session")
def tiny_module() -> Callable[..., PreTrainedModel]:
    """Build a random causal model of a family; equal seeds give equal weights."""

    def build(family: str = "llama", seed: int = 0, **changes: object) -> PreTrainedModel:
        from transformers import AutoConfig, AutoModelForCausalLM

        torch.manual_seed(seed)
        config = AutoConfig.for_model(family, **{**_config(family), **changes})
        module: PreTrainedModel = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for name, weight in module.named_parameters():
                # Wide weights, so that probabilities differ; norms and biases away from their neutral start.
                weight.normal_(0.0, 0.3)
                if "norm" in name and family not in {"gemma2", "gemma3_text"}:
                    weight.add_(1.0)
        module.eval()  # type: ignore[no-untyped-call]
        return module

    return build
