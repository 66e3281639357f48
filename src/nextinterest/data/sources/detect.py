"""Which reader a path is for, judged by its name and its first line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

from nextinterest.data.sources.amazon import ENDINGS, read_amazon
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.movielens import EVENT_FILES, read_movielens
from nextinterest.data.sources.raw import RawData
from nextinterest.data.sources.recbole import read_recbole
from nextinterest.data.sources.sequences import is_sequence_header, read_sequences
from nextinterest.data.sources.tabular import read_tabular
from nextinterest.errors import DataError

__all__ = ["FORMATS", "Format", "detect", "read"]

Format = Literal["auto", "recbole", "movielens", "amazon", "csv", "parquet", "sequences"]
FORMATS: tuple[Format, ...] = get_args(Format)

_READERS: Mapping[str, Callable[[Path], RawData]] = {
    "recbole": read_recbole,
    "movielens": read_movielens,
    "amazon": read_amazon,
    "sequences": read_sequences,
}
_TABLES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".psv": "csv", ".parquet": "parquet"}


def detect(path: Path) -> Format:
    """Return the format of a file or folder.

    Raises
    ------
    DataError
        If there is no such path, or it looks like none of the formats.
    """
    if path.is_dir():
        return _detect_folder(path)
    if not path.exists():
        raise DataError(f"There is no file or folder {path}.", remedy="Check the path.")
    name = path.name.removesuffix(".gz")
    if name in EVENT_FILES:
        return "movielens"
    if name.endswith((".inter", ".item", ".user")):
        return "sequences" if is_sequence_header(_first_line(path)) else "recbole"
    if path.name.endswith(ENDINGS):
        return "amazon"
    table = _TABLES.get(Path(name).suffix.lower())
    if table == "csv":
        return "csv"
    if table == "parquet":
        return "parquet"
    raise _unknown(path)


def _detect_folder(path: Path) -> Format:
    names = {p.name.removesuffix(".gz") for p in path.iterdir() if p.is_file()}
    if any(name in names for name in EVENT_FILES):
        return "movielens"
    inter = sorted(path.glob("*.inter"))
    if inter:
        return "sequences" if is_sequence_header(_first_line(inter[0])) else "recbole"
    if any(name.endswith((".json", ".jsonl", ".ndjson")) for name in names):
        return "amazon"
    raise _unknown(path)


def _first_line(path: Path) -> str:
    return str(next(TextFile(path).blocks())["text"][0])


def _unknown(path: Path) -> DataError:
    return DataError(
        f"{path} looks like none of the formats that are read.",
        remedy=f"Name its format: {', '.join(FORMATS[1:])}.",
    )


def read(path: Path, format: Format = "auto", columns: Mapping[str, str | int] | None = None) -> RawData:  # noqa: A002
    """Read a path in a format.

    Raises
    ------
    DataError
        If the format is unknown or does not fit, or columns are mapped for a format that names its own.
    """
    if format not in FORMATS:
        raise DataError(f"There is no format {format!r}.", remedy=f"The formats are {', '.join(FORMATS)}.")
    chosen = detect(path) if format == "auto" else format
    if chosen in ("csv", "parquet"):
        return read_tabular(path, columns)
    if columns:
        raise DataError(
            f"{path} is read as {chosen}, whose columns have names of their own.",
            remedy="Leave the mapping out, or give format='csv'.",
        )
    return _READERS[chosen](path)
