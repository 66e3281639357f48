"""A language model made ready to be tuned: weights, adapters, precision, checkpointing. Knows no task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from nextinterest.finetune.adapters import add_lora, decoder_of, load_quantised, quantisation
from nextinterest.finetune.lower_layers import LowerLayers
from nextinterest.finetune.processes import use_own_gpu
from nextinterest.finetune.task_config import TasksConfig
from nextinterest.llm.loading import Kind, load_module
from nextinterest.llm.opening import is_encoder_decoder
from nextinterest.llm.tokenizer import LocalTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Backbone", "enable_checkpointing", "open_backbone"]


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A model with adapters, ready to be tuned.

    Attributes
    ----------
    model
        The model; only its adapters require gradients.
    tokenizer
        Its tokenizer.
    kind
        Causal, or encoder-decoder.
    name, fingerprint
        Of the weights without adapters.
    """

    model: PreTrainedModel
    tokenizer: LocalTokenizer
    kind: Kind
    name: str
    fingerprint: str

    def lower_layers(self, config: TasksConfig, work: Path) -> LowerLayers | None:
        """Return what keeps the frozen layers' output, None where nothing is to be kept."""
        if not (config.cached and config.frozen_layers):
            return None
        return LowerLayers(
            decoder_of(self.model), config.frozen_layers, (), work / "frozen", self.fingerprint
        )


def open_backbone(path: str | Path, config: TasksConfig) -> Backbone:
    """Load a model, causal or encoder-decoder, and attach what will be tuned.

    Parameters
    ----------
    path
        A directory or a hub id.
    config
        Adapters, frozen layers, precision.

    Raises
    ------
    ModelError
        If the model cannot be loaded, adapted as asked, or quantised on this machine.
    """
    use_own_gpu()
    kind: Kind = "seq2seq" if is_encoder_decoder(path) else "causal"
    bits = quantisation(config.lora)
    if bits is None:
        loaded = load_module(path, kind, dtype=config.dtype)
        model = loaded.module
    else:  # the fingerprint is that of the files
        loaded = load_module(path, kind, device="cpu", dtype="bfloat16")
        model = load_quantised(path, kind, bits)
    with torch.random.fork_rng():
        torch.manual_seed(config.training.seed)  # adapters start at random
        model = add_lora(model, config.lora, config.frozen_layers)
    if config.checkpointing:
        enable_checkpointing(model)
    return Backbone(model, LocalTokenizer(loaded.tokenizer), kind, loaded.name, loaded.fingerprint)


def enable_checkpointing(model: PreTrainedModel) -> None:
    """Keep only the layers' inputs for the backward pass, and compute the rest again."""
    how = {"use_reentrant": False}  # the other way needs gradients of the inputs, which are frozen here
    newer = getattr(model, "activation_checkpointing_enable", None)
    if newer is not None:  # from transformers 5.20 or so on
        newer(activation_checkpointing_kwargs=how)
    else:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)  # type: ignore[no-untyped-call]
