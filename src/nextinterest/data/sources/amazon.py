"""Amazon reviews and metadata as JSON lines, gzipped or not, under the field names of 2018 and of 2023.

2018: reviewerID, asin, overall, unixReviewTime (https://cseweb.ucsd.edu/~jmcauley/datasets/amazon_v2/).
2023: user_id, parent_asin, rating, timestamp in milliseconds (https://amazon-reviews-2023.github.io).
Metadata: asin or parent_asin, title, category or categories, description. The files of 2014, whose lines are
dictionaries of Python, are read line by line.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl

from nextinterest.data.sources.archives import suffix
from nextinterest.data.sources.jsonlines import NOT_JSON, decode, json_object, keys, printable
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.parts import contents, shown, visible
from nextinterest.data.sources.raw import ATTRIBUTE, RawData, as_events, as_items
from nextinterest.data.sources.surrogates import json_blocks
from nextinterest.errors import DataError

__all__ = ["ENDINGS", "is_metadata", "is_reviews", "read_amazon"]

ENDINGS = (".json", ".jsonl", ".ndjson")

_REVIEW = ("reviewerID", "asin", "overall", "unixReviewTime", "user_id", "parent_asin", "rating", "timestamp")
_MAX_DESCRIPTION = 2000


def is_metadata(path: Path) -> bool:
    """Return whether a file holds items and no reviews: its name begins with ``meta``."""
    return path.name.lower().startswith("meta")


def _stem(path: Path) -> str:
    return path.name.split(".", 1)[0].removeprefix("meta_")


def is_reviews(names: Collection[str]) -> bool:
    """Return whether a record is a review, by the names of its fields."""
    return any(set(pair) <= set(names) for pair in (("reviewerID", "asin"), ("user_id", "parent_asin")))


def _find(path: Path) -> tuple[Path, Path | None]:
    """Return the file of reviews and the file of items that belongs to it."""
    candidates = [p for p in visible(path if path.is_dir() else path.parent) if suffix(p) in ENDINGS]
    metadata = [p for p in candidates if is_metadata(p)]
    if path.is_dir():
        reviews = [p for p in candidates if not is_metadata(p)]
        if len(reviews) != 1:
            raise DataError(
                f"{path} holds {len(reviews)} files of reviews ({', '.join(ENDINGS)}), not one: "
                f"{contents(path)}.",
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
    names = keys(reviews_path)
    if not is_reviews(names):
        raise DataError(
            f"{reviews_path} has neither reviewerID and asin nor user_id and parent_asin in its first lines, "
            f"but {shown(names)}.",
            remedy="If these are not Amazon reviews, read them with format='jsonl'.",
            command="If these are not Amazon reviews, read them with --format jsonl.",
        )
    source = TextFile(reviews_path)
    events = pl.concat([_reviews(block) for block in json_blocks(source)])
    files, notes, items = [reviews_path.name], list(source.notes), None
    if metadata_path is not None:
        meta = TextFile(metadata_path)
        items = pl.concat([_items(block) for block in json_blocks(meta)])
        files.append(metadata_path.name)
        notes.extend(meta.notes)
    return RawData(_stem(reviews_path), tuple(files), events, items, time_unit="auto", notes=tuple(notes))


def _reviews(lines: pl.DataFrame) -> pl.DataFrame:
    """Take the four fields out of a block of reviews."""
    cell = {name: pl.col(f"_{i}") for i, name in enumerate(_REVIEW)}
    return as_events(
        decode(lines, _REVIEW).select(
            "line",
            "problem",
            pl.coalesce(cell["reviewerID"], cell["user_id"]).alias("user"),
            pl.coalesce(cell["parent_asin"], cell["asin"]).alias("item"),
            pl.coalesce(cell["unixReviewTime"], cell["timestamp"]).alias("time"),
            pl.coalesce(cell["overall"], cell["rating"]).alias("rating"),
        )
    )


def _scalar(value: object) -> str | None:
    if isinstance(value, str):
        return printable(value)
    return str(value) if isinstance(value, int | float) else None


def _strings(value: object) -> list[str]:
    """Flatten what may be a string, a list of them, or a list of lists of them, as it was in 2014."""
    if isinstance(value, str):
        return [printable(value)]
    return [text for part in value for text in _strings(part)] if isinstance(value, list) else []


def _items(lines: pl.DataFrame) -> pl.DataFrame:
    """Read a block of metadata, item by item: its fields change type from line to line."""
    rows: list[dict[str, object]] = []
    for line, text, problem in lines.iter_rows():
        fields = None if problem else json_object(text)
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
                "price": _scalar(fields.get("price")),
                f"{ATTRIBUTE}brand": _scalar(fields.get("brand") or fields.get("store")),
                "line": line,
                "problem": None,
            }
        )
    schema = {
        "item": pl.String(),
        "title": pl.String(),
        "categories": pl.List(pl.String()),
        "description": pl.String(),
        "price": pl.String(),
        f"{ATTRIBUTE}brand": pl.String(),
        "line": pl.UInt32(),
        "problem": pl.String(),
    }
    return as_items(pl.DataFrame(rows, schema=schema), 1)
