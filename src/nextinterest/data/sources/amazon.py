"""Amazon reviews and metadata as JSON lines, gzipped or not, under the field names of 2018 and of 2023.

2018: reviewerID, asin, overall, unixReviewTime (https://cseweb.ucsd.edu/~jmcauley/datasets/amazon_v2/).
2023: user_id, parent_asin, rating, timestamp in milliseconds (https://amazon-reviews-2023.github.io).
Metadata: asin or parent_asin, title, category or categories, description. Older files with single quotes are
not JSON and are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.raw import RawData, as_events, as_items
from nextinterest.errors import DataError

__all__ = ["ENDINGS", "is_metadata", "read_amazon"]

ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
NOT_JSON = "line that is not a JSON object"

_REVIEW = ("reviewerID", "asin", "overall", "unixReviewTime", "user_id", "parent_asin", "rating", "timestamp")
_FEW = 64
"""Pieces of so many lines are decoded one by one once a larger piece has failed."""
_MAX_DESCRIPTION = 2000


def is_metadata(path: Path) -> bool:
    """Tell a file of items from a file of reviews by its name, which begins with ``meta``."""
    return path.name.lower().startswith("meta")


def _stem(path: Path) -> str:
    return path.name.split(".", 1)[0].removeprefix("meta_")


def _find(path: Path) -> tuple[Path, Path | None]:
    """Return the file of reviews and the file of items that belongs to it."""
    folder = path if path.is_dir() else path.parent
    candidates = sorted(p for p in folder.iterdir() if p.is_file() and p.name.endswith(ENDINGS))
    metadata = [p for p in candidates if is_metadata(p)]
    if path.is_dir():
        reviews = [p for p in candidates if not is_metadata(p)]
        if len(reviews) != 1:
            raise DataError(
                f"{path} holds {len(reviews)} files of reviews ({', '.join(ENDINGS)}), not one.",
                remedy="Give the file to read itself.",
            )
        path = reviews[0]
        if len(metadata) == 1:
            return path, metadata[0]
    # Video_Games_5.json.gz belongs to meta_Video_Games.json.gz.
    stem = _stem(path)
    fitting = [m for m in metadata if stem == _stem(m) or stem.rsplit("_", 1)[0] == _stem(m)]
    return path, fitting[0] if fitting else None


def read_amazon(path: Path) -> RawData:
    """Read a file of reviews and the metadata beside it, or a folder that holds one of each.

    Raises
    ------
    DataError
        If no file of reviews is found, or its lines have the field names of neither year.
    """
    reviews_path, metadata_path = _find(path)
    source = TextFile(reviews_path)
    events = pl.concat([_reviews(block) for block in source.blocks()])
    readable = events.filter(pl.col("problem").is_null())
    if readable["user"].null_count() == len(readable) or readable["item"].null_count() == len(readable):
        raise DataError(
            f"{reviews_path} has neither reviewerID and asin nor user_id and parent_asin in its lines.",
            remedy="Give the format by name if these are not Amazon reviews.",
        )
    files, notes, items = [reviews_path.name], list(source.notes), None
    if metadata_path is not None:
        meta = TextFile(metadata_path)
        items = pl.concat([_items(block) for block in meta.blocks()])
        files.append(metadata_path.name)
        notes.extend(meta.notes)
    return RawData(_stem(reviews_path), tuple(files), events, items, time_unit="auto", notes=tuple(notes))


def _reviews(lines: pl.DataFrame) -> pl.DataFrame:
    """Take the four fields out of a block of reviews."""
    looks_whole = pl.col("text").str.strip_chars_end().str.ends_with("}") & pl.col("text").str.starts_with(
        "{"
    )
    lines = lines.with_columns(
        pl.coalesce("problem", pl.when(~looks_whole).then(pl.lit(NOT_JSON))).alias("problem")
    )
    good = lines.filter(pl.col("problem").is_null())
    fields = pl.concat([*_decode(good["text"]), pl.DataFrame(schema=_SCHEMA)])
    decoded = pl.concat([good.select("line"), fields], how="horizontal").with_columns(
        pl.coalesce("reviewerID", "user_id").alias("user"),
        pl.coalesce("parent_asin", "asin").alias("item"),
        pl.coalesce("unixReviewTime", "timestamp").alias("time"),
        pl.coalesce("overall", "rating").alias("rating"),
        pl.when(~pl.col("decoded")).then(pl.lit(NOT_JSON)).alias("problem"),
    )
    columns = ("line", "user", "item", "time", "rating", "problem")
    bad = lines.filter(pl.col("problem").is_not_null()).select("line", "problem")
    return as_events(pl.concat([decoded.select(columns), bad], how="diagonal").sort("line"))


_TYPE = pl.Struct({name: pl.String() for name in _REVIEW})
_SCHEMA = {name: pl.String() for name in _REVIEW} | {"decoded": pl.Boolean()}


def _decode(texts: pl.Series) -> Iterator[pl.DataFrame]:
    """Decode JSON objects in order, as one column as long as none is broken, in halves where one is."""
    if len(texts) == 0:
        return
    try:
        frame = texts.str.json_decode(_TYPE).struct.unnest()
    except pl.exceptions.ComputeError:
        frame = pl.DataFrame()
    if len(frame) == len(texts):  # not so where one line held two objects
        yield frame.with_columns(pl.lit(True).alias("decoded"))
    elif len(texts) <= _FEW:
        yield pl.DataFrame([_decode_one(text) for text in texts], schema=_SCHEMA)
    else:
        middle = len(texts) // 2
        yield from _decode(texts[:middle])
        yield from _decode(texts[middle:])


def _object(text: str) -> dict[str, object] | None:
    """Parse one line, or return None where it is no JSON object."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _scalar(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) else None


def _decode_one(text: str) -> dict[str, object]:
    fields = _object(text)
    return {name: _scalar((fields or {}).get(name)) for name in _REVIEW} | {"decoded": fields is not None}


def _strings(value: object) -> list[str]:
    """Flatten what may be a string, a list of them, or a list of lists of them, as it was in 2014."""
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in _strings(part)] if isinstance(value, list) else []


def _items(lines: pl.DataFrame) -> pl.DataFrame:
    """Read a block of metadata, item by item: its fields change type from line to line."""
    rows: list[dict[str, object]] = []
    for line, text, problem in lines.iter_rows():
        fields = None if problem else _object(text)
        if fields is None:
            rows.append({"line": line, "problem": problem or NOT_JSON})
            continue
        # The first category is the department, the same for nearly all items of a file.
        names = [name.strip() for name in _strings(fields.get("category") or fields.get("categories"))]
        specific = [name for name in names[1:] if name and "<" not in name and len(name) <= 60]
        description = " ".join(_strings(fields.get("description"))).strip()[:_MAX_DESCRIPTION]
        rows.append(
            {
                "item": _scalar(fields.get("parent_asin") or fields.get("asin")),
                "title": _scalar(fields.get("title")),
                "categories": specific or [name for name in names if name],
                "description": description or None,
                "line": line,
                "problem": None,
            }
        )
    schema = {
        "item": pl.String(),
        "title": pl.String(),
        "categories": pl.List(pl.String()),
        "description": pl.String(),
        "line": pl.UInt32(),
        "problem": pl.String(),
    }
    return as_items(pl.DataFrame(rows, schema=schema), 1)
