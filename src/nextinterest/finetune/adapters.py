"""LoRA on a language model: which layers get an adapter, in which precision, and how it is saved.

The linear layers are found by looking at the model, so that any architecture of transformers can be tuned.
Knows transformers and PEFT; nothing of what is predicted.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import torch
from safetensors import SafetensorError

from nextinterest.counting import counted
from nextinterest.errors import ModelError, StorageError
from nextinterest.files import storing, write_atomic
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.llm.adapters import CONFIG_FILE, WEIGHTS_FILE

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["add_lora", "decoder_of", "linear_layers", "load_quantised", "quantisation", "save_adapter"]


def decoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return a causal model without its output embedding; adapters inside it stay."""
    inner = getattr(model, "get_base_model", None)
    plain = cast("PreTrainedModel", inner()) if inner is not None else model
    return cast("PreTrainedModel", getattr(plain, plain.base_model_prefix))


def linear_layers(model: PreTrainedModel, frozen_layers: int = 0) -> list[str]:
    """Return the names of the linear layers that can be adapted, without the output embedding.

    Linear layers are those of torch (in 4 bits too) and the transposed ones of GPT-2. Layers of a model are
    counted in its lists of like blocks; an encoder-decoder model has two, and none of it is frozen.

    Parameters
    ----------
    model
        The model, without adapters.
    frozen_layers
        Lower blocks that are left out, with what stands outside of blocks.

    Raises
    ------
    ModelError
        If there is none, or every block is frozen.
    """
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    blocks = _blocks(model)
    n = min((len(own) for own in blocks.values()), default=0)
    if frozen_layers and frozen_layers >= n:
        raise ModelError(
            f"The model has {counted(n, 'layer')} and {frozen_layers} are frozen: none is left to adapt.",
            remedy=f"Set frozen_layers below {n}, or lora to null to train the head alone.",
        )
    inside = [f"{name}.{i}." for name, own in blocks.items() for i in range(frozen_layers, len(own))]
    found = [
        name
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear | Conv1D)
        and part is not output
        and name.startswith(tuple(inside))
    ]
    if not found:
        raise ModelError(
            f"{type(model).__name__} has no blocks with linear layers to adapt.",
            remedy="Tune a transformer language model.",
        )
    return found


def _blocks(model: torch.nn.Module) -> dict[str, torch.nn.ModuleList]:
    """Return the lists of like blocks by name, those inside of blocks left out."""
    lists = {
        name: part
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.ModuleList) and len({type(block) for block in part}) == 1
    }
    return {name: own for name, own in lists.items() if not any(name.startswith(f"{n}.") for n in lists)}


def add_lora(model: PreTrainedModel, options: LoraOptions, frozen_layers: int = 0) -> PreTrainedModel:
    """Return the model with adapters in the layers above the frozen ones; only they require gradients.

    Parameters
    ----------
    model
        A causal or encoder-decoder model.
    options
        Rank and the like.
    frozen_layers
        Lower layers without adapters.

    Raises
    ------
    ModelError
        If every layer is frozen, none of the targets exists, or layers of an encoder-decoder model are to be
        frozen.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers.pytorch_utils import Conv1D

    pair = bool(model.config.is_encoder_decoder)
    if pair and frozen_layers:
        raise ModelError(
            "Lower layers of an encoder-decoder model cannot be frozen: its decoder reads the whole encoder.",
            remedy="Set frozen_layers to 0.",
        )
    names = linear_layers(model, frozen_layers)
    targets = [name for name in names if not options.targets or name.rpartition(".")[2] in options.targets]
    if not targets:
        there = sorted({name.rpartition(".")[2] for name in names})
        raise ModelError(
            f"None of the layers {', '.join(options.targets)} exists; there are {', '.join(there)}.",
            remedy="Name some of these in lora.targets, or none for all.",
        )
    transposed = isinstance(model.get_submodule(targets[0]), Conv1D)
    if options.quantised:
        model = prepare_model_for_kbit_training(model)  # type: ignore[no-untyped-call]
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=targets,
        fan_in_fan_out=transposed,
        task_type="SEQ_2_SEQ_LM" if pair else "CAUSAL_LM",
    )
    try:
        with warnings.catch_warnings():
            # PEFT reads a property that transformers has renamed; nothing a caller could do about it.
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            return cast("PreTrainedModel", get_peft_model(model, config))
    except ValueError as error:  # layers that PEFT knows not to work in this architecture
        raise ModelError(
            f"No layer could be adapted: {error}", remedy="Name others of the model's layers in lora.targets."
        ) from error


def quantisation(options: LoraOptions | None) -> object | None:
    """Return the 4-bit configuration of QLoRA (Dettmers et al., 2023), None where it was not asked for.

    Raises
    ------
    ModelError
        If there is no CUDA device, or bitsandbytes is not installed.
    """
    if options is None or not options.quantised:
        return None
    if not torch.cuda.is_available():
        raise ModelError(
            "QLoRA keeps the frozen weights in 4 bits, which bitsandbytes computes with on CUDA only.",
            remedy="Set lora.quantised to false; on a CPU freeze the lower layers instead (cached: true).",
        )
    try:
        import bitsandbytes  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        raise ModelError(
            "QLoRA needs the package 'bitsandbytes', which is not installed.",
            remedy="Install it with: pip install bitsandbytes",
        ) from None
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def load_quantised(path: str | Path, kind: Literal["causal", "seq2seq"], bits: object) -> PreTrainedModel:
    """Load frozen weights in 4 bits onto this process's GPU.

    Parameters
    ----------
    path
        Folder of published weights, as safetensors.
    kind
        Kind of model.
    bits
        From `quantisation`.
    """
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    auto = AutoModelForCausalLM if kind == "causal" else AutoModelForSeq2SeqLM
    model = auto.from_pretrained(
        str(path),
        quantization_config=bits,
        dtype=torch.bfloat16,
        use_safetensors=True,
        device_map={"": torch.cuda.current_device()},
    )
    return cast("PreTrainedModel", model)


def save_adapter(model: PreTrainedModel, directory: Path, base: str) -> None:
    """Write PEFT's own files, loadable by ``PeftModel.from_pretrained``, weights as safetensors.

    Parameters
    ----------
    model
        The adapted model.
    directory
        Where to.
    base
        The base model's name, written where PEFT writes the folder it happened to lie in.
    """
    try:
        with storing(directory):
            try:
                model.save_pretrained(str(directory), safe_serialization=True)
            except SafetensorError as error:  # safetensors writes files itself and puts the number into text
                raise _as_os_error(error) from error
    except StorageError:
        with suppress(OSError):
            (directory / WEIGHTS_FILE).unlink()  # half of it would be taken for a cut-off adapter
        raise
    path = directory / CONFIG_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    content["base_model_name_or_path"] = base
    write_atomic(path, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())


def _as_os_error(error: SafetensorError) -> OSError:
    """Return the system's own error, whose number safetensors gives as ``(os error 28)``."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(found[1]), os.strerror(int(found[1]))) if found else OSError(str(error))
