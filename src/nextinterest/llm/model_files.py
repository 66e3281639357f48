"""Whether the files of a saved model are whole, before anything reads them: JSON, tensors, shards.

A copy or download that broke off leaves a file that some library reads half, fills with random numbers, or
fails on with a message of its own. Each file is named here, and how to get it again. Knows files in
transformers' and sentence-transformers' layout; nothing of what is in them.
"""

from __future__ import annotations

import json
from pathlib import Path

from nextinterest.errors import ModelError

__all__ = ["check_model_files", "damaged", "read_json"]

_INDEX = "*.safetensors.index.json"
_MANIFEST = "asset.json"


def check_model_files(folder: Path, *, needed: str = "config.json") -> None:
    """Read what a saved model's files say of themselves.

    Every ``*.json`` must be JSON, every ``*.safetensors`` as long as its header says, and every shard that an
    index names must be there. The content of tensors is not read.

    Parameters
    ----------
    folder
        The model; folders below it belong to it.
    needed
        A file without which it is no model.

    Raises
    ------
    ModelError
        If a file is missing, cut off or no JSON; it names the file and how to get it again.
    """
    if not (folder / needed).is_file():
        raise damaged(folder, folder / needed, "is missing")
    for path in sorted(folder.rglob("*.json")):
        content = read_json(path, folder)
        if path.match(_INDEX):
            _check_index(path, content, folder)
    for path in sorted(folder.rglob("*.safetensors")):
        check_tensors(path, folder)


def read_json(path: Path, folder: Path | None = None) -> dict[str, object] | list[object]:
    """Return the content of a JSON file.

    Raises
    ------
    ModelError
        If it cannot be read or is no JSON object or array.
    """
    where = folder or path.parent
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise damaged(where, path, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # also of bytes that are no text
        raise damaged(where, path, f"is no JSON: {error}") from error
    if not isinstance(content, dict | list):
        raise damaged(where, path, f"holds {type(content).__name__}, not a JSON object")
    return content


def check_tensors(path: Path, folder: Path | None = None) -> None:
    """Read the header of a safetensors file.

    Raises
    ------
    ModelError
        If the file is cut off or is none.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np"):
            pass
    except (SafetensorError, OSError) as error:
        raise damaged(folder or path.parent, path, f"is cut off or no safetensors file: {error}") from error


def damaged(folder: Path, path: Path, what: str) -> ModelError:
    """Return the error for a file of a model: it names the file, and how to get it again."""
    try:
        name = json.loads((folder / _MANIFEST).read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError):
        again = f"Copy or download {folder} again."
        return ModelError(f"{path} {what}.", remedy=again)
    return ModelError(
        f"{path} {what}.",
        remedy=f"Fetch it again: nextinterest.data.assets.fetch({name!r}, again=True).",
        command=f"Fetch it again: nextinterest assets fetch {name} --again",
    )


def _check_index(path: Path, content: object, folder: Path) -> None:
    shards = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shards, dict):
        raise damaged(folder, path, "names no shards (weight_map)")
    for shard in sorted({str(name) for name in shards.values()}):
        if not (path.parent / shard).is_file():
            raise damaged(folder, path.parent / shard, f"is missing, and {path.name} names it")
