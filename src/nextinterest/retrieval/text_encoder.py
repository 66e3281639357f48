"""Text to unit vectors, by sentence-transformers, with an on-disk cache behind the same interface.

The model is loaded at the first text that is in no cache: importing torch takes longer than ranking, and a
catalogue that was encoded before needs no model. Knows nothing of items.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import FloatArray
from nextinterest.errors import ModelError
from nextinterest.llm.model_files import check_model_files
from nextinterest.retrieval.vector_cache import VectorCache

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["CachedEncoder", "Encoder", "TextEncoder", "uncached"]

_HASHED = (".json", ".safetensors", ".txt", ".model")
_CHUNK = 512


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints mean equal vectors for equal texts."""
        ...

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return L2-normalised vectors, float32, shape (n, dimension)."""
        ...


class TextEncoder:
    """A sentence-transformers model in a local folder.

    Parameters
    ----------
    directory
        Folder with ``modules.json``, weights as safetensors, and tokenizer.
    device
        ``cpu``, ``cuda``, ``mps``; None takes the best there is.
    batch_size
        Texts per forward pass.
    half
        Compute in the 16 bits that the weights are saved in, where they are: for a GPU. Else 16-bit weights
        are widened to float32.
    """

    def __init__(
        self, directory: Path, device: str | None = None, batch_size: int = 64, *, half: bool = False
    ) -> None:
        self.directory, self.device, self.batch_size, self.half = directory, device, batch_size, half

    @classmethod
    def load(
        cls,
        path_or_id: str | Path,
        device: str | None = None,
        batch_size: int = 64,
        revision: str | None = None,
        *,
        half: bool = False,
    ) -> TextEncoder:
        """Open an encoder by folder or hub id; weights are read at the first `encode`.

        Raises
        ------
        ModelError
            If the path is no sentence-transformers model, or the hub cannot give one of that id.
        """
        directory = Path(path_or_id)
        if not directory.is_dir():
            directory = _from_hub(str(path_or_id), revision)
        if not (directory / "modules.json").is_file():
            raise ModelError(
                f"{directory} is no sentence-transformers model: it has no modules.json.",
                remedy="Give a folder or hub id of one, such as sentence-transformers/all-MiniLM-L6-v2.",
            )
        return cls(directory, device, batch_size, half=half)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files: configuration, weights, tokenizer; and `half` where asked for."""
        digest = hashlib.sha256(b"half" if self.half else b"")
        for path in sorted(self.directory.rglob("*")):
            if path.suffix in _HASHED and path.is_file() and path.name != "data_config.json":
                digest.update(path.relative_to(self.directory).as_posix().encode() + b"\0")
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @cached_property
    def model(self) -> SentenceTransformer:
        """The model itself, in float32 unless `half` was asked for.

        Raises
        ------
        ModelError
            If its files cannot be loaded.
        """
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        check_model_files(self.directory, needed="modules.json")
        bars = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(self.directory),
                device=self.device,
                local_files_only=True,
                model_kwargs={"use_safetensors": True},  # pickled weights are refused
            )
        except Exception as error:  # `tokenizers` raises plain ones
            raise ModelError(
                f"The text encoder in {self.directory} cannot be loaded: {error}",
                remedy="Fetch it again, or give the folder of another sentence-transformers model.",
            ) from error
        finally:
            if bars:
                logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        return (model if self.half else model.float()).eval()

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return L2-normalised vectors, float32, shape (n, dimension), in the order given.

        Texts of similar length share a batch, so little is computed on padding.
        """
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        parts: list[FloatArray] = []
        with _progress(len(texts)) as advance:
            for start in range(0, len(order), _CHUNK):
                chunk = [texts[i] for i in order[start : start + _CHUNK]]
                found = self.model.encode(
                    chunk,
                    batch_size=self.batch_size,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
                parts.append(found if found.dtype == np.float32 else _normalised(found))
                advance(len(chunk))
        if not parts:
            empty = self.model.encode([""], normalize_embeddings=True, show_progress_bar=False)[:0]
            return empty.astype(np.float32)
        vectors = np.concatenate(parts)
        result = np.empty_like(vectors)
        result[order] = vectors
        return result


class CachedEncoder:
    """An encoder that looks into a cache first and encodes only what it has never seen.

    Parameters
    ----------
    encoder
        Does the work for new texts.
    directory
        Root of the vector cache; vectors of different encoders never mix.
    """

    def __init__(self, encoder: Encoder, directory: Path) -> None:
        self.encoder = encoder
        self.cache = VectorCache(directory / encoder.fingerprint[:32])

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the encoder behind the cache."""
        return self.encoder.fingerprint

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of the texts, from the cache where it has them."""
        if not texts:
            return self.encoder.encode(texts)
        distinct = list(dict.fromkeys(texts))
        found, vectors = self.cache.lookup(distinct)
        if not found.all():
            missing = [text for text, known in zip(distinct, found, strict=True) if not known]
            new = self.encoder.encode(missing)
            self.cache.store(missing, new)
            known_vectors, vectors = vectors, np.empty((len(distinct), new.shape[1]), dtype=np.float32)
            vectors[~found] = new
            if found.any():
                vectors[found] = known_vectors[found]
        position = {text: i for i, text in enumerate(distinct)}
        return vectors[[position[text] for text in texts]]


def uncached(encoder: Encoder) -> Encoder:
    """Return the encoder behind a cache: what people ask for is not kept."""
    return encoder.encoder if isinstance(encoder, CachedEncoder) else encoder


def _normalised(vectors: NDArray[np.floating]) -> FloatArray:
    """Return unit vectors in float32: in 16 bits lengths are off by some 4e-4."""
    wide = vectors.astype(np.float32)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.maximum(lengths, 1e-12), dtype=np.float32)


def _from_hub(name: str, revision: str | None) -> Path:
    """Return the local snapshot of a hub model, downloading it where needed."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=[f"*{suffix}" for suffix in _HASHED])
        )
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"The text encoder {name!r} is no folder and could not be fetched from the hub: {error}",
            remedy="Check the path or id and the network; the default encoder needs no hub.",
        ) from error


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar for work of more than a few chunks, on stderr, where someone is watching."""
    if total <= 2 * _CHUNK or not sys.stderr.isatty():
        yield lambda n: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Encoding texts", total=total)
        yield lambda n: progress.advance(task, n)
