"""Files that are whole or absent, and that say so when they changed: atomic writes, SHA-256, manifests.

A manifest guards against damage and mix-ups, not against someone who rewrites file and manifest together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from nextinterest.errors import IntegrityError
from nextinterest.files import write_atomic

__all__ = ["read_manifest", "read_verified", "sha256", "write_atomic", "write_manifest"]

Json = str | int | float | bool | None | Mapping[str, "Json"] | list["Json"]


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_verified(path: Path, expected: str) -> bytes:
    """Read a file and return its bytes only if their SHA-256 is the expected one.

    Raises
    ------
    IntegrityError
        If the file is missing or holds other bytes; where only its line ends differ, the message says so.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise IntegrityError(
            f"{path} is missing.", remedy="Restore it or build and save the retriever again."
        ) from None
    found = sha256(data)
    if found != expected:
        if sha256(data.replace(b"\r\n", b"\n")) == expected:
            raise IntegrityError(
                f"The line ends of {path} were converted to CRLF; its manifest is of the file with LF.",
                remedy="Git does this where core.autocrlf is set, as on Windows: put a .gitattributes with "
                "the line '* -text' into that folder, delete its other files and check them out again.",
            )
        raise IntegrityError(
            f"{path} has SHA-256 {found[:16]}..., its manifest says {expected[:16]}...",
            remedy="The file was damaged or belongs to another save: build and save it again.",
        )
    return data


def write_manifest(path: Path, content: Mapping[str, Json]) -> None:
    """Write a manifest as readable JSON."""
    write_atomic(path, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())


def read_manifest(path: Path, form: str) -> dict[str, object]:
    """Read a manifest of the given ``format``.

    Raises
    ------
    IntegrityError
        If it is missing, not JSON, or of another format.
    """
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise IntegrityError(f"{path} is missing.", remedy="Give a folder that nextinterest wrote.") from None
    except ValueError as error:
        raise IntegrityError(f"{path} is not JSON: {error}.", remedy="Build and save it again.") from error
    if not isinstance(content, dict) or content.get("format") != form:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise IntegrityError(
            f"{path} has format {found!r}, not {form!r}.", remedy="Save it again with this version."
        )
    return content
