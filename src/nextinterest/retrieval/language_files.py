"""The language model and head of an item softmax as files, and back, refusing what does not belong together.

    adapter/              PEFT's own adapter_config.json and adapter_model.safetensors, where LoRA was trained
    heads.safetensors     the head's tensors, beside those of the other parts

What the head was trained on is written down by name and hash: base model, adapter, template, and how
histories are rendered. The base model is not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from nextinterest.artifact_files import Artifact
from nextinterest.counting import counted
from nextinterest.data.assets import locate
from nextinterest.domain import FloatArray
from nextinterest.errors import AssetError, IntegrityError, ModelError
from nextinterest.llm import LocalModel
from nextinterest.llm.adapters import adapter_files
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.loading import files_fingerprint
from nextinterest.prompts import PromptOptions, PromptTemplate
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig

__all__ = [
    "LanguageManifest",
    "Origin",
    "adapter_bytes",
    "base_model_wanted",
    "head_arrays",
    "head_of",
    "load_language_model",
    "rounded",
]

_ADAPTER = "adapter"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the model of an `ItemSoftmax` comes from, so that it can be saved by name.

    Attributes
    ----------
    base
        An asset's name, a folder or a hub id.
    n_layers
        Layers kept, from the bottom; None for all.
    adapter
        Folder with PEFT's files, or None.
    random_seed
        Seed of the weights where they are drawn and not those of `base`; else None.
    """

    base: str
    n_layers: int | None = None
    adapter: Path | None = None
    random_seed: int | None = None


class LanguageManifest(BaseModel):
    """What an item softmax was trained on."""

    model_config = ConfigDict(extra="forbid")

    base: str
    """Name of the base model."""

    n_layers: int | None
    """Layers kept of it."""

    fingerprint: str
    """Of base model, layers and adapter together."""

    random_seed: int | None = None
    """Seed from which the base model's weights are drawn again, where they are not the published ones."""

    layers: tuple[int, ...]
    """Layers the head reads."""

    head: ItemHeadConfig
    """Shape of the head."""

    template: str
    template_hash: str
    options: PromptOptions

    adapter: bool
    """Whether there is an adapter."""


def adapter_bytes(origin: Origin) -> dict[str, bytes]:
    """Return the adapter's files by their names in a directory; none where there is no adapter."""
    if origin.adapter is None:
        return {}
    return {
        f"{_ADAPTER}/{name}": (origin.adapter / name).read_bytes() for name in adapter_files(origin.adapter)
    }


def load_language_model(
    manifest: LanguageManifest,
    saved: Artifact[BaseModel],
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    moved: str | None = None,
) -> tuple[LocalModel, PromptTemplate, Origin]:
    """Return the model that a head was trained on, its template, and where it came from.

    Parameters
    ----------
    manifest
        What was written of it.
    saved
        The directory with the adapter.
    device, dtype
        See `nextinterest.llm.LocalModel.load`.
    moved
        Where the base model may lie now: taken in place of the saved name where the fingerprint fits.

    Raises
    ------
    ModelError
        If the base model is not found.
    IntegrityError
        If the template, the adapter's files or the base model are not those of training; the message says
        which.
    """
    template = PromptTemplate.named(manifest.template)
    if template.hash != manifest.template_hash:
        raise IntegrityError(
            f"The language model in {saved.directory} was trained under another version of the template "
            f"{manifest.template!r}: {manifest.template_hash[:12]}, not {template.hash[:12]}.",
            remedy="Use the version of nextinterest it was trained with, or train it again.",
        )
    adapter = saved.folder(_ADAPTER) if manifest.adapter else None
    base = moved if moved is not None and _is_it(moved, manifest, adapter) else manifest.base
    with base_model_wanted(base, saved.directory):
        model = LocalModel.load(
            locate(base, "language-model"),
            device=device,
            dtype=dtype,
            adapter=adapter,
            n_layers=manifest.n_layers,
            random_seed=manifest.random_seed,
        )
    if model.fingerprint != manifest.fingerprint:
        raise IntegrityError(
            f"The adapter and head in {saved.directory} were trained on the language model "
            f"{manifest.base!r} of fingerprint {manifest.fingerprint[:12]}; with the one found "
            f"under that name it would be {model.fingerprint[:12]}.",
            remedy="Put the same base model there, say where it lies now with language_model=..., or train "
            "again.",
            command="Put the same base model there, or say where it lies now with --language-model.",
        )
    return model, template, Origin(base, manifest.n_layers, adapter, manifest.random_seed)


def _is_it(folder: str, manifest: LanguageManifest, adapter: Path | None) -> bool:
    """Return whether a folder holds the model that a head was trained on, without loading it."""
    path = Path(folder).expanduser()
    if manifest.random_seed is not None or not (path / "config.json").is_file():
        return False
    return files_fingerprint(path, manifest.n_layers, adapter) == manifest.fingerprint


@contextmanager
def base_model_wanted(name: str, directory: Path) -> Iterator[None]:
    """Make a base model that is not found one error that says how to name its place."""
    try:
        yield
    except IntegrityError:
        raise
    except (AssetError, ModelError) as error:
        raise ModelError(
            f"The recommender in {directory} ranks with the language model {name!r}, which cannot be opened: "
            f"{error.message}",
            remedy="Say where it lies now with language_model=..., or go without: language_model=None.",
            command="Say where it lies now with --language-model, or go without: --language-model none.",
        ) from error


def head_arrays(head: ItemHead) -> dict[str, NDArray[np.generic]]:
    """Return a head's weights in the precision of its file."""
    return {key: _half(key, tensor.cpu().numpy()) for key, tensor in head.state_dict().items()}


def head_of(
    config: ItemHeadConfig, arrays: Mapping[str, NDArray[np.generic]], text: FloatArray, directory: Path
) -> ItemHead:
    """Return the head that `head_arrays` was given.

    Raises
    ------
    IntegrityError
        If it has another number of items than there are text vectors.
    """
    if len(arrays["bias"]) != len(text):
        raise IntegrityError(
            f"The item head in {directory} has {counted(len(arrays['bias']), 'item')}, its catalogue "
            f"{len(text):,}.",
            remedy="Train and save it again.",
        )
    head = ItemHead(config, text)
    head.load_state_dict({key: torch.from_numpy(t.astype(np.float32)) for key, t in arrays.items()})
    return head


def rounded(head: ItemHead) -> None:
    """Round a head in place to what its file will hold."""
    arrays = head_arrays(head)
    head.load_state_dict({key: torch.from_numpy(t.astype(np.float32)) for key, t in arrays.items()})


def _half(key: str, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
    # Mean and spread of hidden states reach beyond what half precision holds.
    return tensor if key in ("mean", "scale") else tensor.astype(np.float16)
