"""Attach a PEFT adapter to a base model, refusing what does not belong to it.

An adapter may bring tokens of its own: its embeddings then have other rows than the base model's, and its
tokenizer lies beside it. Knows files and shapes; nothing of what the adapter was trained for (that is in its
recommender directory).
"""

from __future__ import annotations

import hashlib
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nextinterest.errors import IntegrityError, ModelError
from nextinterest.llm.model_files import check_tensors, damaged, read_json

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

__all__ = [
    "adapted_layers",
    "adapter_digest",
    "adapter_files",
    "attach_adapter",
    "check_adapter",
    "has_tokenizer",
    "merged",
]

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
_FACTOR = re.compile(r"base_model\.model\.(.+)\.lora_[AB]\.weight")
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
)


def has_tokenizer(path: Path) -> bool:
    """Return whether an adapter brings a tokenizer."""
    return any((path / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "spiece.model")) or (
        (path / "vocab.json").is_file() and (path / "merges.txt").is_file()
    )


def adapter_files(path: Path) -> tuple[str, ...]:
    """Return the names of the files that make an adapter: configuration, weights, and its tokenizer's."""
    own = [name for name in _TOKENIZER_FILES if (path / name).is_file()] if has_tokenizer(path) else []
    return (CONFIG_FILE, WEIGHTS_FILE, *own)


def adapter_digest(path: Path) -> str:
    """Return SHA-256 over the files of an adapter."""
    digest = hashlib.sha256()
    for name in adapter_files(path):
        digest.update((path / name).read_bytes())
    return digest.hexdigest()


def check_adapter(path: Path) -> None:
    """Read what an adapter's files say of themselves; cheap, so it is done before the base model is loaded.

    Raises
    ------
    ModelError
        If the directory is not an adapter, a file is cut off, or its weights are a pickle.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (path / name).is_file():
            raise ModelError(
                f"No adapter at {path}: {name} is missing.",
                remedy="Give a directory written by PEFT's save_pretrained with safetensors; "
                "pickled weights are not read.",
            )
    if "peft_type" not in _config(path):
        raise damaged(path, path / CONFIG_FILE, "names no peft_type")
    check_tensors(path / WEIGHTS_FILE)
    if has_tokenizer(path):
        for name in adapter_files(path):
            if name.endswith(".json"):
                read_json(path / name)


def attach_adapter(module: PreTrainedModel, path: Path, tokens: int | None = None) -> PeftModel:
    """Return `module` with the adapter of `path` active (see `check_adapter`).

    Parameters
    ----------
    module
        The base model; its embeddings get as many rows as the adapter's have.
    path
        The adapter.
    tokens
        Tokens of the tokenizer beside the adapter; None where there is none.

    Raises
    ------
    ModelError
        If the adapter is of a kind that does not change layers.
    IntegrityError
        If the adapter was trained on a model of other shapes or another architecture, or has embeddings for
        tokens that no tokenizer beside it names.
    """
    from peft import PeftModel
    from peft.tuners.tuners_utils import BaseTuner

    _fit_embeddings(module, path, tokens)
    _check_shapes(module, path)
    with warnings.catch_warnings():
        # PEFT reads a property that transformers has renamed; nothing a caller could do about it.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        warnings.filterwarnings("ignore", "`lora_bias=True` was passed")  # see `merged`
        warnings.filterwarnings("error", "Found missing adapter keys")  # else they stay as they were drawn
        try:
            adapted = PeftModel.from_pretrained(module, str(path), is_trainable=False)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, OSError, UserWarning) as error:
            raise _foreign(path, module, (str(error).splitlines() or ["PEFT refuses it"])[0][:200]) from error
    if not isinstance(adapted.base_model, BaseTuner):
        raise ModelError(
            f"The adapter at {path} ({_config(path)['peft_type']}) changes prompts, not layers.",
            remedy="Give a LoRA adapter, or another kind that changes layers.",
        )
    adapted.eval()
    return adapted


def merged(adapted: PeftModel, path: Path) -> PreTrainedModel | PeftModel:
    """Return the model with the adapter folded in, or as it is where that cannot be done exactly.

    Biases trained with a low-rank factor (``lora_bias``) have no place in a layer without one, so such an
    adapter stays beside the weights.
    """
    if _config(path).get("lora_bias"):
        return adapted
    return cast("PreTrainedModel", adapted.merge_and_unload())


def adapted_layers(path: Path) -> frozenset[str] | None:
    """Return the names of the layers that an adapter has factors for; None where it holds anything else."""
    from safetensors import safe_open

    with safe_open(str(path / WEIGHTS_FILE), framework="np") as file:
        found = [_FACTOR.fullmatch(str(key)) for key in file.keys()]  # noqa: SIM118 - the file is no mapping
    layers = [one[1] for one in found if one is not None]
    return frozenset(layers) if len(layers) == len(found) else None


def _config(path: Path) -> dict[str, object]:
    content = read_json(path / CONFIG_FILE)
    if not isinstance(content, dict):
        raise damaged(path, path / CONFIG_FILE, "holds no JSON object")
    return content


def _fit_embeddings(module: PreTrainedModel, path: Path, tokens: int | None) -> None:
    """Give the base model the rows of the adapter's embeddings, where it brings whole ones."""
    from safetensors import safe_open

    table = module.get_input_embeddings()
    found = int(table.get_parameter("weight").shape[0])
    names = {name for name, part in module.named_modules() if part is table}
    with safe_open(str(path / WEIGHTS_FILE), framework="np") as file:
        for key in file.keys():  # noqa: SIM118 - the file is no mapping
            layer, _, last = key.removeprefix("base_model.model.").rpartition(".")
            layer = layer.removesuffix(".modules_to_save").removesuffix(".base_layer")
            if last != "weight" or layer not in names:
                continue
            rows = int(file.get_slice(key).get_shape()[0])
            if rows == found:
                continue
            if tokens is None or tokens > rows:
                raise _foreign(path, module, f"its embeddings have {rows} rows, the model's {found}")
            module.resize_token_embeddings(rows, mean_resizing=False)
            return


