"""The directory that a run writes: only the same run replaces a recommender there unasked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from nextinterest.agent.artifact import RECOMMENDER
from nextinterest.artifact_files import MANIFEST, Manifest, check_target, kind_of
from nextinterest.data import Dataset
from nextinterest.errors import StorageError
from nextinterest.finetune.config import FinetuneConfig

__all__ = ["check_run", "run_id"]


def run_id(data: Dataset, options: FinetuneConfig, *, keep_split: bool, forecast: bool) -> str:
    """Return what says that two runs are the same: the SHA-256 of their data and options."""
    said = [data.fingerprint, options.model_dump(mode="json"), keep_split, forecast]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def check_run(target: Path, run: str, *, overwrite: bool) -> None:
    """Refuse a directory that holds the recommender of another run, or other things.

    Parameters
    ----------
    target
        The directory.
    run
        As `run_id` returns it.
    overwrite
        Whether a recommender of another run is to be replaced.

    Raises
    ------
    StorageError
        With what it was made from.
    """
    check_target(target, RECOMMENDER)
    if overwrite or kind_of(target / MANIFEST) != RECOMMENDER.name:
        return
    made = Manifest.model_validate_json((target / MANIFEST).read_bytes()).made_from
    if made.run == run:
        return
    source = f" made from {made.data}" if made.data else ""
    by = f" by: {made.command}" if made.command else ""
    raise StorageError(
        f"{target} holds a recommender{source} by another run{by}.",
        remedy="Name another folder, or pass overwrite=True to replace it.",
        command="Name another folder, or add --overwrite to replace it.",
    )
