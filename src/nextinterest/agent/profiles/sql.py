"""The profile store on SQLite (default) or PostgreSQL, through SQLAlchemy Core.

Durability: an `append` returns after the commit, and the commit after the log reached the disk (SQLite: WAL
with synchronous=FULL; PostgreSQL: its default, synchronous_commit=on). A process killed at any moment leaves
a database that opens at once; SQLite rolls an unfinished transaction back by itself.

Forgetting: SQLite overwrites freed pages (secure_delete) and empties the write-ahead log; PostgreSQL vacuums
the tables. Backups and disk blocks remapped by the drive are out of reach and named here for that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from nextinterest.agent.profiles.store import AppendResult, IdempotencyError, ProfileEvent, checked_user
from nextinterest.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["SqlProfileStore"]

_BUSY_SECONDS = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_METADATA = sa.MetaData()
_EVENTS = sa.Table(
    "events",
    _METADATA,
    sa.Column(
        "sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),  # microseconds since 1970 UTC
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rating", sa.Float, nullable=True),
    sa.Index("events_by_user", "user_id", "time_us", "sequence"),
)
_KEYS = sa.Table(
    "idempotency_keys",
    _METADATA,
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False),
)


class SqlProfileStore:
    """A `ProfileStore` in a SQL database.

    Parameters
    ----------
    url
        An SQLAlchemy URL, such as ``sqlite:///profiles.db`` or ``postgresql+psycopg://host/database``.

    Raises
    ------
    DataError
        If the database cannot be opened, or a SQLite file is not a database.
    MissingExtraError
        If PostgreSQL's driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        except ModuleNotFoundError:
            raise MissingExtraError("psycopg", "postgres") from None
        except sa.exc.ArgumentError:
            raise DataError(
                "The profile store's URL cannot be read.",
                remedy="Use a path, sqlite:///path or postgresql://user@host/database.",
            ) from None
        self._sqlite = self._engine.dialect.name == "sqlite"
        if self._sqlite:
            if self._engine.url.database in (None, "", ":memory:"):
                raise DataError(
                    "A profile store in memory would lose its users.", remedy="Give the path of a file."
                )
            Path(str(self._engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        try:
            _METADATA.create_all(self._engine)
        except sa.exc.DBAPIError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            raise DataError(
                f"The profile store {where} cannot be opened: {error.orig}.",
                remedy="Check that the file is a database of this program, or that the server is up.",
            ) from error

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        # Autocommit: a read sees one committed state and waits for no writer.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def append(
        self, user: str, events: Sequence[ProfileEvent], *, received: datetime, key: str | None = None
    ) -> AppendResult:
        """Write events of one user, all or none; see `ProfileStore.append`."""
        checked_user(user)
        digest = hashlib.sha256("\n".join(event.model_dump_json() for event in events).encode()).hexdigest()
        rows = [
            {
                "user_id": user,
                "item_id": event.item_id,
                "time_us": _microseconds(event.time or received),
                "kind": event.kind,
                "rating": event.rating,
            }
            for event in events
        ]
        try:
            with self._engine.begin() as connection:
                if key is not None:
                    # The key goes first: its primary key makes a second writer of the same key wait or fail.
                    connection.execute(
                        _KEYS.insert().values(user_id=user, key=key, digest=digest, accepted=len(rows))
                    )
                if rows:
                    connection.execute(_EVENTS.insert(), rows)
        except sa.exc.IntegrityError:
            if key is None:
                raise
            return self._replay(user, key, digest)
        return AppendResult(accepted=len(rows), replayed=False)

    def _replay(self, user: str, key: str, digest: str) -> AppendResult:
        where = (_KEYS.c.user_id == user) & (_KEYS.c.key == key)
        with self._read() as connection:
            row = connection.execute(sa.select(_KEYS.c.digest, _KEYS.c.accepted).where(where)).one()
        if row.digest != digest:
            raise IdempotencyError(
                "This idempotency key was already used with other events.",
                remedy="Use a new key for new events.",
            )
        return AppendResult(accepted=row.accepted, replayed=True)

    def events(self, user: str) -> list[ProfileEvent]:
        """Return a user's events, oldest first; empty for an unknown user."""
        query = (
            sa.select(_EVENTS.c.item_id, _EVENTS.c.time_us, _EVENTS.c.kind, _EVENTS.c.rating)
            .where(_EVENTS.c.user_id == user)
            .order_by(_EVENTS.c.time_us, _EVENTS.c.sequence)
        )
        with self._read() as connection:
            return [
                ProfileEvent(
                    item_id=row.item_id,
                    time=_EPOCH + timedelta(microseconds=row.time_us),
                    kind=row.kind,
                    rating=row.rating,
                )
                for row in connection.execute(query)
            ]

    def retract(self, user: str, item_id: str) -> int:
        """Remove a user's events of one item and return how many there were."""
        where = (_EVENTS.c.user_id == user) & (_EVENTS.c.item_id == item_id)
        with self._engine.begin() as connection:
            return connection.execute(_EVENTS.delete().where(where)).rowcount

    def users(self) -> list[str]:
        """Return the ids of all users with events, sorted."""
        query = sa.select(_EVENTS.c.user_id).distinct().order_by(_EVENTS.c.user_id)
        with self._read() as connection:
            return list(connection.execute(query).scalars())

    def forget(self, user: str) -> int:
        """Remove everything about a user; see the module for what is beyond reach."""
        with self._engine.begin() as connection:
            connection.execute(_KEYS.delete().where(_KEYS.c.user_id == user))
            removed = connection.execute(_EVENTS.delete().where(_EVENTS.c.user_id == user)).rowcount
        with self._read() as connection:
            if self._sqlite:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                connection.exec_driver_sql("VACUUM events, idempotency_keys")
        return removed

    def close(self) -> None:
        """Release files and connections."""
        self._engine.dispose()


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


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
