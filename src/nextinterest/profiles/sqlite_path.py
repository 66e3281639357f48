"""Whether a path may hold a profile store: its folder exists, and it is no other program's database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from nextinterest.errors import DataError
from nextinterest.profiles.tables import METADATA

__all__ = ["check_path"]


def check_path(file: Path) -> None:
    """Refuse a SQLite path before anything is created or changed there.

    Raises
    ------
    DataError
        If the folder does not exist, or the file is a database with tables and none, or others, of ours.
    """
    try:
        folder, found = file.parent.is_dir(), file.is_file()
    except OSError:  # the store's own opening says what hinders it
        return
    if not folder:
        raise DataError(
            f"The folder {file.parent} of the profile store does not exist.", remedy="Create it first."
        )
    if found and not _ours(file):
        raise DataError(
            f"{file} is another program's database: its tables are not those of a profile store.",
            remedy="Name another path.",
        )


def _ours(file: Path) -> bool:
    """Whether a database is empty or has tables of ours; one that cannot be read now is not judged."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as reader:
            (application,) = reader.execute("PRAGMA application_id").fetchone()
            names = {
                name for (name,) in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            }
            names = {name for name in names if not name.startswith("sqlite_")}
            shared = names & set(METADATA.tables)
            columns = {
                name: {row[1] for row in reader.execute(f"PRAGMA table_info({name})")} for name in shared
            }
    except sqlite3.Error:
        return True
    if application or (names and not shared):
        return False
    return all({column.name for column in METADATA.tables[name].columns} <= columns[name] for name in shared)
