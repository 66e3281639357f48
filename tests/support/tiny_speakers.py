"""Tiny random models that write titles and JSON: causal, and encoder-decoder with and without braces."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from support.tiny import END, tiny_t5

from nextinterest.llm import LocalModel, Seq2SeqModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CONTEXT = 4096


def bytes_tokenizer(without: str = "") -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes; signs of `without` are read as question marks, as T5 loses braces."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    if without:
        inner.normalizer = normalizers.Sequence([normalizers.Replace(sign, "?") for sign in without])
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(
        [AddedToken("<|im_end|>", special=True), AddedToken("<|im_start|>", special=True)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )


BRACELESS = bytes_tokenizer("{}")


def speaker(kind: str, tokenizer: PreTrainedTokenizerFast, seed: int = 0) -> LocalModel | Seq2SeqModel:
    """Return a random model of a kind, its weights wide enough that probabilities differ."""
    module = _t5() if kind == "seq2seq" else _llama()
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.normal_(0.0, 0.3)
            if "norm" in name:
                weight.add_(1.0)
    module.train(mode=False)
    return (Seq2SeqModel if kind == "seq2seq" else LocalModel)(module, tokenizer, name=f"tiny {kind}")


def _llama() -> PreTrainedModel:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=264,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        eos_token_id=END,
    )
    return cast("PreTrainedModel", LlamaForCausalLM(config))


def _t5() -> PreTrainedModel:
    model = tiny_t5()
    model.config.n_positions = CONTEXT
    return model