def _check_shapes(module: PreTrainedModel, path: Path) -> None:
    """Compare the adapter's low-rank factors with the layers they claim to adapt, before PEFT mixes them."""
    from safetensors import safe_open

    if _config(path)["peft_type"] != "LORA":
        return  # other kinds have other shapes; PEFT itself checks those
    shapes = {name: tuple(weight.shape) for name, weight in module.named_parameters(remove_duplicate=False)}
    with safe_open(str(path / WEIGHTS_FILE), framework="pt") as file:
        keys = list(file.keys())
        for key in keys:
            for factor, axis in (("lora_A", 1), ("lora_B", 0)):
                if f".{factor}." not in key or key.endswith(".bias"):
                    continue
                target = key.split(f".{factor}.")[0].removeprefix("base_model.model.") + ".weight"
                shape = tuple(file.get_slice(key).get_shape())
                if target not in shapes:
                    raise _foreign(path, module, f"it adapts {target!r}, which this model does not have")
                if shape[axis] not in shapes[target]:  # GPT-2 keeps its weights transposed
                    raise _foreign(path, module, f"{key} has shape {shape}, its layer {shapes[target]}")
    if not keys:
        raise ModelError(f"The adapter at {path} holds no weights.", remedy="Save it again with PEFT.")


def _foreign(path: Path, module: PreTrainedModel, why: str) -> IntegrityError:
    base = _config(path).get("base_model_name_or_path")
    return IntegrityError(
        f"The adapter at {path} does not fit {type(module).__name__}: {why}.",
        remedy=f"Load it on the model it was trained on ({base!r}), with its tokenizer beside it where it "
        "brings tokens.",
    )
