"""The two tables a run keeps beside the answers, so that a report can be remade without data or models.

Cases: who was asked, for what, and every property a breakdown groups by. Items: titles, categories and
training counts. Knows nothing of methods.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nextinterest.data.splits import Split
from nextinterest.domain import Catalog
from nextinterest.errors import DataError
from nextinterest.eval.cases import Cases

__all__ = ["USER_PREFIX", "cases_frame", "items_frame"]

USER_PREFIX = "user."
"""Columns of the users table stand in the cases table under this prefix."""


def items_frame(split: Split, catalog: Catalog) -> pl.DataFrame:
    """Return one row per catalogue position: item_id, title, categories, count (training events)."""
    return pl.DataFrame(
        {
            "item_id": list(catalog.ids),
            "title": list(catalog.titles),
            "categories": pl.Series([list(names) for names in catalog.categories], dtype=pl.List(pl.String)),
            "count": split.train.item_counts(len(catalog)),
        }
    )


def cases_frame(
    cases: Cases, split: Split, catalog: Catalog, users: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row per case, in order.

    Columns: case, user (index in the log), user_id, target (position), target_id, history_length,
    target_seen (already in the history), target_count (training events), target_cold (none), user_events
    (training events), user_cold (none), profile_index and profile_weight (category shares of the history,
    sparse), and every column of the users table under ``user.``.

    Raises
    ------
    DataError
        If the users table lacks a user of the log or has one twice.
    """
    held_out = cases.held_out
    histories = held_out.histories
    log = histories.log
    counts = split.train.item_counts(len(catalog))
    profiles = _profiles(cases, catalog)
    rows = pl.int_range(len(cases), eager=True, dtype=pl.Int32)
    offsets = profiles.indptr
    frame = pl.DataFrame(
        {
            "case": rows,
            "user": held_out.users,
            "user_id": pl.Series(log.user_ids, dtype=pl.String).gather(held_out.users),
            "target": held_out.targets,
            "target_id": pl.Series(catalog.ids, dtype=pl.String).gather(held_out.targets),
            "history_length": histories.ends,
            "target_seen": cases.seen_targets(),
            "target_count": counts[held_out.targets],
            "target_cold": counts[held_out.targets] == 0,
            "user_events": split.train.lengths[held_out.users],
            "user_cold": split.train.lengths[held_out.users] == 0,
            "profile_index": _ragged(profiles.indices.astype(np.int32), offsets),
            "profile_weight": _ragged(profiles.data.astype(np.float32), offsets),
        }
    )
    if users is None:
        return frame
    if "user_id" not in users.columns or users["user_id"].n_unique() != len(users):
        raise DataError(
            "The users table needs a column 'user_id' with each user once.",
            remedy="Give one row per user of the log.",
        )
    table = users.rename({c: USER_PREFIX + c for c in users.columns if c != "user_id"}).with_columns(
        pl.col("user_id").cast(pl.String)
    )
    missing = frame.join(table, on="user_id", how="anti")
    if len(missing):
        raise DataError(
            f"The users table lacks {missing['user_id'].n_unique():,} evaluated users, such as "
            f"{missing['user_id'][0]!r}.",
            remedy="Give one row per user of the log.",
        )
    return frame.join(table, on="user_id", how="left", maintain_order="left")


def _ragged(values: NDArray[np.generic], offsets: NDArray[np.integer]) -> pl.Series:
    """Return a list column from flat values and offsets."""
    lengths = np.diff(offsets)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    grouped = (
        pl.DataFrame({"row": rows.astype(np.int64), "value": values})
        .group_by("row", maintain_order=True)
        .agg("value")
    )
    frame = pl.DataFrame({"row": np.arange(len(lengths), dtype=np.int64)})
    joined = frame.join(grouped, on="row", how="left", maintain_order="left")["value"]
    return joined.fill_null(pl.Series([[]], dtype=joined.dtype))


def _profiles(cases: Cases, catalog: Catalog) -> csr_array:
    """Category shares of each history, sparse, shape (n_cases, n_categories); rows sum to one or are zero."""
    categories = csr_array(catalog.category_matrix)
    histories = cases.held_out.histories
    lengths = np.asarray(histories.ends, dtype=np.int64)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    starts = histories.log.offsets[histories.users]
    # Event positions of all histories, end to end, without a loop over cases.
    positions = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)
    items = histories.log.items[positions]
    events = csr_array(
        (np.ones(len(items), dtype=np.float32), items, indptr), shape=(len(cases), len(catalog))
    )
    shares = csr_array(events @ categories)
    totals = np.asarray(shares.sum(axis=1)).ravel()
    scale = np.divide(1.0, totals, out=np.zeros_like(totals), where=totals > 0)
    return csr_array(shares.multiply(scale[:, None]))
