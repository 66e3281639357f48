"""Small tables, the files they are written to, and the histories that are read from them."""

from __future__ import annotations

from pathlib import Path

from nextinterest.data import Dataset

__all__ = ["CLICKED", "CLICKS", "INTER", "PEOPLE", "TOYS", "Log", "history", "items", "write"]

Log = dict[str, list[tuple[str, int | None, float | None]]]

CLICKS = "user,item,time\nu1,lamp,1700000000\nu1,chair,1700000100\nu2,lamp,1700000200\n"
CLICKED: Log = {
    "u1": [("lamp", 1700000000, None), ("chair", 1700000100, None)],
    "u2": [("lamp", 1700000200, None)],
}
INTER = "user_id:token\titem_id:token\ttimestamp:float\n"
TOYS = "item_id:token\ttitle:token_seq\tclass:token_seq\nt1\tKite\tOutdoor\nt2\tTop\tIndoor Wood\n"
PEOPLE = "user_id:token\tage:token\nu1\t31\nu2\t64\n"


def write(folder: Path, **files: str) -> Path:
    """Write files whose names have two underscores for the dot, and return their folder."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text.encode())
    return folder


def history(dataset: Dataset) -> Log:
    """Return item, time and rating of each user's events."""
    found: Log = {}
    log = dataset.log
    for event in range(log.n_events):
        rating = None if log.ratings is None else float(log.ratings[event])
        time = None if log.times is None else int(log.times[event])
        found.setdefault(log.user_ids[log.users[event]], []).append(
            (dataset.catalog.ids[log.items[event]], time, rating)
        )
    return found


def items(dataset: Dataset) -> dict[str, list[str]]:
    """Return the items of each user's events."""
    return {user: [item for item, *_ in events] for user, events in history(dataset).items()}
