"""A tiny random Llama with a tokenizer of bytes, as a folder that `LocalModel.load` reads."""

from __future__ import annotations

from pathlib import Path

from support.tiny import tiny_llama

__all__ = ["save_tiny_llama"]


def save_tiny_llama(
    folder: Path, shift: float = 0.0, *, template: str = "", extra: tuple[str, ...] = ()
) -> Path:
    """Write the model; another `shift` gives another model of the same shape.

    `template` is its chat template, `extra` are control tokens more, whose ids follow those of the bytes.
    """
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(token, special=True) for token in ("<|im_end|>", *extra)])
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    if template:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(str(folder))
    model = tiny_llama()
    with torch.no_grad():
        for weight in model.get_input_embeddings().parameters():
            weight.add_(shift)
    model.save_pretrained(str(folder))
    return folder
