"""SQLAlchemy engines for the profile store, set up so that a commit is durable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from nextinterest.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["impatient", "open_engine", "where_it_is"]

_BUSY_SECONDS = 30
_CONNECT_SECONDS = 5
_PROBE_SECONDS = 2  # less than a probe's patience


def open_engine(url: str) -> sa.Engine:
    """Return an engine; nothing is connected yet.

    Raises
    ------
    DataError
        If the URL cannot be read, or names a database in memory.
    MissingExtraError
        If PostgreSQL's driver is not installed.
    """
    sqlite = url.startswith("sqlite")
    try:
        engine = sa.create_engine(
            url,
            pool_pre_ping=not sqlite,
            connect_args={} if sqlite else {"connect_timeout": _CONNECT_SECONDS},
        )
    except ModuleNotFoundError:
        raise MissingExtraError("psycopg", "postgres") from None
    except sa.exc.ArgumentError:
        raise DataError(
            "The profile store's URL cannot be read.",
            remedy="Use a path, sqlite:///path or postgresql://user@host/database.",
        ) from None
    if sqlite:
        if engine.url.database in (None, "", ":memory:"):
            raise DataError(
                "A profile store in memory would lose its users.", remedy="Give the path of a file."
            )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def impatient(connection: sa.Connection) -> Iterator[None]:
    """Let a probe wait less for a lock of SQLite than what writes events."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    cursor = driver.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_PROBE_SECONDS * 1000}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        cursor.close()


def where_it_is(engine: sa.Engine) -> str:
    """Return the path of a SQLite file, or a server's URL without its password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


def _begin_sqlite(connection: sa.Connection) -> None:
    # A write transaction must take the lock when it begins: taken later, two of them deadlock.
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling would begin late; the engine's "begin" event does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
