"""A language model that an agent names and loads when something first needs it.

A recommender whose ranking never asks its second model (choice weight 0) does not hold half a gigabyte for
it: a model that reads messages or words texts is loaded then, ranking and forecasting do without. The
fingerprint is checked when the weights are read. A model at an endpoint is opened without a request.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TypeAlias

from nextinterest.data.assets import locate, refuse_misspelt
from nextinterest.errors import AssetError, IntegrityError, ModelError
from nextinterest.llm import Capabilities, EndpointSettings, LanguageModel, Tokenizer, open_model
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.loading import joined_digest, load_tokenizer
from nextinterest.llm.local_base import LEAST_INSTRUCTED
from nextinterest.llm.opening import LanguageModelLike, name_of, remote_name
from nextinterest.tracing import step

__all__ = ["AgentModel", "DeferredModel", "deferred", "loaded"]

_BYTES_PER_WEIGHT = 2
logger = logging.getLogger(__name__)


class DeferredModel:
    """A language model by name, not loaded yet.

    Parameters
    ----------
    spec
        An asset's name, a folder, a hub id, or ``openai:MODEL@URL``.
    fingerprint
        What the model must have, or None for whatever is found under the name.
    directory
        The recommender directory that names it, for messages.
    adapter
        Folder of an adapter that is attached to it, or None.
    device, dtype, endpoint
        Passed on to `nextinterest.llm.open_model`.
    """

    def __init__(
        self,
        spec: str | Path,
        fingerprint: str | None = None,
        directory: Path | None = None,
        *,
        adapter: Path | None = None,
        device: str = "auto",
        dtype: DtypeName = "auto",
        endpoint: EndpointSettings | None = None,
    ) -> None:
        self.name = name_of(spec) or str(spec)
        self._spec = str(spec)
        self._remote = remote_name(self._spec) is not None
        self._expected, self._directory, self._adapter = fingerprint, directory, adapter
        self._device, self._dtype, self._endpoint = device, dtype, endpoint
        self._model: LanguageModel | None = None
        self._tokenizer: Tokenizer | None = None
        self._lock = threading.Lock()
        if self._remote and directory is not None:
            logger.warning(
                "%s names the language model %s: prompts with users' histories are sent there, and the key "
                "of OPENAI_API_KEY where one is set.",
                directory,
                self.name,
            )

    @property
    def opened_as(self) -> str:
        """The name by which it can be opened again, without credentials."""
        return self.name

    @property
    def fingerprint(self) -> str:
        """Hash of the weights: the one expected, which needs no loading, else that of the loaded model."""
        return self._expected or self.load().fingerprint

    @property
    def capabilities(self) -> Capabilities:
        """What the model can do; of local weights as far as their files show, which needs no loading."""
        if self._model is not None:
            return self._model.capabilities
        if self._remote:
            return self.load().capabilities
        return Capabilities(
            hidden_states=True, choose=True, score=True, constrained=True, instructed=self._is_large()
        )

    def _is_large(self) -> bool:
        folder = Path(self._spec).expanduser()
        try:
            size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        except OSError:
            return False
        return size >= LEAST_INSTRUCTED * _BYTES_PER_WEIGHT and self.tokenizer.has_chat_template

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, which is small and needs no weights."""
        if self._remote:
            return self.load().tokenizer
        with self._lock:
            if self._model is not None:
                return self._model.tokenizer
            if self._tokenizer is None:
                self._tokenizer = load_tokenizer(locate(self._spec, "language-model"))
            return self._tokenizer

    def load(self) -> LanguageModel:
        """Return the model; the first call reads the weights, also where several threads ask at once.

        Raises
        ------
        IntegrityError
            If the model found under the name has another fingerprint.
        NextInterestError
            If there is no such model; where a directory names it, with how to say where it lies.
        """
        with self._lock:
            if self._model is None:
                with step("load", model=self.name):
                    self._model = self._read()
            return self._model

    def _read(self) -> LanguageModel:
        try:
            model = open_model(
                self._spec,
                device=self._device,
                dtype=self._dtype,
                endpoint=self._endpoint,
                adapter=self._adapter,
            )
        except (AssetError, ModelError) as error:
            if self._directory is None:
                raise
            raise type(error)(
                f"The language model {self.name!r} that {self._directory} names cannot be opened: "
                f"{error.message}",
                remedy="Say where it lies now with language_model=..., or go without: language_model=None.",
                command="Say where it lies now with --language-model, or go without: --language-model none.",
            ) from error
        expected = self._expected
        if expected is not None and self._adapter is not None:
            expected = joined_digest(expected, self._adapter)
        if expected is not None and not self._remote and model.fingerprint != expected:
            raise IntegrityError(
                f"{self._directory or 'The agent'} was saved with the language model {self.name!r} of "
                f"fingerprint {str(self._expected)[:12]}; the one found under that name is another.",
                remedy="Put the same model there, or say where it lies now with language_model=...",
                command="Put the same model there, or say where it lies now with --language-model.",
            )
        return model


AgentModel: TypeAlias = "LanguageModel | DeferredModel"
"""A language model of an agent, loaded or not."""


def loaded(model: AgentModel) -> LanguageModel:
    """Return the model, loaded at the first call."""
    return model.load() if isinstance(model, DeferredModel) else model


def deferred(
    spec: LanguageModelLike | DeferredModel,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
    endpoint: EndpointSettings | None = None,
) -> AgentModel:
    """Return a model by name unloaded, an object as it is; parameters as of `nextinterest.llm.open_model`.

    Raises
    ------
    ModelError
        If something else was given.
    AssetError
        If it is the misspelt name of an asset.
    """
    if isinstance(spec, DeferredModel):
        return spec
    if isinstance(spec, str | Path):
        refuse_misspelt(str(spec), "language-model")
        return DeferredModel(spec, device=device, dtype=dtype, endpoint=endpoint)
    return open_model(spec, device=device, dtype=dtype)
