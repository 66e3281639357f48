"""Files of a model that are cut off, garbled or missing: one error that names the file and the remedy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.saved_llama import save_tiny_llama
from support.tiny import tiny_llama

from nextinterest.errors import ModelError
from nextinterest.llm import LocalModel
from nextinterest.llm.loading import load_tokenizer


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "model"))


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]
)
@pytest.mark.parametrize("damage", ["empty", "cut", "zeros", "number"])
def test_json_that_is_damaged(folder: Path, name: str, damage: str) -> None:
    data = (folder / name).read_bytes()
    changed = {"empty": b"", "cut": data[: len(data) // 2], "zeros": bytes(len(data)), "number": b"7"}
    (folder / name).write_bytes(changed[damage])
    with pytest.raises(ModelError, match=rf"{name} (is no JSON|holds int)") as caught:
        LocalModel.load(folder)
    assert caught.value.remedy == f"Copy or download {folder} again."


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_weights_that_are_cut(folder: Path, keep: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"model\.safetensors is cut off"):
        LocalModel.load(folder)


def test_weights_that_are_garbled_in_their_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[20:60] = b"x" * 40
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.safetensors is cut off or no safetensors file"):
        LocalModel.load(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_files_that_are_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    if name == "tokenizer.json":
        (folder / "tokenizer_config.json").unlink()
    with pytest.raises(ModelError) as caught:
        LocalModel.load(folder)
    assert str(folder) in str(caught.value)
    assert caught.value.remedy


def test_pickled_weights_are_not_read(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"safetensors"):
        LocalModel.load(folder)


def test_shards_that_are_missing_are_named(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sharded"
    tiny_llama().save_pretrained(str(folder), max_shard_size="20KB")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(whole / name, folder)
    LocalModel.load(folder, device="cpu", dtype="float32")
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) > 1
    data = shards[-1].read_bytes()
    shards[-1].unlink()
    with pytest.raises(ModelError, match=rf"{shards[-1].name} is missing, and model.*index\.json names it"):
        LocalModel.load(folder)
    shards[-1].write_bytes(data[:-5])
    with pytest.raises(ModelError, match=rf"{shards[-1].name} is cut off"):
        LocalModel.load(folder)
    shards[-1].write_bytes(data)
    (folder / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(ModelError, match="names no shards"):
        LocalModel.load(folder)


def test_weights_that_lack_layers_are_not_made_up(folder: Path) -> None:
    """transformers would draw what is missing at random."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(str(path))
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, str(path), metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack model\.layers\.1\.mlp\.up_proj\.weight"):
        LocalModel.load(folder)


@pytest.mark.parametrize(
    "content", [{}, {"model_type": "no such"}, {"model_type": "llama", "hidden_size": "x"}]
)
def test_a_configuration_of_another_program(folder: Path, content: dict[str, object]) -> None:
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(ModelError):
        LocalModel.load(folder)


def test_a_tokenizer_of_another_program(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"model": {"type": "BPE"}}')
    with pytest.raises(ModelError, match="No tokenizer could be loaded"):
        load_tokenizer(folder)


def test_of_an_asset_the_command_is_named_that_fetches_it_again(folder: Path) -> None:
    (folder / "asset.json").write_text(json.dumps({"name": "smollm2-135m-instruct"}))
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError) as caught:
        LocalModel.load(folder)
    assert caught.value.command == "Fetch it again: nextinterest assets fetch smollm2-135m-instruct --again"
    assert "fetch('smollm2-135m-instruct', again=True)" in caught.value.remedy
