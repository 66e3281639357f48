"""A language model that an agent names and loads when something first needs it.

A recommender whose ranking never asks its second model (choice weight 0) does not hold half a gigabyte for
it: a model that reads messages or words texts is loaded then, ranking and forecasting do without. The
fingerprint is checked when the weights are read.
"""

from __future__ import annotations

import threading
from pathlib import Path

from nextinterest.data.assets import locate
from nextinterest.errors import IntegrityError
from nextinterest.llm import LanguageModel, LocalModel, Tokenizer
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.loading import load_tokenizer

__all__ = ["DeferredModel"]


class DeferredModel:
    """A local language model by name, not loaded yet.

    Parameters
    ----------
    name
        An asset's name, a folder or a hub id.
    fingerprint
        What the model must have, or None for whatever is found under the name.
    directory
        The recommender directory that names it, for messages.
    device, dtype
        Passed on to `LocalModel.load`.
    """

    def __init__(
        self,
        name: str,
        fingerprint: str | None = None,
        directory: Path | None = None,
        *,
        device: str = "auto",
        dtype: DtypeName = "auto",
    ) -> None:
        self.name = name
        self._expected, self._directory = fingerprint, directory
        self._device, self._dtype = device, dtype
        self._model: LanguageModel | None = None
        self._tokenizer: Tokenizer | None = None
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """Hash of the weights: the one expected, which needs no loading, else that of the loaded model."""
        return self._expected or self.load().fingerprint

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, which is small and needs no weights."""
        with self._lock:
            if self._model is not None:
                return self._model.tokenizer
            if self._tokenizer is None:
                self._tokenizer = load_tokenizer(locate(self.name, "language-model"))
            return self._tokenizer

    def load(self) -> LanguageModel:
        """Return the model; the first call reads the weights, also where several threads ask at once.

        Raises
        ------
        IntegrityError
            If the model found under the name has another fingerprint.
        ModelError
            If there is no such model.
        """
        with self._lock:
            if self._model is None:
                self._model = self._read()
            return self._model

    def _read(self) -> LanguageModel:
        path = locate(self.name, "language-model")
        model = LocalModel.load(path, device=self._device, dtype=self._dtype)
        if self._expected is not None and model.fingerprint != self._expected:
            raise IntegrityError(
                f"{self._directory or 'The agent'} was saved with the language model {self.name!r} of "
                f"fingerprint {self._expected[:12]}; the one found under that name has "
                f"{model.fingerprint[:12]}.",
                remedy="Put the same model there, or build and save the agent again.",
            )
        return model
