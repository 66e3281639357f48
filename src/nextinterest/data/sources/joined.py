"""Events that are split over two tables: who and when in one, what in the other, and an id that both have.

So orders are kept: ``orders.csv`` has an order's user and date, ``order_products.csv`` its products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.sources.columns import Columns, sniff_columns
from nextinterest.data.sources.delimited import Table
from nextinterest.data.sources.item_table import mapped_here
from nextinterest.data.sources.parts import shown
from nextinterest.data.sources.usual_names import fold
from nextinterest.errors import DataError

__all__ = ["KEY", "Split", "find_split", "in_order", "join"]

KEY = "key of the tables"
"""Name of the shared column while tables are read."""
_POSITION = "position of the user's row"
_OF_IDS = ("id", "key", "uuid", "number", "no")


@dataclass(frozen=True)
class Split:
    """Events over two tables.

    Attributes
    ----------
    users
        The table that has the user of each key, with one row for each.
    items
        The parts of the table that has the item.
    key
        The column that both have.
    header
        Names of the columns of `users`.
    """

    users: Path
    items: tuple[Path, ...]
    key: str
    header: tuple[str, ...]

    def whole(self, header: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of both tables, those of the items first; a shared one stands once."""
        return (*header, *(name for name in self.header if name not in header))


def find_split(
    folder: Path, headers: Mapping[Path, tuple[str, ...]], columns: Columns | None
) -> Split | None:
    """Return how the events of a folder are split over its tables; None where no two share an id.

    Parameters
    ----------
    folder
        The folder, for errors.
    headers
        Names of the columns of its tables, of which none has a user and an item.
    columns
        The caller's mapping.

    Raises
    ------
    DataError
        If more than two tables may be the ones, or two share several ids.
    """
    known = {path: sniff_columns(names, mapped_here(names, columns)) for path, names in headers.items()}
    parts: dict[frozenset[str], list[Path]] = {}
    for path, names in headers.items():
        if "item" in known[path]:
            parts.setdefault(frozenset(names), []).append(path)
    found = [
        (users, tuple(paths), shared)
        for users, names in headers.items()
        if "user" in known[users]
        for paths in parts.values()
        if (shared := _ids(names, headers[paths[0]], known[users]["user"], known[paths[0]]["item"]))
    ]
    if not found:
        return None
    if len(found) == 1 and len(found[0][2]) == 1:
        users, paths, (key,) = found[0]
        return Split(users, paths, key, headers[users])
    pairs = "; ".join(
        f"{users.name} (user) and {paths[0].name} (item) share {shown(shared)}"
        for users, paths, shared in found[:4]
    )
    users, paths, shared = found[0]
    one = users.parent / "events.csv"
    raise DataError(
        f"The events of {folder} are split over tables that can be joined in several ways: {pairs}.",
        remedy=f"Join the ones to one table, as in polars.read_csv({str(paths[0])!r}).join("
        f"polars.read_csv({str(users)!r}), on={shared[0]!r}).write_csv({str(one)!r}), and give that file.",
        command="Give a folder of the two tables only, with one id that both have, or join them to one "
        "table in a table program and give that file.",
    )


def _ids(users: Sequence[str], items: Sequence[str], user: str, item: str) -> list[str]:
    """Return the columns of both tables that are named as ids, and neither the user nor the item."""
    shared = [name for name in users if name in items and name not in (user, item)]
    return [name for name in shared if fold(name).endswith(_OF_IDS)]


def join(table: Table, users: Table, names: Mapping[str, str], split: Split) -> Table:
    """Return the rows of the items' table with what the users' table says of their key.

    Parameters
    ----------
    table, users
        The tables, each with a column `KEY`.
    names
        From each field to the name of its column.
    split
        How they belong together.

    Raises
    ------
    DataError
        If a key has several rows in the users' table.
    """
    rows = users.frame.filter(pl.col("problem").is_null() & pl.col(KEY).is_not_null()).drop("line", "problem")
    repeated = rows.filter(pl.col(KEY).is_duplicated())
    if len(repeated):
        raise DataError(
            f"{users.path}: {split.key} {repeated[KEY][0]!r} stands in several rows, so that the items of "
            f"{table.path.name} cannot be given to one user.",
            remedy=f"Keep one row for each {split.key}, or join the tables to one and give that file.",
        )
    fields = [field for field in names if field in rows.columns and field not in table.frame.columns]
    rows = rows.select(KEY, *fields).with_row_index(_POSITION)
    frame = table.frame.join(rows, on=KEY, how="left", maintain_order="left")
    without = int(frame[_POSITION].is_null().sum())
    lost = f"; {counted(without, 'row has', 'rows have')} none there" if without else ""
    note = f"{', '.join(fields)} of {table.path.name} from {users.path.name}, joined by {split.key}{lost}"
    columns = split.whole(table.columns)
    return replace(table, columns=columns, frame=frame, notes=(*table.notes, note))


def in_order(events: pl.DataFrame, tables: Sequence[Table]) -> pl.DataFrame:
    """Return the events of joined tables in the order of the users' table, which is that of their time."""
    position = pl.concat([table.frame[_POSITION] for table in tables])
    by = events.with_columns(position.alias(_POSITION)).sort(_POSITION, maintain_order=True, nulls_last=True)
    return by.drop(_POSITION)
