"""LoRA on a causal model: which layers get an adapter, in which precision, and how it is saved.

Knows transformers and PEFT; nothing of what is predicted.
"""

from __future__ import annotations

import json
import os
import re
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

__all__ = ["add_lora", "decoder_of", "load_quantised", "quantisation", "save_adapter"]


def decoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return the decoder of a causal model, without the output embedding; adapters inside it stay.

    Raises
    ------
    ModelError
        If the model keeps its layers in no list ``layers``, so that they cannot be identified.
    """
    inner = getattr(model, "get_base_model", None)
    plain = cast("PreTrainedModel", inner()) if inner is not None else model
    body = cast("PreTrainedModel", getattr(plain, plain.base_model_prefix))
    if not isinstance(getattr(body, "layers", None), torch.nn.ModuleList):
        raise ModelError(
            f"{type(plain).__name__} has no list of decoder layers named 'layers'.",
            remedy="Tune a model of the Llama, Qwen, Gemma or Mistral families.",
        )
    return body


def add_lora(model: PreTrainedModel, options: LoraOptions, frozen_layers: int = 0) -> PreTrainedModel:
    """Return the model with adapters in the layers above the frozen ones; only they require gradients.

    Parameters
    ----------
    model
        A causal model.
    options
        Rank and the like.
    frozen_layers
        Lower layers without adapters.

    Raises
    ------
    ModelError
        If every layer is frozen, or none of the targets exists.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    n = len(cast(torch.nn.ModuleList, decoder_of(model).layers))
    if frozen_layers >= n:
        raise ModelError(
            f"The model has {counted(n, 'layer')} and {frozen_layers} are frozen: none is left to adapt.",
            remedy=f"Set frozen_layers below {n}, or lora to null to train the head alone.",
        )
    if options.quantised:
        model = prepare_model_for_kbit_training(model)  # type: ignore[no-untyped-call]
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=list(options.targets),
        layers_to_transform=list(range(frozen_layers, n)),
        layers_pattern="layers",
        task_type="CAUSAL_LM",
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise ModelError(
            f"No layer could be adapted: {error}", remedy="Name linear layers of the model in lora.targets."
        ) from error
    return cast("PreTrainedModel", adapted)


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
