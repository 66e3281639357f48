"""Weights and tokenizer from a directory or a hub id, an adapter attached, both identified by a hash.

Only safetensors are read. Knows files; `local` and `seq2seq` know what to do with the module.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import torch

from nextinterest.errors import ModelError, NextInterestError
from nextinterest.llm.adapters import (
    adapted_layers,
    adapter_digest,
    attach_adapter,
    check_adapter,
    has_tokenizer,
    merged,
)
from nextinterest.llm.devices import (
    DtypeName,
    asks_nothing,
    cpu_has_bf16,
    keeps_half,
    pick_device,
    pick_dtype,
)
from nextinterest.llm.model_files import check_model_files
from nextinterest.llm.tokenizer import LocalTokenizer
from nextinterest.llm.tuning import THREADS_VARIABLE, tuned

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = [
    "Kind",
    "Loaded",
    "files_fingerprint",
    "joined_digest",
    "load_module",
    "load_tokenizer",
    "weights_digest",
    "without_adapter",
]

Kind = Literal["causal", "seq2seq"]
_SMALL = 2_000_000  # weights; 8 MB in float32


@dataclass(frozen=True, slots=True)
class Loaded:
    """A module ready to run, who it is, and whether its weights are to be kept in float16 (`HalfWeights`).

    `base` is the fingerprint of the weights that were read, before layers were cut and adapters attached;
    `changed` names the layers that an adapter was folded into, None where that is not known.
    """

    module: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    fingerprint: str
    half_weights: bool
    base: str
    changed: frozenset[str] | None


def load_module(
    path_or_id: str | Path,
    kind: Kind,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    adapter: str | Path | None = None,
    threads: int | None = None,
    n_layers: int | None = None,
    random_seed: int | None = None,
) -> Loaded:
    """Load a module in evaluation mode, on its device.

    On a CPU, precision and threads that are not given are those measured on this machine, and models of fewer
    than two million weights are computed in float32. With `n_layers` the
    layers above are cut off, for a reader of inner states. With `random_seed` the weights are not read but
    drawn, as transformers initialises the architecture: a control that says what pretraining is worth. Their
    hash is part of the fingerprint, so that another random stream is noticed.

    Raises
    ------
    ModelError
        If there is no such model, or its weights are not safetensors.
    IntegrityError
        If the adapter belongs to another model.
    """
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM
    from transformers.utils.logging import disable_progress_bar

    if not sys.stderr.isatty():
        disable_progress_bar()  # type: ignore[no-untyped-call]
    auto = AutoModelForCausalLM if kind == "causal" else AutoModelForSeq2SeqLM
    where = pick_device(device)
    path, beside = Path(path_or_id), None if adapter is None else Path(adapter)
    own_tokenizer = beside is not None and has_tokenizer(beside)
    if beside is not None:
        check_adapter(beside)
    if path.is_dir():
        check_model_files(path)
    precision = pick_dtype(dtype, where, measured=_tune(where, threads, dtype))
    with _loading(f"{kind} language model", path_or_id):
        if random_seed is None:
            module = _read(auto, str(path_or_id), precision)
            if (
                where.type == "cpu"
                and precision != torch.float32
                and asks_nothing(dtype)
                and _is_small(module)
            ):
                module = _read(auto, str(path_or_id), torch.float32)
        else:
            module = _drawn(auto, str(path_or_id), random_seed)
    tokenizer = load_tokenizer(beside if beside is not None and own_tokenizer else path_or_id).inner
    read_whole = path.is_dir() and random_seed is None
    fingerprint = base = _directory_digest(path) if read_whole else weights_digest(module)
    if random_seed is not None:
        torch.nn.Module.to(module, precision)
    name = path.name if random_seed is None else f"{path.name} (random {random_seed})"
    if n_layers is not None:
        _cut(module, n_layers)
        fingerprint = _cut_digest(fingerprint, n_layers)
    changed: frozenset[str] | None = frozenset()
    if beside is not None:
        adapted = attach_adapter(module, beside, len(tokenizer) if own_tokenizer else None)
        # Folded into the weights the adapter costs nothing. In half precision it would be rounded away in
        # part, so there it stays beside them.
        whole = merged(adapted, beside) if adapted.dtype == torch.float32 else adapted
        changed = adapted_layers(beside)
        if whole is adapted and changed is not None:
            changed = frozenset()
        module = cast("PreTrainedModel", whole)
        fingerprint = joined_digest(fingerprint, beside)
        name = f"{name}+{beside.name}"
    torch.nn.Module.to(module, where)
    module.eval().requires_grad_(False)  # type: ignore[no-untyped-call]
    return Loaded(module, tokenizer, name, fingerprint, keeps_half(dtype, where), base, changed)


def load_tokenizer(path_or_id: str | Path) -> LocalTokenizer:
    """Load the tokenizer of a model alone.

    Raises
    ------
    ModelError
        If there is none.
    """
    from transformers import AutoTokenizer

    with _loading("tokenizer", path_or_id):
        return LocalTokenizer(AutoTokenizer.from_pretrained(str(path_or_id)))


@contextmanager
def _loading(what: str, path_or_id: str | Path) -> Iterator[None]:
    """Make whatever a library raises over a model's files one error of ours."""
    try:
        yield
    except NextInterestError:
        raise
    except Exception as error:  # `tokenizers` raises plain ones
        raise ModelError(
            f"No {what} could be loaded from {str(path_or_id)!r}: {error}",
            remedy="Give a directory with config.json, *.safetensors and a tokenizer, or a hub id.",
        ) from error


