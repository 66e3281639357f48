"""Text encoders by name."""

from __future__ import annotations

from pathlib import Path

from nextinterest.data.assets import home, locate
from nextinterest.retrieval.text_encoder import CachedEncoder, TextEncoder

__all__ = ["open_encoder"]


def open_encoder(name: str | Path, device: str = "auto") -> CachedEncoder:
    """Open a text encoder by asset, folder or hub id; vectors it has made before come from the cache."""
    found = TextEncoder.load(locate(str(name), "text-encoder"), device=None if device == "auto" else device)
    return CachedEncoder(found, home() / "vectors")
