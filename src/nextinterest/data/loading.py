"""`load`: from a path or the name of an asset to a clean data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nextinterest.data.assets import locate
from nextinterest.data.cleaning import CleaningConfig, clean
from nextinterest.data.dataset import Dataset
from nextinterest.data.sources import read_recbole
from nextinterest.errors import DataError

__all__ = ["load"]


def load(
    path_or_name: str | Path,
    *,
    format: str = "auto",  # noqa: A002 - the word a caller looks for
    cleaning: CleaningConfig | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    name: str | None = None,
) -> Dataset:
    """Read and clean a data set."""
    path = locate(str(path_or_name), "data")
    if not isinstance(path, Path):
        raise DataError(f"There is no data set {path_or_name!r}.", remedy="Check the path.")
    raw = read_recbole(path)
    catalog, log, users, report = clean(raw, cleaning, strict=strict)
    return Dataset(name or raw.name, catalog, log, users, report)
