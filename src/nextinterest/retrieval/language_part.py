"""The item softmax of a trained retriever as files, and back, refusing what does not belong together.

    adapter/              PEFT's own adapter_config.json and adapter_model.safetensors, where LoRA was trained
    heads.safetensors     the head's tensors, beside those of the other parts

What the head was trained on is written down by name and hash: base model, adapter, template, and how
histories are rendered. The base model is not copied.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from nextinterest.data.assets import locate
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import IntegrityError, ModelError
from nextinterest.llm import LocalModel
from nextinterest.llm.adapters import adapter_files
from nextinterest.llm.devices import DtypeName
from nextinterest.prompts import PromptOptions, PromptTemplate
from nextinterest.retrieval.files import read_verified, write_atomic
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax, Origin

__all__ = ["LanguageManifest", "load_language_part", "rounded", "save_language_part"]

_ADAPTER = "adapter"


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

    adapter: dict[str, str]
    """SHA-256 of the adapter's files by name; empty where there is no adapter."""


def save_language_part(part: ItemSoftmax, directory: Path) -> tuple[LanguageManifest, dict[str, np.ndarray]]:
    """Write the adapter; return what belongs into the manifest and the tensors of the head.

    Raises
    ------
    ModelError
        If the part does not know by which name its model can be loaded again.
    """
    if part.origin is None:
        raise ModelError(
            "This item softmax was given its model as an object, so a directory could not name it.",
            remedy="Give it an Origin.",
        )
    hashes: dict[str, str] = {}
    if part.origin.adapter is not None:
        for name in adapter_files(part.origin.adapter):
            data = (part.origin.adapter / name).read_bytes()
            hashes[name] = write_atomic(directory / _ADAPTER / name, data)
    manifest = LanguageManifest(
        base=part.origin.base,
        n_layers=part.origin.n_layers,
        fingerprint=part.model.fingerprint,
        random_seed=part.origin.random_seed,
        layers=part.layers,
        head=part.head.config,
        template=part.template.name,
        template_hash=part.template.hash,
        options=part.options,
        adapter=hashes,
    )
    state = {key: tensor.cpu().numpy() for key, tensor in part.head.state_dict().items()}
    return manifest, {key: _half(key, tensor) for key, tensor in state.items()}


def load_language_part(
    manifest: LanguageManifest,
    tensors: dict[str, np.ndarray],
    directory: Path,
    catalog: Catalog,
    text: FloatArray,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
) -> ItemSoftmax:
    """Load base model and adapter and put the head on them.

    Parameters
    ----------
    manifest, tensors
        What `save_language_part` returned.
    directory
        Where it wrote the adapter.
    catalog, text
        The items and their text vectors, of the catalogue the head was trained on.
    device, dtype
        See `nextinterest.llm.LocalModel.load`.

    Raises
    ------
    IntegrityError
        If the template, the adapter's files or the base model are not those of training, or the head is of
        another catalogue; the message says which.
    """
    template = PromptTemplate.named(manifest.template)
    if template.hash != manifest.template_hash:
        raise IntegrityError(
            f"The language model in {directory} was trained under another version of the template "
            f"{manifest.template!r}: {manifest.template_hash[:12]}, not {template.hash[:12]}.",
            remedy="Use the version of nextinterest it was trained with, or train it again.",
        )
    for name, expected in manifest.adapter.items():
        read_verified(directory / _ADAPTER / name, expected)
    adapter = directory / _ADAPTER if manifest.adapter else None
    model = LocalModel.load(
        locate(manifest.base, "language-model"),
        device=device,
        dtype=dtype,
        adapter=adapter,
        n_layers=manifest.n_layers,
        random_seed=manifest.random_seed,
    )
    if model.fingerprint != manifest.fingerprint:
        raise IntegrityError(
            f"The adapter and head in {directory} were trained on the language model {manifest.base!r} of "
            f"fingerprint {manifest.fingerprint[:12]}; with the one found under that name it would be "
            f"{model.fingerprint[:12]}.",
            remedy="Put the same base model there, or train again on this one.",
        )
    if len(tensors["bias"]) != len(catalog):
        raise IntegrityError(
            f"The item head in {directory} has {len(tensors['bias']):,} items, its catalogue "
            f"{len(catalog):,}.",
            remedy="Train and save it again.",
        )
    head = ItemHead(manifest.head, text)
    head.load_state_dict({key: torch.from_numpy(t.astype(np.float32)) for key, t in tensors.items()})
    head.to(model.device)
    origin = Origin(manifest.base, manifest.n_layers, adapter, manifest.random_seed)
    return ItemSoftmax(model, head, catalog, template, manifest.options, manifest.layers, origin)


def rounded(head: ItemHead) -> None:
    """Round a head in place to what its file will hold."""
    state = head.state_dict()
    head.load_state_dict(
        {key: torch.from_numpy(_half(key, t.cpu().numpy()).astype(np.float32)) for key, t in state.items()}
    )


def _half(key: str, tensor: np.ndarray) -> np.ndarray:
    # Mean and spread of hidden states reach beyond what half precision holds.
    return tensor if key in ("mean", "scale") else tensor.astype(np.float16)
