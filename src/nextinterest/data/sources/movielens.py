"""MovieLens as GroupLens ships it: u.data and u.item (100K), .dat (1M, 10M), .csv (latest, 20M and later).

Formats: the README files of https://grouplens.org/datasets/movielens/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from nextinterest.data.sources.archives import bare_name, neighbour
from nextinterest.data.sources.delimited import Table, fields_of, read_delimited
from nextinterest.data.sources.parts import shown
from nextinterest.data.sources.raw import RawData, as_events, as_items, as_users, known, known_words
from nextinterest.errors import DataError

__all__ = ["EVENT_FILES", "is_movielens_csv", "read_movielens"]

EVENT_FILES = ("u.data", "ratings.dat", "ratings.csv")
"""Names of the event files, by which a folder is recognised."""

_EVENTS = ("user", "item", "rating", "time")
_GENRES_100K = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War"),
    "Western",
)
_AGES_1M = {
    "1": "under 18",
    "18": "18-24",
    "25": "25-34",
    "35": "35-44",
    "45": "45-49",
    "50": "50-55",
    "56": "56 and over",
}
_OCCUPATIONS_1M = (
    *("other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service"),
    *("doctor/health care", "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer"),
    *("programmer", "retired", "sales/marketing", "scientist", "self-employed", "technician/engineer"),
    *("tradesman/craftsman", "unemployed", "writer"),
)


def read_movielens(path: Path) -> RawData:
    """Read a MovieLens folder, or its file of ratings and the neighbours that belong to it.

    Raises
    ------
    DataError
        If there is no file of ratings under one of its three names.
    """
    folder = path if path.is_dir() else path.parent
    wanted = EVENT_FILES if path.is_dir() else (bare_name(path),)
    for name, read in (("u.data", _read_100k), ("ratings.dat", _read_dat), ("ratings.csv", _read_csv)):
        if name not in wanted:
            continue
        events = path if path.is_file() else neighbour(folder, name)
        if events is not None:
            return read(events, folder)
    raise DataError(
        f"{path} has none of {', '.join(EVENT_FILES)}, the files of ratings of MovieLens.",
        remedy="Give the folder as it was unpacked, or the file with format='csv'.",
        command="Give the folder as it was unpacked, or the file with --format csv.",
    )


class _Parts:
    """Collects the files read beside the events, each by its own function."""

    def __init__(self, events: Table) -> None:
        self.files, self.notes = [events.path.name], list(events.notes)

    def read(
        self, folder: Path, name: str, into: Callable[[Path, int], tuple[pl.DataFrame, Table]]
    ) -> pl.DataFrame | None:
        """Read a neighbour where there is one."""
        path = neighbour(folder, name)
        if path is None:
            return None
        frame, table = into(path, len(self.files))
        self.files.append(path.name)
        self.notes.extend(table.notes)
        return frame

    def raw(
        self, folder: Path, events: Table, items: pl.DataFrame | None, users: pl.DataFrame | None
    ) -> RawData:
        """Put everything together."""
        name = folder.resolve().name
        return RawData(
            name,
            tuple(self.files),
            as_events(events.frame),
            items,
            users,
            notes=tuple(self.notes),
        )


def _read_100k(path: Path, folder: Path) -> RawData:
    events = read_delimited(path, "\t", header=_EVENTS)
    parts = _Parts(events)
    items = parts.read(folder, "u.item", _items_100k)
    users = parts.read(folder, "u.user", _users_100k)
    return parts.raw(folder, events, items, users)


def _items_100k(path: Path, file: int) -> tuple[pl.DataFrame, Table]:
    flags = [f"genre {i}" for i in range(len(_GENRES_100K))]
    table = read_delimited(path, "|", header=("item", "title", "released", "video", "url", *flags))
    genres = pl.concat_list(
        pl.when(pl.col(flag) == "1").then(pl.lit(genre))
        for flag, genre in list(zip(flags, _GENRES_100K, strict=True))[1:]
    ).list.drop_nulls()
    return as_items(
        table.frame.select(
            "item",
            known("title").alias("title"),
            genres.alias("categories"),
            "line",
            "problem",
            # The year in the title is that of the film; the date is often that of its release in the US.
            pl.when(~pl.col("title").str.contains(r"\(\d{4}\)\s*$"))
            .then(pl.col("released").str.extract(r"(\d{4})$", 1))
            .alias("year"),
        ),
        file,
    ), table


def _users_100k(path: Path, file: int) -> tuple[pl.DataFrame, Table]:
    table = read_delimited(path, "|", header=("user", "age", "gender", "occupation", "zip_code"))
    return as_users(table.frame), table


def _read_dat(path: Path, folder: Path) -> RawData:
    events = read_delimited(path, "::", header=_EVENTS)
    parts = _Parts(events)
    items = parts.read(folder, "movies.dat", _items_dat)
    users = parts.read(folder, "users.dat", _users_1m)
    return parts.raw(folder, events, items, users)


def _items_dat(path: Path, file: int) -> tuple[pl.DataFrame, Table]:
    table = read_delimited(path, "::", header=("item", "title", "genres"))
    return _with_genres(table, file), table


def _users_1m(path: Path, file: int) -> tuple[pl.DataFrame, Table]:
    table = read_delimited(path, "::", header=("user", "gender", "age", "occupation", "zip_code"))
    names = {str(code): name for code, name in enumerate(_OCCUPATIONS_1M)}
    return as_users(
        table.frame.with_columns(pl.col("age").replace(_AGES_1M), pl.col("occupation").replace(names))
    ), table


def _read_csv(path: Path, folder: Path) -> RawData:
    names = {"user": "userId", "item": "movieId", "rating": "rating", "time": "timestamp"}
    events = read_delimited(path, ",", quotes=True, select=lambda header: _needed(path, header, names))
    parts = _Parts(events)
    items = parts.read(folder, "movies.csv", _items_csv)
    return parts.raw(folder, events, items, None)


def is_movielens_csv(header: str) -> bool:
    """Return whether a ratings.csv is of MovieLens, by its first line."""
    return {"userId", "movieId"} <= {name.strip() for name in fields_of(header, ",")}


def _needed(path: Path, header: tuple[str, ...], names: Mapping[str, str]) -> Mapping[str, str]:
    missing = [name for name in names.values() if name not in header]
    if missing:
        raise DataError(
            f"{path}:1: no column {missing[0]!r} among {shown(header)}.",
            remedy="Read it with format='csv' and a mapping, as in columns={'item': 'NAME'}.",
            command="Read it with --format csv and a mapping, as in --column item=NAME.",
        )
    return names


def _items_csv(path: Path, file: int) -> tuple[pl.DataFrame, Table]:
    names = {"item": "movieId", "title": "title", "genres": "genres"}
    table = read_delimited(path, ",", quotes=True, select=lambda header: _needed(path, header, names))
    return _with_genres(table, file), table


def _with_genres(table: Table, file: int) -> pl.DataFrame:
    return as_items(
        table.frame.select(
            "item",
            known("title").alias("title"),
            known_words("genres", "|").alias("categories"),
            "line",
            "problem",
        ),
        file,
    )