def _is_small(module: PreTrainedModel) -> bool:
    """Return whether 16 bits would only cost digits: the weights fit a CPU's cache in float32."""
    return sum(weight.numel() for weight in module.parameters()) < _SMALL


def _read(auto: type, path_or_id: str, precision: torch.dtype) -> PreTrainedModel:
    """Read a model's weights.

    Raises
    ------
    ModelError
        If weights are missing: transformers would leave those as they were drawn at random.
    """
    module, report = auto.from_pretrained(  # type: ignore[attr-defined]
        path_or_id, dtype=precision, use_safetensors=True, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(
            f"The weights in {path_or_id!r} lack {missing[0]}{more}.",
            remedy="Copy or download the model again, or load it as the kind of model it is.",
        )
    return cast("PreTrainedModel", module)


def _drawn(auto: type, path_or_id: str, seed: int) -> PreTrainedModel:
    """Return a model of random weights: the same in every precision, since they are drawn in float32."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(path_or_id)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return cast("PreTrainedModel", auto.from_config(config, dtype=torch.float32))  # type: ignore[attr-defined]


def _cut(module: PreTrainedModel, n_layers: int) -> None:
    """Leave a decoder only its lowest layers.

    Raises
    ------
    ModelError
        If it does not have as many, or keeps its layers in no list ``layers``.
    """
    body = getattr(module, module.base_model_prefix)
    layers = getattr(body, "layers", None)
    if not isinstance(layers, torch.nn.ModuleList) or not 1 <= n_layers <= len(layers):
        found = len(layers) if isinstance(layers, torch.nn.ModuleList) else "no list of"
        raise ModelError(
            f"{type(module).__name__} has {found} layers; {n_layers} were asked for.",
            remedy="Ask for layers that the model has.",
        )
    body.layers = layers[:n_layers]
    config = module.config.get_text_config()
    config.num_hidden_layers = n_layers
    if getattr(config, "layer_types", None) is not None:
        config.layer_types = config.layer_types[:n_layers]


def _tune(device: torch.device, threads: int | None, dtype: str) -> str | None:
    """Set the process's threads; return the precision measured on this machine, on a CPU."""
    if device.type != "cpu":
        return None
    asked = threads or int(os.environ.get(THREADS_VARIABLE, "0"))
    chosen = asked or "OMP_NUM_THREADS" in os.environ or torch.get_num_threads() == 1
    if asked:
        torch.set_num_threads(asked)
    if chosen and (dtype != "auto" or not cpu_has_bf16()):
        return None  # nothing is left to choose
    found = tuned()
    if not chosen:
        torch.set_num_threads(found.threads)
    return found.dtype


def without_adapter(module: PreTrainedModel) -> PreTrainedModel:
    """Return the model inside a PEFT wrapper (its layers keep the adapter)."""
    inner = getattr(module, "get_base_model", None)
    return cast("PreTrainedModel", inner()) if inner is not None else module


def weights_digest(module: torch.nn.Module) -> str:
    """Return SHA-256 over the parameters in memory, for models that have no directory of their own."""
    digest = hashlib.sha256()
    for name, weight in sorted(module.named_parameters()):
        digest.update(f"{name}{tuple(weight.shape)}{weight.dtype}".encode())
        digest.update(weight.detach().contiguous().cpu().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def files_fingerprint(path: Path, n_layers: int | None = None, adapter: Path | None = None) -> str:
    """Return the fingerprint that a model in a folder would have once it is loaded, from its files alone.

    Parameters
    ----------
    path
        A folder in transformers' format.
    n_layers, adapter
        As of `load_module`.
    """
    found = _directory_digest(path)
    if n_layers is not None:
        found = _cut_digest(found, n_layers)
    return found if adapter is None else joined_digest(found, adapter)


def _cut_digest(fingerprint: str, n_layers: int) -> str:
    return hashlib.sha256(f"{fingerprint}:{n_layers}".encode()).hexdigest()


def joined_digest(fingerprint: str, adapter: Path) -> str:
    """Return the fingerprint of a model with an adapter, from that of the model without it."""
    return hashlib.sha256((fingerprint + adapter_digest(adapter)).encode()).hexdigest()


def _directory_digest(path: Path) -> str:
    """Return SHA-256 over configuration and weights of a saved model."""
    digest = hashlib.sha256()
    for file in sorted([path / "config.json", *path.glob("*.safetensors")]):
        digest.update(file.name.encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
