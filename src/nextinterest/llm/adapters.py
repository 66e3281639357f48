"""Attach a PEFT adapter to a base model, refusing what does not belong to it.

Knows files and shapes; nothing of what the adapter was trained for (that is in its recommender directory).
"""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nextinterest.errors import IntegrityError, ModelError

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

__all__ = ["adapter_digest", "attach_adapter"]

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"


def adapter_digest(path: Path) -> str:
    """Return SHA-256 over an adapter's configuration and weights."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        digest.update((path / name).read_bytes())
    return digest.hexdigest()


def attach_adapter(module: PreTrainedModel, path: Path) -> PeftModel:
    """Return `module` with the adapter of `path` active.

    Raises
    ------
    ModelError
        If the directory is not an adapter, or keeps its weights in a pickle.
    IntegrityError
        If the adapter was trained on a model of other shapes or another architecture.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (path / name).is_file():
            raise ModelError(
                f"No adapter at {path}: {name} is missing.",
                remedy="Give a directory written by PEFT's save_pretrained with safetensors; "
                "pickled weights are not read.",
            )
    _check_shapes(module, path)
    from peft import PeftModel

    with warnings.catch_warnings():
        # PEFT reads a property that transformers has renamed; nothing a caller could do about it.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        adapted = PeftModel.from_pretrained(module, str(path), is_trainable=False)
    adapted.eval()
    return adapted


def _check_shapes(module: PreTrainedModel, path: Path) -> None:
    """Compare the adapter's low-rank factors with the layers they claim to adapt, before PEFT mixes them."""
    from safetensors import safe_open

    kind = json.loads((path / CONFIG_FILE).read_text(encoding="utf-8")).get("peft_type")
    if kind != "LORA":
        return  # other kinds have other shapes; PEFT itself checks those
    shapes = {name: tuple(weight.shape) for name, weight in module.named_parameters(remove_duplicate=False)}
    with safe_open(str(path / WEIGHTS_FILE), framework="pt") as file:
        keys = list(file.keys())
        for key in keys:
            for factor, axis in (("lora_A", 1), ("lora_B", 0)):
                if f".{factor}." not in key:
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
    base = json.loads((path / CONFIG_FILE).read_text(encoding="utf-8")).get("base_model_name_or_path")
    return IntegrityError(
        f"The adapter at {path} does not fit {type(module).__name__}: {why}.",
        remedy=f"Load it on the model it was trained on ({base!r}).",
    )
