"""A language model made ready to be tuned: weights, adapters, precision, checkpointing. Knows no task."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import torch

from nextinterest.errors import ModelError
from nextinterest.finetune.adapters import add_lora, decoder_of, load_quantised, quantisation
from nextinterest.finetune.lower_layers import LowerLayers
from nextinterest.finetune.processes import use_own_gpu
from nextinterest.finetune.task_config import TuningConfig
from nextinterest.llm.loading import load_module
from nextinterest.llm.tokenizer import LocalTokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Backbone", "add_seq2seq_lora", "enable_checkpointing", "open_backbone"]

Kind = Literal["causal", "seq2seq"]


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

    def lower_layers(self, config: TuningConfig, work: Path) -> LowerLayers | None:
        """Return what keeps the frozen layers' output, None where nothing is to be kept."""
        if not (config.cached and config.frozen_layers):
            return None
        return LowerLayers(
            decoder_of(self.model), config.frozen_layers, (), work / "frozen", self.fingerprint
        )


def open_backbone(path: str | Path, config: TuningConfig, *, kind: Kind = "causal") -> Backbone:
    """Load a model and attach what will be tuned.

    Parameters
    ----------
    path
        A directory or a hub id.
    config
        Adapters, frozen layers, precision.
    kind
        Encoder-decoder models have no lower layers to freeze: the whole of them is adapted.

    Raises
    ------
    ModelError
        If the model cannot be loaded, adapted as asked, or quantised on this machine.
    """
    use_own_gpu()
    bits = quantisation(config.lora)
    if bits is None:
        loaded = load_module(path, kind, dtype=config.dtype)
        model = loaded.module
    else:  # the fingerprint is that of the files
        loaded = load_module(path, kind, device="cpu", dtype="bfloat16")
        model = load_quantised(path, kind, bits)
    with torch.random.fork_rng():
        torch.manual_seed(config.training.seed)  # adapters start at random
        if kind == "causal":
            model = add_lora(model, config.lora, config.frozen_layers)
        else:
            model = add_seq2seq_lora(model, config)
    if config.checkpointing:
        enable_checkpointing(model)
    return Backbone(model, LocalTokenizer(loaded.tokenizer), kind, loaded.name, loaded.fingerprint)


def add_seq2seq_lora(model: PreTrainedModel, config: TuningConfig) -> PreTrainedModel:
    """Return an encoder-decoder model with adapters in every layer's attention and feed-forward part.

    Raises
    ------
    ModelError
        If it has none of T5's and BART's linear layers, or layers are to be frozen.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if config.frozen_layers:
        raise ModelError(
            "Lower layers of an encoder-decoder model cannot be frozen: its decoder reads the whole encoder.",
            remedy="Set frozen_layers to 0.",
        )
    names = {name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, _Linear)}
    targets = sorted(names & _SEQ2SEQ_TARGETS)
    if not targets:
        raise ModelError(
            f"{type(model).__name__} has none of the linear layers {', '.join(sorted(_SEQ2SEQ_TARGETS))}.",
            remedy="Tune a model of the T5 or BART families.",
        )
    if config.lora.quantised:
        model = prepare_model_for_kbit_training(model)  # type: ignore[no-untyped-call]
    options = LoraConfig(
        r=config.lora.rank,
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=targets,
        task_type="SEQ_2_SEQ_LM",
    )
    return cast("PreTrainedModel", get_peft_model(model, options))


def enable_checkpointing(model: PreTrainedModel) -> None:
    """Keep only the layers' inputs for the backward pass, and compute the rest again."""
    how = {"use_reentrant": False}  # the other way needs gradients of the inputs, which are frozen here
    newer = getattr(model, "activation_checkpointing_enable", None)
    if newer is not None:  # from transformers 5.20 or so on
        newer(activation_checkpointing_kwargs=how)
    else:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)  # type: ignore[no-untyped-call]


_Linear = torch.nn.Linear
_SEQ2SEQ_TARGETS = frozenset(
    {"q", "k", "v", "o", "wi", "wi_0", "wi_1", "wo"}  # T5
    | {"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"}  # BART
)
