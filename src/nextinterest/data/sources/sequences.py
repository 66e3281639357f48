"""Sequence files, a user a line: a history and the item held out from it, as LLMRank publishes them.

NAME.test.inter holds ``user_id``, ``item_id_list`` (space-separated) and ``item_id``; NAME.valid.inter the
same one step earlier; NAME.item the titles. The log is put together so that leave-one-out on it gives exactly
these held-out items: what a user did is the history and the held-out item of the validation file, then the
held-out item of the test file. There are no times; the order of the lists is the order of the events.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from nextinterest.data.sources.archives import bare_name, neighbour, suffix
from nextinterest.data.sources.parts import contents, visible
from nextinterest.data.sources.raw import RawData, as_events
from nextinterest.data.sources.recbole import needed, read_items, read_typed, typed_separator
from nextinterest.errors import DataError

__all__ = ["is_sequence_header", "read_sequences"]

HISTORY = "item_id_list"
TEST, VALIDATION = ".test.inter", ".valid.inter"
OUT_OF_STEP = "history that does not continue the validation file's"


def is_sequence_header(header: str) -> bool:
    """Return whether the first line of an ``.inter`` file is that of a sequence file."""
    return any(cell.split(":")[0] == HISTORY for cell in header.split(typed_separator(header)))


def _files(path: Path) -> tuple[Path, Path | None, str]:
    """Return the test file, the validation file where there is one, and the name of the data."""
    if path.is_dir():
        inter = [p for p in visible(path) if suffix(p) == ".inter"]
        found = [p for p in inter if bare_name(p).endswith(TEST)] or inter
        if len(found) != 1:
            raise DataError(
                f"{path} holds {len(found)} sequence files, not one: {contents(path)}.",
                remedy="Give the file to read itself.",
            )
        path = found[0]
    name = bare_name(path)
    for ending in (TEST, VALIDATION):
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            test = neighbour(path.parent, stem + TEST)
            if test is None:
                raise DataError(
                    f"There is no {stem + TEST} beside {path}.", remedy="Put both into one folder."
                )
            return test, neighbour(path.parent, stem + VALIDATION), stem
    return path, None, name.removesuffix(".inter")


def _read(path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return a row a user, with the history as a list in ``before``, and the notes of the file."""

    def select(names: Sequence[str]) -> dict[str, str]:
        needed(path, names, "user_id", HISTORY, "item_id")
        return {"user": "user_id", "before": HISTORY, "item": "item_id"}

    table = read_typed(path, select)
    ids = pl.col("before").str.split(" ").list.eval(pl.element().filter(pl.element().str.len_bytes() > 0))
    return table.frame.select("user", ids.alias("before"), "item", "line", "problem"), table.notes


def read_sequences(path: Path) -> RawData:
    """Read sequence files: a folder with one pair of them, or one of the files.

    Without a validation file the log is the history and held-out item of the file that was given. A test
    line whose history is not the end of what the validation file says of its user has a problem.

    Raises
    ------
    DataError
        If a file is missing or lacks a column.
    """
    test_path, validation_path, name = _files(path)
    last, found = _read(test_path)
    files, notes = [test_path.name], list(found)
    if validation_path is None:
        events = _explode(last, 0)
    else:
        earlier, found = _read(validation_path)
        files.append(validation_path.name)
        notes.extend(found)
        events = pl.concat([_explode(earlier, 1), as_events(_continuing(last, earlier), 0)])
    items = None
    item_path = neighbour(test_path.parent, f"{name}.item")
    if item_path is not None:
        item_table, items = read_items(item_path, len(files))
        files.append(item_path.name)
        notes.extend(item_table.notes)
    return RawData(name, tuple(files), events, items, has_times=False, has_ratings=False, notes=tuple(notes))


def _continuing(last: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return the events held out for test, with a problem where they do not continue `earlier`."""
    known = earlier.select("user", whole=pl.concat_list("before", "item")).unique("user", keep="first")
    joined = last.join(known, on="user", how="left", maintain_order="left")
    # Published histories are cut to their last events, so theirs may begin later.
    in_step = pl.col("whole").list.tail(pl.col("before").list.len()) == pl.col("before")
    problem = pl.coalesce("problem", pl.when(~in_step.fill_null(False)).then(pl.lit(OUT_OF_STEP)))
    return joined.select("user", "item", "line", problem.alias("problem"))


def _explode(frame: pl.DataFrame, file: int) -> pl.DataFrame:
    """Turn a line a user into a row an event: the history, then the held-out item."""
    lists = frame.with_columns(pl.concat_list("before", "item").alias("item")).explode("item")
    return as_events(lists.select("user", "item", "line", "problem"), file)
